//! Authority: who may ask what. Pages may hide a button; the rule stands here.

use crate::context::Context;
use crate::id::{AccountId, JurisdictionId, NOBODY, PartyId};
use crate::party::{Party, Role};
use crate::refusal::refusals;
use crate::state::State;

refusals! {
    /// Why somebody may not ask this.
    pub enum AuthorityRefused {
        /// The person is not registered.
        PersonUnknown { person: crate::id::PersonId } = 101
            => "person {person} is not registered; ask the administrator to register its party",
        /// Only the regional administrator may.
        NotRegion { person: crate::id::PersonId } = 102
            => "person {person} does not act for the regional administrator, who alone may do this",
        /// Only the jurisdiction's administrator may.
        NotAdministrator { person: crate::id::PersonId, jurisdiction: JurisdictionId } = 103
            => "person {person} does not act for the administrator of jurisdiction {jurisdiction}, \
                who alone may do this",
        /// Only the holder may.
        NotHolder { person: crate::id::PersonId, account: AccountId } = 104
            => "person {person} does not act for the holder of account {account}",
        /// Only an accredited verifier may.
        NotVerifier { person: crate::id::PersonId, jurisdiction: JurisdictionId } = 105
            => "person {person} does not act for a verifier of jurisdiction {jurisdiction}",
        /// Only the settlement bank may.
        NotBank { person: crate::id::PersonId } = 106
            => "person {person} does not act for the settlement bank, who alone books statements",
        /// Only the passing of time itself may.
        NotTime { person: crate::id::PersonId } = 107
            => "person {person} cannot let time pass; the writer does so by its own clock",
    }
}

/// The party a person acts for.
pub fn party<'a>(
    state: &'a State,
    context: &Context,
) -> Result<(PartyId, &'a Party), AuthorityRefused> {
    let unknown = AuthorityRefused::PersonUnknown { person: context.actor };
    let Some(id) = state.people.get(context.actor).and_then(|it| it.party) else {
        return Err(unknown);
    };
    Ok((id, state.parties.row(id)))
}

/// The writer itself acts, by its clock.
pub fn time(context: &Context) -> Result<(), AuthorityRefused> {
    if context.actor == NOBODY {
        Ok(())
    } else {
        Err(AuthorityRefused::NotTime { person: context.actor })
    }
}

/// The regional administrator acts.
pub fn region(state: &State, context: &Context) -> Result<PartyId, AuthorityRefused> {
    let (id, party) = party(state, context)?;
    if party.role == Role::RegionalAdministrator {
        Ok(id)
    } else {
        Err(AuthorityRefused::NotRegion { person: context.actor })
    }
}

/// The administrator of a jurisdiction acts.
pub fn administrator(
    state: &State,
    context: &Context,
    jurisdiction: JurisdictionId,
) -> Result<PartyId, AuthorityRefused> {
    let (id, party) = party(state, context)?;
    if party.role == Role::NationalAdministrator && party.jurisdiction == Some(jurisdiction) {
        Ok(id)
    } else {
        Err(AuthorityRefused::NotAdministrator { person: context.actor, jurisdiction })
    }
}

/// The holder of an account acts.
pub fn holder(
    state: &State,
    context: &Context,
    account: AccountId,
) -> Result<PartyId, AuthorityRefused> {
    let (id, _) = party(state, context)?;
    if state.accounts.get(account).is_some_and(|it| it.holder == id) {
        Ok(id)
    } else {
        Err(AuthorityRefused::NotHolder { person: context.actor, account })
    }
}

/// A verifier accredited in a jurisdiction acts.
pub fn verifier(
    state: &State,
    context: &Context,
    jurisdiction: JurisdictionId,
) -> Result<PartyId, AuthorityRefused> {
    let (id, party) = party(state, context)?;
    if party.role == Role::Verifier && party.jurisdiction == Some(jurisdiction) {
        Ok(id)
    } else {
        Err(AuthorityRefused::NotVerifier { person: context.actor, jurisdiction })
    }
}

/// The settlement bank acts.
pub fn bank(state: &State, context: &Context) -> Result<PartyId, AuthorityRefused> {
    let (id, party) = party(state, context)?;
    if party.role == Role::SettlementBank {
        Ok(id)
    } else {
        Err(AuthorityRefused::NotBank { person: context.actor })
    }
}
