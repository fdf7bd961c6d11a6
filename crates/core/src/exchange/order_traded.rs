//! The fact that an order that came met one that waited. Postings deliver and pay.

use crate::context::RecordHeader;
use crate::id::OrderId;
use crate::quantity::{Price, Tonnes};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrderTraded {
    /// The order that waited.
    #[n(0)]
    pub maker: OrderId,
    /// The order that came.
    #[n(1)]
    pub taker: OrderId,
    /// The price: that of the order that waited.
    #[n(2)]
    pub price: Price,
    /// How much.
    #[n(3)]
    pub quantity: Tonnes,
}

/// The order that waited keeps the rest at its place, or leaves; the price is the last one.
#[expect(clippy::expect_used, reason = "a trade is with an order that waits, or we stop")]
pub fn apply(state: &mut State, record: &RecordHeader, it: &OrderTraded) {
    let maker = state.orders.get(it.maker).expect("a trade with an order that does not wait");
    let market = maker.market();
    state.orders.fill(it.maker, it.quantity);
    state.order_named(it.taker);
    super::priced(state, market, (it.price, record.at));
}
