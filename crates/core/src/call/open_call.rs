//! Open a call: the administrator announces a phase in which orders for units that count for one
//! year are taken.

use super::Call;
use super::random_end::RandomEnd;
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::book::Market;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::exchange;
use crate::id::{CallId, JurisdictionId, ProductId};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

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
    /// What the administrator commits to, where the policy has phases end at a drawn moment.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub commitment: Option<[u8; 32]>,
    /// The product; none for allowances.
    #[n(5)]
    pub product: Option<ProductId>,
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
    /// How its end is drawn, where it is.
    #[n(5)]
    pub random_end: Option<Box<RandomEnd>>,
    /// The product; none for allowances.
    #[n(6)]
    pub product: Option<ProductId>,
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
        /// Nobody chooses the end once it has seen the orders.
        CommitmentMissing { minutes: u32 } = 905
            => "phases end here at a moment drawn from their last {minutes} minutes; name the \
                commitment to its seed",
        /// Without a drawn end there is nothing to commit to.
        CommitmentInVain = 906 => "phases end here when they close; name no commitment",
        /// Its last minutes are not all of it.
        PhaseTooShort { minutes: u32 } = 907
            => "the phase must last longer than the {minutes} minutes in which its end is drawn",
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
    let market = Market { jurisdiction, year, product: it.product };
    let rules = state.year_rules(jurisdiction, year).filter(|it| it.stage.obliges());
    match (it.product, rules) {
        (Some(_), _) => {
            let lives = exchange::lives(state, market, now);
            no.unless(lives, OpenCallRefused::NoMarket { year });
        }
        (None, None) => no.unless(false, OpenCallRefused::NoMarket { year }),
        (None, Some(rules)) => {
            let due = rules.surrender_due;
            no.unless(closes <= due, OpenCallRefused::YearSettled { year, due });
        }
    }
    if let Some(call) = state.open_call(market) {
        no.unless(false, OpenCallRefused::AnotherPhaseOpen { call });
    }
    let minutes = exchange::rules(state, market).random_end_minutes;
    let random_end = match it.commitment {
        Some(commitment) => {
            no.unless(minutes > 0, OpenCallRefused::CommitmentInVain);
            let random_end = RandomEnd { commitment, minutes };
            let lasts = opens < random_end.begins(closes);
            no.unless(lasts || !ahead, OpenCallRefused::PhaseTooShort { minutes });
            Some(Box::new(random_end))
        }
        None => {
            no.unless(minutes == 0, OpenCallRefused::CommitmentMissing { minutes });
            None
        }
    };
    no.settle()?;
    let call = state.calls.next_id();
    let product = it.product;
    out.push(Event::CallOpened(CallOpened {
        call,
        jurisdiction,
        year,
        opens,
        closes,
        random_end,
        product,
    }));
    Ok(())
}

/// The call is announced; its phase is on the agenda.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CallOpened) {
    let (jurisdiction, year, opens, closes) = (it.jurisdiction, it.year, it.opens, it.closes);
    let market = Market { jurisdiction, year, product: it.product };
    state.open_calls.insert((market, opens, it.call));
    let call = Call {
        jurisdiction,
        year,
        opens,
        closes,
        result: None,
        coupling: None,
        random_end: it.random_end.as_deref().copied(),
        late: BTreeMap::new(),
        product: it.product,
    };
    state.calls.add(it.call, call);
    for moment in [opens, closes] {
        state.agenda.enter(state.now, moment, Due::Window);
    }
}
