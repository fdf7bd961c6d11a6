//! Void payment: its party takes a payment back that the bank has not sent, or the bank says that
//! it will not come about; of what was sent two of its persons. The whole chain is void: what was
//! set aside is free again, and what a statement showed of it is nobody's.

use super::CashRefused;
use super::payment;
use super::payment_ended::{PaymentEnd, PaymentEnded};
use crate::authority::{Authorised, Right};
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::PaymentId;
use crate::refusal::Refusals;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct VoidPayment {
    /// The payment.
    #[n(0)]
    pub payment: PaymentId,
}

/// Its party or the settlement bank; the bank alone once it was sent.
pub fn right(state: &State, it: &VoidPayment) -> Result<Right, Refusals> {
    let row = payment::under_way(state, it.payment)?;
    Ok(if row.sent { Right::Bank } else { Right::MemberOrBank(row.party) })
}

/// What was sent takes two persons.
pub fn needs_second(state: &State, it: &VoidPayment) -> bool {
    state.bank.payments.get(&it.payment).is_some_and(|it| it.sent)
}

/// Checks that the party does not take back what a statement shows.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &VoidPayment,
    out: &mut Events,
) -> Result<(), Refusals> {
    let payment = it.payment;
    let row = payment::under_way(state, payment)?;
    let waits = row.legs.iter().find_map(|it| it.line);
    if let Some(reference) = waits.filter(|_| by.party() == row.party) {
        return Err(CashRefused::LineWaits { payment, reference }.into());
    }
    let mut draft = Draft::new(state, out);
    payment::release(&mut draft, row);
    let end = PaymentEnd::Void;
    draft.note(Event::PaymentEnded(PaymentEnded { payment, end }));
    Ok(())
}
