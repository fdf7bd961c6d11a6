//! Request the closure of an account: from now on it gives and receives nothing, but surrenders.
//! Until the administrator has closed it the holder can take the request back.

use super::{AccountRefused, Closure};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::AccountId;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// What becomes of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Wish {
    /// The account is to be closed.
    #[n(0)]
    Close,
    /// It is to stay.
    #[n(1)]
    Keep,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RequestClosure {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// What is wished.
    #[n(1)]
    pub wish: Wish,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ClosureRequested {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// What is wished.
    #[n(1)]
    pub wish: Wish,
}

/// The holder of the account.
pub fn right(_state: &State, it: &RequestClosure) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Checks that it is not closed, nor a government's.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &RequestClosure,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (account, wish) = (it.account, it.wish);
    let row = state.accounts.row(account);
    let kind = AccountRefused::WrongKind { account, kind: row.kind.name() };
    no.unless(!row.kind.is_government(), kind);
    no.unless(row.closure != Closure::Closed, AccountRefused::Closed { account });
    no.settle()?;
    out.push(Event::ClosureRequested(ClosureRequested { account, wish }));
    Ok(())
}

/// The wish stands.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &ClosureRequested) {
    state.accounts.row_mut(it.account).closure = match it.wish {
        Wish::Close => Closure::Requested,
        Wish::Keep => Closure::None,
    };
}
