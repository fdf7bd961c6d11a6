//! A row of `data/installations.csv`, and what no row may say.

use super::method::{CEMENT_LOAD_MAX, EFFICIENCY_MAX, HEAT_EFFICIENCY_MAX, POWER_LOAD_MAX, YEAR};
use crate::Failure;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A sector of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sector {
    Power,
    Heat,
    Cement,
    OilGas,
    Refining,
    Mining,
    Metals,
    Chemicals,
    Minerals,
}

impl Sector {
    pub(super) const ALL: [Self; 9] = [
        Self::Power,
        Self::Heat,
        Self::Cement,
        Self::OilGas,
        Self::Refining,
        Self::Mining,
        Self::Metals,
        Self::Chemicals,
        Self::Minerals,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Heat => "heat",
            Self::Cement => "cement",
            Self::OilGas => "oil_gas",
            Self::Refining => "refining",
            Self::Mining => "mining",
            Self::Metals => "metals",
            Self::Chemicals => "chemicals",
            Self::Minerals => "minerals",
        }
    }

    /// The letters of a synthetic plant's id, and what it is called.
    pub(super) fn synthetic(self) -> (&'static str, &'static str) {
        match self {
            Self::Power => ("POW", "power plant"),
            Self::Heat => ("HEAT", "heat plant"),
            Self::Cement => ("CEM", "cement plant"),
            Self::OilGas => ("OILGAS", "oil and gas field"),
            Self::Refining => ("REF", "refinery"),
            Self::Mining => ("MIN", "mine"),
            Self::Metals => ("MET", "metals plant"),
            Self::Chemicals => ("CHEM", "chemicals plant"),
            Self::Minerals => ("MINR", "minerals plant"),
        }
    }

    pub(super) fn burns(self) -> bool {
        matches!(self, Self::Power | Self::Heat)
    }
}

impl FromStr for Sector {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|it| it.name() == word);
        found.ok_or_else(|| format!("there is no sector \"{word}\""))
    }
}

/// An emitting plant with the inputs of its emissions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) country: String,
    pub(super) name: String,
    pub(super) operator: String,
    pub(super) owner_group: String,
    pub(super) sector: Sector,
    pub(super) fuel_or_process: String,
    /// MW, or Mt a year.
    pub(super) capacity: f64,
    pub(super) place: Option<(f64, f64)>,
    /// GWh, kt of clinker, or t of product.
    pub(super) output: f64,
    /// Percent of what the capacity could make in a year.
    pub(super) load: f64,
    /// Percent, net; for power and heat.
    pub(super) efficiency: Option<f64>,
    /// kg CO2 per TJ, or t CO2 per t.
    pub(super) factor: f64,
    pub(super) emissions_t: u64,
    /// Whether an open table lists the plant; else it is synthetic.
    pub(super) real: bool,
    pub(super) source: String,
    pub(super) raw_ids: String,
}

pub(super) const HEAD: [&str; 22] = [
    "id",
    "jurisdiction",
    "name",
    "operator",
    "owner_group",
    "sector",
    "fuel_or_process",
    "capacity",
    "capacity_unit",
    "latitude",
    "longitude",
    "output",
    "output_unit",
    "load_percent",
    "efficiency_percent",
    "emission_factor",
    "emission_factor_unit",
    "emissions_t",
    "year",
    "provenance",
    "source",
    "raw_ids",
];

/// Half up, as a person rounds tonnes.
pub(super) fn rounded(it: f64) -> u64 {
    // A negative or endless figure becomes 0 and is refused by `nonsense`.
    (it + 0.5).floor() as u64
}

impl Row {
    /// Tonnes of CO2 by the formula of the row's sector.
    pub(super) fn formula_t(&self) -> f64 {
        match (self.sector, self.efficiency) {
            (_, Some(efficiency)) => {
                self.output * 3.6 / (efficiency / 100.0) * self.factor / 1000.0
            }
            (Sector::Cement, None) => self.output * 1000.0 * self.factor,
            (_, None) => self.output * self.factor,
        }
    }

    fn units(&self) -> [String; 3] {
        if self.sector.burns() {
            return ["MW".into(), "GWh".into(), "kg CO2/TJ".into()];
        }
        let output = if self.sector == Sector::Cement { "kt clinker" } else { "t" };
        ["Mt/yr".into(), output.into(), format!("t CO2/t {}", self.fuel_or_process)]
    }

    /// The fields in the order of [`HEAD`].
    pub(super) fn record(&self) -> Vec<String> {
        let [capacity_unit, output_unit, factor_unit] = self.units();
        let places = if self.sector.burns() { 0 } else { 2 };
        vec![
            self.id.clone(),
            self.country.clone(),
            self.name.clone(),
            self.operator.clone(),
            self.owner_group.clone(),
            self.sector.name().to_owned(),
            self.fuel_or_process.clone(),
            format!("{:.3}", self.capacity),
            capacity_unit,
            self.place.map_or(String::new(), |it| format!("{:.4}", it.0)),
            self.place.map_or(String::new(), |it| format!("{:.4}", it.1)),
            format!("{:.1}", self.output),
            output_unit,
            format!("{:.1}", self.load),
            self.efficiency.map_or(String::new(), |it| format!("{it:.1}")),
            format!("{:.places$}", self.factor),
            factor_unit,
            self.emissions_t.to_string(),
            YEAR.to_owned(),
            if self.real { "derived" } else { "synthetic" }.to_owned(),
            self.source.clone(),
            self.raw_ids.clone(),
        ]
    }

    /// Reads a row of the committed table.
    pub(super) fn of_record(record: &csv::StringRecord) -> Result<Self, String> {
        let field = |name: &str| {
            let place = HEAD.iter().position(|it| *it == name);
            place.and_then(|it| record.get(it)).ok_or_else(|| format!("there is no {name}"))
        };
        let number = |name: &str| -> Result<f64, String> {
            field(name)?.parse().map_err(|error| format!("{name}: {error}"))
        };
        let some = |name: &str| match field(name)? {
            "" => Ok(None),
            _ => number(name).map(Some),
        };
        Ok(Self {
            id: field("id")?.to_owned(),
            country: field("jurisdiction")?.to_owned(),
            name: field("name")?.to_owned(),
            operator: field("operator")?.to_owned(),
            owner_group: field("owner_group")?.to_owned(),
            sector: field("sector")?.parse()?,
            fuel_or_process: field("fuel_or_process")?.to_owned(),
            capacity: number("capacity")?,
            place: some("latitude")?.zip(some("longitude")?),
            output: number("output")?,
            load: number("load_percent")?,
            efficiency: some("efficiency_percent")?,
            factor: number("emission_factor")?,
            emissions_t: field("emissions_t")?
                .parse()
                .map_err(|error| format!("emissions_t: {error}"))?,
            real: match field("provenance")? {
                "derived" | "measured" => true,
                "synthetic" => false,
                other => return Err(format!("provenance: there is no \"{other}\"")),
            },
            source: field("source")?.to_owned(),
            raw_ids: field("raw_ids")?.to_owned(),
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} ({})", self.id, self.name)
    }
}

/// What a table of installations may not say: all of it.
///
/// `national_mt` holds the emissions of each country; a plant above them was misread.
pub(super) fn nonsense(rows: &[Row], national_mt: &BTreeMap<String, f64>) -> Vec<Failure> {
    let mut wrong = Vec::new();
    let mut seen = BTreeMap::new();
    for row in rows {
        let mut say = |what: String| wrong.push(format!("{row}: {what}"));
        if let Some(other) = seen.insert(&row.id, &row.name) {
            say(format!("the id is also that of {other}"));
        }
        if row.emissions_t == 0 || row.capacity <= 0.0 {
            say(format!("{} t from a capacity of {}", row.emissions_t, row.capacity));
        }
        let heats = row.sector == Sector::Heat;
        let most = if heats { HEAT_EFFICIENCY_MAX } else { EFFICIENCY_MAX };
        if let Some(it) = row.efficiency.filter(|it| *it <= 0.0 || *it > most) {
            say(format!("an efficiency of {it} %; at most {most} %"));
        }
        let most = if row.sector == Sector::Cement { CEMENT_LOAD_MAX } else { POWER_LOAD_MAX };
        if !(0.0..=most + 1e-9).contains(&row.load) {
            say(format!("a load of {} %; at most {most} %", row.load));
        }
        // What the table rounds away: half a tenth of the output, half a tonne.
        let rounding = 0.5 + row.formula_t() * 0.05 / row.output.max(0.05);
        let off = (row.formula_t() - row.emissions_t as f64).abs();
        if off > rounding * 1.001 {
            say(format!("{} t, but its inputs make {:.0} t", row.emissions_t, row.formula_t()));
        }
        match national_mt.get(&row.country) {
            Some(mt) if row.emissions_t as f64 / 1e6 <= *mt => {}
            Some(mt) => say(format!("{} t; all of {} has {mt} Mt", row.emissions_t, row.country)),
            None => say(format!("no national figure for {}", row.country)),
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            id: "XAA-P-1".to_owned(),
            country: "XAA".to_owned(),
            name: "One".to_owned(),
            operator: String::new(),
            owner_group: "one".to_owned(),
            sector: Sector::Power,
            fuel_or_process: "natural gas".to_owned(),
            capacity: 100.0,
            place: Some((40.0, 50.0)),
            output: 500.0,
            load: 57.1,
            efficiency: Some(50.0),
            factor: 56_100.0,
            emissions_t: 201_960,
            real: true,
            source: "test".to_owned(),
            raw_ids: "1".to_owned(),
        }
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let record = csv::StringRecord::from(row().record());
        assert_eq!(Row::of_record(&record), Ok(row()));
    }

    #[test]
    fn nonsense_is_found_and_sense_is_not() {
        let national = BTreeMap::from([("XAA".to_owned(), 1.0)]);
        assert_eq!(nonsense(&[row()], &national), Vec::<String>::new());
        let hot = Row { efficiency: Some(66.0), emissions_t: 153_000, ..row() };
        let overloaded = Row { load: 85.1, ..row() };
        let invented = Row { emissions_t: 202_100, ..row() };
        let huge = Row { output: 5_000.0, emissions_t: 2_019_600, ..row() };
        for (bad, word) in [
            (vec![hot], "efficiency"),
            (vec![overloaded], "load"),
            (vec![invented], "inputs"),
            (vec![huge], "all of XAA"),
            (vec![row(), row()], "also"),
            (vec![Row { country: "XBB".to_owned(), ..row() }], "no national"),
        ] {
            let found = nonsense(&bad, &national);
            assert!(found.len() == 1 && found[0].contains(word), "{word}: {found:?}");
        }
    }
}
