//! The fact that a penalty case is opened for missing units.

use super::{PenaltyCase, PenaltyStage};
use crate::context::RecordHeader;
use crate::id::{InstallationId, Label, PenaltyId};
use crate::quantity::{Money, Tonnes};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PenaltyOpened {
    /// The case's id.
    #[n(0)]
    pub penalty: PenaltyId,
    /// Whose shortfall.
    #[n(1)]
    pub installation: InstallationId,
    /// For which year.
    #[n(2)]
    pub year: Year,
    /// The missing units.
    #[n(3)]
    pub shortfall: Tonnes,
    /// What is owed for them.
    #[n(4)]
    pub amount: Money,
    /// Missing units that are no longer owed: all of them where nothing is to be made good.
    #[n(5)]
    pub excused: Tonnes,
    /// What is owed in units of an index, where the law says so: the index, and hundredths of it.
    #[n(6)]
    pub index: Option<Box<(Label, u64)>>,
}

/// The case is open; what the penalty replaces is no longer owed.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PenaltyOpened) {
    let (installation, year) = (it.installation, it.year);
    let (shortfall, amount, stage) = (it.shortfall, it.amount, PenaltyStage::Notice);
    let case = PenaltyCase {
        installation,
        year,
        shortfall,
        amount,
        stage,
        index: it.index.as_deref().copied(),
    };
    state.penalties.add(it.penalty, case);
    let row = state.installations.row_mut(installation);
    row.excused += it.excused;
    row.fined -= it.excused;
}
