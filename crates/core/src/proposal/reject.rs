//! Reject: a proposed command does not pass. Its proposer may withdraw it, and whoever could
//! approve it may reject it; a policy only a nation whose chapter it changes.

use super::ProposalRefused;
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::command::Command;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{PersonId, ProposalId};
use crate::market::adopt_policy;
use crate::refusal::Refusals;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Reject {
    /// The proposal.
    #[n(0)]
    pub proposal: ProposalId,
}

/// The fact, also of a proposal that lapses.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Rejected {
    /// The proposal.
    #[n(0)]
    pub proposal: ProposalId,
    /// Who rejected or withdrew it; nobody where it lapsed.
    #[n(1)]
    pub by: Option<PersonId>,
}

/// Its proposer, or whoever may approve the command itself; see [`decide`].
pub fn right(_state: &State, _it: &Reject) -> Result<Right, Refusals> {
    Ok(Right::Registered)
}

/// Checks that it waits, and that the person has a part in it.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &Reject,
    out: &mut Events,
) -> Result<(), Refusals> {
    let (proposal, person) = (it.proposal, by.person());
    let row = super::waiting(state, proposal)?;
    if let Some(inner) = row.inner().filter(|_| person != row.proposer) {
        super::check_reader(state, person, (row.proposer, &inner))?;
        let place = state.parties.row(by.party()).jurisdiction;
        if let (Command::AdoptPolicy(it), Some(place)) = (&inner, place) {
            let concerned = adopt_policy::concerns(state, &it.rules, place);
            if !concerned {
                return Err(ProposalRefused::NotConcerned { proposal, person }.into());
            }
        }
    }
    out.push(Event::Rejected(Rejected { proposal, by: Some(person) }));
    Ok(())
}

/// The proposal waits no more.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &Rejected) {
    let gone = state.proposals.remove(&it.proposal);
    assert!(gone.is_some(), "proposal {} does not wait", it.proposal);
    if let Some(row) = gone {
        state.agenda.strike(row.lapses, Due::Proposal(it.proposal));
    }
}
