//! The way to an equilibrium along a falling friction: slower than through the inside of all
//! bounds, and taken where that is lost.
//!
//! A small friction makes flows follow gains, so that all prices solve one system of equations;
//! Newton steps solve it while the friction falls (a semi-smooth continuation).

use super::network::{Arc, Equilibrium, NOTHING, Network, Scale};
use super::newton::Work;
use super::pools;

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
const NEWTON_STEPS: u32 = 30;
const HALVINGS: u32 = 12;
/// A step ends where this share of its slope is left.
const NEAR_ENOUGH: f64 = 0.5;
/// Where many prices would do, this small preference takes the lowest.
const LOW: f64 = 0.1;

/// The equilibrium of a network, sought from prices near it.
pub(super) fn fall(it: &Network<'_>, near: &[f64], work: &mut Work) -> Equilibrium {
    let mut prices = near.to_vec();
    prices.resize(it.nodes.len(), 0.0);
    let scale = it.scale(&prices);
    let nothing = scale.quantity * NOTHING;
    let certain = nothing.max(NOTHING * scale.price);
    let mut best = Equilibrium::default();
    let mut falling = Falling { work, tried: Vec::new(), held: Vec::new() };
    let (mut share, mut fall) = (1.0, FALL);
    let mut last = Against::at(share, scale);
    falling.newton(it, &mut prices, last);
    for _ in 0..STAGES {
        let before = prices.clone();
        let next = Against::at(share * fall, scale);
        falling.foresee(it, &mut prices, (last, next));
        if !falling.newton(it, &mut prices, next) && fall < NEAREST {
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
        let rough: Vec<f64> = it.arcs.iter().map(|it| last.flow(it, &prices).0).collect();
        for least in [0.0, nothing] {
            if best.residual.within(certain) && !best.prices.is_empty() {
                break;
            }
            let found = pools::without_friction(it, &prices, (&rough, least), nothing);
            if best.prices.is_empty() || found.residual.sum() < best.residual.sum() {
                best = found;
            }
        }
        if best.residual.within(certain) || share < ENDS {
            break;
        }
    }
    if best.prices.is_empty() {
        let rough: Vec<f64> = it.arcs.iter().map(|it| last.flow(it, &prices).0).collect();
        best = pools::without_friction(it, &prices, (&rough, nothing), nothing);
    }
    best
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

/// A fall under way.
struct Falling<'a> {
    work: &'a mut Work,
    tried: Vec<f64>,
    /// The flow of arcs that are full or empty.
    held: Vec<Option<f64>>,
}

impl Falling<'_> {
    /// The step of a falling friction while full, empty and other arcs stay so: exact until one
    /// of them changes.
    fn foresee(&mut self, it: &Network<'_>, prices: &mut [f64], (last, next): (Against, Against)) {
        self.held.clear();
        for arc in &it.arcs {
            let (flow, rise) = last.flow(arc, prices);
            self.held.push(if rise > 0.0 { None } else { Some(flow) });
        }
        let held = std::mem::take(&mut self.held);
        self.work.gather::<true>(it, (prices, next.low), |number, gain, _| {
            match held.get(number).copied().flatten() {
                Some(flow) => (flow, 0.0),
                None => (gain / next.friction, 1.0 / next.friction),
            }
        });
        self.held = held;
        self.work.step_down();
        for (price, step) in prices.iter_mut().zip(&self.work.step) {
            *price = (*price + step).clamp(-self.work.most, self.work.most);
        }
    }

    fn newton(&mut self, it: &Network<'_>, prices: &mut [f64], against: Against) -> bool {
        let mut before = self.excess::<true>(it, prices, against);
        for _ in 0..NEWTON_STEPS {
            if before <= against.close {
                return true;
            }
            self.work.step_down();
            // No step is longer than the way from the lowest price to the highest.
            let longest = self.work.step.iter().fold(0.0, |most: f64, it| most.max(it.abs()));
            let mut part = (self.work.most / longest).min(1.0);
            // What the nodes miss is the slope of a convex function of their prices, but for their
            // weights: along the step it rises from below zero, and the step ends near zero.
            let downhill = self.work.along();
            let (mut low, mut high) = ((0.0, downhill), None);
            let mut tried = std::mem::take(&mut self.tried);
            let mut found = before;
            for _ in 0..HALVINGS {
                let moved = prices.iter().zip(&self.work.step).map(|(price, it)| price + part * it);
                tried.clear();
                tried.extend(moved.map(|it| it.clamp(-self.work.most, self.work.most)));
                found = self.excess::<false>(it, &tried, against);
                let slope = self.work.along();
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

    /// What each node has beyond its needs at prices, and how that changes with them; the length
    /// of the list.
    fn excess<const SLOPES: bool>(
        &mut self,
        it: &Network<'_>,
        prices: &[f64],
        against: Against,
    ) -> f64 {
        self.work
            .gather::<SLOPES>(it, (prices, against.low), |_, gain, most| against.carry(gain, most));
        self.work.over.iter().map(|it| it * it).sum::<f64>().sqrt()
    }
}
