//! Return a purchase: a bidder gives back, from its auction delivery account, units that an auction
//! delivered to it and that are not its own, such as after a failed settlement outside (Regulation
//! (EU) 2019/1122, Article 53). They are offered again.

use crate::account::{self, AccountKind, AccountRefused};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, SeriesId};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::units::transfer::TransferRefused;
use crate::units::{self, Way};
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ReturnPurchase {
    /// The auction delivery account.
    #[n(0)]
    pub account: AccountId,
    /// The series.
    #[n(1)]
    pub series: SeriesId,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PurchaseReturned {
    /// The auction delivery account.
    #[n(0)]
    pub account: AccountId,
    /// The auction account.
    #[n(1)]
    pub to: AccountId,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
}

/// The holder of the account.
pub fn right(_state: &State, it: &ReturnPurchase) -> Result<Right, Refusals> {
    Ok(Right::Surrenderer(it.account))
}

/// Checks the account and the holding; a restricted account may return.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &ReturnPurchase,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (account, quantity) = (it.account, it.quantity);
    let kind = state.accounts.row(account).kind;
    let wrong = AccountRefused::WrongKind { account, kind: kind.name() };
    no.unless(kind == AccountKind::AuctionDelivery, wrong);
    no.take(account::may_surrender(state, account));
    let series = state.ledger.series.get(it.series);
    no.unless(series.is_some(), TransferRefused::SeriesUnknown { series: it.series });
    let kind = AccountKind::Auction;
    let to = series.and_then(|it| account::of_government(state, it.jurisdiction, kind));
    let there = series.is_none() || to.is_some();
    no.unless(there, IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let of_series = |of| of == it.series;
    let picked = no.take(units::pick(state.ledger.shelves.row(account), quantity, of_series));
    let (to, picked) = no.settle_with(to.zip(picked))?;
    out.push(Event::PurchaseReturned(PurchaseReturned { account, to, quantity }));
    units::move_all(&picked, Way { from: account, to }, |it| out.push(it));
    Ok(())
}

/// The postings say it all.
pub fn apply(_state: &mut State, _record: &RecordHeader, _it: &PurchaseReturned) {}
