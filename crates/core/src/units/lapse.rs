//! What happens to units that count for no year any more: at the surrender date of the last year
//! for which they count, after the surrenders, they go to the deletion account, with notices 90, 30
//! and 5 days before. Units set aside then follow by the command [`super::expire`]. What waits in
//! the escrow of a link does not expire: its link units live by the dates of another market.

use crate::account::{self, AccountKind};
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::Event;
use crate::id::{AccountId, JurisdictionId, SeriesId};
use crate::ledger::Series;
use crate::ledger::posting::UnitsEnded;
use crate::quantity::Tonnes;
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// Days before the end on which holders are told.
pub const NOTICE_DAYS: [u8; 3] = [90, 30, 5];

/// The fact that units will soon count for no year any more: for those who tell their holders.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ExpiryNoticed {
    /// Where the units count.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The last year for which they count.
    #[n(1)]
    pub year: Year,
    /// In how many days they expire.
    #[n(2)]
    pub days: u8,
    /// How many are still with their holders.
    #[n(3)]
    pub quantity: Tonnes,
}

/// Tells how many units will expire, if any.
pub(crate) fn notice(
    draft: &mut Draft<'_>,
    state: &State,
    (jurisdiction, year): (JurisdictionId, Year),
    days: u8,
) -> Option<u64> {
    let ends = |it: &Series| it.counts_in() == Some(jurisdiction) && it.valid_to == year;
    let ending = state.ledger.series.iter().map(|(_, it)| it).filter(|it| ends(it));
    let live: Tonnes = ending.map(|it| it.issued - it.ended).sum();
    let quantity = in_escrow(state, ends).short_of(live);
    if quantity > Tonnes::ZERO {
        let noticed = ExpiryNoticed { jurisdiction, year, days, quantity };
        draft.note(Event::ExpiryNoticed(noticed));
    }
    None
}

/// How many units wait in the escrows of links, or came home to them.
pub(crate) fn in_escrow(state: &State, wanted: impl Fn(&Series) -> bool) -> Tonnes {
    let wanted = |series| wanted(state.ledger.series.row(series));
    state.escrows.values().map(|it| state.ledger.shelves.row(*it).free(wanted)).sum()
}

/// Moves expired units to the deletion account, from an account on; says where the next slice
/// begins. Without a deletion account they stay, and can do nothing but be deleted.
pub(crate) fn expire(
    draft: &mut Draft<'_>,
    state: &State,
    (jurisdiction, year): (JurisdictionId, Year),
    from: u64,
) -> Option<u64> {
    let into = account::of_government(state, jurisdiction, AccountKind::Deletion)?;
    let ends = |series: SeriesId| {
        let row = state.ledger.series.row(series);
        row.counts_in() == Some(jurisdiction) && row.valid_to == year
    };
    for (account, shelf) in state.ledger.shelves.iter() {
        let AccountId(id) = account;
        if u64::from(id) < from || state.accounts.row(account).kind.is_final() {
            continue;
        }
        for queue in shelf.queues.iter().filter(|it| ends(it.series)) {
            for block in &queue.blocks {
                // What is taken now is gone when the next slice looks at the account again.
                if draft.is_full() {
                    return Some(id.into());
                }
                let (series, from, serials) = (queue.series, account, block.serials);
                draft.note(Event::UnitsEnded(UnitsEnded { series, from, into, serials }));
            }
        }
    }
    None
}

/// Nothing changes: the fact is for those who read the journal.
pub fn apply(_state: &mut State, _record: &RecordHeader, _it: &ExpiryNoticed) {}
