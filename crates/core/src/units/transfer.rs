//! Transfer: a holder gives units to another holder, at a price it declares or free of charge.
//!
//! The declared price is for publication and statistics; no money moves here. Units in orders or
//! pledged elsewhere are not free and do not move.

use super::{UnitsRefused, Way};
use crate::account::{self, AccountRefused};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, SeriesId};
use crate::quantity::{Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// What the acquirer pays, as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Consideration {
    /// Nothing.
    #[n(0)]
    Free,
    /// A price for each unit.
    #[n(1)]
    Price(#[n(0)] Price),
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Transfer {
    /// The account the units leave.
    #[n(0)]
    pub from: AccountId,
    /// The account they come into.
    #[n(1)]
    pub to: AccountId,
    /// The series.
    #[n(2)]
    pub series: SeriesId,
    /// How many.
    #[n(3)]
    pub quantity: Tonnes,
    /// What is paid, as declared.
    #[n(4)]
    pub consideration: Consideration,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Transferred {
    /// The account the units left.
    #[n(0)]
    pub from: AccountId,
    /// The account they came into.
    #[n(1)]
    pub to: AccountId,
    /// What was paid, as declared.
    #[n(2)]
    pub consideration: Consideration,
}

refusals! {
    /// Why units cannot be transferred.
    pub enum TransferRefused {
        /// A transfer has two ends.
        SameAccount { account: AccountId } = 611
            => "account {account} is both ends of the transfer",
        /// Expired units go to the deletion account only.
        Expired { series: SeriesId } = 612
            => "the units of series {series} are expired and can only be deleted",
        /// There is no such series.
        SeriesUnknown { series: SeriesId } = 613 => "there is no series {series}",
        /// A price is positive; a gift is declared as free.
        PriceNotPositive { price: Price } = 614
            => "the declared price is {price}; declare a positive price or say free",
    }
}

/// The holder of the account the units leave.
pub fn right(_state: &State, it: &Transfer) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.from))
}

/// Whether a second person must approve: not towards accounts it trusts, where the holder has set
/// that one person suffices for those.
pub fn needs_second(state: &State, it: &Transfer) -> bool {
    let single = state.accounts.get(it.from).is_some_and(|it| it.single.trusted);
    !(single && account::trusts(state, it.from, it.to))
}

/// Checks both accounts and picks the serials.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &Transfer,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    no.unless(it.from != it.to, TransferRefused::SameAccount { account: it.from });
    no.take(account::of_holder(state, it.from));
    // A restricted account may receive: what it gets helps it to surrender.
    match state.accounts.get(it.to) {
        None => no.unless(false, AccountRefused::Unknown { account: it.to }),
        Some(to) => {
            let wrong = AccountRefused::WrongKind { account: it.to, kind: to.kind.name() };
            no.unless(!to.kind.is_government(), wrong);
        }
    }
    let series = it.series;
    match state.ledger.series.get(series) {
        None => no.unless(false, TransferRefused::SeriesUnknown { series }),
        Some(row) => {
            let expired = super::expire::is_expired(state, row);
            no.unless(!expired, TransferRefused::Expired { series });
        }
    }
    if let Consideration::Price(price) = it.consideration {
        no.unless(price > Price(0), TransferRefused::PriceNotPositive { price });
    }
    let picked = match state.ledger.shelves.get(it.from) {
        Some(shelf) => super::pick(shelf, it.quantity, |of| of == series),
        None => Err(UnitsRefused::HoldsTooLittle { held: Tonnes::ZERO, wanted: it.quantity }),
    };
    let picked = no.take(picked);
    let picked = no.settle_with(picked)?;
    let (from, to) = (it.from, it.to);
    out.push(Event::Transferred(Transferred { from, to, consideration: it.consideration }));
    super::move_all(&picked, Way { from, to }, |it| out.push(it));
    Ok(())
}

/// Nothing but the postings changes the state; the fact is for those who read the journal.
pub fn apply(_state: &mut State, _record: &RecordHeader, _it: &Transferred) {}
