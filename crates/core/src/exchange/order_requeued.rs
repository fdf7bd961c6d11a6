//! The fact that an order was changed and went to the back, or traded whole as it was.

use super::terms;
use crate::context::RecordHeader;
use crate::id::OrderId;
use crate::quantity::{Price, Tonnes};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrderRequeued {
    /// The order.
    #[n(0)]
    pub order: OrderId,
    /// Its price from now on.
    #[n(1)]
    pub price: Price,
    /// What is not filled; nothing where it leaves the book.
    #[n(2)]
    pub remaining: Tonnes,
    /// What is filled.
    #[n(3)]
    pub filled: Tonnes,
}

/// The order waits at the back of its price, or leaves.
pub fn apply(state: &mut State, record: &RecordHeader, it: &OrderRequeued) {
    if it.remaining == Tonnes::ZERO {
        state.orders.remove(it.order);
        return;
    }
    let rested = state.orders.requeue(it.order, |order| {
        (order.price, order.remaining, order.filled) = (it.price, it.remaining, it.filled);
        order.since = record.position;
    });
    terms::keep(state, rested, record.at);
}
