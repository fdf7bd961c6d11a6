//! Set an exclusion: the administrator takes a year of an installation out of the market (a small
//! emitter, a hospital), or back in. A year with emissions but zero cannot be excluded, and none
//! whose letters are frozen.

use super::letter::{Happening, NotAllowed};
use super::report_emissions::is_silent;
use crate::account::account_reopened::AccountReopened;
use crate::account::{self, AccountStatus};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::InstallationId;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// Whether a year counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Exclusion {
    /// It does not.
    #[n(0)]
    Excluded,
    /// It does.
    #[n(1)]
    Included,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SetExclusion {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year.
    #[n(1)]
    pub year: Year,
    /// Whether it counts.
    #[n(2)]
    pub exclusion: Exclusion,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ExclusionSet {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year.
    #[n(1)]
    pub year: Year,
    /// Whether it counts.
    #[n(2)]
    pub exclusion: Exclusion,
}

refusals! {
    /// Why an installation's duties cannot be changed.
    pub enum DutiesRefused {
        /// What the fold of letters does not allow.
        NotAllowed { installation: InstallationId, why: NotAllowed } = 1041
            => "installation {installation}: {why}",
        /// Letters are history.
        YearClosed { year: Year } = 1042 => "the letters of {year} are frozen",
        /// A letter is set where one is frozen.
        NotFrozen { installation: InstallationId, year: Year } = 1043
            => "installation {installation} has no frozen letter for {year}",
        /// The others follow from what happened.
        LetterNotSettable { letter: &'static str } = 1044
            => "the letter {letter} follows from what happened; set are D, E and X",
    }
}

/// The administrator of the installation's jurisdiction.
pub fn right(state: &State, it: &SetExclusion) -> Result<Right, Refusals> {
    let installation = account::installation(state, it.installation)?;
    Ok(Right::Administrator(installation.jurisdiction))
}

/// Checks the year and what was emitted in it.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &SetExclusion,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (installation, year, exclusion) = (it.installation, it.year, it.exclusion);
    let row = account::installation(state, installation)?;
    let closed = state.closed_years.contains(&(row.jurisdiction, year));
    no.unless(!closed, DutiesRefused::YearClosed { year });
    let happening = match exclusion {
        Exclusion::Excluded => Happening::Exclude(year),
        Exclusion::Included => Happening::Include(year),
    };
    let after = super::duties(row, year).after(happening);
    no.take(after.map_err(|why| DutiesRefused::NotAllowed { installation, why }));
    no.settle()?;
    out.push(Event::ExclusionSet(ExclusionSet { installation, year, exclusion }));
    let account = row.account;
    let restricted = state.accounts.row(account).status == AccountStatus::SurrenderOnly;
    if restricted && exclusion == Exclusion::Excluded && !is_silent(state, installation, Some(year))
    {
        out.push(Event::AccountReopened(AccountReopened { account }));
    }
    Ok(())
}

/// The year counts or not.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &ExclusionSet) {
    let excluded = &mut state.installations.row_mut(it.installation).excluded;
    match it.exclusion {
        Exclusion::Excluded => excluded.insert(it.year),
        Exclusion::Included => excluded.remove(&it.year),
    };
}
