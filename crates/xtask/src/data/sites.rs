//! `sites.csv`: plants that feed renewable energy in, with what they can and usually do generate.

use super::method::bounds;
use super::names;
use super::raw::{Cells, Raw, cell, number};
use super::tables;
use crate::Failure;
use std::collections::BTreeMap;

const HEAD: [&str; 11] = [
    "id",
    "jurisdiction",
    "name",
    "owner",
    "technology",
    "capacity_mw",
    "generation_gwh",
    "latitude",
    "longitude",
    "provenance",
    "source",
];

/// Fuels of the list, the letter of their ids, and the technology.
const TECHNOLOGIES: [(&str, char, &str); 4] = [
    ("Hydro", 'H', "hydro"),
    ("Wind", 'W', "wind"),
    ("Solar", 'S', "sun"),
    ("Geothermal", 'G', "geothermal"),
];

/// Hours of a year, in thousands: MW to GWh.
const KILOHOURS: f64 = 8.76;
/// The share of its capacity that a solar plant gives, where the list has no capacity.
const SUN_FACTOR: f64 = 0.18;
/// The same of a geothermal one, of which the list has no generation: an assumption.
const GEOTHERMAL_FACTOR: f64 = 0.70;
/// Plants below are left out.
const LEAST_MW: f64 = 1.0;
const YEARS: [&str; 5] = [
    "estimated_generation_gwh_2013",
    "estimated_generation_gwh_2014",
    "estimated_generation_gwh_2015",
    "estimated_generation_gwh_2016",
    "estimated_generation_gwh_2017",
];

/// The sites, by id.
pub(super) fn sites(raw: &Raw<'_>) -> Result<String, Failure> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut nameless: BTreeMap<String, u32> = BTreeMap::new();
    let mut rows = raw.table("power_plants_gppd.csv")?;
    // Plants without an id are numbered by where they stand.
    let place = |it: &Cells| {
        let of = |column| it.get(column).cloned().unwrap_or_default();
        (of("iso3"), of("latitude"), of("longitude"), of("name"))
    };
    rows.sort_by_key(place);
    for row in &rows {
        let fuel = cell(row, "primary_fuel")?;
        let Some((_, letter, technology)) = TECHNOLOGIES.iter().find(|it| it.0 == fuel) else {
            continue;
        };
        let country = cell(row, "iso3")?;
        let listed = cell(row, "gppd_idnr")?;
        let id = if listed.is_empty() {
            let count = nameless.entry(country.to_owned()).or_default();
            *count += 1;
            format!("{country}-{letter}-U{count:03}")
        } else {
            let digits: String = listed.chars().filter(char::is_ascii_digit).collect();
            format!("{country}-{letter}-{digits}")
        };
        if let Some(site) = site(row, (&id, technology))?
            && all.insert(id.clone(), site).is_some()
        {
            return Err(format!("two sites have the id {id}"));
        }
    }
    tables::text(&HEAD, all.into_values())
}

/// A row; none where the plant is too small.
fn site(row: &Cells, (id, technology): (&str, &str)) -> Result<Option<Vec<String>>, Failure> {
    let mut years = Vec::new();
    for column in YEARS {
        years.extend(number(row, column)?);
    }
    let mean = (!years.is_empty()).then(|| years.iter().sum::<f64>() / years.len() as f64);
    let listed = number(row, "capacity_mw")?;
    let by_sun = mean.filter(|_| technology == "sun").map(|it| it / (KILOHOURS * SUN_FACTOR));
    let Some(megawatts) = listed.or(by_sun) else {
        return Err(format!("{id}: neither a capacity nor a generation"));
    };
    if megawatts < LEAST_MW {
        return Ok(None);
    }
    let (gigawatt_hours, provenance) = match mean {
        Some(it) => (it, "derived"),
        None if technology == "geothermal" => {
            (megawatts * KILOHOURS * GEOTHERMAL_FACTOR, "assumption")
        }
        None => return Err(format!("{id}: no generation")),
    };
    if gigawatt_hours <= 0.0 || gigawatt_hours > megawatts * KILOHOURS {
        return Err(format!("{id}: {gigawatt_hours} GWh from {megawatts} MW"));
    }
    let country = cell(row, "iso3")?;
    let coordinates = number(row, "latitude")?.zip(number(row, "longitude")?);
    let Some((latitude, longitude)) = coordinates else {
        return Err(format!("{id}: nobody knows where it stands"));
    };
    let [south, north, west, east] = bounds(country);
    if !((south..=north).contains(&latitude) && (west..=east).contains(&longitude)) {
        return Err(format!("{id} lies at {latitude}, {longitude}, outside {country}"));
    }
    let name = cell(row, "name")?;
    // Names of the list that lost letters are no names.
    let name = if name.contains(['?', '\u{fffd}']) || name.is_empty() { id } else { name };
    Ok(Some(vec![
        id.to_owned(),
        country.to_owned(),
        name.to_owned(),
        names::operator(cell(row, "owner")?).to_owned(),
        technology.to_owned(),
        format!("{megawatts:.3}"),
        format!("{gigawatt_hours:.3}"),
        format!("{latitude:.4}"),
        format!("{longitude:.4}"),
        provenance.to_owned(),
        "wri-gppd".to_owned(),
    ]))
}
