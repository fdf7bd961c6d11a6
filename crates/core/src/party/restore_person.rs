//! Give a person its rights anew, and end its suspension if it is suspended. Another person of its
//! party asks for it and the party's administrator approves; nobody does it for itself. Its mandate
//! is then as fresh as a new one: whoever stole a password has not won yet.

use super::{PersonRefused, PersonRights, PersonStatus};
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, PersonId};
use crate::refusal::Refusals;
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RestorePerson {
    /// The person.
    #[n(0)]
    pub person: PersonId,
    /// What it may do from now on.
    #[n(1)]
    pub rights: PersonRights,
    /// For which accounts; none for all of its party, and all else.
    #[n(2)]
    pub accounts: Option<BTreeSet<AccountId>>,
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
    /// For which accounts.
    #[n(2)]
    pub accounts: Option<Box<BTreeSet<AccountId>>>,
    /// From when on it acts for accounts.
    #[n(3)]
    pub from: Instant,
}

/// A person of the party.
pub fn right(state: &State, it: &RestorePerson) -> Result<Right, Refusals> {
    super::right_to_mandates(state, super::of_person(state, it.person)?)
}

/// Checks that nobody does it for itself.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &RestorePerson,
    out: &mut Events,
) -> Result<(), Refusals> {
    let (person, rights) = (it.person, it.rights);
    if by.person() == person || by.seconds().contains(&person) {
        return Err(PersonRefused::Oneself { person }.into());
    }
    let party = super::of_person(state, person)?;
    super::check_mandate(state, party, it.accounts.as_ref())?;
    let from = super::mandate_from(state, party, by.now());
    let accounts = it.accounts.clone().map(Box::new);
    out.push(Event::PersonRestored(PersonRestored { person, rights, accounts, from }));
    Ok(())
}

/// The person acts as far as these rights go.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PersonRestored) {
    state.agenda.enter(state.now, it.from, Due::Window);
    let row = state.people.row_mut(it.person);
    row.rights = it.rights;
    row.from = it.from;
    row.accounts = it.accounts.as_deref().cloned();
    row.status = PersonStatus::Active;
}
