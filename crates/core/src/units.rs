//! Units that move between accounts: picking serials; transfers that go at once or wait; deletion,
//! reversals, locks, expiry.

pub mod cancel_transfer;
pub mod delayed;
pub mod delete;
pub mod expire;
pub mod first_transfer;
pub mod holding;
pub mod lapse;
pub mod limit;
pub mod lock;
pub mod retire;
pub mod reverse;
pub mod transfer;
pub mod unlock;

use crate::id::{AccountId, SeriesId};
use crate::ledger::posting::{Posting, UnitsMoved};
use crate::ledger::{BLOCKS_PER_TRANSFER_MAX, Picked, Shelf};
use crate::quantity::{Tonnes, Units};
use crate::refusal::refusals;

refusals! {
    /// Why units cannot be picked.
    pub enum UnitsRefused {
        /// Quantities are positive.
        QuantityIsZero = 601 => "the quantity is zero; it must be a positive whole number",
        /// The account has fewer free units that fit. Units in orders are not free.
        HoldsTooLittle { held: Units, wanted: Units } = 602
            => "the account has {held} free that fit, less than {wanted}",
        /// A transfer moves a bounded number of blocks.
        TooManyBlocks { most: usize } = 603
            => "the quantity lies in more than {most} blocks; move it in smaller parts",
    }
}

impl UnitsRefused {
    /// The account has fewer free units than are wanted.
    pub(crate) fn too_little(held: Tonnes, wanted: Tonnes) -> Self {
        Self::HoldsTooLittle { held: held.into(), wanted: wanted.into() }
    }
}

/// The two accounts of a move.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// The account the units leave.
    pub from: AccountId,
    /// The account they come into.
    pub to: AccountId,
}

/// Picks serials by the rule of the ledger; fails when there are too few or too many blocks.
pub fn pick(
    shelf: &Shelf,
    quantity: Tonnes,
    wanted: impl Fn(SeriesId) -> bool,
) -> Result<Picked, UnitsRefused> {
    if quantity == Tonnes::ZERO {
        return Err(UnitsRefused::QuantityIsZero);
    }
    let held = shelf.free(&wanted);
    if held < quantity {
        return Err(UnitsRefused::too_little(held, quantity));
    }
    let picked = shelf.pick(quantity, &wanted);
    if picked.len() > BLOCKS_PER_TRANSFER_MAX {
        return Err(UnitsRefused::TooManyBlocks { most: BLOCKS_PER_TRANSFER_MAX });
    }
    Ok(picked)
}

/// Moves what was picked.
pub fn move_all(picked: &Picked, Way { from, to }: Way, mut post: impl FnMut(Posting)) {
    for (series, block) in picked {
        let (series, serials) = (*series, block.serials);
        post(Posting::UnitsMoved(UnitsMoved { series, from, to, serials }));
    }
}
