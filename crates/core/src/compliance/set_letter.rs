//! Set a letter: after the deadline the authority says whether an installation is compliant after
//! all (E), is not (D), or that the process is suspended (X). The frozen letter stays in the
//! journal.

use super::Letter;
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
pub struct SetLetter {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year.
    #[n(1)]
    pub year: Year,
    /// The letter: D, E or X.
    #[n(2)]
    pub letter: Letter,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LetterSet {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year.
    #[n(1)]
    pub year: Year,
    /// The letter.
    #[n(2)]
    pub letter: Letter,
}

/// The administrator of the installation's jurisdiction.
pub fn right(state: &State, it: &SetLetter) -> Result<Right, Refusals> {
    let installation = account::installation(state, it.installation)?;
    Ok(Right::Administrator(installation.jurisdiction))
}

/// Checks that a letter is frozen, and that this one is the authority's to set.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &SetLetter,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (installation, year, letter) = (it.installation, it.year, it.letter);
    let row = account::installation(state, installation)?;
    let frozen = row.letters.contains_key(&year);
    no.unless(frozen, DutiesRefused::NotFrozen { installation, year });
    let settable = matches!(letter, Letter::D | Letter::E | Letter::X);
    no.unless(settable, DutiesRefused::LetterNotSettable { letter: letter.name() });
    no.settle()?;
    out.push(Event::LetterSet(LetterSet { installation, year, letter }));
    Ok(())
}

/// The letter stands.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &LetterSet) {
    state.installations.row_mut(it.installation).letters.insert(it.year, it.letter);
}
