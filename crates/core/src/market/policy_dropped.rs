//! The fact that a policy does not come into force, because of what happened since it was adopted.

use crate::context::RecordHeader;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PolicyDropped {
    /// The number of the first refusal that stands against it.
    #[n(0)]
    pub number: u16,
}

/// It waits no more.
pub fn apply(state: &mut State, _record: &RecordHeader, _it: &PolicyDropped) {
    state.scheduled = None;
}
