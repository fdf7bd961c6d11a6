//! What Newton steps towards an equilibrium need: what each node has beyond its needs, and how that
//! answers prices.

use super::banded::Banded;
use super::network::{Arc, End, Network};

/// Buffers of the Newton steps.
pub(super) struct Work {
    pub(super) slopes: Banded,
    pub(super) step: Vec<f64>,
    pub(super) over: Vec<f64>,
    /// Arcs between a node and a fixed price.
    steps: Vec<Fixed>,
    /// Arcs between nodes, by their numbers.
    ways: Vec<(usize, Arc)>,
    /// What a unit of each node counts for.
    weights: Vec<f64>,
    /// No price lies above.
    pub(super) most: f64,
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
        Self {
            slopes,
            step: row.clone(),
            over: row,
            weights: weights(it, &arcs_of),
            steps,
            ways,
            most,
        }
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
    pub(super) fn along(&self) -> f64 {
        let pairs = self.over.iter().zip(&self.step).zip(&self.weights);
        pairs.map(|((over, step), weight)| over * step * weight).sum()
    }

    /// What each node has beyond its needs at prices, and how that changes with them, where flows
    /// are as somebody says: of an arc's number, its gain and its bound.
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
