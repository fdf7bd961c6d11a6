//! Distrust an account: it comes off a trusted list at once.

use super::trust_account::TrustRefused;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::AccountId;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct DistrustAccount {
    /// Whose list.
    #[n(0)]
    pub account: AccountId,
    /// Who is no longer trusted.
    #[n(1)]
    pub trusted: AccountId,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AccountDistrusted {
    /// Whose list.
    #[n(0)]
    pub account: AccountId,
    /// Who is no longer trusted.
    #[n(1)]
    pub trusted: AccountId,
}

/// The holder of the list.
pub fn right(_state: &State, it: &DistrustAccount) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Checks that it is on the list.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &DistrustAccount,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (account, trusted) = (it.account, it.trusted);
    let listed = state.trusted.contains_key(&(account, trusted));
    no.unless(listed, TrustRefused::NotListed { account, trusted });
    no.settle()?;
    out.push(Event::AccountDistrusted(AccountDistrusted { account, trusted }));
    Ok(())
}

/// The account is off the list.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AccountDistrusted) {
    state.trusted.remove(&(it.account, it.trusted));
}
