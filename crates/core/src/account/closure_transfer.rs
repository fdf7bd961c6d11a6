//! Closure transfer: what is left in an account whose closure is requested goes to the
//! government's general holding account, where its owner can claim it (Regulation (EU) 2019/1122,
//! Article 29).

use super::{AccountKind, AccountRefused, Closure};
use crate::account;
use crate::account::close_account::CloseAccountRefused;
use crate::authority::{Authorised, Right};
use crate::event::Events;
use crate::id::AccountId;
use crate::ledger::BLOCKS_PER_TRANSFER_MAX;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::units::{self, UnitsRefused, Way};
use minicbor::{Decode, Encode};

/// The command. Its only facts are postings; at most [`BLOCKS_PER_TRANSFER_MAX`] blocks go with one
/// command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ClosureTransfer {
    /// The account.
    #[n(0)]
    pub account: AccountId,
}

/// The administrator of the account.
pub fn right(state: &State, it: &ClosureTransfer) -> Result<Right, Refusals> {
    let account = it.account;
    let row = state.accounts.get(account).ok_or(AccountRefused::Unknown { account })?;
    Ok(Right::Administrator(row.jurisdiction))
}

/// Finds what is left.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &ClosureTransfer,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let account = it.account;
    let row = state.accounts.row(account);
    let requested = row.closure == Closure::Requested;
    no.unless(requested, CloseAccountRefused::NotRequested { account });
    no.take(account::not_frozen(state, account));
    let kind = AccountKind::GeneralHolding;
    let to = account::of_government(state, row.jurisdiction, kind);
    no.unless(to.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let shelf = state.ledger.shelves.row(account);
    let (held, wanted) = (shelf.free(|_| true), Tonnes(1));
    no.unless(held >= wanted, UnitsRefused::too_little(held, wanted));
    let to = no.settle_with(to)?;
    let mut picked = shelf.pick(held, |_| true);
    picked.truncate(BLOCKS_PER_TRANSFER_MAX);
    units::move_all(&picked, Way { from: account, to }, |it| out.push(it));
    Ok(())
}
