//! Set a transfer limit: a holder bounds what its account gives to accounts that are not trusted,
//! below what the jurisdiction and the region allow anyway.

use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::AccountId;
use crate::quantity::Tonnes;
use crate::refusal::Refusals;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SetTransferLimit {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// The most within five working days; none for no limit of its own.
    #[n(1)]
    pub limit: Option<Tonnes>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TransferLimitSet {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// The most within five working days.
    #[n(1)]
    pub limit: Option<Tonnes>,
}

/// The holder of the account.
pub fn right(_state: &State, it: &SetTransferLimit) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Nothing more to check: two persons of the holder want it.
pub fn decide(
    _state: &State,
    _by: &Authorised<'_>,
    it: &SetTransferLimit,
    out: &mut Events,
) -> Result<(), Refusals> {
    let (account, limit) = (it.account, it.limit);
    out.push(Event::TransferLimitSet(TransferLimitSet { account, limit }));
    Ok(())
}

/// The limit holds.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &TransferLimitSet) {
    state.accounts.row_mut(it.account).transfer_limit = it.limit;
}
