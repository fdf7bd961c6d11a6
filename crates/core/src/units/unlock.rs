//! Unlock units: the party they are pledged to, or the administrator who held them by law, gives
//! them free.

use super::delayed;
use super::lock::{LockRefused, Purpose};
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::HoldId;
use crate::refusal::Refusals;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct UnlockUnits {
    /// The lock.
    #[n(0)]
    pub lock: HoldId,
}

/// The fact; also that the lock's time is over.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Unlocked {
    /// The lock.
    #[n(0)]
    pub lock: HoldId,
}

/// The secured party, or the administrator.
pub fn right(state: &State, it: &UnlockUnits) -> Result<Right, Refusals> {
    let lock = it.lock;
    let row = state.locks.get(&lock).ok_or(LockRefused::Unknown { lock })?;
    Ok(match row.purpose {
        Purpose::Pledge(party) => Right::Member(party),
        Purpose::Legal(_) => Right::Administrator(state.accounts.row(row.account).jurisdiction),
    })
}

/// Frees the serials.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &UnlockUnits,
    out: &mut Events,
) -> Result<(), Refusals> {
    let lock = it.lock;
    let row = state.locks.get(&lock).ok_or(LockRefused::Unknown { lock })?;
    let mut draft = Draft::new(state, out);
    delayed::release(&mut draft, (lock, row.account));
    draft.note(Event::Unlocked(Unlocked { lock }));
    Ok(())
}

/// The lock is gone.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &Unlocked) {
    if let Some(row) = state.locks.remove(&it.lock)
        && let Some(until) = row.until
    {
        state.agenda.strike(until, Due::Lock(it.lock));
    }
}
