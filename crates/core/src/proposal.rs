//! Proposals: a command put before a second person. An open proposal keeps the command's bytes; one
//! that is approved, rejected or lapsed leaves the state, its facts stay in the journal.

pub mod approval_given;
pub mod approve;
pub mod propose;
pub mod reject;

use crate::authority::{self, Act, AuthorityRefused};
use crate::command::Command;
use crate::draft::Draft;
use crate::event::Event;
use crate::id::{PersonId, ProposalId};
use crate::planted::{self, Fault};
use crate::refusal::{Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// A proposal lapses after so many days.
pub const OPEN_DAYS: i64 = 30;
/// The most proposals of one party that may wait.
pub const OPEN_MAX: usize = 1_000;

/// A command that waits for its second person.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Proposal {
    /// The command's bytes: an approval covers exactly these.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub command: Vec<u8>,
    /// SHA-256 of the proposer and the command's bytes.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub command_hash: [u8; 32],
    /// Who proposed it.
    #[n(2)]
    pub proposer: PersonId,
    /// When it lapses.
    #[n(3)]
    pub lapses: Instant,
    /// Who approved it so far, where several bodies must.
    #[n(4)]
    pub approvals: Vec<PersonId>,
}

impl Proposal {
    /// The command, as far as this program knows its kind.
    pub fn inner(&self) -> Option<Command> {
        Command::from_bytes(&self.command)
    }
}

refusals! {
    /// Why a command cannot be proposed, approved or rejected.
    pub enum ProposalRefused {
        /// It does not wait.
        Unknown { proposal: ProposalId } = 1101
            => "proposal {proposal} does not wait: it is unknown, approved, rejected or lapsed",
        /// An approval covers the exact bytes.
        AnotherCommand { proposal: ProposalId } = 1102
            => "proposal {proposal} holds another command than the one approved; look at it again",
        /// One after the other.
        SamePending { proposal: ProposalId, kind: &'static str } = 1109
            => "proposal {proposal}, a {kind} too, waits; have it decided first",
        /// A body approves once.
        AlreadyApproved { proposal: ProposalId, person: PersonId } = 1107
            => "the body of person {person} has approved proposal {proposal}",
        /// Whoever is not concerned can only leave its approval out.
        NotConcerned { proposal: ProposalId, person: PersonId } = 1108
            => "proposal {proposal} changes nothing in the chapter of person {person}, which \
                cannot reject it",
        /// A proposal is about the market, not about proposals or time.
        NotProposable = 1104 => "only a command about the market itself can be proposed",
        /// A proposal is bounded.
        TooLarge { bytes: usize, most: usize } = 1105
            => "the command takes {bytes} bytes, more than {most}",
        /// A party has a bounded number of them.
        TooMany { most: usize } = 1106
            => "{most} proposals of the party wait; have them approved or withdraw them",
    }
}

/// The proposals that wait.
pub(crate) fn waiting(state: &State, id: ProposalId) -> Result<&Proposal, ProposalRefused> {
    state.proposals.get(&id).ok_or(ProposalRefused::Unknown { proposal: id })
}

/// Checks that a person may approve a proposed command, before anything of it is looked at: what
/// stands in the way of a command is nobody else's business.
pub(crate) fn check_reader(
    state: &State,
    person: PersonId,
    (proposer, inner): (PersonId, &Command),
) -> Result<(), Refusals> {
    if person == proposer && !planted::has(Fault::OnePersonTwice) {
        return Err(AuthorityRefused::SamePerson { person }.into());
    }
    let kind = (inner.approval(), inner.right(state)?);
    let right = authority::right_to_approve(state, kind, proposer);
    authority::check(state, person, right, Act::Approve)?;
    Ok(())
}

/// Whether a person may approve a proposal, as things stand; where its body did, it did.
pub fn may_approve(state: &State, person: PersonId, it: &Proposal) -> bool {
    let body = |person: &PersonId| state.people.get(*person).and_then(|it| it.party);
    let did = it.approvals.iter().any(|it| body(it) == body(&person));
    let may = |inner| check_reader(state, person, (it.proposer, &inner)).is_ok();
    !did && it.inner().is_some_and(may)
}

/// Persons whose approvals a command takes when somebody proposes it, one of each body where it
/// takes several; fewer where there are not enough.
pub fn who_may_approve(state: &State, proposer: PersonId, inner: &Command) -> Vec<PersonId> {
    let mut bodies = BTreeSet::new();
    let people =
        state.people.iter().filter(|(id, _)| check_reader(state, *id, (proposer, inner)).is_ok());
    people
        .filter(|(_, it)| bodies.insert(it.party))
        .map(|(id, _)| id)
        .take(authority::approvals_needed(state, inner.approval()))
        .collect()
}

/// What happens when nobody approved in time.
pub(crate) fn lapse(draft: &mut Draft<'_>, proposal: ProposalId) -> Option<u64> {
    draft.note(Event::Rejected(reject::Rejected { proposal, by: None }));
    None
}
