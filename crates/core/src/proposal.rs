//! Proposals: a command put before a second person.

pub mod approve;
pub mod propose;

use crate::id::{PersonId, ProposalId};
use crate::refusal::refusals;
use minicbor::{Decode, Encode};

/// A command that waits for its second person, or had it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Proposal {
    /// The command's bytes: an approval covers exactly these.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub command: Vec<u8>,
    /// Who proposed it.
    #[n(1)]
    pub proposer: PersonId,
    /// Who approved it.
    #[n(2)]
    pub approver: Option<PersonId>,
}

refusals! {
    /// Why a command cannot be proposed or approved.
    pub enum ProposalRefused {
        /// There is no such proposal.
        Unknown { proposal: ProposalId } = 1101 => "there is no proposal {proposal}",
        /// It was approved.
        AlreadyApproved { proposal: ProposalId } = 1102 => "proposal {proposal} is approved",
        /// Two persons are two persons.
        SamePerson { person: PersonId } = 1103
            => "person {person} proposed it; another person must approve",
        /// A proposal is about the market, not about proposals or time.
        NotProposable = 1104 => "only a command about the market itself can be proposed",
        /// A proposal is bounded.
        TooLarge { bytes: usize, most: usize } = 1105
            => "the command takes {bytes} bytes, more than {most}",
    }
}
