//! The quantity rule of a chapter: how the supply follows what is in circulation.

use crate::reader::Section;
use crate::schema::whole;
use karvan_core::supply::reserve::QuantityShares;

/// The keys, with what holds where one is missing; the middle is then the upper bound.
const KEYS: [(&str, f64); 6] = [
    ("quantity_reserve_upper_percent_of_cap", 100.0),
    ("quantity_reserve_middle_percent_of_cap", 100.0),
    ("quantity_reserve_lower_percent_of_cap", 0.0),
    ("quantity_reserve_rate_percent", 0.0),
    ("quantity_reserve_release_percent_of_cap", 2.0),
    ("quantity_reserve_level_percent_of_cap", 100.0),
];

/// Reads the rule; none where the chapter has no rate.
pub(crate) fn read(s: &Section<'_>) -> Option<QuantityShares> {
    let [upper, middle, lower, rate, release, level] =
        KEYS.map(|(key, default)| s.number(key, default, 0.0..=100.0));
    let middle = if s.value(KEYS[1].0).is_some() { middle } else { upper };
    if lower > upper {
        s.mistake(KEYS[2].0, format!("{lower} lies above the upper bound of {upper}"));
    }
    let points = |percent: f64| whole(percent * 100.0);
    (rate > 0.0).then(|| QuantityShares {
        upper_bp: points(upper),
        middle_bp: points(middle),
        lower_bp: points(lower),
        rate_bp: points(rate),
        release_bp: points(release),
        invalidation_bp: points(level),
    })
}
