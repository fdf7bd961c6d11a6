//! Call auctions: the secondary market. Orders gather; at the end of the phase one price clears
//! what can be cleared, and each trade is delivered and paid in the same record.

pub mod cancel_order;
pub mod clear_call;
pub mod crossing;
pub(crate) mod lapse;
pub mod open_call;
pub mod order_filled;
pub mod place_order;

use crate::id::{
    AccountId, CallId, CashAccountId, CouplingId, HoldId, JurisdictionId, OrderId, PartyId,
};
use crate::quantity::{Price, Tonnes};
use crate::state::State;
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// A call auction of units that count for one jurisdiction's year.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Call {
    /// Whose units.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Units traded count for this year.
    #[n(1)]
    pub year: Year,
    /// Orders are taken from this moment on.
    #[n(2)]
    pub opens: Instant,
    /// Orders are taken before this moment.
    #[n(3)]
    pub closes: Instant,
    /// The result, once cleared.
    #[n(4)]
    pub result: Option<CallResult>,
    /// With which others it is cleared, if it is.
    #[n(5)]
    pub coupling: Option<CouplingId>,
}

/// How a call auction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CallResult {
    /// The price; none when nothing was traded.
    #[n(0)]
    pub price: Option<Price>,
    /// What was traded.
    #[n(1)]
    pub volume: Tonnes,
}

/// Which side an order is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Side {
    /// Wants units.
    #[n(0)]
    Buy,
    /// Offers units.
    #[n(1)]
    Sell,
}

/// A limit order that waits; what it may cost is set aside.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Order {
    /// Whose units are traded.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Units traded count for this year.
    #[n(1)]
    pub year: Year,
    /// Which side.
    #[n(2)]
    pub side: Side,
    /// Whose order.
    #[n(3)]
    pub owner: PartyId,
    /// The account units leave or come into.
    #[n(4)]
    pub account: AccountId,
    /// The account money leaves or comes into.
    #[n(5)]
    pub cash: CashAccountId,
    /// What is set aside.
    #[n(6)]
    pub hold: HoldId,
    /// The worst price that is accepted.
    #[n(7)]
    pub price: Price,
    /// What is not yet filled.
    #[n(8)]
    pub remaining: Tonnes,
    /// In how many blocks its units lay when it was placed.
    #[n(9)]
    pub blocks: u32,
}

/// What waits for one jurisdiction's year.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Book {
    /// The call that is announced and not cleared.
    #[n(0)]
    pub open_call: Option<CallId>,
    /// The orders by owner and arrival.
    #[n(1)]
    pub orders: BTreeMap<(PartyId, OrderId), Side>,
    /// In how many blocks its offers lie, at most.
    #[n(2)]
    pub blocks: u32,
}

impl Book {
    /// An order of the same owner on the other side: nobody trades with itself.
    pub fn of_other_side(&self, owner: PartyId, side: Side) -> Option<OrderId> {
        let own = self.orders.range((owner, OrderId(0))..=(owner, OrderId(u64::MAX)));
        own.into_iter().find(|(_, it)| **it != side).map(|((_, id), _)| *id)
    }
}

impl State {
    /// The book of a jurisdiction's year, once anything waited in it.
    pub fn book(&self, jurisdiction: JurisdictionId, year: Year) -> Option<&Book> {
        self.books.get(&(jurisdiction, year))
    }

    /// An order comes into its book.
    pub(crate) fn add_order(&mut self, id: OrderId, order: Order) {
        assert_eq!(id, self.next_order, "orders are numbered one after the other");
        self.next_order = OrderId(id.0.saturating_add(1));
        let book = self.books.entry((order.jurisdiction, order.year)).or_default();
        book.orders.insert((order.owner, id), order.side);
        book.blocks = book.blocks.saturating_add(order.blocks);
        self.orders.insert(id, order);
    }

    /// An order leaves its book; it must be there.
    pub(crate) fn remove_order(&mut self, id: OrderId) {
        let gone = self.orders.remove(&id);
        assert!(gone.is_some(), "order {id} does not wait");
        let Some(order) = gone else { return };
        let book = self.books.entry((order.jurisdiction, order.year)).or_default();
        book.orders.remove(&(order.owner, id));
        book.blocks = book.blocks.saturating_sub(order.blocks);
    }
}
