//! Cancel an order: its owner takes back what is not filled; what was set aside is free again.

use super::Side;
use crate::authority::{Authorised, Right};
use crate::book::Order;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{CallId, OrderId};
use crate::ledger::posting::{CashReleased, UnitsReleased};
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
        /// Between the end of a phase and its clearing orders stand as they were left.
        PhaseClosed { order: OrderId, call: CallId } = 923
            => "the phase of call {call} is over, or may be; order {order} stands until it is \
                cleared",
    }
}

/// The holder of the account it was placed from.
pub fn right(state: &State, it: &CancelOrder) -> Result<Right, Refusals> {
    Ok(Right::Holder(super::waiting(state, it.order)?.account))
}

/// Checks the phase.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &CancelOrder,
    out: &mut Events,
) -> Result<(), Refusals> {
    let order = it.order;
    let row = super::waiting(state, order)?;
    if let Some(call) = super::to_be_cleared(state, row.market(), by.now()) {
        return Err(CancelOrderRefused::PhaseClosed { order, call }.into());
    }
    end(state, row, &mut |it| out.push(it));
    Ok(())
}

/// Ends an order and frees what is set aside for it.
pub(crate) fn end(state: &State, order: &Order, push: &mut impl FnMut(Event)) {
    let (account, hold) = (order.cash, order.hold);
    let held = state.ledger.holds.get(&hold);
    if order.side == Side::Buy {
        let amount = held.map(|it| it.cash).unwrap_or_default();
        push(Event::CashReleased(CashReleased { account, hold, amount }));
    }
    let kept = usize::from(planted::has(Fault::HoldKept));
    for (series, block) in held.iter().flat_map(|it| &it.units).skip(kept) {
        let (series, account, serials) = (*series, order.account, block.serials);
        push(Event::UnitsReleased(UnitsReleased { series, account, hold, serials }));
    }
    push(Event::OrderCancelled(OrderCancelled { order: order.id }));
}

/// The order is gone.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &OrderCancelled) {
    state.orders.remove(it.order);
}
