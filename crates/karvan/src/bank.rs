//! `karvan bank`: what goes between the market and its settlement bank.

mod camt053;
mod statement;

use crate::store::Store;
use crate::table::Table;
use crate::{Output, journal};
use anyhow::{Context, Result};
use karvan_core::cash::bank::Reason;
use karvan_core::cash::book_statement::{BookStatement, Difference, Summary};
use karvan_core::cash::creditor_reference::Named;
use karvan_core::cash::payment::{Payment, Way};
use karvan_core::id::{CashAccountId, Label, PaymentId, PersonId};
use karvan_core::party::Role;
use karvan_core::quantity::Money;
use karvan_core::{Command, Context as Sender, Event, Events, State, decide};
use karvan_views::facts;
use serde_json::{Value, json};
use statement::About;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(clap::Subcommand)]
pub(crate) enum Bank {
    /// Book a statement, a camt.053 message or a table reference,amount,text, and name every
    /// difference between it and the ledger.
    Statement(Booking),
    /// Show payments under way, lines in suspense, and what each party writes on what it pays in.
    Payments {
        /// The data directory.
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(clap::Args)]
pub(crate) struct Booking {
    /// The statement: a camt.053 message, or a table whose name ends in .csv.
    file: PathBuf,
    /// The data directory; no server may have it open.
    #[arg(long)]
    store: PathBuf,
    /// The person of the settlement bank that hands it in.
    #[arg(long, value_name = "PERSON")]
    by: u32,
    /// Only say what would come of it; nothing is booked.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    output: Output,
}

/// `karvan bank`.
pub(crate) fn run(it: &Bank) -> Result<()> {
    match it {
        Bank::Statement(it) => book(it),
        Bank::Payments { dir, output } => payments(dir, *output),
    }
}

/// What came of one statement.
struct Done {
    summary: Summary,
    /// Lines that were booked.
    booked: usize,
    /// Entries that are announced and not booked at the bank.
    pending: usize,
    /// The record, and what is in suspense after it: none of a dry run.
    record: Option<(u64, usize, Money)>,
}

impl Done {
    fn of(events: &[Event], pending: usize, record: Option<(u64, usize, Money)>) -> Option<Self> {
        let mut found = None;
        let mut booked = 0;
        for event in events {
            if let Event::LineBooked(_) = event {
                booked += 1;
            }
            if let Event::StatementBooked(it) = event {
                found = Some((*it.statement).clone());
            }
        }
        Some(Self { summary: found?, booked, pending, record })
    }
}

fn quoted(state: &State) -> Result<Label> {
    Ok(state.rules.as_ref().context("the store has no policy yet")?.currency)
}

fn book(it: &Booking) -> Result<()> {
    let mut store = Store::open(&it.store)?;
    let currency = quoted(store.state())?;
    let (statements, file) = statement::read(&it.file, &it.about, currency)?;
    let person = PersonId(it.by);
    let (mut found, mut records, mut skipped, mut refused) = (Vec::new(), Vec::new(), 0, None);
    for statement in statements {
        let pending = statement.pending;
        let command = statement.command(currency, file)?;
        if it.dry_run {
            found.push(Done::of(&would(&store, person, command)?, pending, None));
            // What follows would be decided on the state after it.
            break;
        }
        let of = command.currency;
        let last = store.state().bank.statements.get(&of);
        if last.is_some_and(|it| (it.day, it.closing) == (command.day, command.closing)) {
            // The file is handed in again because a later statement of it was refused.
            skipped += 1;
            continue;
        }
        let record = match store.ask((person, None), command.into()) {
            Ok(record) => record,
            Err(why) => {
                refused = Some(why);
                break;
            }
        };
        let suspense = store.state().bank.suspense.values().filter(|it| it.currency == of);
        let (count, sum) =
            suspense.fold((0, 0), |(n, sum), it| (n + 1, sum + i128::from(it.amount.0)));
        let sum = Money(i64::try_from(sum).unwrap_or(i64::MAX));
        records.push((pending, (record, count, sum)));
    }
    // Whoever reads the journal waits until the store is closed.
    drop(store);
    for (pending, record) in records {
        found.push(Done::of(&journal::facts(&it.store, record.0)?, pending, Some(record)));
    }
    let done: Option<Vec<Done>> = found.into_iter().collect();
    let done = done.context("the record says nothing of the statement")?;
    let mut out = std::io::stdout().lock();
    if it.output.json {
        let all: Vec<Value> = done.iter().map(|it| as_json(it, currency)).collect();
        let all = json!({
            "file": facts::hex(&file),
            "statements": all,
            "booked_before": skipped,
        });
        writeln!(out, "{all:#}")?;
    } else {
        for it in &done {
            write!(out, "{}", as_text(it, currency))?;
        }
        if skipped > 0 {
            writeln!(out, "booked before: {skipped} of the file's statements")?;
        }
    }
    // What was booked before the refusal stays, and was told.
    refused.map_or(Ok(()), Err)
}

/// The facts that a statement would cause.
fn would(store: &Store, actor: PersonId, command: BookStatement) -> Result<Vec<Event>> {
    let command = Command::from(command);
    let command_hash = command.hash(actor);
    let now = store.state().now;
    let sender = Sender { actor, now, approvals: Vec::new(), command_hash };
    let mut out = Events::default();
    decide(store.state(), &sender, &command, &mut out)
        .map_err(|no| anyhow::anyhow!("person {actor}: {no}"))?;
    Ok(out.list().to_vec())
}

/// Why a line is not booked, in words.
fn why(reason: Reason, amount: Money) -> String {
    match reason {
        Reason::NamesNobody if amount < Money::ZERO => {
            "it names nobody; the bank returns a deposit by it, or puts it right".to_owned()
        }
        Reason::NamesNobody => "it names nobody; the bank books it as a deposit".to_owned(),
        Reason::NotThatAccount(it) => {
            format!("it names {}, no account for this", Named::Account(it))
        }
        Reason::NotThatPayment(it) => {
            format!("it names {}, which is over or has no such leg", Named::Payment(it))
        }
        Reason::Waits(it) => format!("it waits for the other legs of {}", Named::Payment(it)),
        Reason::OtherAmount => "this much more or less than what was booked".to_owned(),
    }
}

/// A difference: reference, amount, what it is.
fn told(it: &Difference) -> (String, Money, String) {
    match it {
        Difference::NotBooked(reference, amount, reason) => {
            (reference.to_string(), *amount, format!("in suspense: {}", why(*reason, *amount)))
        }
        Difference::OtherAmount(reference, booked, came) => {
            let what = format!("in suspense: {booked} was booked, the statement says {came}");
            (reference.to_string(), *came - *booked, what)
        }
        Difference::NotShown(reference, amount) => {
            let what = "booked here, and the statement does not show it".to_owned();
            (reference.to_string(), *amount, what)
        }
        Difference::Repeated(reference, amount) => {
            let what = "an earlier statement showed it, or it was booked in another currency";
            (reference.to_string(), *amount, what.to_owned())
        }
    }
}

fn as_text(done: &Done, quoted: Label) -> String {
    let it = &done.summary;
    let currency = it.currency.unwrap_or(quoted);
    let mut text = String::new();
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<13}{value}\n"));
    line("statement", format!("{currency}, {}, {} lines", it.day, it.lines));
    match done.record {
        Some((record, ..)) => line("record", record.to_string()),
        None => line("record", "none: a dry run".to_owned()),
    }
    line("booked", format!("{} now, {} before and confirmed", done.booked, it.confirmed.len()));
    if done.pending > 0 {
        line("announced", format!("{} entries that the bank has not booked", done.pending));
    }
    line("bank", format!("{} {currency}", it.closing));
    line("ledger", format!("{} {currency}", it.ledger));
    if let Some((_, count, sum)) = done.record {
        line("in suspense", format!("{sum} {currency}, lines: {count}"));
    }
    line("unexplained", format!("{} {currency}", it.unexplained));
    if it.differences.is_empty() {
        text.push_str("no differences\n");
        return text;
    }
    let mut table = Table::new(&["reference", "what differs", &format!("amount|{currency}")]);
    for it in &it.differences {
        let (reference, amount, what) = told(it);
        table.add(vec![reference, what, amount.to_string()]);
    }
    format!("{text}\n{table}")
}

fn as_json(done: &Done, quoted: Label) -> Value {
    let it = &done.summary;
    let differences = it.differences.iter().map(|it| {
        let (reference, amount, what) = told(it);
        json!({ "reference": reference, "amount": amount.to_string(), "what": what })
    });
    json!({
        "currency": it.currency.unwrap_or(quoted).as_str(),
        "day": it.day.to_string(),
        "lines": it.lines,
        "record": done.record.map(|it| it.0),
        "in_suspense": done.record.map(|it| it.2.to_string()),
        "booked": done.booked,
        "confirmed": it.confirmed.len(),
        "announced": done.pending,
        "bank": it.closing.to_string(),
        "ledger": it.ledger.to_string(),
        "unexplained": it.unexplained.to_string(),
        "differences": differences.collect::<Vec<Value>>(),
    })
}

/// The currency of a cash account.
fn currency_of(state: &State, account: CashAccountId, quoted: Label) -> Label {
    state.ledger.cash.row(account).currency.unwrap_or(quoted)
}

fn payments(dir: &Path, output: Output) -> Result<()> {
    let state = journal::state(dir)?;
    let quoted = quoted(&state)?;
    let mut out = std::io::stdout().lock();
    if output.json {
        let payments: Vec<Value> =
            state.bank.payments.iter().map(|it| payment_json(&state, it, quoted)).collect();
        let suspense = state.bank.suspense.iter().map(|(reference, it)| {
            json!({
                "reference": reference.as_str(),
                "currency": it.currency.unwrap_or(quoted).as_str(),
                "amount": it.amount.to_string(),
                "why": why(it.reason, it.amount),
            })
        });
        let accounts = accounts(&state).map(|(id, party)| {
            json!({
                "reference": Named::Account(id).to_string(),
                "party": party,
                "currency": currency_of(&state, id, quoted).as_str(),
                "free": state.ledger.cash.row(id).free.to_string(),
                "held": state.ledger.cash.row(id).held.to_string(),
            })
        });
        let statements = state.bank.statements.iter().map(|(currency, it)| {
            json!({
                "currency": currency.unwrap_or(quoted).as_str(),
                "day": it.day.to_string(),
                "closing": it.closing.to_string(),
            })
        });
        let all = json!({
            "statements": statements.collect::<Vec<Value>>(),
            "payments": payments,
            "suspense": suspense.collect::<Vec<Value>>(),
            "not_shown": state.bank.unshown.keys().map(|it| it.as_str()).collect::<Vec<_>>(),
            "accounts": accounts.collect::<Vec<Value>>(),
        });
        writeln!(out, "{all:#}")?;
        return Ok(());
    }
    write!(out, "{}", payments_text(&state, quoted))?;
    Ok(())
}

fn payments_text(state: &State, quoted: Label) -> String {
    let mut text = String::new();
    let mut payments = Table::new(&["payment", "party", "legs", "on statements", "expires"]);
    for (id, it) in &state.bank.payments {
        let shown = it.legs.iter().filter(|it| it.line.is_some()).count();
        let expires = match (it.sent, shown) {
            (true, _) => "no: sent".to_owned(),
            (false, 0) => it.until.to_string(),
            (false, _) => "no: a line waits".to_owned(),
        };
        payments.add(vec![
            Named::Payment(*id).to_string(),
            it.party.to_string(),
            legs(state, it, quoted).join(", "),
            format!("{shown} of {}", it.legs.len()),
            expires,
        ]);
    }
    text.push_str(&format!("payments under way: {}\n\n", state.bank.payments.len()));
    if !state.bank.payments.is_empty() {
        text.push_str(&format!("{payments}\n"));
    }
    text.push_str(&format!("lines in suspense: {}\n\n", state.bank.suspense.len()));
    if !state.bank.suspense.is_empty() {
        let mut table = Table::new(&["reference", "why", "amount"]);
        for (reference, it) in &state.bank.suspense {
            let amount = format!("{} {}", it.amount, it.currency.unwrap_or(quoted));
            table.add(vec![reference.to_string(), why(it.reason, it.amount), amount]);
        }
        text.push_str(&format!("{table}\n"));
    }
    for (currency, it) in &state.bank.statements {
        let currency = currency.unwrap_or(quoted);
        let closing = it.closing;
        text.push_str(&format!("last statement {}, closed with {closing} {currency}\n", it.day));
    }
    text.push_str(&format!(
        "lines booked that no statement has shown yet: {}\n\n",
        state.bank.unshown.len()
    ));
    let mut table = Table::new(&["write on payments", "party", "free", "held", "currency"]);
    for (id, party) in accounts(state) {
        let row = state.ledger.cash.row(id);
        table.add(vec![
            Named::Account(id).to_string(),
            party.to_string(),
            row.free.to_string(),
            row.held.to_string(),
            currency_of(state, id, quoted).to_string(),
        ]);
    }
    text.push_str(&format!("{table}"));
    text
}

fn legs(state: &State, it: &Payment, quoted: Label) -> Vec<String> {
    let leg = |it: &karvan_core::cash::payment::Leg| {
        let way = if it.way == Way::Out { "out" } else { "in" };
        format!("{way} {} {}", it.amount, currency_of(state, it.account, quoted))
    };
    it.legs.iter().map(leg).collect()
}

/// The cash accounts of parties other than the bank, and their parties.
fn accounts(state: &State) -> impl Iterator<Item = (CashAccountId, u32)> {
    state.ledger.cash.iter().filter_map(|(id, row)| {
        let is_bank = state.parties.row(row.holder).role == Role::SettlementBank;
        (!is_bank).then_some((id, row.holder.0))
    })
}

fn payment_json(state: &State, (id, it): (&PaymentId, &Payment), quoted: Label) -> Value {
    let shown = it.legs.iter().filter(|it| it.line.is_some()).count();
    json!({
        "reference": Named::Payment(*id).to_string(),
        "party": it.party.0,
        "legs": legs(state, it, quoted),
        "on_statements": shown,
        "sent": it.sent,
        "expires": (!it.sent && shown == 0).then(|| it.until.to_string()),
    })
}
