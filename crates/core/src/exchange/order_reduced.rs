//! The fact that an order that waits lost a part without a trade: its owner wants less, or it met
//! its own group. It keeps its place.

use crate::context::RecordHeader;
use crate::id::OrderId;
use crate::quantity::Tonnes;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrderReduced {
    /// The order.
    #[n(0)]
    pub order: OrderId,
    /// By how much.
    #[n(1)]
    pub quantity: Tonnes,
}

/// The order keeps the rest.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &OrderReduced) {
    state.orders.lessen(it.order, it.quantity, Tonnes::ZERO);
}
