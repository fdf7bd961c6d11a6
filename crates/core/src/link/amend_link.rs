//! Amend a link: either of its Parties proposes its rules, and the other approves. The region need
//! not be asked: a link is between two. A link without years is closed; the way home stays open.

use crate::authority::{Authorised, Right};
use crate::event::{Event, Events};
use crate::market::adopt_policy::{self, PolicyAdopted};
use crate::market::amend_chapter::AmendChapterRefused;
use crate::party::register_party::RegisterPartyRefused;
use crate::refusal::{Objections, Refusals};
use crate::rules::LinkRules;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command. Its fact is that a policy is adopted: the one in force with another link.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AmendLink {
    /// The link.
    #[n(0)]
    pub link: LinkRules,
    /// SHA-256 of the policy file with this link.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub policy_hash: [u8; 32],
}

/// The administrator of either Party.
pub fn right(_state: &State, it: &AmendLink) -> Result<Right, Refusals> {
    Ok(Right::EitherParty(it.link.from, it.link.to))
}

/// Checks the policy as it would be.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &AmendLink,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (from, to) = (it.link.from, it.link.to);
    let Some(rules) = &state.rules else {
        return Err(RegisterPartyRefused::JurisdictionUnknown { jurisdiction: from }.into());
    };
    let idle = state.scheduled.is_none();
    no.unless(idle, AmendChapterRefused::PolicyScheduled { jurisdiction: from });
    let mut rules = rules.clone();
    rules.policy_hash = it.policy_hash;
    rules.links.retain(|it| (it.from, it.to) != (from, to));
    rules.links.push(it.link.clone());
    adopt_policy::check((state, by.now()), &rules, &mut no);
    no.settle()?;
    out.push(Event::PolicyAdopted(PolicyAdopted { rules: Box::new(rules) }));
    Ok(())
}
