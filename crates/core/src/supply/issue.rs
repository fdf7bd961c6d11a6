//! Issue units of a vintage into the total quantity account. What is issued never exceeds the
//! cap in force with its opening balance (Regulation (EU) 2019/1122, Article 41).

use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::event::{Event, Events};
use crate::id::JurisdictionId;
use crate::ledger::Serials;
use crate::ledger::posting::UnitsIssued;
use crate::mirror::import_holdings::{self, ImportHoldingsRefused};
use crate::planted::{self, Fault};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Year;
use crate::units::UnitsRefused;
use minicbor::{Decode, Encode};

/// The command. Its only fact is the posting [`UnitsIssued`].
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Issue {
    /// Whose units.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The vintage.
    #[n(1)]
    pub year: Year,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
}

refusals! {
    /// Why units cannot be issued.
    pub enum IssueRefused {
        /// No cap is set.
        NoCap { year: Year } = 511 => "no cap is set for {year}; set it first",
        /// The cap leaves less.
        AboveCap { left: Tonnes, wanted: Tonnes } = 512
            => "the cap leaves {left} to be issued, less than {wanted}",
        /// The account is missing.
        NoGovernmentAccount { kind: &'static str } = 513
            => "the jurisdiction has no account of the kind {kind}; open it first",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &Issue) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks the cap.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &Issue,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (jurisdiction, year, count) = (it.jurisdiction, it.year, it.quantity);
    let mirror = import_holdings::is_mirror(state, jurisdiction);
    no.unless(!mirror, ImportHoldingsRefused::Mirror { jurisdiction });
    no.unless(count > Tonnes::ZERO, UnitsRefused::QuantityIsZero);
    let kind = AccountKind::TotalQuantity;
    let account = account::of_government(state, jurisdiction, kind);
    no.unless(account.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let cap = state.caps.get(&(jurisdiction, year));
    let series = state.ledger.vintage(jurisdiction, year);
    let (Some(cap), Some(series)) = (cap, series) else {
        no.unless(false, IssueRefused::NoCap { year });
        return no.settle();
    };
    let issued = state.ledger.series.row(series).issued;
    let left = issued.short_of(cap.issued_at_most());
    let within = count <= left || planted::has(Fault::CapUnchecked);
    no.unless(within, IssueRefused::AboveCap { left, wanted: count });
    no.settle()?;
    if let Some(to) = account {
        let serials = Serials { first: issued.0.saturating_add(1), count };
        out.push(Event::UnitsIssued(UnitsIssued { series, to, serials }));
    }
    Ok(())
}
