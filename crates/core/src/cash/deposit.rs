//! Deposit: the settlement bank books money that came in. The line of its statement is the key:
//! booked twice, it is refused.

use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{Label, PartyId};
use crate::ledger::posting::CashMoved;
use crate::quantity::Money;
use crate::refusal::Refusals;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Deposit {
    /// Whose money it is.
    #[n(0)]
    pub party: PartyId,
    /// How much came in.
    #[n(1)]
    pub amount: Money,
    /// The line of the bank's statements.
    #[n(2)]
    pub reference: u64,
    /// In which currency, where that is not the market's.
    #[n(3)]
    pub currency: Option<Label>,
}

/// The fact that a line is booked, for deposits and withdrawals alike.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BankReferenceBooked {
    /// The line of the bank's statements.
    #[n(0)]
    pub reference: u64,
}

/// The settlement bank.
pub fn right(_state: &State, _it: &Deposit) -> Result<Right, Refusals> {
    Ok(Right::Bank)
}

/// Checks the account, the amount and the line.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &Deposit,
    out: &mut Events,
) -> Result<(), Refusals> {
    let (party, amount, reference) = (it.party, it.amount, it.reference);
    let currency = it.currency;
    let account = super::in_currency(state, party, currency);
    let line = super::Line { party, account, currency, amount, reference };
    let found = super::check_line(state, by, line)?;
    out.push(Event::BankReferenceBooked(BankReferenceBooked { reference }));
    out.push(Event::CashMoved(CashMoved { from: found.bank, to: found.party, amount }));
    Ok(())
}

/// The line is booked.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &BankReferenceBooked) {
    state.bank_references.insert(it.reference);
}
