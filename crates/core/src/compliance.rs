//! Compliance: verified emissions, surrender, letters at the deadline, penalties.

pub mod advance_penalty;
pub mod close_year;
pub mod compliance_frozen;
pub mod estimate_emissions;
pub mod letter;
pub mod penalty_opened;
pub mod report_emissions;
pub mod set_exclusion;
pub mod set_last_year;
pub mod set_letter;
pub(crate) mod silence;
pub mod surrender;
pub mod verify_report;

pub use advance_penalty::PenaltyStage;
pub use letter::{Duties, Letter};

use crate::account::Installation;
use crate::id::{InstallationId, Label};
use crate::quantity::{Money, Tonnes};
use crate::time::Year;
use minicbor::{Decode, Encode};

/// What is known of an installation's duties for the years up to and with `year`, in the year after
/// it. Units excused by a penalty count as given.
pub fn duties(installation: &Installation, year: Year) -> Duties {
    let counts = |it: &Year| *it <= year && installation.obliged_in(*it);
    let emissions = installation.emissions.iter().filter(|(it, _)| counts(it));
    Duties {
        first: installation.obliged_from,
        last: installation.obliged_to,
        current: year.next(),
        emissions: emissions.map(|(year, it)| (*year, *it)).collect(),
        excluded: installation.excluded.clone(),
        surrendered: installation.settled_up_to(year),
        frozen: None,
    }
}

/// The letter for the years up to and with `year`, as things stand.
pub fn letter(installation: &Installation, year: Year) -> Letter {
    duties(installation, year).letter()
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
    /// How far the case has come.
    #[n(4)]
    pub stage: PenaltyStage,
    /// What is owed in units of an index, where the law says so: the index, and hundredths of it.
    #[n(5)]
    pub index: Option<(Label, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AccountId, JurisdictionId, PartyId};
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
            obliged_to: None,
            excluded: BTreeSet::new(),
            activity: BTreeMap::new(),
            merged: None,
            sector: Label::new("power").expect("a label"),
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
