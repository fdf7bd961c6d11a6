//! What an auction leaves unsold goes into the next four auctions: a quarter each,
//! in whole lots, lots left over to the earliest; but no auction grows beyond 125 % of what was
//! first announced for it. What does not fit goes to the stability account.
//!
//! Source: UK ETS auctioning regulations, carry-over of unsold allowances.

use crate::context::RecordHeader;
use crate::id::JurisdictionId;
use crate::quantity::Tonnes;
use crate::state::State;
use minicbor::{Decode, Encode};

/// Into so many auctions unsold units go.
pub const AUCTIONS: usize = 4;
/// An auction grows to at most so much of what was first announced for it, percent.
const GROWTH_PERCENT: u32 = 125;

/// The parts of what is unsold, for the auctions to come in their order. What is less than a lot
/// is in none of them.
pub fn parts(unsold: Tonnes, lot: Tonnes) -> [Tonnes; AUCTIONS] {
    let lots = unsold.0.checked_div(lot.0).unwrap_or_default();
    // The array is short: its length and places are exact.
    let auctions = u64::try_from(AUCTIONS).unwrap_or(1);
    let place = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
    let (each, over) = (lots.div_euclid(auctions), lots.rem_euclid(auctions));
    std::array::from_fn(|it| {
        let more = u64::from(place(it) < over);
        Tonnes(each.saturating_add(more).saturating_mul(lot.0))
    })
}

/// How much of a part fits into an auction.
pub fn that_fits(part: Tonnes, announced: Tonnes, lot: Tonnes) -> Tonnes {
    let room = announced.short_of(announced.percent(GROWTH_PERCENT));
    let fits = part.min(room);
    Tonnes(fits.0.saturating_sub(fits.0.checked_rem(lot.0).unwrap_or_default()))
}

/// The fact that unsold units go into auctions to come.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CarriedOver {
    /// Whose auctions.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// What is added to each, the next one first.
    #[n(1)]
    pub parts: [Tonnes; AUCTIONS],
}

/// What goes into the next auctions.
pub type Carried = [Tonnes; AUCTIONS];

/// The parts are added to what those auctions take already.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CarriedOver) {
    let carried = state.carried.entry(it.jurisdiction).or_default();
    for (sum, part) in carried.iter_mut().zip(it.parts) {
        *sum += part;
    }
}

/// The next auction has taken its part: the others move up.
pub(crate) fn move_up(state: &mut State, jurisdiction: JurisdictionId) {
    if let Some(carried) = state.carried.get_mut(&jurisdiction) {
        let [_, second, third, fourth] = *carried;
        *carried = [second, third, fourth, Tonnes::ZERO];
        if *carried == Carried::default() {
            state.carried.remove(&jurisdiction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_in_lots_come_to_what_is_unsold() {
        let of = |unsold, lot| parts(Tonnes(unsold), Tonnes(lot)).map(|it| it.0);
        assert_eq!(of(10_000, 500), [2_500; 4]);
        assert_eq!(of(5_500, 500), [1_500, 1_500, 1_500, 1_000]);
        assert_eq!(of(500, 500), [500, 0, 0, 0]);
        assert_eq!(of(499, 500), [0; 4]);
        assert_eq!(of(0, 1), [0; 4]);
    }

    #[test]
    fn no_auction_grows_by_more_than_a_quarter() {
        let fits = |part, announced| that_fits(Tonnes(part), Tonnes(announced), Tonnes(500)).0;
        assert_eq!(fits(2_500, 10_000), 2_500);
        assert_eq!(fits(3_000, 10_000), 2_500);
        assert_eq!(fits(3_000, 9_000), 2_000, "2,250 are four lots");
        assert_eq!(fits(3_000, 0), 0);
    }
}
