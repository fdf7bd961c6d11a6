//! Allocate: deliver what installations are entitled to, from the allocation account, new entrants
//! from theirs; what is withheld stays. The job comes in slices of at most [`ROWS_MAX`]
//! installations.

use super::{ROWS_MAX, Source, Withholding, reverse_allocation};
use crate::account;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::{InstallationId, JurisdictionId};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::Year;
use crate::units::{self, UnitsRefused};
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Allocate {
    /// Whose installations.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Of which year: also the vintage delivered.
    #[n(1)]
    pub year: Year,
    /// From which table.
    #[n(3)]
    pub source: Source,
    /// The installations, at most [`ROWS_MAX`].
    #[n(2)]
    pub installations: Vec<InstallationId>,
}

/// The fact, one for each installation; the postings say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Allocated {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// What was delivered now.
    #[n(2)]
    pub quantity: Tonnes,
}

refusals! {
    /// Why free allocation cannot be delivered.
    pub enum AllocateRefused {
        /// A job names installations, at most so many.
        InstallationsOutOfBounds { most: usize } = 711
            => "name 1 to {most} installations",
        /// Somebody looks at it.
        Withheld { installation: InstallationId, year: Year } = 713
            => "the allocation of installation {installation} for {year} is withheld",
        /// Nothing is due to it.
        NothingDue { installation: InstallationId, year: Year } = 712
            => "nothing of {year} is due to installation {installation} from this table",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &Allocate) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks what is due and what the allocation account holds.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &Allocate,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (jurisdiction, year) = (it.jurisdiction, it.year);
    let in_bounds = (1..=ROWS_MAX).contains(&it.installations.len());
    no.unless(in_bounds, AllocateRefused::InstallationsOutOfBounds { most: ROWS_MAX });
    let kind = it.source.kind();
    let from = account::of_government(state, jurisdiction, kind);
    no.unless(from.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let mut due = Vec::new();
    for installation in it.installations.iter().copied() {
        let row = state.entitlements.get(&(installation, year)).copied().unwrap_or_default();
        let quantity = row.delivered.short_of(row.entitled);
        let here = no
            .take(account::installation(state, installation))
            .filter(|it| it.jurisdiction == jurisdiction);
        let named_before = due.iter().any(|(id, _, _)| *id == installation);
        match here {
            Some(_) if row.withholding == Withholding::Withheld => {
                no.unless(false, AllocateRefused::Withheld { installation, year });
            }
            Some(found) if quantity > Tonnes::ZERO && !named_before && row.source == it.source => {
                due.push((installation, found.account, quantity));
            }
            _ => no.unless(false, AllocateRefused::NothingDue { installation, year }),
        }
    }
    let vintage = state.ledger.vintage(jurisdiction, year);
    let Some(from) = from else { return no.settle() };
    let wanted: Tonnes = due.iter().map(|(_, _, quantity)| *quantity).sum();
    let held = state.ledger.shelves.row(from).free(|series| Some(series) == vintage);
    no.unless(held >= wanted, UnitsRefused::too_little(held, wanted));
    no.settle()?;
    let mut draft = Draft::new(state, out);
    for (installation, to, quantity) in due {
        let picked = draft.shelf_now(from).pick(quantity, |series| Some(series) == vintage);
        units::move_all(&picked, units::Way { from, to }, |it| draft.post(it));
        draft.note(Event::Allocated(Allocated { installation, year, quantity }));
    }
    Ok(())
}

/// The delivery counts; for a while it can be reversed.
pub fn apply(state: &mut State, record: &RecordHeader, it: &Allocated) {
    let delivered = (it.installation, it.year, it.quantity);
    reverse_allocation::remember(state, record, delivered);
    let row = state.entitlements.entry((it.installation, it.year)).or_default();
    row.delivered += it.quantity;
}
