//! Set the cap of a year. Caps are a chain of facts; the last one is in force. A cut below what
//! is issued is refused with the figure.
//!
//! An opening balance (units held under earlier law, taken over when the market starts) is set
//! the same way and stands beside the cap.

use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::JurisdictionId;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// One vintage is never larger than this: far above any country's emissions.
pub const CAP_MAX: Tonnes = Tonnes(100_000_000_000);

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SetCap {
    /// Whose cap.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// The cap.
    #[n(2)]
    pub quantity: Tonnes,
    /// The opening balance in units of this vintage.
    #[n(3)]
    pub opening: Tonnes,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CapSet {
    /// Whose cap.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// The cap.
    #[n(2)]
    pub quantity: Tonnes,
    /// The opening balance.
    #[n(3)]
    pub opening: Tonnes,
}

refusals! {
    /// Why a cap cannot be set.
    pub enum SetCapRefused {
        /// The policy in force does not have this year.
        YearUnknown { year: Year } = 501
            => "the policy in force has no year {year} for this jurisdiction",
        /// More is issued already.
        BelowIssued { issued: Tonnes, wanted: Tonnes } = 502
            => "{issued} are issued; a cap of {wanted} would be below",
        /// No country emits so much.
        TooLarge { wanted: Tonnes, most: Tonnes } = 503
            => "{wanted} is more than {most}, the most one vintage may have",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &SetCap) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks the year and what is issued.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &SetCap,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (jurisdiction, year, quantity, opening) =
        (it.jurisdiction, it.year, it.quantity, it.opening);
    let wanted = quantity.checked_add(opening).unwrap_or(Tonnes(u64::MAX));
    no.unless(wanted <= CAP_MAX, SetCapRefused::TooLarge { wanted, most: CAP_MAX });
    match state.ledger.vintage(jurisdiction, year) {
        None => no.unless(false, SetCapRefused::YearUnknown { year }),
        Some(series) => {
            let issued = state.ledger.series.row(series).issued;
            no.unless(wanted >= issued, SetCapRefused::BelowIssued { issued, wanted });
        }
    }
    no.settle()?;
    out.push(Event::CapSet(CapSet { jurisdiction, year, quantity, opening }));
    Ok(())
}

/// The cap is in force.
pub fn apply(state: &mut State, record: &RecordHeader, it: &CapSet) {
    let cap = state.caps.entry((it.jurisdiction, it.year)).or_default();
    cap.chain.push((record.position, it.quantity));
    cap.opening = it.opening;
}
