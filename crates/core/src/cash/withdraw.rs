//! Withdraw: the settlement bank books money that went out, from what is free.

use crate::authority::{Authorised, Right};
use crate::cash::deposit::BankReferenceBooked;
use crate::event::{Event, Events};
use crate::id::{Label, PartyId};
use crate::ledger::posting::CashMoved;
use crate::quantity::Money;
use crate::refusal::Refusals;
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
    /// In which currency, where that is not the market's.
    #[n(3)]
    pub currency: Option<Label>,
}

/// The settlement bank.
pub fn right(_state: &State, _it: &Withdraw) -> Result<Right, Refusals> {
    Ok(Right::Bank)
}

/// Checks the account, the amount and the line. Its facts are those of a deposit, reversed.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &Withdraw,
    out: &mut Events,
) -> Result<(), Refusals> {
    let (party, amount, reference) = (it.party, it.amount, it.reference);
    let currency = it.currency;
    let account = super::free_in(state, (party, currency), amount);
    let line = super::Line { party, account, currency, amount, reference };
    let found = super::check_line(state, by, line)?;
    out.push(Event::BankReferenceBooked(BankReferenceBooked { reference }));
    out.push(Event::CashMoved(CashMoved { from: found.party, to: found.bank, amount }));
    Ok(())
}
