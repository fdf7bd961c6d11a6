//! Parameters that a policy declares and that the market does not act on yet: the commands that
//! will read them (credits) are still to come. They are read and checked like all
//! others, so that a file written today stays valid, and whoever checks the file is told which they
//! are.

use crate::reader::Section;
use crate::schema::{ByYear, Policy};
use karvan_core::account::AccountKind;
use std::collections::BTreeSet;

/// Who may take part in a market.
pub const PARTICIPANTS: [&str; 3] = ["operators", "project_parties", "intermediaries"];

/// The keys of a chapter that are declared only.
const KEYS: [&str; 5] = [
    "domestic_credits_percent_of_obligation",
    "foreign_credits_percent_of_obligation",
    "exported_credits_percent_of_issued",
    "borrowing_percent",
    "voluntary_threshold_t_per_year",
];

/// What a chapter declares.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// An intensity cap: the cap as a share of the emissions that the year's output would have
    /// caused, percent. The megatonnes of the file are then indicative.
    pub cap_percent_of_baseline: ByYear<f64>,
    /// The share of an obligation that domestic credits may meet, percent.
    pub domestic_credits_percent: ByYear<f64>,
    /// The share of an obligation that foreign credits may meet, percent.
    pub foreign_credits_percent: ByYear<f64>,
    /// The share of the credits issued that may be authorised for export, percent.
    pub exported_credits_percent: f64,
    /// The share of an obligation that units of the next year may meet, percent.
    pub borrowing_percent: f64,
    /// Who may take part.
    pub participants: Vec<String>,
    /// Installations of this size may report without an obligation, t/yr.
    pub voluntary_threshold_t: u64,
    /// The keys of the file that are declared only.
    pub keys: Vec<String>,
}

impl Declared {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        let percent = |key: &str, default: f64| s.number(key, default, 0.0..=100.0);
        let percents = |key: &str, default: f64| s.numbers(key, default, 0.0..=100.0);
        Self {
            cap_percent_of_baseline: percents("cap_percent_of_baseline", 100.0),
            domestic_credits_percent: percents("domestic_credits_percent_of_obligation", 0.0),
            foreign_credits_percent: percents("foreign_credits_percent_of_obligation", 0.0),
            exported_credits_percent: percent("exported_credits_percent_of_issued", 100.0),
            borrowing_percent: percent("borrowing_percent", 0.0),
            participants: s
                .words("participants", &PARTICIPANTS)
                .unwrap_or_else(|| vec![PARTICIPANTS[0].to_owned()]),
            voluntary_threshold_t: s.whole("voluntary_threshold_t_per_year", 0, 0..=100_000_000),
            keys: KEYS.iter().filter(|it| s.value(it).is_some()).map(ToString::to_string).collect(),
        }
    }

    /// The kinds of accounts that those who take part may hold.
    pub(crate) fn admits(&self) -> BTreeSet<AccountKind> {
        let kinds = [
            ("operators", AccountKind::Operator),
            ("operators", AccountKind::AuctionDelivery),
            ("project_parties", AccountKind::Project),
            ("intermediaries", AccountKind::Trading),
        ];
        let takes_part = |name: &str| self.participants.iter().any(|it| it == name);
        kinds.into_iter().filter(|(name, _)| takes_part(name)).map(|(_, kind)| kind).collect()
    }
}

impl Policy {
    /// What the file declares and the market does not act on yet: the chapter, and its keys.
    pub fn not_acted_on(&self) -> Vec<(String, Vec<String>)> {
        let chapters = self.jurisdictions.iter().filter(|it| !it.declared.keys.is_empty());
        let keys = chapters.map(|it| (it.code.clone(), it.declared.keys.clone()));
        keys.collect()
    }
}
