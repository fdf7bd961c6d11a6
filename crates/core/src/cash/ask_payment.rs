//! Ask payment: a party announces money that it pays in, or asks for money to be paid out, in one
//! chain. What is to go out is set aside at once. A payment waits as long as the policy says.

use super::payment::{LEGS_MAX, Leg, Payment, UNDER_WAY_MAX, Way};
use super::{AMOUNT_MAX, CashRefused};
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::freezing;
use crate::id::{CashAccountId, HoldId, Label, PartyId, PaymentId};
use crate::ledger::posting::CashHeld;
use crate::party::Role;
use crate::quantity::Money;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// One leg, as it is asked.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LegAsked {
    /// Where the money goes.
    #[n(0)]
    pub way: Way,
    /// How much.
    #[n(1)]
    pub amount: Money,
    /// In which currency, where that is not the market's.
    #[n(2)]
    pub currency: Option<Label>,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AskPayment {
    /// Whose money it is.
    #[n(0)]
    pub party: PartyId,
    /// The chain.
    #[n(1)]
    pub legs: Vec<LegAsked>,
}

/// The fact; postings beside it set aside what is to go out.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PaymentAsked {
    /// Its id, in order.
    #[n(0)]
    pub payment: PaymentId,
    /// The payment.
    #[n(1)]
    pub row: Box<Payment>,
}

/// Whoever pays for the party.
pub fn right(_state: &State, it: &AskPayment) -> Result<Right, Refusals> {
    Ok(Right::Payer(it.party))
}

/// What only comes in takes one person.
pub fn needs_second(it: &AskPayment) -> bool {
    it.legs.iter().any(|it| it.way == Way::Out)
}

/// Checks the legs, and sets aside what is to go out.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &AskPayment,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (party, count) = (it.party, it.legs.len());
    no.unless((1..=LEGS_MAX).contains(&count), CashRefused::LegCount { count, most: LEGS_MAX });
    let role = state.parties.get(party).map(|it| it.role);
    no.unless(role != Some(Role::SettlementBank), CashRefused::BankItself { party });
    let own = state.bank.payments.values().filter(|it| it.party == party).count();
    no.unless(own < UNDER_WAY_MAX, CashRefused::TooManyUnderWay { most: UNDER_WAY_MAX });
    let frozen = needs_second(it) && freezing::is_holder_frozen(state, party);
    no.unless(!frozen, CashRefused::HolderFrozen { party });
    let legs = it.legs.iter().filter_map(|asked| no.take(leg(state, party, asked)));
    let mut legs: Vec<Leg> = legs.collect();
    let mut spent: BTreeMap<CashAccountId, Money> = BTreeMap::new();
    let goes_out = legs.iter_mut().filter(|it| it.way == Way::Out);
    for (leg, hold) in goes_out.zip(state.ledger.next_hold.0..) {
        leg.hold = Some(HoldId(hold));
        let (wanted, spent) = (leg.amount, spent.entry(leg.account).or_default());
        let free = state.ledger.cash.row(leg.account).free - *spent;
        no.unless(free >= wanted, CashRefused::TooLittle { free, wanted });
        *spent += wanted.min(free);
    }
    no.settle()?;
    let days = state.rules.as_ref().map_or(0, |it| i64::from(it.payment_days));
    let until = by.now().plus_days(days);
    for leg in &legs {
        if let Some(hold) = leg.hold {
            let (account, amount) = (leg.account, leg.amount);
            out.push(Event::CashHeld(CashHeld { account, hold, amount }));
        }
    }
    let (payment, sent) = (state.bank.next_payment, false);
    let row = Box::new(Payment { party, legs, until, sent });
    out.push(Event::PaymentAsked(PaymentAsked { payment, row }));
    Ok(())
}

/// A leg, before anything is set aside for it.
fn leg(state: &State, party: PartyId, asked: &LegAsked) -> Result<Leg, CashRefused> {
    let (way, amount) = (asked.way, asked.amount);
    let account = super::in_currency(state, party, asked.currency)?;
    if amount <= Money::ZERO {
        return Err(CashRefused::AmountNotPositive { amount });
    }
    if amount > AMOUNT_MAX {
        return Err(CashRefused::TooLarge { amount, most: AMOUNT_MAX });
    }
    Ok(Leg { way, amount, account, hold: None, line: None })
}

/// It is under way; its end is on the agenda.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &PaymentAsked) {
    state.agenda.enter(state.now, it.row.until, Due::Payment(it.payment));
    state.bank.payments.insert(it.payment, (*it.row).clone());
    state.bank.next_payment = PaymentId(it.payment.0.saturating_add(1));
}
