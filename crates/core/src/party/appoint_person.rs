//! Appoint a person that acts for a party, with its rights. Who the person is stands outside the
//! journal, where it can be erased.

use super::{PERSONS_MAX, Person, PersonRefused, PersonRights};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{PartyId, PersonId};
use crate::refusal::Refusals;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AppointPerson {
    /// The party it is to act for.
    #[n(0)]
    pub party: PartyId,
    /// What it may do for it.
    #[n(1)]
    pub rights: PersonRights,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PersonAppointed {
    /// The person's id.
    #[n(0)]
    pub person: PersonId,
    /// The party it acts for.
    #[n(1)]
    pub party: PartyId,
    /// What it may do for it.
    #[n(2)]
    pub rights: PersonRights,
}

/// The administrator of the party's jurisdiction, or the regional administrator.
pub fn right(state: &State, it: &AppointPerson) -> Result<Right, Refusals> {
    super::right_over(state, it.party)
}

/// Checks that there is room.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &AppointPerson,
    out: &mut Events,
) -> Result<(), Refusals> {
    let (party, rights, most) = (it.party, it.rights, PERSONS_MAX);
    super::may_grow(state, party, by.now())?;
    let count = state.people.iter().filter(|(_, it)| it.party == Some(party)).count();
    if count >= usize::from(most) {
        return Err(PersonRefused::TooMany { party, most }.into());
    }
    let person = state.people.next_id();
    out.push(Event::PersonAppointed(PersonAppointed { person, party, rights }));
    Ok(())
}

/// The person may act.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PersonAppointed) {
    state.people.add(it.person, Person::of(it.party, it.rights));
}
