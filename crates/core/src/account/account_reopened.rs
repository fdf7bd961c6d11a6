//! The fact that a restricted account may do everything its kind may again.

use super::AccountStatus;
use crate::context::RecordHeader;
use crate::id::AccountId;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AccountReopened {
    /// The account.
    #[n(0)]
    pub account: AccountId,
}

/// The account is open.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AccountReopened) {
    state.accounts.row_mut(it.account).status = AccountStatus::Open;
}
