//! What could be built at each listed plant, at flares, and on the grid: what it costs, and what it
//! avoids.

use super::irr;
use crate::abatement::Curve;
use crate::measures::{Kind, Measure};
use crate::nations::Nation;
use crate::own;
use crate::plants::PlantRow;
use crate::tables::Tables;
use std::collections::BTreeMap;

/// A plant is worth rebuilding where the new one's efficiency is better by so much.
const BETTER: f64 = 0.05;
/// What a m3 of gas emits in a flare, kg CO2 (IPCC 2006, as in `data/factors.csv`).
const FLARED_KG: f64 = 2.4;
/// Output of a MW through a year, GWh.
const GWH_OF_MW: f64 = 8.76;
/// A GWh in TJ.
const TJ_OF_GWH: f64 = 3.6;

/// How much of the price of a unit a project earns for each tonne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earns {
    /// All of it: its plant owes so many units less.
    All,
    /// What electricity prices carry of it.
    PassedOn,
    /// Nothing: its plant owes none.
    Nothing,
}

/// Something that could be built.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// The id of its plant; empty for what stands by itself.
    pub plant: String,
    /// Its name.
    pub name: String,
    /// Its sector.
    pub sector: String,
    /// Its technology.
    pub technology: String,
    /// Whether it counts as green investment.
    pub is_green: bool,
    /// What it costs to build, millions.
    pub capex: f64,
    /// What it costs a year, millions; negative where it saves or earns.
    pub yearly: f64,
    /// What it avoids, Mt a year.
    pub avoided: f64,
    /// The same as a share of what its sector's listed plants emit that owe units; 0 where it is
    /// not among them.
    pub of_sector: f64,
    /// For how many years it works.
    pub life: u32,
    /// What it earns by the price of a unit.
    pub earns: Earns,
}

impl Project {
    /// At which price of a unit it is worth its while at a rate, USD/t.
    pub fn levelised(&self, rate: f64) -> f64 {
        (self.capex * irr::annuity(rate, self.life) + self.yearly) / self.avoided
    }
}

/// What a country's projects are made from.
pub(super) struct Country<'a> {
    /// Its code.
    pub(super) code: &'a str,
    /// Its listed plants that owe units in some year: by their id.
    pub(super) owes: &'a dyn Fn(&PlantRow) -> bool,
    /// What electricity brings, USD/MWh.
    pub(super) electricity: f64,
}

/// All projects of a country.
pub(super) fn of(country: &Country<'_>, (plants, tables): (&[PlantRow], &Tables)) -> Vec<Project> {
    let nation = tables.nations.get(country.code);
    let here = || plants.iter().filter(|it| it.jurisdiction == country.code);
    let mut listed: BTreeMap<&str, f64> = BTreeMap::new();
    for plant in here().filter(|it| (country.owes)(it)) {
        *listed.entry(&plant.sector).or_default() += plant.emissions_t as f64 / 1e6;
    }
    let mut all = Vec::new();
    for measure in &tables.measures.all {
        for plant in here().filter(|it| it.provenance.is_real() && measure.fits(it)) {
            let Some(mut it) = at_plant((measure, plant), nation, tables) else { continue };
            if (country.owes)(plant) {
                let sum = listed.get(plant.sector.as_str()).copied().unwrap_or(0.0);
                it.of_sector = if sum > 0.0 { it.avoided / sum } else { 0.0 };
                it.earns = Earns::All;
            }
            all.push(it);
        }
        let Some(nation) = nation else { continue };
        match measure.kind {
            Kind::Flare if nation.flares > 0.0 => {
                let sum = listed.get("oil_gas").copied().unwrap_or(0.0);
                let mut it = at_flares(measure, nation);
                if sum > 0.0 {
                    // Flares are part of what oil and gas emit, whatever is listed.
                    it.of_sector = it.avoided / sum.max(nation.flares);
                    it.earns = Earns::All;
                }
                all.push(it);
            }
            Kind::Replace => {
                // Electricity of fuel that no list names the plants of.
                let unlisted = here().filter(|it| !it.provenance.is_real() && measure.fits(it));
                let gwh = unlisted.map(|it| it.output).sum();
                all.extend(on_the_grid((measure, gwh), nation, country.electricity));
            }
            Kind::Flare | Kind::Burn | Kind::Process => {}
        }
    }
    all
}

impl Measure {
    fn fits(&self, plant: &PlantRow) -> bool {
        plant.sector == self.sector && self.applies_to.contains(&plant.fuel)
    }

    fn project(&self, (plant, name): (&str, &str)) -> Project {
        Project {
            plant: plant.to_owned(),
            name: format!("{}, {name}", self.name),
            sector: self.sector.clone(),
            technology: self.technology.clone(),
            is_green: self.is_green,
            capex: 0.0,
            yearly: 0.0,
            avoided: 0.0,
            of_sector: 0.0,
            life: self.life,
            earns: Earns::Nothing,
        }
    }

    /// What so much electricity a year by the sun or the wind takes, million USD.
    fn capex_of(&self, gwh: f64, nation: Option<&Nation>) -> Option<f64> {
        let percent = nation?.indicator(&format!("capacity factor of {}", self.technology))?;
        let mw = gwh / (GWH_OF_MW * percent / 100.0);
        // A thousand kW for a MW, a million USD for the unit.
        (percent > 0.0).then(|| mw * self.capex / 1e3)
    }
}

fn at_plant(
    (measure, plant): (&Measure, &PlantRow),
    nation: Option<&Nation>,
    tables: &Tables,
) -> Option<Project> {
    let mut it = measure.project((plant.label.as_str(), &plant.name));
    let emitted = plant.emissions_t as f64 / 1e6 * measure.share;
    let output = plant.output * measure.share;
    match measure.kind {
        Kind::Replace => {
            let fuel = tables.measures.fuel(&plant.fuel)?;
            let heat = output * TJ_OF_GWH / (plant.efficiency_percent? / 100.0);
            it.capex = measure.capex_of(output, nation)?;
            // TJ are thousands of GJ.
            it.yearly = it.capex * measure.upkeep - heat * fuel.usd_per_gj / 1e3;
            it.avoided = emitted;
        }
        Kind::Burn => {
            let efficiency = plant.efficiency_percent? / 100.0;
            let (old, new) =
                (tables.measures.fuel(&plant.fuel)?, tables.measures.fuel(&measure.fuel)?);
            if plant.fuel == measure.fuel && measure.efficiency < efficiency + BETTER {
                return None;
            }
            let electricity = output * TJ_OF_GWH;
            let (before, after) = (electricity / efficiency, electricity / measure.efficiency);
            it.capex = plant.capacity? * measure.share * measure.capex / 1e3;
            it.yearly = it.capex * measure.upkeep
                + (after * new.usd_per_gj - before * old.usd_per_gj) / 1e3;
            it.avoided = emitted - after * new.kg_per_tj / 1e9;
        }
        Kind::Process => {
            // The table counts thousands of tonnes; all of the output runs through what is built.
            it.capex = plant.output * measure.capex / 1e3;
            it.yearly = it.capex * measure.upkeep + plant.output * measure.running / 1e3;
            it.avoided = emitted;
        }
        Kind::Flare => return None,
    }
    (it.avoided > 0.0 && it.capex > 0.0).then_some(it)
}

fn at_flares(measure: &Measure, nation: &Nation) -> Project {
    let mut it = measure.project(("", "all flares"));
    it.avoided = nation.flares * measure.share;
    // A Mt is a thousand million kg.
    let thousand_m3 = it.avoided * 1e9 / FLARED_KG / 1e3;
    it.capex = thousand_m3 * measure.capex / 1e6;
    it.yearly = it.capex * measure.upkeep + thousand_m3 * measure.running / 1e6;
    it
}

/// What stands by itself and sells to the grid: it earns what electricity brings.
fn on_the_grid(
    (measure, gwh): (&Measure, f64),
    nation: &Nation,
    electricity: f64,
) -> Option<Project> {
    let mut it = measure.project(("", "on the grid"));
    let gwh = gwh * measure.share;
    it.capex = measure.capex_of(gwh, Some(nation))?;
    it.yearly = it.capex * measure.upkeep - gwh * electricity / 1e3;
    it.avoided = gwh * nation.indicator("grid factor for sun and wind")? / 1e6;
    it.earns = Earns::PassedOn;
    (it.avoided > 0.0).then_some(it)
}

/// What a sector's listed plants can avoid at which price, in shares of their emissions beyond what
/// is worth its while at no price; none where nothing is listed.
pub(super) fn curve(projects: &[Project], sector: &str, rate: f64) -> Option<Curve> {
    let of_sector = |it: &&Project| it.sector == sector && it.of_sector > 0.0;
    projects.iter().find(of_sector)?;
    let measures: Vec<(f64, f64)> = projects
        .iter()
        .filter(of_sector)
        .map(|it| (it.levelised(rate), it.of_sector))
        .filter(|it| it.0 > 0.0)
        .collect();
    Some(Curve::new(own::ramps(&measures, own::SPREAD_PERCENT)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plants;

    fn tables() -> Tables {
        let nations = [
            "jurisdiction,sector,year,emissions_mt\nXXA,Flaring,2021,2.4\n",
            "jurisdiction,indicator,year,value\nXXA,gdp,2020,1\nXXA,gdp,2021,1\n\
             XXA,capacity factor of wind,2022,25\n\
             XXA,grid factor for sun and wind,2021,500\n",
            "jurisdiction,target_year,kind\n",
        ];
        let measures = [
            "measure,technology,sector,applies_to,kind,green,capex_usd,upkeep_percent,\
             running_usd,life_years,share_percent,efficiency_percent,fuel\n\
             wind in place,wind,power,coal;gas,replace,yes,1000,2,,20,50,,\n\
             new plant,gas,power,coal;gas,burn,no,100,1,,20,50,60,gas\n\
             less clinker,cement,cement,clinker,process,yes,8,2,-0.5,20,10,,\n\
             flares,flares,oil_gas,flares,flare,yes,300,5,-50,10,50,,\n",
            "fuel,usd_per_gj,kg_co2_per_tj\ncoal,2,100000\ngas,5,56000\n",
            "sector,usd_per_unit,t_co2_per_unit,elasticity\n",
        ];
        Tables {
            nations: crate::nations::Nations::read(nations).expect("these are well"),
            measures: crate::measures::Measures::read(measures).expect("these are well"),
        }
    }

    const PLANTS: &str = "id,jurisdiction,owner_group,sector,output,output_unit,emissions_t,\
                          provenance,fuel_or_process,capacity,efficiency_percent\n\
                          A,XXA,a,power,1000,GWh,900000,derived,coal,200,40\n\
                          B,XXA,b,power,1000,GWh,350000,derived,gas,200,57\n\
                          C,XXA,c,cement,1000,kt clinker,850000,derived,clinker,,\n\
                          D,XXA,d,cement,1000,kt clinker,850000,synthetic,clinker,,\n\
                          E,XXA,e,power,9000,GWh,0,synthetic,coal,,\n";

    fn projects() -> Vec<Project> {
        let plants = plants::read(PLANTS).expect("these are well");
        let owes = |it: &PlantRow| it.sector == "power";
        let country = Country { code: "XXA", owes: &owes, electricity: 50.0 };
        of(&country, (&plants, &tables()))
    }

    fn close(one: f64, two: f64) -> bool {
        (one - two).abs() < 1e-9 * (1.0 + two.abs())
    }

    #[test]
    fn each_project_costs_and_avoids_what_can_be_reckoned_by_hand() {
        let all = projects();
        let of = |plant: &str, name: &str| {
            let found = all.iter().find(|it| it.plant == plant && it.name.starts_with(name));
            found.unwrap_or_else(|| panic!("{plant} {name}")).clone()
        };
        // 500 GWh by wind at 25 %: 228.31 MW at 1,000 USD/kW; coal for 4,500 TJ is saved.
        let wind = of("A", "wind");
        let mw = 500.0 / (8.76 * 0.25);
        assert!(close(wind.capex, mw) && close(wind.avoided, 0.45));
        assert!(close(wind.yearly, 0.02 * mw - 4_500.0 * 2.0 / 1e3));
        assert!(close(wind.of_sector, 0.45 / 1.25), "of what both power plants emit");
        // Half of 200 MW burns gas at 60 %: 3,000 TJ at 5 USD/GJ in place of 4,500 at 2.
        let gas = of("A", "new plant");
        assert!(close(gas.capex, 10.0) && close(gas.yearly, 0.1 + 15.0 - 9.0));
        assert!(close(gas.avoided, 0.45 - 3_000.0 * 56_000.0 / 1e9));
        assert!(
            !all.iter().any(|it| it.plant == "B" && it.technology == "gas"),
            "57 % is nearly as good as 60"
        );
        let cement = of("C", "less clinker");
        assert!(close(cement.capex, 8.0) && close(cement.yearly, 0.16 - 0.5));
        assert!(close(cement.avoided, 0.085));
        assert_eq!((cement.earns, cement.of_sector), (Earns::Nothing, 0.0), "it owes no units");
        assert!(!all.iter().any(|it| it.plant == "D"), "nobody builds at a plant that is none");
        // 2.4 Mt of flares are a thousand million m3.
        let flares = of("", "flares");
        assert!(close(flares.avoided, 1.2) && close(flares.capex, 150.0));
        assert!(close(flares.yearly, 7.5 - 25.0));
        // 9,000 GWh of coal are made by nobody on the list; half of them by wind.
        let grid = of("", "wind");
        assert!(close(grid.avoided, 4_500.0 * 500.0 / 1e6));
        assert!(close(grid.yearly, 0.02 * grid.capex - 4_500.0 * 50.0 / 1e3));
        assert_eq!(grid.earns, Earns::PassedOn);
    }

    #[test]
    fn a_project_is_worth_its_while_from_its_levelised_cost_on() {
        for it in projects() {
            let price = it.levelised(0.1);
            let yearly = it.avoided * price - it.yearly;
            let flows: Vec<f64> =
                std::iter::once(-it.capex).chain((0..it.life).map(|_| yearly)).collect();
            assert!(irr::present_value(&flows, 0.1).abs() < 1e-9 * it.capex, "{}", it.name);
        }
    }

    /// What pays anyway is no abatement of the market; a sector without measures is another matter.
    #[test]
    fn a_sector_whose_measures_all_pay_without_a_price_has_an_empty_curve() {
        let mut all = projects();
        for it in &mut all {
            it.yearly = -1e3;
        }
        let curve = curve(&all, "power", 0.1).expect("power plants are listed");
        assert_eq!(curve.potential(), 0.0);
    }

    #[test]
    fn a_curve_of_plants_avoids_what_all_its_measures_do() {
        let all = projects();
        let curve = curve(&all, "power", 0.1).expect("power plants are listed");
        let sum: f64 = all
            .iter()
            .filter(|it| it.of_sector > 0.0 && it.levelised(0.1) > 0.0)
            .map(|it| it.of_sector)
            .sum();
        assert!(close(curve.potential(), sum) && sum > 0.0);
        let dearest = all.iter().map(|it| it.levelised(0.1)).fold(0.0, f64::max);
        assert!(close(curve.share(2.0 * dearest), sum));
        assert!(super::curve(&all, "cement", 0.1).is_none(), "it owes no units");
    }
}
