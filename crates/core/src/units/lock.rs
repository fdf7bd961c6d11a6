//! Lock units: a holder pledges them to a party, or an administrator puts them under a legal hold.
//! They stay in their account and move nowhere until they are unlocked, or the lock's time is over.

use super::UnitsRefused;
use crate::account::AccountRefused;
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::{AccountId, HoldId, Label, PartyId, SeriesId};
use crate::ledger::posting::UnitsHeld;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use crate::units;
use crate::units::unlock::Unlocked;
use minicbor::{Decode, Encode};

/// Why units are locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Purpose {
    /// Pledged to a party, which unlocks them.
    #[n(0)]
    Pledge(#[n(0)] PartyId),
    /// By a court or an authority, under its reference.
    #[n(1)]
    Legal(#[n(0)] Label),
}

/// A lock, under the hold that sets its serials aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Lock {
    /// The account the units are in.
    #[n(0)]
    pub account: AccountId,
    /// Why.
    #[n(1)]
    pub purpose: Purpose,
    /// Until when, where that is known.
    #[n(2)]
    pub until: Option<Instant>,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LockUnits {
    /// The account the units are in.
    #[n(0)]
    pub account: AccountId,
    /// The series.
    #[n(1)]
    pub series: SeriesId,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
    /// Why.
    #[n(3)]
    pub purpose: Purpose,
    /// Until when; none where somebody must unlock them.
    #[n(4)]
    pub until: Option<Instant>,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Locked {
    /// What the serials are set aside under: also the lock's name.
    #[n(0)]
    pub lock: HoldId,
    /// Where, why, until when.
    #[n(1)]
    pub row: Box<Lock>,
}

refusals! {
    /// Why units cannot be locked or unlocked.
    pub enum LockRefused {
        /// There is no such party.
        PartyUnknown { party: PartyId } = 651 => "there is no party {party}",
        /// A pledge secures somebody else.
        OwnPledge { party: PartyId } = 652 => "party {party} cannot pledge units to itself",
        /// A lock lasts some time.
        NotAhead { until: Instant } = 653 => "{until} does not lie ahead",
        /// There is no such lock.
        Unknown { lock: HoldId } = 654 => "there is no lock {lock}",
    }
}

/// The holder of what is pledged; the administrator of what is held by law.
pub fn right(state: &State, it: &LockUnits) -> Result<Right, Refusals> {
    let account = it.account;
    let row = state.accounts.get(account).ok_or(AccountRefused::Unknown { account })?;
    Ok(match it.purpose {
        Purpose::Pledge(_) => Right::Holder(account),
        Purpose::Legal(_) => Right::Administrator(row.jurisdiction),
    })
}

/// Checks the other party and the holding.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &LockUnits,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (account, series) = (it.account, it.series);
    if let Purpose::Pledge(party) = it.purpose {
        no.take(crate::account::may_sell(state, account));
        no.unless(state.parties.get(party).is_some(), LockRefused::PartyUnknown { party });
        no.unless(party != by.party(), LockRefused::OwnPledge { party });
    }
    if let Some(until) = it.until {
        no.unless(until > by.now(), LockRefused::NotAhead { until });
    }
    let ends = state.accounts.row(account).kind.is_final();
    let kind = state.accounts.row(account).kind.name();
    no.unless(!ends, AccountRefused::WrongKind { account, kind });
    let shelf = state.ledger.shelves.row(account);
    let picked: Result<_, UnitsRefused> = units::pick(shelf, it.quantity, |of| of == series);
    let picked = no.take(picked);
    let picked = no.settle_with(picked)?;
    let (lock, purpose, until) = (state.ledger.next_hold, it.purpose, it.until);
    out.push(Event::Locked(Locked { lock, row: Box::new(Lock { account, purpose, until }) }));
    for (series, block) in picked {
        let (hold, serials) = (lock, block.serials);
        out.push(Event::UnitsHeld(UnitsHeld { series, account, hold, serials }));
    }
    Ok(())
}

/// What happens when a lock's time is over.
pub(crate) fn lapse(draft: &mut Draft<'_>, state: &State, lock: HoldId) -> Option<u64> {
    let row = state.locks.get(&lock)?;
    super::delayed::release(draft, (lock, row.account));
    draft.note(Event::Unlocked(Unlocked { lock }));
    None
}

/// The lock holds; its end is on the agenda.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &Locked) {
    if let Some(until) = it.row.until {
        state.agenda.enter(state.now, until, Due::Lock(it.lock));
    }
    state.locks.insert(it.lock, *it.row);
}
