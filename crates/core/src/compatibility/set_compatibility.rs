//! Say whether two classes settle what counts for a jurisdiction, whatever the policy says: its
//! administrator, with a second person and with reasons. What trades from then on goes by it;
//! orders that wait keep their places.

use super::{Pair, SettlementClass};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::JurisdictionId;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SetCompatibility {
    /// Whose units.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The two classes.
    #[n(1)]
    pub classes: (SettlementClass, SettlementClass),
    /// Whether they settle with each other.
    #[n(2)]
    pub settle: bool,
    /// Why.
    #[n(3)]
    pub grounds: Grounds,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CompatibilitySet {
    /// Whose units.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The two classes.
    #[n(1)]
    pub pair: Pair,
    /// Whether they settle with each other.
    #[n(2)]
    pub settle: bool,
    /// Why.
    #[n(3)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why it cannot be said that two classes settle, or do not.
    pub enum SetCompatibilityRefused {
        /// Who is alike settles.
        OneClass { class: SettlementClass } = 961
            => "members of class {class} settle with each other; name two classes",
        /// It is so.
        CompatibilityUnchanged { pair: Pair } = 962 => "for classes {pair} it is so",
    }
}

/// The administrator of the jurisdiction.
pub fn right(_state: &State, it: &SetCompatibility) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks that something changes.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &SetCompatibility,
    out: &mut Events,
) -> Result<(), Refusals> {
    use SetCompatibilityRefused as No;
    let mut no = Objections::default();
    let ((one, other), jurisdiction, settle) = (it.classes, it.jurisdiction, it.settle);
    no.take(it.grounds.check());
    let pair = Pair::new(one, other);
    no.unless(pair.is_some(), No::OneClass { class: one });
    if let Some(pair) = pair {
        let changes = super::settle(state, jurisdiction, it.classes) != settle;
        no.unless(changes, No::CompatibilityUnchanged { pair });
    }
    let pair = no.settle_with(pair)?;
    let grounds = Box::new(it.grounds.clone());
    let fact = CompatibilitySet { jurisdiction, pair, settle, grounds };
    out.push(Event::CompatibilitySet(fact));
    Ok(())
}

/// It is so.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CompatibilitySet) {
    state.compatibility.insert((it.jurisdiction, it.pair), it.settle);
}
