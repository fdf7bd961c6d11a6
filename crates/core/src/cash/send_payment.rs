//! Send payment: the settlement bank says that it pays out what was asked. From then on the payment
//! does not expire, and its party cannot take it back; it ends with the statement that shows it, or
//! when the bank says that the money came back.

use super::CashRefused;
use super::payment::{self, Way};
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::freezing;
use crate::id::PaymentId;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SendPayment {
    /// The payment.
    #[n(0)]
    pub payment: PaymentId,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PaymentSent {
    /// The payment.
    #[n(0)]
    pub payment: PaymentId,
}

/// The settlement bank.
pub fn right(_state: &State, _it: &SendPayment) -> Result<Right, Refusals> {
    Ok(Right::Bank)
}

/// Checks that something goes out, once, and to nobody who is frozen.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &SendPayment,
    out: &mut Events,
) -> Result<(), Refusals> {
    let payment = it.payment;
    let row = payment::under_way(state, payment)?;
    let party = row.party;
    let mut no = Objections::default();
    let sends = row.legs.iter().any(|it| it.way == Way::Out);
    no.unless(sends, CashRefused::NothingToSend { payment });
    no.unless(!row.sent, CashRefused::Sent { payment });
    let frozen = freezing::is_holder_frozen(state, party);
    no.unless(!frozen, CashRefused::HolderFrozen { party });
    no.settle()?;
    out.push(Event::PaymentSent(PaymentSent { payment }));
    Ok(())
}

/// It waits for the statement, however long that takes.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PaymentSent) {
    if let Some(row) = state.bank.payments.get_mut(&it.payment) {
        row.sent = true;
        state.agenda.strike(row.until, Due::Payment(it.payment));
    }
}
