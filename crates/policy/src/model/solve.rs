//! How the equilibrium of a network is found.
//!
//! An interior point method shows which arcs are full, empty or between. That gives the prices:
//! pools of nodes hang together by arcs that are between, so that one equation gives the price of
//! each pool. Where that does not end well (in one of some thousand networks drawn at random), a
//! falling friction shows it. The result carries the residual of each condition.

use super::network::{Equilibrium, Filled, NOTHING, Network};
use super::newton::Work;
use super::{friction, interior, pools};

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
            let found = pools::without_friction(self, &prices, (flows, nothing), nothing);
            if found.residual.within(certain) {
                return found;
            }
        }
        let mut best = Equilibrium::default();
        let mut enough = |prices: &[f64], filled: &[Filled]| {
            best = pools::corrected(self, prices, (filled.to_vec(), nothing));
            best.residual.within(certain)
        };
        if interior::follow(self, &mut work, (&mut prices, scale), &mut enough) {
            return best;
        }
        let other = friction::fall(self, near, &mut work);
        let is_better = best.prices.is_empty() || other.residual.sum() < best.residual.sum();
        if is_better { other } else { best }
    }
}
