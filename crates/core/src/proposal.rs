//! Proposals: a command put before a second person. An open proposal keeps the command's bytes; one
//! that is approved, rejected or lapsed leaves the state, its facts stay in the journal.

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
    authority::check(state, person, inner.right(state)?, Act::Approve)?;
    Ok(())
}

/// What happens when nobody approved in time.
pub(crate) fn lapse(draft: &mut Draft<'_>, proposal: ProposalId) -> Option<u64> {
    draft.note(Event::Rejected(reject::Rejected { proposal, by: None }));
    None
}
