//! What the market does in a second: `cargo xtask bench [--runs N] [--json]`.
//!
//! Every figure is the minimum, median and maximum of several runs. What has a rival is measured
//! in turns with it, in the same run and on the same disk: durable transfers with SQLite, one
//! command at a time with a bare write and sync of the same bytes.
#![allow(clippy::expect_used, reason = "a figure of a broken run means nothing, so it stops")]

mod auction;
mod coupled;
mod coupling;
mod durable;
mod exchange;
mod memory;
mod model;
mod plain;
mod rival;
mod scene;
mod sqlite;
mod table;
mod traders;
mod web;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use table::{Figure, Goal, Table};

/// Anything that goes wrong ends the benchmark: a figure of a broken run means nothing.
pub(crate) type Failure = Box<dyn std::error::Error>;

const USAGE: &str = "\
cargo xtask bench [--runs N] [--only PART] [--json] [--dir DIR]
  --runs N    runs of each figure, 5 by default
  --only PART transfers, orders, auctions, model, durable or web; all of them by default
  --dir DIR   where the durable runs write, target by default; name a real disk
  --json      one JSON object instead of the table";

/// The parts of the benchmark.
const PARTS: [&str; 6] = ["transfers", "orders", "auctions", "model", "durable", "web"];

struct Arguments {
    runs: usize,
    only: Option<String>,
    json: bool,
    folder: PathBuf,
}

fn arguments() -> Result<Arguments, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let mut it = Arguments { runs: 5, only: None, json: false, folder };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{argument} needs a value\n{USAGE}"));
        match argument.as_str() {
            "--runs" => {
                let text = value()?;
                it.runs =
                    text.parse().ok().filter(|it| (1..=100).contains(it)).ok_or_else(|| {
                        format!("--runs {text}: say a number from 1 to 100\n{USAGE}")
                    })?;
            }
            "--only" => {
                let part = value()?;
                if !PARTS.contains(&part.as_str()) {
                    return Err(format!("--only {part}: there is no such part\n{USAGE}"));
                }
                it.only = Some(part);
            }
            "--dir" => it.folder = PathBuf::from(value()?),
            "--json" => it.json = true,
            _ => return Err(format!("what is \"{argument}\"?\n{USAGE}")),
        }
    }
    Ok(it)
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(it) => it,
        Err(text) => {
            eprintln!("{text}");
            return ExitCode::from(2);
        }
    };
    match bench(&arguments) {
        Ok(table) => {
            if arguments.json {
                println!("{}", table.json());
            } else {
                println!("{table}");
            }
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("the benchmark stopped: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &Arguments) -> Result<Table, Failure> {
    let runs = arguments.runs;
    let wanted = |part| arguments.only.as_ref().is_none_or(|it| it == part);
    let mut table = Table::default();
    if wanted("transfers") {
        eprintln!("transfers in memory");
        let scene = scene::Scene::new();
        memory::transfers(&scene, runs, &mut table)?;
        memory::size(&scene, &mut table)?;
        memory::freeze(runs, &mut table)?;
    }
    if wanted("orders") {
        eprintln!("orders in memory, in turns with a book alone");
        exchange::trading(runs, &mut table)?;
    }
    if wanted("auctions") {
        eprintln!("auctions");
        auction::clearing(runs, &mut table)?;
        coupling::clearing(runs, &mut table)?;
        let folder = emptied(&arguments.folder)?;
        coupled::settling(runs, &folder, &mut table)?;
        std::fs::remove_dir_all(&folder)?;
    }
    if wanted("model") {
        eprintln!("simulations");
        model::simulations(runs, &mut table)?;
    }
    if wanted("durable") {
        let scene = scene::Scene::new();
        eprintln!("durable transfers, in turns with SQLite");
        let folder = emptied(&arguments.folder)?;
        durable::throughput(&scene, runs, &folder, &mut table)?;
        eprintln!("durable orders");
        durable::orders(runs, &folder, &mut table)?;
        eprintln!("one command at a time, in turns with a bare sync");
        durable::latency(&scene, runs, &folder, &mut table)?;
        std::fs::remove_dir_all(&folder)?;
    }
    if wanted("web") {
        let folder = emptied(&arguments.folder)?;
        eprintln!("the portal under load");
        web::reading(runs, &folder, &mut table)?;
        eprintln!("orders by HTTP");
        web::orders(runs, &folder, &mut table)?;
        eprintln!("listeners");
        web::listeners(&folder, &mut table)?;
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(table)
}

/// A folder of our own, without what a run that was cut short left behind; what is removed
/// afterwards is this one, never the one that was named.
fn emptied(named: &Path) -> Result<PathBuf, Failure> {
    let folder = named.join("karvan-bench");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A figure without a goal of its own.
pub(crate) fn note(what: &str, unit: &'static str, values: Vec<f64>) -> Figure {
    Figure { what: what.to_owned(), unit, goal: Goal::None, values }
}
