//! Call auctions: the secondary market. Orders gather; at the end of the phase one price clears
//! what can be cleared, and each trade is delivered and paid in the same record.

pub mod clear_call;
pub mod crossing;
pub mod open_call;
pub mod random_end;

use crate::book::Market;
use crate::id::{CouplingId, JurisdictionId, OrderId, ProductId};
use crate::quantity::{Price, Tonnes};
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};
use random_end::RandomEnd;
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
    /// How its end is drawn, where it is.
    #[n(6)]
    pub random_end: Option<RandomEnd>,
    /// Orders that came when it may have ended, and when.
    #[n(7)]
    pub late: BTreeMap<OrderId, Instant>,
    /// The product; none for allowances.
    #[n(8)]
    pub product: Option<ProductId>,
}

impl Call {
    /// The market that it clears.
    pub fn market(&self) -> Market {
        let Self { jurisdiction, year, product, .. } = *self;
        Market { jurisdiction, year, product }
    }

    /// Whether an order takes part, once it is known when the phase ended.
    pub fn takes_part(&self, order: OrderId, ended: Option<Instant>) -> bool {
        let late = |ended| self.late.get(&order).is_some_and(|at| *at >= ended);
        !ended.is_some_and(late)
    }

    /// Whether it is over, with every trade settled.
    pub fn is_cleared(&self) -> bool {
        self.result.is_some_and(|it| it.left == Tonnes::ZERO)
    }
}

/// How a call auction ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct CallResult {
    /// The price; none when nothing was traded.
    #[n(0)]
    pub price: Option<Price>,
    /// What is traded.
    #[n(1)]
    pub volume: Tonnes,
    /// What would be traded beyond that at this price if all settled with all.
    #[n(2)]
    pub barred: Tonnes,
    /// How much of the volume is still to be settled.
    #[n(3)]
    pub left: Tonnes,
    /// When the phase ended, where that was drawn.
    #[n(4)]
    pub ended: Option<Instant>,
}
