//! The lists that anybody may ask for, and how their rows follow from the state.
//!
//! A row that shows how things stand is written anew whenever a fact touches it; rows of what
//! happened are added. Which fact touches what is said in `touching.rs`.

pub mod evidence;
pub mod history;
pub mod market;
pub mod own;
pub mod registry;

use crate::list::{Column, Kind, List};
use karvan_core::State;
use karvan_core::id::JurisdictionId;

/// A column.
pub(crate) const fn column(name: &'static str, kind: Kind, about: &'static str) -> Column {
    Column { name, kind, about }
}

/// All lists.
pub const ALL: [&List; 20] = [
    &registry::JURISDICTIONS,
    &registry::YEARS,
    &registry::INSTALLATIONS,
    &registry::COMPLIANCE,
    &registry::ALLOCATIONS,
    &registry::ACCOUNTS,
    &registry::LINKS,
    &evidence::SITES,
    &evidence::EVIDENCE,
    &market::AUCTIONS,
    &market::AUCTION_BIDS,
    &market::CALLS,
    &market::TRADES,
    &market::DAYS,
    &market::COUPLED_PRICES,
    &market::FLOWS,
    &history::DATES,
    &history::POLICIES,
    &history::RECORDS,
    &history::TRANSACTIONS,
];

/// The list of a name.
pub fn named(name: &str) -> Option<&'static List> {
    ALL.into_iter().find(|it| it.name == name)
}

/// The code of a jurisdiction; empty where there is none.
pub(crate) fn code(state: &State, id: JurisdictionId) -> String {
    let chapter = state.rules.as_ref().and_then(|it| it.jurisdiction(id));
    chapter.map(|it| it.code.to_string()).unwrap_or_default()
}

/// A share in whole percent, rounded down.
pub(crate) fn percent(part: u64, whole: u64) -> Option<i64> {
    let share = u128::from(part).checked_mul(100)?.checked_div(u128::from(whole))?;
    i64::try_from(share).ok()
}
