//! Cancel all orders of a party, or those in one market: at once, in the order in which they came.
//! A party may have itself halted with it; its administrator then lets it go on.

use super::{Halted, cancel_order};
use crate::authority::{Authorised, Right};
use crate::book::{Market, Order};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::PartyId;
use crate::refusal::{Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CancelOrders {
    /// Whose.
    #[n(0)]
    pub party: PartyId,
    /// In which market; in all where none is named.
    #[n(1)]
    pub market: Option<Market>,
    /// Whether the party is halted with it.
    #[n(2)]
    pub halt: bool,
}

/// The fact; the orders are cancelled by facts of their own.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrdersCancelled {
    /// Whose.
    #[n(0)]
    pub party: PartyId,
    /// How many were cancelled.
    #[n(1)]
    pub cancelled: u32,
    /// How many are left, because one record holds only so much: ask again.
    #[n(2)]
    pub left: u32,
    /// Whether the party is halted.
    #[n(3)]
    pub halt: bool,
}

refusals! {
    /// Why orders cannot be cancelled.
    pub enum CancelOrdersRefused {
        /// There is none.
        NoOrders { party: PartyId } = 956 => "party {party} has no orders there that it can cancel",
    }
}

/// The party.
pub fn right(_state: &State, it: &CancelOrders) -> Result<Right, Refusals> {
    Ok(Right::Member(it.party))
}

/// Cancels what the record can hold. Orders of a call that waits for its clearing stand.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &CancelOrders,
    out: &mut Events,
) -> Result<(), Refusals> {
    let party = it.party;
    let named = |order: &&Order| {
        let market = order.market();
        let stands = super::to_be_cleared(state, market, by.now()).is_some();
        it.market.is_none_or(|it| it == market) && !stands
    };
    let mut orders: Vec<&Order> = state.orders.of_owner(party).filter(named).collect();
    if orders.is_empty() && !it.halt {
        return Err(CancelOrdersRefused::NoOrders { party }.into());
    }
    orders.sort_unstable_by_key(|it| it.id);
    let mut cancelled = 0u32;
    for order in &orders {
        if out.is_full() {
            break;
        }
        cancel_order::end(state, order, &mut |it| out.push(it));
        cancelled = cancelled.saturating_add(1);
    }
    let left = u32::try_from(orders.len()).unwrap_or(u32::MAX).saturating_sub(cancelled);
    let halt = it.halt;
    out.push(Event::OrdersCancelled(OrdersCancelled { party, cancelled, left, halt }));
    Ok(())
}

/// The party is halted, if it is.
pub fn apply(state: &mut State, record: &RecordHeader, it: &OrdersCancelled) {
    if it.halt {
        super::halt(state, record, Halted::Party(it.party));
    }
}
