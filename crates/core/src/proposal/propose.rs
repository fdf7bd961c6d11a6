//! Propose: put a command before a second person. It is checked now and again when approved.

use super::{Proposal, ProposalRefused};
use crate::command::{self, Command};
use crate::context::{Context, RecordHeader};
use crate::event::{Event, Events};
use crate::id::{PersonId, ProposalId};
use crate::refusal::{Objections, Refusals};
use crate::state::{State, encode};
use minicbor::{Decode, Encode};

/// The most bytes a proposed command may take.
pub const COMMAND_BYTES_MAX: usize = 1024 * 1024;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Propose {
    /// What is proposed.
    #[n(0)]
    pub command: Box<Command>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Proposed {
    /// The proposal's id.
    #[n(0)]
    pub proposal: ProposalId,
    /// Who proposed it.
    #[n(1)]
    pub proposer: PersonId,
    /// The command's bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub command: Vec<u8>,
}

/// Decides the inner command as if its proposer sent it, and keeps it when it would pass.
pub fn decide(
    state: &State,
    context: &Context,
    it: &Propose,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let inner = &*it.command;
    let about_market =
        !matches!(inner, Command::Propose(_) | Command::Approve(_) | Command::PassTime(_));
    no.unless(about_market, ProposalRefused::NotProposable);
    let bytes = encode(inner);
    let (size, most) = (bytes.len(), COMMAND_BYTES_MAX);
    no.unless(size <= most, ProposalRefused::TooLarge { bytes: size, most });
    no.settle()?;
    command::decide(state, context, inner, out)?;
    out.clear();
    out.push(Event::Proposed(Proposed {
        proposal: state.proposals.next_id(),
        proposer: context.actor,
        command: bytes,
    }));
    Ok(())
}

/// The proposal waits.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &Proposed) {
    let (command, proposer) = (it.command.clone(), it.proposer);
    state.proposals.add(it.proposal, Proposal { command, proposer, approver: None });
}
