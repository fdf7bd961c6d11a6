//! Prices and flows without friction, once it is known which arcs are full, empty or between.
//!
//! Nodes joined by arcs that are between form a pool: the price of one gives those of all. Arcs
//! beyond a tree of the pool keep the flow they have, but for one that holds the price of all: an
//! arc to a fixed price, or one that closes a circle on which units are lost. Without such a one
//! the pool has the price at which it balances.

use super::network::{Arc, End, Equilibrium, Filled, Network};

/// So often the kinds of arcs are corrected.
const CORRECTIONS: u32 = 12;
/// Shares that differ by less are the same.
const SAME: f64 = 1e-9;

/// A node as part of a pool.
#[derive(Clone, Copy, Debug)]
struct Member {
    node: usize,
    /// Its price is `plus + times * (price of the pool)`.
    plus: f64,
    times: f64,
    /// How many units of the pool's first node one of its units stands for.
    weight: f64,
    /// The arc of the tree that joins it to the pool.
    by: Option<usize>,
}

/// Prices near some and flows, so that every node balances and no arc between gains or loses.
pub(super) fn settle(it: &Network<'_>, near: &[f64], filled: &[Filled]) -> (Vec<f64>, Vec<f64>) {
    let mut prices = near.to_vec();
    let mut arcs_of: Vec<Vec<usize>> = vec![Vec::new(); it.nodes.len()];
    let mut flows = Vec::with_capacity(it.arcs.len());
    for (place, (arc, filled)) in it.arcs.iter().zip(filled).enumerate() {
        let Filled::Between(flow) = *filled else {
            flows.push(if *filled == Filled::Full { arc.most } else { 0.0 });
            continue;
        };
        flows.push(flow);
        for end in [arc.from, arc.to] {
            if let End::Node(node) = end
                && let Some(arcs) = arcs_of.get_mut(node)
            {
                arcs.push(place);
            }
        }
    }
    let mut pools = Vec::new();
    let mut known = vec![false; it.nodes.len()];
    for node in 0..it.nodes.len() {
        if known.get(node) == Some(&false) {
            pools.push(Pool::around(it, node, (&arcs_of, &mut known)));
        }
    }
    // What flows along arcs of no tree is given; all of a tree is found anew.
    for pool in &pools {
        for place in pool.found() {
            if let Some(flow) = flows.get_mut(place) {
                *flow = 0.0;
            }
        }
    }
    let mut over: Vec<f64> = it.nodes.iter().map(|it| it.surplus).collect();
    for (arc, flow) in it.arcs.iter().zip(&flows) {
        carry(&mut over, arc, *flow);
    }
    for pool in &pools {
        pool.price(it, (&mut prices, &over));
        pool.flow(it, (&prices, &mut flows), &mut over);
    }
    (prices, flows)
}

/// The equilibrium without friction whose arcs are full, empty or between as flows show, where
/// so little is none; arcs that turn out to be otherwise are corrected.
pub(super) fn without_friction(
    it: &Network<'_>,
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
    let filled = it.arcs.iter().zip(flows).map(filled).collect();
    corrected(it, prices, (filled, nothing))
}

/// The equilibrium without friction of arcs that are so filled; those that turn out to be
/// otherwise are corrected.
pub(super) fn corrected(
    it: &Network<'_>,
    prices: &[f64],
    (mut filled, nothing): (Vec<Filled>, f64),
) -> Equilibrium {
    let mut best = Equilibrium::default();
    let mut near = prices.to_vec();
    for _ in 0..CORRECTIONS {
        let (prices, flows) = settle(it, &near, &filled);
        let found = it.equilibrium(prices, flows, nothing);
        let mut changed = false;
        for ((arc, is), flow) in it.arcs.iter().zip(&mut filled).zip(&found.flows) {
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

/// Takes a flow off where it leaves and adds it where it arrives.
fn carry(over: &mut [f64], arc: &Arc, flow: f64) {
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
}

/// An arc beyond the tree that holds the pool's price: to a fixed price, or around in a circle on
/// which a unit does not come back as one.
#[derive(Clone, Copy, Debug)]
struct Closing {
    arc: usize,
    /// The pool's price.
    price: f64,
    /// What one unit along it adds to the pool, in units of the first node.
    weight: f64,
}

struct Pool {
    /// In the order in which they were found; the first one's price is the pool's.
    members: Vec<Member>,
    closing: Option<Closing>,
}

impl Pool {
    fn around(
        it: &Network<'_>,
        node: usize,
        (arcs_of, known): (&[Vec<usize>], &mut [bool]),
    ) -> Self {
        let first = Member { node, plus: 0.0, times: 1.0, weight: 1.0, by: None };
        let mut pool = Self { members: vec![first], closing: None };
        if let Some(known) = known.get_mut(node) {
            *known = true;
        }
        let mut next = 0;
        while let Some(member) = pool.members.get(next).copied() {
            next += 1;
            for place in arcs_of.get(member.node).into_iter().flatten() {
                let Some(arc) = it.arcs.get(*place) else { continue };
                let (other, plus, times, weight) = match (arc.from, arc.to) {
                    (End::Node(from), End::Node(to)) if from == member.node => {
                        let plus = (member.plus + arc.levy) / arc.worth;
                        (to, plus, member.times / arc.worth, member.weight / arc.arrives)
                    }
                    (End::Node(from), End::Node(_)) => {
                        let plus = arc.worth * member.plus - arc.levy;
                        (from, plus, arc.worth * member.times, member.weight * arc.arrives)
                    }
                    (End::Fixed(_), _) | (_, End::Fixed(_)) => continue,
                };
                if let Some(known) = known.get_mut(other)
                    && !*known
                {
                    *known = true;
                    pool.members.push(Member {
                        node: other,
                        plus,
                        times,
                        weight,
                        by: Some(*place),
                    });
                }
            }
        }
        pool.closing = pool.closing(it, arcs_of);
        pool
    }

    fn closing(&self, it: &Network<'_>, arcs_of: &[Vec<usize>]) -> Option<Closing> {
        let member = |end: End| match end {
            End::Node(node) => self.members.iter().find(|it| it.node == node).copied(),
            End::Fixed(price) => {
                let (node, by) = (usize::MAX, None);
                Some(Member { node, plus: price, times: 0.0, weight: 0.0, by })
            }
        };
        let arcs = self.members.iter().filter_map(|it| arcs_of.get(it.node)).flatten();
        for place in arcs {
            let arc = it.arcs.get(*place)?;
            let (from, to) = (member(arc.from)?, member(arc.to)?);
            if from.by == Some(*place) || to.by == Some(*place) {
                continue;
            }
            let times = arc.worth * to.times - from.times;
            let weight = arc.arrives * to.weight - from.weight;
            if times.abs() <= SAME * from.times.max(to.times)
                || weight.abs() <= SAME * from.weight.max(to.weight)
            {
                continue;
            }
            let price = (from.plus + arc.levy - arc.worth * to.plus) / times;
            return Some(Closing { arc: *place, price, weight });
        }
        None
    }

    /// The arcs whose flows are found.
    fn found(&self) -> impl Iterator<Item = usize> + '_ {
        self.members.iter().filter_map(|it| it.by).chain(self.closing.map(|it| it.arc))
    }

    /// The pool's excess at a price of its first node, and how it changes.
    fn excess(&self, it: &Network<'_>, over: &[f64], price: f64) -> (f64, f64) {
        let mut sum = (0.0, 0.0);
        for member in &self.members {
            let Some(node) = it.nodes.get(member.node) else { continue };
            let at = node.supply.at(member.plus + member.times * price);
            let over = over.get(member.node).copied().unwrap_or(0.0);
            sum.0 += member.weight * (over + at.quantity);
            sum.1 += member.weight * member.times * at.slope;
        }
        sum
    }

    /// Finds its prices.
    fn price(&self, it: &Network<'_>, (prices, over): (&mut [f64], &[f64])) {
        let near = self.members.first().and_then(|it| prices.get(it.node)).copied();
        let price = match self.closing {
            Some(closing) => closing.price,
            None => self.balance(it, over, near.unwrap_or(0.0)),
        };
        for member in &self.members {
            if let Some(it) = prices.get_mut(member.node) {
                *it = member.plus + member.times * price;
            }
        }
    }

    /// The price at which it balances, from one near it: Newton steps along straight pieces, kept
    /// between prices that are too low and too high.
    fn balance(&self, it: &Network<'_>, over: &[f64], near: f64) -> f64 {
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut price = near;
        for _ in 0..100 {
            let (excess, slope) = self.excess(it, over, price);
            if excess == 0.0 && slope > 0.0 {
                break;
            }
            if excess < 0.0 {
                low = price;
            } else {
                high = price;
            }
            let newton = price - excess / slope;
            let next = if slope > 0.0 && newton > low && newton < high {
                newton
            } else if low.is_finite() && high.is_finite() {
                0.5 * (low + high)
            } else if excess == 0.0 {
                // Where a range of prices balances, the lowest is taken.
                price - 1.0 - price.abs()
            } else {
                break;
            };
            if (next - price).abs() <= 1e-15 * price.abs() {
                break;
            }
            price = next;
        }
        price
    }

    /// Finds its flows: what the closing arc must bring, then along the tree from its leaves on.
    fn flow(&self, it: &Network<'_>, (prices, flows): (&[f64], &mut [f64]), over: &mut [f64]) {
        let excess = |node: usize, over: &[f64]| {
            let price = prices.get(node).copied().unwrap_or(0.0);
            let supply = it.nodes.get(node).map_or(0.0, |it| it.supply.at(price).quantity);
            over.get(node).copied().unwrap_or(0.0) + supply
        };
        let mut put = |place: usize, flow: f64, over: &mut [f64]| {
            if let Some(it) = flows.get_mut(place) {
                *it = flow;
            }
            if let Some(arc) = it.arcs.get(place) {
                carry(over, arc, flow);
            }
        };
        if let Some(Closing { arc, weight, .. }) = self.closing {
            let sum: f64 = self.members.iter().map(|it| it.weight * excess(it.node, over)).sum();
            put(arc, -sum / weight, over);
        }
        for member in self.members.iter().rev() {
            let excess = excess(member.node, over);
            if let Some((place, arc)) = member.by.and_then(|by| Some((by, it.arcs.get(by)?))) {
                let leaves = arc.from == End::Node(member.node);
                put(place, if leaves { excess } else { -excess / arc.arrives }, over);
            }
        }
    }
}
