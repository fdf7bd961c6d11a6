//! `karvan journal`: verify, show and export the journal of a store.

use crate::Output;
use crate::store::Store;
use anyhow::{Context, Result};
use karvan_core::command::kind_name;
use karvan_core::id::PersonId;
use karvan_core::invariant;
use karvan_core::publication::{YEARS_LATER, public_from};
use karvan_core::{Event, RecordHeader};
use karvan_engine::frame::{self, Frame};
use karvan_engine::journal::Journal;
use karvan_engine::journal::file::{FileJournal, FileOptions};
use karvan_engine::journal::recovery::Purpose;
use karvan_engine::reconcile;
use karvan_engine::shadow::{Difference, Shadow};
use karvan_engine::snapshot::Snapshot;
use karvan_engine::storage::DiskStorage;
use karvan_views::facts;
use karvan_views::project::public_fields;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Bytes of frames read at a time.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// Opens the journal of a data directory that is there.
fn open(dir: &Path) -> Result<FileJournal> {
    anyhow::ensure!(
        dir.is_dir(),
        "{} is no data directory; name one that `karvan demo` or `karvan rehearse` has made",
        dir.display()
    );
    let disk = DiskStorage::open(dir).with_context(|| dir.display().to_string())?;
    let options = FileOptions { purpose: Purpose::Read, ..FileOptions::default() };
    let (journal, found) =
        FileJournal::open(Arc::new(disk), options).with_context(|| dir.display().to_string())?;
    if let Some(it) = found.dropped {
        eprintln!(
            "karvan: {}: a batch that was not finished is left out at byte {} ({} records, \
             {}); nobody had an answer for it",
            it.file, it.offset, it.records, it.what
        );
    }
    Ok(journal)
}

fn each_frame(
    journal: &FileJournal,
    from: u64,
    mut take: impl FnMut(&Frame<'_>) -> Result<bool>,
) -> Result<()> {
    let mut next = from;
    while next <= journal.last() {
        let frames = journal.read(next, READ_BYTES)?;
        for frame in frame::frames(&frames) {
            let frame = frame.map_err(|what| anyhow::anyhow!("record {next}: {what}"))?;
            if !take(&frame)? {
                return Ok(());
            }
            next = frame.header.record.position + 1;
        }
    }
    Ok(())
}

/// What reading every record of a store comes to.
struct Read {
    replayed: Snapshot,
    shadow: Shadow,
    chain: karvan_engine::frame::Hash,
}

/// Reads every record: chain, checksums, invariants after replay, and the shadow log.
fn read_all(dir: &Path) -> Result<Read> {
    let journal = open(dir)?;
    let mut replayed = Snapshot::empty();
    let mut shadow = Shadow::default();
    while replayed.state.position < journal.last() {
        let frames = journal.read(replayed.state.next_position(), READ_BYTES)?;
        replayed.replay(&frames)?;
        for frame in frame::frames(&frames).flatten() {
            shadow.take_frame(&frame).context("the shadow log finds a record that does not fit")?;
        }
    }
    let differences = shadow.reconcile(&replayed.state);
    if !differences.is_empty() {
        return Err(Differ(differences).into());
    }
    invariant::sweep(&replayed.state);
    anyhow::ensure!(replayed.chain == journal.chain(), "the chain of records is broken");
    let chain = journal.chain();
    Ok(Read { replayed, shadow, chain })
}

/// Ledger and shadow log differ.
#[derive(Debug)]
struct Differ(Vec<Difference>);

impl std::fmt::Display for Differ {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "ledger and shadow log differ in {} blocks:", self.0.len())?;
        for it in self.0.iter().take(SHOWN) {
            write!(to, "\n  {it}")?;
        }
        let more = self.0.len().saturating_sub(SHOWN);
        if more > 0 {
            write!(to, "\n  and {more} more")?;
        }
        write!(to, "\nstop the accounts concerned with --stop-by PERSON")
    }
}

impl std::error::Error for Differ {}

/// So many differences are shown.
const SHOWN: usize = 20;

/// Stops the accounts about which ledger and shadow log differ, and says so.
fn stop(dir: &Path, by: PersonId, differences: &[Difference]) -> Result<()> {
    let mut store = Store::open(dir)?;
    let commands = reconcile::stop(differences, &store.state().stopped);
    if commands.is_empty() {
        eprintln!("karvan: all accounts concerned are stopped already");
    }
    for command in commands {
        let names: Vec<String> = command.accounts.iter().map(ToString::to_string).collect();
        let record = store.ask((by, None), command.into())?;
        eprintln!("karvan: accounts {} are stopped with record {record}", names.join(", "));
    }
    Ok(())
}

/// Takes each record from a position on, until told to stop.
pub(crate) fn each_record(
    dir: &Path,
    from: u64,
    mut take: impl FnMut(&RecordHeader, &[Event]) -> bool,
) -> Result<()> {
    let journal = open(dir)?;
    each_frame(&journal, from, |frame| {
        let events = frame.events().map_err(|it| anyhow::anyhow!("{it}"))?;
        Ok(take(&frame.header.record, &events))
    })
}

/// The facts of one record.
pub(crate) fn facts(dir: &Path, record: u64) -> Result<Vec<Event>> {
    let mut found = Vec::new();
    each_record(dir, record, |_, events| {
        found = events.to_vec();
        false
    })?;
    Ok(found)
}

/// The state of a store.
pub(crate) fn state(dir: &Path) -> Result<karvan_core::State> {
    Ok(read_all(dir)?.replayed.state)
}

/// How many records a store has, all of them read, and the hash of the last one.
pub(crate) fn check(dir: &Path) -> Result<(u64, karvan_engine::frame::Hash)> {
    let read = read_all(dir)?;
    Ok((read.replayed.state.position, read.chain))
}

/// `karvan journal verify`.
pub(crate) fn verify(dir: &Path, stop_by: Option<u32>, output: Output) -> Result<()> {
    let started = Instant::now();
    let read = read_all(dir);
    if let (Err(error), Some(by)) = (&read, stop_by)
        && let Some(Differ(differences)) = error.downcast_ref()
    {
        stop(dir, PersonId(by), differences)?;
    }
    let Read { replayed, shadow, chain } = read?;
    let (records, chain) = (replayed.state.position, facts::hex(&chain));
    let hash = facts::hex(&replayed.state.hash());
    let mut out = std::io::stdout().lock();
    if output.json {
        let shadow = json!({ "series": shadow.series(), "blocks": shadow.blocks() });
        let answer = json!({
            "records": records, "chain": chain, "state_hash": hash, "shadow": shadow
        });
        writeln!(out, "{answer:#}")?;
    } else {
        writeln!(out, "{}: all is well", dir.display())?;
        writeln!(
            out,
            "  records     {records}, each with its checksum and its place in the chain"
        )?;
        writeln!(out, "  chain head  {chain}")?;
        writeln!(out, "  state hash  {hash}")?;
        writeln!(out, "  invariants  hold after replay of all records")?;
        writeln!(
            out,
            "  shadow log  agrees on the owner of every serial: {} blocks of {} series",
            shadow.blocks(),
            shadow.series()
        )?;
        writeln!(out, "  time        {:.2} s", started.elapsed().as_secs_f64())?;
    }
    Ok(())
}

/// `karvan journal show`.
pub(crate) fn show(dir: &Path, from: Option<u64>, count: u64) -> Result<()> {
    let journal = open(dir)?;
    let last = journal.last();
    let from = from.unwrap_or((last + 1).saturating_sub(count)).max(1);
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}: {last} records, chain head {}",
        dir.display(),
        facts::hex(&journal.chain())
    )?;
    let mut shown = 0;
    each_frame(&journal, from, |frame| {
        let header = &frame.header;
        let kind = kind_name(header.kind).unwrap_or("unknown");
        let (record, id) = (&header.record, header.id);
        writeln!(
            out,
            "\n{:>8}  {}  {kind} by person {}  (command {id})",
            record.position, record.at, record.actor
        )?;
        for event in frame.events().map_err(|it| anyhow::anyhow!("{it}"))? {
            writeln!(out, "          {}", facts::json(&event))?;
        }
        shown += 1;
        Ok(shown < count)
    })
}

/// `karvan journal export`.
pub(crate) fn export(dir: &Path) -> Result<()> {
    let journal = open(dir)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    each_frame(&journal, 1, |frame| {
        let header = &frame.header;
        let events = frame.events().map_err(|it| anyhow::anyhow!("{it}"))?;
        let line = json!({
            "position": header.record.position,
            "at": header.record.at.to_string(),
            "kind": kind_name(header.kind),
            "actor": header.record.actor.0,
            "command": header.id.to_string(),
            "command_hash": facts::hex(&header.command_hash),
            "previous": facts::hex(&header.previous),
            "facts": events.iter().map(facts::json).collect::<Vec<_>>(),
        });
        writeln!(out, "{line}")?;
        Ok(true)
    })?;
    out.flush()?;
    Ok(())
}

/// A day as people write it, in UTC.
pub(crate) fn moment(text: &str) -> Result<karvan_core::time::Instant, String> {
    let local = crate::calc::local(text);
    local.map(|it| karvan_core::time::Instant(it.0)).ok_or_else(|| {
        "expected is a day such as 2031-05-01, or a time such as 2031-05-01T12:00".to_owned()
    })
}

/// `karvan journal public`.
pub(crate) fn public(
    dir: &Path,
    at: Option<karvan_core::time::Instant>,
    output: Output,
) -> Result<()> {
    let journal = open(dir)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut years = YEARS_LATER;
    let mut last = karvan_core::time::Instant(i64::MIN);
    each_frame(&journal, journal.last().max(1), |frame| {
        last = frame.header.record.at;
        Ok(true)
    })?;
    let at = at.unwrap_or(last);
    each_frame(&journal, 1, |frame| {
        let record = frame.header.record;
        for event in frame.events().map_err(|it| anyhow::anyhow!("{it}"))? {
            if let karvan_core::Event::PolicyAdopted(it) = &event {
                years = it.rules.publication_years;
            }
            if public_from(&event, record.at, years).is_none_or(|from| from > at) {
                continue;
            }
            let fact = public_fields(&event);
            if output.json {
                let line = json!({
                    "position": record.position,
                    "at": record.at.to_string(),
                    "public": fact,
                });
                writeln!(out, "{line}")?;
            } else {
                writeln!(out, "{:>8}  {}  {fact}", record.position, record.at)?;
            }
        }
        Ok(true)
    })?;
    out.flush()?;
    Ok(())
}
