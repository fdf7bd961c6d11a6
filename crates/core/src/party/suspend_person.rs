//! Suspend a person: from now on it does nothing, whatever it was allowed to. One administrator
//! suffices, because the danger does not wait; to end a suspension takes two.

use super::{PersonRefused, PersonStatus};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::PersonId;
use crate::refusal::Refusals;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SuspendPerson {
    /// The person.
    #[n(0)]
    pub person: PersonId,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PersonSuspended {
    /// The person.
    #[n(0)]
    pub person: PersonId,
}

/// The administrator of the party's jurisdiction, or the regional administrator.
pub fn right(state: &State, it: &SuspendPerson) -> Result<Right, Refusals> {
    super::right_over(state, super::of_person(state, it.person)?)
}

/// Checks that it is active.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &SuspendPerson,
    out: &mut Events,
) -> Result<(), Refusals> {
    let person = it.person;
    if state.people.row(person).status == PersonStatus::Suspended {
        return Err(PersonRefused::AlreadySuspended { person }.into());
    }
    out.push(Event::PersonSuspended(PersonSuspended { person }));
    Ok(())
}

/// The person does nothing more.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PersonSuspended) {
    state.people.row_mut(it.person).status = PersonStatus::Suspended;
}
