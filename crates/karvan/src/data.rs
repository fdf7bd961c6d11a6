//! The data tables, with what is wrong in them in words.

use anyhow::{Result, anyhow};
use karvan_policy::plants::{self, BadRow, PlantRow};
use karvan_policy::sites::{self, SITES, SiteRow};
use karvan_policy::tables::Tables;

/// The installations of a table.
pub(crate) fn plants(table: &str) -> Result<Vec<PlantRow>> {
    plants::read(table).map_err(|bad| in_words("installations", &bad))
}

/// The sites of the project's own table.
pub(crate) fn sites() -> Result<Vec<SiteRow>> {
    sites::read(SITES).map_err(|bad| in_words("sites", &bad))
}

/// The project's own tables beside them.
pub(crate) fn tables() -> Result<Tables> {
    Tables::shipped().map_err(|bad| in_words("countries and measures", &bad))
}

fn in_words(of: &str, bad: &[BadRow]) -> anyhow::Error {
    let all: Vec<String> = bad.iter().map(|it| format!("\n  {it}")).collect();
    anyhow!("the table of {of} has {} mistakes:{}", bad.len(), all.concat())
}
