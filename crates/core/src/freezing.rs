//! Freezes: serials, an account, a holder, a jurisdiction or the whole market: what is frozen is
//! neither given nor received nor traded. What is owed can still be surrendered.
//!
//! One administrator freezes at once, because a theft does not wait; another person confirms it by
//! the end of the next working day, or it lapses.

pub mod confirm_freeze;
pub mod freeze;
pub mod resume_accounts;
pub mod stop_accounts;
pub mod unfreeze;

use crate::authority::Right;
use crate::draft::Draft;
use crate::event::Event;
use crate::id::{AccountId, HoldId, JurisdictionId, PartyId, PersonId, SeriesId};
use crate::party::Role;
use crate::quantity::Tonnes;
use crate::refusal::{Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use crate::units::delayed;
use minicbor::{Decode, Encode};

/// What is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum Frozen {
    /// An account.
    #[n(0)]
    Account(#[n(0)] AccountId),
    /// All accounts of a holder.
    #[n(1)]
    Holder(#[n(0)] PartyId),
    /// All accounts of a jurisdiction.
    #[n(2)]
    Jurisdiction(#[n(0)] JurisdictionId),
    /// All accounts.
    #[n(3)]
    Market,
    /// Serials of a series in an account: the first one, and how many.
    #[n(4)]
    Serials(#[n(0)] AccountId, #[n(1)] SeriesId, #[n(2)] u64, #[n(3)] Tonnes),
}

/// A freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Freeze {
    /// Who froze it.
    #[n(0)]
    pub by: PersonId,
    /// When it lapses; never once another person confirmed it.
    #[n(1)]
    pub lapses: Option<Instant>,
    /// What frozen serials are set aside under.
    #[n(2)]
    pub hold: Option<HoldId>,
}

refusals! {
    /// Why something cannot be frozen or unfrozen.
    pub enum FreezeRefused {
        /// There is no such thing.
        Unknown = 251 => "there is no such account, holder or jurisdiction",
        /// It is frozen.
        AlreadyFrozen = 252 => "it is frozen",
        /// It is not.
        NotFrozen = 253 => "it is not frozen, or the freeze has lapsed",
        /// Another person looks at it.
        SamePerson { person: PersonId } = 254
            => "person {person} froze it; another person must confirm that",
        /// They are elsewhere, or set aside for something.
        SerialsNotFree { wanted: Tonnes, there: Tonnes } = 256
            => "of these {wanted} {there} are free in the account; freeze the account instead",
        /// Once is enough.
        Confirmed = 255 => "the freeze is confirmed",
    }
}

/// Who freezes: the administrator of the account or holder; a jurisdiction only itself; the market
/// the regional administrator.
fn right_over(state: &State, frozen: Frozen) -> Result<Right, Refusals> {
    let found = match frozen {
        Frozen::Account(it) | Frozen::Serials(it, ..) => {
            state.accounts.get(it).map(|it| Right::Administrator(it.jurisdiction))
        }
        Frozen::Holder(it) => state.parties.get(it).map(|it| match (it.role, it.jurisdiction) {
            (Role::Operator | Role::Trader | Role::Verifier, Some(it)) => Right::Administrator(it),
            (_, _) => Right::Region,
        }),
        Frozen::Jurisdiction(it) => {
            let rules = state.rules.as_ref();
            rules.and_then(|rules| rules.jurisdiction(it)).map(|_| Right::Administrator(it))
        }
        Frozen::Market => Some(Right::Region),
    };
    found.ok_or_else(|| FreezeRefused::Unknown.into())
}

/// Whether an account is frozen: itself, its holder, its jurisdiction or the market.
pub fn is_frozen(state: &State, account: AccountId) -> bool {
    if state.stopped.contains(&account) {
        return true;
    }
    if state.freezes.is_empty() {
        return false;
    }
    let Some(row) = state.accounts.get(account) else { return false };
    let levels = [
        Frozen::Account(account),
        Frozen::Holder(row.holder),
        Frozen::Jurisdiction(row.jurisdiction),
        Frozen::Market,
    ];
    levels.iter().any(|it| state.freezes.contains_key(it))
}

/// Whether a holder is frozen: itself, its jurisdiction or the market.
pub fn is_holder_frozen(state: &State, holder: PartyId) -> bool {
    let jurisdiction = state.parties.get(holder).and_then(|it| it.jurisdiction);
    let levels = [Some(Frozen::Holder(holder)), jurisdiction.map(Frozen::Jurisdiction)];
    let all = [Some(Frozen::Market)];
    levels.into_iter().chain(all).flatten().any(|it| state.freezes.contains_key(&it))
}

/// Frees the serials of a freeze.
fn release(draft: &mut Draft<'_>, state: &State, frozen: Frozen) {
    let hold = state.freezes.get(&frozen).and_then(|it| it.hold);
    if let (Frozen::Serials(account, ..), Some(hold)) = (frozen, hold) {
        delayed::release(draft, (hold, account));
    }
}

/// What happens to a freeze that nobody confirmed.
pub(crate) fn lapse(draft: &mut Draft<'_>, state: &State, frozen: Frozen) -> Option<u64> {
    release(draft, state, frozen);
    draft.note(Event::Unfrozen(unfreeze::Unfrozen { frozen, grounds: None }));
    None
}
