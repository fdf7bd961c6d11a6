//! Approve: a second person lets a proposed command pass. It is decided again, as it stands now.

use super::ProposalRefused;
use crate::authority;
use crate::command::{self, Command};
use crate::context::{Context, RecordHeader};
use crate::event::{Event, Events};
use crate::id::{PersonId, ProposalId};
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Approve {
    /// The proposal.
    #[n(0)]
    pub proposal: ProposalId,
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

/// Checks that it is another person's and still open, and decides the inner command again.
pub fn decide(
    state: &State,
    context: &Context,
    it: &Approve,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    authority::party(state, context)?;
    let proposal = it.proposal;
    let Some(row) = state.proposals.get(proposal) else {
        no.unless(false, ProposalRefused::Unknown { proposal });
        return no.settle();
    };
    no.unless(row.approver.is_none(), ProposalRefused::AlreadyApproved { proposal });
    let approver = context.actor;
    no.unless(approver != row.proposer, ProposalRefused::SamePerson { person: approver });
    no.settle()?;
    let inner: Result<Command, _> = minicbor::decode(&row.command);
    assert!(inner.is_ok(), "proposal {proposal} holds no command");
    let Ok(inner) = inner else { return Ok(()) };
    let by_proposer = Context {
        actor: row.proposer,
        now: context.now,
        approvals: vec![approver],
        command_hash: inner.hash(row.proposer),
    };
    command::decide(state, &by_proposer, &inner, out)?;
    out.push(Event::Approved(Approved { proposal, approver }));
    Ok(())
}

/// The proposal had its second person.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &Approved) {
    state.proposals.row_mut(it.proposal).approver = Some(it.approver);
}
