//! How the output of a sector follows the price of a unit, and what allocation by output changes
//! about it.
//!
//! Output is made at a constant cost; a price of units adds what is spent on avoiding emissions and
//! on units for the rest, less the units given for each piece of output. Of that products carry a
//! share, and demand answers with a constant elasticity.

use super::macc::{self, At, Macc};

/// What a sector makes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Product {
    /// What is paid for as much of it as emits a tonne without a market, USD.
    pub usd_per_t: f64,
    /// By how many percent less of it is bought where it is a percent dearer.
    pub elasticity: f64,
    /// Units given for each piece of output, as a share of what that emits without a market; 0
    /// where what is given does not depend on output.
    pub benchmark: f64,
    /// The part of the cap that follows output, as a share of emissions without a market.
    pub follows: f64,
    /// The share of costs that the price of the product carries.
    pub carried: f64,
}

/// What a sector emits at each price, with its output.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    product: Product,
    /// What is avoided at full output.
    macc: Macc,
    /// Emissions without a market, Mt.
    baseline: f64,
    /// What is built costs beside the area under the curve, million USD.
    sunk: f64,
    /// From this price on less is emitted for each piece than is given for it, or than the cap
    /// grows by it. More output would then bring units; it is taken to stay, so that supply never
    /// falls.
    turns: f64,
}

impl Output {
    /// A sector with the curve of its plants.
    pub fn new(product: Product, curve: Macc, baseline: f64) -> Self {
        let enough = (1.0 - product.benchmark.max(product.follows)) * baseline;
        let turns = match &curve {
            // What is there before the first point is there at no price.
            Macc::Points(points) if points.first().is_some_and(|it| it.1 >= enough) => 0.0,
            Macc::Points(points) => macc::price_of(points, enough).unwrap_or(f64::INFINITY),
            Macc::Quadratic { .. }
            | Macc::Power { .. }
            | Macc::Linear { .. }
            | Macc::Exponential { .. } => f64::INFINITY,
        };
        Self { product, macc: curve, baseline, sunk: 0.0, turns }
    }

    /// The same where what is built costs so much beside the area under the curve, million USD.
    #[must_use]
    pub(super) fn built(mut self, sunk: f64) -> Self {
        self.sunk = sunk;
        self
    }

    /// How much dearer the product is, as a share, and how that rises with the price of a unit.
    fn dearer(&self, price: f64) -> (f64, f64) {
        let at_most = price.min(self.turns).max(0.0);
        let left = 1.0 - self.macc.at(at_most).quantity / self.baseline - self.product.benchmark;
        let spent = (self.macc.cost(at_most) + self.sunk) / self.baseline;
        let by = self.product.carried / self.product.usd_per_t;
        let rises = if price >= self.turns || price < 0.0 { 0.0 } else { left.max(0.0) };
        (by * (spent + at_most * left), by * rises)
    }

    /// The rise of the product's price, as a share.
    pub fn price_rise(&self, price: f64) -> f64 {
        self.dearer(price).0
    }

    /// The share of the output that is still made.
    pub fn share(&self, price: f64) -> f64 {
        libm::pow(1.0 + self.dearer(price).0, -self.product.elasticity)
    }

    /// Emissions without a market, Mt.
    pub fn baseline(&self) -> f64 {
        self.baseline
    }

    /// By how much the cap falls with output, Mt.
    pub fn cut(&self, price: f64) -> f64 {
        (1.0 - self.share(price)) * self.product.follows * self.baseline
    }

    /// What is avoided by making less, Mt.
    pub fn avoided(&self, price: f64) -> f64 {
        (1.0 - self.share(price)) * (self.baseline - self.macc.at(price).quantity)
    }

    /// How many units less are needed than without a market, less the part of the cap that fell.
    pub(super) fn at(&self, price: f64) -> At {
        let plants = self.macc.at(price);
        let (dearer, rises) = self.dearer(price);
        let share = libm::pow(1.0 + dearer, -self.product.elasticity);
        let falls = self.product.elasticity * share / (1.0 + dearer) * rises;
        let emitted = self.baseline - plants.quantity;
        let cap = self.product.follows * self.baseline;
        At {
            quantity: self.baseline - cap - share * (emitted - cap),
            slope: (falls * (emitted - cap) + share * plants.slope).max(0.0),
        }
    }

    /// What it costs, million USD: what plants spend on what they still make, and what buyers lose.
    pub(super) fn cost(&self, price: f64) -> f64 {
        self.share(price) * (self.macc.cost(price) + self.sunk) + self.lost(price)
    }

    /// What buyers lose by buying less, beyond what that would have cost to make, million USD.
    pub fn lost(&self, price: f64) -> f64 {
        let share = self.share(price);
        let elasticity = self.product.elasticity;
        // The area under demand, above the cost of making it, between what is bought and was
        // bought.
        let area = if elasticity <= 0.0 {
            0.0
        } else if (elasticity - 1.0).abs() < 1e-9 {
            -libm::log(share) - (1.0 - share)
        } else {
            let power = 1.0 - 1.0 / elasticity;
            (1.0 - libm::pow(share, power)) / power - (1.0 - share)
        };
        self.product.usd_per_t * self.baseline * area
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_output() -> impl Strategy<Value = Output> {
        let points = prop::collection::vec((0.1f64..40.0, 0.0f64..0.3), 1..5);
        let product = (5.0f64..500.0, 0.05f64..2.0, 0.0f64..1.1, 0.0f64..1.0, 0.1f64..1.0);
        (points, product, 1.0f64..200.0).prop_map(|(steps, product, baseline)| {
            let (usd_per_t, elasticity, benchmark, follows, carried) = product;
            let (mut price, mut share) = (0.0, 0.0);
            let mut points = vec![(0.0, 0.0)];
            for (up, more) in steps {
                (price, share) = (price + up, f64::min(share + more, 0.95));
                points.push((price, share * baseline));
            }
            // No more is given for output than there is by output; or nothing is.
            let follows = if follows < 0.5 { 0.0 } else { benchmark.clamp(follows, 1.0) };
            let product = Product { usd_per_t, elasticity, benchmark, follows, carried };
            Output::new(product, Macc::Points(points), baseline)
        })
    }

    #[test]
    fn what_is_built_costs_what_it_does_and_no_rectangle() {
        // 20 of 100 Mt stay built that cost up to 40 a tonne: an area of 400, not 20 x 40.
        let product = Product {
            usd_per_t: 100.0,
            elasticity: 0.3,
            benchmark: 0.0,
            follows: 0.0,
            carried: 0.5,
        };
        let built = Macc::Points(vec![(40.0, 20.0), (100.0, 50.0)]);
        let it = Output::new(product, built, 100.0).built(-400.0);
        assert!((it.price_rise(10.0) - 0.5 * (4.0 + 10.0 * 0.8) / 100.0).abs() < 1e-12);
        let spent = it.cost(10.0) - it.lost(10.0);
        assert!((spent - 400.0 * it.share(10.0)).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn supply_never_falls_and_its_slope_is_that_of_its_quantity(
            it in any_output(), low in 0.0f64..150.0, up in 0.0f64..150.0,
        ) {
            let (one, two) = (it.at(low).quantity, it.at(low + up).quantity);
            prop_assert!(two >= one - 1e-9 * it.baseline, "{one} {two} {it:?}");
            prop_assert!((0.0..=1.0).contains(&it.share(low)));
            let small = 1e-5;
            let slope = (it.at(low + small).quantity - one) / small;
            // Between two points: a slope holds to the right of its price.
            let bends = it.at(low + small).slope - it.at(low).slope;
            if bends.abs() < 1e-3 * (1.0 + slope) {
                prop_assert!((slope - it.at(low).slope).abs() < 1e-3 * (1.0 + slope.abs()),
                    "{slope} {:?}", it.at(low));
            }
        }

        /// Without units for output the price is what a tonne costs, however it is avoided: the
        /// cost is the area under supply.
        #[test]
        fn where_nothing_is_given_for_output_the_cost_is_the_area_under_supply(
            it in any_output(), top in 1.0f64..120.0,
        ) {
            let product = Product { benchmark: 0.0, follows: 0.0, carried: 1.0, ..it.product };
            let it = Output::new(product, it.macc.clone(), it.baseline);
            let steps = 4_000u32;
            let mut sum = 0.0;
            for step in 0..steps {
                let at = |step: u32| top * f64::from(step) / f64::from(steps);
                let more = it.at(at(step + 1)).quantity - it.at(at(step)).quantity;
                sum += 0.5 * (at(step) + at(step + 1)) * more;
            }
            let cost = it.cost(top);
            prop_assert!((sum - cost).abs() <= 2e-3 * (1.0 + cost), "{sum} or {cost}");
        }

        /// What is given for output spares buyers a part of the price: less is avoided by making
        /// less.
        #[test]
        fn what_is_given_for_output_keeps_it_up(it in any_output(), price in 0.0f64..150.0) {
            let product = Product { benchmark: 0.0, follows: 0.0, ..it.product };
            let plain = Output::new(product, it.macc.clone(), it.baseline);
            prop_assert!(it.share(price) >= plain.share(price) - 1e-12);
        }
    }
}
