//! Every set of members that might share one market: who gains, and which set nobody wants to
//! leave.
//!
//! A coalition has one price in each year: links both ways without quota, ratio or levy between all
//! of its members. Its units are kept by whoever discounts least, as long as units of any member
//! count on. Measures spread as they would without links. Each member is reckoned with what it
//! avoids and what it buys or sells at the coalition's price, discounted at its own rate.

use super::banking::{self, Together};
use super::credits::Foreign;
use super::markets::Chain;
use super::settle;
use super::units::MillionUsd;
use super::world::World;

/// The most members that are tried: there are two to this power of sets.
pub const MEMBERS_MAX: usize = 16;

/// A set of members.
#[derive(Clone, Debug, PartialEq)]
pub struct Coalition {
    /// The codes of its members.
    pub members: Vec<String>,
    /// What each of them gains against a market of its own, discounted to the first year.
    pub gains: Vec<MillionUsd>,
    /// Whether no part of it would do better by itself, each of its members counted.
    pub is_stable: bool,
    bits: usize,
}

impl Coalition {
    /// What all gain together.
    pub fn gain(&self) -> MillionUsd {
        self.gains.iter().copied().sum()
    }

    /// Whether nobody loses.
    pub fn all_gain(&self) -> bool {
        self.gains.iter().all(|it| it.0 >= -NOTHING)
    }

    fn of(&self, member: usize) -> f64 {
        let before = (self.bits & ((1 << member) - 1)).count_ones();
        self.gains.get(before as usize).map_or(0.0, |it| it.0)
    }
}

/// A gain below this is none, millions.
const NOTHING: f64 = 1e-6;

/// All coalitions of two members and more, those that gain most first; none for a world of more
/// than [`MEMBERS_MAX`] members.
pub fn explore(world: &World, watch: &mut dyn FnMut(usize, usize)) -> Option<Vec<Coalition>> {
    let settled = settle::settle(world, (&[], Foreign::Unused));
    let places: Vec<usize> = (0..world.regions.len())
        .filter(|it| world.regions.get(*it).is_some_and(|it| it.years.iter().any(Option::is_some)))
        .collect();
    if places.len() > MEMBERS_MAX {
        return None;
    }
    let chains: Vec<&Chain> =
        places.iter().filter_map(|it| settled.built.chains.get(*it)).collect();
    let alone: Vec<f64> = chains.iter().map(|it| cost(it, &shared(&[it]))).collect();
    let sets = 1usize << places.len();
    let mut all: Vec<Coalition> = Vec::with_capacity(sets);
    for bits in 0..sets {
        watch(bits + 1, sets);
        if bits.count_ones() < 2 {
            continue;
        }
        let inside = |member: &usize| bits & (1 << member) != 0;
        let members: Vec<usize> = (0..places.len()).filter(inside).collect();
        let joined: Vec<&Chain> =
            members.iter().filter_map(|it| chains.get(*it)).copied().collect();
        let prices = shared(&joined);
        let gain = |member: &usize| {
            let with = chains.get(*member).map_or(0.0, |it| cost(it, &prices));
            MillionUsd(alone.get(*member).copied().unwrap_or(0.0) - with)
        };
        let code = |member: &usize| {
            let region = places.get(*member).and_then(|it| world.regions.get(*it));
            region.map(|it| it.code.clone()).unwrap_or_default()
        };
        all.push(Coalition {
            members: members.iter().map(code).collect(),
            gains: members.iter().map(gain).collect(),
            is_stable: true,
            bits,
        });
    }
    mark_unstable(&mut all);
    all.sort_by(|one, two| two.gain().0.total_cmp(&one.gain().0));
    Some(all)
}

/// A coalition falls apart where some of its members all do better by themselves.
fn mark_unstable(all: &mut [Coalition]) {
    let mut by_bits: Vec<Option<usize>> = Vec::new();
    for (place, it) in all.iter().enumerate() {
        by_bits.resize(by_bits.len().max(it.bits + 1), None);
        if let Some(slot) = by_bits.get_mut(it.bits) {
            *slot = Some(place);
        }
    }
    let unstable: Vec<bool> = all.iter().map(|it| falls_apart(it, (all, &by_bits))).collect();
    for (it, unstable) in all.iter_mut().zip(unstable) {
        it.is_stable = !unstable;
    }
}

fn falls_apart(it: &Coalition, (all, by_bits): (&[Coalition], &[Option<usize>])) -> bool {
    if !it.all_gain() {
        return true;
    }
    let mut part = (it.bits - 1) & it.bits;
    while part > 0 {
        let smaller = by_bits.get(part).copied().flatten().and_then(|it| all.get(it));
        let better = smaller.is_some_and(|smaller| {
            let mut members = (0..MEMBERS_MAX).filter(|member| part & (1 << member) != 0);
            members.all(|member| smaller.of(member) > it.of(member) + NOTHING)
        });
        if better {
            return true;
        }
        part = (part - 1) & it.bits;
    }
    false
}

/// The prices of chains that share a market.
fn shared(chains: &[&Chain]) -> Vec<f64> {
    let rho = chains.iter().map(|it| it.rho).fold(f64::INFINITY, f64::min);
    let years = chains.iter().map(|it| it.years.len()).max().unwrap_or(0);
    let mut prices = Vec::with_capacity(years);
    let mut run: Vec<Together<'_>> = Vec::new();
    for year in 0..years {
        let together: Together<'_> = chains.iter().filter_map(|it| it.years.get(year)).collect();
        let keeps = together.iter().any(|it| it.keeps);
        run.push(together);
        if !keeps || year + 1 == years {
            prices.extend(banking::prices(&run, rho));
            run.clear();
        }
    }
    prices
}

/// What a chain pays at prices: for what it avoids, and for what it lacks.
fn cost(chain: &Chain, prices: &[f64]) -> f64 {
    let mut worth = 1.0;
    let mut sum = 0.0;
    for (year, price) in chain.years.iter().zip(prices) {
        // A step whose price is the market's is paid for as much as it gives: any amount is one.
        let steps: f64 =
            year.steps.iter().map(|it| it.price * it.must(*price).abs() * it.sign()).sum();
        let given: f64 = year.steps.iter().map(|it| it.must(*price)).sum();
        let over = year.surplus + year.supply.at(*price).quantity + given;
        let over = if over.is_finite() { over } else { 0.0 };
        let paid = if steps.is_finite() { steps } else { 0.0 };
        sum += worth * (year.supply.cost(*price) + paid - price * over);
        worth /= 1.0 + chain.rho;
    }
    sum
}
