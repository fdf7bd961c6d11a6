//! The fact that one of several bodies approved a proposal: it waits for the others.

use crate::context::RecordHeader;
use crate::id::{PersonId, ProposalId};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ApprovalGiven {
    /// The proposal.
    #[n(0)]
    pub proposal: ProposalId,
    /// Who approved it.
    #[n(1)]
    pub approver: PersonId,
}

/// The approval counts.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &ApprovalGiven) {
    if let Some(row) = state.proposals.get_mut(&it.proposal) {
        row.approvals.push(it.approver);
    }
}
