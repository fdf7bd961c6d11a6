//! `karvan journal letters`: the compliance letters of a store as they stood just before any
//! moment.

use crate::table::Table;
use crate::{Output, journal, store};
use anyhow::{Context, Result};
use karvan_core::account::Installation;
use karvan_core::compliance::{duties, letter};
use karvan_core::id::JurisdictionId;
use karvan_core::time::{Instant, Year};
use karvan_core::{State, apply};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Letters {
    /// The data directory.
    dir: PathBuf,
    /// The moment, such as 2029-07-01: what was recorded before it counts, and nothing else.
    /// Without it all counts.
    #[arg(long, value_parser = journal::moment)]
    at: Option<Instant>,
    /// The code of one jurisdiction; without it all are shown.
    #[arg(long)]
    jurisdiction: Option<String>,
    /// The label of one installation.
    #[arg(long)]
    installation: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// An installation's letter, and what it follows from.
struct Row<'a> {
    code: String,
    installation: &'a Installation,
    year: Year,
    letter: &'static str,
    frozen: Option<&'static str>,
    verified: u64,
    surrendered: u64,
    excused: u64,
}

impl Row<'_> {
    /// Surrendered less verified, what was carried from earlier years included.
    fn figure(&self) -> i128 {
        i128::from(self.surrendered) + i128::from(self.excused) - i128::from(self.verified)
    }
}

/// The state just before a moment.
fn state_before(it: &Letters) -> Result<State> {
    let mut state = State::default();
    journal::each_record(&it.dir, 1, |header, events| {
        if it.at.is_some_and(|at| header.at >= at) {
            return false;
        }
        events.iter().for_each(|event| apply(&mut state, header, event));
        true
    })?;
    Ok(state)
}

fn rows<'a>(state: &'a State, it: &Letters) -> Result<Vec<Row<'a>>> {
    let only = it.jurisdiction.as_ref().map(|it| store::jurisdiction(state, it)).transpose()?;
    let rules = state.rules.as_ref().context("the store has no policy yet at that moment")?;
    let code = |id: JurisdictionId| {
        rules.jurisdiction(id).map(|it| it.code.to_string()).unwrap_or_default()
    };
    // The years before the one that runs are judged.
    let just_before = it.at.map(|at| Instant(at.0.saturating_sub(1)));
    let now = just_before.unwrap_or(state.now).max(state.now);
    let year = Year(u16::try_from(now.date().0 - 1).unwrap_or(0));
    let wanted = |row: &&Installation| {
        let here = only.is_none_or(|it| it == row.jurisdiction);
        let named = it.installation.as_ref().is_none_or(|it| it == row.label.as_str());
        here && named && row.obliged_from.is_some()
    };
    let installations = state.installations.iter().map(|(_, it)| it).filter(wanted);
    let row = |installation: &'a Installation| {
        let duties = duties(installation, year);
        Row {
            code: code(installation.jurisdiction),
            installation,
            year,
            letter: letter(installation, year).name(),
            frozen: installation.letters.get(&year).map(|it| it.name()),
            verified: duties.emissions.values().map(|it| it.0).sum(),
            surrendered: duties.surrendered.0 - installation.excused.0,
            excused: installation.excused.0,
        }
    };
    Ok(installations.map(row).collect())
}

/// `karvan journal letters`.
pub(crate) fn run(it: &Letters) -> Result<()> {
    let state = state_before(it)?;
    let rows = rows(&state, it)?;
    let mut out = std::io::stdout().lock();
    if it.output.json {
        let all: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "installation": row.installation.label.as_str(),
                    "jurisdiction": row.code,
                    "years_up_to": row.year.0,
                    "status": row.letter,
                    "frozen": row.frozen,
                    "verified_t": row.verified,
                    "surrendered_t": row.surrendered,
                    "excused_t": row.excused,
                    "figure_t": i64::try_from(row.figure()).ok(),
                })
            })
            .collect();
        writeln!(out, "{:#}", serde_json::Value::Array(all))?;
        return Ok(());
    }
    let mut table = Table::new(&[
        "installation",
        "jurisdiction",
        "years|up to",
        "letter",
        "frozen at|deadline",
        "verified|t",
        "surrendered|t",
        "excused|t",
        "figure|t",
    ]);
    for row in &rows {
        table.add(vec![
            row.installation.label.to_string(),
            row.code.clone(),
            row.year.to_string(),
            row.letter.to_owned(),
            row.frozen.unwrap_or("-").to_owned(),
            row.verified.to_string(),
            row.surrendered.to_string(),
            row.excused.to_string(),
            row.figure().to_string(),
        ]);
    }
    write!(out, "{table}")?;
    writeln!(
        out,
        "\n{} installations that owe or will owe units, after record {} ({}).\nFigure: surrendered \
         and excused less verified, all years together.",
        rows.len(),
        state.position,
        state.now
    )?;
    Ok(())
}
