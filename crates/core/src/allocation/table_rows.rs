//! Tables people hand in: free allocation or verified emissions, a row for each installation and
//! year. Every mistake is named at once with its row, column, value and number; nothing is taken
//! over from a table with mistakes.

use crate::account::Closure;
use crate::command::Command;
use crate::id::{InstallationId, JurisdictionId, Label};
use crate::quantity::Tonnes;
use crate::refusal::refusals;
use crate::state::State;
use crate::supply::set_cap::CAP_MAX;
use crate::time::{Instant, Year};
use std::collections::{BTreeMap, BTreeSet};

/// What a table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// What installations get free.
    Allocation,
    /// What they emitted.
    Emissions,
}

/// A row as it was written; empty where nothing stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its place in the file, the header being 1.
    pub row: u64,
    /// The installation's label.
    pub installation: String,
    /// The year.
    pub year: String,
    /// The quantity.
    pub quantity: String,
}

/// A row that is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The installation.
    pub installation: InstallationId,
    /// The year.
    pub year: Year,
    /// The quantity.
    pub quantity: Tonnes,
}

/// A mistake, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowWrong {
    /// The row in the file; 0 for what is missing in the whole.
    pub row: u64,
    /// The column.
    pub column: &'static str,
    /// What stands there.
    pub value: String,
    /// What is wrong.
    pub why: TableRefused,
}

refusals! {
    /// What may be wrong with a row.
    pub enum TableRefused {
        /// Nothing stands there.
        Empty = 731 => "the value is empty",
        /// Not a number.
        NotANumber = 732 => "the value is no whole number",
        /// Below zero.
        Negative = 733 => "the value is negative",
        /// No country emits so much.
        TooLarge { most: Tonnes } = 734 => "the value is above {most}",
        /// No such installation here.
        UnknownInstallation = 735 => "there is no such installation in this jurisdiction",
        /// Installation and year stand in a row before.
        Duplicate { before: u64 } = 736 => "installation and year stand in row {before} already",
        /// An installation of the jurisdiction has no row.
        Missing { installation: Label, year: Year } = 737
            => "installation {installation} owes units for {year} and has no row",
        /// The policy does not know the year.
        YearOutside = 738 => "the policy in force has no such year",
        /// Emissions are reported when the year is over.
        YearNotOver { now: Instant } = 739 => "it is {now}; the year is not over",
        /// It owes nothing that year.
        NotOperational = 740 => "the installation owes nothing for that year",
        /// It is excluded that year.
        Excluded = 741 => "the installation is excluded for that year",
        /// Its account is closed.
        AccountClosed = 742 => "the installation's account is closed",
        /// Another table waits for its second person.
        TablePending = 743
            => "a table of this year waits for its second person; have it decided first",
        /// The letters are frozen.
        YearClosed = 744 => "the letters of that year are frozen",
    }
}

/// Checks a table against the state. For free allocation every installation that owes units in a
/// year of the table must have a row.
pub fn check(
    state: &State,
    (jurisdiction, subject): (JurisdictionId, Subject),
    rows: &[Written],
) -> Result<Vec<Read>, Vec<RowWrong>> {
    let mut table =
        Table { state, jurisdiction, subject, wrong: Vec::new(), seen: BTreeMap::new() };
    let read: Vec<Read> = rows.iter().filter_map(|it| table.row(it)).collect();
    if subject == Subject::Allocation {
        table.find_missing(&read);
        table.find_pending(&read);
    }
    if table.wrong.is_empty() { Ok(read) } else { Err(table.wrong) }
}

struct Table<'a> {
    state: &'a State,
    jurisdiction: JurisdictionId,
    subject: Subject,
    wrong: Vec<RowWrong>,
    seen: BTreeMap<(String, String), u64>,
}

impl Table<'_> {
    fn wrong(&mut self, row: u64, (column, value): (&'static str, &str), why: TableRefused) {
        let value = value.to_owned();
        self.wrong.push(RowWrong { row, column, value, why });
    }

    fn number(&mut self, row: u64, column: &'static str, text: &str) -> Option<u64> {
        let why = match text.strip_prefix('-') {
            _ if text.is_empty() => TableRefused::Empty,
            Some(rest) if !rest.is_empty() && rest.bytes().all(|it| it.is_ascii_digit()) => {
                TableRefused::Negative
            }
            _ => match text.parse::<u64>() {
                Ok(number) if text.bytes().all(|it| it.is_ascii_digit()) => return Some(number),
                _ => TableRefused::NotANumber,
            },
        };
        self.wrong(row, (column, text), why);
        None
    }

    fn row(&mut self, it: &Written) -> Option<Read> {
        let before = self.wrong.len();
        let key = (it.installation.clone(), it.year.clone());
        if let Some(first) = self.seen.get(&key).copied() {
            let why = TableRefused::Duplicate { before: first };
            self.wrong(it.row, ("installation", &it.installation), why);
        } else {
            self.seen.insert(key, it.row);
        }
        let quantity = self.number(it.row, "quantity", &it.quantity).map(Tonnes);
        if quantity.is_some_and(|it| it > CAP_MAX) {
            let why = TableRefused::TooLarge { most: CAP_MAX };
            self.wrong(it.row, ("quantity", &it.quantity), why);
        }
        let year = self.number(it.row, "year", &it.year);
        let year = year.map(|it| Year(u16::try_from(it).unwrap_or(u16::MAX)));
        if let Some(year) = year {
            self.year(it, year);
        }
        let installation = self.installation(it);
        if let Some((installation, year)) = installation.zip(year) {
            self.duty(it, installation, year);
        }
        let read = installation.zip(year).zip(quantity);
        let ((installation, year), quantity) = read.filter(|_| self.wrong.len() == before)?;
        Some(Read { installation, year, quantity })
    }

    fn year(&mut self, it: &Written, year: Year) {
        let now = self.state.now;
        if self.state.year_rules(self.jurisdiction, year).is_none() {
            self.wrong(it.row, ("year", &it.year), TableRefused::YearOutside);
        } else if self.subject == Subject::Emissions && now.date().0 <= i64::from(year.0) {
            self.wrong(it.row, ("year", &it.year), TableRefused::YearNotOver { now });
        } else if self.state.closed_years.contains(&(self.jurisdiction, year)) {
            self.wrong(it.row, ("year", &it.year), TableRefused::YearClosed);
        }
    }

    fn installation(&mut self, it: &Written) -> Option<InstallationId> {
        if it.installation.is_empty() {
            self.wrong(it.row, ("installation", ""), TableRefused::Empty);
            return None;
        }
        let label = Label::new(&it.installation);
        let found = label
            .and_then(|it| self.state.labels.get(&it))
            .copied()
            .filter(|id| self.state.installations.row(*id).jurisdiction == self.jurisdiction);
        if found.is_none() {
            let why = TableRefused::UnknownInstallation;
            self.wrong(it.row, ("installation", &it.installation), why);
        }
        found
    }

    fn duty(&mut self, it: &Written, installation: InstallationId, year: Year) {
        let row = self.state.installations.row(installation);
        let closed = self.state.accounts.row(row.account).closure == Closure::Closed;
        let why = if closed {
            TableRefused::AccountClosed
        } else if row.excluded.contains(&year) {
            TableRefused::Excluded
        } else if row.obliged_from.is_some() && !row.obliged_in(year) {
            TableRefused::NotOperational
        } else {
            return;
        };
        self.wrong(it.row, ("installation", &it.installation), why);
    }

    fn find_missing(&mut self, read: &[Read]) {
        let years: BTreeSet<Year> = read.iter().map(|it| it.year).collect();
        let there: BTreeSet<(InstallationId, Year)> =
            read.iter().map(|it| (it.installation, it.year)).collect();
        for year in years {
            for (id, row) in self.state.installations.iter() {
                let owes = row.jurisdiction == self.jurisdiction && row.obliged_in(year);
                let named = self
                    .seen
                    .keys()
                    .any(|(label, of)| *label == row.label.as_str() && *of == year.to_string());
                if owes && !named && !there.contains(&(id, year)) {
                    let why = TableRefused::Missing { installation: row.label, year };
                    self.wrong(0, ("installation", row.label.as_str()), why);
                }
            }
        }
    }

    fn find_pending(&mut self, read: &[Read]) {
        for year in read.iter().map(|it| it.year).collect::<BTreeSet<_>>() {
            let waits = self.state.proposals.values().filter_map(|it| it.inner()).any(|it| {
                let Command::UploadAllocation(it) = it else { return false };
                it.jurisdiction == self.jurisdiction && it.year == year
            });
            if waits {
                self.wrong(0, ("year", &year.to_string()), TableRefused::TablePending);
            }
        }
    }
}
