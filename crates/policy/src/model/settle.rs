//! A world as chains of market years, and what their outcome changes about them: measures that
//! spread from what is in use and stay built, auctions that follow what is kept. All are sought in
//! rounds.

use super::banking::{MarketYear, Step, StepSide};
use super::credits::{self, Foreign};
use super::foresight;
use super::investment;
use super::macc::{self, Macc};
use super::markets::{Chain, Joint, LinkYear};
use super::outcome::Warning;
use super::output::Output;
use super::supply::Supply;
use super::units::MegaTonnes;
use super::world::{Region, RegionYear, Sector, World};
use crate::schema::tonnes;
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

/// Rounds end when nothing changes by more, Mt.
const SETTLED: f64 = 1e-6;
/// And after so many.
const ROUNDS: u32 = 200;
/// An aim that moves less than this share of the way to it stands still.
const STANDS: f64 = 1e-3;
/// A state comes back that is as near as this to one before, as a share of what is still moved;
/// circles of so many states are known.
const SAME_STATE: f64 = 1e-3;
const CIRCLE: usize = 24;
/// The first rounds go all the way: where measures spread, they come to rest so.
const WHOLE_STEPS: u32 = 12;
/// Where a quantity rule has thresholds, fewer: beyond one it turns back.
const WHOLE_STEPS_OF_RULES: u32 = 3;
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
    let end = points.last().map_or(0.0, |it| it.0);
    let price_of = |quantity: f64| macc::price_of(points, quantity).unwrap_or(end);
    let (mut all, mut sunk) = (Vec::new(), 0.0);
    if least > 0.0 {
        let price = price_of(least);
        // The merged curve counts the first quantity at its price; it costs the area, and what is
        // beyond its end as much as the end.
        let beyond = points.last().map_or(0.0, |it| (least - it.1).max(0.0));
        sunk = Macc::Points(points.to_vec()).cost(price) - price * (least - beyond);
        all.push((price, least));
    }
    let inside = |it: &(f64, f64)| (it.1 > least || least <= 0.0) && it.1 <= most;
    all.extend(points.iter().copied().filter(inside));
    let reached = all.last().is_some_and(|it: &(f64, f64)| it.1 >= most);
    if points.last().is_some_and(|it| it.1 > most) && most > least.max(0.0) && !reached {
        all.push((price_of(most), most));
    }
    (all, sunk)
}

fn steps(
    it: &RegionYear,
    supply: &Supply,
    (surplus, reserve, dearest): (f64, f64, f64),
) -> (Vec<Step>, Vec<Kind>) {
    let mut all = Vec::new();
    let mut add = |kind, price, most| {
        let side = if kind == Kind::Withheld { StepSide::Takes } else { StepSide::Gives };
        all.push((Step { price, most, side }, kind));
    };
    let auctioned = it.auctioned_at(supply, it.floor) + reserve;
    if it.floor > 0.0 && auctioned > 0.0 {
        add(Kind::Withheld, it.floor, auctioned);
    }
    for (price, most) in it.tiers.iter().filter(|it| it.1 > 0.0) {
        add(Kind::Tier, *price, *most);
    }
    if let Some(price) = it.ceiling {
        add(Kind::Ceiling, price, f64::INFINITY);
    }
    // Whoever pays the penalty does so for what it emits, and may sell its units.
    if let Some(price) = it.fine {
        let emitted = it.all_baseline() - supply.avoided(price);
        add(Kind::Fine, price, emitted.max(0.0));
    }
    // With a ceiling nothing is ever missing. Else a member may miss what its own curve leaves, at
    // the price where it ends; more than that nobody has at any price of this world.
    if it.ceiling.is_none() {
        if it.fine.is_none() {
            // Where less output closes the gap, it does, however dear that is.
            let over = |price: f64| surplus + supply.at(price).quantity;
            let end = it.dearest();
            let helped = !supply.outputs().is_empty() && over(it.farthest()) >= 0.0;
            add(Kind::Missing, end, if helped { 0.0 } else { (-over(end)).max(0.0) });
        }
        add(Kind::Missing, dearest, f64::INFINITY);
    }
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
    /// Above it nobody has anything, USD/t.
    dearest: f64,
}

/// What an outcome changes about its world.
#[derive(Clone, Debug, Default, PartialEq)]
struct Feedback {
    /// What the quantity rule adds to (or takes from) each year's auctions, Mt.
    reserve: Vec<Vec<f64>>,
    /// What each year's sectors avoid at least, and at most, as shares of their emissions.
    reach: Vec<Vec<Vec<Reach>>>,
    /// What is emitted in each year, Mt, of which credits may meet a share.
    emitted: Vec<Vec<f64>>,
}

/// The least that is avoided, since it is built, and the most, since measures spread no faster.
type Reach = (f64, f64);

/// An equilibrium of a world.
pub(super) struct Settled {
    pub(super) built: Built,
    pub(super) joint: Joint,
    /// The links, and after them the ways of credits.
    pub(super) links: Vec<LinkYear>,
    /// What the quantity rule adds to each year's auctions, Mt.
    pub(super) reserve: Vec<Vec<f64>>,
    /// The share of the price of a unit that product prices carry.
    pub(super) pass_through: f64,
    pub(super) warnings: Vec<Warning>,
}

impl Built {
    fn of(world: &World, feedback: &Feedback) -> Self {
        let years = world.regions.iter().flat_map(|it| &it.years).flatten();
        let dearest = 2.0 * years.map(RegionYear::farthest).fold(1.0, f64::max);
        let mut built = Self { chains: Vec::new(), kinds: Vec::new(), sunk: Vec::new(), dearest };
        for region in &world.regions {
            let years = vec![MarketYear::default(); region.years.len()];
            built.chains.push(Chain { rho: region.rho, years });
            built.kinds.push(vec![Vec::new(); region.years.len()]);
            built.sunk.push(vec![0.0; region.years.len()]);
        }
        built.follow(world, (None, feedback));
        built.chains.extend(credits::chains(world));
        built
    }

    /// Makes the years anew about which something has changed.
    fn follow(&mut self, world: &World, (before, now): (Option<&Feedback>, &Feedback)) {
        let chains = self.chains.iter_mut().zip(&mut self.kinds).zip(&mut self.sunk);
        for (place, (region, ((chain, kinds), sunk))) in
            world.regions.iter().zip(chains).enumerate()
        {
            let last = region.years.len().saturating_sub(1);
            let rows = chain.years.iter_mut().zip(kinds).zip(sunk);
            for (number, (year, ((market, kinds), sunk))) in
                region.years.iter().zip(rows).enumerate()
            {
                let Some(year) = year else { continue };
                let of = |it: &Feedback| {
                    let reserve = it.reserve.get(place).and_then(|it| it.get(number)).copied();
                    (reserve, it.reach.get(place).and_then(|it| it.get(number)).cloned())
                };
                let (reserve, reach) = of(now);
                let (reserve, reach) = (reserve.unwrap_or(0.0), reach.unwrap_or_default());
                let known = before.map(of);
                if known.as_ref().is_none_or(|it| it.1.as_ref() != Some(&reach)) {
                    (market.supply, *sunk) = supply(year, &reach);
                } else if known.is_some_and(|it| it.0 == Some(reserve)) {
                    continue;
                }
                market.surplus = year.cap + year.opening + reserve - year.all_baseline();
                let supplied = (market.surplus, reserve, self.dearest);
                (market.steps, *kinds) = steps(year, &market.supply, supplied);
                // What is left in the last year is left.
                (market.borrow, market.keeps) = (year.borrow, year.keeps && number < last);
            }
        }
    }
}

/// The curves of a year, none further than measures can have spread, nor less than is built; and
/// what is built costs beside the area under them.
fn supply(it: &RegionYear, reach: &[Reach]) -> (Supply, f64) {
    let mut sunk = 0.0;
    let mut all = Vec::with_capacity(it.sectors.len());
    let mut outputs = Vec::new();
    for (sector, (least, most)) in it.sectors.iter().zip(reach) {
        let (curve, paid) = match &sector.macc {
            Macc::Points(points) if sector.baseline > 0.0 && (*least > 0.0 || most.is_finite()) => {
                let bounds = (least * sector.baseline, most * sector.baseline);
                let (points, paid) = bounded(points, bounds);
                (Cow::Owned(Macc::Points(points)), paid)
            }
            unbounded @ (Macc::Points(_)
            | Macc::Quadratic { .. }
            | Macc::Power { .. }
            | Macc::Linear { .. }
            | Macc::Exponential { .. }) => (Cow::Borrowed(unbounded), 0.0),
        };
        match sector.product.filter(|_| sector.baseline > 0.0) {
            Some(product) => {
                let output = Output::new(product, curve.into_owned(), sector.baseline);
                outputs.push(output.built(paid));
            }
            None => {
                sunk += paid;
                all.push(curve);
            }
        }
    }
    (Supply::of(all.iter().map(AsRef::as_ref)).with(outputs), sunk)
}

/// Finds the equilibrium, in rounds where its outcome changes its world.
pub(super) fn settle(world: &World, (links, foreign): (&[LinkYear], Foreign)) -> Settled {
    let horizon = world.scenario.horizon_years.map(usize::from);
    let mut feedback = Feedback {
        reserve: world.regions.iter().map(|it| vec![0.0; it.years.len()]).collect(),
        reach: world.regions.iter().map(first_reach).collect(),
        emitted: emitted_without(world),
    };
    let mut built = Built::of(world, &feedback);
    let mut years = world.regions.iter().flat_map(|it| &it.years).flatten();
    let has_rule = years.any(|it| it.reserve.is_some());
    let whole_steps = if has_rule { WHOLE_STEPS_OF_RULES } else { WHOLE_STEPS };
    let mut seen: VecDeque<(Feedback, f64, f64)> = VecDeque::new();
    let mut near: Option<Joint> = None;
    let mut aim: Option<Feedback> = None;
    let mut round = 0;
    loop {
        round += 1;
        let mut links = links.to_vec();
        links.extend(credits::links(world, &feedback.emitted, foreign));
        let joint = foresight::solve(&built.chains, &links, (horizon, near.as_ref()));
        let next = Feedback {
            reserve: reserves(world, (&built, &joint), &feedback.reserve),
            reach: reaches(world, &joint, &feedback.reach),
            emitted: emitted(world, (&built, &joint)),
        };
        let moved = feedback.distance(&next, world);
        let same = SAME_STATE * moved;
        // Half of each step after the first ones, since what is crossed turns back at once; all the
        // way where what is aimed at stands still.
        let stands = aim.is_some_and(|it| it.distance(&next, world) <= STANDS * moved);
        let part = if round < whole_steps || stands { 1.0 } else { 0.5 };
        // As far from rest as then, or it is no circle but nearly at rest.
        let comes_back = |(it, then, went): &(Feedback, f64, f64)| {
            let alike = (then - moved).abs() <= same && *went == part;
            alike && it.distance(&feedback, world) <= same
        };
        let back = seen.iter().skip(1).position(comes_back).map(|it| it + 1);
        if moved <= SETTLED || round >= ROUNDS || back.is_some() {
            let moved = MegaTonnes(moved);
            let circle = back.map(|it| it + 1);
            let warnings = if moved.0 <= SETTLED {
                Vec::new()
            } else {
                vec![Warning::Unsettled { moved, circle }]
            };
            let pass_through = world.scenario.pass_through_percent / 100.0;
            let reserve = feedback.reserve;
            return Settled { built, joint, links, reserve, pass_through, warnings };
        }
        let before = feedback.clone();
        feedback.move_to(&next, part);
        built.follow(world, (Some(&before), &feedback));
        (near, aim) = (Some(joint), Some(next));
        // A circle of whole steps may end with half ones.
        if round >= whole_steps {
            seen.push_front((before, moved, part));
            seen.truncate(CIRCLE);
        }
    }
}

impl Feedback {
    /// The largest difference, Mt.
    fn distance(&self, next: &Self, world: &World) -> f64 {
        let reserves = self.reserve.iter().flatten().zip(next.reserve.iter().flatten());
        let mut most = reserves.map(|(one, two)| (one - two).abs()).fold(0.0, f64::max);
        let years = world.regions.iter().flat_map(|it| &it.years);
        let reaches = self.reach.iter().flatten().zip(next.reach.iter().flatten());
        for (year, (one, two)) in years.zip(reaches) {
            let sectors = year.iter().flat_map(|it| &it.sectors);
            for (sector, (one, two)) in sectors.zip(one.iter().zip(two)) {
                let apart = (one.0 - two.0).abs().max((one.1 - two.1).abs());
                most = most.max(if apart.is_finite() { apart * sector.baseline } else { 0.0 });
            }
        }
        let emitted = self.emitted.iter().flatten().zip(next.emitted.iter().flatten());
        emitted.map(|(one, two)| (one - two).abs()).fold(most, f64::max)
    }

    fn move_to(&mut self, next: &Self, part: f64) {
        let reserves = self.reserve.iter_mut().flatten().zip(next.reserve.iter().flatten());
        reserves.for_each(|(it, next)| *it += part * (next - *it));
        let emitted = self.emitted.iter_mut().flatten().zip(next.emitted.iter().flatten());
        emitted.for_each(|(it, next)| *it += part * (next - *it));
        let reaches = self.reach.iter_mut().flatten().flatten();
        for (it, next) in reaches.zip(next.reach.iter().flatten().flatten()) {
            it.0 += part * (next.0 - it.0);
            if it.1.is_finite() && next.1.is_finite() {
                it.1 += part * (next.1 - it.1);
            } else {
                it.1 = next.1;
            }
        }
    }
}

fn emitted_without(world: &World) -> Vec<Vec<f64>> {
    let of_year = |it: &Option<RegionYear>| it.as_ref().map_or(0.0, RegionYear::all_baseline);
    let of = |it: &Region| it.years.iter().map(of_year).collect();
    world.regions.iter().filter(|_| world.scenario.credits).map(of).collect()
}

/// What is emitted in each year; nothing where no credits ask for it.
fn emitted(world: &World, (built, joint): (&Built, &Joint)) -> Vec<Vec<f64>> {
    if !world.scenario.credits {
        return Vec::new();
    }
    let all = world.regions.iter().zip(&built.chains).zip(&joint.prices);
    all.map(|((region, chain), prices)| {
        let years = region.years.iter().zip(&chain.years).zip(prices);
        let left = |((year, market), price): ((&Option<RegionYear>, &MarketYear), &f64)| {
            let avoided = market.supply.avoided(*price);
            year.as_ref().map_or(0.0, |it| it.all_baseline() - avoided)
        };
        years.map(left).collect()
    })
    .collect()
}

/// As if measures spread at their pace from the first year on, and nothing stayed.
fn first_reach(it: &Region) -> Vec<Vec<Reach>> {
    let mut years = 0.0;
    let mut of_year = |it: &Option<RegionYear>| {
        let Some(it) = it else { return Vec::new() };
        years += 1.0;
        let most = |it: &Sector| it.spread.map_or(f64::INFINITY, |it| years * it);
        it.sectors.iter().map(|it| (0.0, at_once(it) + most(it))).collect()
    };
    it.years.iter().map(&mut of_year).collect()
}

/// The share that a sector avoids at no price.
fn at_once(it: &Sector) -> f64 {
    if it.baseline > 0.0 { it.macc.at(0.0).quantity / it.baseline } else { 0.0 }
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

/// How far measures reach in each year, from what was in use the year before, and what is built for
/// the price.
fn reaches(world: &World, joint: &Joint, given: &[Vec<Vec<Reach>>]) -> Vec<Vec<Vec<Reach>>> {
    let each = world.regions.iter().zip(&joint.prices).zip(given);
    each.map(|((region, prices), given)| {
        let mut in_use = InUse {
            irreversible: world.scenario.irreversible,
            used: BTreeMap::new(),
            built: if world.scenario.investment {
                investment::in_use(region, prices, world.terms())
            } else {
                BTreeMap::new()
            },
        };
        let mut all = Vec::with_capacity(prices.len());
        let years = region.years.iter().zip(prices).zip(given).enumerate();
        for (number, ((year, price), given)) in years {
            let sectors = year.as_ref().map_or(&[][..], |it| &it.sectors);
            all.push(in_use.reach((number, sectors), *price, given));
        }
        all
    })
    .collect()
}

/// What is in use of each sector's measures, as shares of its emissions. Sectors may join later, so
/// it goes by their names.
struct InUse<'a> {
    /// Whether what is in use stays.
    irreversible: bool,
    used: BTreeMap<&'a str, f64>,
    /// What is built for the price, year by year.
    built: BTreeMap<&'a str, Vec<f64>>,
}

impl<'a> InUse<'a> {
    /// How far a year's sectors reach at a price.
    fn reach(
        &mut self,
        (number, sectors): (usize, &'a [Sector]),
        price: f64,
        given: &[Reach],
    ) -> Vec<Reach> {
        let mut row = Vec::with_capacity(given.len());
        for (sector, (_, most)) in sectors.iter().zip(given) {
            let built = self.built.get(sector.name.as_str()).and_then(|it| it.get(number));
            let built = built.copied().unwrap_or(0.0);
            let used = self.used.entry(&sector.name).or_insert_with(|| at_once(sector));
            let wanted = share_at(sector, price).min(*most);
            let stays = if self.irreversible { used.max(built) } else { built };
            // What would be used anyhow needs no mention: so where prices rise there is nothing to
            // settle.
            let least = if stays > wanted + SAME_SHARE { stays } else { 0.0 };
            let most = sector.spread.map_or(f64::INFINITY, |it| (*used + it).max(built));
            row.push((least, most));
            *used = wanted.max(least);
        }
        row
    }
}

/// The share of a sector's emissions that is avoided at a price by its own curve.
fn share_at(it: &Sector, price: f64) -> f64 {
    if it.baseline <= 0.0 {
        return 0.0;
    }
    it.macc.at(price).quantity / it.baseline
}
