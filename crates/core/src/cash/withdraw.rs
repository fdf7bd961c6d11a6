//! Withdraw: the settlement bank books money that went out, from what is free.

use super::CashRefused;
use crate::authority;
use crate::cash::deposit::BankReferenceBooked;
use crate::context::Context;
use crate::event::{Event, Events};
use crate::id::PartyId;
use crate::ledger::posting::CashMoved;
use crate::quantity::Money;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Withdraw {
    /// Whose money it is.
    #[n(0)]
    pub party: PartyId,
    /// How much went out.
    #[n(1)]
    pub amount: Money,
    /// The line of the bank's statements.
    #[n(2)]
    pub reference: u64,
}

/// Checks the account, the amount and the line. Its facts are those of a deposit, reversed.
pub fn decide(
    state: &State,
    context: &Context,
    it: &Withdraw,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let bank = no.take(authority::bank(state, context));
    let bank = bank.and_then(|it| no.take(super::of(state, it)));
    let (amount, reference) = (it.amount, it.reference);
    no.unless(amount > Money::ZERO, CashRefused::AmountNotPositive { amount });
    let account = no.take(super::with_free(state, it.party, amount));
    let booked = state.bank_references.contains(&reference);
    no.unless(!booked, CashRefused::ReferenceBooked { reference });
    no.settle()?;
    if let (Some(to), Some(from)) = (bank, account) {
        out.push(Event::BankReferenceBooked(BankReferenceBooked { reference }));
        out.push(Event::CashMoved(CashMoved { from, to, amount }));
    }
    Ok(())
}
