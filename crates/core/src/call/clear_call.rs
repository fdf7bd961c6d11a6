//! Clear a call: one price for all that crosses, then price and time. Delivery and payment of
//! every trade are this one record; what a buyer set aside above the price is free again.

use super::CallResult;
use super::crossing::{self, Interest};
use crate::authority::{Authorised, Right};
use crate::book::Order;
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::exchange::Side;
use crate::exchange::order_filled::OrderFilled;
use crate::exchange::{self, ExchangeRefused};
use crate::id::CallId;
use crate::ledger::Serials;
use crate::ledger::posting::{CashMoved, CashReleased, Posting, UnitsMoved, UnitsReleased};
use crate::quantity::{Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// So many days after the phase a coupled call may be cleared alone, if the region did nothing.
pub const ALONE_AFTER_DAYS: i64 = 1;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ClearCall {
    /// The call.
    #[n(0)]
    pub call: CallId,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CallCleared {
    /// The call.
    #[n(0)]
    pub call: CallId,
    /// How it ended.
    #[n(1)]
    pub result: CallResult,
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
    no.unless(row.result.is_none(), ClearCallRefused::AlreadyCleared { call });
    let halted = exchange::is_halted(state, (row.jurisdiction, row.year));
    no.unless(!halted, ExchangeRefused::Halted);
    let until = closes.plus_days(ALONE_AFTER_DAYS);
    let alone = row.coupling.is_none() || now >= until;
    no.unless(alone, ClearCallRefused::Coupled { call, until });
    no.settle()?;
    // Orders of what is frozen or halted wait on.
    let waiting = state.orders.of_market((row.jurisdiction, row.year));
    let book: Vec<&Order> = waiting.filter(|it| exchange::may_trade(state, it)).collect();
    let interests: Vec<Interest> = book
        .iter()
        .map(|it| Interest { side: it.side, price: it.price, quantity: it.remaining })
        .collect();
    let reference = state.last_price(row.jurisdiction, row.year).map(|(price, _)| price);
    let tick = exchange::tick(state, row.jurisdiction, book.iter().copied());
    let crossing = crossing::cross(&interests, reference, tick);
    let result = CallResult {
        price: crossing.map(|it| it.price),
        volume: crossing.map(|it| it.volume).unwrap_or_default(),
    };
    let mut draft = Draft::new(state, out);
    draft.note(Event::CallCleared(CallCleared { call, result }));
    if let Some(crossing) = crossing {
        let of = |side| {
            let all = crossing::fills(&interests, side, &crossing).into_iter();
            let fill =
                |(place, quantity)| book.get::<usize>(place).map(|order| Fill { order, quantity });
            all.filter_map(fill).collect::<Vec<Fill<'_>>>()
        };
        settle(&mut draft, (&of(Side::Buy), &of(Side::Sell)), crossing.price);
    }
    Ok(())
}

struct Fill<'a> {
    order: &'a Order,
    quantity: Tonnes,
}

fn settle(draft: &mut Draft<'_>, (buys, sells): (&[Fill<'_>], &[Fill<'_>]), price: Price) {
    for fill in buys {
        let (account, hold) = (fill.order.cash, fill.order.hold);
        let amount = fill.order.freed_by(fill.quantity);
        draft.post(Posting::CashReleased(CashReleased { account, hold, amount }));
    }
    let mut buyers = buys.iter();
    let Some(mut buyer) = buyers.next() else {
        return;
    };
    let mut wanted = buyer.quantity;
    for seller in sells {
        let mut offered = seller.quantity;
        while offered > Tonnes::ZERO {
            if wanted == Tonnes::ZERO {
                let Some(next) = buyers.next() else { return };
                (buyer, wanted) = (next, next.quantity);
            }
            let count = offered.min(wanted);
            trade(draft, Trade { seller: seller.order, buyer: buyer.order, price, count });
            offered -= count;
            wanted -= count;
        }
    }
    for fill in buys.iter().chain(sells) {
        draft.note(Event::OrderFilled(OrderFilled {
            order: fill.order.id,
            quantity: fill.quantity,
        }));
    }
}

struct Trade<'a> {
    seller: &'a Order,
    buyer: &'a Order,
    price: Price,
    count: Tonnes,
}

fn trade(draft: &mut Draft<'_>, it: Trade<'_>) {
    let amount = it.price.times(it.count).unwrap_or_default();
    draft.post(Posting::CashMoved(CashMoved { from: it.buyer.cash, to: it.seller.cash, amount }));
    let (account, hold) = (it.seller.account, it.seller.hold);
    let mut missing = it.count;
    while missing > Tonnes::ZERO {
        let held = draft.hold_now(hold).and_then(|it| it.units.first().copied());
        assert!(held.is_some(), "a sell order holds what it offers");
        let Some((series, block)) = held else { return };
        let count = block.serials.count.min(missing);
        let serials = Serials { first: block.serials.first, count };
        draft.post(Posting::UnitsReleased(UnitsReleased { series, account, hold, serials }));
        let (from, to) = (account, it.buyer.account);
        draft.post(Posting::UnitsMoved(UnitsMoved { series, from, to, serials }));
        missing -= count;
    }
}

/// The call shows its result; its price is the last of units that end like these, and the
/// reference of the session that goes on.
pub fn apply(state: &mut State, record: &RecordHeader, it: &CallCleared) {
    let call = state.calls.row_mut(it.call);
    call.result = Some(it.result);
    let market = (call.jurisdiction, call.year);
    state.open_calls.remove(&(market, call.opens, it.call));
    if let Some(price) = it.result.price {
        exchange::called(state, market, (price, record.at));
    }
}
