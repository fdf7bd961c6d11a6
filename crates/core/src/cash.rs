//! Money: cash accounts, payments, and what the settlement bank's statements say.
//!
//! Money comes in and goes out in two phases. A party asks a payment: it announces what it pays in,
//! or has what is to go out set aside, to the account in its own name that the bank knows. The bank
//! sends what is to go out. Once its statement shows all legs of a payment, they are booked in one
//! record; until then the whole of it can be void, or expires. Whose money a line of a statement
//! is, the reference on the payment says (ISO 11649). What none explains is money in suspense.

pub mod ask_payment;
pub mod bank;
pub mod book_statement;
pub mod creditor_reference;
pub mod deposit;
pub mod fixing;
pub mod leg_shown;
pub mod line_booked;
pub mod open_cash_account;
pub mod payment;
pub mod payment_ended;
pub mod publish_fixing;
pub mod return_deposit;
pub mod send_payment;
pub mod void_payment;

use crate::calendar::Day;
use crate::cash::bank::{Reason, Suspense};
use crate::id::{BankReference, CashAccountId, Label, PartyId, PaymentId};
use crate::planted::{self, Fault};
use crate::quantity::Money;
use crate::refusal::refusals;
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
        ReferenceBooked { reference: BankReference } = 405
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
        /// There is no such payment, or it has ended.
        PaymentUnknown { payment: PaymentId } = 431
            => "payment {payment} is not under way; it was booked, taken back or has expired",
        /// A chain is bounded.
        LegCount { count: usize, most: usize } = 432
            => "the payment has {count} legs; it has 1 to {most}",
        /// Payments under way are bounded.
        TooManyUnderWay { most: usize } = 433
            => "{most} payments of the party are under way; take back one that is not needed",
        /// Nothing leaves a frozen holder.
        HolderFrozen { party: PartyId } = 434
            => "party {party} is frozen; nothing is paid out to it",
        /// What only comes in is not sent.
        NothingToSend { payment: PaymentId } = 435
            => "payment {payment} only comes in; the statement books it",
        /// The money is on its way.
        Sent { payment: PaymentId } = 436
            => "the bank has sent payment {payment}; ask the bank, if it is not to be",
        /// A statement shows a part of the chain.
        LineWaits { payment: PaymentId, reference: BankReference } = 437
            => "line {reference} shows a leg of payment {payment}, which only the bank can make \
                void now",
        /// Only deposits are returned.
        NotADeposit { reference: BankReference } = 438
            => "no deposit is booked under {reference}",
        /// No more goes back than came.
        ReturnsTooMuch { left: Money, wanted: Money } = 439
            => "{wanted} is more than the {left} of the deposit that can go back",
        /// The statement says otherwise.
        LineOtherwise { reference: BankReference, shown: Money } = 440
            => "of line {reference} {shown} are in suspense, by the currency and account it is for",
        /// A statement is bounded.
        LineCount { count: usize, most: usize } = 441
            => "the statement has {count} lines; one has at most {most}; hand in two",
        /// A line stands once on a statement.
        LineTwice { reference: BankReference } = 442
            => "the statement has line {reference} twice",
        /// A line moves money.
        LineOfNothing { reference: BankReference } = 443 => "line {reference} moves nothing",
        /// What a statement says of itself holds.
        AddsUpOtherwise { opening: Money, closing: Money } = 444
            => "the lines do not lead from {opening} to {closing}; is a line missing?",
        /// A statement is of a day that is over.
        StatementAhead { day: Day } = 445 => "{day} lies ahead",
        /// Statements follow one another.
        StatementBefore { day: Day, last: Day } = 446
            => "the statement is of {day}; the one of {last} is booked, and days follow each other",
        /// Statements follow one another.
        OpensOtherwise { opening: Money, last: Day, closing: Money } = 447
            => "it opens with {opening}; the last one, of {last}, closed with {closing}: is one \
                missing between them?",
        /// What is booked ahead of the statements is bounded.
        TooManyNotShown { most: usize } = 448
            => "{most} lines are booked that no statement has shown; hand in the statement first",
        /// The bank's own account is the other side of every line.
        BankItself { party: PartyId } = 408
            => "party {party} is the settlement bank, whose account is the other side of every \
                line",
    }
}

/// So many lines may be booked that no statement has shown yet.
pub const UNSHOWN_MAX: usize = 20_000;
/// The most that the bank holds for all in a currency, and the largest balance of a statement, in
/// cents.
const BALANCE_MAX: Money = Money(4_000_000_000_000_000_000);
/// The most money one line of a statement moves, in cents.
pub const AMOUNT_MAX: Money = Money(1_000_000_000_000_000);

/// Whether the bank's account can be the other side of what comes in.
fn holds(state: &State, bank: Option<CashAccountId>, comes_in: Money) -> Result<(), CashRefused> {
    let balance = bank.map(|it| state.ledger.cash.row(it).free).unwrap_or_default();
    if has_room(balance, comes_in) {
        Ok(())
    } else {
        Err(CashRefused::TooLarge { amount: comes_in, most: AMOUNT_MAX })
    }
}

/// Whether the bank can hold so much more.
fn has_room(balance: Money, comes_in: Money) -> bool {
    balance.0.saturating_sub(comes_in.0) >= BALANCE_MAX.0.saturating_neg()
}

/// The same for one line.
fn fits(state: &State, bank: Option<CashAccountId>, amount: Money) -> Result<(), CashRefused> {
    if amount > AMOUNT_MAX {
        return Err(CashRefused::TooLarge { amount, most: AMOUNT_MAX });
    }
    holds(state, bank, amount)
}

/// A line that is booked for the first time: whether a statement shows it already.
fn new_line(
    state: &State,
    reference: BankReference,
    (account, currency): (Option<CashAccountId>, Option<Label>),
    amount: Money,
) -> Result<bool, CashRefused> {
    let booked = state.bank.lines.get(&reference);
    let shown = state.bank.suspense.get(&reference);
    if booked.is_some() && shown.is_none() && !planted::has(Fault::BankTwice) {
        return Err(CashRefused::ReferenceBooked { reference });
    }
    if let Some(Suspense { reason: Reason::Waits(payment), .. }) = shown.copied() {
        return Err(CashRefused::LineWaits { payment, reference });
    }
    if shown.is_none() && state.bank.unshown.len() >= UNSHOWN_MAX {
        return Err(CashRefused::TooManyNotShown { most: UNSHOWN_MAX });
    }
    let mine = account.is_none_or(|it| booked.is_none_or(|booked| booked.account == it));
    match shown {
        None => Ok(false),
        Some(it) if it.currency == currency && it.amount == amount && mine => Ok(true),
        Some(it) => Err(CashRefused::LineOtherwise { reference, shown: it.amount }),
    }
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
    has_free(state, in_currency(state, party, currency)?, wanted)
}

/// A cash account, if it has at least `wanted` free.
pub(crate) fn has_free(
    state: &State,
    id: CashAccountId,
    wanted: Money,
) -> Result<CashAccountId, CashRefused> {
    let free = state.ledger.cash.row(id).free;
    if free >= wanted { Ok(id) } else { Err(CashRefused::TooLittle { free, wanted }) }
}
