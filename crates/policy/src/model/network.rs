//! Markets of several jurisdictions and years as one network: each is a node with a price, units
//! flow along arcs to where they are worth more.
//!
//! A node has what it abates at its price, and a surplus of units that may be negative. An arc is a
//! link in a year, a bank or a loan between years, or a supply or a refuge at a fixed price: a
//! reserve price, a tier, a ceiling, the price zero at which nobody minds a unit that is left over.
//! In equilibrium every node balances; an arc along which units gain is full, one along which they
//! lose is empty. Where a range of prices balances, the lowest is taken.
//!
//! Method: an interior point method shows which arcs are full, empty or between. That gives the
//! prices: pools of nodes hang together by arcs that are between, so that one equation gives the
//! price of each pool. Where that does not end well (in one of some thousand networks drawn at
//! random), a small friction makes flows follow gains, so that all prices solve one system of
//! equations; Newton steps solve it while the friction falls (a semi-smooth continuation). The
//! result carries the residual of each condition.

use super::banded::Banded;
use super::interior;
use super::pools;
use super::supply::Supply;

/// A jurisdiction's market in a year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node<'a> {
    /// What is avoided at a price.
    pub supply: &'a Supply,
    /// The cap less emissions without abatement, Mt.
    pub surplus: f64,
}

/// Where an arc begins or ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// A node, by its place.
    Node(usize),
    /// Somewhere with a fixed price, USD/t.
    Fixed(f64),
}

/// Along which units flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arc {
    /// Where they leave.
    pub from: End,
    /// Where they arrive.
    pub to: End,
    /// How many arrive of one.
    pub arrives: f64,
    /// What a price where they arrive is worth where they leave: the share of it that one unit
    /// brings, discounted.
    pub worth: f64,
    /// What each unit pays where it leaves, USD/t.
    pub levy: f64,
    /// The most units that leave, Mt; may be infinite.
    pub most: f64,
}

impl Arc {
    /// What one unit gains along it, USD/t.
    pub fn gain(&self, prices: &[f64]) -> f64 {
        self.worth * price_of(self.to, prices) - price_of(self.from, prices) - self.levy
    }
}

/// The price at an end.
pub(super) fn price_of(end: End, prices: &[f64]) -> f64 {
    match end {
        End::Node(it) => prices.get(it).copied().unwrap_or(0.0),
        End::Fixed(price) => price,
    }
}

/// Nodes and arcs. Nodes that are joined should lie near each other in the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network<'a> {
    /// The nodes.
    pub nodes: Vec<Node<'a>>,
    /// The arcs.
    pub arcs: Vec<Arc>,
}

/// How far an equilibrium is from its conditions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Residual {
    /// The largest difference between what a node has and what it needs, Mt.
    pub balance: f64,
    /// The largest gain that is left on an arc which is not full, or loss on one which is not
    /// empty, USD/t.
    pub gain: f64,
    /// The most by which a flow lies beyond its bounds, Mt.
    pub bound: f64,
}

impl Residual {
    /// The worse of two in each condition.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        Self {
            balance: worst(self.balance, other.balance),
            gain: worst(self.gain, other.gain),
            bound: worst(self.bound, other.bound),
        }
    }

    /// Whether all conditions hold within a tolerance, Mt and USD/t alike.
    pub fn within(self, tolerance: f64) -> bool {
        self.balance <= tolerance && self.gain <= tolerance && self.bound <= tolerance
    }

    fn sum(self) -> f64 {
        self.balance + self.gain + self.bound
    }
}

/// The worse of two misses: one that is no number is as bad as can be.
fn worst(one: f64, two: f64) -> f64 {
    if one.is_nan() || two.is_nan() { f64::INFINITY } else { one.max(two) }
}

/// How an arc is filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Filled {
    /// Nothing flows.
    Empty,
    /// As much as can.
    Full,
    /// Some, about so much, Mt: then prices differ by the levy alone.
    Between(f64),
}

/// An equilibrium.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Equilibrium {
    /// The price of each node, USD/t.
    pub prices: Vec<f64>,
    /// The flow of each arc where it leaves, Mt.
    pub flows: Vec<f64>,
    /// How far it is from its conditions.
    pub residual: Residual,
}

/// From here on a quantity counts as none, as a share of the network's largest.
const NOTHING: f64 = 1e-9;
/// Friction at the start, as a share of the network's largest price for its largest quantity; at
/// each stage it falls by [`FALL`].
const FRICTION: f64 = 1.0;
const FALL: f64 = 0.3;
const STAGES: u32 = 100;
/// What may be missed before the last stages, as a share of the largest quantity.
const ON_THE_WAY: f64 = 3e-3;
/// A fall that is tried where a larger one lost the way.
const NEAREST: f64 = 0.95;
/// From this share of the friction on, flows show which arcs are full, empty or between.
const SHOWS: f64 = 0.011;
/// Here it ends.
const ENDS: f64 = 1e-6;
/// So often the kinds of arcs are corrected.
const CORRECTIONS: u32 = 12;
const NEWTON_STEPS: u32 = 30;
const HALVINGS: u32 = 12;
/// A step ends where this share of its slope is left.
const NEAR_ENOUGH: f64 = 0.5;
/// Where many prices would do, this small preference takes the lowest.
const LOW: f64 = 0.1;

impl Network<'_> {
    /// The equilibrium, sought from prices near it, and perhaps flows.
    pub fn solve(&self, near: &[f64], flows: Option<&[f64]>) -> Equilibrium {
        let mut prices = near.to_vec();
        prices.resize(self.nodes.len(), 0.0);
        let scale = self.scale(&prices);
        let mut work = Work::of(self);
        let nothing = scale.quantity * NOTHING;
        let certain = nothing.max(NOTHING * scale.price);
        if let Some(flows) = flows {
            let found = self.without_friction(&prices, (flows, nothing), nothing);
            if found.residual.within(certain) {
                return found;
            }
        }
        let mut best = Equilibrium::default();
        let mut enough = |prices: &[f64], filled: &[Filled]| {
            best = self.corrected(prices, filled.to_vec(), nothing);
            best.residual.within(certain)
        };
        if interior::follow(self, &mut work, (&mut prices, scale), &mut enough) {
            return best;
        }
        let other = self.by_friction(near, &mut work);
        let is_better = best.prices.is_empty() || other.residual.sum() < best.residual.sum();
        if is_better { other } else { best }
    }

    /// The same by a friction that falls: slower, and where the way through the inside is lost.
    pub(super) fn by_friction(&self, near: &[f64], work: &mut Work) -> Equilibrium {
        let mut prices = near.to_vec();
        prices.resize(self.nodes.len(), 0.0);
        let scale = self.scale(&prices);
        let nothing = scale.quantity * NOTHING;
        let certain = nothing.max(NOTHING * scale.price);
        let mut best = Equilibrium::default();
        let (mut share, mut fall) = (1.0, FALL);
        let mut last = Against::at(share, scale);
        work.newton(self, &mut prices, last);
        for _ in 0..STAGES {
            let before = prices.clone();
            let next = Against::at(share * fall, scale);
            work.foresee(self, &mut prices, (last, next));
            if !work.newton(self, &mut prices, next) && fall < NEAREST {
                // Too many arcs changed at once: a smaller fall.
                fall = fall.sqrt();
                prices = before;
                continue;
            }
            (share, last, fall) = (share * fall, next, (fall * fall).max(FALL));
            // The first stages show the way only.
            if share > SHOWS {
                continue;
            }
            let rough: Vec<f64> = self.arcs.iter().map(|it| last.flow(it, &prices).0).collect();
            for least in [0.0, nothing] {
                if best.residual.within(certain) && !best.prices.is_empty() {
                    break;
                }
                let found = self.without_friction(&prices, (&rough, least), nothing);
                if best.prices.is_empty() || found.residual.sum() < best.residual.sum() {
                    best = found;
                }
            }
            if best.residual.within(certain) || share < ENDS {
                break;
            }
        }
        if best.prices.is_empty() {
            let rough: Vec<f64> = self.arcs.iter().map(|it| last.flow(it, &prices).0).collect();
            best = self.without_friction(&prices, (&rough, nothing), nothing);
        }
        best
    }

    /// The equilibrium without friction whose arcs are full, empty or between as flows show, where
    /// so little is none; arcs that turn out to be otherwise are corrected.
    fn without_friction(
        &self,
        prices: &[f64],
        (flows, least): (&[f64], f64),
        nothing: f64,
    ) -> Equilibrium {
        let filled = |(arc, flow): (&Arc, &f64)| {
            if *flow <= least {
                Filled::Empty
            } else if *flow >= arc.most - least {
                Filled::Full
            } else {
                Filled::Between(*flow)
            }
        };
        let filled = self.arcs.iter().zip(flows).map(filled).collect();
        self.corrected(prices, filled, nothing)
    }

    /// The equilibrium without friction of arcs that are so filled; those that turn out to be
    /// otherwise are corrected.
    fn corrected(&self, prices: &[f64], mut filled: Vec<Filled>, nothing: f64) -> Equilibrium {
        let mut best = Equilibrium::default();
        let mut near = prices.to_vec();
        for _ in 0..CORRECTIONS {
            let (prices, flows) = pools::settle(self, &near, &filled);
            let found = self.equilibrium(prices, flows, nothing);
            let mut changed = false;
            for ((arc, is), flow) in self.arcs.iter().zip(&mut filled).zip(&found.flows) {
                let gain = arc.gain(&found.prices);
                let next = match *is {
                    Filled::Empty if gain > nothing => Filled::Between(0.0),
                    Filled::Full if gain < -nothing => Filled::Between(arc.most),
                    Filled::Between(_) if *flow < -nothing => Filled::Empty,
                    Filled::Between(_) if *flow > arc.most + nothing => Filled::Full,
                    Filled::Empty | Filled::Full | Filled::Between(_) => continue,
                };
                (*is, changed) = (next, true);
            }
            near.copy_from_slice(&found.prices);
            if best.prices.is_empty() || found.residual.sum() < best.residual.sum() {
                best = found;
            }
            if !changed {
                break;
            }
        }
        best
    }

    fn scale(&self, prices: &[f64]) -> Scale {
        let fixed = self.arcs.iter().flat_map(|it| [it.from, it.to]).filter_map(|it| match it {
            End::Fixed(price) => Some(price),
            End::Node(_) => None,
        });
        let low = fixed.filter(|it| *it < 1e4).fold(1e-3, f64::max);
        Scale {
            price: prices.iter().copied().fold(low, f64::max),
            quantity: self.nodes.iter().map(|it| it.surplus.abs()).fold(1e-3, f64::max),
        }
    }

    /// The residuals of prices and flows, where so little counts as no flow.
    pub(super) fn equilibrium(
        &self,
        prices: Vec<f64>,
        flows: Vec<f64>,
        nothing: f64,
    ) -> Equilibrium {
        let mut over: Vec<f64> = (self.nodes.iter().zip(&prices))
            .map(|(node, price)| node.surplus + node.supply.at(*price).quantity)
            .collect();
        let mut residual = Residual::default();
        for (arc, flow) in self.arcs.iter().zip(&flows) {
            if let End::Node(it) = arc.from
                && let Some(it) = over.get_mut(it)
            {
                *it -= flow;
            }
            if let End::Node(it) = arc.to
                && let Some(it) = over.get_mut(it)
            {
                *it += arc.arrives * flow;
            }
            let gain = arc.gain(&prices);
            if *flow > nothing {
                residual.gain = worst(residual.gain, -gain);
            }
            if *flow < arc.most - nothing {
                residual.gain = worst(residual.gain, gain);
            }
            residual.bound = worst(residual.bound, -flow);
            residual.bound = worst(residual.bound, flow - arc.most);
        }
        residual.balance = over.iter().map(|it| it.abs()).fold(0.0, worst);
        residual.gain = prices.iter().fold(residual.gain, |most, it| worst(most, it * 0.0));
        Equilibrium { prices, flows, residual }
    }
}

/// The largest price and quantity of a network.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) price: f64,
    pub(super) quantity: f64,
}

/// What flows work against at a stage.
#[derive(Clone, Copy)]
struct Against {
    /// USD/t for each Mt along an arc.
    friction: f64,
    /// The preference for low prices, Mt for each USD/t.
    low: f64,
    /// So little is missed by a solution, Mt.
    close: f64,
}

impl Against {
    fn at(share: f64, scale: Scale) -> Self {
        Self {
            friction: FRICTION * share * scale.price / scale.quantity,
            low: LOW * share * scale.quantity / scale.price,
            // Prices have sixteen digits, and a friction magnifies the last one; on the way there
            // a part of a percent will do.
            close: scale.quantity
                * if share > SHOWS { ON_THE_WAY } else { (1e-11f64).max(1e-14 / share) },
        }
    }

    /// The flow along an arc, and how it changes with its gain.
    fn flow(self, arc: &Arc, prices: &[f64]) -> (f64, f64) {
        self.carry(arc.gain(prices), arc.most)
    }

    /// The flow that a gain causes, and how it changes with it.
    fn carry(self, gain: f64, most: f64) -> (f64, f64) {
        if gain <= 0.0 {
            return (0.0, 0.0);
        }
        let flow = gain / self.friction;
        if flow < most { (flow, 1.0 / self.friction) } else { (most, 0.0) }
    }
}

/// Buffers of the Newton steps.
pub(super) struct Work {
    slopes: Banded,
    step: Vec<f64>,
    over: Vec<f64>,
    tried: Vec<f64>,
    /// The flow of arcs that are full or empty.
    held: Vec<Option<f64>>,
    /// Arcs between a node and a fixed price.
    steps: Vec<Fixed>,
    /// Arcs between nodes, by their numbers.
    ways: Vec<(usize, Arc)>,
    /// What a unit of each node counts for.
    weights: Vec<f64>,
    /// No price lies above.
    most: f64,
}

/// What a unit of each node counts for, so that what one arc takes and another gets count alike: a
/// unit that is kept is worth less later. Around circles of unlike rates that cannot be.
fn weights(it: &Network<'_>, arcs_of: &[Vec<usize>]) -> Vec<f64> {
    let mut weights = vec![0.0; it.nodes.len()];
    let mut next = Vec::new();
    for node in 0..it.nodes.len() {
        if weights.get(node) != Some(&0.0) {
            continue;
        }
        next.push((node, 1.0));
        while let Some((node, weight)) = next.pop() {
            let Some(mine) = weights.get_mut(node).filter(|it| **it == 0.0) else { continue };
            *mine = weight;
            for arc in arcs_of.get(node).into_iter().flatten().filter_map(|by| it.arcs.get(*by)) {
                if let (End::Node(from), End::Node(to)) = (arc.from, arc.to) {
                    let share = arc.worth / arc.arrives;
                    next.push(if from == node {
                        (to, weight * share)
                    } else {
                        (from, weight / share)
                    });
                }
            }
        }
    }
    weights
}

impl Work {
    pub(super) fn of(it: &Network<'_>) -> Self {
        let size = it.nodes.len();
        let width = it.arcs.iter().filter_map(|arc| match (arc.from, arc.to) {
            (End::Node(one), End::Node(two)) => Some(one.abs_diff(two)),
            (_, _) => None,
        });
        let slopes = Banded::zeros(size, width.max().unwrap_or(0));
        let mut arcs_of = vec![Vec::new(); size];
        let mut most: f64 = 1.0;
        for (place, arc) in it.arcs.iter().enumerate() {
            for end in [arc.from, arc.to] {
                match end {
                    End::Fixed(price) => most = most.max(price),
                    End::Node(node) => {
                        if let Some(arcs) = arcs_of.get_mut(node) {
                            arcs.push(place);
                        }
                    }
                }
            }
        }
        let numbered = || it.arcs.iter().enumerate();
        let steps = numbered().filter_map(|(number, arc)| Fixed::of(number, arc)).collect();
        let ways = numbered().filter(|(number, arc)| Fixed::of(*number, arc).is_none());
        let ways = ways.map(|(number, arc)| (number, *arc)).collect();
        let row = vec![0.0; size];
        // Where nothing gives without end, nobody knows a highest price.
        let ends = |node: &usize| {
            let mut arcs =
                arcs_of.get(*node).into_iter().flatten().filter_map(|by| it.arcs.get(*by));
            arcs.any(|it| matches!(it.from, End::Fixed(_)) && it.most.is_infinite())
        };
        let most = if (0..size).all(|node| ends(&node)) { 2.0 * most } else { 1e12 };
        let held = Vec::new();
        Self {
            slopes,
            step: row.clone(),
            over: row.clone(),
            tried: row,
            held,
            weights: weights(it, &arcs_of),
            steps,
            ways,
            most,
        }
    }

    /// The step of a falling friction while full, empty and other arcs stay so: exact until one
    /// of them changes.
    fn foresee(&mut self, it: &Network<'_>, prices: &mut [f64], (last, next): (Against, Against)) {
        self.held.clear();
        for arc in &it.arcs {
            let (flow, rise) = last.flow(arc, prices);
            self.held.push(if rise > 0.0 { None } else { Some(flow) });
        }
        let held = std::mem::take(&mut self.held);
        self.gather::<true>(it, (prices, next.low), |number, gain, _| {
            match held.get(number).copied().flatten() {
                Some(flow) => (flow, 0.0),
                None => (gain / next.friction, 1.0 / next.friction),
            }
        });
        self.held = held;
        self.step_down();
        for (price, step) in prices.iter_mut().zip(&self.step) {
            *price = (*price + step).clamp(-self.most, self.most);
        }
    }

    fn newton(&mut self, it: &Network<'_>, prices: &mut [f64], against: Against) -> bool {
        let mut before = self.excess::<true>(it, prices, against);
        for _ in 0..NEWTON_STEPS {
            if before <= against.close {
                return true;
            }
            self.step_down();
            // No step is longer than the way from the lowest price to the highest.
            let longest = self.step.iter().fold(0.0, |most: f64, it| most.max(it.abs()));
            let mut part = (self.most / longest).min(1.0);
            // What the nodes miss is the slope of a convex function of their prices, but for their
            // weights: along the step it rises from below zero, and the step ends near zero.
            let downhill = self.along();
            let (mut low, mut high) = ((0.0, downhill), None);
            let mut tried = std::mem::take(&mut self.tried);
            let mut found = before;
            for _ in 0..HALVINGS {
                let moved = prices.iter().zip(&self.step).map(|(price, it)| price + part * it);
                tried.clear();
                tried.extend(moved.map(|it| it.clamp(-self.most, self.most)));
                found = self.excess::<false>(it, &tried, against);
                let slope = self.along();
                if slope.abs() <= NEAR_ENOUGH * downhill.abs() || (slope < 0.0 && high.is_none()) {
                    break;
                }
                if slope < 0.0 {
                    low = (part, slope);
                } else {
                    high = Some((part, slope));
                }
                let Some(high) = high else { break };
                // Where a straight line would be zero, kept off the ends.
                let secant = low.0 + (high.0 - low.0) * low.1 / (low.1 - high.1);
                let tenth = 0.1 * (high.0 - low.0);
                // No number, where numbers are too large to be told apart.
                if !secant.is_finite() {
                    break;
                }
                part = secant.clamp(low.0 + tenth, high.0 - tenth);
            }
            prices.copy_from_slice(&tried);
            self.tried = tried;
            before = if found <= against.close {
                found
            } else {
                self.excess::<true>(it, prices, against)
            };
        }
        before <= against.close
    }

    /// Makes the step shorter: as if so much more answered a price, Mt for each USD/t.
    pub(super) fn shorten(&mut self, by: f64) {
        for place in (0..self.over.len()).filter(|_| by > 0.0) {
            self.slopes.add(place, place, by);
        }
    }

    /// The Newton step of what was gathered.
    pub(super) fn step_down(&mut self) {
        for (step, over) in self.step.iter_mut().zip(&self.over) {
            *step = -over;
        }
        self.slopes.solve(&mut self.step);
    }

    /// That step.
    pub(super) fn step(&self) -> &[f64] {
        &self.step
    }

    /// How much the gain of an arc rises by it.
    pub(super) fn rises(&self, arc: &Arc) -> f64 {
        let of = |end: End| match end {
            End::Node(it) => self.step.get(it).copied().unwrap_or(0.0),
            End::Fixed(_) => 0.0,
        };
        arc.worth * of(arc.to) - of(arc.from)
    }

    /// How what is missed changes along the step, by the nodes' weights.
    fn along(&self) -> f64 {
        let pairs = self.over.iter().zip(&self.step).zip(&self.weights);
        pairs.map(|((over, step), weight)| over * step * weight).sum()
    }

    /// What each node has beyond its needs at prices, and how that changes with them; the length
    /// of the list.
    fn excess<const SLOPES: bool>(
        &mut self,
        it: &Network<'_>,
        prices: &[f64],
        against: Against,
    ) -> f64 {
        self.gather::<SLOPES>(it, (prices, against.low), |_, gain, most| against.carry(gain, most));
        self.over.iter().map(|it| it * it).sum::<f64>().sqrt()
    }

    /// The same where flows are as somebody says: of an arc's number and its gain.
    pub(super) fn gather<const SLOPES: bool>(
        &mut self,
        it: &Network<'_>,
        (prices, low): (&[f64], f64),
        flow_of: impl Fn(usize, f64, f64) -> (f64, f64),
    ) {
        if SLOPES {
            self.slopes.clear();
        }
        for (place, (node, price)) in it.nodes.iter().zip(prices).enumerate() {
            let at = node.supply.at(*price);
            if let Some(over) = self.over.get_mut(place) {
                *over = node.surplus + at.quantity + low * price;
            }
            if SLOPES {
                self.slopes.add(place, place, at.slope + low);
            }
        }
        for arc in &self.steps {
            let gain = arc.rises * (prices.get(arc.node).copied().unwrap_or(0.0) - arc.price);
            let (flow, rise) = flow_of(arc.number, gain, arc.most);
            if flow == 0.0 && rise == 0.0 {
                continue;
            }
            if let Some(over) = self.over.get_mut(arc.node) {
                *over += arc.adds * flow;
            }
            if SLOPES && rise != 0.0 {
                self.slopes.add(arc.node, arc.node, arc.adds * arc.rises * rise);
            }
        }
        for (number, arc) in &self.ways {
            let (End::Node(u), End::Node(v)) = (arc.from, arc.to) else { continue };
            let (flow, rise) = flow_of(*number, arc.gain(prices), arc.most);
            if flow == 0.0 && rise == 0.0 {
                continue;
            }
            if let Some(over) = self.over.get_mut(u) {
                *over -= flow;
            }
            if let Some(over) = self.over.get_mut(v) {
                *over += arc.arrives * flow;
            }
            if SLOPES && rise != 0.0 {
                self.slopes.add(u, u, rise);
                self.slopes.add(u, v, -arc.worth * rise);
                self.slopes.add(v, v, arc.arrives * arc.worth * rise);
                self.slopes.add(v, u, -arc.arrives * rise);
            }
        }
    }
}

/// An arc between a node and a fixed price.
#[derive(Clone, Copy)]
struct Fixed {
    number: usize,
    node: usize,
    /// The price of the node at which nothing is gained.
    price: f64,
    /// How the gain rises with it.
    rises: f64,
    /// What a unit adds to the node.
    adds: f64,
    most: f64,
}

impl Fixed {
    fn of(number: usize, arc: &Arc) -> Option<Self> {
        let most = arc.most;
        match (arc.from, arc.to) {
            (End::Node(node), End::Fixed(price)) => {
                let price = arc.worth * price - arc.levy;
                Some(Self { number, node, price, rises: -1.0, adds: -1.0, most })
            }
            (End::Fixed(price), End::Node(node)) => {
                let price = (price + arc.levy) / arc.worth;
                Some(Self { number, node, price, rises: arc.worth, adds: arc.arrives, most })
            }
            (End::Node(_), End::Node(_)) | (End::Fixed(_), End::Fixed(_)) => None,
        }
    }
}
