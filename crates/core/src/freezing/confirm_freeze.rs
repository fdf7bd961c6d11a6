//! Confirm a freeze: another person of the administrator makes it last.

use super::{FreezeRefused, Frozen};
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ConfirmFreeze {
    /// What is frozen.
    #[n(0)]
    pub frozen: Frozen,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct FreezeConfirmed {
    /// What is frozen.
    #[n(0)]
    pub frozen: Frozen,
}

/// The administrator.
pub fn right(state: &State, it: &ConfirmFreeze) -> Result<Right, Refusals> {
    super::right_over(state, it.frozen)
}

/// Checks that another person froze it.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &ConfirmFreeze,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (frozen, person) = (it.frozen, by.person());
    match state.freezes.get(&frozen) {
        None => no.unless(false, FreezeRefused::NotFrozen),
        Some(row) => {
            no.unless(row.lapses.is_some(), FreezeRefused::Confirmed);
            no.unless(row.by != person, FreezeRefused::SamePerson { person });
        }
    }
    no.settle()?;
    out.push(Event::FreezeConfirmed(FreezeConfirmed { frozen }));
    Ok(())
}

/// It lapses no more.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &FreezeConfirmed) {
    if let Some(row) = state.freezes.get_mut(&it.frozen)
        && let Some(lapses) = row.lapses.take()
    {
        state.agenda.strike(lapses, Due::Freeze(it.frozen));
    }
}
