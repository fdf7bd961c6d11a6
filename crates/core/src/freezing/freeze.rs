//! Freeze: at once, by one person.

use super::{Freeze as Row, FreezeRefused, Frozen};
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Freeze {
    /// What.
    #[n(0)]
    pub frozen: Frozen,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct FreezeBegun {
    /// What.
    #[n(0)]
    pub frozen: Frozen,
    /// When it lapses, unless another person confirms it.
    #[n(1)]
    pub lapses: Instant,
}

/// The administrator.
pub fn right(state: &State, it: &Freeze) -> Result<Right, Refusals> {
    super::right_over(state, it.frozen)
}

/// Checks that it is not frozen, and reckons when it lapses.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &Freeze,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let frozen = it.frozen;
    no.unless(!state.freezes.contains_key(&frozen), FreezeRefused::AlreadyFrozen);
    no.settle()?;
    let time = match frozen {
        Frozen::Account(it) => state.working_time(state.accounts.row(it).jurisdiction),
        Frozen::Holder(it) => {
            state.working_time(state.parties.row(it).jurisdiction.unwrap_or_default())
        }
        Frozen::Jurisdiction(it) => state.working_time(it),
        Frozen::Market => state.working_time(Default::default()),
    };
    let today = time.calendar.local(by.now()).day();
    let lapses = time.calendar.moment(time.after(today, 1).next().at(0));
    out.push(Event::FreezeBegun(FreezeBegun { frozen, lapses }));
    Ok(())
}

/// It is frozen; the end of the next working day is on the agenda.
pub fn apply(state: &mut State, record: &RecordHeader, it: &FreezeBegun) {
    state.agenda.enter(state.now, it.lapses, Due::Freeze(it.frozen));
    state.freezes.insert(it.frozen, Row { by: record.actor, lapses: Some(it.lapses) });
}
