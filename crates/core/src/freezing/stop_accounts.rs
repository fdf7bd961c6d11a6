//! Stop accounts: ledger and shadow log differ about who owns some serials. Nothing moves in or out
//! of the accounts concerned, and of these alone, until two bodies have found out why.

use crate::account::AccountRefused;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::AccountId;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// The most accounts one command stops or lets go on.
pub const ACCOUNTS_MAX: usize = 1_000;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct StopAccounts {
    /// The accounts about which the two differ.
    #[n(0)]
    pub accounts: BTreeSet<AccountId>,
    /// What differs: the reason names the serials, the evidence is the reconciliation.
    #[n(1)]
    pub grounds: Grounds,
}

/// The fact, one for each account.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AccountStopped {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// What differs.
    #[n(1)]
    pub grounds: Box<Grounds>,
}

refusals! {
    /// Why accounts cannot be stopped or let go on.
    pub enum StopAccountsRefused {
        /// A command names accounts, at most so many.
        AccountsOutOfBounds { most: usize } = 271 => "name 1 to {most} accounts",
        /// Nothing is left to stop.
        AllStopped = 273 => "all these accounts are stopped",
        /// Nothing stands against it.
        NotStopped { account: AccountId } = 272 => "account {account} is not stopped",
    }
}

/// The regional administrator, who keeps the shadow log.
pub fn right(_state: &State, _it: &StopAccounts) -> Result<Right, Refusals> {
    Ok(Right::Region)
}

/// Checks that the accounts are there.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &StopAccounts,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let most = ACCOUNTS_MAX;
    let in_bounds = (1..=most).contains(&it.accounts.len());
    no.unless(in_bounds, StopAccountsRefused::AccountsOutOfBounds { most });
    no.take(it.grounds.check());
    for account in it.accounts.iter().copied() {
        no.unless(state.accounts.get(account).is_some(), AccountRefused::Unknown { account });
    }
    let fresh = || it.accounts.iter().copied().filter(|it| !state.stopped.contains(it));
    let news = fresh().next().is_some() || !in_bounds;
    no.unless(news, StopAccountsRefused::AllStopped);
    no.settle()?;
    for account in fresh() {
        let grounds = Box::new(it.grounds.clone());
        out.push(Event::AccountStopped(AccountStopped { account, grounds }));
    }
    Ok(())
}

/// Nothing moves in or out of it.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AccountStopped) {
    state.stopped.insert(it.account);
}
