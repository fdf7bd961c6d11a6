//! The exact optimum of a coupled auction: a network simplex with gains, in which the curve of each
//! market is one variable whose cost changes step by step, and each link another.
//!
//! Every market has one equation, and one variable of the basis: what its net supply and all flows
//! into it bring is what flows out. The worth of a unit in each market follows from the basis; a
//! variable whose change gains is moved, and the basis with it, along as many steps of the curves
//! as there is a gain; what stops it leaves the basis. Ends when nothing gains any more.
//!
//! Worths and gains are compared to the last doubt: by value, then by the quantity of filled bids,
//! then by less flow, then by the earliest order that gets more. So the optimum is one alone.
//!
//! Source: the primal simplex for generalised networks, R. K. Ahuja, T. L. Magnanti and J. B.
//! Orlin, Network Flows, 1993, chapter 15; piecewise linear costs as in R. Fourer, A simplex
//! algorithm for piecewise-linear programming I, Mathematical Programming 33 (1985).
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "places of markets and links are this file's own, fractions mark what is too large"
)]

use super::curve::{Curve, Way};
use super::rational::{Rational, TooLarge};
use super::{CannotCouple, Link};
use crate::exchange::Side;
use crate::quantity::Tonnes;
use std::cmp::Ordering;

/// So many steps without progress, and the order of trial becomes one that cannot go round.
const PATIENCE: usize = 64;
/// No clearing of sixteen markets takes nearly as many steps.
const STEPS_MAX: usize = 200_000;

/// A variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Variable {
    /// The net supply of a market.
    Curve(usize),
    /// The flow of a link.
    Link(usize),
}

/// A link of a way, and in which direction it is gone.
#[derive(Clone, Copy, Debug)]
struct Hop {
    link: usize,
    way: Way,
}

/// A part of a gain that belongs to one order: how much it gets more, and its rank.
type Share = (Rational, u64);

/// What a unit is worth in a market.
#[derive(Clone, Copy, Debug)]
struct Worth {
    value: Rational,
    bids: Rational,
    flow: Rational,
    share: Option<Share>,
}

/// What the change of a variable gains.
struct Gain {
    value: Rational,
    bids: Rational,
    flow: Rational,
    shares: Vec<Share>,
}

impl Gain {
    fn sign(&self) -> Result<Ordering, TooLarge> {
        for part in [self.value, self.bids, self.flow] {
            let sign = part.sign()?;
            if sign != Ordering::Equal {
                return Ok(sign);
            }
        }
        let mut shares = self.shares.clone();
        shares.sort_unstable_by_key(|(_, rank)| *rank);
        for same in shares.chunk_by(|one, two| one.1 == two.1) {
            let sum = same.iter().fold(Rational::ZERO, |sum, it| sum + it.0);
            let sign = sum.sign()?;
            if sign != Ordering::Equal {
                return Ok(sign);
            }
        }
        Ok(Ordering::Equal)
    }
}

/// The optimum: the net supply of each market and the flow of each link.
#[derive(Clone, Debug)]
pub(super) struct Optimum {
    pub(super) supply: Vec<Rational>,
    pub(super) flows: Vec<Rational>,
}

struct Simplex<'a> {
    curves: &'a [Curve],
    links: &'a [Link],
    /// The ratio and the levy of each link.
    terms: Vec<(Rational, Rational)>,
    supply: Vec<Rational>,
    /// The step in which the net supply of a market of the basis lies.
    step: Vec<Option<usize>>,
    flows: Vec<Rational>,
    basis: Vec<Variable>,
    in_basis: Vec<bool>,
}

/// Finds the optimum.
pub(super) fn solve(curves: &[Curve], links: &[Link]) -> Result<Optimum, CannotCouple> {
    let mut it = Simplex::new(curves, links)?;
    let (mut from, mut idle) = (0, 0);
    for _ in 0..STEPS_MAX {
        let worths = it.worths();
        let first = if idle > PATIENCE { 0 } else { from };
        let Some((place, variable, way)) = it.entering(&worths, first)? else {
            return Ok(Optimum { supply: it.supply, flows: it.flows });
        };
        from = place + 1;
        let moved = it.step(variable, way)?;
        idle = if moved { 0 } else { idle + 1 };
    }
    Err(CannotCouple::TooFine)
}

impl<'a> Simplex<'a> {
    fn new(curves: &'a [Curve], links: &'a [Link]) -> Result<Self, TooLarge> {
        let step = |it: &Curve| -> Result<Option<usize>, TooLarge> {
            let next = it.next(Rational::ZERO, Way::Up)?;
            Ok(next.or(it.levels.len().checked_sub(1)))
        };
        Ok(Self {
            curves,
            links,
            terms: links.iter().map(|it| (it.ratio(), it.levy)).collect(),
            supply: vec![Rational::ZERO; curves.len()],
            step: curves.iter().map(step).collect::<Result<_, _>>()?,
            flows: vec![Rational::ZERO; links.len()],
            basis: (0..curves.len()).map(Variable::Curve).collect(),
            in_basis: (0..curves.len() + links.len()).map(|it| it < curves.len()).collect(),
        })
    }

    fn place(&self, it: Variable) -> usize {
        match it {
            Variable::Curve(market) => market,
            Variable::Link(link) => self.curves.len() + link,
        }
    }

    /// What a unit of a step is worth: an ask costs its limit, a bid forgoes it; who comes earlier
    /// is filled with a pleasure that no later one outweighs.
    fn worth_of(&self, market: usize, step: Option<usize>) -> Worth {
        let level = step.and_then(|it| self.curves[market].levels.get(it));
        let (value, bids, share) = match level {
            None => (0, 0, None),
            Some(it) => match it.side {
                Side::Sell => (it.price, 0, Some((Rational::whole(-1), it.rank))),
                Side::Buy => (it.price, 1, Some((Rational::ONE, it.rank))),
            },
        };
        let (value, bids) = (Rational::whole(value), Rational::whole(bids));
        Worth { value, bids, flow: Rational::ZERO, share }
    }

    /// The worth at the other end of a link of the basis.
    fn across(&self, Hop { link, way }: Hop, worth: Worth) -> Worth {
        let (ratio, levy) = self.terms[link];
        let Worth { value, bids, flow, share } = worth;
        if way == Way::Up {
            Worth {
                value: (value + levy) / ratio,
                bids: bids / ratio,
                flow: (flow + Rational::ONE) / ratio,
                share: share.map(|(it, rank)| (it / ratio, rank)),
            }
        } else {
            Worth {
                value: value * ratio - levy,
                bids: bids * ratio,
                flow: flow * ratio - Rational::ONE,
                share: share.map(|(it, rank)| (it * ratio, rank)),
            }
        }
    }

    /// The links of the basis at each market.
    fn joined(&self) -> Vec<Vec<usize>> {
        let mut joined = vec![Vec::new(); self.curves.len()];
        for it in &self.basis {
            if let Variable::Link(link) = *it {
                joined[self.links[link].from].push(link);
                joined[self.links[link].to].push(link);
            }
        }
        joined
    }

    /// The worth of a unit in each market, by the basis.
    fn worths(&self) -> Vec<Worth> {
        let joined = self.joined();
        let mut worths: Vec<Option<Worth>> = vec![None; self.curves.len()];
        for it in &self.basis {
            if let Variable::Curve(market) = *it {
                let worth = self.worth_of(market, self.step[market]);
                self.spread(&joined, (market, worth), &mut worths);
            }
        }
        // What hangs together without a curve hangs on a cycle with a gain of its own.
        let on_cycles = self.on_cycles(&joined);
        for market in 0..worths.len() {
            let cycle = self.cycle(&joined, &on_cycles, market);
            if worths[market].is_none() && !cycle.is_empty() {
                let worth = self.on_cycle(&cycle);
                self.spread(&joined, (market, worth), &mut worths);
            }
        }
        let none = self.worth_of(0, None);
        worths.into_iter().map(|it| it.unwrap_or(none)).collect()
    }

    /// Where a link leads from a market, and how it is gone.
    fn hop(&self, link: usize, market: usize) -> (usize, Hop) {
        let Link { from, to, .. } = self.links[link];
        if from == market {
            (to, Hop { link, way: Way::Up })
        } else {
            (from, Hop { link, way: Way::Down })
        }
    }

    fn along(&self, start: Worth, way: &[Hop]) -> Worth {
        way.iter().fold(start, |worth, hop| self.across(*hop, worth))
    }

    fn spread(
        &self,
        joined: &[Vec<usize>],
        (market, worth): (usize, Worth),
        worths: &mut [Option<Worth>],
    ) {
        worths[market] = Some(worth);
        let mut open = vec![(market, worth)];
        while let Some((market, worth)) = open.pop() {
            for link in &joined[market] {
                let (end, hop) = self.hop(*link, market);
                if worths[end].is_none() {
                    let there = self.across(hop, worth);
                    worths[end] = Some(there);
                    open.push((end, there));
                }
            }
        }
    }

    /// The worth in a market that lies on a cycle of links: it must come out as it went in. What
    /// nothing and what one unit at the start come out as tells for which that is so.
    fn on_cycle(&self, cycle: &[Hop]) -> Worth {
        let unit = |value| {
            let value = Rational::whole(value);
            Worth { value, bids: value, flow: value, share: None }
        };
        let (zero, one) = (self.along(unit(0), cycle), self.along(unit(1), cycle));
        let fixed = |zero: Rational, one: Rational| zero / (Rational::ONE - (one - zero));
        Worth {
            value: fixed(zero.value, one.value),
            bids: fixed(zero.bids, one.bids),
            flow: fixed(zero.flow, one.flow),
            share: None,
        }
    }

    /// The links that are left when those are peeled off that lead nowhere but back.
    fn on_cycles(&self, joined: &[Vec<usize>]) -> Vec<bool> {
        let mut left = vec![false; self.links.len()];
        for link in joined.iter().flatten() {
            left[*link] = true;
        }
        let mut degree: Vec<usize> = joined.iter().map(Vec::len).collect();
        let mut leaves: Vec<usize> = (0..degree.len()).filter(|it| degree[*it] == 1).collect();
        while let Some(leaf) = leaves.pop() {
            let Some(link) = joined[leaf].iter().find(|it| left[**it]) else { continue };
            left[*link] = false;
            let (end, _) = self.hop(*link, leaf);
            degree[leaf] -= 1;
            degree[end] -= 1;
            if degree[end] == 1 {
                leaves.push(end);
            }
        }
        left
    }

    /// The cycle around which a market lies, if it lies on one.
    fn cycle(&self, joined: &[Vec<usize>], on_cycles: &[bool], market: usize) -> Vec<Hop> {
        let mut cycle: Vec<Hop> = Vec::new();
        let mut at = market;
        loop {
            let used = |link: usize| cycle.iter().any(|it| it.link == link);
            let next = joined[at].iter().find(|it| on_cycles[**it] && !used(**it));
            let Some(link) = next else { break };
            let (end, hop) = self.hop(*link, at);
            cycle.push(hop);
            at = end;
            if at == market {
                break;
            }
        }
        cycle
    }

    /// What a unit more through a link gains.
    fn gain_of_link(&self, worths: &[Worth], link: usize) -> Gain {
        let (ratio, levy) = self.terms[link];
        let (from, to) = (worths[self.links[link].from], worths[self.links[link].to]);
        let there = to.share.map(|(it, rank)| (it * ratio, rank));
        let here = from.share.map(|(it, rank)| (-it, rank));
        Gain {
            value: ratio * to.value - from.value - levy,
            bids: ratio * to.bids - from.bids,
            flow: ratio * to.flow - from.flow - Rational::ONE,
            shares: there.into_iter().chain(here).collect(),
        }
    }

    /// What a unit more of a step that a market gives gains.
    fn gain_of_step(&self, worths: &[Worth], market: usize, step: usize) -> Gain {
        let (worth, cost) = (worths[market], self.worth_of(market, Some(step)));
        let other = cost.share.map(|(it, rank)| (-it, rank));
        Gain {
            value: worth.value - cost.value,
            bids: worth.bids - cost.bids,
            flow: worth.flow - cost.flow,
            shares: worth.share.into_iter().chain(other).collect(),
        }
    }

    /// The first variable, from a place on, whose change gains.
    fn entering(
        &self,
        worths: &[Worth],
        first: usize,
    ) -> Result<Option<(usize, Variable, Way)>, TooLarge> {
        let count = self.in_basis.len();
        let places = (0..count).map(|it| (first + it) % count.max(1));
        for place in places.filter(|it| !self.in_basis[*it]) {
            if place < self.curves.len() {
                for way in [Way::Up, Way::Down] {
                    let step = self.curves[place].next(self.supply[place], way)?;
                    let Some(step) = step else { continue };
                    let gains = match way {
                        Way::Up => Ordering::Greater,
                        Way::Down => Ordering::Less,
                    };
                    if self.gain_of_step(worths, place, step).sign()? == gains {
                        return Ok(Some((place, Variable::Curve(place), way)));
                    }
                }
                continue;
            }
            let link = place - self.curves.len();
            if self.links[link].quota == Some(Tonnes::ZERO) {
                continue;
            }
            let empty = self.flows[link].sign()? == Ordering::Equal;
            let sign = self.gain_of_link(worths, link).sign()?;
            let way = match (empty, sign) {
                (true, Ordering::Greater) => Way::Up,
                (false, Ordering::Less) => Way::Down,
                _ => continue,
            };
            return Ok(Some((place, Variable::Link(link), way)));
        }
        Ok(None)
    }

    /// How fast the variables of the basis change with one unit of the entering one.
    fn rates(&self, entering: Variable, way: Way) -> Vec<Rational> {
        let mut missing = vec![Rational::ZERO; self.curves.len()];
        let unit = Rational::whole(if way == Way::Up { -1 } else { 1 });
        for (market, part) in self.column(entering).into_iter().flatten() {
            missing[market] = missing[market] + unit * part;
        }
        let mut rates = vec![Rational::ZERO; self.basis.len()];
        let mut known = vec![false; self.basis.len()];
        let mut at: Vec<Vec<usize>> = vec![Vec::new(); self.curves.len()];
        for (place, it) in self.basis.iter().enumerate() {
            for (market, _) in self.column(*it).into_iter().flatten() {
                at[market].push(place);
            }
        }
        let mut degree: Vec<usize> = at.iter().map(Vec::len).collect();
        let mut leaves: Vec<usize> = (0..degree.len()).filter(|it| degree[*it] == 1).collect();
        while let Some(leaf) = leaves.pop() {
            let Some(place) = at[leaf].iter().copied().find(|it| !known[*it]) else { continue };
            known[place] = true;
            let column = self.column(self.basis[place]);
            let part = column.iter().flatten().find(|(market, _)| *market == leaf);
            let part = part.map_or(Rational::ONE, |(_, part)| *part);
            rates[place] = missing[leaf] / part;
            for (market, part) in column.into_iter().flatten() {
                missing[market] = missing[market] - part * rates[place];
                degree[market] -= 1;
                if degree[market] == 1 {
                    leaves.push(market);
                }
            }
        }
        for place in 0..self.basis.len() {
            if !known[place] {
                self.around(place, (&at, &mut known), (&missing, &mut rates));
            }
        }
        rates
    }

    /// The rates around a cycle of links: the first is guessed, and what is missing at the end
    /// tells how wrong the guess was.
    fn around(
        &self,
        first: usize,
        (at, known): (&[Vec<usize>], &mut [bool]),
        (missing, rates): (&[Rational], &mut [Rational]),
    ) {
        let Variable::Link(link) = self.basis[first] else { return };
        let (start, mut market) = (self.links[link].from, self.links[link].to);
        let part_at = |place: usize, market: usize| {
            let column = self.column(self.basis[place]);
            let found = column.iter().flatten().find(|(it, _)| *it == market);
            found.map_or(Rational::ONE, |(_, part)| *part)
        };
        // Each rate is a + b x, where x is that of the first.
        let mut order = vec![(first, Rational::ZERO, Rational::ONE)];
        known[first] = true;
        let (mut a, mut b) = (Rational::ZERO, Rational::ONE);
        let mut last = first;
        while market != start {
            let Some(place) = at[market].iter().copied().find(|it| !known[*it]) else { break };
            known[place] = true;
            let (before, after) = (part_at(last, market), part_at(place, market));
            a = (missing[market] - before * a) / after;
            b = -(before * b) / after;
            order.push((place, a, b));
            let Variable::Link(link) = self.basis[place] else { break };
            let it = &self.links[link];
            market = if it.from == market { it.to } else { it.from };
            last = place;
        }
        let (out, back) = (part_at(first, start), part_at(last, start));
        let x = (missing[start] - back * a) / (out + back * b);
        for (place, a, b) in order {
            rates[place] = a + b * x;
        }
    }

    /// What a variable brings into the equations of its markets.
    fn column(&self, it: Variable) -> [Option<(usize, Rational)>; 2] {
        match it {
            Variable::Curve(market) => [Some((market, Rational::ONE)), None],
            Variable::Link(link) => {
                let Link { from, to, .. } = self.links[link];
                [Some((from, Rational::whole(-1))), Some((to, self.terms[link].0))]
            }
        }
    }

    /// Moves a variable as far as it gains, and the basis with it; says whether anything moved.
    fn step(&mut self, entering: Variable, way: Way) -> Result<bool, CannotCouple> {
        let rates = self.rates(entering, way);
        let unit = Rational::whole(if way == Way::Up { 1 } else { -1 });
        let mut moving: Vec<(Variable, Rational)> = vec![(entering, unit)];
        for (it, rate) in self.basis.iter().zip(&rates) {
            if rate.sign()? != Ordering::Equal {
                moving.push((*it, *rate));
            }
        }
        moving.sort_unstable_by_key(|(it, _)| *it);
        let (length, stops) = self.length(&moving)?.ok_or(CannotCouple::TooFine)?;
        let moved = length.sign()? == Ordering::Greater;
        for (it, rate) in &moving {
            match *it {
                Variable::Link(link) => {
                    self.flows[link] = self.flows[link] + *rate * length;
                }
                Variable::Curve(market) => {
                    self.supply[market] = self.supply[market] + *rate * length;
                    let enters = entering == *it;
                    if (moved || enters) && stops != *it {
                        let way = direction(*rate)?;
                        let at = self.supply[market];
                        let step = if moved {
                            self.curves[market].last(at, way)?
                        } else {
                            self.curves[market].next(at, way)?
                        };
                        self.step[market] = step.or(self.step[market]);
                    }
                }
            }
        }
        if stops != entering {
            let (inside, outside) = (self.place(entering), self.place(stops));
            self.in_basis[inside] = true;
            self.in_basis[outside] = false;
            for it in &mut self.basis {
                if *it == stops {
                    *it = entering;
                }
            }
        }
        Ok(moved)
    }

    /// How far there is a gain, and which variable stops it.
    fn length(
        &self,
        moving: &[(Variable, Rational)],
    ) -> Result<Option<(Rational, Variable)>, TooLarge> {
        let mut best: Option<(Rational, Variable)> = None;
        for (it, rate) in moving {
            let end = match *it {
                Variable::Link(link) => self.end_of_flow(link, *rate)?,
                Variable::Curve(market) => self.end_of_gain(market, *rate, moving)?,
            };
            let Some(end) = end else { continue };
            let shorter = match &best {
                None => true,
                Some((least, _)) => end.compare(*least)? == Ordering::Less,
            };
            if shorter {
                best = Some((end, *it));
            }
        }
        Ok(best)
    }

    fn end_of_flow(&self, link: usize, rate: Rational) -> Result<Option<Rational>, TooLarge> {
        Ok(match direction(rate)? {
            Way::Down => Some(self.flows[link] / -rate),
            Way::Up => self.links[link].quota.map(|quota| {
                let left = Rational::whole(i128::from(quota.0)) - self.flows[link];
                left / rate
            }),
        })
    }

    /// The first end of a step of a market's curve beyond which nothing gains.
    fn end_of_gain(
        &self,
        market: usize,
        rate: Rational,
        moving: &[(Variable, Rational)],
    ) -> Result<Option<Rational>, TooLarge> {
        let curve = &self.curves[market];
        let way = direction(rate)?;
        let basic = self.in_basis[market];
        let here = if basic { self.step[market] } else { curve.next(self.supply[market], way)? };
        let Some(here) = here else { return Ok(Some(Rational::ZERO)) };
        let length = |step: usize| {
            let level = &curve.levels[step];
            let end = if way == Way::Up { level.end } else { level.start };
            (Rational::whole(end) - self.supply[market]) / rate
        };
        // Ends of steps, nearest first: from `low` on nothing gains.
        let (mut low, mut high) = match way {
            Way::Up => (0, curve.levels.len() - here),
            Way::Down => (0, here + 1),
        };
        let step = |it: usize| if way == Way::Up { here + it } else { here - it };
        while low < high {
            let middle = low.midpoint(high);
            if self.gains_beyond(length(step(middle)), moving)? {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let last = if way == Way::Up { curve.levels.len() - here } else { here + 1 };
        Ok((low < last).then(|| length(step(low))))
    }

    /// Whether going on from a length still gains.
    fn gains_beyond(
        &self,
        length: Rational,
        moving: &[(Variable, Rational)],
    ) -> Result<bool, TooLarge> {
        let (mut value, mut bids, mut flow) = (Rational::ZERO, Rational::ZERO, Rational::ZERO);
        let mut shares = Vec::new();
        for (it, rate) in moving {
            match *it {
                Variable::Link(link) => {
                    value = value - *rate * self.terms[link].1;
                    flow = flow - *rate;
                }
                Variable::Curve(market) => {
                    let at = self.supply[market] + *rate * length;
                    let next = self.curves[market].next(at, direction(*rate)?)?;
                    if next.is_none() {
                        return Ok(false);
                    }
                    let worth = self.worth_of(market, next);
                    value = value - *rate * worth.value;
                    bids = bids - *rate * worth.bids;
                    shares.extend(worth.share.map(|(it, rank)| (-(*rate * it), rank)));
                }
            }
        }
        Ok(Gain { value, bids, flow, shares }.sign()? == Ordering::Greater)
    }
}

fn direction(rate: Rational) -> Result<Way, TooLarge> {
    Ok(if rate.sign()? == Ordering::Less { Way::Down } else { Way::Up })
}
