//! The fact that a statement shows one leg of a payment, or that the bank took it back.

use crate::agenda::Due;
use crate::context::RecordHeader;
use crate::id::{BankReference, PaymentId};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LegShown {
    /// The payment.
    #[n(0)]
    pub payment: PaymentId,
    /// The place of the leg in it.
    #[n(1)]
    pub leg: u8,
    /// The line that shows it; none when a later line took that one back.
    #[n(2)]
    pub line: Option<BankReference>,
}

/// The leg has its line; a payment that has one waits for the others, however long that takes.
/// What the line was in suspense for goes with it.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &LegShown) {
    let now = state.now;
    let Some(payment) = state.bank.payments.get_mut(&it.payment) else { return };
    let until = payment.until;
    if let Some(leg) = payment.legs.get_mut(usize::from(it.leg)) {
        let before = std::mem::replace(&mut leg.line, it.line);
        if let Some(taken_back) = before {
            state.bank.suspense.remove(&taken_back);
        }
    }
    if it.line.is_some() {
        state.agenda.strike(until, Due::Payment(it.payment));
    } else if !payment.sent && payment.legs.iter().all(|it| it.line.is_none()) {
        // It waits for all its lines again, a day at least.
        payment.until = until.max(now.plus_days(1));
        state.agenda.enter(now, payment.until, Due::Payment(it.payment));
    }
}
