//! Real plants: one per site, from lists that overlap.

use super::method::{Fuel, NEAR_KM, bounds};
use super::names::stem;
use super::raw::{Lists, cell, needed, number};
use crate::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// A plant as the lists know it.
#[derive(Clone, Debug)]
pub(super) struct Plant {
    /// Its id in the list.
    pub(super) id: String,
    pub(super) country: String,
    pub(super) name: String,
    /// Who runs it, and who owns that; empty where the list says nothing.
    pub(super) operator: String,
    pub(super) owner: String,
    /// MW, or Mt a year; cement plants may lack it.
    pub(super) capacity: Option<f64>,
    pub(super) place: Option<(f64, f64)>,
    /// The ids of all rows that are this plant.
    pub(super) ids: Vec<String>,
}

/// A fossil power plant.
#[derive(Clone, Debug)]
pub(super) struct PowerPlant {
    pub(super) plant: Plant,
    pub(super) fuel: Fuel,
    pub(super) lignite: bool,
    pub(super) technology: String,
}

/// The fossil power plants: a row of the joined table wins, a row of a country file fills in.
pub(super) fn power_plants(lists: &Lists) -> Result<BTreeMap<String, PowerPlant>, Failure> {
    let mut plants = BTreeMap::new();
    let ids: BTreeSet<&String> = lists.joined.keys().chain(lists.by_country.keys()).collect();
    for id in ids.into_iter().filter(|it| !lists.dropped.contains(it)) {
        let (joined, other) = (lists.joined.get(id), lists.by_country.get(id));
        let Some(row) = joined.or(other) else { continue };
        let (fuel, status) = match joined {
            Some(_) => ("primary_fuel", "operational_status_wri"),
            None => ("fuel", "operational_status"),
        };
        let Some(fuel) = Fuel::of_raw(cell(row, fuel)?) else { continue };
        let status = cell(row, status)?;
        if !matches!(status, "" | "Operational") {
            return Err(format!("{id}: what is the status \"{status}\"?"));
        }
        let megawatts = needed(row, "capacity_mw")?;
        if !(megawatts > 0.0 && megawatts <= 6000.0) {
            return Err(format!("{id}: a capacity of {megawatts} MW"));
        }
        let owner = cell(row, "owner")?;
        let plant = Plant {
            id: id.clone(),
            country: cell(row, "iso3")?.to_owned(),
            name: cell(row, "name")?.to_owned(),
            operator: super::names::operator(owner).to_owned(),
            owner: owner.to_owned(),
            capacity: Some(megawatts),
            place: number(row, "latitude")?.zip(number(row, "longitude")?),
            ids: vec![id.clone()],
        };
        let lignite = match other {
            Some(it) => cell(it, "fuel")? == "Lignite Coal",
            None => false,
        };
        let technology = cell(row, "generator_technology")?.to_owned();
        plants.insert(id.clone(), PowerPlant { plant, fuel, lignite, technology });
    }
    let mut merged = lists.merged.clone();
    merged.sort();
    for (from, into) in &merged {
        let part = plants.remove(from);
        let whole = plants.get_mut(into);
        match (part, whole) {
            (Some(part), Some(whole)) if part.fuel == whole.fuel => {
                let capacity = whole.plant.capacity.zip(part.plant.capacity);
                whole.plant.capacity = capacity.map(|(one, other)| one + other);
                whole.plant.ids.extend(part.plant.ids);
            }
            _ => return Err(format!("{from} cannot be merged into {into}: not two of one fuel")),
        }
    }
    Ok(plants)
}

/// The cement plants that burn clinker.
pub(super) fn cement_plants(lists: &Lists) -> Result<BTreeMap<String, Plant>, Failure> {
    let mut plants = BTreeMap::new();
    for (id, row) in &lists.cement {
        let burns = cell(row, "status")? == "Operating" && cell(row, "plant_type")? != "Grinding";
        if !burns || lists.dropped.contains(id) {
            continue;
        }
        let or = |one: &str, other: &str| -> Result<String, Failure> {
            let one = cell(row, one)?;
            Ok(if one.is_empty() { cell(row, other)? } else { one }.to_owned())
        };
        let operator = cell(row, "owner_name")?.to_owned();
        let town = or("city", "state")?;
        let name = match operator.as_str() {
            "" => format!("{town} cement plant"),
            operator => format!("{town} cement plant ({operator})"),
        };
        let plant = Plant {
            id: id.clone(),
            country: cell(row, "iso3")?.to_owned(),
            name,
            operator,
            owner: or("parent_name", "owner_name")?,
            capacity: number(row, "capacity_mt_per_year")?,
            place: number(row, "latitude")?.zip(number(row, "longitude")?),
            ids: vec![id.clone()],
        };
        plants.insert(id.clone(), plant);
    }
    Ok(plants)
}

/// Great-circle distance on short ways, km.
fn distance_km(one: (f64, f64), other: (f64, f64)) -> f64 {
    let middle = ((one.0 + other.0) / 2.0).to_radians();
    let east = (one.1 - other.1).to_radians() * libm::cos(middle);
    let north = (one.0 - other.0).to_radians();
    6371.0 * libm::sqrt(north * north + east * east)
}

/// Every pair of plants that may be one must be decided, and no decision may be without a pair.
pub(super) fn undecided(
    power: &BTreeMap<String, PowerPlant>,
    cement: &BTreeMap<String, Plant>,
    distinct: &[(String, String)],
) -> Vec<Failure> {
    let mut wrong = Vec::new();
    let mut open: BTreeSet<_> = distinct.iter().cloned().collect();
    let burning = power.values().map(|it| (Some(it.fuel), &it.plant));
    let all: Vec<_> = burning.chain(cement.values().map(|it| (None, it))).collect();
    for (place, (fuel, one)) in all.iter().enumerate() {
        let [south, north, west, east] = bounds(&one.country);
        if let Some((latitude, longitude)) = one.place
            && !((south..=north).contains(&latitude) && (west..=east).contains(&longitude))
        {
            let (id, country) = (&one.id, &one.country);
            wrong.push(format!("{id} lies at {latitude}, {longitude}, outside {country}"));
        }
        for (other_fuel, other) in all.iter().skip(place + 1) {
            if one.country != other.country || fuel != other_fuel {
                continue;
            }
            let places = one.place.zip(other.place);
            let near = places.is_some_and(|(one, other)| distance_km(one, other) <= NEAR_KM);
            let same = fuel.is_some() && stem(&one.name) == stem(&other.name);
            if (near || same) && !open.remove(&(one.id.clone(), other.id.clone())) {
                wrong.push(format!(
                    "are {} ({}) and {} ({}) one plant? Say so in corrections.csv: pair distinct, \
                     or row merge:ID",
                    one.id, one.name, other.id, other.name
                ));
            }
        }
    }
    for (one, other) in open {
        wrong.push(format!("{one} and {other} are declared distinct, but do not look alike"));
    }
    wrong
}
