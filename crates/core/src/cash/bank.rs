//! What the market knows of the settlement bank: the lines of its statements that are booked, those
//! that are not yet anybody's money, and the payments under way.

use super::payment::Payment;
use crate::calendar::Day;
use crate::id::{BankReference, CashAccountId, Label, PaymentId};
use crate::quantity::Money;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// A line that is booked.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Booked {
    /// The party's account.
    #[n(0)]
    pub account: CashAccountId,
    /// How much in all; what went out is negative.
    #[n(1)]
    pub amount: Money,
    /// How much of a deposit may still be taken back as booked in error.
    #[n(2)]
    pub returnable: Money,
}

/// Why a line of a statement is not booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Reason {
    /// It names nobody.
    #[n(0)]
    NamesNobody,
    /// It names a cash account that is not there, in this currency, for money that comes in.
    #[n(1)]
    NotThatAccount(#[n(0)] CashAccountId),
    /// It names a payment that is not under way, or has no such leg.
    #[n(2)]
    NotThatPayment(#[n(0)] PaymentId),
    /// It is a leg of a payment whose other legs no statement shows yet.
    #[n(3)]
    Waits(#[n(0)] PaymentId),
    /// It was booked with another amount: this is what lies between.
    #[n(4)]
    OtherAmount,
}

/// A line that is on a statement and not booked: money in suspense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Suspense {
    /// The currency, where it is not the market's.
    #[n(0)]
    pub currency: Option<Label>,
    /// How much; what went out is negative.
    #[n(1)]
    pub amount: Money,
    /// Why.
    #[n(2)]
    pub reason: Reason,
}

/// The end of the last statement of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LastStatement {
    /// Its day.
    #[n(0)]
    pub day: Day,
    /// The balance at its end.
    #[n(1)]
    pub closing: Money,
}

/// The bank's side of the market.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Bank {
    /// Lines booked, so that none is booked twice.
    #[n(0)]
    pub lines: BTreeMap<BankReference, Booked>,
    /// Lines booked that no statement has shown yet, with the day on which they were booked.
    #[n(1)]
    pub unshown: BTreeMap<BankReference, Day>,
    /// Lines of statements that are not booked.
    #[n(2)]
    pub suspense: BTreeMap<BankReference, Suspense>,
    /// The last statement of each currency; none for the market's.
    #[n(3)]
    pub statements: BTreeMap<Option<Label>, LastStatement>,
    /// Payments under way.
    #[n(4)]
    pub payments: BTreeMap<PaymentId, Payment>,
    /// The next payment's id.
    #[n(5)]
    pub next_payment: PaymentId,
}
