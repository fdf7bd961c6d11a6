//! Resume a link that was suspended: one of its keepers proposes it, an administrator of another
//! body approves.

use super::suspend_link::SuspendLinkRefused;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::JurisdictionId;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ResumeLink {
    /// Whose units cross.
    #[n(0)]
    pub from: JurisdictionId,
    /// Where they count.
    #[n(1)]
    pub to: JurisdictionId,
    /// Why.
    #[n(2)]
    pub grounds: Grounds,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LinkResumed {
    /// Whose units cross.
    #[n(0)]
    pub from: JurisdictionId,
    /// Where they count.
    #[n(1)]
    pub to: JurisdictionId,
    /// Why.
    #[n(2)]
    pub grounds: Box<Grounds>,
}

/// The administrators of its Parties, and the regional one.
pub fn right(_state: &State, it: &ResumeLink) -> Result<Right, Refusals> {
    Ok(Right::LinkKeeper(it.from, it.to))
}

/// Checks that it is suspended.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &ResumeLink,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (from, to) = (it.from, it.to);
    let suspended = state.suspended_links.contains(&(from, to));
    no.unless(suspended, SuspendLinkRefused::NotSuspended { from, to });
    no.take(it.grounds.check());
    no.settle()?;
    let grounds = Box::new(it.grounds.clone());
    out.push(Event::LinkResumed(LinkResumed { from, to, grounds }));
    Ok(())
}

/// Units cross it again.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &LinkResumed) {
    state.suspended_links.remove(&(it.from, it.to));
}
