//! Propose: put a command before a second person. It is checked now, as if approved, and decided
//! again when it is.

use super::{OPEN_DAYS, OPEN_MAX, Proposal, ProposalRefused};
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::command::{self, Command, Second};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{PersonId, ProposalId};
use crate::refusal::{Objections, Refusals};
use crate::state::{State, encode};
use crate::time::Instant;
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
#[cbor(transparent)]
pub struct Proposed(#[n(0)] pub Box<Wording>);

/// What was proposed.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Wording {
    /// The proposal's id.
    #[n(0)]
    pub proposal: ProposalId,
    /// Who proposed it.
    #[n(1)]
    pub proposer: PersonId,
    /// The command's bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub command: Vec<u8>,
    /// SHA-256 of the proposer and the command's bytes.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub command_hash: [u8; 32],
    /// When it lapses.
    #[n(4)]
    pub lapses: Instant,
}

/// Whoever may ask for the command itself; see [`decide`].
pub fn right(_state: &State, _it: &Propose) -> Result<Right, Refusals> {
    Ok(Right::Registered)
}

/// Decides the inner command as if its proposer sent it, and keeps it when it would pass.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &Propose,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let inner = &*it.command;
    let about_market = !matches!(
        inner,
        Command::Propose(_) | Command::Approve(_) | Command::Reject(_) | Command::PassTime(_)
    );
    no.unless(about_market, ProposalRefused::NotProposable);
    let bytes = encode(inner);
    let (size, most) = (bytes.len(), COMMAND_BYTES_MAX);
    no.unless(size <= most, ProposalRefused::TooLarge { bytes: size, most });
    let party_of = |person| state.people.get(person).and_then(|it| it.party);
    let own = state.proposals.values().filter(|it| party_of(it.proposer) == Some(by.party()));
    no.unless(own.count() < OPEN_MAX, ProposalRefused::TooMany { most: OPEN_MAX });
    no.settle()?;
    command::decide_with(state, (by.context(), Second::Later), inner, out)?;
    out.clear();
    if let Some(proposal) = same_pending(state, inner)? {
        return Err(ProposalRefused::SamePending { proposal, kind: inner.name() }.into());
    }
    out.push(Event::Proposed(Proposed(Box::new(Wording {
        proposal: state.next_proposal,
        proposer: by.person(),
        command: bytes,
        command_hash: inner.hash(by.person()),
        lapses: by.now().plus_days(OPEN_DAYS),
    }))));
    Ok(())
}

/// A proposal that waits and asks the same kind of transaction of the same account or
/// jurisdiction: but for transfers these come one after the other.
fn same_pending(state: &State, inner: &Command) -> Result<Option<ProposalId>, Refusals> {
    let one_by_one = matches!(
        inner,
        Command::Issue(_)
            | Command::Surrender(_)
            | Command::Delete(_)
            | Command::Retire(_)
            | Command::ReturnExcess(_)
            | Command::ReturnPurchase(_)
            | Command::ClosureTransfer(_)
    );
    if !one_by_one {
        return Ok(None);
    }
    let right = inner.right(state)?;
    // Of closure transfers the right is the jurisdiction's; what they say is the account alone.
    let by_account = matches!(inner, Command::ClosureTransfer(_));
    let same = |it: &Command| {
        let alike = it.kind() == inner.kind() && it.right(state).ok() == Some(right);
        alike && (!by_account || it == inner)
    };
    let waiting = state.proposals.iter().filter_map(|(id, it)| Some((*id, it.inner()?)));
    Ok(waiting.filter(|(_, it)| same(it)).map(|(id, _)| id).next())
}

/// The proposal waits, until its day on the agenda.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &Proposed) {
    let Wording { proposal, proposer, command, command_hash, lapses } = (*it.0).clone();
    assert_eq!(proposal, state.next_proposal, "proposals are numbered one after the other");
    state.next_proposal = ProposalId(proposal.0.saturating_add(1));
    state.agenda.enter(state.now, lapses, Due::Proposal(proposal));
    let approvals = Vec::new();
    let row = Proposal { command, command_hash, proposer, lapses, approvals };
    state.proposals.insert(proposal, row);
}
