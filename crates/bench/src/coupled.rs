//! A coupled auction of 12 markets with 10,000 orders each, in the writer: what it decides, applies
//! and has on disk, record by record. Between two of them it takes other commands.

use crate::coupling::{MARKETS, books, links};
use crate::scene::{self, Asked, Draw, NOW, SINGLE, YEAR, label, seconded, take};
use crate::table::{Figure, Goal, Table};
use crate::{Failure, note};
use karvan_core::account::{AccountKind, open_account::OpenAccount};
use karvan_core::book::Market;
use karvan_core::call::open_call::OpenCall;
use karvan_core::cash::{deposit::Deposit, open_cash_account::OpenCashAccount};
use karvan_core::coupling::Link;
use karvan_core::coupling::clear_coupling::ClearCoupling;
use karvan_core::coupling::couple_calls::CoupleCalls;
use karvan_core::exchange::{Side, place_order::PlaceOrder};
use karvan_core::grounds::Grounds;
use karvan_core::id::{
    AccountId, BankReference, CallId, CouplingId, GroupId, JurisdictionId, NOBODY, PartyId,
    PersonId, SeriesId,
};
use karvan_core::market::{adopt_policy::AdoptPolicy, pass_time::PassTime};
use karvan_core::party::{Role, register_party::RegisterParty};
use karvan_core::quantity::{Money, Price, Tonnes};
use karvan_core::rules::{JurisdictionRules, LinkRules, MarketRules};
use karvan_core::supply::set_cap::{CapBasis, SetCap};
use karvan_core::supply::{central_transfer::CentralTransfer, issue::Issue};
use karvan_core::units::transfer::{Consideration, Transfer};
use karvan_core::{Command, Events, State, invariant};
use karvan_engine::clock::SetClock;
use karvan_engine::journal::file::{FileJournal, FileOptions};
use karvan_engine::snapshot::Snapshot;
use karvan_engine::storage::DiskStorage;
use karvan_engine::{Answer, CommandId, Submission, Writer};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const ORDERS: usize = 10_000;
/// In each market as many buy, and as many sell.
const TRADERS: u32 = 10;
/// What each seller has at first, in units; what each party has, in cents.
const UNITS: u64 = 10_000_000;
const CENTS: i64 = 1_000_000_000_000;
/// So many orders are submitted at once.
const SUBMITTED: usize = 4_096;
/// The region, its bank, and a nation in each market come first, with two persons each.
const REGION: PersonId = PersonId(1);
const BANK: PersonId = PersonId(3);
const FIRST_TRADER: u32 = 2 + MARKETS as u32;

fn person(party: u32) -> PersonId {
    PersonId(1 + 2 * party)
}

fn nation(market: u32) -> u32 {
    2 + market
}

/// The party that sells or buys under a number in a market.
fn trader(market: u32, side: Side, number: u32) -> u32 {
    let second = if side == Side::Buy { TRADERS } else { 0 };
    FIRST_TRADER + market * 2 * TRADERS + second + number
}

fn here(market: u32) -> JurisdictionId {
    JurisdictionId(market)
}

fn markets() -> impl Iterator<Item = u32> {
    0..MARKETS as u32
}

fn rules() -> Box<MarketRules> {
    let mut rules = scene::rules();
    let one = rules.jurisdictions.remove(0);
    for letter in ('A'..='Z').take(MARKETS) {
        let (code, country) = (label(&format!("XX{letter}")), label(&format!("X{letter}")));
        rules.jurisdictions.push(JurisdictionRules {
            code,
            country,
            transfer_limit_bp: 10_000,
            ..one.clone()
        });
    }
    let link = |it: &Link| LinkRules {
        from: JurisdictionId(it.from as u32),
        to: JurisdictionId(it.to as u32),
        ratio: (it.ratio.0 as u32, it.ratio.1 as u32),
        years: vec![(YEAR, it.quota)],
        levy: Price(it.levy.floor().unwrap_or_default() as i64),
        surplus_only: false,
    };
    rules.links = links(&mut Draw(12)).iter().map(link).collect();
    rules
}

/// What leads to the first call, without second persons.
fn opening() -> Vec<Asked> {
    let register = |role, group, jurisdiction| {
        let (group, scope) = (GroupId(group), None);
        Command::from(RegisterParty { role, jurisdiction, group, persons: 2, scope })
    };
    let account = |kind, holder: u32, jurisdiction, towards| {
        let holder = PartyId(holder);
        Command::from(OpenAccount { kind, holder, jurisdiction, single: SINGLE, towards })
    };
    let money = |party: u32| {
        let (party, reference) = (PartyId(party), BankReference::of_number(party.into()));
        let open = OpenCashAccount { party, currency: None };
        let deposit = Deposit { party, amount: Money(CENTS), reference, currency: None };
        [(BANK, open.into()), (BANK, deposit.into())]
    };
    let rules = rules();
    let linked: Vec<_> = rules.links.iter().map(|it| (it.from, it.to)).collect();
    let mut all = vec![
        (NOBODY, register(Role::RegionalAdministrator, 0, None)),
        (REGION, AdoptPolicy { rules }.into()),
        (REGION, register(Role::SettlementBank, 1, None)),
        (BANK, OpenCashAccount { party: PartyId(1), currency: None }.into()),
    ];
    all.extend(money(0));
    for market in markets() {
        all.push((REGION, register(Role::NationalAdministrator, 2 + market, Some(here(market)))));
    }
    for market in markets() {
        let (nation, jurisdiction) = (nation(market), here(market));
        all.extend(money(nation));
        let mut ask = |command: Command| all.push((person(nation), command));
        for kind in [AccountKind::TotalQuantity, AccountKind::GeneralHolding] {
            ask(account(kind, nation, jurisdiction, None));
        }
        let (year, opening) = (YEAR, Tonnes(0));
        let quantity = Tonnes(UNITS * u64::from(TRADERS));
        let basis = CapBasis { grounds: Grounds::new("the bench", [0; 32]), activity: None };
        ask(SetCap { jurisdiction, year, quantity, opening, basis }.into());
        ask(Issue { jurisdiction, year, quantity }.into());
        let (from, to) = (AccountKind::TotalQuantity, AccountKind::GeneralHolding);
        ask(CentralTransfer { jurisdiction, from, to, year, quantity }.into());
    }
    for (from, to) in linked {
        all.push((REGION, account(AccountKind::LinkEscrow, 0, from, Some(to))));
    }
    all
}

/// What is asked, and when: it is played once to see what takes a second person.
struct Script {
    state: State,
    asked: Vec<(karvan_core::time::Instant, Vec<Asked>)>,
}

impl Script {
    fn new() -> Self {
        Self { state: State { now: NOW, ..State::default() }, asked: vec![(NOW, Vec::new())] }
    }

    /// Asks, with the second person that it needs.
    fn ask(&mut self, asked: Asked) -> Result<(), Failure> {
        let mut out = Events::default();
        for asked in seconded(&self.state, asked) {
            if !take(&mut self.state, &asked, &mut out) {
                return Err(format!("refused: {asked:?}").into());
            }
            self.asked.last_mut().ok_or("nothing is begun")?.1.push(asked);
        }
        Ok(())
    }

    /// Lets time pass, and what falls due happen.
    fn wait(&mut self, until: karvan_core::time::Instant) -> Result<(), Failure> {
        let (state, mut out) = (&mut self.state, Events::default());
        while state.now < until || state.next_due().is_some_and(|due| due <= until) {
            let to = state.next_due().map_or(until, |due| due.min(until));
            if !take(state, &(NOBODY, PassTime { to }.into()), &mut out) {
                return Err(format!("time does not pass to {to}").into());
            }
        }
        self.asked.push((until, Vec::new()));
        Ok(())
    }
}

/// A market of twelve with traders, and what they hold.
fn opened() -> Result<Script, Failure> {
    let mut script = Script::new();
    for asked in opening() {
        script.ask(asked)?;
    }
    for market in markets() {
        let nation = person(nation(market));
        for (side, number) in both().flat_map(|side| (0..TRADERS).map(move |it| (side, it))) {
            let (party, jurisdiction) = (PartyId(trader(market, side, number)), here(market));
            let (role, group) = (Role::Trader, GroupId(party.0));
            let register = RegisterParty {
                role,
                jurisdiction: Some(jurisdiction),
                group,
                persons: 2,
                scope: None,
            };
            script.ask((nation, register.into()))?;
            let (kind, holder, single) = (AccountKind::Trading, party, SINGLE);
            let to = script.state.accounts.next_id();
            let open = OpenAccount { kind, holder, jurisdiction, single, towards: None };
            script.ask((nation, open.into()))?;
            let reference = BankReference::of_number(party.0.into());
            let deposit = Deposit { party, amount: Money(CENTS), reference, currency: None };
            script.ask((BANK, OpenCashAccount { party, currency: None }.into()))?;
            script.ask((BANK, deposit.into()))?;
            if side == Side::Sell {
                let from = script.state.government[&(jurisdiction, AccountKind::GeneralHolding)];
                let (series, quantity) = (SeriesId(market), Tonnes(UNITS));
                let consideration = Consideration::Free;
                let transfer = Transfer { from, to, series, quantity, consideration };
                script.ask((nation, transfer.into()))?;
            }
        }
    }
    Ok(script)
}

fn both() -> impl Iterator<Item = Side> {
    [Side::Sell, Side::Buy].into_iter()
}

/// Calls of all markets, coupled, with their orders, after the phase.
fn ordered() -> Result<Script, Failure> {
    let mut script = opened()?;
    // Transfers to accounts that are not trusted wait for some days.
    script.wait(NOW.plus_days(7))?;
    let (opens, closes) = (script.state.now, script.state.now.plus_days(1));
    for market in markets() {
        let (jurisdiction, year, commitment, product) = (here(market), YEAR, None, None);
        let open = OpenCall { jurisdiction, year, opens, closes, commitment, product };
        script.ask((person(nation(market)), open.into()))?;
    }
    let calls = markets().map(CallId).collect();
    script.ask((REGION, CoupleCalls { calls }.into()))?;
    let accounts: BTreeMap<PartyId, AccountId> =
        script.state.accounts.iter().map(|(id, it)| (it.holder, id)).collect();
    for (market, book) in markets().zip(books(&mut Draw(12), ORDERS)) {
        for (number, it) in (0..TRADERS).cycle().zip(book) {
            let party = trader(market, it.side, number);
            let account = accounts[&PartyId(party)];
            let market = Market::of_allowances(here(market), YEAR);
            let order = PlaceOrder::limit(market, account, it.side, (it.price, it.quantity));
            script.ask((person(party), order.into()))?;
        }
    }
    script.wait(closes)?;
    Ok(script)
}

/// Submissions of a moment with ids of their own.
fn submissions(at: karvan_core::time::Instant, asked: Vec<Asked>, first: u128) -> Vec<Submission> {
    let submission =
        |(number, (actor, command))| Submission { id: CommandId::new(at, number), actor, command };
    (first..).zip(asked).map(submission).collect()
}

/// A writer whose records are on disk before it goes on, once all of it is asked.
fn writer(script: &Script, folder: &Path) -> Result<Writer<FileJournal>, Failure> {
    let (journal, _) =
        FileJournal::open(Arc::new(DiskStorage::open(folder)?), FileOptions::default())?;
    let clock = SetClock::at(NOW);
    let mut writer = Writer::new(journal, Snapshot::empty().into_start(), Arc::new(clock.clone()));
    for ((at, asked), first) in script.asked.iter().zip((1u128..).map(|it| it << 40)) {
        clock.set(*at);
        writer.step(&[], &mut |_| {})?;
        for some in submissions(*at, asked.clone(), first).chunks(SUBMITTED) {
            let answers = writer.step(some, &mut |_| {})?;
            if !answers.iter().all(|it| matches!(it, Answer::Accepted { .. })) {
                return Err("what was played is refused".into());
            }
        }
    }
    Ok(writer)
}

/// Clears the coupling; how long each record took.
fn cleared(writer: &mut Writer<FileJournal>) -> Result<Vec<f64>, Failure> {
    let coupling = CouplingId(0);
    let mut taken = Vec::new();
    for number in 0.. {
        let clear = (REGION, ClearCoupling { coupling }.into());
        let submissions = submissions(writer.state().now, vec![clear], (1 << 60) + number);
        let started = Instant::now();
        let answers = writer.step(&submissions, &mut |_| {})?;
        taken.push(started.elapsed().as_secs_f64() * 1e3);
        if !matches!(answers[..], [Answer::Accepted { .. }]) {
            return Err(format!("the coupling is not cleared: {answers:?}").into());
        }
        if !writer.state().settlements.contains_key(&coupling) {
            break;
        }
    }
    invariant::sweep(writer.state());
    let volumes = writer.state().calls.iter().filter_map(|(_, it)| Some(it.result?.volume));
    let traded: Tonnes = volumes.sum();
    assert!(traded > Tonnes(10_000_000), "{traded} are traded");
    Ok(taken)
}

pub(crate) fn settling(runs: usize, folder: &Path, table: &mut Table) -> Result<(), Failure> {
    let script = ordered()?;
    let (mut stalls, mut whole, mut records) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        let journal = folder.join(format!("coupled-{run}"));
        let taken = cleared(&mut writer(&script, &journal)?)?;
        fs::remove_dir_all(&journal)?;
        stalls.push(taken.iter().copied().fold(0.0, f64::max));
        whole.push(taken.iter().sum());
        records.push(taken.len() as f64);
    }
    let what = "12 markets x 10,000 orders: longest stall of the writer".to_owned();
    table.add(Figure { what, unit: "ms", goal: Goal::AtMost(100.0), values: stalls });
    table.add(note("  until all is settled and on disk", "ms", whole));
    table.add(note("  records", "", records));
    Ok(())
}
