//! Register a party with the first person that acts for it.
//!
//! The first party of a market is its regional administrator, registered by nobody: whoever
//! starts a market names it. After that the regional administrator registers regional parties and
//! national administrators; these register the parties of their own jurisdiction.

use super::{Party, Person, Role};
use crate::authority;
use crate::context::{Context, RecordHeader};
use crate::event::{Event, Events};
use crate::id::{GroupId, JurisdictionId, NOBODY, PartyId, PersonId};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

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
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PartyRegistered {
    /// The party's id.
    #[n(0)]
    pub party: PartyId,
    /// The id of the person that acts for it.
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
    }
}

/// Checks that the party has its place and that the actor may admit it.
pub fn decide(
    state: &State,
    context: &Context,
    it: &RegisterParty,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let exists = |role: Role, jurisdiction: Option<JurisdictionId>| {
        state.parties.iter().any(|(_, it)| it.role == role && it.jurisdiction == jurisdiction)
    };
    let first = state.parties.is_empty();
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
            authority::region(state, context)?;
            no.unless(!exists(it.role, None), RegisterPartyRefused::BankExists);
        }
        (_, None) => no.unless(false, RegisterPartyRefused::JurisdictionMissing),
        (_, Some(jurisdiction)) if !known(jurisdiction) => {
            no.unless(false, RegisterPartyRefused::JurisdictionUnknown { jurisdiction });
        }
        (Role::NationalAdministrator, Some(jurisdiction)) => {
            authority::region(state, context)?;
            let free = !exists(it.role, it.jurisdiction);
            no.unless(free, RegisterPartyRefused::AdministratorExists { jurisdiction });
        }
        (Role::Operator | Role::Trader | Role::Verifier, Some(jurisdiction)) => {
            authority::administrator(state, context, jurisdiction)?;
        }
    }
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
    }));
    Ok(())
}

/// The party and its person are there.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PartyRegistered) {
    if state.people.is_empty() {
        state.people.add(NOBODY, Person { party: None });
    }
    state.people.add(it.person, Person { party: Some(it.party) });
    let (role, jurisdiction, group) = (it.role, it.jurisdiction, it.group);
    state.parties.add(it.party, Party { role, jurisdiction, group, cash: None });
}
