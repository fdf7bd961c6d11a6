//! Markets of several jurisdictions and years as one network: each is a node with a price, units
//! flow along arcs to where they are worth more.
//!
//! A node has what it abates at its price, and a surplus of units that may be negative. An arc is a
//! link in a year, a bank or a loan between years, or a supply or a refuge at a fixed price: a
//! reserve price, a tier, a ceiling, the price zero at which nobody minds a unit that is left over.
//! In equilibrium every node balances; an arc along which units gain is full, one along which they
//! lose is empty. Where a range of prices balances, the lowest is taken.

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

    pub(super) fn sum(self) -> f64 {
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

impl Network<'_> {
    /// Its largest price and quantity.
    pub(super) fn scale(&self, prices: &[f64]) -> Scale {
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

/// From here on a quantity counts as none, as a share of the network's largest.
pub(super) const NOTHING: f64 = 1e-9;

/// The largest price and quantity of a network.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) price: f64,
    pub(super) quantity: f64,
}
