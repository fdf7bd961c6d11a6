//! Void payment: its party takes a payment back that the bank has not sent, or the bank says that
//! it will not come about. The whole chain is void: what was set aside is free again.

use super::CashRefused;
use super::payment;
use super::payment_ended::{PaymentEnd, PaymentEnded};
use crate::authority::{Authorised, Right};
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::PaymentId;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct VoidPayment {
    /// The payment.
    #[n(0)]
    pub payment: PaymentId,
}

/// Its party or the settlement bank.
pub fn right(state: &State, it: &VoidPayment) -> Result<Right, Refusals> {
    Ok(Right::MemberOrBank(payment::under_way(state, it.payment)?.party))
}

/// Checks that it is not the party of money that was sent.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &VoidPayment,
    out: &mut Events,
) -> Result<(), Refusals> {
    let payment = it.payment;
    let row = payment::under_way(state, payment)?;
    let mut no = Objections::default();
    no.unless(!(row.sent && by.party() == row.party), CashRefused::Sent { payment });
    let waits = row.legs.iter().find_map(|it| it.line);
    if let Some(reference) = waits {
        no.unless(false, CashRefused::LineWaits { payment, reference });
    }
    no.settle()?;
    let mut draft = Draft::new(state, out);
    payment::release(&mut draft, row);
    let end = PaymentEnd::Void;
    draft.note(Event::PaymentEnded(PaymentEnded { payment, end }));
    Ok(())
}
