//! Set the last year: an installation closes or leaves the market; after that year it owes nothing
//! more. Its last emissions may be reported within the year.

use super::letter::Happening;
use super::set_exclusion::DutiesRefused;
use crate::account;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::InstallationId;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SetLastYear {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The last year; none where it goes on.
    #[n(1)]
    pub year: Option<Year>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LastYearSet {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The last year.
    #[n(1)]
    pub year: Option<Year>,
}

/// The administrator of the installation's jurisdiction.
pub fn right(state: &State, it: &SetLastYear) -> Result<Right, Refusals> {
    let installation = account::installation(state, it.installation)?;
    Ok(Right::Administrator(installation.jurisdiction))
}

/// Checks that no emissions lie after it, and no letters are frozen.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &SetLastYear,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (installation, year) = (it.installation, it.year);
    let row = account::installation(state, installation)?;
    let now = Year(u16::try_from(by.now().date().0).unwrap_or(u16::MAX));
    let after = super::duties(row, now).after(Happening::LastYear(year));
    no.take(after.map_err(|why| DutiesRefused::NotAllowed { installation, why }));
    // The first year for which it would owe nothing more.
    if let Some(first_free) = year.map(Year::next) {
        let closed = state.closed_years.contains(&(row.jurisdiction, first_free));
        no.unless(!closed, DutiesRefused::YearClosed { year: first_free });
    }
    no.settle()?;
    out.push(Event::LastYearSet(LastYearSet { installation, year }));
    Ok(())
}

/// After it nothing is owed.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &LastYearSet) {
    state.installations.row_mut(it.installation).obliged_to = it.year;
}
