//! Review a party: its administrator looks at its identity, owners and sanctions lists, at least
//! once a year (Regulation (EU) 2019/1122, Annex IV). Without a review in time, or refused, it
//! opens no account and gets no new person; what it has stays its own.

use super::{PersonRefused, REVIEW_DAYS, Review};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::PartyId;
use crate::refusal::Refusals;
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// What the review found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Finding {
    /// It is who it says, and nothing stands against it.
    #[n(0)]
    Verified,
    /// Something stands against it.
    #[n(1)]
    Refused,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ReviewParty {
    /// The party.
    #[n(0)]
    pub party: PartyId,
    /// What was found.
    #[n(1)]
    pub finding: Finding,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PartyReviewed {
    /// The party.
    #[n(0)]
    pub party: PartyId,
    /// What was found.
    #[n(1)]
    pub finding: Finding,
    /// When it must be looked at again.
    #[n(2)]
    pub until: Instant,
}

/// The administrator of the party's jurisdiction, or the regional administrator.
pub fn right(state: &State, it: &ReviewParty) -> Result<Right, Refusals> {
    super::right_over(state, it.party)
}

/// Checks that there is such a party.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &ReviewParty,
    out: &mut Events,
) -> Result<(), Refusals> {
    let (party, finding) = (it.party, it.finding);
    state.parties.get(party).ok_or(PersonRefused::PartyUnknown { party })?;
    let until = by.now().plus_days(REVIEW_DAYS);
    out.push(Event::PartyReviewed(PartyReviewed { party, finding, until }));
    Ok(())
}

/// The finding stands for a year.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PartyReviewed) {
    let (finding, until) = (it.finding, it.until);
    state.parties.row_mut(it.party).review = Review { finding, until };
}
