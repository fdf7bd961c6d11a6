//! Register a party with the first persons that act for it.
//!
//! The first party of a market is its regional administrator, registered by nobody: whoever
//! starts a market names it. After that the regional administrator registers regional parties and
//! national administrators; these register the parties of their own jurisdiction. Whoever
//! registers a party has reviewed it.

use super::{Finding, PERSONS_MAX, Party, Person, PersonRights, REVIEW_DAYS, Review, Role};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{GroupId, JurisdictionId, Label, NOBODY, PartyId, PersonId};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// The most sectors of one accreditation.
pub const SECTORS_MAX: usize = 50;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RegisterParty {
    /// What it is to be.
    #[n(0)]
    pub role: Role,
    /// Where; none for regional parties.
    #[n(1)]
    pub jurisdiction: Option<JurisdictionId>,
    /// Its owner group.
    #[n(2)]
    pub group: GroupId,
    /// How many persons act for it from the beginning, with all rights: two at least can do what
    /// needs two.
    #[n(3)]
    pub persons: u8,
    /// The sectors a verifier is accredited for; none where for all.
    #[n(4)]
    pub scope: Option<BTreeSet<Label>>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PartyRegistered {
    /// The party's id.
    #[n(0)]
    pub party: PartyId,
    /// The id of the first person that acts for it.
    #[n(1)]
    pub person: PersonId,
    /// What it is.
    #[n(2)]
    pub role: Role,
    /// Where.
    #[n(3)]
    pub jurisdiction: Option<JurisdictionId>,
    /// Its owner group.
    #[n(4)]
    pub group: GroupId,
    /// How many persons act for it; their ids follow the first.
    #[n(5)]
    pub persons: u8,
    /// The sectors a verifier is accredited for.
    #[n(6)]
    pub scope: Option<Box<BTreeSet<Label>>>,
}

refusals! {
    /// Why a party cannot be registered.
    pub enum RegisterPartyRefused {
        /// A market begins with its regional administrator.
        FirstIsRegion = 221
            => "the first party of a market is its regional administrator",
        /// There is one.
        RegionExists = 222 => "the market has its regional administrator",
        /// A regional party stands in no jurisdiction.
        RegionalHasNoJurisdiction = 223
            => "a regional administrator or settlement bank belongs to no jurisdiction",
        /// Every other party stands in one.
        JurisdictionMissing = 224 => "name the jurisdiction of the party",
        /// The policy in force does not name it.
        JurisdictionUnknown { jurisdiction: JurisdictionId } = 225
            => "the policy in force has no jurisdiction {jurisdiction}",
        /// There is one for each jurisdiction.
        AdministratorExists { jurisdiction: JurisdictionId } = 226
            => "jurisdiction {jurisdiction} has its administrator",
        /// There is one.
        BankExists = 227 => "the market has its settlement bank",
        /// Verifiers are accredited for sectors.
        ScopeUnfit { most: usize } = 229
            => "a verifier, and nobody else, names 1 to {most} sectors, or none for all",
        /// Somebody acts for every party.
        PersonsOutOfBounds { most: u8 } = 228 => "name 1 to {most} persons that act for the party",
    }
}

/// Whoever founds the market, for its regional administrator; that one, for regional parties and
/// national administrators; these, for the parties of their jurisdiction.
pub fn right(state: &State, it: &RegisterParty) -> Result<Right, Refusals> {
    let known = |it| state.rules.as_ref().is_some_and(|rules| rules.jurisdiction(it).is_some());
    Ok(match (it.role, it.jurisdiction) {
        _ if state.parties.is_empty() => Right::Founder,
        (Role::RegionalAdministrator | Role::SettlementBank | Role::NationalAdministrator, _) => {
            Right::Region
        }
        (Role::Operator | Role::Trader | Role::Verifier, Some(it)) if known(it) => {
            Right::Administrator(it)
        }
        // Whoever asks hears what is missing.
        (Role::Operator | Role::Trader | Role::Verifier, _) => Right::Registered,
    })
}

/// Checks that the party has its place and that the actor may admit it.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &RegisterParty,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let exists = |role: Role, jurisdiction: Option<JurisdictionId>| {
        state.parties.iter().any(|(_, it)| it.role == role && it.jurisdiction == jurisdiction)
    };
    let first = state.parties.is_empty();
    let most = PERSONS_MAX;
    let acted_for = (1..=most).contains(&it.persons);
    no.unless(acted_for, RegisterPartyRefused::PersonsOutOfBounds { most });
    if first {
        no.unless(it.role == Role::RegionalAdministrator, RegisterPartyRefused::FirstIsRegion);
    }
    let known = |id| state.rules.as_ref().is_some_and(|it| it.jurisdiction(id).is_some());
    match (it.role, it.jurisdiction) {
        (Role::RegionalAdministrator | Role::SettlementBank, Some(_)) => {
            no.unless(false, RegisterPartyRefused::RegionalHasNoJurisdiction);
        }
        (Role::RegionalAdministrator, None) => {
            no.unless(first, RegisterPartyRefused::RegionExists);
        }
        (Role::SettlementBank, None) => {
            no.unless(!exists(it.role, None), RegisterPartyRefused::BankExists);
        }
        (_, None) => no.unless(false, RegisterPartyRefused::JurisdictionMissing),
        (_, Some(jurisdiction)) if !known(jurisdiction) => {
            no.unless(false, RegisterPartyRefused::JurisdictionUnknown { jurisdiction });
        }
        (Role::NationalAdministrator, Some(jurisdiction)) => {
            let free = !exists(it.role, it.jurisdiction);
            no.unless(free, RegisterPartyRefused::AdministratorExists { jurisdiction });
        }
        (Role::Operator | Role::Trader | Role::Verifier, Some(_)) => {}
    }
    let bounded = it.scope.as_ref().is_none_or(|it| (1..=SECTORS_MAX).contains(&it.len()));
    let fits = bounded && (it.scope.is_none() || it.role == Role::Verifier);
    no.unless(fits, RegisterPartyRefused::ScopeUnfit { most: SECTORS_MAX });
    no.settle()?;
    let next = state.people.next_id();
    // Nobody takes the first place, so the first person is the second row.
    let person = if next == NOBODY { PersonId(1) } else { next };
    out.push(Event::PartyRegistered(PartyRegistered {
        party: state.parties.next_id(),
        person,
        role: it.role,
        jurisdiction: it.jurisdiction,
        group: it.group,
        persons: it.persons,
        scope: it.scope.clone().map(Box::new),
    }));
    Ok(())
}

/// The party and its persons are there.
pub fn apply(state: &mut State, record: &RecordHeader, it: &PartyRegistered) {
    if state.people.is_empty() {
        state.people.add(NOBODY, Person::nobody());
    }
    assert_eq!(it.person, state.people.next_id(), "persons are numbered one after the other");
    for _ in 0..it.persons {
        state.people.add(state.people.next_id(), Person::of(it.party, PersonRights::All));
    }
    let (role, jurisdiction, group, person) = (it.role, it.jurisdiction, it.group, it.person);
    let until = record.at.plus_days(REVIEW_DAYS);
    let review = Review { finding: Finding::Verified, until };
    let (cash, scope) = (None, it.scope.as_deref().cloned());
    state.parties.add(it.party, Party { role, jurisdiction, group, cash, person, review, scope });
}
