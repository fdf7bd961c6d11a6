//! `karvan demo` and `karvan rehearse`: play the years of a market and show what came of them.

mod expected;
mod links;
mod products;

use crate::Output;
use crate::data;
use crate::policy;
use crate::serve;
use crate::table::Table;
use anyhow::{Context, Result, bail};
use expected::Compared;
use indicatif::{ProgressBar, ProgressStyle};
use karvan_core::quantity::{Money, Price, Tonnes};
use karvan_core::rules::Stage;
use karvan_engine::journal::Journal;
use karvan_engine::journal::file::{FileJournal, FileOptions};
use karvan_engine::journal::memory::MemoryJournal;
use karvan_engine::journal::resume::Resume;
use karvan_engine::storage::DiskStorage;
use karvan_policy::Policy;
use karvan_rehearsal::{INSTALLATIONS, Outcome, Play, PlayStage, Settings, YearRow};
use karvan_views::facts::hex;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The policy that is shipped, compiled in, so that the demo needs no file.
const PILOT: &str = include_str!("../../../policies/eco-pilot.toml");

/// What the demo can be asked.
#[derive(clap::Args)]
pub(crate) struct Demo {
    /// Where the store is kept.
    #[arg(long, default_value = "karvan-demo")]
    data_dir: PathBuf,
    /// How progress is told.
    #[arg(long, value_enum, default_value_t)]
    progress: Progress,
    /// End when it is rehearsed, instead of serving its portal.
    #[arg(long)]
    no_serve: bool,
    #[command(flatten)]
    place: serve::Where,
    #[command(flatten)]
    output: Output,
}

/// How the progress of long work is told, on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Progress {
    /// A bar, when a person looks.
    #[default]
    Bar,
    /// One JSON object a step, each written when all its records are on disk.
    Lines,
}

/// What a rehearsal can be asked.
#[derive(clap::Args)]
pub(crate) struct Rehearse {
    /// The policy file.
    policy: PathBuf,
    /// The years, such as 2027-2030; by default the first four of the policy.
    #[arg(long)]
    years: Option<String>,
    /// The seed of all chance; by default the policy's.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the store is kept; without it nothing is kept.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// A table of installations in place of the project's own (CSV, the same columns).
    #[arg(long)]
    installations: Option<PathBuf>,
    /// Show beside its prices those of the equilibrium model, and what keeps them apart.
    #[arg(long)]
    expect: bool,
    /// How progress is told.
    #[arg(long, value_enum, default_value_t)]
    progress: Progress,
    #[command(flatten)]
    output: Output,
}

/// What is asked of a play beside its settings.
#[derive(Clone, Copy)]
struct Ask {
    expect: bool,
    progress: Progress,
    output: Output,
}

/// `karvan demo`.
pub(crate) fn demo(it: &Demo) -> Result<()> {
    let policy =
        Policy::parse(PILOT).map_err(|it| anyhow::anyhow!("the shipped policy: {it:?}"))?;
    let settings = settings(policy, None, None, INSTALLATIONS)?;
    let ask = Ask { expect: false, progress: it.progress, output: it.output };
    play(settings, Some(&it.data_dir), ask)?;
    serve::keep_document(&it.data_dir, PILOT)?;
    if it.no_serve {
        return Ok(());
    }
    serve::rehearsed(&it.data_dir, &it.place)
}

/// `karvan rehearse`.
pub(crate) fn rehearse(it: &Rehearse) -> Result<()> {
    let policy = policy::read(&it.policy)?;
    if let Some(it) = policy.jurisdictions.iter().find(|it| it.quote.is_some()) {
        let (code, other) = (&it.code, it.quote.as_deref().unwrap_or_default());
        let currency = &policy.currency;
        bail!(
            "{code} is traded in {other}; a rehearsal plays markets traded in {currency}: its \
             people reckon in one currency. Leave quote_currency out to rehearse the market"
        );
    }
    let years = it.years.as_deref().map(|text| read_years(text, &policy)).transpose()?;
    let table = match &it.installations {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("{} cannot be read", file.display()))?,
        None => INSTALLATIONS.to_owned(),
    };
    let settings = settings(policy, years, it.seed, &table).with_context(|| {
        it.installations.as_ref().map_or_else(String::new, |it| it.display().to_string())
    })?;
    let ask = Ask { expect: it.expect, progress: it.progress, output: it.output };
    play(settings, it.data_dir.as_deref(), ask)?;
    match &it.data_dir {
        Some(dir) => serve::keep_document(dir, &policy::text_of(&it.policy)?),
        None => Ok(()),
    }
}

fn read_years(text: &str, policy: &Policy) -> Result<(u16, u16)> {
    let (first, last) = (policy.first_year, policy.last_year);
    let parts = text.split_once('-').unwrap_or((text, text));
    let years = parts.0.parse().ok().zip(parts.1.parse().ok());
    match years {
        Some(it) if first <= it.0 && it.0 <= it.1 && it.1 <= last => Ok(it),
        _ => bail!(
            "--years {text} is not allowed; allowed are years within {first}-{last}, \
             such as 2027-2030"
        ),
    }
}

fn settings(
    policy: Policy,
    years: Option<(u16, u16)>,
    seed: Option<u64>,
    table: &str,
) -> Result<Settings> {
    let (plants, sites) = (data::plants(table)?, data::sites()?);
    let (first, last) =
        years.unwrap_or((policy.first_year, policy.last_year.min(policy.first_year + 3)));
    let seed = seed.unwrap_or(policy.rehearsal.seed);
    Ok(Settings { policy, plants, sites, first, last, seed })
}

fn play(
    settings: Settings,
    dir: Option<&Path>,
    Ask { expect, progress, output }: Ask,
) -> Result<()> {
    let played = settings.clone();
    let started = Instant::now();
    let currency = settings.policy.currency.clone();
    let name = settings.policy.name.clone();
    let bar = if progress == Progress::Bar { bar() } else { ProgressBar::hidden() };
    let watcher = Watcher { bar: &bar, progress };
    let (outcome, found) = match dir {
        None => (run(settings, MemoryJournal::forgetful(), watcher)?.0, 0),
        Some(dir) => {
            let disk = DiskStorage::open(dir).with_context(|| dir.display().to_string())?;
            let (journal, found) = FileJournal::open(Arc::new(disk), FileOptions::default())
                .with_context(|| dir.display().to_string())?;
            if let Some(it) = &found.dropped {
                bar.suspend(|| {
                    eprintln!("karvan: an unfinished batch of {} records is dropped", it.records);
                });
            }
            let resume = Resume::new(journal);
            let stored = resume.stored();
            if stored > 0 {
                bar.println(format!(
                    "{} holds {stored} records: the rehearsal is played again, compared with them, \
                     and continued",
                    dir.display()
                ));
            }
            let (outcome, market) =
                run(settings, resume, watcher).with_context(|| dir.display().to_string())?;
            let held = market.writer().journal().inner().last();
            anyhow::ensure!(
                held == outcome.records,
                "{} holds {held} records, but this rehearsal ends with record {}: the store was \
                 made for more years; name another --data-dir",
                dir.display(),
                outcome.records
            );
            (outcome, stored)
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    let compared = expect.then(|| Compared::of(&played, &outcome, &bar)).transpose()?;
    bar.finish_and_clear();
    let told = Told { name, currency, dir, found, compared, seconds };
    let mut out = std::io::stdout().lock();
    if output.json {
        writeln!(out, "{:#}", as_json(&outcome, &told))?;
        return Ok(());
    }
    write!(out, "{}", as_text(&outcome, &told))?;
    Ok(())
}

type Ran<J> = (Outcome, karvan_rehearsal::Market<J>);

/// Who is told how far the play has come.
#[derive(Clone, Copy)]
struct Watcher<'a> {
    bar: &'a ProgressBar,
    progress: Progress,
}

impl Watcher<'_> {
    fn see(self, it: PlayStage) {
        if self.progress == Progress::Lines {
            let (step, of, at) = (it.done, it.all, it.at.to_string());
            eprintln!("{}", json!({ "step": step, "of": of, "at": at, "records": it.records }));
            return;
        }
        self.bar.set_length(it.all as u64);
        self.bar.set_position(it.done as u64);
        let (year, month, _) = it.at.date();
        self.bar.set_message(format!("{year}-{month:02}, {} records", it.records));
    }
}

fn run<J: Journal>(settings: Settings, journal: J, watcher: Watcher<'_>) -> Result<Ran<J>> {
    Ok(Play::new(settings, journal).run(&mut |it| watcher.see(it))?)
}

fn bar() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:40} {percent:>3} %  market time {msg}  {elapsed}");
    let bar = ProgressBar::new(1);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// What is told beside the outcome.
struct Told<'a> {
    name: String,
    currency: String,
    dir: Option<&'a Path>,
    found: u64,
    compared: Option<Compared>,
    seconds: f64,
}

fn stage(it: Stage) -> &'static str {
    match it {
        Stage::Observer => "observer",
        Stage::Crediting => "crediting",
        Stage::Pilot => "pilot",
        Stage::Ets => "ets",
    }
}

fn mt(tonnes: Tonnes) -> String {
    if tonnes == Tonnes::ZERO { "-".to_owned() } else { format!("{:.2}", tonnes.0 as f64 / 1e6) }
}

fn price(price: Option<Price>, held: usize) -> String {
    match price {
        Some(it) => it.to_string(),
        None if held == 0 => "none".to_owned(),
        None => "-".to_owned(),
    }
}

fn cells(row: &YearRow) -> Vec<String> {
    let pair = |(real, synthetic): (usize, usize)| {
        if real + synthetic == 0 { "-".to_owned() } else { format!("{real}+{synthetic}") }
    };
    let (a, b, c) = row.letters;
    let letters = if a + b + c == 0 { "-".to_owned() } else { format!("{a}/{b}/{c}") };
    let abated =
        if row.stage.obliges() { format!("{:.2}", row.abated / 1e6) } else { "-".to_owned() };
    vec![
        row.jurisdiction.clone(),
        format!("{} {}", row.year, stage(row.stage)),
        pair(row.reporting),
        pair(row.obliged),
        row.cap.map_or("-".to_owned(), mt),
        mt(row.free),
        mt(row.auctioned),
        price(row.auction_price, row.auctions),
        price(row.call_price, row.calls),
        mt(row.call_volume),
        mt(row.reported),
        mt(row.verified),
        abated,
        mt(row.surrendered),
        letters,
        mt(row.penalised),
    ]
}

fn as_text(it: &Outcome, told: &Told<'_>) -> String {
    let usd = &told.currency;
    let columns = [
        "".to_owned(),
        "year stage".to_owned(),
        "reporting|real+synth.".to_owned(),
        "obliged|real+synth.".to_owned(),
        "cap|Mt".to_owned(),
        "free|Mt".to_owned(),
        "auctioned|Mt".to_owned(),
        format!("auction|{usd}/t"),
        format!("call|{usd}/t"),
        "traded|Mt".to_owned(),
        "reported|Mt".to_owned(),
        "verified|Mt".to_owned(),
        "abated|Mt".to_owned(),
        "surrend.|Mt".to_owned(),
        "letters|A/B/C".to_owned(),
        "penal.|Mt".to_owned(),
    ];
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = Table::new(&columns);
    let mut before: Option<&str> = None;
    for row in &it.rows {
        if before.is_some_and(|it| it != row.jurisdiction) {
            table.rule();
        }
        before = Some(&row.jurisdiction);
        table.add(cells(row));
    }
    let sum = |of: fn(&YearRow) -> Tonnes| it.rows.iter().map(of).sum::<Tonnes>();
    let mut text = format!("{}\n\n{table}\n", told.name);
    text.push_str(
        "Mt = million tonnes of CO2 equivalent; 1 unit = 1 t. Verified, abated: the obliged.\n\
         Emissions of real installations are derived from open data; synthetic ones stand for\n\
         plants that no open table lists. Traded, call price: call auctions of units that count\n\
         for the year, up to its surrender date. \"none\" = no such market, \"-\" = nothing, or a\n\
         market without a trade.\n\n",
    );
    text.push_str(&links::as_text(it, usd));
    text.push_str(&products::as_text(it, usd));
    if let Some(it) = &told.compared {
        text.push_str(&it.as_text(usd));
    }
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<14}{value}\n"));
    line("members", format!("{}", it.members));
    line(
        "installations",
        format!(
            "{} real and {} synthetic report; {} real ones owe units in the last year",
            it.real_reporting, it.synthetic_reporting, it.real_obliged
        ),
    );
    line("units issued", format!("{} Mt with opening balances", mt(it.issued)));
    let (handed_in, returned, late) = it.reports;
    line(
        "reports",
        format!(
            "{handed_in} handed in, {late} of them late; verifiers returned {returned}, which were \
             corrected"
        ),
    );
    line("verified", format!("{} Mt owed", mt(sum(|it| it.verified))));
    line("surrendered", format!("{} Mt", mt(sum(|it| it.surrendered))));
    line("penalised", format!("{} Mt", mt(sum(|it| it.penalised))));
    line("money", money(it, usd));
    line("refused", refusals(it));
    if !it.attempts.is_empty() {
        text.push_str(&attempts(it));
    }
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<14}{value}\n"));
    line("records", format!("{} up to {}", it.records, it.until));
    line("chain head", hex(&it.chain));
    line("state hash", hex(&it.state_hash));
    line("time", format!("{:.1} s", told.seconds));
    match told.dir {
        None => line("store", "none kept; name a --data-dir to keep one".to_owned()),
        Some(dir) if told.found == 0 => line("store", format!("{}, new", dir.display())),
        Some(dir) => {
            let found = told.found.min(it.records);
            let compared = format!("{}, {found} records found there and equal", dir.display());
            line("store", format!("{compared}, {} added", it.records - found));
        }
    }
    text
}

/// What went through the settlement bank.
fn money(it: &Outcome, usd: &str) -> String {
    let banked = it.banked;
    let (paid_in, paid_out) = (links::millions(banked.paid_in), links::millions(banked.paid_out));
    let ends = match (banked.open, banked.differs) {
        (0, Money::ZERO) => "bank and ledger agree to the cent".to_owned(),
        (open, differs) => format!("{open} lines are open, bank less ledger {differs} {usd}"),
    };
    let statements = banked.statements;
    format!(
        "{paid_in} M {usd} paid in, {paid_out} M {usd} paid out to treasuries; {statements} \
         statements, {ends}"
    )
}

/// What was attempted, and what stopped it.
fn attempts(it: &Outcome) -> String {
    let lost: Tonnes = it.attempts.iter().map(|it| it.lost).sum();
    let mut text = format!("\nAttempted, and what stopped it (lost in all: {lost})\n");
    for attempt in &it.attempts {
        let stake = match attempt.stake.0 {
            0 => String::new(),
            _ => format!(", {} at stake", attempt.stake),
        };
        text.push_str(&format!("  {}{stake}\n    {}\n", attempt.what, attempt.stopped_by));
    }
    text.push('\n');
    text
}

fn refusals(it: &Outcome) -> String {
    if it.refused.is_empty() {
        return "nothing".to_owned();
    }
    let all: u64 = it.refused.iter().map(|(_, count, _)| count).sum();
    let mut text = format!("{all} times");
    for (number, count, first) in &it.refused {
        text.push_str(&format!("\n{:<14}{count} x refusal {number}, first: {first}", ""));
    }
    text
}

fn as_json(it: &Outcome, told: &Told<'_>) -> Value {
    let money = |it: Option<Price>| it.map(|it| it.to_string());
    let rows: Vec<Value> = it
        .rows
        .iter()
        .map(|row| {
            json!({
                "jurisdiction": row.jurisdiction,
                "year": row.year,
                "stage": stage(row.stage),
                "reporting_real": row.reporting.0,
                "reporting_synthetic": row.reporting.1,
                "obliged_real": row.obliged.0,
                "obliged_synthetic": row.obliged.1,
                "cap_t": row.cap.map(|it| it.0),
                "free_t": row.free.0,
                "auctioned_t": row.auctioned.0,
                "auction_price": money(row.auction_price),
                "call_price": money(row.call_price),
                "call_volume_t": row.call_volume.0,
                "reported_t": row.reported.0,
                "verified_t": row.verified.0,
                "abated_t": row.abated.round(),
                "surrendered_t": row.surrendered.0,
                "letters": { "A": row.letters.0, "B": row.letters.1, "C": row.letters.2 },
                "penalised_t": row.penalised.0,
                "penalties": row.penalties.to_string(),
            })
        })
        .collect();
    let refused: Vec<Value> = it
        .refused
        .iter()
        .map(|(number, count, text)| json!({ "number": number, "count": count, "first": text }))
        .collect();
    let attempts: Vec<Value> = it
        .attempts
        .iter()
        .map(|it| {
            json!({
                "attempted": it.what,
                "stake_t": it.stake.0,
                "lost_t": it.lost.0,
                "refusals": it.refusals,
                "stopped_by": it.stopped_by,
            })
        })
        .collect();
    let (flows, gains) = links::as_json(it);
    json!({
        "flows": flows,
        "gains": gains,
        "products": products::as_json(it),
        "attempts": attempts,
        "money": {
            "paid_in": it.banked.paid_in.to_string(),
            "paid_out": it.banked.paid_out.to_string(),
            "statements": it.banked.statements,
            "open_lines": it.banked.open,
            "bank_less_ledger": it.banked.differs.to_string(),
        },
        "reports_handed_in": it.reports.0,
        "reports_returned": it.reports.1,
        "reports_late": it.reports.2,
        "name": told.name,
        "currency": told.currency,
        "members": it.members,
        "real_reporting": it.real_reporting,
        "real_obliged": it.real_obliged,
        "synthetic_reporting": it.synthetic_reporting,
        "issued_t": it.issued.0,
        "records": it.records,
        "found_records": told.found,
        "until": it.until.to_string(),
        "chain": hex(&it.chain),
        "state_hash": hex(&it.state_hash),
        "seconds": told.seconds,
        "expected": told.compared.as_ref().map(Compared::as_json),
        "data_dir": told.dir.map(|it| it.display().to_string()),
        "refused": refused,
        "rows": rows,
    })
}
