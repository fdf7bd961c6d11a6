//! Rows of a table by column, and what is wrong in them.

use crate::plants::BadRow;
use std::collections::BTreeMap;

/// A row by column, with its line.
pub(crate) struct Cells {
    line: u64,
    cells: BTreeMap<String, String>,
}

impl Cells {
    pub(crate) fn cell(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", |it| it.trim())
    }

    pub(crate) fn refuse(&self, column: &str, allowed: &str) -> BadRow {
        BadRow {
            line: self.line,
            column: column.to_owned(),
            value: self.cell(column).to_owned(),
            allowed: allowed.to_owned(),
        }
    }

    pub(crate) fn number(&self, column: &str, bad: &mut Vec<BadRow>) -> Option<f64> {
        let number = self.cell(column).parse().ok().filter(|it: &f64| it.is_finite());
        if number.is_none() {
            bad.push(self.refuse(column, "a number"));
        }
        number
    }

    pub(crate) fn perhaps(&self, column: &str, bad: &mut Vec<BadRow>) -> Option<f64> {
        if self.cell(column).is_empty() { None } else { self.number(column, bad) }
    }

    pub(crate) fn year(&self, column: &str, bad: &mut Vec<BadRow>) -> Option<u16> {
        let year = self.cell(column).parse().ok().filter(|it| (1900..=2200).contains(it));
        if year.is_none() {
            bad.push(self.refuse(column, "a year"));
        }
        year
    }
}

pub(crate) fn rows(text: &str, bad: &mut Vec<BadRow>) -> Vec<Cells> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().cloned().unwrap_or_default();
    let mut all = Vec::new();
    for (record, line) in reader.records().zip(2..) {
        match record {
            Ok(record) => {
                let cells = head.iter().zip(&record);
                let cells = cells.map(|(name, it)| (name.to_owned(), it.to_owned())).collect();
                all.push(Cells { line, cells });
            }
            Err(error) => bad.push(crate::plants::unreadable(line, &error)),
        }
    }
    all
}
