//! Estimate emissions: where no verified report came by its date, the administrator estimates them
//! conservatively (Regulation (EU) 2018/2066, Article 70). The estimate counts as emissions until a
//! verified report replaces it; the account stays restricted until then. So nobody escapes a
//! penalty by silence.

use super::report_emissions::ReportEmissionsRefused;
use crate::account;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::InstallationId;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::set_cap::CAP_MAX;
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct EstimateEmissions {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year of the emissions.
    #[n(1)]
    pub year: Year,
    /// What it is taken to have emitted.
    #[n(2)]
    pub emissions: Tonnes,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct EmissionsEstimated {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year of the emissions.
    #[n(1)]
    pub year: Year,
    /// What it is taken to have emitted.
    #[n(2)]
    pub emissions: Tonnes,
}

refusals! {
    /// Why emissions cannot be estimated.
    pub enum EstimateEmissionsRefused {
        /// It owes nothing for the year.
        NotObliged { installation: InstallationId, year: Year } = 1031
            => "installation {installation} owes nothing for {year}; nothing is estimated",
        /// The operator still has time.
        ReportNotDue { year: Year, due: Instant } = 1032
            => "the report for {year} is due at {due}; estimate after that",
        /// A verified figure is better than an estimate.
        Reported { installation: InstallationId, year: Year } = 1033
            => "installation {installation} has a verified report for {year}",
    }
}

/// The administrator of the installation's jurisdiction.
pub fn right(state: &State, it: &EstimateEmissions) -> Result<Right, Refusals> {
    let installation = account::installation(state, it.installation)?;
    Ok(Right::Administrator(installation.jurisdiction))
}

/// Checks that a report is due and missing.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &EstimateEmissions,
    out: &mut Events,
) -> Result<(), Refusals> {
    use EstimateEmissionsRefused as No;
    let mut no = Objections::default();
    let (installation, year, emissions) = (it.installation, it.year, it.emissions);
    let row = account::installation(state, installation)?;
    let rules = state.year_rules(row.jurisdiction, year).filter(|_| row.obliged_in(year));
    match rules.map(|it| it.report_due) {
        None => no.unless(false, No::NotObliged { installation, year }),
        Some(due) => no.unless(due <= by.now(), No::ReportNotDue { year, due }),
    }
    no.unless(!row.has_report(year), No::Reported { installation, year });
    no.unless(emissions <= CAP_MAX, ReportEmissionsRefused::TooLarge { emissions, most: CAP_MAX });
    no.settle()?;
    out.push(Event::EmissionsEstimated(EmissionsEstimated { installation, year, emissions }));
    Ok(())
}

/// The estimate counts until a report comes.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &EmissionsEstimated) {
    let row = state.installations.row_mut(it.installation);
    row.emissions.insert(it.year, it.emissions);
    row.estimated.insert(it.year);
}
