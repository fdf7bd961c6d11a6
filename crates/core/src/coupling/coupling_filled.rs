//! The fact that a coupling is cleared and not wholly settled: what is left is carried out by the
//! records that follow, before anything else falls due.

use super::settlement::Settlement;
use crate::agenda::Due;
use crate::context::RecordHeader;
use crate::id::CouplingId;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CouplingFilled {
    /// The coupling.
    #[n(0)]
    pub coupling: CouplingId,
    /// Whose orders are filled, and how far that is carried out.
    #[n(1)]
    pub settlement: Box<Settlement>,
}

/// What nobody settled by clearing again time settles after so many minutes.
const WAITS_MINUTES: u32 = 1;

/// The settlement goes on.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CouplingFilled) {
    state.settlements.insert(it.coupling, (*it.settlement).clone());
    let (now, at) = (state.now, state.now.plus_minutes(WAITS_MINUTES));
    state.agenda.enter(now, at, Due::Window);
}
