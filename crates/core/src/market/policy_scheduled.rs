//! The fact that a policy is adopted and comes into force later, when everybody has had time to
//! read it.

use super::adopt_policy::{self, PolicyAdopted};
use crate::agenda::Due;
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::Event;
use crate::refusal::Objections;
use crate::rules::MarketRules;
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PolicyScheduled {
    /// The rules.
    #[n(0)]
    pub rules: Box<MarketRules>,
    /// When they come into force.
    #[n(1)]
    pub from: Instant,
}

/// Brings the rules into force, if nothing that happened meanwhile stands against them.
pub(crate) fn begin(draft: &mut Draft<'_>, state: &State) -> Option<u64> {
    let scheduled = state.scheduled.as_ref()?;
    let mut no = Objections::default();
    adopt_policy::check((state, scheduled.from), &scheduled.rules, &mut no);
    let rules = scheduled.rules.clone();
    draft.note(match no.settle() {
        Ok(()) => Event::PolicyAdopted(PolicyAdopted { rules }),
        Err(no) => {
            let number = no.list().first().map_or(0, crate::Refusal::number);
            Event::PolicyDropped(super::policy_dropped::PolicyDropped { number })
        }
    });
    None
}

/// The rules wait; a later decision takes the place of an earlier one.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PolicyScheduled) {
    if let Some(before) = state.scheduled.take() {
        state.agenda.strike(before.from, Due::Policy);
    }
    state.agenda.enter(state.now, it.from, Due::Policy);
    state.scheduled = Some(it.clone());
}
