//! A statement of the settlement bank as it is read from a file, whatever its format.

use super::camt053;
use crate::calc::input;
use crate::calc::sheet::Sheet;
use anyhow::{Context, Result, bail};
use karvan_core::calendar::Day;
use karvan_core::cash::book_statement::{BookStatement, Names, StatementLine};
use karvan_core::cash::creditor_reference::{self, Named};
use karvan_core::id::{BankReference, Label};
use karvan_core::quantity::Money;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The most bytes a file may have.
const BYTES_MAX: u64 = 32 * 1024 * 1024;

/// A statement of one day and one currency.
pub(super) struct Statement {
    pub(super) currency: String,
    pub(super) day: Day,
    pub(super) opening: Money,
    pub(super) closing: Money,
    pub(super) lines: Vec<StatementLine>,
    /// Entries that are announced and not booked at the bank.
    pub(super) pending: usize,
}

/// What a table does not say of itself.
#[derive(clap::Args)]
pub(super) struct About {
    /// Of a table: the day at whose end it closes, such as 2028-02-01.
    #[arg(long, value_parser = day)]
    day: Option<Day>,
    /// Of a table: the balance with which it opens.
    #[arg(long, value_parser = money, allow_hyphen_values = true)]
    opening: Option<Money>,
    /// Of a table: the balance with which it closes.
    #[arg(long, value_parser = money, allow_hyphen_values = true)]
    closing: Option<Money>,
    /// Of a table: its currency; without it that of the market.
    #[arg(long)]
    currency: Option<String>,
}

fn day(text: &str) -> Result<Day, String> {
    input::day(text).ok_or_else(|| format!("\"{text}\" is no day; expected is 2028-02-01"))
}

fn money(text: &str) -> Result<Money, String> {
    let amount = input::cents(text).map(Money);
    amount.ok_or_else(|| format!("\"{text}\" is no amount; expected is one such as 1250.00"))
}

/// What the text beside a payment says about whose it is.
pub(super) fn names(text: &str) -> Names {
    match creditor_reference::find(text) {
        None => Names::Nobody,
        Some(Named::Account(it)) => Names::Account(it),
        Some(Named::Payment(it)) => Names::Payment(it),
    }
}

/// Reads a file: a camt.053 message, or a table.
pub(super) fn read(
    file: &Path,
    about: &About,
    quoted: Label,
) -> Result<(Vec<Statement>, [u8; 32])> {
    let name = file.display().to_string();
    let size = std::fs::metadata(file).with_context(|| format!("{name} cannot be read"))?.len();
    if size > BYTES_MAX {
        bail!("{name} has {size} bytes; at most {BYTES_MAX} are read");
    }
    let bytes = std::fs::read(file).with_context(|| format!("{name} cannot be read"))?;
    let hash = Sha256::digest(&bytes).into();
    let is_table = file.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv"));
    if is_table {
        return Ok((vec![table(file, about, quoted)?], hash));
    }
    let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8 text"))?;
    Ok((camt053::read(&name, &text)?, hash))
}

/// A table `reference,amount,text`: what goes out is negative, and the text names whose it is.
fn table(file: &Path, about: &About, quoted: Label) -> Result<Statement> {
    let (Some(day), Some(opening), Some(closing)) = (about.day, about.opening, about.closing)
    else {
        bail!("of a table --day, --opening and --closing say what it is a statement of");
    };
    let mut sheet = Sheet::read(file, &["reference", "amount"], &["text"])?;
    let mut lines = Vec::new();
    for row in sheet.rows() {
        let allowed = "the bank's reference of up to 35 characters without spaces";
        let reference = sheet.value((row, "reference"), allowed, BankReference::new);
        let allowed = "an amount such as 1250.00; what goes out is negative";
        let amount = sheet.value((row, "amount"), allowed, |it| input::cents(it).map(Money));
        let names = names(sheet.text(row, "text"));
        // Lines of nothing move nothing.
        let amount = amount.filter(|it| *it != Money::ZERO);
        if let Some((reference, amount)) = reference.zip(amount) {
            lines.push(StatementLine { reference, amount, names });
        }
    }
    sheet.end()?;
    let currency = about.currency.clone().unwrap_or_else(|| quoted.to_string());
    Ok(Statement { currency, day, opening, closing, lines, pending: 0 })
}

impl Statement {
    /// The command that books it.
    pub(super) fn command(self, quoted: Label, file: [u8; 32]) -> Result<BookStatement> {
        let Self { day, opening, closing, lines, .. } = self;
        let currency = Label::new(&self.currency);
        let currency = currency.with_context(|| format!("{} is no currency", self.currency))?;
        let currency = (currency != quoted).then_some(currency);
        Ok(BookStatement { currency, day, file, opening, closing, lines })
    }
}
