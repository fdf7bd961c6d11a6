//! Couple calls: the regional administrator announces that calls of several markets, of one year
//! and closing at one moment, are cleared together, with the links of the policy among them.

use crate::authority::{Authorised, Right};
use crate::call::clear_call::ClearCallRefused;
use crate::context::RecordHeader;
use crate::coupling::{Coupling, MARKETS_MAX};
use crate::event::{Event, Events};
use crate::exchange;
use crate::id::{CallId, CouplingId, JurisdictionId, Label};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CoupleCalls {
    /// The calls, in the order in which their markets take their price.
    #[n(0)]
    pub calls: Vec<CallId>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CallsCoupled {
    /// The coupling.
    #[n(0)]
    pub coupling: CouplingId,
    /// Its calls.
    #[n(1)]
    pub calls: Vec<CallId>,
}

refusals! {
    /// Why calls cannot be coupled.
    pub enum CoupleCallsRefused {
        /// A coupling joins markets.
        OutOfBounds { most: usize } = 941 => "name 2 to {most} calls",
        /// One year, one moment.
        NotTogether { call: CallId } = 942
            => "call {call} is of another year, or closes at another moment, than the first",
        /// Links join allowances.
        NotAllowances { call: CallId } = 979
            => "call {call} is for a product; calls for allowances alone are coupled",
        /// Each market once.
        SameMarket { jurisdiction: JurisdictionId } = 943
            => "two calls are of jurisdiction {jurisdiction}",
        /// Each call once.
        Coupled { call: CallId } = 944 => "call {call} is coupled",
        /// They end together.
        RandomEnd { call: CallId } = 946
            => "call {call} ends at a drawn moment; coupled calls end together, when they close",
        /// One currency, or nothing can be compared.
        OtherCurrency { call: CallId, currency: Label } = 948
            => "call {call} trades in {currency}; coupled calls trade in the market's currency",
        /// It is announced before.
        PhaseOver { closes: Instant } = 945
            => "the phase closed at {closes}; calls are coupled before that",
    }
}

/// The regional administrator.
pub fn right(_state: &State, _it: &CoupleCalls) -> Result<Right, Refusals> {
    Ok(Right::Region)
}

/// Checks that the calls fit together.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &CoupleCalls,
    out: &mut Events,
) -> Result<(), Refusals> {
    use CoupleCallsRefused as No;
    let mut no = Objections::default();
    let fits = (2..=MARKETS_MAX).contains(&it.calls.len());
    no.unless(fits, No::OutOfBounds { most: MARKETS_MAX });
    let mut markets = BTreeSet::new();
    let mut first = None;
    for call in it.calls.iter().copied() {
        let Some(row) = state.calls.get(call) else {
            no.unless(false, ClearCallRefused::CallUnknown { call });
            continue;
        };
        let (year, closes) = *first.get_or_insert((row.year, row.closes));
        no.unless((row.year, row.closes) == (year, closes), No::NotTogether { call });
        no.unless(row.coupling.is_none(), No::Coupled { call });
        no.unless(row.random_end.is_none(), No::RandomEnd { call });
        no.unless(row.result.is_none(), ClearCallRefused::AlreadyCleared { call });
        no.unless(row.product.is_none(), No::NotAllowances { call });
        let jurisdiction = row.jurisdiction;
        if let Some(currency) = exchange::quote(state, row.market()) {
            no.unless(false, No::OtherCurrency { call, currency });
        }
        no.unless(markets.insert(jurisdiction), No::SameMarket { jurisdiction });
    }
    if let Some((_, closes)) = first {
        no.unless(by.now() < closes, No::PhaseOver { closes });
    }
    no.settle()?;
    let (coupling, calls) = (state.couplings.next_id(), it.calls.clone());
    out.push(Event::CallsCoupled(CallsCoupled { coupling, calls }));
    Ok(())
}

/// The calls wait for each other.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CallsCoupled) {
    for call in &it.calls {
        state.calls.row_mut(*call).coupling = Some(it.coupling);
    }
    let (calls, cleared) = (it.calls.clone(), None);
    let (prices, flows) = (Vec::new(), Vec::new());
    state.couplings.add(it.coupling, Coupling { calls, cleared, prices, flows });
}
