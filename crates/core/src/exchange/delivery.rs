//! Delivery against payment: the legs of a trade, written as facts of its record.

use crate::book::Order;
use crate::event::{Event, Events};
use crate::id::{CashAccountId, HoldId, SeriesId};
use crate::ledger::posting::{CashMoved, UnitsMoved, UnitsReleased};
use crate::ledger::{Block, Serials};
use crate::quantity::{Money, Tonnes};
use crate::state::State;
use crate::units::Way;

/// What is set aside: series and blocks.
type Blocks<'a> = &'a [(SeriesId, Block)];

/// Blocks that are used up from the first on.
pub(crate) struct Cut<'a> {
    blocks: Blocks<'a>,
    used: Tonnes,
}

impl<'a> Cut<'a> {
    pub(crate) fn new(blocks: Blocks<'a>) -> Self {
        Self { blocks, used: Tonnes::ZERO }
    }

    /// What is set aside for an order.
    pub(crate) fn held(state: &'a State, order: &Order) -> Self {
        let held = state.ledger.holds.get(&order.hold);
        Self::new(held.map_or(&[][..], |it| &it.units))
    }

    /// The blocks that are left.
    pub(crate) fn left(&self) -> Blocks<'a> {
        self.blocks
    }

    /// How many blocks are left.
    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// The next serials, at most so many.
    pub(crate) fn next(&mut self, most: Tonnes) -> Option<(SeriesId, Serials)> {
        let ((series, block), rest) = self.blocks.split_first().filter(|_| most > Tonnes::ZERO)?;
        let first = block.serials.first.saturating_add(self.used.0);
        let left = block.serials.count - self.used;
        let count = left.min(most);
        if count == left {
            (self.blocks, self.used) = (rest, Tonnes::ZERO);
        } else {
            self.used += count;
        }
        Some((*series, Serials { first, count }))
    }
}

/// Delivers units, which are set aside or free.
pub(crate) fn deliver(
    (units, hold): (&mut Cut<'_>, Option<HoldId>),
    Way { from, to }: Way,
    quantity: Tonnes,
    out: &mut Events,
) {
    let mut missing = quantity;
    while missing > Tonnes::ZERO {
        let next = units.next(missing);
        assert!(next.is_some(), "an order has what it gives");
        let Some((series, serials)) = next else { return };
        if let Some(hold) = hold {
            let account = from;
            out.push_with(|| {
                Event::UnitsReleased(UnitsReleased { series, account, hold, serials })
            });
        }
        out.push_with(|| Event::UnitsMoved(UnitsMoved { series, from, to, serials }));
        missing -= serials.count;
    }
}

/// Pays, where there is anything to pay.
pub(crate) fn pay(out: &mut Events, (from, to): (CashAccountId, CashAccountId), amount: Money) {
    if amount > Money::ZERO && from != to {
        out.push_with(|| Event::CashMoved(CashMoved { from, to, amount }));
    }
}
