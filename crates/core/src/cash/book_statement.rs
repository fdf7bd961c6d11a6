//! Book statement: the settlement bank hands in the statement of a day for one currency. Lines that
//! show a leg of a payment, or name a cash account, are booked; all others are money in suspense,
//! each with its reason. What was booked before and is shown is confirmed; what should be shown and
//! is not is named. So is what remains between the bank's balance and the ledger.
//!
//! Statements follow one another: each opens with the balance with which the last one closed.

use super::CashRefused;
use super::bank::{LastStatement, Reason, Suspense};
use super::leg_shown::LegShown;
use super::line_booked::LineBooked;
use super::payment::{self, Leg, Payment};
use super::payment_ended::{PaymentEnd, PaymentEnded};
use crate::authority::{Authorised, Right};
use crate::calendar::Day;
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::{BankReference, CashAccountId, Label, PaymentId};
use crate::ledger::posting::{CashMoved, Posting};
use crate::quantity::Money;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use crate::time::DAY_MS;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// One statement has at most this many lines.
pub const LINES_MAX: usize = 5_000;

/// What a line says about whose money it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Names {
    /// Nothing.
    #[n(0)]
    Nobody,
    /// A cash account.
    #[n(1)]
    Account(#[n(0)] CashAccountId),
    /// A payment under way.
    #[n(2)]
    Payment(#[n(0)] PaymentId),
}

/// A line of a statement.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct StatementLine {
    /// The bank's reference.
    #[n(0)]
    pub reference: BankReference,
    /// How much; what went out is negative.
    #[n(1)]
    pub amount: Money,
    /// Whose it is.
    #[n(2)]
    pub names: Names,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BookStatement {
    /// The currency, where it is not the market's.
    #[n(0)]
    pub currency: Option<Label>,
    /// The day at whose end it closes.
    #[n(1)]
    pub day: Day,
    /// SHA-256 of the file.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub file: [u8; 32],
    /// The balance with which it opens.
    #[n(3)]
    pub opening: Money,
    /// The balance with which it closes.
    #[n(4)]
    pub closing: Money,
    /// Its lines.
    #[n(5)]
    pub lines: Vec<StatementLine>,
}

/// What a statement and the ledger say differently.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Difference {
    /// A line is not booked: money in suspense.
    #[n(0)]
    NotBooked(#[n(0)] BankReference, #[n(1)] Money, #[n(2)] Reason),
    /// A line was booked with the first amount and is shown with the second: what lies between is
    /// in suspense.
    #[n(1)]
    OtherAmount(#[n(0)] BankReference, #[n(1)] Money, #[n(2)] Money),
    /// A line is booked that the statement should show.
    #[n(2)]
    NotShown(#[n(0)] BankReference, #[n(1)] Money),
    /// A line stands on an earlier statement, or was booked in another currency.
    #[n(3)]
    Repeated(#[n(0)] BankReference, #[n(1)] Money),
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct StatementBooked {
    /// The statement, without its lines.
    #[n(0)]
    pub statement: Box<Summary>,
}

/// What came of a statement.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Summary {
    /// The currency, where it is not the market's.
    #[n(0)]
    pub currency: Option<Label>,
    /// The day at whose end it closes.
    #[n(1)]
    pub day: Day,
    /// SHA-256 of the file.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub file: [u8; 32],
    /// The bank's balance.
    #[n(3)]
    pub closing: Money,
    /// What the ledger says that the bank holds.
    #[n(4)]
    pub ledger: Money,
    /// How many lines it has.
    #[n(5)]
    pub lines: u32,
    /// Lines booked before that it shows, if with other amounts.
    #[n(6)]
    pub confirmed: Vec<BankReference>,
    /// What differs.
    #[n(7)]
    pub differences: Vec<Difference>,
    /// What all that is in suspense, and all that no statement has shown yet, leave unexplained of
    /// the difference between the bank's balance and the ledger.
    #[n(8)]
    pub unexplained: Money,
}

/// The settlement bank.
pub fn right(_state: &State, _it: &BookStatement) -> Result<Right, Refusals> {
    Ok(Right::Bank)
}

/// Checks that the statement follows the last one and adds up, and books its lines.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &BookStatement,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let bank = no.take(super::in_currency(state, by.party(), it.currency));
    check_lines(&mut no, it);
    // The day may have begun in the east of the region while it has not in the west.
    let today = Day(by.now().plus_days(1).0.div_euclid(DAY_MS));
    let day = it.day;
    no.unless(day <= today, CashRefused::StatementAhead { day });
    if let Some(LastStatement { day: last, closing }) = state.bank.statements.get(&it.currency) {
        let (last, closing) = (*last, *closing);
        // A day may have several statements: each opens with the balance of the one before.
        no.unless(day >= last, CashRefused::StatementBefore { day, last });
        let opening = it.opening;
        no.unless(opening == closing, CashRefused::OpensOtherwise { opening, last, closing });
    }
    let comes_in = it.lines.iter().map(|it| it.amount.0.max(0)).fold(0i64, i64::saturating_add);
    no.take(super::holds(state, bank, Money(comes_in)));
    let bank = no.settle_with(bank)?;
    let mut booking = Booking {
        state,
        draft: Draft::new(state, out),
        it,
        bank,
        payments: BTreeMap::new(),
        confirmed: BTreeSet::new(),
        differences: Vec::new(),
        booked: BTreeSet::new(),
    };
    for line in &it.lines {
        booking.line(line);
    }
    booking.end();
    Ok(())
}

/// A statement adds up, and names each line once.
fn check_lines(no: &mut Objections, it: &BookStatement) {
    let count = it.lines.len();
    no.unless(count <= LINES_MAX, CashRefused::LineCount { count, most: LINES_MAX });
    let mut seen = BTreeSet::new();
    for StatementLine { reference, amount, .. } in &it.lines {
        let (reference, amount) = (*reference, *amount);
        no.unless(seen.insert(reference), CashRefused::LineTwice { reference });
        let size = Money(amount.0.saturating_abs());
        no.unless(size > Money::ZERO, CashRefused::LineOfNothing { reference });
        let most = super::AMOUNT_MAX;
        no.unless(size <= most, CashRefused::TooLarge { amount: size, most });
    }
    let sum: i128 = it.lines.iter().map(|it| i128::from(it.amount.0)).sum();
    let between = i128::from(it.closing.0).saturating_sub(i128::from(it.opening.0));
    let (opening, closing) = (it.opening, it.closing);
    let sane = [opening, closing].iter().all(|it| it.0.saturating_abs() <= super::BALANCE_MAX.0);
    no.unless(sum == between && sane, CashRefused::AddsUpOtherwise { opening, closing });
}

/// A statement while it is booked.
struct Booking<'a> {
    state: &'a State,
    draft: Draft<'a>,
    it: &'a BookStatement,
    bank: CashAccountId,
    /// Payments that this statement touches, as they would be; none once they are booked.
    payments: BTreeMap<PaymentId, Option<Payment>>,
    confirmed: BTreeSet<BankReference>,
    differences: Vec<Difference>,
    /// Lines that are in suspense no longer.
    booked: BTreeSet<BankReference>,
}

impl Booking<'_> {
    fn line(&mut self, line: &StatementLine) {
        let (reference, amount) = (line.reference, line.amount);
        let known = &self.state.bank;
        if let Some(booked) = known.lines.get(&reference) {
            let currency = self.state.ledger.cash.row(booked.account).currency;
            if !known.unshown.contains_key(&reference) || currency != self.it.currency {
                return self.differences.push(Difference::Repeated(reference, amount));
            }
            self.confirmed.insert(reference);
            if booked.amount != amount {
                let it = Difference::OtherAmount(reference, booked.amount, amount);
                self.differences.push(it);
            }
        } else if known.suspense.contains_key(&reference) {
            self.differences.push(Difference::Repeated(reference, amount));
        } else {
            let done = match line.names {
                Names::Nobody => Err(Reason::NamesNobody),
                Names::Account(it) => self.comes_in(line, it),
                Names::Payment(it) => self.leg(line, it),
            };
            if let Err(reason) = done {
                self.differences.push(Difference::NotBooked(reference, amount, reason));
            }
        }
    }

    /// Money that comes in and names an account.
    fn comes_in(&mut self, line: &StatementLine, to: CashAccountId) -> Result<(), Reason> {
        let (reference, amount) = (line.reference, line.amount);
        let row = self.state.ledger.cash.get(to);
        let fits = row.is_some_and(|row| row.currency == self.it.currency);
        let fits = fits && to != self.bank && amount > Money::ZERO;
        if !fits || !self.has_room(to, amount) {
            return Err(Reason::NotThatAccount(to));
        }
        self.book((reference, to), amount);
        Ok(())
    }

    /// Books a line that this statement shows.
    fn book(&mut self, (reference, account): (BankReference, CashAccountId), amount: Money) {
        let line = LineBooked { reference, account, amount, shown: true };
        self.draft.note(Event::LineBooked(line));
        let bank = self.bank_for(account);
        let (from, to) = if amount < Money::ZERO { (account, bank) } else { (bank, account) };
        let amount = Money(amount.0.saturating_abs());
        self.draft.post(Posting::CashMoved(CashMoved { from, to, amount }));
    }

    /// The bank's account in the currency of a party's: there is one, or no statement of it.
    fn bank_for(&self, account: CashAccountId) -> CashAccountId {
        let row = |id| self.state.ledger.cash.row(id);
        let found = super::in_currency(self.state, row(self.bank).holder, row(account).currency);
        found.unwrap_or(self.bank)
    }

    /// Whether the bank's account can be the other side of so much more.
    fn has_room(&self, account: CashAccountId, amount: Money) -> bool {
        super::has_room(self.draft.cash_now(self.bank_for(account)).free, amount)
    }

    /// A line that names a payment.
    fn leg(&mut self, line: &StatementLine, payment: PaymentId) -> Result<(), Reason> {
        let no = Err(Reason::NotThatPayment(payment));
        let known = self.state.bank.payments.get(&payment).cloned();
        let Some(mut row) = self.payments.remove(&payment).unwrap_or(known) else {
            self.payments.insert(payment, None);
            return no;
        };
        let currency = |leg: &Leg| self.state.ledger.cash.row(leg.account).currency;
        let here = |leg: &Leg| currency(leg) == self.it.currency;
        let shows = |leg: &Leg| leg.line.is_none() && leg.signed() == line.amount;
        let back = Money::ZERO - line.amount;
        let takes_back = |leg: &Leg| leg.line.is_some() && leg.signed() == back;
        let shown = row.legs.iter().position(|it| here(it) && shows(it));
        let back = row.legs.iter().position(|it| here(it) && takes_back(it));
        let done = match (shown, back) {
            (Some(place), _) => self.show((payment, &mut row), place, line),
            (None, Some(place)) => {
                self.take_back((payment, &mut row), place, line.reference);
                Ok(())
            }
            (None, None) => no,
        };
        let over = row.legs.iter().all(|it| it.line.is_some());
        self.payments.insert(payment, (!over).then_some(row));
        done
    }

    /// A statement shows a leg; with the last one the chain is booked.
    fn show(
        &mut self,
        (payment, row): (PaymentId, &mut Payment),
        place: usize,
        line: &StatementLine,
    ) -> Result<(), Reason> {
        let comes_in = row.legs.iter().map(|it| it.signed().max(Money::ZERO)).sum();
        if !row.legs.iter().all(|it| self.has_room(it.account, comes_in)) {
            return Err(Reason::NotThatPayment(payment));
        }
        if let Some(leg) = row.legs.get_mut(place) {
            leg.line = Some(line.reference);
        }
        if row.legs.iter().any(|it| it.line.is_none()) {
            self.leg_shown((payment, place), Some(line.reference));
            return Err(Reason::Waits(payment));
        }
        payment::release(&mut self.draft, row);
        for leg in &row.legs {
            if let Some(reference) = leg.line {
                self.unsuspend(reference);
                self.book((reference, leg.account), leg.signed());
            }
        }
        let end = PaymentEnd::Booked;
        self.draft.note(Event::PaymentEnded(PaymentEnded { payment, end }));
        Ok(())
    }

    /// The bank took back what an earlier line showed: both are booked as nothing, and so never
    /// again.
    fn take_back(
        &mut self,
        (payment, row): (PaymentId, &mut Payment),
        place: usize,
        by: BankReference,
    ) {
        self.leg_shown((payment, place), None);
        let Some(leg) = row.legs.get_mut(place) else { return };
        for reference in leg.line.take().into_iter().chain([by]) {
            self.unsuspend(reference);
            let (account, amount) = (leg.account, Money::ZERO);
            let line = LineBooked { reference, account, amount, shown: true };
            self.draft.note(Event::LineBooked(line));
        }
    }

    fn leg_shown(&mut self, (payment, place): (PaymentId, usize), line: Option<BankReference>) {
        let leg = u8::try_from(place).unwrap_or(u8::MAX);
        self.draft.note(Event::LegShown(LegShown { payment, leg, line }));
    }

    /// A line is in suspense no longer, since this statement or from an earlier one.
    fn unsuspend(&mut self, reference: BankReference) {
        self.booked.insert(reference);
        let waits = |it: &Difference| match it {
            Difference::NotBooked(of, ..) => *of == reference,
            Difference::OtherAmount(..) | Difference::NotShown(..) | Difference::Repeated(..) => {
                false
            }
        };
        self.differences.retain(|it| !waits(it));
    }

    /// Names what the statement should show, and what remains.
    fn end(mut self) {
        let (bank, it) = (&self.state.bank, self.it);
        let currency = |id| self.state.ledger.cash.row(id).currency;
        // The bank may hand in what no account could hold: sums are reckoned with room.
        let mut unshown: i128 = 0;
        for (reference, day) in &bank.unshown {
            let booked = bank.lines.get(reference);
            let here = booked.filter(|row| currency(row.account) == it.currency);
            let Some(booked) = here.filter(|_| !self.confirmed.contains(reference)) else {
                continue;
            };
            unshown = unshown.saturating_add(booked.amount.0.into());
            if *day <= it.day {
                self.differences.push(Difference::NotShown(*reference, booked.amount));
            }
        }
        let before = bank.suspense.iter().filter(|(reference, row)| {
            row.currency == it.currency && !self.booked.contains(reference)
        });
        let before: i128 = before.map(|(_, row)| i128::from(row.amount.0)).sum();
        let added = self.differences.iter().map(|it| match it {
            Difference::NotBooked(_, amount, _) => i128::from(amount.0),
            Difference::OtherAmount(_, booked, came) => {
                i128::from(came.0).saturating_sub(booked.0.into())
            }
            Difference::Repeated(..) | Difference::NotShown(..) => 0,
        });
        let suspense = before.saturating_add(added.sum());
        let ledger = Money::ZERO - self.draft.cash_now(self.bank).free;
        let explained = i128::from(ledger.0).saturating_sub(unshown).saturating_add(suspense);
        let unexplained = i128::from(it.closing.0).saturating_sub(explained);
        let unexplained = unexplained.clamp(i64::MIN.into(), i64::MAX.into());
        let statement = Box::new(Summary {
            currency: it.currency,
            day: it.day,
            file: it.file,
            closing: it.closing,
            ledger,
            lines: u32::try_from(it.lines.len()).unwrap_or(u32::MAX),
            confirmed: self.confirmed.into_iter().collect(),
            differences: self.differences,
            unexplained: Money(i64::try_from(unexplained).unwrap_or_default()),
        });
        self.draft.note(Event::StatementBooked(StatementBooked { statement }));
    }
}

/// What was confirmed is no longer awaited; what is not booked is in suspense.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &StatementBooked) {
    let it = &it.statement;
    for reference in &it.confirmed {
        state.bank.unshown.remove(reference);
    }
    for difference in &it.differences {
        let (reference, amount, reason) = match *difference {
            Difference::NotBooked(reference, amount, reason) => (reference, amount, reason),
            Difference::OtherAmount(reference, booked, came) => {
                (reference, came - booked, Reason::OtherAmount)
            }
            Difference::Repeated(..) | Difference::NotShown(..) => continue,
        };
        let row = Suspense { currency: it.currency, amount, reason };
        state.bank.suspense.insert(reference, row);
    }
    let last = LastStatement { day: it.day, closing: it.closing };
    state.bank.statements.insert(it.currency, last);
}
