//! The fact that a payment is no longer under way.

use super::bank::Reason;
use crate::agenda::Due;
use crate::context::RecordHeader;
use crate::id::PaymentId;
use crate::state::State;
use minicbor::{Decode, Encode};

/// How a payment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum PaymentEnd {
    /// The bank's statements show all its legs: it is final.
    #[n(0)]
    Booked,
    /// Its party or the bank took it back.
    #[n(1)]
    Void,
    /// Its time was over.
    #[n(2)]
    Expired,
}

/// The fact; the postings beside it move or free the money.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PaymentEnded {
    /// The payment.
    #[n(0)]
    pub payment: PaymentId,
    /// How.
    #[n(1)]
    pub end: PaymentEnd,
}

/// It is gone, and no longer falls due; lines that showed a part of it are nobody's.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PaymentEnded) {
    let Some(payment) = state.bank.payments.remove(&it.payment) else { return };
    state.agenda.strike(payment.until, Due::Payment(it.payment));
    for reference in payment.legs.iter().filter_map(|leg| leg.line) {
        if let Some(row) = state.bank.suspense.get_mut(&reference) {
            row.reason = Reason::NotThatPayment(it.payment);
        }
    }
}
