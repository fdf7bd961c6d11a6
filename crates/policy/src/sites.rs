//! The sites of the data: plants that feed renewable energy in. They are no installations, since
//! nothing is emitted there.

use crate::plants::BadRow;
use karvan_core::id::Label;
use karvan_core::quantity::{WattHours, Watts};
use std::collections::BTreeSet;

/// The sites of the project's own data table.
pub const SITES: &str = include_str!("../../../data/sites.csv");

/// One site.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteRow {
    /// Its id in the table.
    pub label: Label,
    /// The code of its jurisdiction.
    pub jurisdiction: String,
    /// Its name.
    pub name: String,
    /// Its technology.
    pub technology: Label,
    /// What it can generate.
    pub capacity: Watts,
    /// What it generates in a mean year.
    pub generation: WattHours,
}

const COLUMNS: [&str; 6] =
    ["id", "jurisdiction", "name", "technology", "capacity_mw", "generation_gwh"];
const W_A_MW: f64 = 1e6;
const WH_A_GWH: f64 = 1e9;
/// Hours of a year that is no leap year.
const HOURS_A_YEAR: u64 = 8_760;

/// Reads a table of sites; all its mistakes at once.
pub fn read(text: &str) -> Result<Vec<SiteRow>, Vec<BadRow>> {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let wrong = |line: u64, column: &str, value: &str, allowed: &str| BadRow {
        line,
        column: column.to_owned(),
        value: value.to_owned(),
        allowed: allowed.to_owned(),
    };
    let header = table.headers().cloned().unwrap_or_default();
    let mut bad = Vec::new();
    let places = COLUMNS.map(|column| header.iter().position(|it| it == column));
    for (column, _) in COLUMNS.iter().zip(places).filter(|(_, place)| place.is_none()) {
        bad.push(wrong(1, column, "", "a column of this name"));
    }
    let (mut rows, mut seen) = (Vec::new(), BTreeSet::new());
    for (record, line) in table.records().zip(2..) {
        let Ok(record) = record else {
            bad.push(wrong(line, "", "", "a line of CSV with all columns"));
            continue;
        };
        let cell = |place: usize| {
            let place = places.get(place).copied().flatten();
            place.and_then(|it| record.get(it)).unwrap_or_default().trim()
        };
        let mut refuse = |place: usize, allowed: &str| {
            let column = COLUMNS.get(place).copied().unwrap_or_default();
            bad.push(wrong(line, column, cell(place), allowed));
        };
        let label = Label::new(cell(0)).filter(|_| seen.insert(cell(0).to_owned()));
        let technology = Label::new(cell(3));
        let capacity = scaled(cell(4), W_A_MW).map(Watts);
        let generation = scaled(cell(5), WH_A_GWH).map(WattHours);
        if label.is_none() {
            refuse(0, "an id of 1 to 24 printable characters that stands once");
        }
        if technology.is_none() {
            refuse(3, "a technology of 1 to 24 printable characters");
        }
        if capacity.is_none() {
            refuse(4, "megawatts above zero, up to 100,000");
        }
        let most = capacity.map_or(0, |it| it.0.saturating_mul(HOURS_A_YEAR));
        if generation.is_none_or(|it| it.0 > most) && capacity.is_some() {
            refuse(5, "gigawatt-hours above zero that the capacity gives");
        }
        let (Some(label), Some(technology)) = (label, technology) else { continue };
        let (Some(capacity), Some(generation)) = (capacity, generation) else { continue };
        let (jurisdiction, name) = (cell(1).to_owned(), cell(2).to_owned());
        rows.push(SiteRow { label, jurisdiction, name, technology, capacity, generation });
    }
    if bad.is_empty() { Ok(rows) } else { Err(bad) }
}

/// A positive number in a smaller unit.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is checked to be positive and small enough"
)]
fn scaled(text: &str, by: f64) -> Option<u64> {
    let number = text.parse::<f64>().ok().filter(|it| *it > 0.0 && *it <= 100_000.0)?;
    Some((number * by).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_reads_and_every_mistake_of_another_is_told() {
        let rows = read(SITES).expect("the project's own table");
        assert!(rows.len() > 150, "{}", rows.len());
        let found = rows.iter().find(|it| it.label.as_str() == "AFG-H-0040538").expect("Kajaki");
        assert_eq!((found.capacity, found.technology.as_str()), (Watts(33_000_000), "hydro"));
        let bad = "id,jurisdiction,name,technology,capacity_mw,generation_gwh\n\
            A,XXA,one,sun,10,20\nA,XXA,two,sun,0,20\nB,XXA,three,,10,100\n";
        let bad = read(bad).expect_err("three rows with mistakes");
        let told: Vec<(u64, &str)> = bad.iter().map(|it| (it.line, it.column.as_str())).collect();
        let expected = [(3, "id"), (3, "capacity_mw"), (4, "technology"), (4, "generation_gwh")];
        assert_eq!(told, expected);
        assert_eq!(read("id\nA\n").expect_err("columns are missing")[0].line, 1);
    }
}
