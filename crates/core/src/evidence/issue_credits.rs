//! Issue credits: each stands for a tonne that a site avoided or removed. Energy avoids what the
//! grid would have emitted for it; the energy drawn makes no certificates. Rounded down, and what
//! is lost is lost: a credit stands for a whole tonne.
//!
//! Source: combined margins of grids, as published by the IFI harmonised framework.

use super::{EvidenceRefused, Measured};
use crate::account;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{EvidenceId, InstallationId, SeriesId};
use crate::ledger::posting::UnitsIssued;
use crate::ledger::{Drawn, Series, UnitClass};
use crate::planted::{self, Fault};
use crate::quantity::{Tonnes, WattHours};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// Watt-hours times grams a kilowatt-hour, in a tonne: 1,000 Wh and 1,000,000 g.
const A_TONNE: u128 = 1_000_000_000;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct IssueCredits {
    /// The evidence.
    #[n(0)]
    pub evidence: EvidenceId,
    /// How much of it.
    #[n(1)]
    pub drawn: Measured,
}

/// The fact; the posting after it says which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CreditsIssued {
    /// The evidence.
    #[n(0)]
    pub evidence: EvidenceId,
    /// What was drawn.
    #[n(1)]
    pub drawn: Measured,
    /// The series, which is opened where there was none.
    #[n(2)]
    pub series: SeriesId,
    /// How many.
    #[n(3)]
    pub quantity: Tonnes,
}

refusals! {
    /// Why no credits are issued.
    pub enum IssueCreditsRefused {
        /// The cap counts it.
        Capped { installation: InstallationId, year: Year } = 1251
            => "the site belongs to installation {installation}, which owes units for {year}: its \
                cap counts what is avoided there",
        /// The grid's factor is the policy's.
        NoGridFactor = 1252
            => "the policy in force does not say what energy avoids in this grid",
    }
}

/// The administrator where the site stands.
pub fn right(state: &State, it: &IssueCredits) -> Result<Right, Refusals> {
    super::right_over(state, it.evidence)
}

/// Checks the evidence and that no cap counts it.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &IssueCredits,
    out: &mut Events,
) -> Result<(), Refusals> {
    use IssueCreditsRefused as No;
    let mut no = Objections::default();
    let (evidence, drawn) = (it.evidence, it.drawn);
    let row = super::evidence(state, evidence)?;
    let site = state.sites.row(row.site);
    if !planted::has(Fault::DrawnTwice) {
        no.take(super::check_left((evidence, row), drawn));
    }
    no.take(account::may_receive(state, site.account));
    let year = row.year();
    if let Some(installation) = site.installation {
        let capped = state.installations.row(installation).obliged_in(year);
        no.unless(!capped, No::Capped { installation, year });
    }
    let rules = no.take(super::rules(state, site.jurisdiction));
    let rules = no.settle_with(rules)?;
    let quantity = match drawn {
        Measured::Avoided(it) => it,
        Measured::Energy(energy) => {
            let grams = rules.grid_grams_per_kwh.ok_or(No::NoGridFactor)?;
            avoided(energy, grams)
        }
    };
    if quantity == Tonnes::ZERO {
        return Err(EvidenceRefused::TooLittle { drawn }.into());
    }
    let (series, serials) = super::next_units(state, row.credits_in, quantity);
    out.push(Event::CreditsIssued(CreditsIssued { evidence, drawn, series, quantity }));
    out.push(Event::UnitsIssued(UnitsIssued { series, to: site.account, serials }));
    Ok(())
}

/// What so much energy avoids in a grid of so many grams a kilowatt-hour, in whole tonnes.
pub fn avoided(WattHours(energy): WattHours, grams: u32) -> Tonnes {
    let tonnes = u128::from(energy).saturating_mul(u128::from(grams)).div_euclid(A_TONNE);
    Tonnes(u64::try_from(tonnes).unwrap_or(u64::MAX))
}

/// The evidence is drawn; the series is there.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CreditsIssued) {
    let row = state.evidence.row_mut(it.evidence);
    row.credited = it.drawn.of(row.credited.amount().saturating_add(it.drawn.amount()));
    row.credits += it.quantity;
    row.credits_in = Some(it.series);
    let (evidence, site, year) = (it.evidence, row.site, row.year());
    let jurisdiction = state.sites.row(site).jurisdiction;
    let drawn = Drawn { site, evidence, expires: None, quantum: None };
    super::open(state, it.series, Series::of_draw((UnitClass::Credit, drawn), jurisdiction, year));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_megawatt_hours_in_a_grid_of_532_grams_avoid_532_tonnes() {
        assert_eq!(avoided(WattHours(1_000_000_000), 532), Tonnes(532));
        assert_eq!(avoided(WattHours(1_879_699), 532), Tonnes(0));
        assert_eq!(avoided(WattHours(1_879_700), 532), Tonnes(1));
    }
}
