//! Unfreeze: the administrator and one of another body, with their reason.

use super::{FreezeRefused, Frozen};
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Unfreeze {
    /// What is frozen.
    #[n(0)]
    pub frozen: Frozen,
    /// Why.
    #[n(1)]
    pub grounds: Grounds,
}

/// The fact; also that a freeze lapsed which nobody confirmed.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Unfrozen {
    /// What was frozen.
    #[n(0)]
    pub frozen: Frozen,
    /// Why; none where it lapsed.
    #[n(1)]
    pub grounds: Option<Box<Grounds>>,
}

/// The administrator.
pub fn right(state: &State, it: &Unfreeze) -> Result<Right, Refusals> {
    super::right_over(state, it.frozen)
}

/// Checks that it is frozen.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &Unfreeze,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let frozen = it.frozen;
    no.take(it.grounds.check());
    no.unless(state.freezes.contains_key(&frozen), FreezeRefused::NotFrozen);
    no.settle()?;
    let grounds = Some(Box::new(it.grounds.clone()));
    let mut draft = Draft::new(state, out);
    super::release(&mut draft, state, frozen);
    draft.note(Event::Unfrozen(Unfrozen { frozen, grounds }));
    Ok(())
}

/// It is as it was.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &Unfrozen) {
    if let Some(row) = state.freezes.remove(&it.frozen)
        && let Some(lapses) = row.lapses
    {
        state.agenda.strike(lapses, Due::Freeze(it.frozen));
    }
}
