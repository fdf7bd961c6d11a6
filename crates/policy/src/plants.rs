//! The installations of the data, read once.

use karvan_core::id::Label;
use std::fmt;

/// The installations of the project's own data table.
pub const INSTALLATIONS: &str = include_str!("../../../data/installations.csv");

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Measured at the plant.
    Measured,
    /// A real plant whose emissions are derived.
    Derived,
    /// Stands for plants that no open table lists.
    Synthetic,
}

impl Provenance {
    /// Whether the plant exists.
    pub fn is_real(self) -> bool {
        matches!(self, Self::Measured | Self::Derived)
    }
}

/// One installation.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantRow {
    /// Its id in the table.
    pub label: Label,
    /// Its name; its id where the table names none.
    pub name: String,
    /// The code of its jurisdiction.
    pub jurisdiction: String,
    /// Its owner group.
    pub owner_group: String,
    /// Its sector.
    pub sector: String,
    /// Its yearly output, in the unit that follows.
    pub output: f64,
    /// The unit of its output and what it burns or makes: what benchmarks compare.
    pub product: String,
    /// What it burns or makes; empty where the table does not say.
    pub fuel: String,
    /// What it can give: MW of a power plant. None where the table does not say.
    pub capacity: Option<f64>,
    /// Its efficiency, percent. None where the table does not say.
    pub efficiency_percent: Option<f64>,
    /// Its yearly emissions, t.
    pub emissions_t: u64,
    /// Where the row comes from.
    pub provenance: Provenance,
}

/// A table of installations that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The line, counted from 1.
    pub line: u64,
    /// The column.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, value, allowed } = self;
        write!(to, "line {line}, column {column}: \"{value}\" is not allowed; allowed is {allowed}")
    }
}

const COLUMNS: [&str; 8] = [
    "id",
    "jurisdiction",
    "owner_group",
    "sector",
    "output",
    "output_unit",
    "emissions_t",
    "provenance",
];

/// Columns that a table may leave out.
const MORE: [&str; 4] = ["name", "fuel_or_process", "capacity", "efficiency_percent"];

/// Reads a table of installations; all its mistakes at once. The columns used are named by the
/// header; others are passed over.
pub fn read(text: &str) -> Result<Vec<PlantRow>, Vec<BadRow>> {
    let mut bad = Vec::new();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let header = match table.headers() {
        Ok(it) => it.clone(),
        Err(error) => return Err(vec![unreadable(1, &error)]),
    };
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        match header.iter().position(|it| it == column) {
            Some(found) => *place = found,
            None => bad.push(BadRow {
                line: 1,
                column: column.to_owned(),
                value: String::new(),
                allowed: "a column of this name".to_owned(),
            }),
        }
    }
    if !bad.is_empty() {
        return Err(bad);
    }
    let more = MORE.map(|column| header.iter().position(|it| it == column));
    let mut rows = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (record, number) in table.records().zip(2..) {
        let record = match record {
            Ok(it) => it,
            Err(error) => {
                bad.push(unreadable(number, &error));
                continue;
            }
        };
        let line = record.position().map_or(number, |it| it.line());
        let cell = |column: usize| {
            places.get(column).and_then(|it| record.get(*it)).unwrap_or_default().trim()
        };
        let another = |column: usize| {
            let place = more.get(column).copied().flatten();
            place.and_then(|it| record.get(it)).unwrap_or_default().trim()
        };
        let mut refuse = |column: usize, allowed: &str| {
            let name = COLUMNS.get(column).copied().unwrap_or_default();
            bad.push(BadRow {
                line,
                column: name.to_owned(),
                value: cell(column).to_owned(),
                allowed: allowed.to_owned(),
            });
        };
        let label = Label::new(cell(0));
        if label.is_none() || !seen.insert(cell(0).to_owned()) {
            refuse(0, "an id of 1 to 24 printable characters that stands once");
        }
        if !crate::schema::SECTORS.contains(&cell(3)) {
            refuse(3, &crate::schema::SECTORS.join(", "));
        }
        let output = cell(4).parse::<f64>().ok().filter(|it| it.is_finite() && *it >= 0.0);
        if output.is_none() {
            refuse(4, "a number that is not negative");
        }
        let emissions_t = cell(6).parse::<u64>().ok().filter(|it| *it <= 200_000_000);
        if emissions_t.is_none() {
            refuse(6, "whole tonnes up to 200,000,000");
        }
        let provenance = match cell(7) {
            "measured" => Some(Provenance::Measured),
            "derived" => Some(Provenance::Derived),
            "synthetic" => Some(Provenance::Synthetic),
            _ => None,
        };
        if provenance.is_none() {
            refuse(7, "measured, derived or synthetic");
        }
        let mut perhaps = |column: usize, allowed: std::ops::RangeInclusive<f64>| {
            let text = another(column);
            let number = text.parse().ok().filter(|it| allowed.contains(it));
            if number.is_none() && !text.is_empty() {
                let name = MORE.get(column).copied().unwrap_or_default();
                bad.push(BadRow {
                    line,
                    column: name.to_owned(),
                    value: text.to_owned(),
                    allowed: format!("a number from {} to {}", allowed.start(), allowed.end()),
                });
            }
            number
        };
        let (capacity, efficiency_percent) = (perhaps(2, 0.0..=1e6), perhaps(3, 1.0..=100.0));
        if let (Some(label), Some(output), Some(emissions_t), Some(provenance)) =
            (label, output, emissions_t, provenance)
        {
            rows.push(PlantRow {
                label,
                jurisdiction: cell(1).to_owned(),
                owner_group: cell(2).to_owned(),
                sector: cell(3).to_owned(),
                output,
                name: match another(0) {
                    "" => cell(0).to_owned(),
                    name => name.to_owned(),
                },
                fuel: another(1).to_owned(),
                capacity,
                efficiency_percent,
                product: format!("{} {}", cell(3), cell(5)),
                emissions_t,
                provenance,
            });
        }
    }
    if bad.is_empty() { Ok(rows) } else { Err(bad) }
}

pub(crate) fn unreadable(line: u64, error: &csv::Error) -> BadRow {
    BadRow {
        line,
        column: "all".to_owned(),
        value: error.to_string(),
        allowed: "comma-separated UTF-8 with the header's number of columns".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_can_be_read() {
        let rows = read(INSTALLATIONS).expect("the shipped table");
        assert!(rows.iter().filter(|it| it.provenance.is_real()).count() >= 450);
    }

    #[test]
    fn every_mistake_of_a_table_is_named_with_its_line_and_column() {
        let text = "id,jurisdiction,owner_group,sector,output,output_unit,emissions_t,provenance\n\
                    A-1,A,g,power,1,GWh,100,derived\n\
                    A-1,A,g,magic,-1,GWh,many,guessed\n";
        let bad = read(text).expect_err("the third line is wrong throughout");
        let places: Vec<_> = bad.iter().map(|it| (it.line, it.column.as_str())).collect();
        let all = ["id", "sector", "output", "emissions_t", "provenance"];
        assert_eq!(places, all.map(|it| (3, it)));
        let bad = read("id,sector\n").expect_err("columns are missing");
        assert_eq!(bad.len(), 6);
    }
}
