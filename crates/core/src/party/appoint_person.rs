//! Appoint a person that acts for a party, with its rights, for all of it or for some of its
//! accounts. A person of the party asks for it and the party's administrator approves. For accounts
//! it acts from noon of the fourth working day on; surrender it may at once. Who the person is
//! stands outside the journal, where it can be erased.

use super::{PERSONS_MAX, Person, PersonRefused, PersonRights};
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, PartyId, PersonId};
use crate::refusal::Refusals;
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AppointPerson {
    /// The party it is to act for.
    #[n(0)]
    pub party: PartyId,
    /// What it may do for it.
    #[n(1)]
    pub rights: PersonRights,
    /// For which accounts; none for all of its party, and all else.
    #[n(2)]
    pub accounts: Option<BTreeSet<AccountId>>,
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
    /// For which accounts.
    #[n(3)]
    pub accounts: Option<Box<BTreeSet<AccountId>>>,
    /// From when on it acts for accounts.
    #[n(4)]
    pub from: Instant,
}

/// A person of the party.
pub fn right(state: &State, it: &AppointPerson) -> Result<Right, Refusals> {
    super::right_to_mandates(state, it.party)
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
    super::check_mandate(state, party, it.accounts.as_ref())?;
    let count = state.people.iter().filter(|(_, it)| it.party == Some(party)).count();
    if count >= usize::from(most) {
        return Err(PersonRefused::TooMany { party, most }.into());
    }
    let person = state.people.next_id();
    let accounts = it.accounts.clone().map(Box::new);
    out.push(Event::PersonAppointed(PersonAppointed {
        person,
        party,
        rights,
        accounts,
        from: super::mandate_from(state, party, by.now()),
    }));
    Ok(())
}

/// The person may act; time stops when its mandate is no longer fresh.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PersonAppointed) {
    state.agenda.enter(state.now, it.from, Due::Window);
    let accounts = it.accounts.as_deref().cloned();
    state
        .people
        .add(it.person, Person { accounts, from: it.from, ..Person::of(it.party, it.rights) });
}
