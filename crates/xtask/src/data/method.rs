//! The method in figures: what the tables are computed with. Every figure here is written into
//! `data/factors.csv` with its source and provenance; those marked `own` are assumptions.

use super::row::Sector::{self, Cement, Chemicals, Metals, Minerals, Mining, OilGas, Refining};

/// The year of the generation, process and sector figures.
pub(super) const YEAR: &str = "2021";
/// IRENA's table has no fossil rows for Pakistan; its generation is that of an older mix.
pub(super) const OLD_MIX: (&str, &str) = ("PAK", "2019");
pub(super) const COUNTRIES: [&str; 10] =
    ["AFG", "AZE", "IRN", "KAZ", "KGZ", "PAK", "TJK", "TKM", "TUR", "UZB"];

/// A fuel of a power plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fuel {
    Coal,
    Gas,
    Oil,
}

impl Fuel {
    pub(super) const ALL: [Self; 3] = [Self::Coal, Self::Gas, Self::Oil];

    /// The fuel of a raw row; every other word is no fossil plant.
    pub(super) fn of_raw(word: &str) -> Option<Self> {
        Some(match word {
            "Coal" | "Lignite Coal" => Self::Coal,
            "Gas" | "Natural Gas" => Self::Gas,
            "Oil" | "Fuel Oil" | "oil" => Self::Oil,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Coal => "coal",
            Self::Gas => "gas",
            Self::Oil => "oil",
        }
    }

    /// The technology of IRENA's generation table.
    pub(super) fn irena(self) -> &'static str {
        match self {
            Self::Coal => "Coal and peat",
            Self::Gas => "Natural gas",
            Self::Oil => "Oil",
        }
    }

    /// The column of the older mix.
    pub(super) fn owid(self) -> &'static str {
        match self {
            Self::Coal => "coal_electricity_twh",
            Self::Gas => "gas_electricity_twh",
            Self::Oil => "oil_electricity_twh",
        }
    }

    /// Net efficiency in percent by technology; the first is for plants that give none.
    pub(super) fn efficiencies(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Coal => &[
                ("", 35.0),
                ("Sub-critical Thermal", 36.0),
                ("Super-critical Thermal", 41.0),
                ("CHP", 33.0),
            ],
            Self::Gas => &[
                ("", 40.0),
                ("CCGT", 50.0),
                ("OCGT", 33.0),
                ("Sub-critical Thermal", 36.0),
                ("CHP", 36.0),
            ],
            Self::Oil => &[
                ("", 36.0),
                ("Sub-critical Thermal", 36.0),
                ("OCGT", 31.0),
                ("Diesel Engine", 42.0),
                ("Diesel Engine/CCGT", 44.0),
                ("CHP", 34.0),
            ],
        }
    }
}

/// Older fleets than the technology suggests: percentage points taken off, fitted to EDGAR's power
/// sector.
pub(super) const EFFICIENCY_OFF: [(&str, Fuel, f64); 3] =
    [("KAZ", Fuel::Coal, 3.0), ("KGZ", Fuel::Coal, 2.0), ("UZB", Fuel::Coal, 4.0)];

/// Net efficiency in percent.
pub(super) fn efficiency(country: &str, fuel: Fuel, technology: &str) -> f64 {
    let table = fuel.efficiencies();
    let given = table.iter().find(|(name, _)| *name == technology).or(table.first());
    let off = EFFICIENCY_OFF.iter().find(|(of, which, _)| *of == country && *which == fuel);
    given.map_or(0.0, |it| it.1) - off.map_or(0.0, |it| it.2)
}

/// The row of the IPCC table that stands for a fuel.
pub(super) fn ipcc_fuel(country: &str, fuel: Fuel) -> &'static str {
    match (fuel, country) {
        (Fuel::Gas, _) => "Natural gas",
        (Fuel::Oil, _) => "Residual fuel oil",
        (Fuel::Coal, "UZB") => LIGNITE,
        (Fuel::Coal, "KGZ") => "Sub-bituminous coal",
        (Fuel::Coal, _) => "Other bituminous coal",
    }
}

/// What plants burn that a country file lists with it.
pub(super) const LIGNITE: &str = "Lignite";

/// The IPCC rows in use.
pub(super) const IPCC_FUELS: [&str; 5] =
    ["Natural gas", "Residual fuel oil", "Other bituminous coal", "Sub-bituminous coal", LIGNITE];

/// Percent.
pub(super) const POWER_LOAD_MAX: f64 = 85.0;
/// Percent: clinker over the stated capacity.
pub(super) const CEMENT_LOAD_MAX: f64 = 95.0;
/// Percent, net; no power plant on earth has more.
pub(super) const EFFICIENCY_MAX: f64 = 65.0;
/// Percent; boilers lose less.
pub(super) const HEAT_EFFICIENCY_MAX: f64 = 95.0;
pub(super) const HOURS: f64 = 8760.0;
/// The largest plant that may be missing from the lists, MW.
pub(super) const UNLISTED_MW_MAX: f64 = 1000.0;
/// The same for cement, Mt a year.
pub(super) const UNLISTED_CEMENT_MT_MAX: f64 = 1.5;

/// Countries with district heat, and its fuel.
pub(super) const HEAT_FUEL: [(&str, Fuel); 7] = [
    ("AZE", Fuel::Gas),
    ("IRN", Fuel::Gas),
    ("KAZ", Fuel::Coal),
    ("KGZ", Fuel::Coal),
    ("TJK", Fuel::Coal),
    ("TKM", Fuel::Gas),
    ("UZB", Fuel::Gas),
];
/// Percent.
pub(super) const HEAT_EFFICIENCY: f64 = 80.0;
/// Percent.
pub(super) const HEAT_LOAD: f64 = 50.0;
pub(super) const HEAT_MEAN_T: u64 = 600_000;
pub(super) const HEAT_COUNT_MAX: u64 = 20;
/// A smaller difference between two methods is none.
pub(super) const HEAT_T_MIN: u64 = 25_000;

/// t CO2 of the process per t of clinker.
pub(super) const CLINKER_PROCESS: f64 = 0.52;
/// t CO2 of the kiln's fuel per t of clinker.
pub(super) const KILN_FUEL: f64 = 0.32;
/// kg CO2 per m3 of gas flared.
pub(super) const FLARED: f64 = 2.4;

/// What the policy of the pilot assumes a market to cover in 2021.
pub(super) struct Covered {
    pub(super) country: &'static str,
    /// t a year from which an installation is covered.
    pub(super) threshold_t: u64,
    pub(super) total_mt: u64,
    pub(super) sectors: &'static [Sector],
}

use Sector::{Heat, Power};

pub(super) const COVERED: [Covered; 5] = [
    Covered {
        country: "KAZ",
        threshold_t: 20_000,
        total_mt: 160,
        sectors: &[Power, Heat, Cement, OilGas, Refining, Mining, Metals, Chemicals, Minerals],
    },
    Covered {
        country: "TUR",
        threshold_t: 50_000,
        total_mt: 240,
        sectors: &[Power, Heat, Cement, Metals, Chemicals],
    },
    Covered {
        country: "UZB",
        threshold_t: 50_000,
        total_mt: 58,
        sectors: &[Power, Heat, Cement, Metals, Chemicals],
    },
    Covered {
        country: "AZE",
        threshold_t: 25_000,
        total_mt: 16,
        sectors: &[Power, Heat, Cement, Refining],
    },
    Covered {
        country: "PAK",
        threshold_t: 50_000,
        total_mt: 111,
        sectors: &[Power, Heat, Cement, Chemicals],
    },
];

/// The least size of a synthetic plant where no market says otherwise, t a year.
pub(super) const THRESHOLD_ELSE_T: u64 = 25_000;

pub(super) fn covered(country: &str) -> Option<&'static Covered> {
    COVERED.iter().find(|it| it.country == country)
}

pub(super) fn threshold_t(country: &str) -> u64 {
    covered(country).map_or(THRESHOLD_ELSE_T, |it| it.threshold_t)
}

/// Synthetic industry that closes the covered total: country, sector, how many, percent of the gap.
pub(super) const CLOSING: [(&str, Sector, u64, u64); 11] = [
    ("KAZ", OilGas, 30, 42),
    ("KAZ", Mining, 12, 6),
    ("KAZ", Metals, 16, 34),
    ("KAZ", Chemicals, 8, 9),
    ("KAZ", Minerals, 10, 9),
    ("TUR", Metals, 24, 70),
    ("TUR", Chemicals, 10, 30),
    ("UZB", Chemicals, 9, 70),
    ("UZB", Metals, 4, 30),
    ("AZE", Refining, 2, 100),
    ("PAK", Chemicals, 9, 100),
];

/// Synthetic industry outside the covered totals: country, sector, how many, kt.
pub(super) const BESIDE: [(&str, Sector, u64, u64); 10] = [
    ("TUR", Minerals, 16, 9_000),
    ("TUR", Refining, 5, 7_000),
    ("IRN", OilGas, 10, 24_000),
    ("IRN", Refining, 7, 14_000),
    ("IRN", Metals, 9, 20_000),
    ("IRN", Chemicals, 9, 18_000),
    ("TJK", Metals, 1, 500),
    ("TKM", OilGas, 3, 2_500),
    ("TKM", Chemicals, 3, 3_000),
    ("TKM", Refining, 1, 1_000),
];

/// The largest synthetic plant, t a year.
pub(super) const SYNTHETIC_T_MAX: u64 = 5_000_000;
/// Percent.
pub(super) const INDUSTRY_LOAD: f64 = 80.0;

/// The product that stands for a sector's output, and t CO2 per t of it.
pub(super) fn product(sector: Sector) -> (&'static str, f64) {
    match sector {
        OilGas => ("crude oil", 0.06),
        Refining => ("crude throughput", 0.22),
        Mining => ("ore", 0.02),
        Metals => ("crude steel", 1.46),
        Chemicals => ("ammonia", 2.10),
        Minerals => ("lime", 0.75),
        Cement => ("clinker", CLINKER_PROCESS + KILN_FUEL),
        Power | Heat => ("", 0.0),
    }
}

/// Latitude from and to, longitude from and to, of a country.
pub(super) fn bounds(country: &str) -> [f64; 4] {
    match country {
        "AFG" => [29.3, 38.6, 60.4, 75.0],
        "AZE" => [38.3, 42.0, 44.7, 50.7],
        "IRN" => [25.0, 39.9, 44.0, 63.4],
        "KAZ" => [40.5, 55.5, 46.4, 87.4],
        "KGZ" => [39.1, 43.3, 69.2, 80.3],
        "PAK" => [23.6, 37.1, 60.8, 77.1],
        "TJK" => [36.6, 41.1, 67.3, 75.2],
        "TKM" => [35.1, 42.8, 52.4, 66.7],
        "TUR" => [35.8, 42.2, 25.6, 44.9],
        "UZB" => [37.1, 45.6, 55.9, 73.2],
        _ => [-90.0, 90.0, -180.0, 180.0],
    }
}

/// Plants of one fuel this near may be one plant listed twice, km.
pub(super) const NEAR_KM: f64 = 3.0;
