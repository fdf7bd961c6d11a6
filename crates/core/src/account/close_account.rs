//! Close an account, for ever. Nothing may be left in it or under way, and an operator's account
//! stays open until its installation has closed and all its years are reported and paid for
//! (Regulation (EU) 2019/1122, Articles 25 to 28).

use super::{AccountKind, AccountRefused, Closure};
use crate::authority::{Authorised, Right};
use crate::compliance::{self, Letter};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::freezing::Frozen;
use crate::id::{AccountId, InstallationId};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CloseAccount {
    /// The account.
    #[n(0)]
    pub account: AccountId,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AccountClosed {
    /// The account.
    #[n(0)]
    pub account: AccountId,
}

refusals! {
    /// Why an account cannot be closed.
    pub enum CloseAccountRefused {
        /// Nobody asked for it.
        NotRequested { account: AccountId } = 351
            => "the closure of account {account} is not requested",
        /// Units are in it.
        NotEmpty { account: AccountId, held: Tonnes } = 352
            => "account {account} holds {held}; transfer them first",
        /// Something is under way.
        UnderWay { account: AccountId } = 353
            => "orders, bids or transfers of account {account} are under way",
        /// A trusted list changes.
        TrustPending { account: AccountId } = 354
            => "an entry of the trusted list of account {account} is not in force yet",
        /// Its installation goes on.
        InstallationOpen { installation: InstallationId } = 355
            => "installation {installation} has no last year of verified emissions",
        /// Something is owed.
        DutiesOpen { installation: InstallationId, letter: &'static str } = 356
            => "installation {installation} would close with the letter {letter}",
    }
}

/// The administrator of the account.
pub fn right(state: &State, it: &CloseAccount) -> Result<Right, Refusals> {
    let account = it.account;
    let row = state.accounts.get(account).ok_or(AccountRefused::Unknown { account })?;
    Ok(Right::Administrator(row.jurisdiction))
}

/// Checks all that may not be left.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &CloseAccount,
    out: &mut Events,
) -> Result<(), Refusals> {
    use CloseAccountRefused as No;
    let mut no = Objections::default();
    let account = it.account;
    let row = state.accounts.row(account);
    no.unless(row.closure != Closure::Closed, AccountRefused::Closed { account });
    no.unless(row.closure != Closure::None, No::NotRequested { account });
    let held = state.ledger.shelves.row(account).free(|_| true);
    no.unless(held == Tonnes::ZERO, No::NotEmpty { account, held });
    no.unless(!is_under_way(state, account), No::UnderWay { account });
    let list = (account, AccountId(0))..=(account, AccountId(u32::MAX));
    let pending = state.trusted.range(list).any(|(_, from)| *from > by.now());
    no.unless(!pending, No::TrustPending { account });
    let mut installations = state.installations.iter().filter(|(_, it)| it.account == account);
    if let Some((installation, row)) =
        installations.next().filter(|_| row.kind == AccountKind::Operator)
    {
        match row.obliged_to {
            None if row.obliged_from.is_none() => {}
            None => no.unless(false, No::InstallationOpen { installation }),
            Some(last) => {
                let letter = compliance::letter(row, last);
                let done = matches!(letter, Letter::A | Letter::Excluded | Letter::NotApplicable);
                no.unless(done, No::DutiesOpen { installation, letter: letter.name() });
            }
        }
    }
    no.settle()?;
    out.push(Event::AccountClosed(AccountClosed { account }));
    Ok(())
}

/// Whether units or money of an account are set aside for something.
pub(crate) fn is_under_way(state: &State, account: AccountId) -> bool {
    state.orders.iter().any(|it| it.account == account)
        || state.delayed.values().any(|it| it.from == account || it.to == account)
        || state.locks.values().any(|it| it.account == account)
        || state.freezes.keys().any(|it| matches!(it, Frozen::Serials(of, ..) if *of == account))
        || state.auctions.iter().filter(|(_, it)| it.result.is_none()).any(|(_, it)| {
            it.bids.iter().any(|it| it.account == account)
                || it.consigned.iter().any(|it| it.account == account)
        })
}

/// It is closed.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AccountClosed) {
    state.accounts.row_mut(it.account).closure = Closure::Closed;
}
