//! Halt trading: everything, a jurisdiction, one of its years, or a party. No order comes and none
//! trades; orders that wait stay, and can be cancelled. A stop of one does not stop the others:
//! a coupled auction clears them without it.

use super::Halted;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct HaltTrading {
    /// What.
    #[n(0)]
    pub halted: Halted,
    /// Why.
    #[n(1)]
    pub grounds: Grounds,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TradingHalted {
    /// What.
    #[n(0)]
    pub halted: Halted,
    /// Why.
    #[n(1)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why trading cannot be halted or resumed.
    pub enum HaltRefused {
        /// It is.
        AlreadyHalted = 957 => "it is halted",
        /// It is not.
        NotHalted = 958 => "it is not halted",
    }
}

/// The administrator.
pub fn right(state: &State, it: &HaltTrading) -> Result<Right, Refusals> {
    super::right_over(state, it.halted)
}

/// Checks that it is not halted.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &HaltTrading,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let halted = it.halted;
    no.take(it.grounds.check());
    no.unless(!state.halts.contains_key(&halted), HaltRefused::AlreadyHalted);
    no.settle()?;
    let grounds = Box::new(it.grounds.clone());
    out.push(Event::TradingHalted(TradingHalted { halted, grounds }));
    Ok(())
}

/// It is halted.
pub fn apply(state: &mut State, record: &RecordHeader, it: &TradingHalted) {
    super::halt(state, record, it.halted);
}
