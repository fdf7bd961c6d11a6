//! Abatement bands: which share of a sector's emissions can be avoided at which price.
//!
//! The shares are proxies (a judgement informed by the cost bands of IPCC AR6 WG III), not
//! measured; country multipliers are derived from intensity and grid factors. They count what is
//! beyond the baseline, so the share at price 0 is taken off.

/// A curve: price in USD/t against the share avoided, both rising from (0, 0), straight between.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve(Vec<(f64, f64)>);

impl Curve {
    /// A curve through points; sorted, and begun at (0, 0).
    pub fn new(mut points: Vec<(f64, f64)>) -> Self {
        points.retain(|(price, _)| *price > 0.0);
        points.sort_by(|one, two| one.0.total_cmp(&two.0));
        points.insert(0, (0.0, 0.0));
        Self(points)
    }

    /// The share avoided at a price; the last point's beyond it.
    pub fn share(&self, price: f64) -> f64 {
        let mut before = (0.0, 0.0);
        for point in &self.0 {
            if price <= point.0 {
                let run = point.0 - before.0;
                let part = if run > 0.0 { (price - before.0) / run } else { 1.0 };
                return before.1 + part.max(0.0) * (point.1 - before.1);
            }
            before = *point;
        }
        before.1
    }

    /// The most that can be avoided.
    pub fn potential(&self) -> f64 {
        self.0.last().map_or(0.0, |it| it.1)
    }

    /// The curve with its shares multiplied.
    pub fn scaled(&self, by: f64) -> Self {
        Self(self.0.iter().map(|(price, share)| (*price, (share * by).min(1.0))).collect())
    }
}

/// The bands of the power sector, in shares beyond the baseline.
pub fn power_bands() -> Curve {
    Curve::new(vec![(20.0, 0.16), (50.0, 0.32), (100.0, 0.49), (200.0, 0.56)])
}

/// The bands of industry, in shares beyond the baseline.
pub fn industry_bands() -> Curve {
    Curve::new(vec![(20.0, 0.05), (50.0, 0.12), (100.0, 0.24), (200.0, 0.30)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_straight_between_its_points_and_flat_beyond_the_last() {
        let curve = Curve::new(vec![(20.0, 0.2), (40.0, 0.3)]);
        assert_eq!(curve.share(0.0), 0.0);
        assert!((curve.share(10.0) - 0.1).abs() < 1e-12);
        assert!((curve.share(30.0) - 0.25).abs() < 1e-12);
        assert_eq!(curve.share(1_000.0), 0.3);
    }
}
