//! `karvan calc compliance`: the letter after each thing that happened.

use super::sheet::{Row, Sheet};
use super::{answer, input};
use crate::Output;
use crate::table::Table;
use anyhow::Result;
use karvan_core::calendar::Local;
use karvan_core::compliance::Duties;
use karvan_core::compliance::letter::Happening;
use karvan_core::quantity::Tonnes;
use karvan_core::time::{Instant, Year};
use serde_json::{Value, json};
use std::path::PathBuf;

const EVENTS: &str = "first_year, last_year, year_starts, emissions, surrender, reverse_surrender, \
                      exclude, include or deadline";

#[derive(clap::Args)]
pub(crate) struct Compliance {
    /// What happened: at,event,year,quantity.
    #[arg(long)]
    events: PathBuf,
    #[command(flatten)]
    output: Output,
}

/// A row of the file.
struct Told {
    at: Local,
    happening: Happening,
    row: Row,
}

pub(crate) fn run(it: &Compliance) -> Result<()> {
    let mut sheet = Sheet::read(&it.events, &["at", "event", "year", "quantity"], &[])?;
    let mut all = Vec::new();
    for row in sheet.rows() {
        let at = sheet.value((row, "at"), "a date or date-time such as 2028-04-30", input::local);
        if let (Some(at), Some(happening)) = (at, happening(&mut sheet, row)) {
            all.push(Told { at, happening, row });
        }
    }
    sheet.end()?;
    // Equal times keep the order of their rows.
    all.sort_by_key(|it| it.at);
    let (year, ..) = all.first().map_or((0, 0, 0), |it| Instant(it.at.0).date());
    let mut duties = Duties::unknown(Year(u16::try_from(year).unwrap_or_default()));
    let mut rows = Vec::new();
    for told in &all {
        let refused = match duties.after(told.happening) {
            Ok(next) => {
                duties = next;
                None
            }
            Err(why) => Some(why.to_string()),
        };
        rows.push((told.row, duties.letter().name(), refused));
    }
    rows.sort_by_key(|(row, ..)| sheet.line(*row));
    let text = |row: Row, column: &str| sheet.text(row, column).to_owned();
    let values = rows.iter().map(|(row, status, refused)| {
        let (at, event) = (text(*row, "at"), text(*row, "event"));
        let mut value = json!({ "at": at, "event": event, "status": status });
        if let Some(why) = refused {
            value["refused"] = json!(why);
        }
        value
    });
    let value = Value::Array(values.collect());
    answer(it.output, &value, || {
        let mut table = Table::new(&["at", "event", "year", "quantity t", "status", "refused"]);
        for (row, status, refused) in &rows {
            let mut cells: Vec<_> =
                ["at", "event", "year", "quantity"].map(|it| text(*row, it)).into();
            cells.push((*status).to_owned());
            cells.push(refused.clone().unwrap_or_default());
            table.add(cells);
        }
        table.to_string()
    })
}

fn happening(sheet: &mut Sheet, row: Row) -> Option<Happening> {
    let year = |text: &str| text.parse().ok().filter(|it| (1990..=2200).contains(it)).map(Year);
    let allowed = "a year such as 2027";
    let tonnes = |text: &str| input::whole(text).map(Tonnes);
    let event = sheet.text(row, "event").to_owned();
    let of_year = ["first_year", "year_starts", "emissions", "exclude", "include"];
    let year = if of_year.contains(&event.as_str()) {
        Some(sheet.value((row, "year"), allowed, year)?)
    } else {
        sheet.optional((row, "year"), allowed, year)
    };
    let quantity = if ["surrender", "reverse_surrender"].contains(&event.as_str()) {
        Some(sheet.value((row, "quantity"), "a whole number of tonnes", tonnes)?)
    } else {
        sheet.optional((row, "quantity"), "a whole number of tonnes", tonnes)
    };
    let found = match (event.as_str(), year, quantity) {
        ("first_year", Some(year), _) => Happening::FirstYear(year),
        ("last_year", year, _) => Happening::LastYear(year),
        ("year_starts", Some(year), _) => Happening::YearStarts(year),
        ("emissions", Some(year), quantity) => Happening::Emissions(year, quantity),
        ("surrender", _, Some(quantity)) => Happening::Surrender(quantity),
        ("reverse_surrender", _, Some(quantity)) => Happening::ReverseSurrender(quantity),
        ("exclude", Some(year), _) => Happening::Exclude(year),
        ("include", Some(year), _) => Happening::Include(year),
        ("deadline", ..) => Happening::Deadline,
        _ => {
            sheet.wrong((row, "event"), &format!("allowed is {EVENTS}"));
            return None;
        }
    };
    Some(found)
}
