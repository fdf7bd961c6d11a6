//! `karvan table`: checks a table that somebody wants to hand in, CSV or XLSX, against a store.

use crate::table::Table;
use crate::{Output, journal, store};
use anyhow::{Context, Result, bail, ensure};
use calamine::{Data, Reader, open_workbook_auto};
use clap::ValueEnum;
use karvan_core::allocation::table_rows::{Subject, Written, check};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The columns of a table.
const COLUMNS: [&str; 3] = ["installation", "year", "quantity"];
/// The most rows that are read.
const ROWS_MAX: usize = 100_000;

#[derive(Clone, Copy, ValueEnum)]
enum About {
    /// What installations get free.
    Allocation,
    /// What they emitted.
    Emissions,
}

#[derive(clap::Args)]
pub(crate) struct Handed {
    /// The table: CSV or XLSX, with the columns installation, year and quantity (t).
    file: PathBuf,
    /// What it is about.
    #[arg(long, value_enum)]
    about: About,
    /// The data directory it is checked against.
    #[arg(long)]
    store: PathBuf,
    /// The code of the jurisdiction.
    #[arg(long)]
    jurisdiction: String,
    #[command(flatten)]
    output: Output,
}

/// The rows of a file with their places, the header first.
fn rows(file: &Path) -> Result<Vec<(u64, Vec<String>)>> {
    let name = file.display();
    let is_csv = file.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv"));
    let mut all = Vec::new();
    if is_csv {
        let text = std::fs::read(file).with_context(|| format!("{name} cannot be read"))?;
        let text = String::from_utf8(text).with_context(|| format!("{name} is not UTF-8 text"))?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        for record in reader.records() {
            let record = record.with_context(|| format!("{name} is no CSV"))?;
            let line = record.position().map_or(0, csv::Position::line);
            all.push((line, record.iter().map(str::to_owned).collect()));
        }
    } else {
        let mut book =
            open_workbook_auto(file).with_context(|| format!("{name} is no spreadsheet"))?;
        let sheet = book.worksheet_range_at(0).with_context(|| format!("{name} has no sheet"))?;
        let sheet = sheet.with_context(|| format!("{name}: the first sheet cannot be read"))?;
        let first = sheet.start().map_or(0, |(row, _)| u64::from(row));
        for (row, cells) in (first + 1..).zip(sheet.rows()) {
            all.push((row, cells.iter().map(text_of).collect()));
        }
    }
    ensure!(all.len() <= ROWS_MAX + 1, "{name} has more than {ROWS_MAX} rows; split it");
    Ok(all)
}

/// A cell as people see it: a spreadsheet keeps whole numbers as numbers with a point.
fn text_of(cell: &Data) -> String {
    if let Data::Float(it) = cell
        && it.fract() == 0.0
        && it.abs() < 1e15
    {
        return format!("{it:.0}");
    }
    cell.to_string().trim().to_owned()
}

fn written(file: &Path) -> Result<Vec<Written>> {
    let mut rows = rows(file)?.into_iter();
    let (_, header) = rows.next().with_context(|| format!("{} is empty", file.display()))?;
    let header: Vec<String> = header.iter().map(|it| it.trim().to_lowercase()).collect();
    let place = |column: &str| header.iter().position(|it| it == column);
    let missing: Vec<&str> = COLUMNS.into_iter().filter(|it| place(it).is_none()).collect();
    if !missing.is_empty() {
        bail!(
            "{}: the column {} is missing; the header names {}",
            file.display(),
            missing.join(", "),
            header.join(", ")
        );
    }
    let cell = |cells: &[String], column: &str| {
        place(column).and_then(|it| cells.get(it)).cloned().unwrap_or_default()
    };
    let row = |(row, cells): (u64, Vec<String>)| Written {
        row,
        installation: cell(&cells, "installation"),
        year: cell(&cells, "year"),
        quantity: cell(&cells, "quantity"),
    };
    let filled = |(_, cells): &(u64, Vec<String>)| cells.iter().any(|it| !it.is_empty());
    Ok(rows.filter(filled).map(row).collect())
}

/// `karvan table`.
pub(crate) fn run(it: &Handed) -> Result<()> {
    let written = written(&it.file)?;
    let state = journal::state(&it.store)?;
    let jurisdiction = store::jurisdiction(&state, &it.jurisdiction)?;
    let subject = match it.about {
        About::Allocation => Subject::Allocation,
        About::Emissions => Subject::Emissions,
    };
    let wrong = check(&state, (jurisdiction, subject), &written).err().unwrap_or_default();
    let mut out = std::io::stdout().lock();
    if it.output.json {
        let mistakes: Vec<Value> = wrong
            .iter()
            .map(|it| {
                json!({
                    "row": it.row,
                    "column": it.column,
                    "value": it.value,
                    "number": it.why.number(),
                    "why": it.why.to_string(),
                })
            })
            .collect();
        let answer = json!({
            "file": it.file.display().to_string(),
            "rows": written.len(),
            "mistakes": mistakes,
        });
        writeln!(out, "{answer:#}")?;
    } else if wrong.is_empty() {
        writeln!(out, "{}: {} rows, all well", it.file.display(), written.len())?;
    } else {
        let mut table = Table::new(&["row", "column", "value", "number", "why"]);
        for it in &wrong {
            let row = if it.row == 0 { "-".to_owned() } else { it.row.to_string() };
            let number = it.why.number().to_string();
            table.add(vec![
                row,
                it.column.to_owned(),
                it.value.clone(),
                number,
                it.why.to_string(),
            ]);
        }
        write!(out, "{table}")?;
    }
    ensure!(
        wrong.is_empty(),
        "{} has {} mistakes; nothing of it is taken over",
        it.file.display(),
        wrong.len()
    );
    Ok(())
}
