//! Resume accounts: what ledger and shadow log differed about is found and put right. The regional
//! administrator and an administrator of another body must say so.

use super::stop_accounts::{ACCOUNTS_MAX, StopAccountsRefused};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::AccountId;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ResumeAccounts {
    /// The accounts.
    #[n(0)]
    pub accounts: BTreeSet<AccountId>,
    /// What was found.
    #[n(1)]
    pub grounds: Grounds,
}

/// The fact, one for each account.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AccountResumed {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// What was found.
    #[n(1)]
    pub grounds: Box<Grounds>,
}

/// The regional administrator.
pub fn right(_state: &State, _it: &ResumeAccounts) -> Result<Right, Refusals> {
    Ok(Right::Region)
}

/// Checks that they are stopped.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &ResumeAccounts,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let most = ACCOUNTS_MAX;
    let in_bounds = (1..=most).contains(&it.accounts.len());
    no.unless(in_bounds, StopAccountsRefused::AccountsOutOfBounds { most });
    no.take(it.grounds.check());
    for account in it.accounts.iter().copied() {
        let stopped = state.stopped.contains(&account);
        no.unless(stopped, StopAccountsRefused::NotStopped { account });
    }
    no.settle()?;
    for account in it.accounts.iter().copied() {
        let grounds = Box::new(it.grounds.clone());
        out.push(Event::AccountResumed(AccountResumed { account, grounds }));
    }
    Ok(())
}

/// It is as it was.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AccountResumed) {
    state.stopped.remove(&it.account);
}
