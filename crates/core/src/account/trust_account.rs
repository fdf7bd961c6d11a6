//! Trust an account: the holder puts an account on the trusted list of its own. Transfers to it
//! are executed at once, and need one person where the holder has set that.
//!
//! It is trusted from noon of the fourth working day on (Regulation (EU) 2019/1122, Article 23), so
//! that a thief cannot add his own account and empty the list's owner in one night.

use super::AccountRefused;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::AccountId;
use crate::planted::{self, Fault};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// The most accounts that one account may list.
pub const TRUSTED_MAX: usize = 1_000;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TrustAccount {
    /// Whose list.
    #[n(0)]
    pub account: AccountId,
    /// Who is to be trusted.
    #[n(1)]
    pub trusted: AccountId,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AccountTrusted {
    /// Whose list.
    #[n(0)]
    pub account: AccountId,
    /// Who is trusted.
    #[n(1)]
    pub trusted: AccountId,
    /// From when on.
    #[n(2)]
    pub from: Instant,
}

refusals! {
    /// Why an account is not put on a trusted list, or not taken off.
    pub enum TrustRefused {
        /// It is trusted, or will be.
        Listed { account: AccountId, trusted: AccountId } = 341
            => "account {trusted} is on the trusted list of account {account} already",
        /// It needs no list.
        WithoutList { account: AccountId, trusted: AccountId } = 342
            => "account {account} trusts account {trusted} without a list",
        /// A list is bounded.
        TooMany { account: AccountId, most: usize } = 343
            => "the trusted list of account {account} has its {most} entries",
        /// It is not on the list.
        NotListed { account: AccountId, trusted: AccountId } = 344
            => "account {trusted} is not on the trusted list of account {account}",
    }
}

/// The holder of the list.
pub fn right(_state: &State, it: &TrustAccount) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Checks the list, and reckons from when on the account is trusted.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &TrustAccount,
    out: &mut Events,
) -> Result<(), Refusals> {
    use TrustRefused as No;
    let mut no = Objections::default();
    let (account, trusted) = (it.account, it.trusted);
    let known = state.accounts.get(trusted).is_some();
    no.unless(known, AccountRefused::Unknown { account: trusted });
    let without = super::trusts_without_list(state, account, trusted);
    no.unless(!without, No::WithoutList { account, trusted });
    let listed = state.trusted.contains_key(&(account, trusted));
    no.unless(!listed, No::Listed { account, trusted });
    let entries = state.trusted.range((account, AccountId(0))..=(account, AccountId(u32::MAX)));
    no.unless(entries.count() < TRUSTED_MAX, No::TooMany { account, most: TRUSTED_MAX });
    no.settle()?;
    let time = state.working_time(state.accounts.row(account).jurisdiction);
    let from = time.calendar.moment(time.trusted_from(time.calendar.local(by.now())));
    let from = if planted::has(Fault::TrustedAtOnce) { by.now() } else { from };
    out.push(Event::AccountTrusted(AccountTrusted { account, trusted, from }));
    Ok(())
}

/// The account is on the list.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AccountTrusted) {
    state.trusted.insert((it.account, it.trusted), it.from);
}
