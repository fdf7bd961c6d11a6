//! Tables people hand in: UTF-8 CSV with a header. All mistakes are named at once, each with file,
//! line, column and value.

use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The most rows a table may have.
const ROWS_MAX: usize = 1_000_000;
/// The most bytes a table may have.
const BYTES_MAX: u64 = 256 * 1024 * 1024;
/// At most so many mistakes are named.
const MISTAKES_MAX: usize = 200;

/// A table, and the mistakes found in it so far.
pub(crate) struct Sheet {
    name: String,
    columns: BTreeMap<String, usize>,
    rows: Vec<(u64, csv::StringRecord)>,
    mistakes: Vec<String>,
}

/// A row of a table: its place there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row(usize);

impl Sheet {
    /// Reads a table that has these columns, and perhaps those.
    pub(crate) fn read(file: &Path, required: &[&str], optional: &[&str]) -> Result<Self> {
        let name = file.display().to_string();
        let size = std::fs::metadata(file).with_context(|| format!("{name} cannot be read"))?.len();
        if size > BYTES_MAX {
            bail!("{name} has {size} bytes; at most {BYTES_MAX} are read");
        }
        let bytes = std::fs::read(file).with_context(|| format!("{name} cannot be read"))?;
        let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8 text"))?;
        Self::parse(name, &text, required, optional)
    }

    fn parse(name: String, text: &str, required: &[&str], optional: &[&str]) -> Result<Self> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(text.as_bytes());
        let header = reader.headers().with_context(|| format!("{name}, line 1"))?.clone();
        let mut sheet =
            Self { name, columns: BTreeMap::new(), rows: Vec::new(), mistakes: Vec::new() };
        for (place, column) in header.iter().enumerate() {
            if !required.contains(&column) && !optional.contains(&column) {
                let known = [required, optional].concat().join(", ");
                sheet.mistake((1, column), "is unknown", &format!("known are {known}"));
            }
            if sheet.columns.insert(column.to_owned(), place).is_some() {
                sheet.mistake((1, column), "stands twice", "name it once");
            }
        }
        for column in required {
            if !sheet.columns.contains_key(*column) {
                sheet.mistake((1, column), "is missing", "the header must name it");
            }
        }
        for record in reader.records() {
            let record = record.with_context(|| format!("{} is no CSV", sheet.name))?;
            let line = record.position().map_or(0, csv::Position::line);
            if sheet.rows.len() >= ROWS_MAX {
                bail!("{}, line {line}: more than {ROWS_MAX} rows", sheet.name);
            }
            if record.len() != header.len() {
                let what = format!("has {} values", record.len());
                sheet.mistake(
                    (line, "the row"),
                    &what,
                    &format!("the header has {}", header.len()),
                );
            }
            sheet.rows.push((line, record));
        }
        Ok(sheet)
    }

    /// The rows in their order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> + use<> {
        (0..self.rows.len()).map(Row)
    }

    /// A cell; empty where the column or the value is missing.
    pub(crate) fn text(&self, row: Row, column: &str) -> &str {
        let cell = self.columns.get(column).and_then(|it| self.rows.get(row.0)?.1.get(*it));
        cell.unwrap_or_default()
    }

    /// The line on which a row stands.
    pub(crate) fn line(&self, row: Row) -> u64 {
        self.rows.get(row.0).map_or(0, |(line, _)| *line)
    }

    /// A value that must be there. What does not read is a mistake; the text says what is allowed.
    pub(crate) fn value<T>(
        &mut self,
        (row, column): (Row, &str),
        allowed: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(row, column).to_owned();
        let found = read(&text);
        if found.is_none() {
            self.wrong((row, column), &format!("allowed is {allowed}"));
        }
        found
    }

    /// A value that may be empty.
    pub(crate) fn optional<T>(
        &mut self,
        cell: (Row, &str),
        allowed: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        if self.text(cell.0, cell.1).is_empty() {
            return None;
        }
        self.value(cell, allowed, read)
    }

    /// Names that may stand only once.
    pub(crate) fn unique(&mut self, column: &str) {
        let mut seen = BTreeSet::new();
        for row in self.rows() {
            let text = self.text(row, column).to_owned();
            if text.is_empty() {
                self.wrong((row, column), "it must not be empty");
            } else if !seen.insert(text) {
                self.wrong((row, column), "it stands in a row before");
            }
        }
    }

    /// Says that a value is wrong.
    pub(crate) fn wrong(&mut self, (row, column): (Row, &str), why: &str) {
        let (line, value) = (self.line(row), format!("is \"{}\"", self.text(row, column)));
        self.mistake((line, column), &value, why);
    }

    /// How many mistakes were found so far.
    pub(crate) fn count(&self) -> usize {
        self.mistakes.len()
    }

    fn mistake(&mut self, (line, column): (u64, &str), what: &str, why: &str) {
        if self.mistakes.len() < MISTAKES_MAX {
            self.mistakes.push(format!("{}, line {line}: {column} {what}; {why}", self.name));
        }
    }

    /// Ends the reading: an error where there was any mistake.
    pub(crate) fn end(&self) -> Result<()> {
        match self.mistakes.as_slice() {
            [] => Ok(()),
            [one] => bail!("{one}"),
            all => bail!("{} has {} mistakes:\n  {}", self.name, all.len(), all.join("\n  ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let text = "bid,price,colour\na,1.00,red\na,x,\n\"b\",2\n";
        let mut sheet = Sheet::parse("B.csv".to_owned(), text, &["bid", "price", "quantity"], &[]);
        let sheet = sheet.as_mut().expect("it is CSV");
        sheet.unique("bid");
        for row in sheet.rows() {
            sheet.value((row, "price"), "a price", |it| it.parse::<f32>().ok());
        }
        let said = sheet.end().expect_err("mistakes").to_string();
        for part in [
            "line 1: colour is unknown",
            "line 1: quantity is missing",
            "line 3: bid is \"a\"",
            "line 3: price is \"x\"",
            "line 4: the row has 2 values",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
}
