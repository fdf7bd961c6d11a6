//! Carries out the settlement of a coupling, in as many records as it takes. First buyers pay; then
//! units are delivered, market after market, and each seller is paid in the record in which his
//! units go; at the end what is left of rents and levies goes to the governments. Money and units
//! that are on their way between two records are nobody's to touch: money is set aside, link units
//! lie in escrows, and the orders stand.

use super::settlement::{Comes, Fill, Progress, Settlement, Stream};
use super::{CoupledFlow, CoupledPrice};
use crate::account::{self, AccountKind};
use crate::event::{EVENTS_MAX, Event, Events, FACTS_A_SLICE};
use crate::exchange::delivery::{Cut, pay};
use crate::exchange::order_filled::OrderFilled;
use crate::id::{AccountId, CashAccountId, JurisdictionId, SeriesId};
use crate::ledger::posting::{CashHeld, CashReleased, UnitsIssued, UnitsMoved, UnitsReleased};
use crate::ledger::{Block, Serials};
use crate::quantity::{Money, Tonnes};
use crate::state::State;
use std::collections::{BTreeMap, VecDeque};

/// The most facts of a step, and of what ends a record: two for each of up to 240 links, and one
/// for each call.
const FACTS_A_STEP: usize = 512;

// What is begun within a slice is finished in it.
const _: () = assert!(FACTS_A_SLICE + FACTS_A_STEP < EVENTS_MAX);

/// Whether a settlement goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slice {
    /// The record is full.
    GoesOn,
    /// All is settled.
    IsLast,
}

/// What does not change while a settlement is carried out.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) state: &'a State,
    pub(super) settlement: &'a Settlement,
    pub(super) prices: &'a [CoupledPrice],
    pub(super) flows: &'a [CoupledFlow],
}

/// Carries a settlement on, as far as one record goes.
pub(super) fn go_on(terms: Terms<'_>, progress: &mut Progress, out: &mut Events) -> Slice {
    let (issued, freed) = (BTreeMap::new(), BTreeMap::new());
    let mut it = Settling { terms, progress, out, issued, freed };
    it.take_pot();
    let mut slice = Slice::IsLast;
    while it.step() {
        if it.out.is_full() {
            slice = Slice::GoesOn;
            break;
        }
    }
    match slice {
        Slice::GoesOn => it.keep_pot(),
        Slice::IsLast => it.pay_governments(),
    }
    slice
}

struct Settling<'a> {
    terms: Terms<'a>,
    progress: &'a mut Progress,
    out: &'a mut Events,
    /// The last serial of each series that this record issued.
    issued: BTreeMap<SeriesId, u64>,
    /// What waits in an escrow to come free, the oldest first.
    freed: BTreeMap<(AccountId, SeriesId), VecDeque<Serials>>,
}

impl Settling<'_> {
    /// Takes up what the record before set aside.
    fn take_pot(&mut self) {
        let Settlement { rent: account, hold, .. } = *self.terms.settlement;
        if self.terms.state.ledger.holds.get(&hold).is_some() {
            let amount = self.progress.pot;
            self.out.push(Event::CashReleased(CashReleased { account, hold, amount }));
        }
    }

    /// Sets aside what is on its way.
    fn keep_pot(&mut self) {
        let Settlement { rent: account, hold, .. } = *self.terms.settlement;
        let amount = self.progress.pot;
        if amount > Money::ZERO {
            self.out.push(Event::CashHeld(CashHeld { account, hold, amount }));
        }
    }

    /// Does the next thing, if there is one.
    fn step(&mut self) -> bool {
        let Settlement { calls, buys, sells, .. } = self.terms.settlement;
        if let Some(fill) = nth(buys, self.progress.paid) {
            self.take_payment(fill);
            return true;
        }
        let place = self.progress.place;
        if let Some(fill) = nth(sells, self.progress.sold).filter(|it| it.place == place) {
            self.sell(fill);
            return true;
        }
        let arrives = |it: &Stream| it.to == place && it.arrives > Tonnes::ZERO;
        if let Some(number) = self.progress.streams.iter().position(arrives) {
            self.arrive(number);
            return true;
        }
        self.progress.place = place.saturating_add(1);
        usize::from(self.progress.place) < calls.len()
    }

    fn price(&self, fill: &Fill) -> CoupledPrice {
        let call = self.terms.settlement.calls.get(usize::from(fill.place));
        let price = self.terms.prices.iter().find(|it| Some(&it.call) == call);
        assert!(price.is_some(), "order {} is filled in a market without a price", fill.order);
        price.copied().unwrap_or_default()
    }

    /// A buyer pays; what was set aside above the price is free.
    fn take_payment(&mut self, fill: &Fill) {
        let (price, quantity) = (self.price(fill), fill.quantity());
        let order = self.terms.state.orders.get(fill.order);
        assert!(order.is_some(), "order {} stands until it is settled", fill.order);
        let Some(order) = order else { return };
        let (account, hold) = (order.cash, order.hold);
        let amount = order.freed_by(order.remaining, quantity);
        self.out.push(Event::CashReleased(CashReleased { account, hold, amount }));
        let amount = price.paid(quantity);
        pay(self.out, (account, self.terms.settlement.rent), amount);
        self.progress.pot += amount;
        self.progress.paid = self.progress.paid.saturating_add(1);
        let order = fill.order;
        self.out.push(Event::OrderFilled(OrderFilled { order, quantity }));
    }

    /// A seller gives units, as many as the record has room for, and is paid for them.
    fn sell(&mut self, fill: &Fill) {
        let state = self.terms.state;
        let order = state.orders.get(fill.order);
        assert!(order.is_some(), "order {} stands until it is settled", fill.order);
        let Some(order) = order else { return };
        let (account, hold) = (order.account, order.hold);
        let mut held = Cut::held(state, order);
        let before = self.progress.gave;
        let mut gives = before;
        while gives < fill.quantity() && (gives == before || !self.out.is_full()) {
            // What may leave goes first.
            let leaves = gives.short_of(fill.leaves);
            let most = if leaves > Tonnes::ZERO { leaves } else { fill.quantity() - gives };
            let Some((series, _)) = held.left().first().copied() else { break };
            let stream = self.leaving(series).filter(|_| leaves > Tonnes::ZERO);
            let (to, most) = self.bound(stream, most);
            let Some((series, serials)) = held.next(most) else { break };
            self.out.push(Event::UnitsReleased(UnitsReleased { series, account, hold, serials }));
            let from = account;
            self.out.push(Event::UnitsMoved(UnitsMoved { series, from, to, serials }));
            self.went(stream, serials.count);
            gives += serials.count;
        }
        assert!(gives > before, "order {} holds what it sells", fill.order);
        let (whole, quantity) = (gives == fill.quantity(), gives - before);
        let left_before = before.min(fill.leaves);
        let leaves = gives.min(fill.leaves) - left_before;
        let amount = self.price(fill).got(quantity - leaves, leaves);
        pay(self.out, (self.terms.settlement.rent, order.cash), amount);
        self.progress.pot -= amount;
        self.progress.gave = if whole { Tonnes::ZERO } else { gives };
        self.progress.sold = self.progress.sold.saturating_add(u32::from(whole));
        let order = fill.order;
        self.out.push(Event::OrderFilled(OrderFilled { order, quantity }));
    }

    /// A block of what arrives by a stream goes on by another one, or to a buyer.
    fn arrive(&mut self, number: usize) {
        let Some(stream) = self.progress.streams.get(number).copied() else { return };
        let (series, from) = (stream.into, stream.escrow);
        let onward = self.leaving(series);
        let (to, most) = self.bound(onward, stream.arrives);
        let serials = match stream.comes {
            Comes::Home => self.free((from, series), most),
            Comes::Linked(next) => {
                let first = next.unwrap_or_else(|| self.issue(&stream));
                Serials { first, count: most }
            }
        };
        self.out.push(Event::UnitsMoved(UnitsMoved { series, from, to, serials }));
        if let Some(it) = self.progress.streams.get_mut(number) {
            it.arrives -= serials.count;
            if let Comes::Linked(next) = &mut it.comes {
                *next = Some(serials.end());
            }
        }
        self.went(onward, serials.count);
    }

    /// Issues the link units of a stream into the escrow: who gets them is told when transfers are.
    /// Their first serial.
    fn issue(&mut self, stream: &Stream) -> u64 {
        let (series, count) = (stream.into, stream.arrives);
        let known = self.terms.state.ledger.series.get(series);
        let last = self.issued.entry(series).or_insert_with(|| known.map_or(0, |it| it.issued.0));
        let first = last.saturating_add(1);
        let serials = Serials { first, count };
        *last = serials.end().saturating_sub(1);
        let to = stream.escrow;
        self.out.push(Event::UnitsIssued(UnitsIssued { series, to, serials }));
        first
    }

    /// The oldest units that wait in an escrow, at most so many and of one block.
    fn free(&mut self, from: (AccountId, SeriesId), most: Tonnes) -> Serials {
        let (escrow, series) = from;
        let comes = |it: &&Stream| (it.escrow, it.into, it.comes) == (escrow, series, Comes::Home);
        let all: Tonnes = self.progress.streams.iter().filter(comes).map(|it| it.arrives).sum();
        let state = self.terms.state;
        let waits = self.freed.entry(from).or_insert_with(|| {
            let picked = state.ledger.shelves.row(escrow).pick(all, |it| it == series);
            picked.iter().map(|(_, it): &(SeriesId, Block)| it.serials).collect()
        });
        let block = waits.pop_front();
        assert!(block.is_some(), "fewer units wait in account {escrow} than come home");
        let it = block.unwrap_or(Serials { first: 0, count: Tonnes::ZERO });
        let count = it.count.min(most);
        if count < it.count {
            let first = it.first.saturating_add(count.0);
            waits.push_front(Serials { first, count: it.count - count });
        }
        Serials { first: it.first, count }
    }

    /// The stream by which units of a series leave the market in which units are delivered.
    fn leaving(&self, series: SeriesId) -> Option<usize> {
        let leaves = |it: &Stream| {
            (it.from, it.series) == (self.progress.place, series) && it.leaves > Tonnes::ZERO
        };
        self.progress.streams.iter().position(leaves)
    }

    /// Whither the next units go, and how many at most: by a stream, or to the next buyer.
    fn bound(&self, stream: Option<usize>, most: Tonnes) -> (AccountId, Tonnes) {
        if let Some(it) = stream.and_then(|it| self.progress.streams.get(it)) {
            return (it.escrow, it.leaves.min(most));
        }
        let buyer = nth(&self.terms.settlement.buys, self.progress.bought);
        let buyer = buyer.filter(|it| it.place == self.progress.place);
        assert!(buyer.is_some(), "what is sold in a coupling is bought");
        let Some(buyer) = buyer else { return (AccountId(0), Tonnes::ZERO) };
        (buyer.account, (buyer.quantity() - self.progress.got).min(most))
    }

    /// So many units went by a stream, or to the next buyer.
    fn went(&mut self, stream: Option<usize>, count: Tonnes) {
        let progress = &mut *self.progress;
        if let Some(it) = stream.and_then(|it| progress.streams.get_mut(it)) {
            it.leaves -= count;
            return;
        }
        progress.got += count;
        let buyer = nth(&self.terms.settlement.buys, progress.bought);
        if buyer.is_some_and(|it| it.quantity() == progress.got) {
            progress.got = Tonnes::ZERO;
            progress.bought = progress.bought.saturating_add(1);
        }
    }

    /// What rents and levies bring goes to the governments at both ends, as far as it is there.
    fn pay_governments(&mut self) {
        for flow in self.terms.flows {
            let due = Money((flow.rent + flow.levy).0.min(self.progress.pot.0.max(0)));
            let half = Money(due.0.div_euclid(2));
            for (end, amount) in [(flow.from, half), (flow.to, due - half)] {
                if let Some(to) = self.government_cash(end) {
                    pay(self.out, (self.terms.settlement.rent, to), amount);
                    self.progress.pot -= amount;
                }
            }
        }
    }

    /// The cash account of a government: of whoever holds its account of all units.
    fn government_cash(&self, id: JurisdictionId) -> Option<CashAccountId> {
        let (state, kind) = (self.terms.state, AccountKind::TotalQuantity);
        let account = account::of_government(state, id, kind)?;
        state.cash_account_of(state.accounts.row(account).holder)
    }
}

fn nth(fills: &[Fill], number: u32) -> Option<&Fill> {
    fills.get(usize::try_from(number).ok()?)
}
