//! Cancel an order: its owner takes back what is not filled; what was set aside is free again.

use super::{Order, Side};
use crate::authority;
use crate::context::{Context, RecordHeader};
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::{OrderId, PersonId};
use crate::ledger::posting::{CashReleased, Posting, UnitsReleased};
use crate::refusal::{Objections, Refusals, refusals};
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
        /// Only its owner may.
        NotOwner { person: PersonId, order: OrderId } = 922
            => "person {person} does not act for the owner of order {order}",
    }
}

/// Checks the owner.
pub fn decide(
    state: &State,
    context: &Context,
    it: &CancelOrder,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let party = no.take(authority::party(state, context));
    let order = it.order;
    let Some(row) = state.orders.get(&order) else {
        no.unless(false, CancelOrderRefused::OrderUnknown { order });
        return no.settle();
    };
    if let Some((party, _)) = party {
        let person = context.actor;
        no.unless(party == row.owner, CancelOrderRefused::NotOwner { person, order });
    }
    no.settle()?;
    release(&mut Draft::new(state, out), order, row);
    Ok(())
}

/// Ends an order and frees what is set aside for it.
pub(crate) fn release(draft: &mut Draft<'_>, id: OrderId, order: &Order) {
    let (account, hold) = (order.cash, order.hold);
    let held = draft.hold_now(hold).cloned().unwrap_or_default();
    if order.side == Side::Buy {
        draft.post(Posting::CashReleased(CashReleased { account, hold, amount: held.cash }));
    }
    for (series, block) in held.units {
        let (account, serials) = (order.account, block.serials);
        draft.post(Posting::UnitsReleased(UnitsReleased { series, account, hold, serials }));
    }
    draft.note(Event::OrderCancelled(OrderCancelled { order: id }));
}

/// The order is gone.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &OrderCancelled) {
    let gone = state.orders.remove(&it.order);
    assert!(gone.is_some(), "order {} does not wait", it.order);
}
