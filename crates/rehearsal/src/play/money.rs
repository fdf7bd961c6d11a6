//! Money that comes in and goes out: buyers pay in what they lack, treasuries take out what their
//! governments earned, and each year the settlement bank's statement is booked.

use super::Play;
use karvan_core::Command;
use karvan_core::calendar::Day;
use karvan_core::cash::ask_payment::{AskPayment, LegAsked};
use karvan_core::cash::book_statement::{BookStatement, LINES_MAX, Names, StatementLine};
use karvan_core::cash::deposit::Deposit;
use karvan_core::cash::payment::Way;
use karvan_core::cash::send_payment::SendPayment;
use karvan_core::id::{BankReference, PartyId, PersonId};
use karvan_core::party::Role;
use karvan_core::quantity::Money;
use karvan_core::time::{DAY_MS, Instant};
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;

/// What went through the settlement bank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Banked {
    /// Paid in.
    pub paid_in: Money,
    /// Paid out to treasuries.
    pub paid_out: Money,
    /// Statements booked.
    pub statements: u64,
    /// Lines that are nobody's, and bookings that no statement showed, in the end.
    pub open: usize,
    /// What bank and ledger differ by in the end.
    pub differs: Money,
}

impl<J: Journal> Play<J> {
    fn reference(&mut self) -> BankReference {
        self.statement_line += 1;
        BankReference::of_number(self.statement_line)
    }

    /// Money comes in; the bank books it before its statement does.
    pub(super) fn deposit(&mut self, party: PartyId, amount: Money) -> (PersonId, Command) {
        let reference = self.reference();
        self.banked.paid_in += amount;
        (self.bank, Deposit { party, amount, reference, currency: None }.into())
    }

    /// Governments take out what they earned, and the statement is booked that shows it, and all
    /// deposits since the last one.
    pub(super) fn book_statement(&mut self, at: Instant) -> Result<(), Stopped> {
        let state = self.state();
        let governments = state.parties.iter().filter_map(|(party, row)| {
            let free = state.ledger.cash.row(row.cash?).free;
            let earns = row.role == Role::NationalAdministrator && free > Money::ZERO;
            earns.then_some((row.person, party, free))
        });
        let asked = governments.map(|(person, party, amount)| {
            let leg = LegAsked { way: Way::Out, amount, currency: None };
            (person, AskPayment { party, legs: vec![leg] }.into())
        });
        let asked: Vec<(PersonId, Command)> = asked.collect();
        self.send(asked)?;
        let payments: Vec<_> = self.state().bank.payments.keys().copied().collect();
        let bank = self.bank;
        self.send(payments.iter().map(|it| (bank, SendPayment { payment: *it }.into())).collect())?;
        let known = &self.state().bank;
        let line = |(reference, amount, names)| StatementLine { reference, amount, names };
        let shown = known.unshown.keys().filter_map(|it| Some((*it, known.lines.get(it)?.amount)));
        let mut lines: Vec<StatementLine> =
            shown.map(|(it, amount)| line((it, amount, Names::Nobody))).collect();
        let sent = |payment| known.payments.get(payment).and_then(|it| it.legs.first());
        let out: Vec<_> =
            payments.iter().filter_map(|it| Some((*it, sent(it)?.signed()))).collect();
        let opening = known.statements.get(&None).map(|it| it.closing).unwrap_or_default();
        for (payment, amount) in out {
            self.banked.paid_out += Money::ZERO - amount;
            lines.push(line((self.reference(), amount, Names::Payment(payment))));
        }
        let (day, file, currency) = (Day(at.0.div_euclid(DAY_MS)), [0; 32], None);
        let mut opening = opening;
        for part in lines.chunks(LINES_MAX) {
            let closing = opening + part.iter().map(|it| it.amount).sum();
            let lines = part.to_vec();
            let statement = BookStatement { currency, day, file, opening, closing, lines };
            self.send(vec![(bank, statement.into())])?;
            self.banked.statements += 1;
            opening = closing;
        }
        Ok(())
    }

    /// See [`Banked`].
    pub(super) fn banked(&self) -> Banked {
        let state = self.state();
        let bank = state.parties.iter().find(|(_, it)| it.role == Role::SettlementBank);
        let cash = bank.and_then(|(_, it)| it.cash).map(|it| state.ledger.cash.row(it).free);
        let closing = state.bank.statements.get(&None).map(|it| it.closing);
        let open = state.bank.suspense.len() + state.bank.unshown.len();
        let differs = closing.unwrap_or_default() + cash.unwrap_or_default();
        Banked { open, differs, ..self.banked }
    }
}
