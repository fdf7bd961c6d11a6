//! Issue energy certificates: each stands for a quantum of energy that a site fed in, and for where
//! and when that was. What makes no whole one is carried to the site's next.
//!
//! Source of the carry and of expiry twelve months after the period: EN 16325, European Energy
//! Certificate System; the quantum and the months are the policy's.

use super::Measured;
use crate::account;
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::calendar::{Calendar, Day};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{EvidenceId, SeriesId};
use crate::ledger::posting::UnitsIssued;
use crate::ledger::{Drawn, Series, UnitClass};
use crate::quantity::{Tonnes, WattHours};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

const MONTHS_A_YEAR: i64 = 12;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct IssueCertificates {
    /// The evidence.
    #[n(0)]
    pub evidence: EvidenceId,
    /// How much of its energy.
    #[n(1)]
    pub energy: WattHours,
}

/// The fact; the posting after it says which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CertificatesIssued {
    /// The evidence.
    #[n(0)]
    pub evidence: EvidenceId,
    /// The energy drawn.
    #[n(1)]
    pub energy: WattHours,
    /// The series, which is opened where there was none.
    #[n(2)]
    pub series: SeriesId,
    /// How many.
    #[n(3)]
    pub quantity: Tonnes,
    /// The energy of each.
    #[n(4)]
    pub quantum: WattHours,
    /// When they expire.
    #[n(5)]
    pub expires: Option<Instant>,
}

refusals! {
    /// Why no certificates are issued.
    pub enum IssueCertificatesRefused {
        /// They could not be used.
        Expired { expires: Instant } = 1241
            => "certificates of this period expired at {expires}; the energy can make credits",
        /// One series, one quantum.
        QuantumChanged { before: WattHours, now: WattHours } = 1242
            => "certificates of this evidence stand for {before}, and the policy in force says \
                {now}",
    }
}

/// The administrator where the site stands.
pub fn right(state: &State, it: &IssueCertificates) -> Result<Right, Refusals> {
    super::right_over(state, it.evidence)
}

/// Checks the evidence, and divides the energy into certificates.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &IssueCertificates,
    out: &mut Events,
) -> Result<(), Refusals> {
    use IssueCertificatesRefused as No;
    let mut no = Objections::default();
    let (evidence, energy) = (it.evidence, it.energy);
    let row = super::evidence(state, evidence)?;
    let site = state.sites.row(row.site);
    let drawn = Measured::Energy(energy);
    no.take(super::check_left((evidence, row), drawn));
    no.take(account::may_receive(state, site.account));
    let rules = no.take(super::rules(state, site.jurisdiction));
    let rules = no.settle_with(rules)?;
    let mut no = Objections::default();
    let calendar = state.working_time(site.jurisdiction).calendar;
    let expires = rules.expires_months.map(|it| expiry(calendar, row.last, it));
    if let Some(expires) = expires {
        no.unless(by.now() < expires, No::Expired { expires });
    }
    let quantum = rules.quantum;
    if let Some(before) = row.certificates_in.and_then(|it| quantum_of(state, it)) {
        no.unless(before == quantum, No::QuantumChanged { before, now: quantum });
    }
    let whole = energy.0.saturating_add(site.carry.0).checked_div(quantum.0);
    let quantity = Tonnes(whole.unwrap_or_default());
    no.unless(quantity > Tonnes::ZERO, super::EvidenceRefused::TooLittle { drawn });
    no.settle()?;
    let (series, serials) = super::next_units(state, row.certificates_in, quantity);
    out.push(Event::CertificatesIssued(CertificatesIssued {
        evidence,
        energy,
        series,
        quantity,
        quantum,
        expires,
    }));
    out.push(Event::UnitsIssued(UnitsIssued { series, to: site.account, serials }));
    Ok(())
}

/// The energy of one certificate of a series.
pub fn quantum_of(state: &State, series: SeriesId) -> Option<WattHours> {
    state.ledger.series.get(series)?.drawn?.quantum
}

/// The midnight so many months after the end of a period, by local clocks.
fn expiry(calendar: &Calendar, last: Day, months: u32) -> Instant {
    let (year, month, day) = last.next().date();
    let months = year
        .saturating_mul(MONTHS_A_YEAR)
        .saturating_add(month.saturating_sub(1))
        .saturating_add(i64::from(months));
    let (year, month) = (months.div_euclid(MONTHS_A_YEAR), months.rem_euclid(MONTHS_A_YEAR));
    calendar.moment(Day::of_date(year, month.saturating_add(1), day).at(0))
}

/// The energy is drawn; the series is there, and its end on the agenda.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CertificatesIssued) {
    let row = state.evidence.row_mut(it.evidence);
    row.certified += it.energy;
    row.certificates_in = Some(it.series);
    let (evidence, year) = (it.evidence, row.year());
    let (id, site) = (row.site, state.sites.row_mut(row.site));
    let whole = WattHours(it.quantity.0.saturating_mul(it.quantum.0));
    site.carry += it.energy;
    site.carry -= whole;
    let jurisdiction = site.jurisdiction;
    let (site, expires, quantum) = (id, it.expires, Some(it.quantum));
    let drawn = Drawn { site, evidence, expires, quantum };
    super::open(
        state,
        it.series,
        Series::of_draw((UnitClass::Certificate, drawn), jurisdiction, year),
    );
    if let Some(expires) = expires {
        state.agenda.enter(state.now, expires, Due::Certificates(it.series));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_of_march_expire_with_the_march_after() {
        let calendar = Calendar::plain();
        let last = Day::of_date(2027, 3, 31);
        assert_eq!(expiry(&calendar, last, 12), Instant::of_date(2028, 4, 1));
        assert_eq!(expiry(&calendar, Day::of_date(2027, 12, 31), 1), Instant::of_date(2028, 2, 1));
    }
}
