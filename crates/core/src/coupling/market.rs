//! The markets of a coupling, with their orders as they are filled.

use super::graph::Leaves;
use crate::book::Order;
use crate::exchange::Side;
use crate::id::{CallId, JurisdictionId};
use crate::quantity::{Price, Tonnes};
use crate::time::Year;

/// A part of an order: what is offered, and what is filled.
#[derive(Clone, Copy, Default)]
pub(super) struct Part {
    pub(super) offered: Tonnes,
    pub(super) fill: Tonnes,
}

/// An order of a coupling. What is asked of all again and again stands beside it: orders lie all
/// over the memory.
pub(super) struct Entry<'a> {
    pub(super) order: &'a Order,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) since: u64,
    /// What may not leave the market, or all of it.
    pub(super) stays: Part,
    /// What may leave, where that is told apart.
    pub(super) leaves: Part,
}

impl Entry<'_> {
    pub(super) fn part(&self, leaves: Leaves) -> &Part {
        if leaves == Leaves::May { &self.leaves } else { &self.stays }
    }

    pub(super) fn part_mut(&mut self, leaves: Leaves) -> &mut Part {
        if leaves == Leaves::May { &mut self.leaves } else { &mut self.stays }
    }

    /// What is filled in all.
    pub(super) fn fill(&self) -> Tonnes {
        self.stays.fill + self.leaves.fill
    }
}

/// A market of a coupling.
pub(super) struct Market<'a> {
    pub(super) call: CallId,
    pub(super) jurisdiction: JurisdictionId,
    pub(super) year: Year,
    /// The step between its prices.
    pub(super) tick: Price,
    /// Its orders as they are served: the better ones first within a side, then the earlier.
    pub(super) orders: Vec<Entry<'a>>,
    /// Whether links lead out of it, so that what may leave is told apart.
    pub(super) is_parted: bool,
}

impl<'a> Market<'a> {
    pub(super) fn of(
        call: CallId,
        (jurisdiction, year): (JurisdictionId, Year),
        orders: impl Iterator<Item = &'a Order>,
    ) -> Self {
        let entry = |order: &'a Order| {
            let stays = Part { offered: order.remaining, fill: Tonnes::ZERO };
            let Order { side, price, since, .. } = *order;
            Entry { order, side, price, since, stays, leaves: Part::default() }
        };
        let orders: Vec<Entry<'a>> = orders.map(entry).collect();
        Self { call, jurisdiction, year, tick: Price(1), orders, is_parted: false }
    }

    /// The orders of a side that are filled.
    pub(super) fn filled(&self, side: Side) -> impl Iterator<Item = &Entry<'a>> {
        self.orders.iter().filter(move |it| it.side == side && it.fill() > Tonnes::ZERO)
    }

    /// What is traded: of a market that units enter or leave one side gets or gives more.
    pub(super) fn volume(&self) -> Tonnes {
        let all = |side| self.filled(side).map(Entry::fill).sum::<Tonnes>();
        all(Side::Buy).max(all(Side::Sell))
    }
}
