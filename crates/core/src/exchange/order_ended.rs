//! The fact that what was left of an order that came ended: it was not to wait, or met its own
//! group.

use crate::context::RecordHeader;
use crate::id::OrderId;
use crate::quantity::Tonnes;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrderEnded {
    /// The order.
    #[n(0)]
    pub order: OrderId,
    /// What was not filled.
    #[n(1)]
    pub left: Tonnes,
}

/// Its name is used.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &OrderEnded) {
    state.order_named(it.order);
}
