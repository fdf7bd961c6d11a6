//! What the model reckons with: each jurisdiction's years, and the links between them.
//!
//! A world is made from a policy and a table of installations, or stands whole in a policy file:
//! then a jurisdiction names its `macc` and its `requirement`.

use super::inputs::{self, Input};
use super::macc::Macc;
use super::outcome::OutputRow;
use super::output::Product;
use super::projects::{self, Country, Project};
use super::supply::Supply;
use crate::abatement::{self, Curve};
use crate::chapter::{Jurisdiction, UnusedNewEntrants};
use crate::link::Link;
use crate::nations::{Nation, OTHERS, national_sector};
use crate::plants::PlantRow;
use crate::scenario::{Baselines, Curves, Scenario};
use crate::schema::Policy;
use crate::tables::Data;
use karvan_core::rules::Stage;
use karvan_core::supply::reserve::QuantityShares;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A sector of a jurisdiction in a year.
#[derive(Clone, Debug, PartialEq)]
pub struct Sector {
    /// Its name.
    pub name: String,
    /// Its emissions without a market, Mt.
    pub baseline: f64,
    /// What is avoided there at a price, without a limit to building.
    pub macc: Macc,
    /// How much more than the year before can be avoided, since measures spread no faster, as a
    /// share of emissions; none where nothing limits it.
    pub spread: Option<f64>,
    /// How its output follows the price; none where it stays.
    pub product: Option<Product>,
    /// Whether its curve is of measures at plants, which save fuel.
    pub saves_fuel: bool,
}

impl Sector {
    /// A price at which its product is many times as dear; 0 where output does not follow prices
    /// that far.
    fn farthest(&self) -> f64 {
        let Some(it) = self.product else { return 0.0 };
        let end = self.macc.last_price().unwrap_or(DEAREST);
        let emitted = 1.0 - self.macc.at(end).quantity / self.baseline;
        let (left, carried) = (emitted - it.benchmark, it.carried * it.elasticity.min(1.0));
        if left <= 0.0 || carried <= 0.0 || emitted <= it.follows {
            return 0.0;
        }
        (MANY_TIMES * it.usd_per_t / (it.carried * left)).clamp(end, FARTHEST)
    }
}

/// A jurisdiction in a year in which it owes units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegionYear {
    /// Emissions without a market, by sector.
    pub sectors: Vec<Sector>,
    /// Emissions without a market beyond those of sectors, Mt: in a world that states what must be
    /// avoided, all of that.
    pub baseline: f64,
    /// The cap, Mt.
    pub cap: f64,
    /// Units of earlier law, Mt.
    pub opening: f64,
    /// What of the cap is auctioned, Mt.
    pub auctioned: f64,
    /// What of the cap is given free, Mt.
    pub free: f64,
    /// Whether what is given follows output.
    pub by_output: bool,
    /// Below it nothing is auctioned, USD/t.
    pub floor: f64,
    /// Prices at which more is sold, USD/t, and how much, Mt.
    pub tiers: Vec<(f64, f64)>,
    /// At this price units are sold without end, USD/t.
    pub ceiling: Option<f64>,
    /// At this price operators pay rather than surrender, USD/t: a penalty that ends the duty.
    pub fine: Option<f64>,
    /// Emissions in exported goods for which a border adjustment is taken, Mt.
    pub border_exports: f64,
    /// What that takes for a tonne, USD.
    pub border_price: f64,
    /// Whether the cap follows the activity.
    pub follows: bool,
    /// How auctions follow what is kept, where they do.
    pub reserve: Option<QuantityShares>,
    /// The share of emissions that domestic credits may meet.
    pub domestic: f64,
    /// The share that foreign credits may meet.
    pub foreign: f64,
    /// How many units of the next year may be used, Mt.
    pub borrow: f64,
    /// Whether units of this year count in the next.
    pub keeps: bool,
}

/// Nobody buys a product that is this many times as dear.
const MANY_TIMES: f64 = 10.0;
/// No price of a product that many times as dear is sought beyond this, USD/t.
const FARTHEST: f64 = 1e6;
/// Where a curve has no end, no price is above this, USD/t.
const DEAREST: f64 = 1e9;

impl RegionYear {
    /// The highest price at which something happens there, however far measures have spread; but
    /// for output.
    pub fn dearest(&self) -> f64 {
        let ends = self.sectors.iter().map(|it| it.macc.last_price().unwrap_or(DEAREST));
        let tiers = self.tiers.iter().map(|it| it.0);
        let all = ends.chain(tiers).chain([self.floor]).chain(self.ceiling).chain(self.fine);
        all.fold(0.0, f64::max)
    }

    /// A price at which nobody buys its products any more, where output follows prices.
    pub fn farthest(&self) -> f64 {
        self.sectors.iter().map(Sector::farthest).fold(self.dearest(), f64::max)
    }

    /// What is auctioned at a price, Mt: less where the cap fell with output, more where units were
    /// not given for what is not made.
    pub(super) fn auctioned_at(&self, supply: &Supply, price: f64) -> f64 {
        let (outputs, cap) = (supply.outputs(), self.cap);
        let cut: f64 = outputs.iter().map(|it| it.cut(price)).sum();
        let left = if cap > 0.0 { 1.0 - cut / cap } else { 1.0 };
        let made = OutputRow::of(outputs, price).filter(|_| self.by_output && !self.follows);
        self.auctioned * left + self.free * (1.0 - made.map_or(1.0, |it| it.share))
    }

    /// Emissions without a market, Mt.
    pub fn all_baseline(&self) -> f64 {
        self.baseline + self.sectors.iter().map(|it| it.baseline).sum::<f64>()
    }
}

/// A jurisdiction.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// At which rate those who keep units discount, as a share a year.
    pub rho: f64,
    /// Its years; none where it owes no units.
    pub years: Vec<Option<RegionYear>>,
    /// What the country emits in each year where nobody owes units, Mt; empty where no table tells.
    pub beyond: Vec<f64>,
    /// What projects outside of caps can avoid for credits in each year; empty where there are
    /// none.
    pub hosting: Vec<Macc>,
    /// The share of that which may be authorised for others.
    pub exported: f64,
    /// What the country has promised, by year.
    pub targets: Vec<Target>,
    /// What could be built there.
    pub projects: Arc<[Project]>,
    /// What a project must bring to be built, as a share a year.
    pub hurdle: f64,
}

/// A country's promise for a year.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The year.
    pub year: u16,
    /// The most that it will emit, Mt.
    pub most: f64,
    /// The most with help of others, Mt, where it promises more then.
    pub with_help: Option<f64>,
    /// The document, or the policy file.
    pub document: String,
}

/// On which terms projects are built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Terms {
    /// Which share of a project can be built in a year.
    pub(super) limit: f64,
    /// Which share of the price of a unit electricity prices carry.
    pub(super) passed_on: f64,
}

/// A one-way link.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldLink {
    /// The place of the jurisdiction whose units cross.
    pub from: usize,
    /// The place of the one where they count.
    pub to: usize,
    /// As how many one counts there.
    pub ratio: f64,
    /// What each unit pays, USD/t.
    pub levy: f64,
    /// The most that may leave in each year, Mt; infinite where there is no quota, 0 where it is
    /// closed.
    pub most: Vec<f64>,
}

/// All of it.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// The name of the market.
    pub name: String,
    /// Its currency.
    pub currency: String,
    /// The years.
    pub years: Vec<u16>,
    /// The jurisdictions in the order of the file.
    pub regions: Vec<Region>,
    /// The links.
    pub links: Vec<WorldLink>,
    /// What is assumed beyond.
    pub scenario: Scenario,
    /// The inputs with their sources.
    pub inputs: Vec<Input>,
}

fn is_large(it: &Jurisdiction, row: &PlantRow) -> bool {
    row.jurisdiction == it.code && row.emissions_t >= it.threshold_t
}

/// Emissions of the installations that owe in a year, by sector, as in the table, Mt.
fn covered(it: &Jurisdiction, plants: &[PlantRow], year: u16) -> BTreeMap<String, f64> {
    let sectors = it.sectors.at(year);
    let owes = |row: &&PlantRow| is_large(it, row) && sectors.contains(&row.sector);
    let mut all: BTreeMap<String, f64> = BTreeMap::new();
    for row in plants.iter().filter(owes) {
        *all.entry(row.sector.clone()).or_default() += row.emissions_t as f64 / 1e6;
    }
    all
}

/// Emissions without a market of a year by sector, Mt: as the policy says, shared as those of the
/// installations are; or those of the installations, grown as the country's sectors do.
fn baselines(
    (policy, it): (&Policy, &Jurisdiction),
    (plants, tables): Data<'_>,
    year: u16,
) -> BTreeMap<String, f64> {
    let mut all = covered(it, plants, year);
    if it.baselines(policy) == Baselines::Data {
        let nation = tables.nations.get(&it.code);
        let grown = |sector: &str| nation.map_or(1.0, |it| it.grown(sector, year));
        all.iter_mut().for_each(|(sector, mt)| *mt *= grown(sector));
        return all;
    }
    if all.is_empty() {
        all = it.sectors.at(year).into_iter().map(|it| (it, 1.0)).collect();
    }
    let sum: f64 = all.values().sum();
    let times = it.baseline(policy.first_year, year) / sum;
    all.values_mut().for_each(|it| *it *= times);
    all
}

/// What a country emits beside those that owe, Mt: with their emissions without a market it is what
/// the tables say.
fn beyond(
    (policy, it): (&Policy, &Jurisdiction),
    (data, nation): (Data<'_>, &Nation),
    year: u16,
) -> f64 {
    let owing: f64 =
        if it.obliges(year) { baselines((policy, it), data, year).values().sum() } else { 0.0 };
    (nation.emissions(year) - owing).max(0.0)
}

/// What a country's projects outside of caps can avoid for credits; nothing where it only observes.
fn hosting(
    (policy, it): (&Policy, &Jurisdiction),
    (data, nation): (Data<'_>, &Nation),
    year: u16,
) -> Macc {
    if it.stage.at(year) == Stage::Observer {
        return Macc::Points(Vec::new());
    }
    let mut owing: BTreeMap<&str, f64> = BTreeMap::new();
    for (sector, mt) in baselines((policy, it), data, year).iter().filter(|_| it.obliges(year)) {
        *owing.entry(national_sector(sector)).or_default() += mt;
    }
    // What industry emits beyond what it burns (from limestone, flares and leaks) is among others.
    let mut over = 0.0;
    let mut beside: Vec<(&str, f64)> = Vec::new();
    for of in &nation.sectors {
        let owes = owing.get(of.name).copied().unwrap_or(0.0);
        over += (owes - of.at(year)).max(0.0);
        beside.push((of.name, (of.at(year) - owes).max(0.0)));
    }
    if let Some(others) = beside.iter_mut().find(|it| it.0 == OTHERS) {
        others.1 = (others.1 - over).max(0.0);
    }
    let credited = policy.scenario.credited_percent / 100.0;
    let curve = |(name, mt): &(&str, f64)| {
        let points = it.abatement.national_curve(name);
        let points = points
            .points()
            .map(|(price, share)| (price + policy.scenario.credit_cost_usd, share * mt * credited));
        Macc::Points(points.collect())
    };
    let curves: Vec<Macc> = beside.iter().map(curve).collect();
    Macc::sum(&curves)
}

/// What a country has promised for the years of a policy; the policy file comes first.
fn targets(policy: &Policy, it: &Jurisdiction, nation: Option<&Nation>) -> Vec<Target> {
    let mut all = BTreeMap::new();
    for promise in nation.into_iter().flat_map(|it| &it.promises) {
        let otherwise = nation.map_or(0.0, |it| it.emissions(promise.year));
        let least = |percent: f64| nation.and_then(|it| it.target(promise, percent, otherwise));
        let alone = promise.unconditional_percent.and_then(least);
        let with_help = promise.conditional_percent.and_then(least);
        if let Some(most) = alone.or(with_help) {
            let with_help = with_help.filter(|it| *it < most);
            let (year, document) = (promise.year, promise.document.clone());
            all.insert(year, Target { year, most, with_help, document });
        }
    }
    for year in it.ndc_target_mt.years() {
        if let Some(most) = it.ndc_target_mt.at(year) {
            let document = "the policy file".to_owned();
            all.insert(year, Target { year, most, with_help: None, document });
        }
    }
    all.retain(|year, _| (policy.first_year..=policy.last_year).contains(year));
    all.into_values().collect()
}

/// A curve of shares as one of megatonnes.
fn in_mt(curve: &Curve, baseline: f64) -> Macc {
    Macc::Points(curve.points().map(|(price, share)| (price, share * baseline)).collect())
}

impl World {
    /// The world of a policy, for some of its years.
    pub fn of(policy: &Policy, data: Data<'_>, years: (u16, u16)) -> Self {
        let all: Vec<u16> = (years.0..=years.1).collect();
        let regions = policy.jurisdictions.iter().map(|it| region(policy, it, (data, &all)));
        let mut world = Self {
            name: policy.name.clone(),
            currency: policy.currency.clone(),
            regions: regions.collect(),
            years: all,
            links: Vec::new(),
            scenario: policy.scenario.clone(),
            inputs: Vec::new(),
        };
        world.links = policy.links.iter().filter_map(|it| world.link(it)).collect();
        world.inputs = inputs::of(policy, data);
        world
    }

    /// On which terms projects are built.
    pub(super) fn terms(&self) -> Terms {
        Terms {
            limit: self.scenario.build_limit_percent / 100.0,
            passed_on: self.scenario.pass_through_percent / 100.0,
        }
    }

    /// The place of a jurisdiction.
    pub fn place(&self, code: &str) -> Option<usize> {
        self.regions.iter().position(|it| it.code == code)
    }

    fn link(&self, it: &Link) -> Option<WorldLink> {
        let most = |year: &u16| {
            let quota = it.quota_mt.as_ref().map_or(f64::INFINITY, |it| it.at(*year));
            if *year >= it.from_year { quota } else { 0.0 }
        };
        Some(WorldLink {
            from: self.place(&it.from)?,
            to: self.place(&it.to)?,
            ratio: f64::from(it.ratio.0) / f64::from(it.ratio.1),
            levy: it.levy_usd,
            most: self.years.iter().map(most).collect(),
        })
    }
}

fn region(policy: &Policy, it: &Jurisdiction, (data, years): (Data<'_>, &[u16])) -> Region {
    let (_, tables) = data;
    let projects: Arc<[Project]> = projects(policy, it, data).into();
    let begins = (policy.first_year..=policy.last_year).find(|year| it.obliges(*year));
    let year = |year: &u16| {
        if let Some(requirement) = &it.requirement_mt {
            return Some(RegionYear {
                sectors: vec![whole(it)],
                baseline: requirement.at(*year)?,
                keeps: it.valid_to(*year) > *year,
                fine: fine(it, *year),
                ceiling: it.auctions.ceiling(*year),
                ..RegionYear::default()
            });
        }
        it.obliges(*year).then(|| region_year((policy, it, begins), (data, *year), &projects))
    };
    let nation = tables.nations.get(&it.code).filter(|_| it.requirement_mt.is_none());
    let beyond = nation.map_or_else(Vec::new, |nation| {
        years.iter().map(|year| beyond((policy, it), (data, nation), *year)).collect()
    });
    let hosting = nation.filter(|_| policy.scenario.credits).map_or_else(Vec::new, |nation| {
        let of = |year: &u16| hosting((policy, it), (data, nation), *year);
        years.iter().map(of).collect()
    });
    let exported = it.declared.exported_credits_percent / 100.0;
    let targets = targets(policy, it, nation);
    let years = years.iter().map(year).collect();
    let rho = it.abatement.discount_percent / 100.0;
    let (code, name, hurdle) = (it.code.clone(), it.name.clone(), it.abatement.hurdle());
    Region { code, name, rho, years, beyond, hosting, exported, targets, projects, hurdle }
}

/// The price from which on a penalty that ends the duty is cheaper than a unit. Of a penalty with a
/// fixed part and a share k of the mean price that is fixed / (1 - k); from k = 1 on there is none.
fn fine(it: &Jurisdiction, year: u16) -> Option<f64> {
    let (fixed, share) = (it.penalty.usd.at(year), it.penalty.of_mean_percent.at(year) / 100.0);
    let ends = !it.penalty.make_good.at(year) && fixed + share > 0.0;
    (ends && share < 1.0).then(|| fixed / (1.0 - share))
}

/// A curve of its own for all that a jurisdiction covers.
fn whole(it: &Jurisdiction) -> Sector {
    let macc = it.macc.clone().unwrap_or(Macc::Points(Vec::new()));
    Sector {
        name: "all".to_owned(),
        baseline: 0.0,
        macc,
        spread: None,
        product: None,
        saves_fuel: false,
    }
}

/// What could be built: at listed plants that owe units in some year they save what those cost.
fn projects(policy: &Policy, it: &Jurisdiction, data: Data<'_>) -> Vec<Project> {
    let years = || (policy.first_year..=policy.last_year).filter(|year| it.obliges(*year));
    let owes = |row: &PlantRow| {
        is_large(it, row) && years().any(|year| it.sectors.at(year).contains(&row.sector))
    };
    let electricity = policy.scenario.electricity_usd;
    projects::of(&Country { code: &it.code, owes: &owes, electricity }, data)
}

fn region_year(
    (policy, it, begins): (&Policy, &Jurisdiction, Option<u16>),
    (data, year): (Data<'_>, u16),
    projects: &[Project],
) -> RegionYear {
    let baselines = baselines((policy, it), data, year);
    let baseline: f64 = baselines.values().sum();
    let (mut sectors, beyond) = match &it.macc {
        Some(_) => (vec![whole(it)], baseline),
        None => (sectors((policy, it), baselines, projects), 0.0),
    };
    // A cap that follows the activity is a share of what would have been emitted.
    let cap = if it.intensity {
        baseline * it.declared.cap_percent_of_baseline.at(year) / 100.0
    } else {
        it.cap_mt.at(year)
    };
    let free = cap * it.free_percent.at(year) / 100.0;
    for sector in sectors.iter_mut().filter(|_| policy.scenario.output_responds) {
        let demand = data.1.measures.demand(&sector.name);
        sector.product = demand.map(|demand| Product {
            usd_per_t: demand.usd_per_t,
            elasticity: demand.elasticity,
            benchmark: if it.by_output() { free / baseline } else { 0.0 },
            follows: if it.intensity { cap / baseline } else { 0.0 },
            carried: policy.scenario.pass_through_percent / 100.0,
        });
    }
    let new_entrants = it.new_entrants_percent.at(year);
    let sold_too =
        if it.unused_new_entrants == UnusedNewEntrants::Auction { new_entrants } else { 0.0 };
    let percent = |percent: f64| cap * percent / 100.0;
    let tier = percent(it.auctions.cost_containment_percent_of_cap);
    RegionYear {
        sectors,
        baseline: beyond,
        cap,
        opening: if begins == Some(year) { it.opening_mt } else { 0.0 },
        auctioned: percent(it.auction_percent.at(year) + sold_too),
        free,
        by_output: it.by_output(),
        floor: it.auctions.reserve_usd.at(year),
        tiers: it.auctions.cost_containment_usd.iter().map(|price| (*price, tier)).collect(),
        ceiling: it.auctions.ceiling(year),
        fine: fine(it, year),
        border_exports: it.border_exports_mt.at(year)
            * policy.scenario.border_share_percent.at(year)
            / 100.0,
        border_price: policy.scenario.border_price_usd.at(year),
        follows: it.intensity,
        reserve: it.quantity,
        domestic: it.declared.domestic_credits_percent.at(year) / 100.0,
        foreign: it.declared.foreign_credits_percent.at(year) / 100.0,
        borrow: baseline * it.declared.borrowing_percent / 100.0,
        keeps: it.valid_to(year) > year && it.obliges(year + 1),
    }
}

/// The sectors of a year.
fn sectors(
    (policy, it): (&Policy, &Jurisdiction),
    baselines: BTreeMap<String, f64>,
    projects: &[Project],
) -> Vec<Sector> {
    let Scenario { diffusion, zero_price_share, curves, .. } = policy.scenario;
    let sector = |(name, baseline): (String, f64)| {
        let of_plants = match curves {
            Curves::Plants => projects::curve(projects, &name, it.abatement.hurdle()),
            Curves::Bands => None,
        };
        let saves_fuel = of_plants.is_some();
        let mut curve = of_plants.unwrap_or_else(|| it.abatement.curve(&name));
        let at_once = if zero_price_share { abatement::zero_price_share(&name) } else { 0.0 };
        let spread = it.abatement.diffusion_percent / 100.0 * curve.potential();
        curve = curve.raised(at_once);
        let spread = diffusion.then_some(spread);
        Sector { macc: in_mt(&curve, baseline), name, baseline, spread, product: None, saves_fuel }
    };
    baselines.into_iter().map(sector).collect()
}
