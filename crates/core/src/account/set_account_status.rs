//! Set an account's status: the administrator restricts it to surrender and return, suspends it,
//! holds it while it is handed to another operator, or opens it again. An account whose report is
//! missing is not opened by this but restricted until the report arrives.

use super::{AccountKind, AccountRefused, AccountStatus};
use crate::authority::{Authorised, Right};
use crate::compliance::report_emissions;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::AccountId;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SetAccountStatus {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// What it may do from now on.
    #[n(1)]
    pub status: AccountStatus,
    /// Why.
    #[n(2)]
    pub grounds: Grounds,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AccountStatusSet {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// What it may do.
    #[n(1)]
    pub status: AccountStatus,
    /// Why.
    #[n(2)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why a status cannot be set.
    pub enum SetAccountStatusRefused {
        /// A missing report restricts by itself.
        ByTimeAlone = 361
            => "surrender alone is what a missing report leaves; restrict the account or suspend \
                it",
        /// It has it.
        Unchanged { account: AccountId } = 362 => "account {account} has this status",
        /// Government accounts are frozen, not suspended.
        GovernmentAccount { account: AccountId, kind: &'static str } = 363
            => "account {account} of the kind {kind} belongs to an administrator; freeze it \
                instead",
    }
}

/// The administrator of the account.
pub fn right(state: &State, it: &SetAccountStatus) -> Result<Right, Refusals> {
    let account = it.account;
    let row = state.accounts.get(account).ok_or(AccountRefused::Unknown { account })?;
    Ok(Right::Administrator(row.jurisdiction))
}

/// Checks that the status is another.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &SetAccountStatus,
    out: &mut Events,
) -> Result<(), Refusals> {
    use SetAccountStatusRefused as No;
    let mut no = Objections::default();
    let account = it.account;
    let row = state.accounts.row(account);
    no.take(it.grounds.check());
    no.unless(it.status != AccountStatus::SurrenderOnly, No::ByTimeAlone);
    no.unless(it.status != row.status, No::Unchanged { account });
    let kind = row.kind.name();
    no.unless(!row.kind.is_government(), No::GovernmentAccount { account, kind });
    no.settle()?;
    let silent = row.kind == AccountKind::Operator
        && state
            .installations
            .iter()
            .any(|(id, it)| it.account == account && report_emissions::is_silent(state, id, None));
    let restricted = it.status == AccountStatus::Open && silent;
    let status = if restricted { AccountStatus::SurrenderOnly } else { it.status };
    let grounds = Box::new(it.grounds.clone());
    out.push(Event::AccountStatusSet(AccountStatusSet { account, status, grounds }));
    Ok(())
}

/// The account has the status.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AccountStatusSet) {
    state.accounts.row_mut(it.account).status = it.status;
}
