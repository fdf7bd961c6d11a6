//! Clear a call: one price for all that crosses, then price and time. Every trade is delivered and
//! paid in the record that makes it; what a buyer set aside above the price is free again. Where
//! not all settle with all, see [`allocation`]: the price is that of the whole book.
//!
//! A record holds a bounded number of trades. With more of them the price is fixed by the first
//! record, and clearing again settles what is left; until then the orders stand.

use super::crossing::{self, Crossing, Interest};
use super::{Call, CallResult};
use crate::auction::clear_auction::commitment;
use crate::authority::{Authorised, Right};
use crate::book::{Market, Order};
use crate::compatibility::allocation::{self, Allocation};
use crate::compatibility::{self, SettlementClass, class_of};
use crate::context::RecordHeader;
use crate::event::{EVENTS_MAX, Event, Events, FACTS_A_SLICE};
use crate::exchange::delivery::{Cut, deliver, pay};
use crate::exchange::order_filled::OrderFilled;
use crate::exchange::{self, ExchangeRefused, Side};
use crate::id::{CallId, OrderId};
use crate::ledger::BLOCKS_PER_TRANSFER_MAX;
use crate::ledger::posting::CashReleased;
use crate::quantity::{Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use crate::units::Way;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, VecDeque};

/// The most facts of a trade, its blocks apart: money released, two orders filled, a payment, and a
/// block cut in two.
const FACTS_A_TRADE: usize = 6;

// What is begun within a slice is finished in it.
const _: () = assert!(FACTS_A_SLICE + 2 * BLOCKS_PER_TRANSFER_MAX + FACTS_A_TRADE + 1 < EVENTS_MAX);

/// So many days after the phase a coupled call may be cleared alone, if the region did nothing.
pub const ALONE_AFTER_DAYS: i64 = 1;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ClearCall {
    /// The call.
    #[n(0)]
    pub call: CallId,
    /// The seed to which the administrator committed, where the end of the phase is drawn.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub seed: Option<[u8; 32]>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CallCleared {
    /// The call.
    #[n(0)]
    pub call: CallId,
    /// How it ended.
    #[n(1)]
    pub result: Box<CallResult>,
}

refusals! {
    /// Why a call cannot be cleared.
    pub enum ClearCallRefused {
        /// There is no such call.
        CallUnknown { call: CallId } = 931 => "there is no call {call}",
        /// The phase is open or ahead.
        PhaseOpen { now: Instant, closes: Instant } = 932
            => "it is {now}; the phase closes at {closes}",
        /// It has its result.
        AlreadyCleared { call: CallId } = 933 => "call {call} is cleared",
        /// It is cleared with others.
        Coupled { call: CallId, until: Instant } = 934
            => "call {call} is coupled with others; the region clears them, and from {until} on \
                each may be cleared alone",
        /// Whoever commits to a seed reveals that one.
        SeedDoesNotFit { call: CallId } = 939
            => "the seed does not fit the commitment published before call {call}",
        /// The end must be known.
        SeedMissing { call: CallId, until: Instant } = 940
            => "call {call} ended at a drawn moment; name the seed (lost, the call is cleared \
                without it from {until} on, and everybody takes part)",
    }
}

/// The administrator that announced it.
pub fn right(state: &State, it: &ClearCall) -> Result<Right, Refusals> {
    let call = it.call;
    let row = state.calls.get(call).ok_or(ClearCallRefused::CallUnknown { call })?;
    Ok(Right::Administrator(row.jurisdiction))
}

/// Finds the price and settles every trade.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &ClearCall,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let call = it.call;
    let Some(row) = state.calls.get(call) else {
        return Err(ClearCallRefused::CallUnknown { call }.into());
    };
    let (now, closes) = (state.now, row.closes);
    no.unless(now >= closes, ClearCallRefused::PhaseOpen { now, closes });
    // What its coupling has not settled yet is traded all the same.
    let coupled = row.coupling.is_some_and(|it| state.settlements.contains_key(&it));
    no.unless(!row.is_cleared() && !coupled, ClearCallRefused::AlreadyCleared { call });
    let halted = exchange::is_halted(state, row.market());
    no.unless(!halted, ExchangeRefused::Halted);
    let until = closes.plus_days(ALONE_AFTER_DAYS);
    let alone = row.coupling.is_none() || now >= until;
    no.unless(alone, ClearCallRefused::Coupled { call, until });
    let ended = no.take(ended(state, (call, row), it.seed.as_ref()));
    let ended = no.settle_with(ended)?;
    let market = row.market();
    let takes_part = |it: &Order| row.takes_part(it.id, ended);
    let book = Book::of(state, market, (row.result.map(|it| it.price), &takes_part));
    let before = CallResult { ended, ..row.result.unwrap_or_default() };
    let Some(price) = book.price else {
        let result = Box::new(before);
        out.push(Event::CallCleared(CallCleared { call, result }));
        return Ok(());
    };
    let allocation = book.allocate(state, market);
    let volume: Tonnes = allocation.buys.iter().copied().sum();
    let (trades, settled) = trades(state, (&book, &allocation), out.slice());
    let result = Box::new(CallResult {
        price: (before.volume + volume > Tonnes::ZERO).then_some(price),
        // What was frozen in between trades no more.
        volume: before.left.short_of(before.volume) + volume,
        barred: row.result.map_or_else(|| volume.short_of(book.whole()), |it| it.barred),
        left: settled.short_of(volume),
        ended,
    });
    out.push(Event::CallCleared(CallCleared { call, result }));
    settle(state, (&trades, price), out);
    Ok(())
}

/// When the phase ended, where that is drawn.
fn ended(
    state: &State,
    (call, row): (CallId, &Call),
    seed: Option<&[u8; 32]>,
) -> Result<Option<Instant>, ClearCallRefused> {
    // What a first record said stands.
    if let Some(result) = row.result {
        return Ok(result.ended);
    }
    let until = row.closes.plus_days(ALONE_AFTER_DAYS);
    match (row.random_end, seed) {
        (None, None) => Ok(None),
        (Some(it), Some(seed)) if commitment(seed) == it.commitment => {
            Ok(Some(it.ended((call, row.closes), seed)))
        }
        (Some(_), None) if state.now >= until => Ok(None),
        (Some(_), None) => Err(ClearCallRefused::SeedMissing { call, until }),
        (_, Some(_)) => Err(ClearCallRefused::SeedDoesNotFit { call }),
    }
}

/// The price at which a market would clear now, what would be traded if all settled with all, and
/// bids minus asks: what is published during a phase.
pub fn indicative(state: &State, market: Market) -> Option<Crossing> {
    Book::of(state, market, (None, &|_: &Order| true)).found
}

/// What crosses in a market, and the price.
struct Book<'a> {
    buys: Vec<&'a Order>,
    sells: Vec<&'a Order>,
    price: Option<Price>,
    /// What would be traded if all settled with all.
    found: Option<Crossing>,
}

impl<'a> Book<'a> {
    /// The orders that may trade at the price, as they are served. The price may be fixed.
    fn of(
        state: &'a State,
        market: Market,
        (fixed, takes_part): (Option<Option<Price>>, &impl Fn(&Order) -> bool),
    ) -> Self {
        let best = |side| state.orders.best(market, side);
        let (bid, ask) = (best(Side::Buy), best(Side::Sell));
        // Orders of what is frozen or halted wait on.
        let all = |side| state.orders.orders(market, side);
        let may_trade = |it: &&Order| exchange::may_trade(state, it) && takes_part(it);
        let crosses = |it: &&Order| ask.is_some_and(|ask| it.price >= ask);
        let buys = all(Side::Buy).take_while(crosses).filter(may_trade).collect();
        let crosses = |it: &&Order| bid.is_some_and(|bid| it.price <= bid);
        let sells = all(Side::Sell).take_while(crosses).filter(may_trade).collect();
        let mut it = Self { buys, sells, price: None, found: None };
        match fixed {
            Some(price) => it.price = price,
            None => it.cross(state, market),
        }
        if let Some(price) = it.price {
            it.buys.retain(|it| it.price >= price);
            it.sells.retain(|it| it.price <= price);
        }
        it
    }

    fn cross(&mut self, state: &State, market: Market) {
        let orders = || self.buys.iter().chain(&self.sells).copied();
        let interest =
            |it: &Order| Interest { side: it.side, price: it.price, quantity: it.remaining };
        let interests: Vec<Interest> = orders().map(interest).collect();
        let reference = state.price_of(market).map(|(price, _)| price);
        let tick = exchange::tick(state, market, orders());
        self.found = crossing::cross(&interests, reference, tick);
        self.price = self.found.map(|it| it.price);
    }

    /// What would be traded if all settled with all.
    fn whole(&self) -> Tonnes {
        self.found.map(|it| it.volume).unwrap_or_default()
    }

    /// What each order gets.
    fn allocate(&self, state: &State, market: Market) -> Allocation {
        let jurisdiction = market.jurisdiction;
        let apart = !compatibility::is_one_class(state);
        let class = |it: &Order| if apart { class_of(state, it.owner) } else { Default::default() };
        let parts = |orders: &[&Order]| {
            orders.iter().map(|it| (class(it), it.remaining)).collect::<Vec<_>>()
        };
        allocation::allocate(&parts(&self.buys), &parts(&self.sells), |one, other| {
            compatibility::settle(state, jurisdiction, (one, other))
        })
    }
}

/// A trade between two orders of a book.
struct Trade<'a> {
    buyer: &'a Order,
    seller: &'a Order,
    count: Tonnes,
}

/// Who trades with whom, and how much that is: sellers in turn, each with the first buyers that
/// it settles with, as far as one record goes.
fn trades<'a>(
    state: &State,
    (book, allocation): (&Book<'a>, &Allocation),
    slice: usize,
) -> (Vec<Trade<'a>>, Tonnes) {
    let mut flows: BTreeMap<_, Tonnes> =
        allocation.flows.iter().map(|(buyer, seller, it)| ((*seller, *buyer), *it)).collect();
    let mut queues: BTreeMap<_, VecDeque<(usize, &Order, Tonnes)>> = BTreeMap::new();
    let buys = book.buys.iter().zip(&allocation.buys).zip(&allocation.classes.0).enumerate();
    for (rank, ((order, got), class)) in buys.filter(|(_, ((_, got), _))| **got > Tonnes::ZERO) {
        queues.entry(*class).or_default().push_back((rank, order, *got));
    }
    let (mut trades, mut settled, mut facts) = (Vec::new(), Tonnes::ZERO, 0usize);
    let sells = book.sells.iter().zip(&allocation.sells).zip(&allocation.classes.1);
    for ((seller, got), class) in sells {
        let mut offered = *got;
        let held = Cut::held(state, seller).len();
        while offered > Tonnes::ZERO {
            if facts >= slice && !trades.is_empty() {
                return (trades, settled);
            }
            // The first in rank of those to whom something of this class still goes.
            let open =
                flows.range((*class, SettlementClass::FIRST)..=(*class, SettlementClass::LAST));
            let heads = open.filter(|(_, it)| **it > Tonnes::ZERO).filter_map(|((_, buyer), _)| {
                queues.get(buyer)?.front().map(|(rank, ..)| (*rank, *buyer))
            });
            let next = heads.min();
            assert!(next.is_some(), "what is sold in a call is bought");
            let Some((_, of)) = next else { break };
            let (Some(flow), Some(queue)) = (flows.get_mut(&(*class, of)), queues.get_mut(&of))
            else {
                break;
            };
            let Some((_, buyer, wanted)) = queue.front_mut() else { break };
            let count = offered.min(*wanted).min(*flow);
            trades.push(Trade { buyer, seller, count });
            *wanted -= count;
            *flow -= count;
            offered -= count;
            settled += count;
            let blocks = usize::try_from(count.0).unwrap_or(usize::MAX).min(held);
            facts = facts.saturating_add(FACTS_A_TRADE).saturating_add(blocks.saturating_mul(2));
            if *wanted == Tonnes::ZERO {
                queue.pop_front();
            }
        }
    }
    (trades, settled)
}

/// Writes the trades: what buyers set aside for them is free, then each is paid and delivered.
fn settle(state: &State, (trades, price): (&[Trade<'_>], Price), out: &mut Events) {
    let mut filled: BTreeMap<OrderId, (&Order, Tonnes)> = BTreeMap::new();
    for it in trades {
        for order in [it.buyer, it.seller] {
            filled.entry(order.id).or_insert((order, Tonnes::ZERO)).1 += it.count;
        }
    }
    for (order, quantity) in filled.values().filter(|(order, _)| order.side == Side::Buy) {
        let (account, hold) = (order.cash, order.hold);
        let amount = order.freed_by(order.remaining, *quantity);
        out.push(Event::CashReleased(CashReleased { account, hold, amount }));
    }
    let mut units: Option<(OrderId, Cut<'_>)> = None;
    for Trade { buyer, seller, count } in trades {
        pay(out, (buyer.cash, seller.cash), price.times(*count).unwrap_or_default());
        let kept = units.take().filter(|(order, _)| *order == seller.id);
        let (_, cut) = units.insert(kept.unwrap_or_else(|| (seller.id, Cut::held(state, seller))));
        let way = Way { from: seller.account, to: buyer.account };
        deliver((cut, Some(seller.hold)), way, *count, out);
    }
    for (order, (_, quantity)) in filled {
        out.push(Event::OrderFilled(OrderFilled { order, quantity }));
    }
}

/// The call shows its result; its price is the last of units that end like these, and the
/// reference of the session that goes on.
pub fn apply(state: &mut State, record: &RecordHeader, it: &CallCleared) {
    let call = state.calls.row_mut(it.call);
    let begins = call.result.is_none();
    call.result = Some(*it.result);
    let market = call.market();
    if call.is_cleared() {
        call.late.clear();
        let opens = call.opens;
        state.open_calls.remove(&(market, opens, it.call));
    }
    if let Some(price) = it.result.price.filter(|_| begins) {
        exchange::called(state, market, (price, record.at));
    }
}
