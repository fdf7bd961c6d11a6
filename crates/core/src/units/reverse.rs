//! Reverse: the administrator takes back a surrender or deletion made by mistake. The very same
//! serials return to the account they came from, once, within [`REVERSAL_DAYS`] days, and not after
//! the letters of the year are frozen (Regulation (EU) 2019/1122, Article 70).

use crate::account;
use crate::authority::{Authorised, Right};
use crate::compliance::set_exclusion::DutiesRefused;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::{AccountId, InstallationId, SeriesId};
use crate::ledger::posting::UnitsRestored;
use crate::ledger::{Picked, Shelf};
use crate::planted::{self, Fault};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};

/// A mistake is reversed within so many days.
pub const REVERSAL_DAYS: i64 = 14;

/// Why units ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Ending {
    /// Surrendered by an installation for a year.
    #[n(0)]
    Surrender(#[n(0)] InstallationId, #[n(1)] Year),
    /// Deleted by their holder.
    #[n(1)]
    Deletion,
}

/// A record that may be reversed.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Reversible {
    /// The account the units left.
    #[n(0)]
    pub account: AccountId,
    /// The account they ended in.
    #[n(1)]
    pub into: AccountId,
    /// Why.
    #[n(2)]
    pub ending: Ending,
    /// When.
    #[n(3)]
    pub at: Instant,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Reverse {
    /// The record to be reversed, by its position in the journal.
    #[n(0)]
    pub record: u64,
    /// Why.
    #[n(1)]
    pub grounds: Grounds,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Reversed {
    /// The record that is reversed.
    #[n(0)]
    pub record: u64,
    /// How many units are back.
    #[n(1)]
    pub quantity: Tonnes,
    /// Why.
    #[n(2)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why a record cannot be reversed.
    pub enum ReverseRefused {
        /// It ended no units, is reversed, or is long over.
        NotReversible { record: u64 } = 641
            => "record {record} is no surrender or deletion that can still be reversed",
        /// A mistake is noticed soon.
        WindowOver { record: u64, until: Instant } = 642
            => "record {record} could be reversed until {until}",
    }
}

/// The administrator of the account.
pub fn right(state: &State, it: &Reverse) -> Result<Right, Refusals> {
    let record = it.record;
    let row = state.reversible.get(&record).ok_or(ReverseRefused::NotReversible { record })?;
    Ok(Right::Administrator(state.accounts.row(row.account).jurisdiction))
}

/// Checks the window, and finds the serials.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &Reverse,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let record = it.record;
    let row = state.reversible.get(&record).ok_or(ReverseRefused::NotReversible { record })?;
    no.take(it.grounds.check());
    let until = row.at.plus_days(REVERSAL_DAYS);
    no.unless(by.now() < until, ReverseRefused::WindowOver { record, until });
    no.take(account::not_closed(state, row.account));
    if let Ending::Surrender(installation, year) = row.ending {
        let jurisdiction = state.installations.row(installation).jurisdiction;
        let closed = state.closed_years.contains(&(jurisdiction, year));
        no.unless(!closed, DutiesRefused::YearClosed { year });
    }
    no.settle()?;
    let units = acquired_with(state.ledger.shelves.row(row.into), record);
    let quantity = units.iter().map(|(_, it)| it.serials.count).sum();
    out.push(Event::Reversed(Reversed { record, quantity, grounds: Box::new(it.grounds.clone()) }));
    let (from, to) = (row.into, row.account);
    for (series, block) in units {
        let serials = block.serials;
        out.push(Event::UnitsRestored(UnitsRestored { series, from, to, serials }));
    }
    Ok(())
}

/// The blocks that a record brought into an account, as far as they are free there.
pub(crate) fn acquired_with(shelf: &Shelf, record: u64) -> Picked {
    let mut units = Picked::new();
    for queue in &shelf.queues {
        let first = queue.blocks.partition_point(|it| it.acquired < record);
        let blocks = queue.blocks.range(first..).take_while(|it| it.acquired == record);
        let series: SeriesId = queue.series;
        units.extend(blocks.map(|it| (series, *it)));
    }
    units
}

/// Remembers a record that may be reversed, and forgets those that may not be any more.
pub(crate) fn remember(state: &mut State, record: &RecordHeader, it: Reversible) {
    let over = record.at.plus_days(REVERSAL_DAYS.saturating_neg());
    while let Some(oldest) = state.reversible.first_entry() {
        if oldest.get().at >= over {
            break;
        }
        oldest.remove();
    }
    state.reversible.insert(record.position, it);
}

/// What was surrendered is owed again.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &Reversed) {
    let again = state.reversible.get(&it.record).cloned();
    let Some(row) = state.reversible.remove(&it.record) else { return };
    if planted::has(Fault::ReversedAgain)
        && let Some(again) = again
    {
        state.reversible.insert(it.record, again);
    }
    if let Ending::Surrender(installation, year) = row.ending {
        let surrendered = &mut state.installations.row_mut(installation).surrendered;
        if let Some(sum) = surrendered.get_mut(&year) {
            *sum = it.quantity.short_of(*sum);
        }
    }
}
