//! Abatement bands: which share of a sector's emissions can be avoided at which price.
//!
//! The shares are proxies (a judgement informed by the cost bands of IPCC AR6 WG III), not
//! measured; country multipliers are derived from intensity and grid factors. They count what is
//! beyond the baseline, so the share at price 0 is taken off.

use crate::reader::Section;

/// How a chapter's installations avoid emissions.
#[derive(Clone, Debug, PartialEq)]
pub struct Abatement {
    /// At which rate holders discount, percent a year.
    pub discount_percent: f64,
    /// What a project must bring to be built, percent a year; the rate of discount where the file
    /// names none.
    pub hurdle_percent: Option<f64>,
    /// The share of emissions that can be avoided at all, percent; bounds the check of the caps.
    pub potential_percent: f64,
    /// How much of the potential can be newly used in a year, percent.
    pub diffusion_percent: f64,
    /// How this country's abatement bands compare: power and industry.
    pub multipliers: (f64, f64),
    /// Bands of its own instead of the proxies.
    pub bands: Option<Curve>,
}

impl Abatement {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        const HURDLE: &str = "hurdle_percent_per_year";
        let percent = |key: &str, default: f64| s.number(key, default, 0.0..=100.0);
        Self {
            discount_percent: percent("discount_percent_per_year", 10.0),
            hurdle_percent: s.value(HURDLE).map(|_| percent(HURDLE, 10.0)),
            potential_percent: percent("abatement_potential_percent", 50.0),
            diffusion_percent: percent("diffusion_percent_of_potential_per_year", 8.0),
            multipliers: (
                s.number("power_abatement_multiplier", 1.0, 0.0..=10.0),
                s.number("industry_abatement_multiplier", 1.0, 0.0..=10.0),
            ),
            bands: bands(s),
        }
    }

    /// What a project must bring to be built, as a share a year.
    pub fn hurdle(&self) -> f64 {
        self.hurdle_percent.unwrap_or(self.discount_percent) / 100.0
    }

    /// The abatement curve of a sector of a whole country.
    pub fn national_curve(&self, name: &str) -> Curve {
        match name {
            "Power Industry" => self.curve("power"),
            "Other industrial combustion" => self.curve("industry"),
            other => other_bands(other),
        }
    }

    /// The abatement curve of a sector.
    pub fn curve(&self, sector: &str) -> Curve {
        if let Some(bands) = &self.bands {
            return bands.clone();
        }
        match sector {
            "power" | "heat" => power_bands().scaled(self.multipliers.0),
            _ => industry_bands().scaled(self.multipliers.1),
        }
    }
}

/// A chapter's own bands: dearer and dearer, and no share above all.
fn bands(s: &Section<'_>) -> Option<Curve> {
    const KEY: &str = "abatement_usd_per_t_and_share";
    let points = s.pairs(KEY, 0.0..=10_000.0)?;
    let mut sorted = points.clone();
    sorted.sort_by(|one, two| one.0.total_cmp(&two.0));
    let mut pairs = sorted.iter().zip(sorted.iter().skip(1));
    if pairs.any(|(one, two)| two.0 <= one.0 || two.1 < one.1) {
        s.mistake(KEY, "two bands have one price, or a dearer one avoids less");
    }
    if sorted.iter().any(|it| it.1 > 1.0) {
        s.mistake(KEY, "avoids more than all; shares lie between 0 and 1");
    }
    Some(Curve::new(points))
}

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

    /// Its points: price in USD/t, share avoided.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.0.iter().copied()
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

    /// The curve with a share added at every price.
    pub fn raised(&self, by: f64) -> Self {
        Self(self.0.iter().map(|(price, share)| (*price, (share + by).min(1.0))).collect())
    }

    /// The curve with its shares multiplied.
    pub fn scaled(&self, by: f64) -> Self {
        Self(self.0.iter().map(|(price, share)| (*price, (share * by).min(1.0))).collect())
    }
}

/// The bands of what lies beside markets: emissions of buildings, of transport, and of fields,
/// waste and leaks.
fn other_bands(national_sector: &str) -> Curve {
    Curve::new(match national_sector {
        "Buildings" => vec![(20.0, 0.07), (50.0, 0.12), (100.0, 0.20), (200.0, 0.23)],
        "Transport" => vec![(20.0, 0.03), (50.0, 0.07), (100.0, 0.12), (200.0, 0.15)],
        _ => vec![(20.0, 0.10), (50.0, 0.18), (100.0, 0.26), (200.0, 0.30)],
    })
}

/// The share that is worth avoiding at no price, which the bands leave out.
pub fn zero_price_share(sector: &str) -> f64 {
    match sector {
        "power" | "heat" => 0.06,
        _ => 0.03,
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
