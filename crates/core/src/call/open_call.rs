//! Open a call: the administrator announces a phase in which orders for units that count for one
//! year are taken.

use super::Call;
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{CallId, JurisdictionId};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OpenCall {
    /// Whose units.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Units traded count for this year.
    #[n(1)]
    pub year: Year,
    /// Orders are taken from this moment on.
    #[n(2)]
    pub opens: Instant,
    /// Orders are taken before this moment.
    #[n(3)]
    pub closes: Instant,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CallOpened {
    /// The call's id.
    #[n(0)]
    pub call: CallId,
    /// Whose units.
    #[n(1)]
    pub jurisdiction: JurisdictionId,
    /// Units traded count for this year.
    #[n(2)]
    pub year: Year,
    /// Orders are taken from this moment on.
    #[n(3)]
    pub opens: Instant,
    /// Orders are taken before this moment.
    #[n(4)]
    pub closes: Instant,
}

refusals! {
    /// Why a call cannot be announced.
    pub enum OpenCallRefused {
        /// No market, no call.
        NoMarket { year: Year } = 901
            => "the policy in force has no market in this jurisdiction for {year}",
        /// A phase lies ahead.
        PhaseNotAhead { now: Instant, opens: Instant, closes: Instant } = 902
            => "it is {now}; a phase from {opens} to {closes} does not lie ahead",
        /// Units of a settled year are worth nothing for it.
        YearSettled { year: Year, due: Instant } = 903
            => "the surrender for {year} is due at {due}, before the phase closes",
        /// One phase at a time.
        AnotherPhaseOpen { call: CallId } = 904 => "call {call} for the same year is not cleared",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &OpenCall) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks the market and the phase.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &OpenCall,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (jurisdiction, year) = (it.jurisdiction, it.year);
    let (now, opens, closes) = (by.now(), it.opens, it.closes);
    let ahead = now <= opens && opens < closes;
    no.unless(ahead, OpenCallRefused::PhaseNotAhead { now, opens, closes });
    match state.year_rules(jurisdiction, year).filter(|it| it.stage.obliges()) {
        None => no.unless(false, OpenCallRefused::NoMarket { year }),
        Some(rules) => {
            let due = rules.surrender_due;
            no.unless(closes <= due, OpenCallRefused::YearSettled { year, due });
        }
    }
    if let Some(call) = state.open_call((jurisdiction, year)) {
        no.unless(false, OpenCallRefused::AnotherPhaseOpen { call });
    }
    no.settle()?;
    let call = state.calls.next_id();
    out.push(Event::CallOpened(CallOpened { call, jurisdiction, year, opens, closes }));
    Ok(())
}

/// The call is announced; its phase is on the agenda.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CallOpened) {
    let (jurisdiction, year, opens, closes) = (it.jurisdiction, it.year, it.opens, it.closes);
    state.open_calls.insert(((jurisdiction, year), opens, it.call));
    let (result, coupling) = (None, None);
    state.calls.add(it.call, Call { jurisdiction, year, opens, closes, result, coupling });
    for moment in [opens, closes] {
        state.agenda.enter(state.now, moment, Due::Window);
    }
}
