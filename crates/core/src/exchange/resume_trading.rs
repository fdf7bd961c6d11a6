//! Resume trading that was halted: the administrator, with a second person.

use super::Halted;
use super::halt_trading::HaltRefused;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ResumeTrading {
    /// What is halted.
    #[n(0)]
    pub halted: Halted,
    /// Why it goes on.
    #[n(1)]
    pub grounds: Grounds,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TradingResumed {
    /// What was halted.
    #[n(0)]
    pub halted: Halted,
    /// Why it goes on.
    #[n(1)]
    pub grounds: Box<Grounds>,
}

/// The administrator.
pub fn right(state: &State, it: &ResumeTrading) -> Result<Right, Refusals> {
    super::right_over(state, it.halted)
}

/// Checks that it is halted.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &ResumeTrading,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let halted = it.halted;
    no.take(it.grounds.check());
    no.unless(state.halts.contains_key(&halted), HaltRefused::NotHalted);
    no.settle()?;
    let grounds = Box::new(it.grounds.clone());
    out.push(Event::TradingResumed(TradingResumed { halted, grounds }));
    Ok(())
}

/// It goes on.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &TradingResumed) {
    state.halts.remove(&it.halted);
}
