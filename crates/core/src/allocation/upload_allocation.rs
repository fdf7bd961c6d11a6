//! Upload allocation: the administrator sets what installations get free in a year. Every mistake
//! of the table is named; nothing is taken over from a table with mistakes. Where less is set than
//! was delivered, the operator returns the excess. A row may carry the basis it is reckoned
//! from, and is then reckoned again.

use super::entitlement::{Basis, Method};
use super::{ROWS_MAX, Source};
use crate::account::Installation;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{InstallationId, JurisdictionId};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AllocationRow {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// What it is to get.
    #[n(1)]
    pub quantity: Tonnes,
    /// From what that is reckoned, where the table says so.
    #[n(2)]
    pub basis: Option<Box<Basis>>,
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
    /// Whether it is the national table or that of new entrants.
    #[n(3)]
    pub source: Source,
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
    /// From which table.
    #[n(3)]
    pub source: Source,
    /// From what it is reckoned.
    #[n(4)]
    pub basis: Option<Box<Basis>>,
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
        /// The basis comes to something else.
        BasisDiffers { row: usize, reckoned: Tonnes, wanted: Tonnes } = 714
            => "row {row}: the basis comes to {reckoned}, not to {wanted}",
        /// The basis is none.
        BasisUnsound { row: usize } = 715
            => "row {row}: activity and benchmark must not be negative, factors lie between 0 and \
                100 percent, and past emissions have the benchmark 1",
        /// Actual output is what a verifier saw.
        ActivityDiffers { row: usize, verified: String } = 716
            => "row {row}: the verified output is {verified}; the true-up takes that and no other",
        /// The true-up comes between report and surrender.
        OutsideTrueUp { row: usize, due: Instant } = 717
            => "row {row}: the true-up with actual output was due at {due}",
        /// What was delivered from one table is not owed by another.
        OtherTable { row: usize, installation: InstallationId } = 718
            => "row {row}: installation {installation} was delivered from the other table this \
                year",
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
    let (jurisdiction, year, source) = (it.jurisdiction, it.year, it.source);
    let known = state.year_rules(it.jurisdiction, year).is_some();
    no.unless(known, No::YearUnknown { year });
    let mut seen = BTreeSet::new();
    for (row, it) in (1..).zip(&it.rows) {
        let (installation, wanted) = (it.installation, it.quantity);
        no.unless(seen.insert(installation), No::DuplicateRow { row, installation });
        let too_large = No::QuantityTooLarge { row, wanted };
        no.unless(wanted <= crate::supply::set_cap::CAP_MAX, too_large);
        let Some(found) = state.installations.get(installation) else {
            no.unless(false, No::InstallationUnknown { row, installation });
            continue;
        };
        let here = found.jurisdiction == jurisdiction;
        no.unless(here, No::InstallationElsewhere { row, installation });
        // Units of earlier law are handed out to those who held them then.
        let opening = state.caps.get(&(jurisdiction, year)).map(|it| it.opening);
        let may_get = found.obliged_in(year) || opening.is_some_and(|it| it > Tonnes::ZERO);
        no.unless(may_get, No::NotObliged { row, installation, year });
        let before = state.entitlements.get(&(installation, year));
        let other = before.is_some_and(|it| it.delivered > Tonnes::ZERO && it.source != source);
        no.unless(!other, No::OtherTable { row, installation });
        if let Some(basis) = &it.basis {
            check_basis((state, found), (row, year, wanted), basis, &mut no);
        }
    }
    no.settle()?;
    for AllocationRow { installation, quantity, basis } in it.rows.iter().cloned() {
        let set = EntitlementSet { installation, year, quantity, source, basis };
        out.push(Event::EntitlementSet(set));
    }
    Ok(())
}

/// Reckons with a row's basis. With actual output it must be the verified one once the year is
/// over, and in time: report, true-up, surrender, in this order.
fn check_basis(
    (state, installation): (&State, &Installation),
    (row, year, wanted): (usize, Year, Tonnes),
    basis: &Basis,
    no: &mut Objections,
) {
    use UploadAllocationRefused as No;
    match basis.entitlement() {
        None => no.unless(false, No::BasisUnsound { row }),
        Some(reckoned) => {
            no.unless(reckoned == wanted, No::BasisDiffers { row, reckoned, wanted });
        }
    }
    let over = state.now.date().0 > i64::from(year.0);
    if basis.method != Method::BenchmarkOutput || !over {
        return;
    }
    let verified = installation.activity.get(&year);
    let same = verified.is_some_and(|it| *it == basis.activity);
    let verified = verified.map_or("not in yet".to_owned(), |it| it.to_string());
    no.unless(same, No::ActivityDiffers { row, verified });
    let due = state.year_rules(installation.jurisdiction, year).map(|it| it.true_up_due);
    if let Some(due) = due {
        no.unless(state.now < due, No::OutsideTrueUp { row, due });
    }
}

/// The entitlement stands; what was delivered stays.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &EntitlementSet) {
    let row = state.entitlements.entry((it.installation, it.year)).or_default();
    row.entitled = it.quantity;
    row.source = it.source;
}
