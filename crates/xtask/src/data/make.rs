//! The rows of the table: national figures shared among plants, and what no list places.

use super::method::{self, Covered, Fuel};
use super::names::owner_group;
use super::plants::{Plant, PowerPlant};
use super::raw::National;
use super::row::{Row, Sector, rounded};
use super::spread::Spread;
use crate::Failure;
use std::collections::BTreeMap;

/// A row without a place, an operator or an owner that anybody knows.
struct Unlisted<'a> {
    country: &'a str,
    sector: Sector,
    /// Beside the sector's letters in the id; fuels have their own.
    fuel: &'a str,
    number: u64,
}

impl Unlisted<'_> {
    fn row(&self) -> Row {
        let Self { country, sector, fuel, number } = self;
        let (code, what) = sector.synthetic();
        let id = format!("{country}-S-{code}{}-{number:02}", fuel.to_ascii_uppercase());
        let what = if fuel.is_empty() { what.to_owned() } else { format!("{fuel} {what}") };
        Row {
            name: format!("Unlisted {what} {number} ({country})"),
            operator: String::new(),
            owner_group: format!("unlisted-{}", id.to_ascii_lowercase()),
            id,
            country: (*country).to_owned(),
            sector: *sector,
            fuel_or_process: String::new(),
            capacity: 0.0,
            place: None,
            output: 0.0,
            load: 0.0,
            efficiency: None,
            factor: 0.0,
            emissions_t: 0,
            real: false,
            source: String::new(),
            raw_ids: String::new(),
        }
    }
}

impl Row {
    fn with_formula(mut self) -> Self {
        self.emissions_t = rounded(self.formula_t());
        self
    }
}

fn tonnes(rows: &[Row]) -> u64 {
    rows.iter().map(|it| it.emissions_t).sum()
}

/// Plants and national figures.
pub(super) struct Maker<'a> {
    pub(super) national: &'a National,
    pub(super) power: &'a BTreeMap<String, PowerPlant>,
    pub(super) cement: &'a BTreeMap<String, Plant>,
}

/// The rows, and what was left out.
pub(super) struct Made {
    pub(super) rows: Vec<Row>,
    /// Electricity by this method, t by country.
    pub(super) electricity_t: BTreeMap<&'static str, u64>,
    /// Plants of a fuel with which their country generates nothing.
    pub(super) silent: Vec<String>,
}

impl Maker<'_> {
    pub(super) fn make(&self) -> Result<Made, Failure> {
        let (mut rows, mut silent) = (Vec::new(), Vec::new());
        let mut electricity_t = BTreeMap::new();
        for country in method::COUNTRIES {
            let mut mine = Vec::new();
            for fuel in Fuel::ALL {
                mine.extend(self.electricity(country, fuel, &mut silent)?);
            }
            electricity_t.insert(country, tonnes(&mine));
            mine.extend(self.heat(country, tonnes(&mine))?);
            mine.extend(self.clinker(country)?);
            mine.extend(industry(country, &mine)?);
            rows.extend(mine);
        }
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Made { rows, electricity_t, silent })
    }

    /// Generation by a fuel, shared by capacity up to the largest load; the rest is unlisted.
    fn electricity(
        &self,
        country: &str,
        fuel: Fuel,
        silent: &mut Vec<String>,
    ) -> Result<Vec<Row>, Failure> {
        let fits = |it: &&PowerPlant| it.plant.country == country && it.fuel == fuel;
        let plants: Vec<_> = self.power.values().filter(fits).collect();
        let generation = self.national.generation.get(&(country.to_owned(), fuel));
        let gwh = generation.copied().unwrap_or(0.0);
        if gwh <= 0.0 {
            silent.extend(plants.iter().map(|it| format!("{} {}", it.plant.id, it.plant.name)));
            return Ok(Vec::new());
        }
        let source = if country == method::OLD_MIX.0 { "owid-2020" } else { "irena-2024" };
        let capacity: f64 = plants.iter().filter_map(|it| it.plant.capacity).sum();
        let most = capacity * method::HOURS / 1000.0 * method::POWER_LOAD_MAX / 100.0;
        let placed = gwh.min(most);
        let mut rows = Vec::new();
        for PowerPlant { plant, lignite, technology, .. } in plants {
            let megawatts = plant.capacity.unwrap_or(0.0);
            let output = placed * megawatts / capacity;
            let usual = method::ipcc_fuel(country, fuel);
            let burns = if *lignite { method::LIGNITE } else { usual };
            let id = plant.id.replace("WRI", "").replace("GEODB", "");
            let row = Row {
                sector: Sector::Power,
                fuel_or_process: burns.to_lowercase(),
                capacity: megawatts,
                output,
                load: 100.0 * output * 1000.0 / (megawatts * method::HOURS),
                efficiency: Some(method::efficiency(country, fuel, technology)),
                factor: self.national.factor(burns)?,
                source: format!("wri-gppd;{source};ipcc-2006"),
                ..listed(plant, format!("{country}-P-{id}"))
            };
            rows.push(row.with_formula());
        }
        let rest = gwh - placed;
        if rest > 0.5 {
            let megawatts = rest * 1000.0 / (method::HOURS * method::POWER_LOAD_MAX / 100.0);
            let count = (megawatts / method::UNLISTED_MW_MAX - 1e-9).ceil();
            let burns = method::ipcc_fuel(country, fuel);
            for number in 1..=rounded(count) {
                let it = Unlisted { country, sector: Sector::Power, fuel: fuel.name(), number };
                let row = Row {
                    fuel_or_process: burns.to_lowercase(),
                    capacity: megawatts / count,
                    output: rest / count,
                    load: method::POWER_LOAD_MAX,
                    efficiency: Some(method::efficiency(country, fuel, "")),
                    factor: self.national.factor(burns)?,
                    source: format!("{source};ipcc-2006"),
                    ..it.row()
                };
                rows.push(row.with_formula());
            }
        }
        Ok(rows)
    }

    /// EDGAR's power sector less the electricity, where a country heats.
    fn heat(&self, country: &str, electricity_t: u64) -> Result<Vec<Row>, Failure> {
        let all = rounded(self.national.edgar_mt(country, "Power Industry")? * 1e6);
        let gap = all.saturating_sub(electricity_t);
        let fuel = method::HEAT_FUEL.iter().find(|(of, _)| *of == country);
        let Some((_, fuel)) = fuel.filter(|_| gap >= method::HEAT_T_MIN) else {
            return Ok(Vec::new());
        };
        let burns = method::ipcc_fuel(country, *fuel);
        let factor = self.national.factor(burns)?;
        let spread = Spread {
            key: &format!("{country}|heat"),
            count: gap.div_ceil(method::HEAT_MEAN_T).clamp(1, method::HEAT_COUNT_MAX),
            total: gap,
            least: method::threshold_t(country),
            most: method::SYNTHETIC_T_MAX,
        };
        let row = |(number, emissions_t): (u64, u64)| {
            let output = emissions_t as f64 * 1000.0 / factor * (method::HEAT_EFFICIENCY / 100.0);
            let gwh = output / 3.6;
            Row {
                fuel_or_process: burns.to_lowercase(),
                capacity: gwh * 1000.0 / method::HOURS / (method::HEAT_LOAD / 100.0),
                output: gwh,
                load: method::HEAT_LOAD,
                efficiency: Some(method::HEAT_EFFICIENCY),
                factor,
                emissions_t,
                source: "edgar-v7;irena-2024;ipcc-2006".to_owned(),
                ..Unlisted { country, sector: Sector::Heat, fuel: "", number }.row()
            }
        };
        Ok((1..).zip(spread.sizes()?).map(row).collect())
    }

    /// Clinker by the national process CO2, shared by capacity up to the largest load.
    fn clinker(&self, country: &str) -> Result<Vec<Row>, Failure> {
        let plants: Vec<_> = self.cement.values().filter(|it| it.country == country).collect();
        let mut known: Vec<f64> = plants.iter().filter_map(|it| it.capacity).collect();
        known.sort_by(f64::total_cmp);
        // The lower median stands for a capacity that the list lacks.
        let median = known.len().checked_sub(1).and_then(|it| known.get(it / 2)).copied();
        let median = median.ok_or_else(|| format!("no capacity of cement in {country}"))?;
        let capacity: f64 = plants.iter().map(|it| it.capacity.unwrap_or(median)).sum();
        let clinker = self.national.clinker_kt(country)?;
        let placed = clinker.min(capacity * 1000.0 * method::CEMENT_LOAD_MAX / 100.0);
        let (process, factor) = method::product(Sector::Cement);
        let mut rows = Vec::new();
        for plant in plants {
            let megatonnes = plant.capacity.unwrap_or(median);
            let output = placed * megatonnes / capacity;
            let guessed = if plant.capacity.is_none() { ";median-capacity" } else { "" };
            let digits: String = plant.id.chars().skip(7).collect();
            let row = Row {
                sector: Sector::Cement,
                fuel_or_process: process.to_owned(),
                capacity: megatonnes,
                output,
                load: 100.0 * output / (megatonnes * 1000.0),
                factor,
                source: format!("sfi-2021;andrew-2025;ipcc-2006{guessed}"),
                ..listed(plant, format!("{country}-C-{}", digits.replace('#', "-")))
            };
            rows.push(row.with_formula());
        }
        let rest = clinker - placed;
        if rest > 0.5 {
            let megatonnes = rest / 1000.0 / (method::CEMENT_LOAD_MAX / 100.0);
            let count = (megatonnes / method::UNLISTED_CEMENT_MT_MAX - 1e-9).ceil();
            for number in 1..=rounded(count) {
                let row = Row {
                    fuel_or_process: process.to_owned(),
                    capacity: megatonnes / count,
                    output: rest / count,
                    load: method::CEMENT_LOAD_MAX,
                    factor,
                    source: "andrew-2025;ipcc-2006".to_owned(),
                    ..Unlisted { country, sector: Sector::Cement, fuel: "", number }.row()
                };
                rows.push(row.with_formula());
            }
        }
        Ok(rows)
    }
}

/// A row of a listed plant, without its figures.
fn listed(plant: &Plant, id: String) -> Row {
    Row {
        name: plant.name.clone(),
        operator: plant.operator.clone(),
        owner_group: owner_group(&plant.owner, &id),
        country: plant.country.clone(),
        place: plant.place,
        real: true,
        raw_ids: plant.ids.join("+"),
        ..Unlisted { country: &plant.country, sector: Sector::Power, fuel: "", number: 0 }.row()
    }
    .named(id)
}

impl Row {
    fn named(mut self, id: String) -> Self {
        self.id = id;
        self
    }
}

/// Whether a market covers an installation.
pub(super) fn is_covered(row: &Row, market: &Covered) -> bool {
    row.country == market.country
        && market.sectors.contains(&row.sector)
        && row.emissions_t >= market.threshold_t
}

/// Synthetic industry: what closes the covered total of a market, and what stands beside it.
fn industry(country: &str, others: &[Row]) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    if let Some(market) = method::covered(country) {
        let have: u64 =
            others.iter().filter(|it| is_covered(it, market)).map(|it| it.emissions_t).sum();
        let gap = (market.total_mt * 1_000_000).checked_sub(have).ok_or_else(|| {
            format!("{country}: power and cement have {have} t, all covered {} Mt", market.total_mt)
        })?;
        let plan: Vec<_> = method::CLOSING.iter().filter(|it| it.0 == country).collect();
        let mut done = 0;
        for (number, (_, sector, count, percent)) in (1..).zip(&plan) {
            // The last sector takes what rounding left.
            let total = if number == plan.len() { gap - done } else { gap * percent / 100 };
            done += total;
            let source = "pilot-covered-total;assumption";
            rows.extend(sector_rows(country, (*sector, *count, total), source)?);
        }
    }
    for (_, sector, count, kt) in method::BESIDE.iter().filter(|it| it.0 == country) {
        let source = "climate-trace-2022-bound;assumption";
        rows.extend(sector_rows(country, (*sector, *count, kt * 1000), source)?);
    }
    Ok(rows)
}

fn sector_rows(
    country: &str,
    (sector, count, total): (Sector, u64, u64),
    source: &str,
) -> Result<Vec<Row>, Failure> {
    let (product, factor) = method::product(sector);
    let spread = Spread {
        key: &format!("{country}|{}", sector.name()),
        count,
        total,
        least: method::threshold_t(country),
        most: method::SYNTHETIC_T_MAX,
    };
    let row = |(number, emissions_t): (u64, u64)| {
        let output = emissions_t as f64 / factor;
        Row {
            fuel_or_process: product.to_owned(),
            capacity: output / 1e6 / (method::INDUSTRY_LOAD / 100.0),
            output,
            load: method::INDUSTRY_LOAD,
            factor,
            emissions_t,
            source: source.to_owned(),
            ..Unlisted { country, sector, fuel: "", number }.row()
        }
    };
    Ok((1..).zip(spread.sizes()?).map(row).collect())
}
