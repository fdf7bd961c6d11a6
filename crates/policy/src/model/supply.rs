//! All curves of one jurisdiction and year as one: straight pieces merged, other forms beside them.

use super::macc::{At, Macc};
use super::output::Output;

/// A point of the merged pieces.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Knot {
    price: f64,
    quantity: f64,
    /// Mt for each USD/t beyond this point.
    slope: f64,
    /// What avoiding the quantity costs, million USD.
    cost: f64,
}

/// A year has about so many points.
const USUAL: usize = 64;

/// What a jurisdiction avoids at each price in a year.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supply {
    /// What is avoided before the first point, and what that costs.
    before: f64,
    before_costs: f64,
    knots: Vec<Knot>,
    forms: Vec<Macc>,
    outputs: Vec<Output>,
}

impl Supply {
    /// The sum of curves.
    pub fn of<'a>(curves: impl IntoIterator<Item = &'a Macc>) -> Self {
        let mut it = Self::default();
        // Where the slope changes, and by how much.
        let mut changes: Vec<(f64, f64)> = Vec::with_capacity(USUAL);
        for curve in curves {
            let Macc::Points(points) = curve else {
                it.forms.push(curve.clone());
                continue;
            };
            let Some(first) = points.first() else { continue };
            it.before += first.1;
            it.before_costs += first.0 * first.1;
            // Two points of one price are one.
            let pieces =
                points.iter().zip(points.iter().skip(1)).filter(|(one, two)| two.0 > one.0);
            for (one, two) in pieces {
                let slope = (two.1 - one.1) / (two.0 - one.0);
                changes.push((one.0, slope));
                changes.push((two.0, -slope));
            }
        }
        changes.sort_by(|one, two| one.0.total_cmp(&two.0));
        let (mut quantity, mut cost, mut slope) = (it.before, it.before_costs, 0.0);
        let mut last = f64::NEG_INFINITY;
        it.knots.reserve(changes.len());
        for (price, change) in changes {
            if price > last && !it.knots.is_empty() {
                let more = slope * (price - last);
                cost += 0.5 * (last + price) * more;
                quantity += more;
            }
            slope += change;
            // What is left of a slope after its last piece is the rounding of its sum.
            if slope.abs() < 1e-12 * (1.0 + change.abs()) {
                slope = 0.0;
            }
            let knot = Knot { price, quantity, slope: slope.max(0.0), cost };
            match it.knots.last_mut() {
                Some(before) if before.price == price => *before = knot,
                _ => it.knots.push(knot),
            }
            last = price;
        }
        it
    }

    /// The same with sectors whose output follows the price.
    #[must_use]
    pub(super) fn with(mut self, outputs: Vec<Output>) -> Self {
        self.outputs = outputs;
        self
    }

    /// The sectors whose output follows the price.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// What is avoided at a price.
    pub fn at(&self, price: f64) -> At {
        let mut sum = match self.knot(price) {
            None => At { quantity: self.before, slope: 0.0 },
            Some(it) => {
                At { quantity: it.quantity + it.slope * (price - it.price), slope: it.slope }
            }
        };
        let forms = self.forms.iter().map(|it| it.at(price));
        for At { quantity, slope } in forms.chain(self.outputs.iter().map(|it| it.at(price))) {
            sum.quantity += quantity;
            sum.slope += slope;
        }
        sum
    }

    /// What is not emitted at a price; by how much a cap falls with output is not among it.
    pub fn avoided(&self, price: f64) -> f64 {
        self.at(price).quantity + self.outputs.iter().map(|it| it.cut(price)).sum::<f64>()
    }

    fn knot(&self, price: f64) -> Option<&Knot> {
        let after = self.knots.partition_point(|it| it.price <= price);
        after.checked_sub(1).and_then(|it| self.knots.get(it))
    }

    /// What it costs to avoid what is avoided at a price, million USD.
    pub fn cost(&self, price: f64) -> f64 {
        let pieces = self.knot(price).map_or(self.before_costs, |it| {
            let more = it.slope * (price - it.price);
            it.cost + 0.5 * (it.price + price) * more
        });
        let forms = self.forms.iter().map(|it| it.cost(price));
        pieces + forms.chain(self.outputs.iter().map(|it| it.cost(price))).sum::<f64>()
    }

    /// The highest price at which something changes, where all curves are straight.
    pub fn last_price(&self) -> f64 {
        self.knots.last().map_or(0.0, |it| it.price)
    }

    /// Whether there is no end to what can be avoided.
    pub fn is_endless(&self) -> bool {
        !self.forms.is_empty() || !self.outputs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_sum_of_curves_is_what_each_gives(
            all in prop::collection::vec(
                prop::collection::vec((1u32..20, 0u32..9), 2..6), 0..6),
            price in -10.0f64..99.0,
        ) {
            let curves: Vec<Macc> = all.into_iter().map(|steps| {
                let (mut price, mut quantity) = (0.0, 0.0);
                Macc::Points(steps.into_iter().map(|(up, more)| {
                    (price, quantity) = (price + f64::from(up), quantity + f64::from(more));
                    (price, quantity)
                }).collect())
            }).chain([Macc::Linear { start: 3.0, slope: 2.0 }]).collect();
            let supply = Supply::of(&curves);
            let sum: f64 = curves.iter().map(|it| it.at(price).quantity).sum();
            prop_assert!((supply.at(price).quantity - sum).abs() < 1e-9);
            if price >= 20.0 {
                let cost: f64 = curves.iter().map(|it| it.cost(price)).sum();
                prop_assert!((supply.cost(price) - cost).abs() < 1e-9 * (1.0 + cost));
            }
        }
    }
}
