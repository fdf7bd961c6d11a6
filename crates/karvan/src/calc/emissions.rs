//! `karvan calc emissions`: what a report comes to.

use super::answer;
use super::sheet::{Row, Sheet};
use crate::Output;
use crate::table::Table;
use anyhow::{Result, bail};
use karvan_core::id::Label;
use karvan_core::mrv::stream::{self, Category, Emitted, Measure, Sets, SourceStream, Unit};
use karvan_core::mrv::{Decimal, FactorSet, Gas, GwpSet, size};
use serde_json::json;
use std::path::PathBuf;

const REQUIRED: [&str; 4] = ["stream", "category", "activity", "activity_unit"];
const OPTIONAL: [&str; 13] = [
    "ncv",
    "ncv_unit",
    "ef",
    "ef_unit",
    "oxidation",
    "conversion",
    "carbon_content",
    "biomass_percent",
    "gas",
    "gwp_set",
    "fuel",
    "factor_set",
    "tier",
];

#[derive(clap::Args)]
pub(crate) struct Emissions {
    /// The source streams: stream,category,activity,activity_unit and what their formulas need.
    #[arg(long)]
    report: PathBuf,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(it: &Emissions) -> Result<()> {
    let mut sheet = Sheet::read(&it.report, &REQUIRED, &OPTIONAL)?;
    sheet.unique("stream");
    let gwp = one_set(&mut sheet, "gwp_set", "SAR, AR4, AR5 or AR6", GwpSet::parse);
    let factors = one_set(&mut sheet, "factor_set", "IPCC-2006", FactorSet::parse);
    let sets = Sets { gwp, factors };
    let mut rows: Vec<(SourceStream, Emitted)> = Vec::new();
    for row in sheet.rows() {
        let Some(stream) = source_stream(&mut sheet, row) else { continue };
        match stream::emitted(&stream, sets) {
            Ok(emitted) => rows.push((stream, emitted)),
            Err(all) => {
                for wrong in all {
                    sheet.wrong((row, wrong.column), wrong.why);
                }
            }
        }
    }
    sheet.end()?;
    let Some(total) = stream::total(rows.iter().map(|(_, it)| it)) else {
        bail!("{}: the total is negative or too large", it.report.display());
    };
    let emitted: Vec<Emitted> = rows.iter().map(|(_, it)| it.clone()).collect();
    let weights = size::weights(&emitted);
    let category = size::Category::of(total.fossil).name();
    let streams: Vec<_> = rows
        .iter()
        .zip(&weights)
        .map(|((stream, emitted), weight)| {
            json!({
                "stream": stream.name,
                "category": stream.category.name(),
                "fossil_t": emitted.fossil.to_string(),
                "biomass_t": emitted.biomass.to_string(),
                "weight": weight.name(),
                "tier": stream.tier,
            })
        })
        .collect();
    let name = GwpSet::NAMES.iter().find(|(_, it)| *it == gwp).map_or("", |(name, _)| name);
    let factors_name =
        FactorSet::NAMES.iter().find(|(_, it)| *it == factors).map_or("", |(name, _)| name);
    let value = json!({
        "total_t": total.fossil.0,
        "biomass_t": total.biomass.0,
        "gwp_set": name,
        "factor_set": factors_name,
        "installation_category": category,
        "streams": streams,
    });
    answer(it.output, &value, || {
        let mut table =
            Table::new(&["stream", "category", "fossil t CO2e", "biomass t CO2", "weight"]);
        for ((stream, emitted), weight) in rows.iter().zip(&weights) {
            table.add(vec![
                stream.name.clone(),
                stream.category.name().to_owned(),
                emitted.fossil.to_string(),
                emitted.biomass.to_string(),
                weight.name().to_owned(),
            ]);
        }
        let (fossil, biomass) = (total.fossil, total.biomass);
        format!(
            "{table}\ntotal    {fossil} CO2e, rounded half up once\nbiomass  {biomass} CO2, apart\n\
             gases    by the global warming potentials of {name}\n\
             fuels    by the factors of {factors_name}, where one is named\n\
             category {category} of installations\n"
        )
    })
}

/// A set of the report: one for all its rows.
fn one_set<T: Copy + Default + PartialEq>(
    sheet: &mut Sheet,
    column: &str,
    allowed: &str,
    parse: fn(&str) -> Option<T>,
) -> T {
    let mut found: Option<T> = None;
    for row in sheet.rows() {
        let set = sheet.optional((row, column), allowed, parse);
        match (found, set) {
            (None, Some(set)) => found = Some(set),
            (Some(one), Some(other)) if one != other => {
                sheet.wrong((row, column), "a report uses one set in all its rows");
            }
            _ => {}
        }
    }
    found.unwrap_or_default()
}

fn source_stream(sheet: &mut Sheet, row: Row) -> Option<SourceStream> {
    let before = sheet.count();
    let categories = Category::NAMES.map(|(name, _)| name).join(", ");
    let category = sheet.value((row, "category"), &categories, Category::parse);
    let activity = sheet.value((row, "activity"), "a decimal such as 1234.5", Decimal::parse);
    let unit = sheet.value((row, "activity_unit"), "t, 1000Nm3, TJ or GJ", Unit::parse);
    let ncv = measure(sheet, row, ("ncv", "ncv_unit", "GJ/t or GJ/1000Nm3"));
    let factor = measure(sheet, row, ("ef", "ef_unit", "tCO2/TJ, tCO2/t or tCO2/1000Nm3"));
    let mut decimal =
        |column: &str| sheet.optional((row, column), "a decimal such as 0.98", Decimal::parse);
    let (oxidation, conversion) = (decimal("oxidation"), decimal("conversion"));
    let carbon_content = decimal("carbon_content");
    let biomass_percent = decimal("biomass_percent");
    let gases = Gas::names().collect::<Vec<_>>().join(", ");
    let gas = sheet.optional((row, "gas"), &gases, Gas::parse);
    let fuel = sheet.optional((row, "fuel"), "a name such as lignite", Label::new);
    let tier = sheet.optional((row, "tier"), "1, 2, 3 or 4", |it| it.parse().ok());
    if sheet.count() > before {
        return None;
    }
    Some(SourceStream {
        name: sheet.text(row, "stream").to_owned(),
        category: category?,
        activity: Measure { value: activity?, unit: unit? },
        ncv,
        factor,
        oxidation,
        conversion,
        carbon_content,
        biomass_percent,
        gas,
        fuel,
        tier,
    })
}

/// A number and its unit: both or neither.
fn measure(
    sheet: &mut Sheet,
    row: Row,
    (column, unit, units): (&str, &str, &str),
) -> Option<Measure> {
    let value = sheet.optional((row, column), "a decimal such as 25.8", Decimal::parse);
    let found = sheet.optional((row, unit), units, Unit::parse);
    if sheet.text(row, column).is_empty() != sheet.text(row, unit).is_empty() {
        let missing = if sheet.text(row, unit).is_empty() { unit } else { column };
        sheet.wrong((row, missing), &format!("{column} and {unit} come together"));
    }
    Some(Measure { value: value?, unit: found? })
}
