//! What can be done about emissions at a plant, what that costs, and what fuel costs: the project's
//! tables `data/measures.csv` and `data/fuels.csv`. Most of it is an assumption, and says so.

use crate::plants::BadRow;
use crate::tables::{Cells, rows};
use std::collections::BTreeMap;

const MEASURES: &str = include_str!("../../../data/measures.csv");
const FUELS: &str = include_str!("../../../data/fuels.csv");

/// Measures, fuels.
pub(crate) const TABLES: [&str; 2] = [MEASURES, FUELS];

/// How a measure works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Electricity of the sun or the wind in place of a share of a plant's.
    Replace,
    /// A share of a plant's electricity from a better plant, perhaps of another fuel.
    Burn,
    /// A share of a process's emissions.
    Process,
    /// A share of the gas that is flared.
    Flare,
}

/// Something that can be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Its name.
    pub name: String,
    /// Its technology.
    pub technology: String,
    /// In which sector.
    pub sector: String,
    /// To what it applies: what a plant burns or makes.
    pub applies_to: Vec<String>,
    /// How it works.
    pub kind: Kind,
    /// Whether it is green investment: nothing is burnt that need not be.
    pub is_green: bool,
    /// What it costs to build, USD for each kW, t of output a year, or thousand m3 a year.
    pub capex: f64,
    /// What its upkeep costs a year, as a share of that.
    pub upkeep: f64,
    /// What running it costs, USD for each t of output or thousand m3; negative where it earns.
    pub running: f64,
    /// For how many years it works.
    pub life: u32,
    /// To which share of a plant's output or emissions it can be applied.
    pub share: f64,
    /// Which share of the heat becomes electricity.
    pub efficiency: f64,
    /// What it burns.
    pub fuel: String,
}

/// A fuel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fuel {
    /// What it costs, USD/GJ.
    pub usd_per_gj: f64,
    /// What it emits, kg CO2/TJ.
    pub kg_per_tj: f64,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures {
    /// In the order of the table.
    pub all: Vec<Measure>,
    fuels: BTreeMap<String, Fuel>,
}

impl Measures {
    /// A fuel by its name.
    pub fn fuel(&self, name: &str) -> Option<Fuel> {
        self.fuels.get(name).copied()
    }

    /// Reads measures and fuels; all mistakes at once.
    pub fn read([measures, fuels]: [&str; 2]) -> Result<Self, Vec<BadRow>> {
        let mut all = Self::default();
        let mut bad = Vec::new();
        for row in rows(fuels, &mut bad) {
            let usd_per_gj = row.number("usd_per_gj", &mut bad);
            let kg_per_tj = row.number("kg_co2_per_tj", &mut bad);
            if let (Some(usd_per_gj), Some(kg_per_tj)) = (usd_per_gj, kg_per_tj) {
                all.fuels.insert(row.cell("fuel").to_owned(), Fuel { usd_per_gj, kg_per_tj });
            }
        }
        for row in rows(measures, &mut bad) {
            if let Some(it) = all.measure(&row, &mut bad) {
                all.all.push(it);
            }
        }
        if bad.is_empty() { Ok(all) } else { Err(bad) }
    }

    fn measure(&self, row: &Cells, bad: &mut Vec<BadRow>) -> Option<Measure> {
        let kind = match row.cell("kind") {
            "replace" => Kind::Replace,
            "burn" => Kind::Burn,
            "process" => Kind::Process,
            "flare" => Kind::Flare,
            _ => {
                bad.push(row.refuse("kind", "replace, burn, process or flare"));
                return None;
            }
        };
        if kind == Kind::Burn && self.fuel(row.cell("fuel")).is_none() {
            bad.push(row.refuse("fuel", "the name of a fuel of the other table"));
        }
        let percent = |column, bad: &mut Vec<BadRow>| {
            let percent = row.perhaps(column, bad).unwrap_or(0.0);
            if !(0.0..=100.0).contains(&percent) {
                bad.push(row.refuse(column, "a number from 0 to 100"));
            }
            percent / 100.0
        };
        let life = row.number("life_years", bad)?;
        if !(1.0..=100.0).contains(&life) {
            bad.push(row.refuse("life_years", "a number from 1 to 100"));
        }
        Some(Measure {
            name: row.cell("measure").to_owned(),
            technology: row.cell("technology").to_owned(),
            sector: row.cell("sector").to_owned(),
            applies_to: row.cell("applies_to").split(';').map(str::to_owned).collect(),
            kind,
            is_green: row.cell("green") == "yes",
            capex: row.number("capex_usd", bad)?,
            upkeep: percent("upkeep_percent", bad),
            running: row.perhaps("running_usd", bad).unwrap_or(0.0),
            life: crate::schema::whole(life.clamp(1.0, 100.0)),
            share: percent("share_percent", bad),
            efficiency: percent("efficiency_percent", bad),
            fuel: row.cell("fuel").to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_tables_can_be_read() {
        let it = Measures::read(TABLES).expect("the shipped tables");
        assert!(it.all.len() >= 8);
        for measure in &it.all {
            assert!(measure.capex > 0.0 && measure.share > 0.0, "{measure:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fuels = "fuel,usd_per_gj,kg_co2_per_tj\npeat,cheap,1\n";
        let measures = "measure,kind,capex_usd,life_years,share_percent,fuel\n\
                        a,magic,1,1,1,\nb,burn,1,0,1,hay\nc,flare,1,1,101,\n";
        let bad = Measures::read([measures, fuels]).expect_err("five cells are wrong");
        let places: Vec<_> = bad.iter().map(|it| (it.line, it.column.as_str())).collect();
        let expected =
            [(2, "usd_per_gj"), (2, "kind"), (3, "fuel"), (3, "life_years"), (4, "share_percent")];
        assert_eq!(places, expected);
    }
}
