//! `karvan import`: takes over what a register elsewhere has locked for use here, and compares its
//! statement of a day with what lives here.

use crate::calc::sheet::{Row, Sheet};
use crate::store::{self, Store};
use crate::{Output, journal};
use anyhow::{Result, bail};
use karvan_core::account::{self, AccountNumber};
use karvan_core::calendar::Day;
use karvan_core::id::{AccountId, Label, PersonId};
use karvan_core::ledger::Serials;
use karvan_core::mirror::ForeignBlock;
use karvan_core::mirror::import_holdings::{ImportHoldings, ImportRow, ROWS_MAX};
use karvan_core::mirror::reconcile_mirror::{MirrorDifference, ReconcileMirror};
use karvan_core::quantity::Tonnes;
use karvan_core::time::{DAY_MS, Instant, Year};
use karvan_core::{Event, State};
use karvan_views::facts;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub(crate) enum Import {
    /// Take over holdings: account,year,first,last,lock. All mistakes are named at once, and
    /// nothing is taken over from a file with mistakes.
    Holdings(RegisterFile),
    /// Compare all that is locked there, year,first,last,lock, with what lives here; accounts
    /// whose units have lost their lock are stopped.
    Statement {
        #[command(flatten)]
        file: RegisterFile,
        /// The day of the statement, such as 2028-02-01.
        #[arg(long, value_parser = journal::moment)]
        day: Instant,
    },
}

#[derive(clap::Args)]
pub(crate) struct RegisterFile {
    /// The register's statement as UTF-8 CSV with a header.
    file: PathBuf,
    /// The data directory; no server may have it open.
    #[arg(long)]
    store: PathBuf,
    /// The code of the jurisdiction whose register it is.
    #[arg(long)]
    jurisdiction: String,
    /// The person of the administrator that asks.
    #[arg(long, value_name = "PERSON")]
    by: u32,
    /// The other person that approves.
    #[arg(long, value_name = "PERSON")]
    approve: Option<u32>,
    #[command(flatten)]
    output: Output,
}

impl RegisterFile {
    fn persons(&self) -> (PersonId, Option<PersonId>) {
        (PersonId(self.by), self.approve.map(PersonId))
    }
}

/// `karvan import`.
pub(crate) fn run(it: &Import) -> Result<()> {
    match it {
        Import::Holdings(it) => holdings(it),
        Import::Statement { file, day } => statement(file, *day),
    }
}

fn hash(file: &std::path::Path) -> Result<[u8; 32]> {
    Ok(Sha256::digest(std::fs::read(file)?).into())
}

/// Foreign serials of a row.
fn block(sheet: &mut Sheet, row: Row) -> Option<ForeignBlock> {
    let serial = |text: &str| text.parse::<u64>().ok().filter(|it| *it > 0);
    let year = |text: &str| text.parse().ok().filter(|it| (1990..=2200).contains(it)).map(Year);
    let year = sheet.value((row, "year"), "a year such as 2028", year);
    let first = sheet.value((row, "first"), "a serial number from 1 on", serial);
    let last = sheet.value((row, "last"), "a serial number from 1 on", serial);
    let lock = sheet.value((row, "lock"), "a reference of up to 24 characters", Label::new);
    let (first, last) = first.zip(last)?;
    if last < first {
        sheet.wrong((row, "last"), "it comes before the first");
        return None;
    }
    let serials = Serials { first, count: Tonnes(last - first + 1) };
    Some(ForeignBlock { year: year?, serials, lock: lock? })
}

/// An account by the number that people know it by.
fn account(state: &State, text: &str) -> Option<AccountId> {
    account::by_number(state, AccountNumber::parse(text).ok()?)
}

fn holdings(it: &RegisterFile) -> Result<()> {
    let mut sheet = Sheet::read(&it.file, &["account", "year", "first", "last", "lock"], &[])?;
    let statement = hash(&it.file)?;
    let mut store = Store::open(&it.store)?;
    let jurisdiction = store::jurisdiction(store.state(), &it.jurisdiction)?;
    let mut rows = Vec::new();
    for row in sheet.rows() {
        let known = |text: &str| account(store.state(), text);
        let account = sheet.value((row, "account"), "the number of an account here", known);
        let block = block(&mut sheet, row);
        if let Some((account, block)) = account.zip(block) {
            rows.push(ImportRow { account, block });
        }
    }
    sheet.end()?;
    if rows.is_empty() || rows.len() > ROWS_MAX {
        bail!("{} has {} rows; one statement has 1 to {ROWS_MAX}", it.file.display(), rows.len());
    }
    let sum: u128 = rows.iter().map(|it| u128::from(it.block.serials.count.0)).sum();
    let count = rows.len();
    let import = ImportHoldings { jurisdiction, statement, rows };
    let record = store.ask(it.persons(), import.into())?;
    let mut out = std::io::stdout().lock();
    let hash = facts::hex(&statement);
    if it.output.json {
        let answer = json!({
            "rows": count, "units_t": sum, "record": record, "statement": hash
        });
        writeln!(out, "{answer:#}")?;
    } else {
        writeln!(out, "{count} rows, {sum}: taken over with record {record}")?;
        writeln!(out, "statement  {hash}")?;
    }
    Ok(())
}

fn statement(it: &RegisterFile, day: Instant) -> Result<()> {
    let mut sheet = Sheet::read(&it.file, &["year", "first", "last", "lock"], &["account"])?;
    let statement = hash(&it.file)?;
    let mut blocks = Vec::new();
    for row in sheet.rows() {
        blocks.extend(block(&mut sheet, row));
    }
    sheet.end()?;
    let mut store = Store::open(&it.store)?;
    let jurisdiction = store::jurisdiction(store.state(), &it.jurisdiction)?;
    let count = blocks.len();
    let day = Day(day.0.div_euclid(DAY_MS));
    let compare = ReconcileMirror { jurisdiction, day, statement, blocks };
    let record = store.ask(it.persons(), compare.into())?;
    drop(store);
    let differences = differences(it, record)?;
    let mut out = std::io::stdout().lock();
    if it.output.json {
        let told: Vec<_> = differences
            .iter()
            .map(|it| {
                json!({
                    "year": it.year.0,
                    "first": it.serials.first,
                    "last": it.serials.end() - 1,
                    "account": it.account.map(|it| it.0),
                })
            })
            .collect();
        let answer = json!({ "blocks": count, "record": record, "differences": told });
        writeln!(out, "{answer:#}")?;
        return Ok(());
    }
    writeln!(out, "{count} blocks compared with record {record}: {} differ", differences.len())?;
    for it in &differences {
        let (first, last) = (it.serials.first, it.serials.end() - 1);
        match it.account {
            Some(account) => writeln!(
                out,
                "  {}: {first}-{last} live here (account {account}) and are not locked there; the \
                 accounts that hold them are stopped",
                it.year
            )?,
            None => {
                writeln!(out, "  {}: {first}-{last} are locked there and not here", it.year)?;
            }
        }
    }
    Ok(())
}

/// What the record says.
fn differences(it: &RegisterFile, record: u64) -> Result<Vec<MirrorDifference>> {
    let events = journal::facts(&it.store, record)?;
    let mut found = Vec::new();
    for event in &events {
        if let Event::MirrorReconciled(it) = event {
            found.clone_from(&it.differences);
        }
    }
    Ok(found)
}
