//! Put a party into a settlement class, other than that of its jurisdiction, or back: its
//! administrator, with a second person and with reasons. What trades from then on goes by it.

use super::SettlementClass;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::PartyId;
use crate::party;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SetSettlementClass {
    /// Who.
    #[n(0)]
    pub party: PartyId,
    /// The class.
    #[n(1)]
    pub class: SettlementClass,
    /// Why.
    #[n(2)]
    pub grounds: Grounds,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SettlementClassSet {
    /// Who.
    #[n(0)]
    pub party: PartyId,
    /// The class.
    #[n(1)]
    pub class: SettlementClass,
    /// Why.
    #[n(2)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why a party cannot be put into a class.
    pub enum SetSettlementClassRefused {
        /// It is in it.
        ClassUnchanged { party: PartyId, class: SettlementClass } = 960
            => "party {party} is in class {class}",
    }
}

/// The administrator of the party.
pub fn right(state: &State, it: &SetSettlementClass) -> Result<Right, Refusals> {
    party::right_over(state, it.party)
}

/// Checks that something changes.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &SetSettlementClass,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (party, class) = (it.party, it.class);
    no.take(it.grounds.check());
    let changes = super::class_of(state, party) != class;
    no.unless(changes, SetSettlementClassRefused::ClassUnchanged { party, class });
    no.settle()?;
    let grounds = Box::new(it.grounds.clone());
    out.push(Event::SettlementClassSet(SettlementClassSet { party, class, grounds }));
    Ok(())
}

/// The party is in the class.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &SettlementClassSet) {
    state.classes.insert(it.party, it.class);
}
