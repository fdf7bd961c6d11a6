//! The fact that an account may only surrender, because no verified report came by its date.

use super::AccountStatus;
use crate::context::RecordHeader;
use crate::id::AccountId;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AccountRestricted {
    /// The account.
    #[n(0)]
    pub account: AccountId,
}

/// The account is restricted.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AccountRestricted) {
    state.accounts.row_mut(it.account).status = AccountStatus::SurrenderOnly;
}
