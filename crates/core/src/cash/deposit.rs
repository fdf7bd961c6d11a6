//! Deposit: the settlement bank books money that came in before its statement does, or says whose a
//! line in suspense is. The reference of the line is the key: booked twice, it is refused.

use super::CashRefused;
use super::line_booked::LineBooked;
use crate::authority::{Authorised, Right};
use crate::event::{Event, Events};
use crate::id::{BankReference, Label, PartyId};
use crate::ledger::posting::CashMoved;
use crate::quantity::Money;
use crate::refusal::{Objections, Refusals};
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
    /// The bank's reference of the line.
    #[n(2)]
    pub reference: BankReference,
    /// In which currency, where that is not the market's.
    #[n(3)]
    pub currency: Option<Label>,
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
    let mut no = Objections::default();
    let (party, amount, reference) = (it.party, it.amount, it.reference);
    let bank = by.party();
    no.unless(bank != party, CashRefused::BankItself { party });
    let from = no.take(super::in_currency(state, bank, it.currency));
    let to = no.take(super::in_currency(state, party, it.currency));
    no.unless(amount > Money::ZERO, CashRefused::AmountNotPositive { amount });
    no.take(super::fits(state, from, amount));
    let shown = no.take(super::new_line(state, reference, (to, it.currency), amount));
    let ((from, to), shown) = no.settle_with(from.zip(to).zip(shown))?;
    out.push(Event::LineBooked(LineBooked { reference, account: to, amount, shown }));
    out.push(Event::CashMoved(CashMoved { from, to, amount }));
    Ok(())
}
