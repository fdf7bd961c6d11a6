//! Intermediaries, where a jurisdiction admits them: two in each quote in the calls, the one with
//! fewer units to buy and the other to sell, a little below and above what they expect; neither
//! holds more than a hundredth of the cap.

use super::{Officials, Play, administrators::floor, in_lots, on_tick};
use karvan_core::Command;
use karvan_core::account::{AccountKind, SinglePerson, open_account::OpenAccount};
use karvan_core::book::Market;
use karvan_core::cash::open_cash_account::OpenCashAccount;
use karvan_core::exchange::{Side, place_order::PlaceOrder};
use karvan_core::id::{AccountId, GroupId, PartyId, PersonId};
use karvan_core::party::{Role, register_party::RegisterParty};
use karvan_core::quantity::{Money, Tonnes};
use karvan_core::time::{Instant, Year};
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;

/// Below and above what is expected.
const SPREAD: f64 = 0.015;
/// The most one of them holds, as a share of the cap.
const POSITION: f64 = 0.01;
/// A quote is this share of the most.
const QUOTE: f64 = 0.2;

/// An intermediary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intermediary {
    jurisdiction: usize,
    person: PersonId,
    party: PartyId,
    account: AccountId,
}

impl<J: Journal> Play<J> {
    /// Registers two in each jurisdiction that admits them, with account and money.
    pub(super) fn register_intermediaries(&mut self) -> Result<(), Stopped> {
        if !self.settings.policy.rehearsal.intermediaries {
            return Ok(());
        }
        for j in 0..self.officials.len() {
            let Officials { id, administrator, .. } = self.officials[j];
            let admits = &self.policy_of(j).declared.participants;
            if !admits.iter().any(|it| it == "intermediaries") {
                continue;
            }
            for number in 0..2u32 {
                let group = GroupId(10_000 + 2 * id.0 + number);
                let (role, jurisdiction, scope) = (Role::Trader, Some(id), None);
                let party = self.state().parties.next_id();
                let person = self.state().people.next_id();
                let register = RegisterParty { role, jurisdiction, group, persons: 2, scope };
                self.send(vec![(administrator, register.into())])?;
                let account = self.state().accounts.next_id();
                let single = SinglePerson { surrender: true, trusted: true };
                let (kind, towards) = (AccountKind::Trading, None);
                let open = OpenAccount { kind, holder: party, jurisdiction: id, single, towards };
                let cash = OpenCashAccount { party, currency: None };
                self.send(vec![(administrator, open.into()), (self.bank, cash.into())])?;
                let it = Intermediary { jurisdiction: j, person, party, account };
                self.intermediaries.push(it);
            }
        }
        Ok(())
    }

    /// Their orders for the phase that is open.
    pub(super) fn quote(&mut self, j: usize, year: u16, at: Instant) -> Result<(), Stopped> {
        if !self.open_calls.contains_key(&(j, year)) {
            return Ok(());
        }
        let news = self.news(j, year, at);
        let Some((last, _)) = news.last() else { return Ok(()) };
        let id = self.id_of(j);
        let market = Market::of_allowances(id, Year(year));
        let counts = |series| self.state().ledger.counts_for(series, id, Year(year));
        let held =
            |it: &Intermediary| self.state().ledger.shelves.row(it.account).free(counts).0 as f64;
        let mine = self.intermediaries.iter().filter(|it| it.jurisdiction == j);
        let mut mine: Vec<(f64, Intermediary)> = mine.map(|it| (held(it), *it)).collect();
        mine.sort_by(|one, two| one.0.total_cmp(&two.0));
        let most = self.policy_of(j).cap_mt.at(year) * 1e6 * POSITION;
        let worth = self.unbiased(j, &news, last);
        let trading = self.policy_of(j).trading;
        let mut commands: Vec<(PersonId, Command)> = Vec::new();
        if let Some((has, it)) = mine.first().copied() {
            let quantity = Tonnes(floor((most * QUOTE).min(most - has)));
            let quantity = in_lots(quantity, &trading);
            let price = on_tick(worth * (1.0 - SPREAD), &trading);
            let cost = price.times(quantity).unwrap_or_default();
            if quantity > Tonnes::ZERO {
                let free = self.state().cash_account_of(it.party);
                let free = free.map_or(0, |it| self.state().ledger.cash.row(it).free.0);
                let amount = Money(cost.0 - free);
                if amount > Money::ZERO {
                    commands.push(self.deposit(it.party, amount));
                }
                let (account, side) = (it.account, Side::Buy);
                let order = PlaceOrder::limit(market, account, side, (price, quantity));
                commands.push((it.person, order.into()));
            }
        }
        if let Some((has, it)) = mine.get(1).copied() {
            let quantity = in_lots(Tonnes(floor(has.min(most * QUOTE))), &trading);
            let price = on_tick(worth * (1.0 + SPREAD), &trading);
            if quantity > Tonnes::ZERO {
                let (account, side) = (it.account, Side::Sell);
                let order = PlaceOrder::limit(market, account, side, (price, quantity));
                commands.push((it.person, order.into()));
            }
        }
        self.send(commands)
    }
}
