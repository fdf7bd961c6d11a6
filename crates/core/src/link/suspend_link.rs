//! Suspend a link: either of its Parties, or the region, closes it at once. Units go home by it all
//! the same, and what crossed can be surrendered.

use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::JurisdictionId;
use crate::link::LinkRefused;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SuspendLink {
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
pub struct LinkSuspended {
    /// Whose units crossed.
    #[n(0)]
    pub from: JurisdictionId,
    /// Where they counted.
    #[n(1)]
    pub to: JurisdictionId,
    /// Why.
    #[n(2)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why a link cannot be suspended or resumed.
    pub enum SuspendLinkRefused {
        /// Once is enough.
        AlreadySuspended { from: JurisdictionId, to: JurisdictionId } = 638
            => "the link from jurisdiction {from} to {to} is suspended",
        /// Nothing stands against it.
        NotSuspended { from: JurisdictionId, to: JurisdictionId } = 639
            => "the link from jurisdiction {from} to {to} is not suspended",
    }
}

/// The administrators of its Parties, and the regional one.
pub fn right(_state: &State, it: &SuspendLink) -> Result<Right, Refusals> {
    Ok(Right::LinkKeeper(it.from, it.to))
}

/// Checks that the link is there, and open.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &SuspendLink,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (from, to) = (it.from, it.to);
    let known = state.rules.as_ref().is_some_and(|it| it.link(from, to).is_some());
    no.unless(known, LinkRefused::NoLink { from, to });
    let suspended = state.suspended_links.contains(&(from, to));
    no.unless(!suspended, SuspendLinkRefused::AlreadySuspended { from, to });
    no.take(it.grounds.check());
    no.settle()?;
    let grounds = Box::new(it.grounds.clone());
    out.push(Event::LinkSuspended(LinkSuspended { from, to, grounds }));
    Ok(())
}

/// Nothing crosses it.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &LinkSuspended) {
    state.suspended_links.insert((it.from, it.to));
}
