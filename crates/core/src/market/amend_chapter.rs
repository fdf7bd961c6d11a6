//! Amend a chapter: a jurisdiction changes its own rules, by its administrator and another national
//! person, at once. What holds for a later policy holds here too; the calendar stays, and is only
//! lengthened by decree.

use super::adopt_policy::{self, PolicyAdopted};
use crate::authority::{Authorised, Right};
use crate::event::{Event, Events};
use crate::id::JurisdictionId;
use crate::party::register_party::RegisterPartyRefused;
use crate::refusal::{Objections, Refusals, refusals};
use crate::rules::JurisdictionRules;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command. Its fact is that a policy is adopted: the one in force with another chapter.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AmendChapter {
    /// Whose chapter.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The chapter.
    #[n(1)]
    pub chapter: Box<JurisdictionRules>,
    /// SHA-256 of the policy file with this chapter.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub policy_hash: [u8; 32],
}

refusals! {
    /// Why a chapter cannot be amended.
    pub enum AmendChapterRefused {
        /// Waits are never cut short.
        CalendarChanged { jurisdiction: JurisdictionId } = 262
            => "jurisdiction {jurisdiction}: the calendar stays as it is; decree holidays instead",
        /// Two changes of one text.
        PolicyScheduled { jurisdiction: JurisdictionId } = 263
            => "a policy is adopted and comes into force soon; amend the chapter of jurisdiction \
                {jurisdiction} after that",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &AmendChapter) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks the policy as it would be.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &AmendChapter,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let jurisdiction = it.jurisdiction;
    let before =
        state.rules.as_ref().and_then(|rules| Some((rules, rules.jurisdiction(jurisdiction)?)));
    let Some((rules, chapter)) = before else {
        return Err(RegisterPartyRefused::JurisdictionUnknown { jurisdiction }.into());
    };
    let same = chapter.calendar == it.chapter.calendar;
    no.unless(same, AmendChapterRefused::CalendarChanged { jurisdiction });
    let idle = state.scheduled.is_none();
    no.unless(idle, AmendChapterRefused::PolicyScheduled { jurisdiction });
    let mut rules = rules.clone();
    rules.policy_hash = it.policy_hash;
    for (id, chapter) in (0u32..).map(JurisdictionId).zip(&mut rules.jurisdictions) {
        if id == jurisdiction {
            *chapter = (*it.chapter).clone();
        }
    }
    adopt_policy::check((state, by.now()), &rules, &mut no);
    no.settle()?;
    out.push(Event::PolicyAdopted(PolicyAdopted { rules: Box::new(rules) }));
    Ok(())
}
