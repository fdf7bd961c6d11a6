//! The raw tables, and the corrections that are made to them.

use crate::Failure;
use std::collections::BTreeMap;
use std::path::Path;

/// A row of a raw table by column.
pub(super) type Cells = BTreeMap<String, String>;

/// The raw tables.
pub(super) struct Raw<'a> {
    folder: &'a Path,
}

impl<'a> Raw<'a> {
    pub(super) fn new(folder: &'a Path) -> Self {
        Self { folder }
    }

    /// All rows of a table.
    pub(super) fn table(&self, file: &str) -> Result<Vec<Cells>, Failure> {
        let path = self.folder.join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            format!(
                "{} cannot be read: {error}; the raw tables are not part of the project, say where \
                 they are with --from DIR",
                path.display()
            )
        })?;
        rows(&text).map_err(|what| format!("{}: {what}", path.display()))
    }
}

/// The rows of a CSV text by column.
pub(super) fn rows(text: &str) -> Result<Vec<Cells>, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cells = head.iter().zip(&record);
        rows.push(cells.map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect());
    }
    Ok(rows)
}

/// A cell; missing columns are a mistake of the table.
pub(super) fn cell<'a>(row: &'a Cells, column: &str) -> Result<&'a str, Failure> {
    let found = row.get(column).map(|it| it.trim());
    found.ok_or_else(|| format!("there is no column \"{column}\" beside {:?}", row.keys()))
}

/// A number; `None` where the cell is empty. Commas part thousands.
pub(super) fn number(row: &Cells, column: &str) -> Result<Option<f64>, Failure> {
    match cell(row, column)?.replace(',', "").as_str() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(it) => Ok(Some(it)),
            Err(_) => Err(format!("{column}: \"{text}\" is no number, in {row:?}")),
        },
    }
}

/// A number that must be there.
pub(super) fn needed(row: &Cells, column: &str) -> Result<f64, Failure> {
    number(row, column)?.ok_or_else(|| format!("{column} is empty, in {row:?}"))
}

/// The lists of plants by id, after the corrections.
pub(super) struct Lists {
    /// The joined power plant table.
    pub(super) joined: BTreeMap<String, Cells>,
    /// The power plant files by country.
    pub(super) by_country: BTreeMap<String, Cells>,
    /// The cement plants.
    pub(super) cement: BTreeMap<String, Cells>,
    /// Rows that are none.
    pub(super) dropped: Vec<String>,
    /// Rows that are part of another: from, into.
    pub(super) merged: Vec<(String, String)>,
    /// Look-alikes that are two plants.
    pub(super) distinct: Vec<(String, String)>,
    /// How many cells were corrected.
    pub(super) cells: usize,
}

/// The lists of plants, file and id column.
const PLANT_LISTS: [(&str, &str, &str); 3] = [
    ("gppd", "power_plants_gppd.csv", "gppd_idnr"),
    ("wri", "power_plants_wri_country_files.csv", "plant_id"),
    ("sfi", "cement_plants_sfi_2021.csv", "uid"),
];

impl Lists {
    /// Reads the lists of plants and corrects them.
    pub(super) fn read(raw: &Raw<'_>, corrections: &[Cells]) -> Result<Self, Failure> {
        let mut lists = Self {
            joined: by_id(raw, PLANT_LISTS[0])?,
            by_country: by_id(raw, PLANT_LISTS[1])?,
            cement: by_id(raw, PLANT_LISTS[2])?,
            dropped: Vec::new(),
            merged: Vec::new(),
            distinct: Vec::new(),
            cells: 0,
        };
        let mut wrong = Vec::new();
        for (correction, line) in corrections.iter().zip(2..) {
            if let Err(what) = lists.correct(correction) {
                wrong.push(format!("corrections.csv:{line}: {what}"));
            }
        }
        if wrong.is_empty() { Ok(lists) } else { Err(wrong.join("\n")) }
    }

    fn list(&mut self, name: &str) -> Option<&mut BTreeMap<String, Cells>> {
        match name {
            "gppd" => Some(&mut self.joined),
            "wri" => Some(&mut self.by_country),
            "sfi" => Some(&mut self.cement),
            _ => None,
        }
    }

    fn correct(&mut self, correction: &Cells) -> Result<(), Failure> {
        let id = cell(correction, "id")?.to_owned();
        let (old, new) = (cell(correction, "old")?, cell(correction, "new")?);
        if cell(correction, "reason")?.is_empty() || cell(correction, "source")?.is_empty() {
            return Err(format!("the correction of {id} gives no reason or no source"));
        }
        let lists = [&self.joined, &self.by_country, &self.cement];
        if !lists.iter().any(|it| it.contains_key(&id)) {
            return Err(format!("no list has the id {id}"));
        }
        match (cell(correction, "field")?, new) {
            ("row", "drop") => self.dropped.push(id),
            ("row", _) => match new.strip_prefix("merge:") {
                Some(into) => self.merged.push((id, into.to_owned())),
                None => return Err(format!("a row is \"drop\" or \"merge:ID\", not \"{new}\"")),
            },
            ("pair", "distinct") => self.distinct.push((id, old.to_owned())),
            ("pair", _) => return Err(format!("a pair is \"distinct\", not \"{new}\"")),
            (field, _) => {
                let place = field
                    .split_once('.')
                    .and_then(|(list, column)| self.list(list)?.get_mut(&id)?.get_mut(column));
                let place = place.ok_or_else(|| format!("{id} has no {field}"))?;
                if place != old {
                    return Err(format!("{field} of {id} is \"{place}\", not \"{old}\""));
                }
                new.clone_into(place);
                self.cells += 1;
            }
        }
        Ok(())
    }
}

/// The rows of a list by id; a second row with an id gets a mark.
fn by_id(
    raw: &Raw<'_>,
    (list, file, column): (&str, &str, &str),
) -> Result<BTreeMap<String, Cells>, Failure> {
    let mut rows = BTreeMap::new();
    for row in raw.table(file)? {
        let mut id = cell(&row, column)?.to_owned();
        if id.is_empty() {
            // Solar rows of the joined table carry no id; a fossil one would be lost here.
            if list != "gppd" || super::method::Fuel::of_raw(cell(&row, "primary_fuel")?).is_some()
            {
                return Err(format!("{file}: a plant without id: {row:?}"));
            }
            continue;
        }
        if rows.contains_key(&id) {
            id.push_str("#2");
        }
        if rows.insert(id.clone(), row).is_some() {
            return Err(format!("{file}: a third row with the id {id}"));
        }
    }
    Ok(rows)
}

/// National figures of the year.
#[derive(Default)]
pub(super) struct National {
    /// GWh by country and fuel.
    pub(super) generation: BTreeMap<(String, super::method::Fuel), f64>,
    /// Process CO2 of cement, kt by country.
    pub(super) cement_kt: BTreeMap<String, f64>,
    /// EDGAR, Mt CO2e by country and sector.
    pub(super) edgar: BTreeMap<(String, String), f64>,
    /// Climate TRACE, Mt CO2 by country and sector.
    pub(super) trace: BTreeMap<(String, String), f64>,
    /// kg CO2 per TJ by fuel of the IPCC table.
    pub(super) ipcc: BTreeMap<String, f64>,
}

impl National {
    /// Reads the figures of the year.
    pub(super) fn read(raw: &Raw<'_>) -> Result<Self, Failure> {
        use super::method::{Fuel, OLD_MIX, YEAR};
        let mut it = Self::default();
        let country = |row: &Cells| cell(row, "iso3").map(str::to_owned);
        for row in raw.table("electricity_generation_irena_2024.csv")? {
            for fuel in Fuel::ALL {
                if cell(&row, "year")? == YEAR && cell(&row, "technology")? == fuel.irena() {
                    let gwh = needed(&row, "generation_gwh")?;
                    it.generation.insert((country(&row)?, fuel), gwh);
                }
            }
        }
        for row in raw.table("electricity_mix_owid_2020.csv")? {
            if (cell(&row, "iso3")?, cell(&row, "year")?) == OLD_MIX {
                for fuel in Fuel::ALL {
                    let gwh = 1000.0 * needed(&row, fuel.owid())?;
                    it.generation.insert((country(&row)?, fuel), gwh);
                }
            }
        }
        let of_year = |row: &Cells| cell(row, "year").is_ok_and(|it| it == YEAR);
        for row in raw.table("cement_process_co2_andrew.csv")?.iter().filter(|it| of_year(it)) {
            it.cement_kt.insert(country(row)?, needed(row, "cement_process_co2_kt")?);
        }
        for row in raw.table("ghg_by_sector_edgar_v7.csv")?.iter().filter(|it| of_year(it)) {
            let key = (country(row)?, cell(row, "sector")?.to_owned());
            it.edgar.insert(key, needed(row, "ghg_mtco2e_ar5gwp100")?);
        }
        let trace = raw.table("ghg_by_subsector_climatetrace_2022.csv")?;
        for row in trace.iter().filter(|it| of_year(it)) {
            let key = (country(row)?, cell(row, "sector_or_subsector")?.to_owned());
            it.trace.insert(key, needed(row, "co2_t")? / 1e6);
        }
        for row in raw.table("ipcc_default_emission_factors.csv")? {
            let fuel = cell(&row, "fuel")?.to_owned();
            it.ipcc.insert(fuel, needed(&row, "co2_kg_per_tj")?);
        }
        Ok(it)
    }

    /// kg CO2 per TJ of a fuel of the IPCC table.
    pub(super) fn factor(&self, fuel: &str) -> Result<f64, Failure> {
        let found = self.ipcc.get(fuel).copied();
        found.ok_or_else(|| format!("the IPCC table has no fuel \"{fuel}\""))
    }

    /// EDGAR's figure, Mt.
    pub(super) fn edgar_mt(&self, country: &str, sector: &str) -> Result<f64, Failure> {
        let found = self.edgar.get(&(country.to_owned(), sector.to_owned())).copied();
        found.ok_or_else(|| format!("EDGAR has no \"{sector}\" of {country}"))
    }

    /// Climate TRACE's figure, Mt.
    pub(super) fn trace_mt(&self, country: &str, sector: &str) -> Result<f64, Failure> {
        let found = self.trace.get(&(country.to_owned(), sector.to_owned())).copied();
        found.ok_or_else(|| format!("Climate TRACE has no \"{sector}\" of {country}"))
    }

    /// Clinker made in the year, kt.
    pub(super) fn clinker_kt(&self, country: &str) -> Result<f64, Failure> {
        let found = self.cement_kt.get(country).copied();
        let kt = found.ok_or_else(|| format!("no process CO2 of cement in {country}"))?;
        Ok(kt / super::method::CLINKER_PROCESS)
    }

    /// CO2 of the fuel of all kilns, Mt.
    pub(super) fn kiln_fuel_mt(&self, country: &str) -> Result<f64, Failure> {
        Ok(self.clinker_kt(country)? * super::method::KILN_FUEL / 1000.0)
    }

    /// CO2 of cement, process and kilns, Mt.
    pub(super) fn cement_mt(&self, country: &str) -> Result<f64, Failure> {
        let kilns = self.kiln_fuel_mt(country)?;
        Ok(self.cement_kt.get(country).copied().unwrap_or(0.0) / 1000.0 + kilns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> Lists {
        let plant = rows("gppd_idnr,primary_fuel\nW1,Oil\n").unwrap().remove(0);
        Lists {
            joined: BTreeMap::from([("W1".to_owned(), plant)]),
            by_country: BTreeMap::new(),
            cement: BTreeMap::new(),
            dropped: Vec::new(),
            merged: Vec::new(),
            distinct: Vec::new(),
            cells: 0,
        }
    }

    fn correction(line: &str) -> Cells {
        rows(&format!("id,field,old,new,reason,source\n{line}\n")).unwrap().remove(0)
    }

    #[test]
    fn a_correction_changes_only_what_it_knows() {
        let mut it = lists();
        it.correct(&correction("W1,gppd.primary_fuel,Oil,Gas,burns gas,x")).unwrap();
        assert_eq!(it.joined["W1"]["primary_fuel"], "Gas");
        for (line, word) in [
            ("W1,gppd.primary_fuel,Oil,Coal,r,x", "is \"Gas\", not \"Oil\""),
            ("W2,gppd.primary_fuel,Oil,Coal,r,x", "no list has"),
            ("W1,gppd.colour,Oil,Coal,r,x", "has no gppd.colour"),
            ("W1,row,,burn,r,x", "\"drop\" or \"merge:ID\""),
            ("W1,gppd.primary_fuel,Gas,Coal,,x", "no reason"),
        ] {
            let said = it.correct(&correction(line)).unwrap_err();
            assert!(said.contains(word), "{line}: {said}");
        }
        assert_eq!(it.cells, 1);
    }
}
