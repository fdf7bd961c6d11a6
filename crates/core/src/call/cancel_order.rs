//! Cancel an order: its owner takes back what is not filled; what was set aside is free again.

use super::Side;
use crate::authority::{Authorised, Right};
use crate::book::Order;
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::{CallId, OrderId};
use crate::ledger::posting::{CashReleased, Posting, UnitsReleased};
use crate::planted::{self, Fault};
use crate::refusal::{Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CancelOrder {
    /// The order.
    #[n(0)]
    pub order: OrderId,
}

/// The fact, also of an order that lapses at its surrender date.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrderCancelled {
    /// The order.
    #[n(0)]
    pub order: OrderId,
}

refusals! {
    /// Why an order cannot be cancelled.
    pub enum CancelOrderRefused {
        /// It does not wait.
        OrderUnknown { order: OrderId } = 921
            => "order {order} does not wait: it is unknown, filled or cancelled",
        /// Between the end of a phase and its clearing orders stand as they were left.
        PhaseClosed { order: OrderId, call: CallId } = 923
            => "the phase of call {call} is over; order {order} stands until it is cleared",
    }
}

/// The holder of the account it was placed from.
pub fn right(state: &State, it: &CancelOrder) -> Result<Right, Refusals> {
    let order = it.order;
    let row = state.orders.get(order).ok_or(CancelOrderRefused::OrderUnknown { order })?;
    Ok(Right::Holder(row.account))
}

/// Checks the phase.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &CancelOrder,
    out: &mut Events,
) -> Result<(), Refusals> {
    let order = it.order;
    let row = state.orders.get(order).ok_or(CancelOrderRefused::OrderUnknown { order })?;
    let call = state.open_call(row.market());
    if let Some(call) = call.filter(|it| state.calls.row(*it).closes <= by.now()) {
        return Err(CancelOrderRefused::PhaseClosed { order, call }.into());
    }
    release(&mut Draft::new(state, out), row);
    Ok(())
}

/// Ends an order and frees what is set aside for it.
pub(crate) fn release(draft: &mut Draft<'_>, order: &Order) {
    let (account, hold) = (order.cash, order.hold);
    let held = draft.hold_now(hold).cloned().unwrap_or_default();
    if order.side == Side::Buy {
        draft.post(Posting::CashReleased(CashReleased { account, hold, amount: held.cash }));
    }
    let kept = usize::from(planted::has(Fault::HoldKept));
    for (series, block) in held.units.into_iter().skip(kept) {
        let (account, serials) = (order.account, block.serials);
        draft.post(Posting::UnitsReleased(UnitsReleased { series, account, hold, serials }));
    }
    draft.note(Event::OrderCancelled(OrderCancelled { order: order.id }));
}

/// The order is gone.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &OrderCancelled) {
    state.orders.remove(it.order);
}
