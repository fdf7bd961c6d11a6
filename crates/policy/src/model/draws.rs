//! What is uncertain, drawn many times: emissions without a market, how they grow, what abatement
//! and fuel cost; and what that makes of prices and gains.
//!
//! The draws fill their dimensions evenly (Owen-scrambled Sobol numbers), so that few of them tell
//! much. Each is named by the seed, its number and what it is for, and sums are taken in the order
//! of the draws: the same on any number of threads, on any machine.

use super::macc::Macc;
use super::simulate::{self, Brief};
use super::units::MillionUsd;
use super::world::{Region, RegionYear, World};
use sobol_burley::sample;

/// The most draws: the sequence has no more.
pub const DRAWS_MAX: u32 = 65_536;

/// No draw leaves less of emissions than this share.
const LEAST: f64 = 0.05;

/// A quantity over all draws.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// One in twenty is lower.
    pub low: f64,
    /// Half of them are.
    pub middle: f64,
    /// One in twenty is higher.
    pub high: f64,
    /// The mean.
    pub mean: f64,
}

/// A member's year over all draws.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct YearSpread {
    /// The year.
    pub year: u16,
    /// The price, USD/t; none where there is no market.
    pub price: Option<Spread>,
    /// In which share of the draws something is withheld at the reserve price.
    pub at_floor: f64,
    /// In which share something is sold at the ceiling, or a penalty paid in place of units.
    pub at_ceiling: f64,
}

/// A member over all draws.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberSpread {
    /// Its code.
    pub code: String,
    /// Its years.
    pub years: Vec<YearSpread>,
    /// What it gains by the links, millions, discounted to the first year.
    pub gain: Spread,
    /// What it would gain if all were as expected: that members share their efforts.
    pub effort: MillionUsd,
    /// In which share of the draws each of its national targets is met, by year.
    pub targets: Vec<(u16, f64)>,
    /// What it gains beyond that on average: that members share what nobody foresees.
    pub risk: MillionUsd,
}

/// All draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// How many.
    pub count: u32,
    /// The seed.
    pub seed: u64,
    /// The members.
    pub members: Vec<MemberSpread>,
    /// Draws whose equilibrium missed a condition.
    pub uncertain: u32,
}

impl Draws {
    /// What they say of some of their years.
    #[must_use]
    pub fn within(mut self, (first, last): (u16, u16)) -> Self {
        for member in &mut self.members {
            member.years.retain(|it| (first..=last).contains(&it.year));
            member.targets.retain(|it| (first..=last).contains(&it.0));
        }
        self
    }
}

/// What one draw is like: two standard normal numbers for each name.
#[derive(Clone, Copy)]
struct Chance {
    seed: u64,
    draw: u32,
}

/// Whose number: all members share the first one.
#[derive(Clone, Copy)]
enum Whose {
    All,
    Member(usize),
}

/// What a pair of numbers is for.
#[derive(Clone, Copy)]
enum What {
    /// The level of emissions, and abatement.
    Level,
    /// What fuel costs.
    Fuel,
    /// How emissions deviate in a year and the next.
    Growth(usize),
}

impl Chance {
    fn pair(self, whose: Whose, what: What) -> (f64, f64) {
        let who = match whose {
            Whose::All => 0,
            Whose::Member(it) => it as u64 + 1,
        };
        let dimension = match what {
            What::Level => 0,
            What::Fuel => 2,
            What::Growth(pair) => 4 + 2 * u32::try_from(pair).unwrap_or(0),
        };
        let mixed = (self.seed ^ who.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let seed = u32::try_from(mixed >> 32).unwrap_or(0);
        // Within (0, 1]: what is drawn lies on a grid of a few million steps.
        let first = 1.0 - f64::from(sample(self.draw, dimension, seed));
        let angle = 2.0 * std::f64::consts::PI * f64::from(sample(self.draw, dimension + 1, seed));
        let far = libm::sqrt(-2.0 * libm::log(first));
        (far * libm::cos(angle), far * libm::sin(angle))
    }

    /// A member's pair, as alike as members are.
    fn alike(self, member: usize, (what, correlation): (What, f64)) -> (f64, f64) {
        let (all, own) = (self.pair(Whose::All, what), self.pair(Whose::Member(member), what));
        let (shared, apart) = (libm::sqrt(correlation), libm::sqrt(1.0 - correlation));
        (shared * all.0 + apart * own.0, shared * all.1 + apart * own.1)
    }
}

/// The world as it is in a draw.
fn drawn(world: &World, chance: Chance) -> World {
    let scenario = &world.scenario;
    let fuel = chance.pair(Whose::All, What::Fuel).0;
    let fuel = libm::exp(scenario.fuel_price_sd_percent / 100.0 * fuel);
    let mut world = world.clone();
    for (member, region) in world.regions.iter_mut().enumerate() {
        let scenario = &world.scenario;
        let (level, abatement) = chance.alike(member, (What::Level, scenario.correlation));
        let level = (1.0 + scenario.baseline_sd_percent / 100.0 * level).max(LEAST);
        let abatement = libm::exp(scenario.abatement_sd_percent / 100.0 * abatement);
        let (mut growth, mut grown) = (0.0, 0.0);
        let mut pair = (0.0, 0.0);
        for (number, year) in region.years.iter_mut().enumerate() {
            if number % 2 == 0 {
                pair = chance.alike(member, (What::Growth(number / 2), scenario.correlation));
            }
            let shock = if number % 2 == 0 { pair.0 } else { pair.1 };
            growth *= scenario.growth_persistence;
            growth += scenario.growth_sd_percent / 100.0 * shock;
            grown += growth;
            let emissions = level * libm::exp(grown);
            if let Some(year) = year {
                vary(year, (emissions, abatement, fuel));
            }
            if let Some(it) = region.beyond.get_mut(number) {
                *it *= emissions;
            }
            if let Some(it) = region.hosting.get_mut(number) {
                *it = it.scaled(emissions * abatement);
            }
        }
    }
    world
}

/// Emissions, abatement and the price of fuel times so much.
fn vary(it: &mut RegionYear, (emissions, abatement, fuel): (f64, f64, f64)) {
    it.baseline *= emissions;
    if it.follows {
        it.cap *= emissions;
        it.auctioned *= emissions;
        it.free *= emissions;
    }
    for sector in &mut it.sectors {
        let more = if sector.baseline > 0.0 { emissions * abatement } else { abatement };
        sector.baseline *= emissions;
        // Measures at plants save fuel: what is dearer for bands is cheaper for some of them.
        let burns = sector.name == "power" && !sector.saves_fuel;
        let fuel = if burns { fuel } else { 1.0 };
        // Nobody avoids more than all.
        let most = if sector.baseline > 0.0 { sector.baseline } else { f64::INFINITY };
        match &mut sector.macc {
            Macc::Points(points) => {
                for (price, quantity) in points {
                    (*price, *quantity) = (*price * fuel, (*quantity * more).min(most));
                }
            }
            other @ (Macc::Quadratic { .. }
            | Macc::Power { .. }
            | Macc::Linear { .. }
            | Macc::Exponential { .. }) => *other = other.scaled(more).dearer(fuel),
        }
        sector.spread = sector.spread.map(|it| it * abatement);
    }
}

/// Draws a world many times, on so many threads.
pub fn run(
    world: &World,
    (count, seed, threads): (u32, u64, usize),
    watch: &(dyn Fn() + Sync),
) -> Draws {
    let threads = threads.max(1);
    let one = |draw: u32| {
        let found = simulate::brief(&drawn(world, Chance { seed, draw }));
        watch();
        found
    };
    let share = |thread: usize| (0..count).skip(thread).step_by(threads).map(one);
    let parts: Vec<Vec<Brief>> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || share(thread).collect::<Vec<Brief>>()))
            .collect();
        let found = started.into_iter().map(|it| it.join());
        found.map(|it| it.unwrap_or_else(|broken| std::panic::resume_unwind(broken))).collect()
    });
    // In the order of the draws again.
    let mut parts: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
    let mut all = Vec::with_capacity(count as usize);
    for draw in 0..count as usize {
        all.extend(parts.get_mut(draw % threads).and_then(Iterator::next));
    }
    let expected = simulate::brief(world);
    let member =
        |(place, region): (usize, &Region)| member(&all, &expected, (place, region, world));
    let members = world.regions.iter().enumerate().map(member).collect();
    let missed = all.iter().filter(|it| !simulate::is_certain(it.residual)).count();
    Draws { count, seed, members, uncertain: u32::try_from(missed).unwrap_or(u32::MAX) }
}

fn member(
    all: &[Brief],
    expected: &Brief,
    (place, region, world): (usize, &Region, &World),
) -> MemberSpread {
    let years =
        world.years.iter().zip(&region.years).enumerate().map(|(number, (year, is_there))| {
            let here = |it: &Brief| it.years.get(place).and_then(|it| it.get(number)).copied();
            let found: Vec<_> = all.iter().filter_map(here).collect();
            let share = |of: fn(&simulate::BriefYear) -> bool| {
                found.iter().filter(|it| of(it)).count() as f64 / (found.len().max(1)) as f64
            };
            let prices = || found.iter().map(|it| it.price).collect();
            YearSpread {
                year: *year,
                price: is_there.as_ref().map(|_| spread(prices())),
                at_floor: share(|it| it.at_floor),
                at_ceiling: share(|it| it.at_ceiling),
            }
        });
    let gains = all.iter().filter_map(|it| it.gains.get(place)).copied().collect();
    let gain = spread(gains);
    let effort = expected.gains.get(place).copied().unwrap_or(0.0);
    let met = |number: usize| {
        let gap = |it: &&Brief| it.gaps.get(place).and_then(|it| it.get(number)).copied();
        let met = all.iter().filter(|it| gap(it).is_some_and(|it| it <= 0.0)).count();
        met as f64 / all.len().max(1) as f64
    };
    let known = region.targets.iter().filter(|_| !region.beyond.is_empty());
    let targets = known.enumerate().map(|(number, it)| (it.year, met(number)));
    MemberSpread {
        targets: targets.collect(),
        code: region.code.clone(),
        years: years.collect(),
        gain,
        effort: MillionUsd(effort),
        risk: MillionUsd(gain.mean - effort),
    }
}

/// Percentiles by rank and the mean.
fn spread(mut all: Vec<f64>) -> Spread {
    if all.is_empty() {
        return Spread::default();
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    all.sort_by(f64::total_cmp);
    let at = |percent: usize| {
        let rank = (all.len() * percent).div_ceil(100).saturating_sub(1);
        all.get(rank).copied().unwrap_or(0.0)
    };
    Spread { low: at(5), middle: at(50), high: at(95), mean }
}
