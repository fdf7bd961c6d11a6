//! What a unit is worth: the first price at which the abatement everybody knows of meets the gap
//! between emissions and units over the years in which a unit counts.

use karvan_policy::abatement::Curve;

/// What the public knows of one year to come.
#[derive(Clone, Copy, Debug)]
pub struct YearAhead {
    /// Emissions without further abatement, Mt.
    pub emissions_mt: f64,
    /// The cap, Mt.
    pub cap_mt: f64,
}

/// What the public knows of a jurisdiction's abatement.
#[derive(Clone, Debug)]
pub struct Supply {
    /// Curves of the sectors with their shares of the covered emissions.
    pub curves: Vec<(f64, Curve)>,
    /// The share of emissions already avoided.
    pub used: f64,
    /// How much of the potential can be newly used in a year.
    pub diffusion: f64,
}

impl Supply {
    fn share(&self, price: f64) -> f64 {
        self.curves.iter().map(|(weight, curve)| weight * curve.share(price)).sum()
    }

    fn potential(&self) -> f64 {
        self.curves.iter().map(|(weight, curve)| weight * curve.potential()).sum()
    }

    /// The share newly avoided at a price after `years` of building.
    fn reachable(&self, price: f64, years: f64) -> f64 {
        let bound = self.used + self.diffusion * self.potential() * years;
        (self.share(price).min(bound) - self.used).max(0.0)
    }
}

/// The most that is ever expected, USD/t.
const PRICE_MAX: f64 = 1_000.0;

/// The price now, rising at `rate` a year, that meets the gap of every run of years from now on:
/// the highest over the runs, since units can be kept but not borrowed. 0 where nothing is
/// missing; [`PRICE_MAX`] where no price would do.
pub fn fundamental(years: &[YearAhead], bank_mt: f64, supply: &Supply, rate: f64) -> f64 {
    let mut highest: f64 = 0.0;
    let mut gap = -bank_mt;
    for (place, year) in years.iter().enumerate() {
        gap += year.emissions_mt - year.cap_mt;
        let run = years.get(..=place).unwrap_or(years);
        if gap > avoided(run, highest, supply, rate) {
            highest = meet(run, gap, supply, rate);
        }
    }
    highest
}

fn avoided(run: &[YearAhead], price: f64, supply: &Supply, rate: f64) -> f64 {
    let mut price = price;
    let mut sum = 0.0;
    for (place, year) in run.iter().enumerate() {
        sum += supply.reachable(price, (place + 1) as f64) * year.emissions_mt;
        price *= 1.0 + rate;
    }
    sum
}

fn meet(run: &[YearAhead], gap: f64, supply: &Supply, rate: f64) -> f64 {
    let (mut low, mut high) = (0.0, PRICE_MAX);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if avoided(run, middle, supply, rate) < gap { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supply() -> Supply {
        // Ten percent of emissions for each 10 USD/t, without a limit to building.
        let curve = Curve::new(vec![(100.0, 1.0)]);
        Supply { curves: vec![(1.0, curve)], used: 0.0, diffusion: 1.0 }
    }

    fn year(emissions_mt: f64, cap_mt: f64) -> YearAhead {
        YearAhead { emissions_mt, cap_mt }
    }

    #[test]
    fn one_year_is_met_on_the_curve() {
        let price = fundamental(&[year(100.0, 90.0)], 0.0, &supply(), 0.1);
        assert!((price - 10.0).abs() < 1e-6, "{price}");
        assert_eq!(fundamental(&[year(100.0, 90.0)], 10.0, &supply(), 0.1), 0.0);
    }

    #[test]
    fn a_tight_later_year_lifts_the_price_now_and_a_slack_one_does_not_lower_it() {
        let tight = fundamental(&[year(100.0, 100.0), year(100.0, 80.0)], 0.0, &supply(), 0.0);
        assert!((tight - 10.0).abs() < 1e-6, "{tight}");
        let slack = fundamental(&[year(100.0, 90.0), year(100.0, 200.0)], 0.0, &supply(), 0.0);
        assert!((slack - 10.0).abs() < 1e-6, "{slack}");
    }
}
