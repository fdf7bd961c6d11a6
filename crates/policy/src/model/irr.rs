//! What a cash flow is worth: present value, annuity, internal rate of return.

/// The internal rate of return of a cash flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Irr {
    /// The one rate at which it is worth nothing, as a share a year.
    Rate(f64),
    /// No rate makes it worth nothing: it only pays, or only earns.
    None,
    /// Several rates do: it says nothing about the project. Look at what it is worth instead.
    Ambiguous,
}

impl Irr {
    /// The rate, where there is one.
    pub fn rate(self) -> Option<f64> {
        match self {
            Self::Rate(it) => Some(it),
            Self::None | Self::Ambiguous => None,
        }
    }
}

/// What a cash flow is worth in its first year, at a rate as a share a year.
pub fn present_value(flows: &[f64], rate: f64) -> f64 {
    // From the last year on (Horner's scheme).
    flows.iter().rev().fold(0.0, |later, it| later / (1.0 + rate) + it)
}

/// What is paid in each of so many years, from one year on, for one unit now.
pub fn annuity(rate: f64, years: u32) -> f64 {
    if rate.abs() < 1e-12 {
        return 1.0 / f64::from(years.max(1));
    }
    rate / (1.0 - libm::pow(1.0 + rate, -f64::from(years)))
}

/// Steps over which rates are looked for where there may be several.
const STEPS: u32 = 20_000;
/// From a gain of nearly everything to a loss of nearly everything in each year: what a later unit
/// counts for.
const COUNTS: (f64, f64) = (1e-3, 1e3);

/// The internal rate of return. Where the flow changes its sign once, Descartes' rule says that
/// there is one rate; else all are sought.
pub fn irr(flows: &[f64]) -> Irr {
    // What begins later has the same rates.
    let begins = flows.iter().position(|it| *it != 0.0).unwrap_or(flows.len());
    let flows = flows.get(begins..).unwrap_or_default();
    let signs: Vec<bool> = flows.iter().filter(|it| **it != 0.0).map(|it| *it > 0.0).collect();
    let changes = signs.iter().zip(signs.iter().skip(1)).filter(|(one, two)| one != two).count();
    let worth = |counts: f64| flows.iter().rev().fold(0.0, |later, it| later * counts + it);
    match changes {
        0 => Irr::None,
        1 => {
            let mut high = 1.0;
            let first = worth(0.0) > 0.0;
            while (worth(high) > 0.0) == first {
                high *= 2.0;
                if high > COUNTS.1 {
                    return Irr::None;
                }
            }
            Irr::Rate(1.0 / bisected(&worth, (0.0, high)) - 1.0)
        }
        _ => {
            let step = libm::pow(COUNTS.1 / COUNTS.0, 1.0 / f64::from(STEPS));
            let mut found = Vec::new();
            let mut low = COUNTS.0;
            for _ in 0..STEPS {
                let high = low * step;
                if (worth(low) > 0.0) != (worth(high) > 0.0) {
                    found.push(bisected(&worth, (low, high)));
                }
                low = high;
            }
            match found[..] {
                [] => Irr::None,
                [counts] => Irr::Rate(1.0 / counts - 1.0),
                [_, ..] => Irr::Ambiguous,
            }
        }
    }
}

/// Where a function that changes its sign between two places is zero.
fn bisected(worth: &impl Fn(f64) -> f64, (mut low, mut high): (f64, f64)) -> f64 {
    let first = worth(low) > 0.0;
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if (worth(middle) > 0.0) == first {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rates_that_are_known() {
        let is = |flows: &[f64], rate: f64| {
            let found = irr(flows).rate().expect("one rate");
            assert!((found - rate).abs() < 1e-9, "{found}");
        };
        is(&[-100.0, 110.0], 0.10);
        is(&[-100.0, 0.0, 121.0], 0.10);
        is(&[0.0, -100.0, 110.0], 0.10);
        // A bond at par pays its coupon.
        is(&[-100.0, 7.0, 7.0, 7.0, 107.0], 0.07);
        // One that loses half.
        is(&[-100.0, 50.0], -0.5);
        assert_eq!(irr(&[-5.0, -1.0]), Irr::None);
        assert_eq!(irr(&[]), Irr::None);
    }

    /// The pump of Lorie and Savage (1955): 25 % and 400 %.
    #[test]
    fn a_flow_with_two_rates_has_none_that_means_something() {
        let pump = [-1_600.0, 10_000.0, -10_000.0];
        assert!(present_value(&pump, 0.25).abs() < 1e-9);
        assert!(present_value(&pump, 4.0).abs() < 1e-9);
        assert_eq!(irr(&pump), Irr::Ambiguous);
        // Two changes of sign and no rate at all.
        assert_eq!(irr(&[-1_000.0, 3_000.0, -2_500.0]), Irr::None);
    }

    #[test]
    fn an_annuity_pays_back_what_it_costs() {
        // 100 over 20 years at 10 %: 11.7460 a year.
        assert!((100.0 * annuity(0.10, 20) - 11.745_962).abs() < 1e-6);
        assert_eq!(annuity(0.0, 4), 0.25);
        let flows: Vec<f64> = std::iter::once(-1.0).chain([annuity(0.08, 15); 15]).collect();
        assert!((irr(&flows).rate().expect("one rate") - 0.08).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn at_its_rate_a_flow_is_worth_nothing(
            flows in prop::collection::vec(-100.0f64..100.0, 1..30)
        ) {
            if let Irr::Rate(rate) = irr(&flows) {
                let size = flows.iter().enumerate()
                    .map(|(year, it)| it.abs() * libm::pow(1.0 + rate, -(year as f64)))
                    .sum::<f64>();
                prop_assert!(present_value(&flows, rate).abs() <= 1e-9 * size, "{rate}");
            }
        }
    }
}
