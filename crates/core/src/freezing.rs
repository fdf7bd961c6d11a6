//! Freezes: an account, a holder, a jurisdiction or the whole market gives and receives nothing and
//! trades nothing. What is owed can still be surrendered.
//!
//! One administrator freezes at once, because a theft does not wait; another person confirms it by
//! the end of the next working day, or it lapses.

pub mod confirm_freeze;
pub mod freeze;
pub mod unfreeze;

use crate::authority::Right;
use crate::draft::Draft;
use crate::event::Event;
use crate::id::{AccountId, JurisdictionId, PartyId, PersonId};
use crate::party::Role;
use crate::refusal::{Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
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
        /// Once is enough.
        Confirmed = 255 => "the freeze is confirmed",
    }
}

/// Who freezes: the administrator of the account or holder; a jurisdiction only itself; the market
/// the regional administrator.
fn right_over(state: &State, frozen: Frozen) -> Result<Right, Refusals> {
    let found = match frozen {
        Frozen::Account(it) => {
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

/// What happens to a freeze that nobody confirmed.
pub(crate) fn lapse(draft: &mut Draft<'_>, frozen: Frozen) -> Option<u64> {
    draft.note(Event::Unfrozen(unfreeze::Unfrozen { frozen }));
    None
}
