//! The fact that an installation's letter for a year is frozen at the deadline.

use super::Letter;
use crate::context::RecordHeader;
use crate::id::InstallationId;
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
}

/// The letter stands.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &ComplianceFrozen) {
    state.installations.row_mut(it.installation).letters.insert(it.year, it.letter);
}
