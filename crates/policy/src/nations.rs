//! What the data know of whole countries: emissions by sector, gross domestic product, sun and
//! wind, and what each has promised. Read once from the project's own tables.

use crate::cells::{Cells, rows};
use crate::plants::BadRow;
use std::collections::BTreeMap;

const COUNTRIES: &str = include_str!("../../../data/countries.csv");
const INDICATORS: &str = include_str!("../../../data/indicators.csv");
const NDC: &str = include_str!("../../../data/ndc.csv");

/// Emissions, indicators, promises.
pub(crate) const TABLES: [&str; 3] = [COUNTRIES, INDICATORS, NDC];

/// Sectors that together are a country, without land use (EDGAR v7.0).
const SECTORS: [&str; 5] =
    ["Power Industry", "Other industrial combustion", "Buildings", "Transport", OTHERS];
/// The sector of all that is in no other: processes, leaks, fields and waste.
pub const OTHERS: &str = "Other sectors";
/// The last year of the emissions.
pub const BASE_YEAR: u16 = 2021;

/// How much trust a country's own trend gets beside the region's: years / (years + this).
const SHRINK: f64 = 8.0;
/// Emissions for each unit of GDP fall by no more than this a year, and do not rise.
const FALL_MOST: f64 = 0.04;
/// Emissions grow within these bounds, as shares a year.
const GROWTH: (f64, f64) = (-0.01, 0.03);

/// Emissions of a sector without a market.
#[derive(Clone, Debug, PartialEq)]
pub struct NationalSector {
    /// Its name.
    pub name: &'static str,
    /// Emissions of [`BASE_YEAR`], Mt.
    pub base: f64,
    /// Their growth, as a share a year.
    pub growth: f64,
}

impl NationalSector {
    /// Emissions of a year, Mt.
    pub fn at(&self, year: u16) -> f64 {
        self.base * grown(self.growth, year)
    }
}

/// To which sector of a country a sector of a market belongs.
pub fn national_sector(sector: &str) -> &'static str {
    match sector {
        "power" | "heat" => "Power Industry",
        _ => "Other industrial combustion",
    }
}

fn grown(growth: f64, year: u16) -> f64 {
    libm::pow(1.0 + growth, f64::from(year) - f64::from(BASE_YEAR))
}

/// From what a target is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// From a year that has been.
    BaseYear,
    /// From what would be emitted otherwise.
    BusinessAsUsual,
    /// From the emissions for each unit of GDP of a year that has been.
    Intensity,
}

/// How well a promise is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// As its document says.
    Document,
    /// From the document, with a figure of another source.
    Derived,
    /// From memory: to be checked.
    Memory,
}

/// What a country has promised for a year (its nationally determined contribution).
#[derive(Clone, Debug, PartialEq)]
pub struct Promise {
    /// The year.
    pub year: u16,
    /// From what it is counted.
    pub kind: TargetKind,
    base_year: u16,
    /// The reduction without help of others, percent; none where all is conditional.
    pub unconditional_percent: Option<f64>,
    /// The reduction with help of others, percent.
    pub conditional_percent: Option<f64>,
    /// From how much, Mt; where the document names none, what the model finds.
    pub reference_mt: Option<f64>,
    /// The document.
    pub document: String,
    /// Where it was seen, or that it is remembered.
    pub source: String,
    /// Whether it was seen.
    pub seen: Seen,
}

/// A country.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nation {
    /// Emissions by sector.
    pub sectors: Vec<NationalSector>,
    /// Gross domestic product by year, billion international USD of 2011.
    gdp: BTreeMap<u16, f64>,
    /// Its growth, as a share a year.
    pub gdp_growth: f64,
    /// Other indicators by name.
    indicators: BTreeMap<String, f64>,
    /// Emissions of gas flared in [`BASE_YEAR`], within those of its sectors, Mt.
    pub flares: f64,
    /// What it has promised, by year.
    pub promises: Vec<Promise>,
}

impl Nation {
    /// Emissions of a year without a market, Mt.
    pub fn emissions(&self, year: u16) -> f64 {
        self.sectors.iter().map(|it| it.at(year)).sum()
    }

    /// How many times as much as in the base year a sector of a market emits.
    pub fn grown(&self, sector: &str, year: u16) -> f64 {
        let name = national_sector(sector);
        let growth = self.sectors.iter().find(|it| it.name == name).map_or(0.0, |it| it.growth);
        grown(growth, year)
    }

    /// Gross domestic product of a year, billion; beyond the table by its growth.
    pub fn gdp(&self, year: u16) -> Option<f64> {
        if let Some(it) = self.gdp.get(&year) {
            return Some(*it);
        }
        let (last, gdp) = self.gdp.last_key_value()?;
        let years = f64::from(year) - f64::from(*last);
        (years > 0.0).then(|| gdp * libm::pow(1.0 + self.gdp_growth, years))
    }

    /// An indicator by its name.
    pub fn indicator(&self, name: &str) -> Option<f64> {
        self.indicators.get(name).copied()
    }

    /// The most that may be emitted after a reduction, where so much would be emitted otherwise,
    /// Mt.
    pub fn target(&self, it: &Promise, percent: f64, otherwise: f64) -> Option<f64> {
        let left = 1.0 - percent / 100.0;
        match it.kind {
            TargetKind::BaseYear => Some(it.reference_mt? * left),
            TargetKind::BusinessAsUsual => Some(it.reference_mt.unwrap_or(otherwise) * left),
            TargetKind::Intensity => {
                Some(it.reference_mt? / self.gdp(it.base_year)? * self.gdp(it.year)? * left)
            }
        }
    }
}

/// Countries by their codes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nations(BTreeMap<String, Nation>);

impl Nations {
    /// Reads emissions, indicators and promises; all mistakes at once.
    pub fn read([countries, indicators, ndc]: [&str; 3]) -> Result<Self, Vec<BadRow>> {
        let mut all = Self::default();
        let mut bad = Vec::new();
        let mut emitted: BTreeMap<(String, &'static str), BTreeMap<u16, f64>> = BTreeMap::new();
        for row in rows(countries, &mut bad) {
            let (year, mt) = (row.year("year", &mut bad), row.number("emissions_mt", &mut bad));
            let (Some(year), Some(mt)) = (year, mt) else { continue };
            let (code, sector) = (row.cell("jurisdiction").to_owned(), row.cell("sector"));
            if let Some(name) = SECTORS.iter().find(|it| **it == sector) {
                emitted.entry((code, name)).or_default().insert(year, mt);
            } else if sector.starts_with("Flaring") && year == BASE_YEAR {
                all.0.entry(code).or_default().flares = mt;
            }
        }
        for row in rows(indicators, &mut bad) {
            let nation = all.0.entry(row.cell("jurisdiction").to_owned()).or_default();
            let (year, value) = (row.year("year", &mut bad), row.number("value", &mut bad));
            let (Some(year), Some(value)) = (year, value) else { continue };
            match row.cell("indicator") {
                "gdp" => nation.gdp.insert(year, value),
                name => nation.indicators.insert(name.to_owned(), value),
            };
        }
        for row in rows(ndc, &mut bad) {
            if let Some(it) = promise(&row, &mut bad) {
                let nation = all.0.entry(row.cell("jurisdiction").to_owned()).or_default();
                nation.promises.push(it);
            }
        }
        all.trends(&emitted);
        if bad.is_empty() { Ok(all) } else { Err(bad) }
    }

    /// A country by its code.
    pub fn get(&self, code: &str) -> Option<&Nation> {
        self.0.get(code)
    }

    /// How emissions and GDP of each country grow. Emissions for each unit of GDP fall along a
    /// straight line of their logarithms; the few years of one country lean on the region's mean.
    fn trends(&mut self, emitted: &BTreeMap<(String, &'static str), BTreeMap<u16, f64>>) {
        for nation in self.0.values_mut() {
            let points = nation.gdp.iter().map(|(year, gdp)| (f64::from(*year), libm::log(*gdp)));
            nation.gdp_growth = libm::expm1(slope(points).unwrap_or((0.0, 0)).0);
        }
        for name in SECTORS {
            let fall = |(code, nation): (&String, &Nation)| {
                let years = emitted.get(&(code.clone(), name))?;
                let of_gdp = years.iter().filter_map(|(year, mt)| {
                    let intensity = mt / nation.gdp.get(year)?;
                    (intensity > 0.0).then(|| (f64::from(*year), libm::log(intensity)))
                });
                slope(of_gdp).map(|(it, count)| (-libm::expm1(it), count))
            };
            let falls: BTreeMap<String, (f64, usize)> = self
                .0
                .iter()
                .filter_map(|(code, nation)| Some((code.clone(), fall((code, nation))?)))
                .collect();
            let mean = falls.values().map(|it| it.0).sum::<f64>() / falls.len().max(1) as f64;
            for (code, nation) in &mut self.0 {
                let years = emitted.get(&(code.clone(), name));
                let Some(base) = years.and_then(|it| it.get(&BASE_YEAR)) else { continue };
                let (own, count) = falls.get(code).copied().unwrap_or((mean, 0));
                let weight = count as f64 / (count as f64 + SHRINK);
                let fall = (weight * own + (1.0 - weight) * mean).clamp(0.0, FALL_MOST);
                let growth = (1.0 + nation.gdp_growth) * (1.0 - fall) - 1.0;
                let growth = growth.clamp(GROWTH.0, GROWTH.1);
                nation.sectors.push(NationalSector { name, base: *base, growth });
            }
        }
    }
}

/// The slope of the straight line nearest to points, by least squares, and how many there are.
fn slope(points: impl Iterator<Item = (f64, f64)>) -> Option<(f64, usize)> {
    let points: Vec<(f64, f64)> = points.collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|it| it.0), mean(|it| it.1));
    let rise: f64 = points.iter().map(|it| (it.0 - x) * (it.1 - y)).sum();
    let run: f64 = points.iter().map(|it| (it.0 - x) * (it.0 - x)).sum();
    (run > 0.0).then(|| (rise / run, points.len()))
}

fn promise(row: &Cells, bad: &mut Vec<BadRow>) -> Option<Promise> {
    let kind = match row.cell("kind") {
        "base_year" => TargetKind::BaseYear,
        "bau" => TargetKind::BusinessAsUsual,
        "intensity" => TargetKind::Intensity,
        _ => {
            bad.push(row.refuse("kind", "base_year, bau or intensity"));
            return None;
        }
    };
    let base_year = if row.cell("base_year").is_empty() { None } else { Some("base_year") };
    Some(Promise {
        year: row.year("target_year", bad)?,
        kind,
        base_year: base_year.and_then(|it| row.year(it, bad)).unwrap_or(BASE_YEAR),
        unconditional_percent: row.perhaps("unconditional_percent", bad),
        conditional_percent: row.perhaps("conditional_percent", bad),
        reference_mt: row.perhaps("reference_mt", bad),
        document: row.cell("document").to_owned(),
        source: row.cell("source").to_owned(),
        seen: match row.cell("provenance") {
            "document" => Seen::Document,
            "derived" => Seen::Derived,
            _ => Seen::Memory,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_tables_can_be_read() {
        let all = Nations::read(TABLES).expect("the shipped tables");
        assert_eq!(all.0.len(), 10);
        for (code, nation) in &all.0 {
            assert_eq!(nation.sectors.len(), 5, "{code}");
            assert!(nation.sectors.iter().all(|it| GROWTH.0 <= it.growth && it.growth <= GROWTH.1));
            assert!(!nation.promises.is_empty(), "{code}");
            assert!(nation.indicator("grid factor for sun and wind").is_some(), "{code}");
        }
    }

    /// Emissions and GDP by hand: GDP doubles in each year, emissions rise by a half.
    #[test]
    fn what_falls_with_every_unit_of_gdp_is_a_straight_line_of_logarithms() {
        let mut countries = "jurisdiction,sector,year,emissions_mt,source\n".to_owned();
        let mut indicators =
            "jurisdiction,indicator,year,value,unit,source,provenance\n".to_owned();
        for (place, year) in (2010u16..=2021).enumerate() {
            let power = |base: f64| libm::pow(base, place as f64);
            countries += &format!("XXA,Transport,{year},{},x\n", power(0.99));
            indicators += &format!("XXA,gdp,{year},{},x,x,x\n", power(1.01));
        }
        let ndc = "jurisdiction,target_year,kind,base_year,unconditional_percent,\
                   conditional_percent,reference_mt,reference_from,document,source,provenance\n\
                   XXA,2030,intensity,2010,50,,8,x,x,x,document\n";
        let all = Nations::read([&countries, &indicators, ndc]).expect("these are well");
        let it = all.get("XXA").expect("it is there");
        assert!((it.gdp_growth - 0.01).abs() < 1e-12);
        // Its fall of 0.99 / 1.01 a year is the mean of the region, which has one country.
        assert!((it.sectors[0].growth + 0.01).abs() < 1e-12, "{:?}", it.sectors);
        assert!((it.emissions(2022) - it.emissions(2021) * 0.99).abs() < 1e-12);
        // An intensity of 8 to 1, halved, for a GDP of twenty years of growth.
        let target = it.target(&it.promises[0], 50.0, 99.0).expect("it has a base year");
        assert!((target - 4.0 * libm::pow(1.01, 20.0)).abs() < 1e-9);
    }

    #[test]
    fn a_table_that_cannot_be_read_says_where() {
        let head = "jurisdiction,target_year,kind,base_year,unconditional_percent,reference_mt\n";
        let ndc = format!("{head}XXA,soon,bau,,5,\nXXA,2030,hope,,5,\nXXA,2030,bau,,many,\n");
        let bad = Nations::read(["", "", &ndc]).expect_err("three rows are wrong");
        let places: Vec<_> = bad.iter().map(|it| (it.line, it.column.as_str())).collect();
        assert_eq!(places, [(2, "target_year"), (3, "kind"), (4, "unconditional_percent")]);
    }
}
