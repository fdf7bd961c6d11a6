//! What can be done about emissions at a plant and what that costs, what fuel costs, and what
//! products bring: the project's tables `data/measures.csv`, `data/fuels.csv` and
//! `data/products.csv`. Most of it is an assumption, and says so.

use crate::cells::{Cells, rows};
use crate::plants::BadRow;
use std::collections::BTreeMap;

const MEASURES: &str = include_str!("../../../data/measures.csv");
const FUELS: &str = include_str!("../../../data/fuels.csv");
const PRODUCTS: &str = include_str!("../../../data/products.csv");

/// Measures, fuels, products.
pub(crate) const TABLES: [&str; 3] = [MEASURES, FUELS, PRODUCTS];

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
    products: BTreeMap<String, Demand>,
}

/// How a sector's product is bought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// What is paid for as much as emits a tonne, USD.
    pub usd_per_t: f64,
    /// By how many percent less is bought where it is a percent dearer.
    pub elasticity: f64,
}

impl Measures {
    /// A fuel by its name.
    pub fn fuel(&self, name: &str) -> Option<Fuel> {
        self.fuels.get(name).copied()
    }

    /// How the product of a sector is bought.
    pub fn demand(&self, sector: &str) -> Option<Demand> {
        self.products.get(sector).copied()
    }

    /// Reads measures, fuels and products; all mistakes at once.
    pub fn read([measures, fuels, products]: [&str; 3]) -> Result<Self, Vec<BadRow>> {
        let mut all = Self::default();
        let mut bad = Vec::new();
        for row in rows(fuels, &mut bad) {
            let usd_per_gj = row.number("usd_per_gj", &mut bad);
            let kg_per_tj = row.number("kg_co2_per_tj", &mut bad);
            if let (Some(usd_per_gj), Some(kg_per_tj)) = (usd_per_gj, kg_per_tj) {
                all.fuels.insert(row.cell("fuel").to_owned(), Fuel { usd_per_gj, kg_per_tj });
            }
        }
        for row in rows(products, &mut bad) {
            let numbers = ["usd_per_unit", "t_co2_per_unit", "elasticity"]
                .map(|column| row.number(column, &mut bad));
            let [Some(usd), Some(tonnes), Some(elasticity)] = numbers else { continue };
            if usd <= 0.0 || tonnes <= 0.0 || !(0.0..=10.0).contains(&elasticity) {
                let allowed = "prices and emissions above 0, an elasticity from 0 to 10";
                bad.push(row.refuse("usd_per_unit", allowed));
            }
            let demand = Demand { usd_per_t: usd / tonnes, elasticity };
            all.products.insert(row.cell("sector").to_owned(), demand);
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
        assert!(crate::schema::SECTORS.iter().all(|sector| it.demand(sector).is_some()));
        for measure in &it.all {
            assert!(measure.capex > 0.0 && measure.share > 0.0, "{measure:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fuels = "fuel,usd_per_gj,kg_co2_per_tj\npeat,cheap,1\n";
        let measures = "measure,kind,capex_usd,life_years,share_percent,fuel\n\
                        a,magic,1,1,1,\nb,burn,1,0,1,hay\nc,flare,1,1,101,\n";
        let products = "sector,usd_per_unit,t_co2_per_unit,elasticity\npower,60,0,1\n";
        let bad = Measures::read([measures, fuels, products]).expect_err("six cells are wrong");
        let places: Vec<_> = bad.iter().map(|it| (it.line, it.column.as_str())).collect();
        let expected = [
            (2, "usd_per_gj"),
            (2, "usd_per_unit"),
            (2, "kind"),
            (3, "fuel"),
            (3, "life_years"),
            (4, "share_percent"),
        ];
        assert_eq!(places, expected);
    }
}
