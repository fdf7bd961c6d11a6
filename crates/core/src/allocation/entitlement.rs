//! What an installation is entitled to get free: by past emissions, by past output, or by actual
//! output, times a benchmark, the carbon-leakage factor of its sector and a correction that fits
//! the sum under the cap (Commission Delegated Regulation (EU) 2019/331, Article 16). Reckoned with
//! exact decimals, rounded half up once.
//!
//! By actual output the entitlement is reckoned twice: with what was expected, before the year; and
//! with the verified output, between the report and the surrender. What was delivered beyond it
//! is returned; what is missing is delivered.

use crate::mrv::Decimal;
use crate::mrv::decimal::Sum;
use crate::quantity::Tonnes;
use minicbor::{Decode, Encode};

/// How free allocation is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Method {
    /// By past emissions: the activity is in tonnes of CO2 equivalent, the benchmark is one.
    #[n(0)]
    Grandfathering,
    /// By past output times a benchmark.
    #[n(1)]
    BenchmarkHistorical,
    /// By actual output times a benchmark.
    #[n(2)]
    BenchmarkOutput,
}

/// From what an entitlement is reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Basis {
    /// How.
    #[n(0)]
    pub method: Method,
    /// Tonnes of CO2 equivalent for each unit of output.
    #[n(1)]
    pub benchmark: Decimal,
    /// Units of output, or past emissions in tonnes.
    #[n(2)]
    pub activity: Decimal,
    /// The carbon-leakage factor of the sector, percent.
    #[n(3)]
    pub leakage_percent: Decimal,
    /// The correction that fits the sum of all under the cap, percent.
    #[n(4)]
    pub correction_percent: Decimal,
}

impl Basis {
    /// The entitlement; none where the basis is none: a negative figure, a factor above one
    /// hundred percent, a benchmark beside past emissions, or more than can be counted.
    pub fn entitlement(&self) -> Option<Tonnes> {
        let hundred = Decimal::of(100, 0);
        let factors = [self.leakage_percent, self.correction_percent];
        let sound = ![self.benchmark, self.activity].iter().any(|it| it.is_negative())
            && !factors.iter().any(|it| it.is_negative() || it.exceeds(hundred))
            && (self.method != Method::Grandfathering || self.benchmark.is_one());
        let product = [self.activity, self.leakage_percent, self.correction_percent]
            .into_iter()
            .fold(Sum::of(self.benchmark), |product, it| product.times(&Sum::of(it)));
        product.over_ten_to(4).half_up().filter(|_| sound).map(Tonnes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reckon(
        method: Method,
        [benchmark, activity, leakage, correction]: [&str; 4],
    ) -> Option<u64> {
        let it = |text| Decimal::parse(text).expect("a decimal");
        Basis {
            method,
            benchmark: it(benchmark),
            activity: it(activity),
            leakage_percent: it(leakage),
            correction_percent: it(correction),
        }
        .entitlement()
        .map(|it| it.0)
    }

    /// Grey clinker with its benchmark of 2021-2025, 0.693 t for each tonne (Commission
    /// Implementing Regulation (EU) 2021/447).
    #[test]
    fn a_benchmark_times_output_times_factors_is_rounded_once() {
        let of = |it| reckon(Method::BenchmarkHistorical, it);
        assert_eq!(of(["0.693", "1000000", "100", "100"]), Some(693_000));
        assert_eq!(of(["0.693", "1000001", "30", "99.5"]), Some(206_861));
        assert_eq!(of(["0.693", "1", "100", "100"]), Some(1));
        assert_eq!(of(["0.5", "1", "100", "99"]), Some(0));
    }

    #[test]
    fn past_emissions_know_no_benchmark_and_no_factor_exceeds_one() {
        let of = |it| reckon(Method::Grandfathering, it);
        assert_eq!(of(["1", "1234567.5", "100", "80"]), Some(987_654));
        assert_eq!(of(["0.9", "100", "100", "100"]), None);
        assert_eq!(of(["1", "100", "100.1", "100"]), None);
        assert_eq!(of(["1", "-1", "100", "100"]), None);
        assert_eq!(of(["1", "999999999999999999", "100", "100"]), Some(999_999_999_999_999_999));
    }
}
