//! Return deposit: the settlement bank takes back a deposit, or a part of it, that it booked in
//! error or that was recalled: from what is free, and no more than came in.

use super::CashRefused;
use super::line_booked::LineBooked;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::BankReference;
use crate::ledger::posting::CashMoved;
use crate::quantity::Money;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ReturnDeposit {
    /// The line of the deposit.
    #[n(0)]
    pub deposit: BankReference,
    /// How much goes back.
    #[n(1)]
    pub amount: Money,
    /// The bank's reference of the line by which it goes back.
    #[n(2)]
    pub reference: BankReference,
}

/// The fact; postings beside it move the money.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct DepositReturned {
    /// The line of the deposit.
    #[n(0)]
    pub deposit: BankReference,
    /// How much went back.
    #[n(1)]
    pub amount: Money,
}

/// The settlement bank.
pub fn right(_state: &State, _it: &ReturnDeposit) -> Result<Right, Refusals> {
    Ok(Right::Bank)
}

/// Checks the deposit, the amount, what is free, and the line.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &ReturnDeposit,
    out: &mut Events,
) -> Result<(), Refusals> {
    let (deposit, amount, reference) = (it.deposit, it.amount, it.reference);
    let booked = state.bank.lines.get(&deposit).filter(|it| it.amount > Money::ZERO);
    let booked = booked.ok_or(CashRefused::NotADeposit { reference: deposit })?;
    let mut no = Objections::default();
    let left = booked.returnable;
    no.unless(amount > Money::ZERO, CashRefused::AmountNotPositive { amount });
    no.unless(amount <= left, CashRefused::ReturnsTooMuch { left, wanted: amount });
    let account = state.ledger.cash.row(booked.account);
    let (free, currency) = (account.free, account.currency);
    no.unless(amount <= free, CashRefused::TooLittle { free, wanted: amount });
    let bank = no.take(super::in_currency(state, by.party(), currency));
    let out_line = Money::ZERO - amount.max(Money::ZERO);
    let shown =
        no.take(super::new_line(state, reference, (Some(booked.account), currency), out_line));
    let (to, shown) = no.settle_with(bank.zip(shown))?;
    let from = booked.account;
    out.push(Event::DepositReturned(DepositReturned { deposit, amount }));
    let line = LineBooked { reference, account: from, amount: out_line, shown };
    out.push(Event::LineBooked(line));
    out.push(Event::CashMoved(CashMoved { from, to, amount }));
    Ok(())
}

/// So much less of the deposit can be taken back.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &DepositReturned) {
    if let Some(line) = state.bank.lines.get_mut(&it.deposit) {
        line.returnable -= it.amount;
    }
}
