//! `countries.csv` and `factors.csv`.

use super::method::{self, Fuel};
use super::raw::{Cells, National, Raw, cell, needed};
use super::row::Sector;
use crate::Failure;

/// A table as text.
pub(super) fn text(
    head: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head).map_err(|error| error.to_string())?;
    for row in rows {
        writer.write_record(row).map_err(|error| error.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// Emissions of the countries by sector and year, Mt.
pub(super) fn countries(raw: &Raw<'_>, national: &National) -> Result<String, Failure> {
    let mut rows = Vec::new();
    let mut push = |row: [&str; 3], mt: f64, source: &str| {
        let [country, sector, year] = row.map(str::to_owned);
        rows.push(vec![country, sector, year, format!("{mt:.6}"), source.to_owned()]);
    };
    let recent = |row: &Cells| cell(row, "year").is_ok_and(|it| ("2010"..="2021").contains(&it));
    let ours = |row: &Cells| cell(row, "iso3").is_ok_and(|it| method::COUNTRIES.contains(&it));
    for row in raw.table("ghg_by_sector_edgar_v7.csv")?.iter().filter(|it| recent(it)) {
        let mt = needed(row, "ghg_mtco2e_ar5gwp100")?;
        push([cell(row, "iso3")?, cell(row, "sector")?, cell(row, "year")?], mt, "edgar-v7");
    }
    for row in raw.table("cement_process_co2_andrew.csv")?.iter().filter(|it| recent(it)) {
        let mt = needed(row, "cement_process_co2_kt")? / 1000.0;
        let sector = "Cement process (within Other sectors)";
        push([cell(row, "iso3")?, sector, cell(row, "year")?], mt, "andrew-2025");
    }
    for row in raw.table("co2_fossil_gcb2022.csv")?.iter().filter(|it| recent(it) && ours(it)) {
        let mt = needed(row, "fossil_co2_mt")?;
        push([cell(row, "iso3")?, "National fossil CO2", cell(row, "year")?], mt, "gcb-2022");
    }
    for country in method::COUNTRIES {
        let kilns = national.kiln_fuel_mt(country)?;
        let sector = "Cement kiln fuel (within Other industrial combustion)";
        push([country, sector, method::YEAR], kilns, "derived: andrew-2025 / 0.52 x 0.32");
        let burnt = national.edgar_mt(country, "Other industrial combustion")?;
        let sector = "Other industrial combustion without kilns";
        let mt = (burnt - kilns).max(0.0);
        push([country, sector, method::YEAR], mt, "derived: edgar-v7, andrew-2025");
    }
    for row in raw.table("gas_flaring_worldbank.csv")?.iter().filter(|it| ours(it)) {
        if cell(row, "year")? == method::YEAR {
            let mt = needed(row, "flare_volume_bcm")? * method::FLARED;
            let sector = "Flaring at 2.4 kg CO2/m3 (within Other sectors)";
            push([cell(row, "iso3")?, sector, method::YEAR], mt, "world-bank-gfmr-2024;ipcc-2006");
        }
    }
    rows.sort();
    text(&["jurisdiction", "sector", "year", "emissions_mt", "source"], rows.into_iter())
}

fn assumed(unit: &str) -> [&str; 3] {
    [unit, "own", "assumption"]
}

fn default(unit: &str) -> [&str; 3] {
    [unit, "ipcc-2006", "default"]
}

/// The figures of the method.
pub(super) fn factors(national: &National) -> Result<String, Failure> {
    let mut rows = Vec::new();
    let mut push = |name: String, value: String, rest: [&str; 3]| {
        let mut row = vec![name, value];
        row.extend(rest.map(str::to_owned));
        rows.push(row);
    };
    for fuel in method::IPCC_FUELS {
        let value = format!("{:.0}", national.factor(fuel)?);
        let name = format!("CO2 of {}", fuel.to_lowercase());
        push(name, value, ["kg CO2/TJ", "ipcc-2006", "default"]);
    }
    for fuel in Fuel::ALL {
        for (technology, percent) in fuel.efficiencies() {
            let technology = match technology.to_lowercase().as_str() {
                "" => "technology not given".to_owned(),
                given => given.to_owned(),
            };
            let name = format!("efficiency {}, {technology}", fuel.name());
            push(name, format!("{percent:.1}"), assumed("percent, net"));
        }
    }
    for (country, fuel, points) in method::EFFICIENCY_OFF {
        let name = format!("efficiency {} in {country}: taken off", fuel.name());
        let rest = ["percentage points", "own, fitted to edgar-v7", "assumption"];
        push(name, format!("{points:.1}"), rest);
    }
    for (name, percent) in [
        ("efficiency of heat plants", method::HEAT_EFFICIENCY),
        ("load of heat plants", method::HEAT_LOAD),
        ("largest load of a power plant", method::POWER_LOAD_MAX),
        ("largest load of a cement plant", method::CEMENT_LOAD_MAX),
        ("load of synthetic industry", method::INDUSTRY_LOAD),
    ] {
        push(name.to_owned(), format!("{percent:.1}"), assumed("percent"));
    }
    let clinker = "t CO2/t clinker";
    let process = format!("{:.2}", method::CLINKER_PROCESS);
    push("process CO2 of clinker".to_owned(), process, default(clinker));
    let fuel = format!("{:.2}", method::KILN_FUEL);
    push("kiln fuel CO2 of clinker".to_owned(), fuel, assumed(clinker));
    push("gas flared".to_owned(), format!("{:.1}", method::FLARED), default("kg CO2/m3"));
    for sector in Sector::ALL {
        let (product, intensity) = method::product(sector);
        let rest = match sector {
            Sector::Metals | Sector::Chemicals | Sector::Minerals => default("t CO2/t"),
            Sector::OilGas | Sector::Refining | Sector::Mining => assumed("t CO2/t"),
            Sector::Power | Sector::Heat | Sector::Cement => continue,
        };
        let name = format!("proxy intensity of {} ({product})", sector.name());
        push(name, format!("{intensity:.2}"), rest);
    }
    for market in method::COVERED {
        let name = format!("covered emissions of {} in {}", market.country, method::YEAR);
        push(name, market.total_mt.to_string(), assumed("Mt"));
        let name = format!("threshold of {}", market.country);
        push(name, market.threshold_t.to_string(), assumed("t/yr"));
    }
    for (country, sector, count, percent) in method::CLOSING {
        let name = format!("synthetic {} of {country}: share of the gap", sector.name());
        let unit = format!("percent, {count} plants");
        push(name, percent.to_string(), assumed(&unit));
    }
    for (country, sector, count, kt) in method::BESIDE {
        let name = format!("synthetic {} of {country}, not covered", sector.name());
        let unit = format!("kt, {count} plants");
        push(name, kt.to_string(), [&unit, "own, within climate-trace-2022", "assumption"]);
    }
    text(&["factor", "value", "unit", "source", "provenance"], rows.into_iter())
}
