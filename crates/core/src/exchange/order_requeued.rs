//! The fact that an order was changed and went to the back, or traded whole as it was.

use crate::book::Order;
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
#[expect(clippy::expect_used, reason = "an order that waits is changed, or we stop")]
pub fn apply(state: &mut State, record: &RecordHeader, it: &OrderRequeued) {
    if it.remaining == Tonnes::ZERO {
        state.orders.remove(it.order);
        return;
    }
    let was = state.orders.get(it.order).copied();
    let was = was.expect("an order is changed that does not wait");
    let (price, remaining, filled) = (it.price, it.remaining, it.filled);
    let since = record.position;
    state.orders.requeue(&Order { price, remaining, filled, since, ..was });
}
