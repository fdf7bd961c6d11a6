//! A world as chains of market years, and what their outcome changes about them: measures that stay
//! built, auctions that follow what is kept. Both are sought in rounds.

use super::banking::{MarketYear, Step, StepSide};
use super::foresight;
use super::macc::Macc;
use super::markets::{Chain, Joint, LinkYear};
use super::outcome::Warning;
use super::supply::Supply;
use super::units::MegaTonnes;
use super::world::{Region, RegionYear, Sector, World};
use crate::schema::tonnes;

/// Where a curve has no end, no price is above this, USD/t.
const DEAREST: f64 = 1e9;
/// Rounds end when nothing changes by more, Mt.
const SETTLED: f64 = 1e-6;
/// And after so many.
const ROUNDS: u32 = 200;
/// Shares that differ by less are the same.
const SAME_SHARE: f64 = 1e-9;

/// What a step of a market's year is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What is not auctioned below the reserve price.
    Withheld,
    /// What tiers release.
    Tier,
    /// What is sold at the ceiling.
    Ceiling,
    /// What is paid for rather than surrendered.
    Fine,
    /// What nothing avoids at any price.
    Missing,
}

/// Points between two quantities, and what the first of them costs in any case.
fn bounded(points: &[(f64, f64)], (least, most): (f64, f64)) -> (Vec<(f64, f64)>, f64) {
    let price_of = |quantity: f64| {
        let after = points.partition_point(|it| it.1 < quantity);
        let (before, next) =
            (after.checked_sub(1).and_then(|it| points.get(it)), points.get(after));
        match (before, next) {
            (Some(one), Some(two)) => {
                one.0 + (quantity - one.1) / (two.1 - one.1) * (two.0 - one.0)
            }
            (_, Some(only)) | (Some(only), None) => only.0,
            (None, None) => 0.0,
        }
    };
    let (mut all, mut sunk) = (Vec::new(), 0.0);
    if least > 0.0 {
        let price = price_of(least);
        // The merged curve counts the first quantity at its price; it costs the area.
        sunk = Macc::Points(points.to_vec()).cost(price) - price * least;
        all.push((price, least));
    }
    let inside = |it: &(f64, f64)| (it.1 > least || least <= 0.0) && it.1 <= most;
    all.extend(points.iter().copied().filter(inside));
    if points.last().is_some_and(|it| it.1 > most) && most > least.max(0.0) {
        all.push((price_of(most), most));
    }
    (all, sunk)
}

fn steps(it: &RegionYear, (supply, reserve): (&Supply, f64)) -> (Vec<Step>, Vec<Kind>) {
    let mut all = Vec::new();
    let mut add = |kind, price, most| {
        let side = if kind == Kind::Withheld { StepSide::Takes } else { StepSide::Gives };
        all.push((Step { price, most, side }, kind));
    };
    let auctioned = it.auctioned + reserve;
    if it.floor > 0.0 && auctioned > 0.0 {
        add(Kind::Withheld, it.floor, auctioned);
    }
    for (price, most) in it.tiers.iter().filter(|it| it.1 > 0.0) {
        add(Kind::Tier, *price, *most);
    }
    if let Some(price) = it.ceiling {
        add(Kind::Ceiling, price, f64::INFINITY);
    }
    if let Some(price) = it.fine {
        add(Kind::Fine, price, f64::INFINITY);
    }
    let tiers = it.tiers.iter().map(|it| it.0);
    let prices = tiers.chain([it.floor]).chain(it.ceiling).chain(it.fine);
    let dearest =
        if supply.is_endless() { DEAREST } else { prices.fold(supply.last_price(), f64::max) };
    add(Kind::Missing, dearest, f64::INFINITY);
    all.into_iter().unzip()
}

/// The chains of a world.
pub(super) struct Built {
    /// A chain for each jurisdiction.
    pub(super) chains: Vec<Chain>,
    /// What the steps of its years are.
    pub(super) kinds: Vec<Vec<Vec<Kind>>>,
    /// What each year pays for what is built, beside the area under its curve, million USD.
    pub(super) sunk: Vec<Vec<f64>>,
}

/// What an outcome changes about its world.
#[derive(Clone, Debug, Default, PartialEq)]
struct Feedback {
    /// What the quantity rule adds to (or takes from) each year's auctions, Mt.
    reserve: Vec<Vec<f64>>,
    /// What is built in each year's sectors, as shares of their emissions.
    built: Vec<Vec<Vec<f64>>>,
}

/// An equilibrium of a world.
pub(super) struct Settled {
    pub(super) built: Built,
    pub(super) joint: Joint,
    /// What the quantity rule adds to each year's auctions, Mt.
    pub(super) reserve: Vec<Vec<f64>>,
    pub(super) warnings: Vec<Warning>,
}

impl Built {
    fn of(world: &World, feedback: &Feedback) -> Self {
        let mut built = Self { chains: Vec::new(), kinds: Vec::new(), sunk: Vec::new() };
        let all = world.regions.iter().zip(&feedback.reserve).zip(&feedback.built);
        for ((region, reserve), stays) in all {
            let mut chain = Chain { rho: region.rho, years: Vec::new() };
            let (mut kinds, mut sunk) = (Vec::new(), Vec::new());
            for ((year, reserve), stays) in region.years.iter().zip(reserve).zip(stays) {
                let Some(year) = year else {
                    chain.years.push(MarketYear::default());
                    kinds.push(Vec::new());
                    sunk.push(0.0);
                    continue;
                };
                let (supply, paid) = supply(year, stays);
                let (steps, of_year) = steps(year, (&supply, *reserve));
                let surplus = year.cap + year.opening + reserve - year.all_baseline();
                let (borrow, keeps) = (year.borrow, year.keeps);
                chain.years.push(MarketYear { supply, surplus, steps, borrow, keeps });
                kinds.push(of_year);
                sunk.push(paid);
            }
            // What is left in the last year is left.
            if let Some(last) = chain.years.last_mut() {
                last.keeps = false;
            }
            built.chains.push(chain);
            built.kinds.push(kinds);
            built.sunk.push(sunk);
        }
        built
    }
}

/// The curves of a year, none further than measures can have spread, nor less than is built; and
/// what is built costs beside the area under them.
fn supply(it: &RegionYear, stays: &[f64]) -> (Supply, f64) {
    let mut sunk = 0.0;
    let mut all = Vec::with_capacity(it.sectors.len());
    for (place, sector) in it.sectors.iter().enumerate() {
        let least = stays.get(place).copied().unwrap_or(0.0) * sector.baseline;
        all.push(match &sector.macc {
            Macc::Points(points) => {
                let (points, paid) = bounded(points, (least, sector.most.max(least)));
                sunk += paid;
                Macc::Points(points)
            }
            other @ (Macc::Quadratic { .. }
            | Macc::Power { .. }
            | Macc::Linear { .. }
            | Macc::Exponential { .. }) => other.clone(),
        });
    }
    (Supply::of(&all), sunk)
}

/// Finds the equilibrium, in rounds where its outcome changes its world.
pub(super) fn settle(world: &World, links: &[LinkYear]) -> Settled {
    let horizon = world.scenario.horizon_years.map(usize::from);
    let mut feedback = Feedback {
        reserve: world.regions.iter().map(|it| vec![0.0; it.years.len()]).collect(),
        built: world.regions.iter().map(nothing_built).collect(),
    };
    let mut before = feedback.clone();
    let mut round = 0;
    loop {
        round += 1;
        let built = Built::of(world, &feedback);
        let joint = foresight::solve(&built.chains, links, horizon);
        let next = Feedback {
            reserve: reserves(world, (&built, &joint), &feedback.reserve),
            built: stays(world, &joint),
        };
        let moved = distance(&next.reserve, &feedback.reserve);
        let pairs = next.built.iter().zip(&feedback.built);
        let built_moved = pairs.map(|(one, two)| distance(one, two)).fold(0.0, f64::max);
        let settled = moved <= SETTLED && built_moved <= SAME_SHARE;
        if settled || round >= ROUNDS {
            let circles = distance(&next.reserve, &before.reserve) <= SETTLED;
            let warning = Warning::Unsettled { moved: MegaTonnes(moved), circles };
            let warnings = if settled { Vec::new() } else { vec![warning] };
            return Settled { built, joint, reserve: feedback.reserve, warnings };
        }
        // Half of each step, since a threshold that is crossed turns back at once.
        let part = if round < 4 { 1.0 } else { 0.5 };
        let between = |(one, two): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
            one.iter().zip(two).map(|(old, new)| old + part * (new - old)).collect()
        };
        let reserve = feedback.reserve.iter().zip(&next.reserve).map(between).collect();
        before = std::mem::replace(&mut feedback, Feedback { reserve, built: next.built });
    }
}

/// As many zeros as there are sectors.
fn nothing_built(it: &Region) -> Vec<Vec<f64>> {
    let sectors = |it: &Option<RegionYear>| it.as_ref().map_or(0, |it| it.sectors.len());
    it.years.iter().map(|it| vec![0.0; sectors(it)]).collect()
}

/// The largest difference.
fn distance(one: &[Vec<f64>], two: &[Vec<f64>]) -> f64 {
    let pairs = one.iter().flatten().zip(two.iter().flatten());
    pairs.map(|(one, two)| (one - two).abs()).fold(0.0, f64::max)
}

/// What each year's auctions get by the quantity rule of the core, from what was kept before.
fn reserves(world: &World, (built, joint): (&Built, &Joint), given: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut all: Vec<Vec<f64>> = given.iter().map(|it| vec![0.0; it.len()]).collect();
    for (place, region) in world.regions.iter().enumerate() {
        let mut held = 0.0;
        for (number, pair) in region.years.windows(2).enumerate() {
            let [Some(now), Some(next)] = pair else { continue };
            let Some(shares) = &now.reserve else { continue };
            let kept = joint.banks.get(place).and_then(|it| it.get(number)).copied();
            let kinds = built.kinds.get(place).and_then(|it| it.get(number));
            let steps = joint.steps.get(place).and_then(|it| it.get(number));
            let pairs = kinds.into_iter().flatten().zip(steps.into_iter().flatten());
            let withheld: f64 =
                pairs.filter(|(kind, _)| **kind == Kind::Withheld).map(|(_, it)| it).sum();
            held += withheld;
            let circulation = tonnes(kept.unwrap_or(0.0).max(0.0));
            let it = shares.of(tonnes(now.cap)).adjust(circulation, tonnes(held));
            let mt = |it: karvan_core::quantity::Tonnes| it.0 as f64 / 1e6;
            let intake = mt(it.intake).min(next.auctioned);
            let change = mt(it.release) - intake;
            held = (held - change - mt(it.invalidated)).max(0.0);
            if let Some(it) = all.get_mut(place).and_then(|it| it.get_mut(number + 1)) {
                *it = change;
            }
        }
    }
    all
}

/// What stays built in each year: the most that was in use in a year before.
fn stays(world: &World, joint: &Joint) -> Vec<Vec<Vec<f64>>> {
    world.regions.iter().zip(&joint.prices).map(|it| stays_in(world, it)).collect()
}

fn stays_in(world: &World, (region, prices): (&Region, &Vec<f64>)) -> Vec<Vec<f64>> {
    let mut used: Vec<f64> = Vec::new();
    let mut all = Vec::with_capacity(prices.len());
    for (year, price) in region.years.iter().zip(prices) {
        let Some(year) = year else {
            all.push(Vec::new());
            continue;
        };
        used.resize(year.sectors.len(), 0.0);
        let now: Vec<f64> = year.sectors.iter().map(|it| share_at(it, *price)).collect();
        // What would be used anyhow needs no mention: so where prices rise there is one round.
        let stay = |(used, now): (&f64, &f64)| if *used > now + SAME_SHARE { *used } else { 0.0 };
        let stay = |it| if world.scenario.irreversible { stay(it) } else { 0.0 };
        all.push(used.iter().zip(&now).map(stay).collect());
        for (used, now) in used.iter_mut().zip(&now) {
            *used = used.max(*now);
        }
    }
    all
}

/// The share of a sector's emissions that is avoided at a price by its own curve.
fn share_at(it: &Sector, price: f64) -> f64 {
    if it.baseline <= 0.0 {
        return 0.0;
    }
    it.macc.at(price).quantity.min(it.most) / it.baseline
}
