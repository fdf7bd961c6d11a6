//! What a missing tonne costs.

use crate::ByYear;
use crate::reader::Section;
use crate::schema::{price, whole};
use karvan_core::id::Label;

/// What a missing tonne costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Penalty {
    /// The fixed part, USD/t.
    pub usd: ByYear<f64>,
    /// The share of the mean price, percent.
    pub of_mean_percent: ByYear<f64>,
    /// An index in which the law states it, and how many units of it for each tonne.
    pub index: Option<(String, f64)>,
    /// Whether missing units are still owed.
    pub make_good: ByYear<bool>,
}

impl Penalty {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            usd: s.numbers("penalty_usd_per_t", 0.0, 0.0..=1e6),
            of_mean_percent: s.numbers("penalty_percent_of_mean_price", 0.0, 0.0..=10_000.0),
            index: s.value("penalty_index").map(|_| {
                let units = s.number("penalty_index_units_per_t", 0.0, 0.0..=1e6);
                let name = s.text("penalty_index", "");
                if Label::new(&name).is_none() {
                    let what = "allowed is a name of up to 24 letters and digits, such as \"MCI\"";
                    s.mistake("penalty_index", what);
                }
                (name, units)
            }),
            make_good: s.flags("penalty_make_good", true),
        }
    }

    /// What it means to the core in a year.
    pub(crate) fn rules(&self, year: u16) -> karvan_core::rules::Penalty {
        let index = self.index.as_ref();
        karvan_core::rules::Penalty {
            per_tonne: price(self.usd.at(year)),
            of_mean_price_percent: whole(self.of_mean_percent.at(year)),
            make_good: self.make_good.at(year),
            index: index.and_then(|(name, units)| Some((Label::new(name)?, whole(units * 100.0)))),
        }
    }
}
