//! Every order, change and cancellation of the simulator is played by the naive book too, on the
//! orders as they wait: it must come to the same trades, and leave the same orders in the same
//! places.

use crate::monitor::Violation;
use crate::naive_book::{NaiveBook, Traded};
use karvan_core::book::plan::{Change, Incoming};
use karvan_core::book::{Market, Order};
use karvan_core::compatibility::{class_of, settle};
use karvan_core::exchange::{Halted, Phase, Side, phase};
use karvan_core::freezing::is_frozen;
use karvan_core::id::PartyId;
use karvan_core::quantity::Price;
use karvan_core::rules::ContinuousRules;
use karvan_core::time::Instant;
use karvan_core::{Command, Event, RecordHeader, State};

/// What a book must be after a record.
pub(crate) struct Lockstep {
    market: Market,
    book: NaiveBook,
    trades: Vec<Traded>,
}

/// Whether the naive book plays a command.
pub(crate) fn plays(command: &Command) -> bool {
    matches!(command, Command::PlaceOrder(_) | Command::AmendOrder(_) | Command::CancelOrder(_))
}

/// Plays a command that was accepted, on the state before it.
pub(crate) fn before(
    state: &State,
    command: &Command,
    record: &RecordHeader,
) -> Result<Option<Lockstep>, Violation> {
    let owner = state.people.get(record.actor).and_then(|it| it.party);
    let of = |id| state.orders.get(id).map(Order::market);
    let found = match command {
        Command::PlaceOrder(it) => Some(it.market()),
        Command::AmendOrder(it) => of(it.order),
        Command::CancelOrder(it) => of(it.order),
        _ => None,
    };
    let (Some(market), Some(owner)) = (found, owner) else { return Ok(None) };
    let mut book = book(state, market, (owner, record.at));
    let trades = match command {
        Command::PlaceOrder(it) => {
            let order = Order {
                group: Some(state.parties.row(owner).group),
                ..Order::bare(state.next_order, it.side, it.price, it.quantity)
            };
            book.place(&Incoming { order, kind: it.kind, self_match: it.self_match })
        }
        Command::AmendOrder(it) => {
            let (order, price, quantity) = (it.order, it.price, it.quantity);
            book.replace(&Change { order, price, quantity, self_match: it.self_match })
        }
        Command::CancelOrder(it) => book.cancel(it.order),
        _ => return Ok(None),
    };
    let trades = trades.ok_or("the naive book refuses an order that was accepted")?;
    Ok(Some(Lockstep { market, book, trades }))
}

/// A market as the naive book knows it.
fn book(state: &State, market: Market, (owner, at): (PartyId, Instant)) -> NaiveBook {
    let side = |side| state.orders.orders(market, side).copied().collect::<Vec<Order>>();
    let (bids, asks) = (side(Side::Buy), side(Side::Sell));
    let class = class_of(state, owner);
    let waits = |it: &&Order| {
        let classes = (class, class_of(state, it.owner));
        is_frozen(state, it.account)
            || state.halts.contains_key(&Halted::Party(it.owner))
            || !settle(state, market.jurisdiction, classes)
    };
    let apart = bids.iter().chain(&asks).filter(waits).map(|it| it.id).collect();
    let phase = phase(state, market, at);
    let band = match phase {
        Phase::Continuous(hours) => band(state, market, (&hours, at)),
        Phase::Call(_) | Phase::Closed | Phase::Halted => None,
    };
    let gathers = !matches!(phase, Phase::Continuous(_));
    NaiveBook { bids, asks, apart, band, gathers }
}

/// The bands once more.
fn band(
    state: &State,
    market: Market,
    (hours, at): (&ContinuousRules, Instant),
) -> Option<(Price, Price)> {
    let last = state.price_of(market).map(|(price, _)| price.0);
    let day = state.working_time(market.jurisdiction).calendar.local(at).day();
    let first = state.references.get(&market).filter(|it| it.day == day).map(|it| it.price.0);
    let (mut low, mut high) = (1, i64::MAX);
    for (around, width) in [(first.or(last), hours.static_band_bp), (last, hours.dynamic_band_bp)] {
        if let (Some(around), Some(width)) = (around, width) {
            let share = around * i64::from(width) / 10_000;
            (low, high) = (low.max(around - share), high.min(around + share));
        }
    }
    Some((Price(low), Price(high)))
}

/// What of an order a naive book keeps.
fn rows<'a>(orders: impl IntoIterator<Item = &'a Order>) -> Vec<(u64, i64, u64, u64, bool)> {
    let row = |it: &Order| (it.id.0, it.price.0, it.remaining.0, it.filled.0, it.post_only);
    orders.into_iter().map(row).collect()
}

impl Lockstep {
    /// Compares with the facts, and the state after them.
    pub(crate) fn check(&self, after: &State, events: &[Event]) -> Result<(), Violation> {
        let trades = events.iter().filter_map(|it| match it {
            Event::OrderTraded(it) => Some((it.maker.0, it.taker.0, it.price.0, it.quantity.0)),
            _ => None,
        });
        let trades: Vec<Traded> = trades.collect();
        if trades != self.trades {
            return Err(format!("{trades:?} traded, the naive book says {:?}", self.trades));
        }
        for (side, expected) in [(Side::Buy, &self.book.bids), (Side::Sell, &self.book.asks)] {
            let there = rows(after.orders.orders(self.market, side));
            if there != rows(expected) {
                return Err(format!("{side:?}: {there:?}, the naive book: {:?}", rows(expected)));
            }
        }
        Ok(())
    }
}
