//! The fact that an installation's letter for a year is frozen at the deadline.

use super::Letter;
use crate::context::RecordHeader;
use crate::id::InstallationId;
use crate::quantity::Tonnes;
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ComplianceFrozen {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year.
    #[n(1)]
    pub year: Year,
    /// The letter.
    #[n(2)]
    pub letter: Letter,
    /// Of what is missing, what is fined now or was before and is still to be made good.
    #[n(3)]
    pub fined: Tonnes,
}

/// The letter stands.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &ComplianceFrozen) {
    let row = state.installations.row_mut(it.installation);
    row.letters.insert(it.year, it.letter);
    row.fined = it.fined;
}
