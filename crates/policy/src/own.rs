//! A world that stands whole in the file: a chapter names its own abatement curve, and perhaps how
//! much must be avoided in which year. Then the model needs no table.

use crate::model::macc::Macc;
use crate::reader::Section;
use crate::schema::ByYear;

/// The kinds of curves.
const KINDS: [(&str, Kind); 6] = [
    ("quadratic", Kind::Quadratic),
    ("power", Kind::Power),
    ("linear", Kind::Linear),
    ("exponential", Kind::Exponential),
    ("points", Kind::Points),
    ("steps", Kind::Steps),
];

#[derive(Clone, Copy)]
enum Kind {
    Quadratic,
    Power,
    Linear,
    Exponential,
    Points,
    Steps,
}

/// A measure becomes worth its while over so much of its cost, percent: so every quantity has one
/// price.
pub(crate) const SPREAD_PERCENT: f64 = 20.0;
/// And over no less than this, USD/t.
const SPREAD_LEAST: f64 = 0.01;

/// The curve under `macc`, in Mt.
pub(crate) fn macc(s: &Section<'_>) -> Option<Macc> {
    let s = s.section("macc")?;
    let number = |key: &str, default: f64, least: f64| s.number(key, default, least..=1e9);
    let any = -1e9;
    let above = 1e-9;
    let it = match s.choice("kind", &KINDS, Kind::Linear) {
        Kind::Quadratic => {
            let (a, b) = (number("a", 0.0, 0.0), number("b", 0.0, any));
            if a <= 0.0 && b <= 0.0 {
                s.mistake("a", "a and b make no curve that rises; one of them must be positive");
            }
            Macc::Quadratic { a, b }
        }
        Kind::Power => {
            Macc::Power { alpha: number("alpha", 1.0, above), beta: number("beta", 1.0, 1e-3) }
        }
        Kind::Linear => {
            Macc::Linear { start: number("start", 0.0, any), slope: number("slope", 1.0, above) }
        }
        Kind::Exponential => Macc::Exponential {
            alpha: number("alpha", 1.0, above),
            beta: number("beta", 1.0, above),
        },
        Kind::Points => points(&s),
        Kind::Steps => steps(&s),
    };
    s.end();
    Some(it)
}

fn points(s: &Section<'_>) -> Macc {
    let mut points = s.pairs("points", -1e6..=1e6).unwrap_or_default();
    if points.is_empty() {
        s.mistake("points", "is missing; name points as in [[0, 0], [20, 4.5]]: USD/t, Mt");
    }
    points.sort_by(|one, two| one.0.total_cmp(&two.0));
    let pairs = || points.iter().zip(points.iter().skip(1));
    if pairs().any(|(one, two)| two.0 <= one.0 || two.1 < one.1) {
        s.mistake(
            "points",
            "two points have one price, or a curve falls; each point is dearer and \
                             no less than the one before",
        );
    }
    if points.first().is_some_and(|it| it.1 < 0.0 || (it.0 > 0.0 && it.1 > 0.0)) {
        s.mistake(
            "points",
            "begins in the air; the first point has the quantity 0, or a price of \
                             0 or less",
        );
    }
    Macc::Points(points)
}

/// Measures with a cost and a potential: each a ramp around its cost.
fn steps(s: &Section<'_>) -> Macc {
    let measures = s.pairs("steps", -1e6..=1e6).unwrap_or_default();
    if measures.is_empty() || measures.iter().any(|it| it.1 < 0.0) {
        s.mistake(
            "steps",
            "allowed is a list of costs and potentials that are not negative, as in \
                            [[12.5, 3], [40, 8]]: USD/t, Mt",
        );
    }
    let spread = s.number("spread_percent", SPREAD_PERCENT, 0.0..=100.0);
    Macc::Points(ramps(&measures, spread))
}

/// Points of the curve of measures: cost, potential.
pub(crate) fn ramps(measures: &[(f64, f64)], spread_percent: f64) -> Vec<(f64, f64)> {
    let ramps: Vec<(f64, f64, f64)> = measures
        .iter()
        .map(|(cost, potential)| {
            let half = (0.005 * spread_percent * cost.abs()).max(0.5 * SPREAD_LEAST);
            (cost - half, cost + half, *potential)
        })
        .collect();
    let mut prices: Vec<f64> = ramps.iter().flat_map(|it| [it.0, it.1]).collect();
    prices.sort_by(f64::total_cmp);
    prices.dedup();
    let at = |price: f64| {
        let each = ramps
            .iter()
            .map(|(from, to, most)| most * ((price - from) / (to - from)).clamp(0.0, 1.0));
        each.sum::<f64>()
    };
    prices.into_iter().map(|it| (it, at(it))).collect()
}

/// What the whole country is to emit at most, Mt, for the years that are named.
pub(crate) fn ndc_target(s: &Section<'_>) -> ByYear<Option<f64>> {
    const KEY: &str = "ndc_target_mt";
    let read =
        |s: &Section<'_>, key: &str, value| s.checked_number(key, value, &(-1e5..=1e5)).map(Some);
    let targets = s.by_year(KEY, None, read);
    if s.value(KEY).is_some() && targets.years().next().is_none() {
        s.mistake(KEY, "names no year; a target is for one, as in { 2030 = 318 }");
    }
    targets
}

/// How much must be avoided, Mt; none in years before the first that is named.
pub(crate) fn requirement(s: &Section<'_>) -> Option<ByYear<Option<f64>>> {
    const KEY: &str = "requirement";
    s.value(KEY)?;
    Some(
        s.by_year(KEY, None, |s, key, value| s.checked_number(key, value, &(-1e5..=1e5)).map(Some)),
    )
}
