//! `karvan calc`: the market's own rules as calculators, so that anyone can audit a decision.
//!
//! Every calculator calls the function of `core` that the market calls. Prints a table, or with
//! `--json` one JSON object.

mod account;
mod auction;
mod call;
mod compliance;
mod couple;
mod delay;
mod emissions;
mod fixing;
pub(crate) mod input;
mod reserve;
pub(crate) mod sheet;
mod trading;

use crate::Output;
pub(crate) use input::local;

use clap::Subcommand;
use serde_json::Value;
use std::io::Write;

#[derive(Subcommand)]
pub(crate) enum Calc {
    /// Check an account number, or make its check digits.
    Account(account::Account),
    /// When a transfer is executed that was approved at a moment.
    Delay(delay::Delay),
    /// What a report's source streams come to.
    Emissions(emissions::Emissions),
    /// The compliance letter of an installation after each thing that happened to it.
    Compliance(compliance::Compliance),
    /// What the quantity rule of the European Union takes out, gives back and cancels.
    Reserve(reserve::Reserve),
    /// Clear a primary auction from its bids.
    Auction(Box<auction::Auction>),
    /// Clear a call auction from its orders.
    Call(call::Call),
    /// Clear linked markets at once from their orders and links.
    Couple(couple::Couple),
    /// Play orders of continuous trading through the book.
    Match(trading::Match),
}

/// Runs a calculator.
pub(crate) fn run(calc: &Calc) -> anyhow::Result<()> {
    match calc {
        Calc::Account(it) => account::run(it),
        Calc::Delay(it) => delay::run(it),
        Calc::Emissions(it) => emissions::run(it),
        Calc::Compliance(it) => compliance::run(it),
        Calc::Reserve(it) => reserve::run(it),
        Calc::Auction(it) => auction::run(it),
        Calc::Call(it) => call::run(it),
        Calc::Couple(it) => couple::run(it),
        Calc::Match(it) => trading::run(it),
    }
}

/// Prints an answer: as JSON, or as text for a person.
fn answer(output: Output, value: &Value, text: impl FnOnce() -> String) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if output.json {
        writeln!(out, "{value:#}")?;
    } else {
        write!(out, "{}", text())?;
    }
    Ok(())
}
