//! Upload allocation: the administrator sets what installations get free in a year. Every mistake
//! of the table is named; nothing is taken over from a table with mistakes. Where less is set than
//! was delivered, the operator returns the excess.

use super::ROWS_MAX;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{InstallationId, JurisdictionId};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AllocationRow {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// What it is to get.
    #[n(1)]
    pub quantity: Tonnes,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct UploadAllocation {
    /// Whose table.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// The rows, at most [`ROWS_MAX`].
    #[n(2)]
    pub rows: Vec<AllocationRow>,
}

/// The fact, one for each row.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct EntitlementSet {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// What it is to get.
    #[n(2)]
    pub quantity: Tonnes,
}

refusals! {
    /// Why an allocation table is refused. Rows are counted from 1.
    pub enum UploadAllocationRefused {
        /// A table has rows.
        NoRows = 701 => "the table has no row",
        /// A table is bounded.
        TooManyRows { most: usize } = 702
            => "the table has more than {most} rows; send it in slices",
        /// There is no such installation.
        InstallationUnknown { row: usize, installation: InstallationId } = 703
            => "row {row}: there is no installation {installation}",
        /// It stands elsewhere.
        InstallationElsewhere { row: usize, installation: InstallationId } = 704
            => "row {row}: installation {installation} stands in another jurisdiction",
        /// It is not obliged that year.
        NotObliged { row: usize, installation: InstallationId, year: Year } = 705
            => "row {row}: installation {installation} owes nothing for {year} and gets nothing",
        /// A row stands twice.
        DuplicateRow { row: usize, installation: InstallationId } = 706
            => "row {row}: installation {installation} stands in the table before",
        /// A row above any cap.
        QuantityTooLarge { row: usize, wanted: Tonnes } = 708
            => "row {row}: {wanted} is above any cap",
        /// The policy in force does not have this year.
        YearUnknown { year: Year } = 709
            => "the policy in force has no year {year} for this jurisdiction",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &UploadAllocation) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks every row.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &UploadAllocation,
    out: &mut Events,
) -> Result<(), Refusals> {
    use UploadAllocationRefused as No;
    let mut no = Objections::default();
    no.unless(!it.rows.is_empty(), No::NoRows);
    no.unless(it.rows.len() <= ROWS_MAX, No::TooManyRows { most: ROWS_MAX });
    let year = it.year;
    let known = state.year_rules(it.jurisdiction, year).is_some();
    no.unless(known, No::YearUnknown { year });
    let mut seen = BTreeSet::new();
    for (row, AllocationRow { installation, quantity: wanted }) in
        (1..).zip(it.rows.iter().copied())
    {
        no.unless(seen.insert(installation), No::DuplicateRow { row, installation });
        let too_large = No::QuantityTooLarge { row, wanted };
        no.unless(wanted <= crate::supply::set_cap::CAP_MAX, too_large);
        let Some(found) = state.installations.get(installation) else {
            no.unless(false, No::InstallationUnknown { row, installation });
            continue;
        };
        let here = found.jurisdiction == it.jurisdiction;
        no.unless(here, No::InstallationElsewhere { row, installation });
        // Units of earlier law are handed out to those who held them then.
        let opening = state.caps.get(&(it.jurisdiction, year)).map(|it| it.opening);
        let may_get = found.obliged_in(year) || opening.is_some_and(|it| it > Tonnes::ZERO);
        no.unless(may_get, No::NotObliged { row, installation, year });
    }
    no.settle()?;
    for AllocationRow { installation, quantity } in it.rows.iter().copied() {
        out.push(Event::EntitlementSet(EntitlementSet { installation, year, quantity }));
    }
    Ok(())
}

/// The entitlement stands; what was delivered stays.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &EntitlementSet) {
    let row = state.entitlements.entry((it.installation, it.year)).or_default();
    row.entitled = it.quantity;
}
