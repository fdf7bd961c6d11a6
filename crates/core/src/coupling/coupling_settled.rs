//! The fact that a coupling is settled further, or wholly.

use super::settlement::Progress;
use crate::context::RecordHeader;
use crate::id::CouplingId;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CouplingSettled {
    /// The coupling.
    #[n(0)]
    pub coupling: CouplingId,
    /// How far; none when all is settled.
    #[n(1)]
    pub progress: Option<Box<Progress>>,
}

/// The settlement goes on from there, or is over.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CouplingSettled) {
    let row = state.settlements.get_mut(&it.coupling);
    assert!(row.is_some(), "coupling {} is settled further and was settled wholly", it.coupling);
    match (row, &it.progress) {
        (Some(row), Some(progress)) => row.progress = (**progress).clone(),
        _ => drop(state.settlements.remove(&it.coupling)),
    }
}
