//! `indicators.csv` and `ndc.csv`: what a country is like beyond its emissions, and what it has
//! promised.

use super::method;
use super::raw::{Cells, Raw, cell, needed, number};
use super::tables::text;
use crate::Failure;
use std::collections::BTreeMap;

/// Fleets below this tell nothing about the sun and wind of a country, MW.
const FLEET_LEAST_MW: f64 = 200.0;
/// Levels of base years without land use, where the document counts it, Mt: the Climate Action
/// Tracker reckons that 318 Mt are left after the 15 percent.
const LEVELS: [(&str, &str, f64); 1] = [("KAZ", "2030", 318.0 / (1.0 - 0.15))];
const LEVELS_FROM: &str = "Climate Action Tracker: 318 Mt without land use";
/// Years of output that a capacity factor is the mean of.
const FLEET_YEARS: [&str; 3] = ["2020", "2021", "2022"];
/// Where no fleet tells: a judgement, percent.
const SUN_PERCENT: f64 = 17.0;
const WIND_PERCENT: f64 = 30.0;

fn ours(row: &Cells) -> bool {
    cell(row, "iso3").is_ok_and(|it| method::COUNTRIES.contains(&it))
}

/// Gross domestic product, factors of the grid, output of sun and wind.
pub(super) fn indicators(raw: &Raw<'_>) -> Result<String, Failure> {
    let mut rows = Vec::new();
    let mut push = |(country, name): (&str, &str), year: &str, value: String, rest: [&str; 3]| {
        let mut row = vec![country.to_owned(), name.to_owned(), year.to_owned(), value];
        row.extend(rest.map(str::to_owned));
        rows.push(row);
    };
    for row in raw.table("co2_macro_owid_2026copy.csv")?.iter().filter(|it| ours(it)) {
        let year = cell(row, "year")?;
        let gdp = cell(row, "gdp_intl_usd2011ppp")?;
        if gdp.is_empty() || !("2010"..="2022").contains(&year) {
            continue;
        }
        // A comma stands before the digits after the point.
        let gdp: f64 = gdp.replace(',', ".").parse().map_err(|_| format!("\"{gdp}\", {row:?}"))?;
        let rest = ["billion int. USD of 2011", "owid-macro", "measured"];
        push((cell(row, "iso3")?, "gdp"), year, format!("{:.3}", gdp / 1e9), rest);
    }
    for row in raw.table("grid_factors_ifi_2021_v3_1.csv")?.iter().filter(|it| ours(it)) {
        let country = cell(row, "iso3")?;
        let factor = needed(row, "cm_intermittent_gco2_per_kwh")?;
        let rest = ["kg CO2/MWh", "ifi-2021", "derived"];
        push((country, "grid factor for sun and wind"), "2021", format!("{factor:.0}"), rest);
    }
    let capacity = electricity(raw, "electricity_capacity_irena_2024.csv", "capacity_mw")?;
    let output = electricity(raw, "electricity_generation_irena_2024.csv", "generation_gwh")?;
    for country in method::COUNTRIES {
        for (name, technology, guess) in [
            ("sun", "Solar photovoltaic", SUN_PERCENT),
            ("wind", "Onshore wind energy", WIND_PERCENT),
        ] {
            let of = |table: &Electricity, year: &str| {
                let key = (country.to_owned(), technology.to_owned(), year.to_owned());
                table.get(&key).copied()
            };
            let fleets = FLEET_YEARS.iter().filter_map(|year| {
                let mw = of(&capacity, year).filter(|it| *it >= FLEET_LEAST_MW)?;
                Some(of(&output, year)? / (8.76 * mw) * 100.0)
            });
            let percents: Vec<f64> = fleets.collect();
            let (percent, rest) = if percents.is_empty() {
                (guess, ["percent", "own", "assumption"])
            } else {
                let mean = percents.iter().sum::<f64>() / percents.len() as f64;
                (mean, ["percent", "irena-2024", "derived"])
            };
            let key = format!("capacity factor of {name}");
            push((country, &key), "2022", format!("{percent:.1}"), rest);
        }
    }
    rows.sort();
    let head = ["jurisdiction", "indicator", "year", "value", "unit", "source", "provenance"];
    text(&head, rows.into_iter())
}

/// By country, technology and year.
type Electricity = BTreeMap<(String, String, String), f64>;

fn electricity(raw: &Raw<'_>, file: &str, column: &str) -> Result<Electricity, Failure> {
    let mut all = Electricity::new();
    for row in raw.table(file)?.iter().filter(|it| ours(it)) {
        let word = |column| cell(row, column).map(str::to_owned);
        let value = number(row, column)?.unwrap_or(0.0);
        all.insert((word("iso3")?, word("technology")?, word("year")?), value);
    }
    Ok(all)
}

/// Targets of the newest document for each year.
pub(super) fn ndc(raw: &Raw<'_>) -> Result<String, Failure> {
    let mut national: BTreeMap<(String, String), f64> = BTreeMap::new();
    for row in raw.table("ghg_by_sector_edgar_v7.csv")? {
        let key = (cell(&row, "iso3")?.to_owned(), cell(&row, "year")?.to_owned());
        *national.entry(key).or_default() += needed(&row, "ghg_mtco2e_ar5gwp100")?;
    }
    let mut newest = BTreeMap::new();
    for row in raw.table("ndc_targets_curated.csv")?.iter().filter(|it| ours(it)) {
        let (country, year) = (cell(row, "iso3")?, cell(row, "target_year")?);
        let base = cell(row, "base_year")?;
        let kind = match cell(row, "target_type")? {
            "relative to BAU" => "bau",
            "intensity per GDP" => "intensity",
            _ => "base_year",
        };
        let percent = |column: &str| number(row, column).map(|it| it.map(|it| format!("{it}")));
        let unconditional = percent("unconditional_reduction_pct")?.unwrap_or_default();
        let conditional = percent("conditional_reduction_pct")?.unwrap_or_default();
        let given = LEVELS.iter().find(|it| it.0 == country && it.1 == year).map(|it| it.2);
        let of_row = number(row, "reference_level_mtco2e")?;
        let note = cell(row, "note")?;
        let of_base = national.get(&(country.to_owned(), base.to_owned())).copied();
        let (reference, basis) = match (given, of_row, of_base) {
            (Some(mt), _, _) => (format!("{mt:.3}"), LEVELS_FROM),
            (None, Some(mt), _) => (format!("{mt}"), "the document"),
            (None, None, Some(mt)) => (format!("{mt:.3}"), "edgar-v7"),
            (None, None, None) => (String::new(), "the model's emissions without a market"),
        };
        let remembered = cell(row, "provenance")? != "seen" || note.contains("memory");
        let derived = basis != "the document" || note.contains("derived");
        let seen = match (remembered, derived) {
            (true, _) => "memory",
            (false, true) => "derived",
            (false, false) => "document",
        };
        let texts = [
            country,
            year,
            kind,
            base,
            &unconditional,
            &conditional,
            &reference,
            basis,
            cell(row, "ndc")?,
            cell(row, "source")?,
            seen,
        ];
        let row: Vec<String> = texts.iter().map(ToString::to_string).collect();
        newest.insert((country.to_owned(), year.to_owned()), row);
    }
    let head = [
        "jurisdiction",
        "target_year",
        "kind",
        "base_year",
        "unconditional_percent",
        "conditional_percent",
        "reference_mt",
        "reference_from",
        "document",
        "source",
        "provenance",
    ];
    text(&head, newest.into_values())
}
