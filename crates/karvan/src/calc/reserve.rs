//! `karvan calc reserve`: the quantity rule of the European Union.

use super::answer;
use crate::Output;
use anyhow::{Result, bail};
use karvan_core::quantity::Tonnes;
use karvan_core::supply::reserve::QuantityRule;
use karvan_core::time::Year;
use serde_json::json;

#[derive(clap::Args)]
pub(crate) struct Reserve {
    /// How many units are in circulation at the end of the year.
    #[arg(long)]
    tnac: u64,
    /// The year at whose end they are counted.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1990..=2200))]
    year: u16,
    /// How many are in the reserve.
    #[arg(long, default_value_t = 0)]
    held: u64,
    /// How many were auctioned in the year before: for years before 2023.
    #[arg(long)]
    auctioned: Option<u64>,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(it: &Reserve) -> Result<()> {
    let year = Year(it.year);
    if year < QuantityRule::EU_FIRST {
        bail!("--year {year}: the rule begins with units counted at the end of 2018");
    }
    if year < QuantityRule::EU_REFORMED && it.held > 0 && it.auctioned.is_none() {
        bail!("--held: before 2023 what is cancelled follows from --auctioned of the year before");
    }
    let rule = QuantityRule::eu(year, it.auctioned.map(Tonnes));
    let found = rule.adjust(Tonnes(it.tnac), Tonnes(it.held));
    let (intake, release, invalidated) = (found.intake.0, found.release.0, found.invalidated.0);
    let value = json!({ "intake": intake, "release": release, "invalidated": invalidated });
    answer(it.output, &value, || {
        format!("intake       {intake} t\nrelease      {release} t\ninvalidated  {invalidated} t\n")
    })
}
