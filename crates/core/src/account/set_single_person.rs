//! Set for what one person suffices in an account: surrender and return, and transfers to accounts
//! it trusts. Everything else a holder does with its units takes two persons.

use super::SinglePerson;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::AccountId;
use crate::refusal::Refusals;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SetSinglePerson {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// For what one person suffices from now on.
    #[n(1)]
    pub single: SinglePerson,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SinglePersonSet {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// For what one person suffices.
    #[n(1)]
    pub single: SinglePerson,
}

/// The holder of the account.
pub fn right(_state: &State, it: &SetSinglePerson) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Nothing more to check: two persons of the holder want it.
pub fn decide(
    _state: &State,
    _by: &Authorised<'_>,
    it: &SetSinglePerson,
    out: &mut Events,
) -> Result<(), Refusals> {
    let (account, single) = (it.account, it.single);
    out.push(Event::SinglePersonSet(SinglePersonSet { account, single }));
    Ok(())
}

/// The setting holds.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &SinglePersonSet) {
    state.accounts.row_mut(it.account).single = it.single;
}
