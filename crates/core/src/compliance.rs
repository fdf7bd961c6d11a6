//! Compliance: verified emissions, surrender, letters at the deadline, penalties.

pub mod close_year;
pub mod compliance_frozen;
pub mod estimate_emissions;
pub mod penalty_opened;
pub mod report_emissions;
pub(crate) mod silence;
pub mod surrender;

use crate::account::Installation;
use crate::id::InstallationId;
use crate::quantity::{Money, Tonnes};
use crate::time::Year;
use minicbor::{Decode, Encode};

/// The compliance letter of an installation for a year (after Regulation (EU) 2019/1122,
/// Annex XIII).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Letter {
    /// Surrendered all it owed.
    #[n(0)]
    A,
    /// Surrendered less than it owed.
    #[n(1)]
    B,
    /// A year is not reported.
    #[n(2)]
    C,
    /// It owes nothing yet.
    #[n(3)]
    NotApplicable,
}

impl Letter {
    /// The letter in print.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::NotApplicable => "-",
        }
    }
}

/// The letter for the years up to and with `year`, as things stand.
///
/// Cumulative, as the EU's: what was surrendered in all against what was emitted in all obliged
/// years. A missing report outranks missing units, because nobody knows how many are missing.
pub fn letter(installation: &Installation, year: Year) -> Letter {
    let Some(first) = installation.obliged_from.filter(|first| *first <= year) else {
        return Letter::NotApplicable;
    };
    let reported = |it: u16| installation.emissions.contains_key(&Year(it));
    if !(first.0..=year.0).all(reported) {
        Letter::C
    } else if installation.missing_up_to(year) > Tonnes::ZERO {
        Letter::B
    } else {
        Letter::A
    }
}

/// A case of money owed for a shortfall. The money itself is owed outside the core.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PenaltyCase {
    /// Whose shortfall.
    #[n(0)]
    pub installation: InstallationId,
    /// For which year.
    #[n(1)]
    pub year: Year,
    /// The missing units.
    #[n(2)]
    pub shortfall: Tonnes,
    /// What is owed for them.
    #[n(3)]
    pub amount: Money,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AccountId, JurisdictionId, Label, PartyId};
    use std::collections::{BTreeMap, BTreeSet};

    fn installation(emitted: &[(u16, u64)], surrendered: &[(u16, u64)]) -> Installation {
        let table = |rows: &[(u16, u64)]| -> BTreeMap<Year, Tonnes> {
            rows.iter().map(|(year, it)| (Year(*year), Tonnes(*it))).collect()
        };
        Installation {
            label: Label::new("X-P-1").expect("a label"),
            jurisdiction: JurisdictionId(0),
            operator: PartyId(0),
            account: AccountId(0),
            obliged_from: Some(Year(2028)),
            emissions: table(emitted),
            surrendered: table(surrendered),
            excused: Tonnes::ZERO,
            letters: BTreeMap::new(),
            fined: Tonnes::ZERO,
            estimated: BTreeSet::new(),
        }
    }

    #[test]
    fn letters_follow_the_table_of_the_rulebook() {
        let cases = [
            (&[(2027, 9)][..], &[][..], 2027, Letter::NotApplicable),
            (&[(2027, 9), (2028, 5)], &[(2028, 5)], 2028, Letter::A),
            (&[(2028, 5)], &[(2028, 4)], 2028, Letter::B),
            (&[(2027, 9)], &[(2028, 50)], 2028, Letter::C),
            (&[(2028, 0)], &[], 2028, Letter::A),
            (&[(2028, 5), (2029, 5)], &[(2028, 4), (2029, 6)], 2029, Letter::A),
            (&[(2029, 5)], &[(2029, 5)], 2029, Letter::C),
        ];
        for (emitted, surrendered, year, expected) in cases {
            let found = letter(&installation(emitted, surrendered), Year(year));
            assert_eq!(found, expected, "{emitted:?} {surrendered:?} {year}");
        }
    }
}
