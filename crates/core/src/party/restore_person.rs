//! Give a person its rights anew, and end its suspension if it is suspended. Two administrators
//! must want it, and neither for itself.

use super::{PersonRefused, PersonRights, PersonStatus};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::PersonId;
use crate::refusal::Refusals;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RestorePerson {
    /// The person.
    #[n(0)]
    pub person: PersonId,
    /// What it may do from now on.
    #[n(1)]
    pub rights: PersonRights,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PersonRestored {
    /// The person.
    #[n(0)]
    pub person: PersonId,
    /// What it may do.
    #[n(1)]
    pub rights: PersonRights,
}

/// The administrator of the party's jurisdiction, or the regional administrator.
pub fn right(state: &State, it: &RestorePerson) -> Result<Right, Refusals> {
    super::right_over(state, super::of_person(state, it.person)?)
}

/// Checks that nobody does it for itself.
pub fn decide(
    _state: &State,
    by: &Authorised<'_>,
    it: &RestorePerson,
    out: &mut Events,
) -> Result<(), Refusals> {
    let (person, rights) = (it.person, it.rights);
    if by.person() == person || by.seconds().contains(&person) {
        return Err(PersonRefused::Oneself { person }.into());
    }
    out.push(Event::PersonRestored(PersonRestored { person, rights }));
    Ok(())
}

/// The person acts as far as these rights go.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PersonRestored) {
    let row = state.people.row_mut(it.person);
    row.rights = it.rights;
    row.status = PersonStatus::Active;
}
