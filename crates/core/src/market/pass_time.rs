//! Pass time: the writer lets the market's time move on, and what falls due happens.
//!
//! Time stops at every entry of the [agenda](crate::agenda), so nothing is skipped; one command
//! settles one entry, or a slice of it, or a slice of what a coupling filled before.

use crate::agenda::{self, DueSettled};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::coupling::clear_coupling;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PassTime {
    /// The moment that is reached.
    #[n(0)]
    pub to: Instant,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TimePassed {
    /// The moment that is reached.
    #[n(0)]
    pub to: Instant,
}

refusals! {
    /// Why time cannot pass to this moment.
    pub enum PassTimeRefused {
        /// Time goes forward.
        NotLater { now: Instant, to: Instant } = 211
            => "it is {now}; time cannot pass to {to}",
        /// What falls due happens in its turn.
        SomethingDueBefore { due: Instant, to: Instant } = 212
            => "something falls due at {due}; time must stop there before {to}",
        /// The market's time follows the writer's clock.
        AheadOfClock { clock: Instant, to: Instant } = 265
            => "the clock says {clock}; time cannot pass to {to} before that",
    }
}

/// The writer's clock.
pub fn right(_state: &State, _it: &PassTime) -> Result<Right, Refusals> {
    Ok(Right::Time)
}

/// Finds what falls due at the moment.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &PassTime,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (now, to) = (state.now, it.to);
    let first = state.agenda.first();
    // Time stays at a moment until everything that falls due there is settled.
    let stays = first.is_some_and(|(at, ..)| at == now) && to == now;
    no.unless(to > now || stays, PassTimeRefused::NotLater { now, to });
    let clock = by.now();
    no.unless(to <= clock, PassTimeRefused::AheadOfClock { clock, to });
    if let Some((due, ..)) = first {
        no.unless(to <= due, PassTimeRefused::SomethingDueBefore { due, to });
    }
    no.settle()?;
    out.push(Event::TimePassed(TimePassed { to }));
    let Some((at, due, from)) = first.filter(|(at, ..)| *at == to) else { return Ok(()) };
    // What a coupling has filled is settled before anything else happens to it.
    let next = match state.settlements.first_key_value() {
        Some((coupling, it)) => {
            clear_coupling::go_on(state, (*coupling, it), out);
            Some(from)
        }
        None => agenda::settle(&mut Draft::new(state, out), state, (at, due), from),
    };
    out.push(Event::DueSettled(DueSettled { at, due, next }));
    Ok(())
}

/// The moment is reached.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &TimePassed) {
    state.now = it.to;
}
