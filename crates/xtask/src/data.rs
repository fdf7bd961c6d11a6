//! `cargo xtask data`: the project's tables, compiled from open tables that are not part of it.
//!
//! Which rows and cells of the lists are wrong stands in `data/corrections.csv`, kept by hand; the
//! figures of the method in `data/method.rs`. Everything else is computed, and the same input gives
//! the same bytes.

mod indicators;
mod make;
mod method;
mod names;
mod plants;
mod raw;
mod report;
mod row;
mod sites;
mod spread;
mod tables;

use crate::Failure;
use raw::{Lists, National, Raw};
use row::Row;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the raw tables are looked for.
const RAW_FOLDER: &str = "../shared/data";
const CORRECTIONS: &str = "data/corrections.csv";
const INSTALLATIONS: &str = "data/installations.csv";
const COUNTRIES: &str = "data/countries.csv";
const FACTORS: &str = "data/factors.csv";
const INDICATORS: &str = "data/indicators.csv";
const NDC: &str = "data/ndc.csv";
const SITES: &str = "data/sites.csv";

/// Compiles the tables and writes them; with `--check` says instead whether they would change.
pub(crate) fn compile(root: &Path, arguments: &[String]) -> Result<(), Failure> {
    let (mut folder, mut only_check) = (root.join(RAW_FOLDER), false);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--check" => only_check = true,
            "--from" => {
                folder = rest.next().map(PathBuf::from).ok_or("--from needs a folder")?;
            }
            other => {
                return Err(format!(
                    "what is \"{other}\"? cargo xtask data [--from DIR] [--check]"
                ));
            }
        }
    }
    let raw = Raw::new(&folder);
    let corrections = fs::read_to_string(root.join(CORRECTIONS))
        .map_err(|error| format!("{CORRECTIONS}: {error}"))?;
    let lists = Lists::read(&raw, &raw::rows(&corrections)?)?;
    let power = plants::power_plants(&lists)?;
    let cement = plants::cement_plants(&lists)?;
    all_well(plants::undecided(&power, &cement, &lists.distinct))?;
    let national = National::read(&raw)?;
    let made = make::Maker { national: &national, power: &power, cement: &cement }.make()?;
    let countries = tables::countries(&raw, &national)?;
    all_well(row::nonsense(&made.rows, &national_mt(&countries)?))?;
    all_well(report::above_national(&made, &national)?)?;
    report::print(&report::Report { made: &made, national: &national, lists: &lists })?;
    let rows = made.rows.iter().map(Row::record);
    for (file, text) in [
        (INSTALLATIONS, tables::text(&row::HEAD, rows)?),
        (COUNTRIES, countries),
        (FACTORS, tables::factors(&national)?),
        (INDICATORS, indicators::indicators(&raw)?),
        (NDC, indicators::ndc(&raw)?),
        (SITES, sites::sites(&raw)?),
    ] {
        let same = fs::read_to_string(root.join(file)).is_ok_and(|it| it == text);
        match (same, only_check) {
            (true, _) => println!("{file}: unchanged"),
            (false, true) => return Err(format!("{file} is not what the raw tables make")),
            (false, false) => {
                fs::write(root.join(file), text).map_err(|error| format!("{file}: {error}"))?;
                println!("{file}: written");
            }
        }
    }
    Ok(())
}

/// Looks through the committed tables, which needs no raw table: nonsense, sums, formulas.
pub(crate) fn check_committed(root: &Path) -> Result<(), Failure> {
    let read = |file: &str| {
        fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))
    };
    let installations = read(INSTALLATIONS)?;
    let mut reader = csv::Reader::from_reader(installations.as_bytes());
    let mut rows = Vec::new();
    for (record, line) in reader.records().zip(2..) {
        let record = record.map_err(|error| format!("{INSTALLATIONS}: {error}"))?;
        let row = Row::of_record(&record);
        rows.push(row.map_err(|what| format!("{INSTALLATIONS}:{line}: {what}"))?);
    }
    all_well(row::nonsense(&rows, &national_mt(&read(COUNTRIES)?)?))
}

fn all_well(wrong: Vec<Failure>) -> Result<(), Failure> {
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Emissions of each country in the year of the tables, Mt: EDGAR's sectors together.
fn national_mt(countries: &str) -> Result<BTreeMap<String, f64>, Failure> {
    let mut national = BTreeMap::new();
    for row in raw::rows(countries)? {
        let ours = raw::cell(&row, "year")? == method::YEAR;
        if ours && raw::cell(&row, "source")? == "edgar-v7" {
            let country = raw::cell(&row, "jurisdiction")?.to_owned();
            *national.entry(country).or_default() += raw::needed(&row, "emissions_mt")?;
        }
    }
    Ok(national)
}
