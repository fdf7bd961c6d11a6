//! A sealed-bid auction of 10,000 bids: the computation of price and fills, and the whole command
//! with the settlement of every bid.

use crate::scene::{Draw, NOW, auction_rules, rules};
use crate::table::{Figure, Goal, Table};
use crate::{Failure, note, scene};
use karvan_core::account::{AccountKind, SinglePerson, open_account::OpenAccount};
use karvan_core::auction::clear_auction::{ClearAuction, commitment};
use karvan_core::auction::clearing::{Demand, Offer, clear};
use karvan_core::auction::{open_auction::OpenAuction, place_bid::PlaceBid};
use karvan_core::cash::{deposit::Deposit, open_cash_account::OpenCashAccount};
use karvan_core::grounds::Grounds;
use karvan_core::id::{
    AccountId, AuctionId, BankReference, GroupId, JurisdictionId, NOBODY, PartyId, PersonId,
};
use karvan_core::market::{adopt_policy::AdoptPolicy, pass_time::PassTime};
use karvan_core::party::{Role, register_party::RegisterParty};
use karvan_core::quantity::{Money, Price, Tonnes};
use karvan_core::supply::set_cap::{CapBasis, SetCap};
use karvan_core::supply::{central_transfer::CentralTransfer, issue::Issue};
use karvan_core::time::Year;
use karvan_core::{Command, Events, State};
use std::hint::black_box;
use std::time::Instant;

const BIDS: usize = 10_000;
const BIDDERS: u32 = 100;
const SEED: [u8; 32] = [7; 32];

/// A bid's price in cents and quantity: prices meet often, as in thin markets.
fn bid(draw: &mut Draw) -> (Price, Tonnes) {
    let cents = i64::try_from(100 + draw.below(2_000)).unwrap_or(100);
    (Price(cents), Tonnes(500 * (1 + draw.below(20))))
}

pub(crate) fn clearing(runs: usize, table: &mut Table) -> Result<(), Failure> {
    let mut draw = Draw(11);
    let names: Vec<[u8; 4]> = (0u32..).take(BIDS).map(u32::to_be_bytes).collect();
    let bids: Vec<Demand<'_>> = names
        .iter()
        .map(|name| {
            let (price, quantity) = bid(&mut draw);
            Demand { name, price, quantity }
        })
        .collect();
    let (volume, rules) = (Tonnes(20_000_000), &auction_rules());
    let offer = Offer { volume, rules, secondary: None, seed: &SEED };
    let mut values = Vec::new();
    for _ in 0..runs.max(20) {
        let started = Instant::now();
        let cleared = clear(black_box(&offer), black_box(&bids));
        values.push(started.elapsed().as_secs_f64() * 1e3);
        assert_eq!(cleared.sold(), volume, "the auction sells its volume");
    }
    let what = "auction of 10,000 bids: price and fills".to_owned();
    table.add(Figure { what, unit: "ms", goal: Goal::AtMost(1.0), values });
    let (open, clear) = bids_in()?;
    let mut values = Vec::new();
    for _ in 0..runs {
        let mut state = open.clone();
        let started = Instant::now();
        must(&mut state, &clear)?;
        values.push(started.elapsed().as_secs_f64() * 1e3);
    }
    table.add(note("  the whole command, every bid settled", "ms", values));
    Ok(())
}

fn must(state: &mut State, asked: &scene::Asked) -> Result<(), Failure> {
    let mut out = Events::default();
    if scene::take(state, asked, &mut out) { Ok(()) } else { Err(format!("{asked:?}").into()) }
}

/// An auction whose window has closed over 10,000 bids, and the command that clears it.
fn bids_in() -> Result<(State, scene::Asked), Failure> {
    let (here, year) = (JurisdictionId(0), Year(2027));
    let mut state = State { now: NOW, ..State::default() };
    let mut ask = |actor: PersonId, command: Command| -> Result<(), Failure> {
        for asked in scene::seconded(&state, (actor, command)) {
            must(&mut state, &asked)?;
        }
        Ok(())
    };
    // Each party has two persons.
    let (region, nation, bank) = (PersonId(1), PersonId(3), PersonId(5));
    let single = SinglePerson::default();
    let register = |role, jurisdiction, group| -> Command {
        RegisterParty { role, jurisdiction, group: GroupId(group), persons: 2, scope: None }.into()
    };
    ask(NOBODY, register(Role::RegionalAdministrator, None, 0))?;
    ask(region, AdoptPolicy { rules: rules() }.into())?;
    ask(region, register(Role::NationalAdministrator, Some(here), 1))?;
    ask(region, register(Role::SettlementBank, None, 2))?;
    for kind in [AccountKind::TotalQuantity, AccountKind::Auction] {
        let (holder, jurisdiction, towards) = (PartyId(1), here, None);
        ask(nation, OpenAccount { kind, holder, jurisdiction, single, towards }.into())?;
    }
    ask(bank, OpenCashAccount { party: PartyId(2), currency: None }.into())?;
    ask(bank, OpenCashAccount { party: PartyId(1), currency: None }.into())?;
    let volume = Tonnes(20_000_000);
    let (quantity, opening) = (volume, Tonnes(0));
    let basis = CapBasis { grounds: Grounds::new("the bench", [0; 32]), activity: None };
    ask(nation, SetCap { jurisdiction: here, year, quantity, opening, basis }.into())?;
    ask(nation, Issue { jurisdiction: here, year, quantity }.into())?;
    let (from, to) = (AccountKind::TotalQuantity, AccountKind::Auction);
    ask(nation, CentralTransfer { jurisdiction: here, from, to, year, quantity }.into())?;
    for number in 0..BIDDERS {
        let (party, jurisdiction, kind) = (PartyId(3 + number), here, AccountKind::Trading);
        ask(nation, register(Role::Trader, Some(here), 10 + number))?;
        let (holder, towards) = (party, None);
        ask(nation, OpenAccount { kind, holder, jurisdiction, single, towards }.into())?;
        ask(bank, OpenCashAccount { party, currency: None }.into())?;
        let (amount, reference) =
            (Money(1_000_000_000_000), BankReference::of_number(number.into()));
        ask(bank, Deposit { party, amount, reference, currency: None }.into())?;
    }
    let (opens, closes, seed_commitment) = (NOW, NOW.plus_days(1), commitment(&SEED));
    let open = OpenAuction { jurisdiction: here, year, volume, opens, closes, seed_commitment };
    ask(nation, open.into())?;
    let mut draw = Draw(11);
    for number in (0..BIDDERS).cycle().take(BIDS) {
        let (price, quantity) = bid(&mut draw);
        let (auction, account) = (AuctionId(0), AccountId(2 + number));
        ask(
            PersonId(7 + 2 * number),
            PlaceBid { auction, account, price, quantity, currency: None }.into(),
        )?;
    }
    ask(NOBODY, PassTime { to: closes }.into())?;
    Ok((state, (nation, ClearAuction { auction: AuctionId(0), seed: SEED }.into())))
}
