//! What abatement costs: for each price the quantity that is worth avoiding.
//!
//! A curve never falls. Its cost is the area under it, exact for every form.

/// The steepest a curve is taken to be, Mt for each USD/t: roots need an end.
const STEEPEST: f64 = 1e9;

/// A marginal abatement cost curve: price in USD/t, quantity in Mt.
#[derive(Clone, Debug, PartialEq)]
pub enum Macc {
    /// Straight between points (price, quantity), flat before the first and beyond the last.
    Points(Vec<(f64, f64)>),
    /// `P = a Q² + b Q`, its upper root. `b` may be negative: then quantities up to `-b/a` are
    /// worth avoiding at no price, and none below the lowest price of the curve.
    Quadratic {
        /// USD/t for each Mt².
        a: f64,
        /// USD/t for each Mt.
        b: f64,
    },
    /// `P = alpha Q^beta`.
    Power {
        /// USD/t at the first Mt.
        alpha: f64,
        /// The exponent, above 0.
        beta: f64,
    },
    /// `P = start + slope Q`.
    Linear {
        /// The price of the first tonne, USD/t.
        start: f64,
        /// USD/t for each Mt, above 0.
        slope: f64,
    },
    /// `P = alpha (e^(beta Q) - 1)`.
    Exponential {
        /// USD/t.
        alpha: f64,
        /// For each Mt, above 0.
        beta: f64,
    },
}

/// A quantity with the slope of its curve to the right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct At {
    /// Mt.
    pub quantity: f64,
    /// Mt for each USD/t.
    pub slope: f64,
}

impl Macc {
    /// What is avoided at a price.
    pub fn at(&self, price: f64) -> At {
        match self {
            Self::Points(points) => at_points(points, price),
            Self::Quadratic { a, b } => {
                let under = b * b + 4.0 * a * price;
                let begins = price > 0.0 || (*b < 0.0 && under >= 0.0);
                if !begins {
                    return At { quantity: 0.0, slope: 0.0 };
                }
                if *a == 0.0 {
                    return if *b > 0.0 { steep(price / b, *b) } else { At::default() };
                }
                let root = under.max(0.0).sqrt();
                // The form without a difference of like numbers.
                let quantity =
                    if *b > 0.0 { 2.0 * price / (b + root) } else { (root - b) / (2.0 * a) };
                steep(quantity, root)
            }
            Self::Power { alpha, beta } => {
                if price <= 0.0 {
                    return At { quantity: 0.0, slope: 0.0 };
                }
                let quantity = libm::pow(price / alpha, 1.0 / beta);
                steep(quantity, beta * price / quantity)
            }
            Self::Linear { start, slope } => {
                if price < *start {
                    At { quantity: 0.0, slope: 0.0 }
                } else {
                    steep((price - start) / slope, *slope)
                }
            }
            Self::Exponential { alpha, beta } => {
                if price < 0.0 {
                    At { quantity: 0.0, slope: 0.0 }
                } else {
                    steep(libm::log1p(price / alpha) / beta, beta * (alpha + price))
                }
            }
        }
    }

    /// What avoiding the quantity of a price costs, million USD: the area under the curve.
    pub fn cost(&self, price: f64) -> f64 {
        let q = self.at(price).quantity;
        match self {
            Self::Points(points) => cost_points(points, price),
            Self::Quadratic { a, b } => a * q * q * q / 3.0 + b * q * q / 2.0,
            Self::Power { alpha, beta } => alpha * libm::pow(q, beta + 1.0) / (beta + 1.0),
            Self::Linear { start, slope } => start * q + slope * q * q / 2.0,
            Self::Exponential { alpha, beta } => alpha * libm::expm1(beta * q) / beta - alpha * q,
        }
    }

    /// The sum of curves that are straight between points; other forms are passed over.
    pub(super) fn sum(curves: &[Self]) -> Self {
        let points = |it: &Self| match it {
            Self::Points(points) => points.clone(),
            Self::Quadratic { .. }
            | Self::Power { .. }
            | Self::Linear { .. }
            | Self::Exponential { .. } => Vec::new(),
        };
        let mut prices: Vec<f64> = curves.iter().flat_map(points).map(|(price, _)| price).collect();
        prices.sort_by(f64::total_cmp);
        prices.dedup();
        let at = |price: f64| curves.iter().map(|it| it.at(price).quantity).sum();
        Self::Points(prices.into_iter().map(|price| (price, at(price))).collect())
    }

    /// The curve with its quantities multiplied.
    #[must_use]
    pub fn scaled(&self, by: f64) -> Self {
        if by <= 0.0 {
            return Self::Points(Vec::new());
        }
        match self {
            Self::Points(points) => {
                Self::Points(points.iter().map(|(price, it)| (*price, it * by)).collect())
            }
            Self::Quadratic { a, b } => Self::Quadratic { a: a / (by * by), b: b / by },
            Self::Power { alpha, beta } => {
                Self::Power { alpha: alpha / libm::pow(by, *beta), beta: *beta }
            }
            Self::Linear { start, slope } => Self::Linear { start: *start, slope: slope / by },
            Self::Exponential { alpha, beta } => {
                Self::Exponential { alpha: *alpha, beta: beta / by }
            }
        }
    }

    /// The curve with its prices multiplied.
    #[must_use]
    pub fn dearer(&self, by: f64) -> Self {
        match self {
            Self::Points(points) => {
                Self::Points(points.iter().map(|(price, it)| (price * by, *it)).collect())
            }
            Self::Quadratic { a, b } => Self::Quadratic { a: a * by, b: b * by },
            Self::Power { alpha, beta } => Self::Power { alpha: alpha * by, beta: *beta },
            Self::Linear { start, slope } => Self::Linear { start: start * by, slope: slope * by },
            Self::Exponential { alpha, beta } => {
                Self::Exponential { alpha: alpha * by, beta: *beta }
            }
        }
    }

    /// The price at which it ends; none where there is no end.
    pub fn last_price(&self) -> Option<f64> {
        match self {
            Self::Points(points) => Some(points.last().map_or(0.0, |it| it.0)),
            Self::Quadratic { .. }
            | Self::Power { .. }
            | Self::Linear { .. }
            | Self::Exponential { .. } => None,
        }
    }
}

/// The price from which on points give so much; none where they never do.
pub(super) fn price_of(points: &[(f64, f64)], quantity: f64) -> Option<f64> {
    let after = points.partition_point(|it| it.1 < quantity);
    let two = points.get(after)?;
    let before = after.checked_sub(1).and_then(|it| points.get(it));
    Some(before.map_or(two.0, |one| one.0 + (quantity - one.1) / (two.1 - one.1) * (two.0 - one.0)))
}

/// A quantity where the price rises so much for each Mt.
fn steep(quantity: f64, rise: f64) -> At {
    At { quantity, slope: (1.0 / rise).min(STEEPEST) }
}

fn at_points(points: &[(f64, f64)], price: f64) -> At {
    let after = points.partition_point(|it| it.0 <= price);
    let before = after.checked_sub(1).and_then(|it| points.get(it));
    match (before, points.get(after)) {
        (None, next) => At { quantity: next.map_or(0.0, |it| it.1), slope: 0.0 },
        (Some(last), None) => At { quantity: last.1, slope: 0.0 },
        (Some(one), Some(two)) => {
            let slope = (two.1 - one.1) / (two.0 - one.0);
            At { quantity: one.1 + slope * (price - one.0), slope }
        }
    }
}

/// What lies before the first point costs its price.
fn cost_points(points: &[(f64, f64)], price: f64) -> f64 {
    let Some(first) = points.first() else { return 0.0 };
    let mut sum = first.0 * first.1;
    for (one, two) in points.iter().zip(points.iter().skip(1)) {
        if price <= one.0 {
            break;
        }
        let end = at_points(points, price.min(two.0));
        let top = if price < two.0 { price } else { two.0 };
        let quantity = if price < two.0 { end.quantity } else { two.1 };
        sum += 0.5 * (one.0 + top) * (quantity - one.1);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_curve() -> impl Strategy<Value = Macc> {
        let points = prop::collection::vec((0.01f64..50.0, 0.0f64..20.0), 1..6).prop_map(|steps| {
            let (mut price, mut quantity) = (-20.0, 0.0);
            let add = |(up, more): (f64, f64)| {
                (price, quantity) = (price + up, quantity + more);
                (price, quantity)
            };
            Macc::Points(steps.into_iter().map(add).collect())
        });
        prop_oneof![
            points,
            (0.001f64..2.0, -5.0f64..5.0).prop_map(|(a, b)| Macc::Quadratic { a, b }),
            (0.01f64..20.0, 0.3f64..4.0).prop_map(|(alpha, beta)| Macc::Power { alpha, beta }),
            (-5.0f64..20.0, 0.01f64..9.0).prop_map(|(start, slope)| Macc::Linear { start, slope }),
            (0.1f64..20.0, 0.01f64..1.0).prop_map(|(a, beta)| Macc::Exponential { alpha: a, beta }),
        ]
    }

    proptest! {
        #[test]
        fn a_curve_never_falls_and_costs_the_area_under_it(
            curve in any_curve(), low in 0.0f64..60.0, up in 0.0f64..60.0,
        ) {
            let (one, two) = (curve.at(low).quantity, curve.at(low + up).quantity);
            prop_assert!(two >= one - 1e-12);
            // What is avoided between two prices costs between them.
            let cost = curve.cost(low + up) - curve.cost(low);
            let more = two - one;
            let room = 1e-9 * (1.0 + cost.abs());
            prop_assert!(cost >= low * more - room, "{cost} for {more}");
            prop_assert!(cost <= (low + up) * more + room, "{cost} for {more}");
            // In small steps the area is that under the curve.
            let steps = 2_000;
            let mut sum = 0.0;
            for it in 0..steps {
                let at = |it: usize| low + up * it as f64 / f64::from(steps as u32);
                let more = curve.at(at(it + 1)).quantity - curve.at(at(it)).quantity;
                sum += 0.5 * (at(it) + at(it + 1)) * more;
            }
            prop_assert!((sum - cost).abs() <= 1e-3 * (1.0 + cost.abs()), "{sum} or {cost}");
        }

        #[test]
        fn a_scaled_curve_avoids_so_many_times_as_much_at_every_price(
            curve in any_curve(), by in 0.1f64..9.0, price in 0.0f64..90.0,
        ) {
            let one = curve.at(price).quantity * by;
            let scaled = curve.scaled(by).at(price).quantity;
            prop_assert!((one - scaled).abs() <= 1e-9 * (1.0 + one), "{one} or {scaled}");
        }
    }

    #[test]
    fn a_quadratic_curve_that_begins_below_zero_gives_its_upper_root() {
        let curve = Macc::Quadratic { a: 0.5, b: -2.0 };
        assert_eq!(curve.at(0.0).quantity, 4.0);
        assert_eq!(curve.at(-3.0).quantity, 0.0);
        assert!((curve.at(6.0).quantity - 6.0).abs() < 1e-12);
        assert_eq!(Macc::Quadratic { a: 0.5, b: 2.0 }.at(-1.0).quantity, 0.0);
    }

    #[test]
    fn a_flat_or_empty_curve_gives_what_it_has() {
        assert_eq!(Macc::Points(Vec::new()).at(10.0).quantity, 0.0);
        assert_eq!(Macc::Points(vec![(5.0, 3.0)]).at(1.0).quantity, 3.0);
        assert_eq!(Macc::Points(vec![(5.0, 3.0)]).cost(9.0), 15.0);
        assert_eq!(Macc::Points(vec![(5.0, 3.0)]).scaled(0.0).at(9.0).quantity, 0.0);
    }
}
