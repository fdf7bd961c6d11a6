//! The fact that an order was filled, whole or in part. A filled order leaves the book; the rest
//! of another keeps its place.

use crate::context::RecordHeader;
use crate::id::OrderId;
use crate::quantity::Tonnes;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrderFilled {
    /// The order.
    #[n(0)]
    pub order: OrderId,
    /// What was filled now.
    #[n(1)]
    pub quantity: Tonnes,
}

/// The order keeps the rest, or leaves the book.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &OrderFilled) {
    state.orders.fill(it.order, it.quantity);
}
