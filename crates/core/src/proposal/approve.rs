//! Approve: a second person lets a proposed command pass, or the last of several bodies. It is
//! decided again, as it stands now.

use super::ProposalRefused;
use super::approval_given::ApprovalGiven;
use crate::agenda::Due;
use crate::authority::{self, Authorised, Right};
use crate::command;
use crate::context::{Context, RecordHeader};
use crate::event::{Event, Events};
use crate::id::{PersonId, ProposalId};
use crate::planted::{self, Fault};
use crate::refusal::Refusals;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Approve {
    /// The proposal.
    #[n(0)]
    pub proposal: ProposalId,
    /// The hash of what the approver has seen.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub command_hash: [u8; 32],
}

/// The fact, beside the facts of the inner command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Approved {
    /// The proposal.
    #[n(0)]
    pub proposal: ProposalId,
    /// Who approved it.
    #[n(1)]
    pub approver: PersonId,
}

/// Whoever may approve the command itself; see [`decide`].
pub fn right(_state: &State, _it: &Approve) -> Result<Right, Refusals> {
    Ok(Right::Registered)
}

/// Checks that it still waits and is what was seen, and decides the inner command again with its
/// second person.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &Approve,
    out: &mut Events,
) -> Result<(), Refusals> {
    let proposal = it.proposal;
    let row = super::waiting(state, proposal)?;
    let same = row.command_hash == it.command_hash || planted::has(Fault::OtherBytesApproved);
    let inner = row.inner().filter(|_| same);
    let inner = inner.ok_or(ProposalRefused::AnotherCommand { proposal })?;
    super::check_reader(state, by.person(), (row.proposer, &inner))?;
    let approver = by.person();
    let body = |person: &PersonId| state.people.row(*person).party;
    let known = row.approvals.iter().any(|it| body(it) == Some(by.party()));
    if known {
        return Err(ProposalRefused::AlreadyApproved { proposal, person: approver }.into());
    }
    let mut approvals = row.approvals.clone();
    approvals.push(approver);
    if approvals.len() < authority::approvals_needed(state, inner.approval()) {
        out.push(Event::ApprovalGiven(ApprovalGiven { proposal, approver }));
        return Ok(());
    }
    let by_proposer =
        Context { actor: row.proposer, now: by.now(), approvals, command_hash: row.command_hash };
    command::decide(state, &by_proposer, &inner, out)?;
    out.push(Event::Approved(Approved { proposal, approver }));
    Ok(())
}

/// The proposal had its second person.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &Approved) {
    let gone = state.proposals.remove(&it.proposal);
    assert!(gone.is_some(), "proposal {} does not wait", it.proposal);
    if let Some(row) = gone {
        state.agenda.strike(row.lapses, Due::Proposal(it.proposal));
    }
}
