//! Money: cash accounts, and what the settlement bank's statements say.

pub mod deposit;
pub mod fixing;
pub mod open_cash_account;
pub mod publish_fixing;
pub mod withdraw;

use crate::authority::Authorised;
use crate::id::{CashAccountId, Label, PartyId};
use crate::planted::{self, Fault};
use crate::quantity::Money;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;

refusals! {
    /// Why money cannot be booked.
    pub enum CashRefused {
        /// The party has none.
        NoCashAccount { party: PartyId } = 401
            => "party {party} has no cash account; ask the settlement bank to open one",
        /// The party has one.
        CashAccountExists { party: PartyId } = 402 => "party {party} has a cash account",
        /// There is no such party.
        PartyUnknown { party: PartyId } = 403 => "there is no party {party}",
        /// Amounts are positive.
        AmountNotPositive { amount: Money } = 404 => "the amount is {amount}; it must be positive",
        /// A line of a statement is booked once.
        ReferenceBooked { reference: u64 } = 405
            => "line {reference} of the bank's statements is booked",
        /// There is too little free money.
        TooLittle { free: Money, wanted: Money } = 406
            => "the account has {free} free, less than the {wanted} asked for",
        /// A line of a statement is bounded, and so is what the bank holds.
        TooLarge { amount: Money, most: Money } = 407
            => "the amount is {amount}; one line books at most {most}, as long as the bank's \
                balance can hold it",
        /// The party has none in this currency.
        NoAccountIn { party: PartyId, currency: Label } = 409
            => "party {party} has no cash account in {currency}; ask the settlement bank to open \
                one",
        /// The bank's own account is the other side of every line.
        BankItself { party: PartyId } = 408
            => "party {party} is the settlement bank, whose account is the other side of every \
                line",
    }
}

/// The most money one line of a statement moves, in cents.
pub const AMOUNT_MAX: Money = Money(1_000_000_000_000_000);

/// A line of the bank's statements, and the account it is about as far as it was found.
struct Line {
    party: PartyId,
    account: Result<CashAccountId, CashRefused>,
    currency: Option<Label>,
    amount: Money,
    reference: u64,
}

/// The two accounts of a line.
struct Accounts {
    bank: CashAccountId,
    party: CashAccountId,
}

/// Checks a line of the bank's statement: its amount, and that it is booked for the first time.
fn check_line(state: &State, by: &Authorised<'_>, line: Line) -> Result<Accounts, Refusals> {
    let Line { party, account, currency, amount, reference } = line;
    let mut no = Objections::default();
    let holder = by.party();
    no.unless(holder != party, CashRefused::BankItself { party });
    let bank = no.take(in_currency(state, holder, currency));
    let account = no.take(account);
    no.unless(amount > Money::ZERO, CashRefused::AmountNotPositive { amount });
    let balance = bank.map(|it| state.ledger.cash.row(it).free).unwrap_or_default();
    let fits = balance.0.checked_sub(amount.0).is_some() && amount <= AMOUNT_MAX;
    no.unless(fits, CashRefused::TooLarge { amount, most: AMOUNT_MAX });
    let booked = state.bank_references.contains(&reference);
    let booked = booked && !planted::has(Fault::BankTwice);
    no.unless(!booked, CashRefused::ReferenceBooked { reference });
    let (bank, party) = no.settle_with(bank.zip(account))?;
    Ok(Accounts { bank, party })
}

/// A party's cash account.
pub fn of(state: &State, party: PartyId) -> Result<CashAccountId, CashRefused> {
    state.cash_account_of(party).ok_or(CashRefused::NoCashAccount { party })
}

/// A party's cash account in a currency; in the market's where none is named.
pub fn in_currency(
    state: &State,
    party: PartyId,
    currency: Option<Label>,
) -> Result<CashAccountId, CashRefused> {
    let Some(currency) = currency else { return of(state, party) };
    let found = state.foreign_cash.get(&(party, currency)).copied();
    found.ok_or(CashRefused::NoAccountIn { party, currency })
}

/// A party's cash account, with at least `wanted` free.
pub fn with_free(
    state: &State,
    party: PartyId,
    wanted: Money,
) -> Result<CashAccountId, CashRefused> {
    free_in(state, (party, None), wanted)
}

/// The same in a currency.
pub fn free_in(
    state: &State,
    (party, currency): (PartyId, Option<Label>),
    wanted: Money,
) -> Result<CashAccountId, CashRefused> {
    let id = in_currency(state, party, currency)?;
    let free = state.ledger.cash.row(id).free;
    if free >= wanted { Ok(id) } else { Err(CashRefused::TooLittle { free, wanted }) }
}
