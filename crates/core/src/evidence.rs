//! Evidence: what sites did in a period, as an accredited verifier says, and what is drawn from it.
//!
//! Nothing is issued from thin air: each certificate and each credit is drawn from evidence, and
//! draws whose claims exclude each other never exceed it. A watt-hour becomes a certificate or
//! avoids emissions, never both; what a capped installation avoids is counted by its cap.

pub mod issue_certificates;
pub mod issue_credits;
pub(crate) mod lapse;
pub mod record_evidence;
pub mod register_site;
pub mod withdraw_evidence;

use crate::authority::Right;
use crate::calendar::Day;
use crate::id::{
    AccountId, EvidenceId, InstallationId, JurisdictionId, Label, PartyId, SeriesId, SiteId,
};
use crate::ledger::{Serials, Series};
use crate::quantity::{Tonnes, WattHours, Watts};
use crate::refusal::{Refusals, refusals};
use crate::rules::EvidenceRules;
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// A site: a plant that feeds energy in, or a project that avoids emissions.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Site {
    /// Its row in the data.
    #[n(0)]
    pub label: Label,
    /// Where it stands.
    #[n(1)]
    pub jurisdiction: JurisdictionId,
    /// The project account into which its units are issued.
    #[n(2)]
    pub account: AccountId,
    /// Its technology, such as wind.
    #[n(3)]
    pub technology: Label,
    /// What it can generate; none where it does not generate.
    #[n(4)]
    pub capacity: Option<Watts>,
    /// The installation that it belongs to, if it does.
    #[n(5)]
    pub installation: Option<InstallationId>,
    /// The periods for which there is evidence, by their first day.
    #[n(6)]
    pub periods: BTreeMap<Day, (Day, EvidenceId)>,
    /// Energy drawn for certificates that made no whole one yet.
    #[n(7)]
    pub carry: WattHours,
}

/// What was measured, or how much of it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Measured {
    /// Energy fed into the grid, by its meter.
    #[n(0)]
    Energy(#[n(0)] WattHours),
    /// Emissions that were avoided or removed, reckoned against the baseline of the project.
    #[n(1)]
    Avoided(#[n(0)] Tonnes),
}

impl Measured {
    /// The number, in watt-hours or tonnes.
    pub fn amount(self) -> u64 {
        match self {
            Self::Energy(WattHours(it)) | Self::Avoided(Tonnes(it)) => it,
        }
    }

    /// So much of the same.
    pub fn of(self, amount: u64) -> Self {
        match self {
            Self::Energy(_) => Self::Energy(WattHours(amount)),
            Self::Avoided(_) => Self::Avoided(Tonnes(amount)),
        }
    }

    fn is_like(self, other: Self) -> bool {
        self == other.of(self.amount())
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Energy(it) => it.fmt(to),
            Self::Avoided(it) => it.fmt(to),
        }
    }
}

/// What a site did in a period.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Evidence {
    /// The site.
    #[n(0)]
    pub site: SiteId,
    /// The first day.
    #[n(1)]
    pub first: Day,
    /// The last day.
    #[n(2)]
    pub last: Day,
    /// What was measured.
    #[n(3)]
    pub measured: Measured,
    /// Who verified it.
    #[n(4)]
    pub verifier: PartyId,
    /// Energy drawn for certificates.
    #[n(5)]
    pub certified: WattHours,
    /// How much was drawn for credits.
    #[n(6)]
    pub credited: Measured,
    /// The credits that were issued for it.
    #[n(7)]
    pub credits: Tonnes,
    /// The series of its certificates.
    #[n(8)]
    pub certificates_in: Option<SeriesId>,
    /// The series of its credits.
    #[n(9)]
    pub credits_in: Option<SeriesId>,
    /// Whether it was taken back.
    #[n(10)]
    pub withdrawn: bool,
}

impl Evidence {
    /// The year of the period.
    pub fn year(&self) -> Year {
        year_of(self.first)
    }

    /// What is not drawn yet.
    pub fn left(&self) -> Measured {
        let drawn = self.certified.0.saturating_add(self.credited.amount());
        self.measured.of(self.measured.amount().saturating_sub(drawn))
    }
}

fn year_of(day: Day) -> Year {
    let (year, ..) = day.date();
    Year(u16::try_from(year).unwrap_or_default())
}

refusals! {
    /// Why nothing is drawn from evidence.
    pub enum EvidenceRefused {
        /// There is no such site.
        SiteUnknown { site: SiteId } = 1201 => "there is no site {site}",
        /// There is no such evidence.
        Unknown { evidence: EvidenceId } = 1202 => "there is no evidence {evidence}",
        /// It was taken back.
        Withdrawn { evidence: EvidenceId } = 1203 => "evidence {evidence} was withdrawn",
        /// The policy must say what is drawn.
        NoRules = 1204
            => "the policy in force has no rules for evidence in this jurisdiction",
        /// No claim is made twice.
        AboveEvidence { evidence: EvidenceId, left: Measured, wanted: Measured } = 1205
            => "evidence {evidence} has {left} left to be drawn, less than {wanted}",
        /// Energy and tonnes are different things.
        OtherMeasure { measured: Measured, wanted: Measured } = 1206
            => "the evidence is {measured}; {wanted} cannot be drawn from it",
        /// What is drawn makes a unit.
        TooLittle { drawn: Measured } = 1207 => "{drawn} would make no whole unit",
    }
}

/// A site.
pub fn site(state: &State, site: SiteId) -> Result<&Site, EvidenceRefused> {
    state.sites.get(site).ok_or(EvidenceRefused::SiteUnknown { site })
}

/// Evidence that stands.
pub fn evidence(state: &State, id: EvidenceId) -> Result<&Evidence, EvidenceRefused> {
    let evidence = id;
    let row = state.evidence.get(id).ok_or(EvidenceRefused::Unknown { evidence })?;
    if row.withdrawn { Err(EvidenceRefused::Withdrawn { evidence }) } else { Ok(row) }
}

/// The rules of a jurisdiction.
fn rules(state: &State, jurisdiction: JurisdictionId) -> Result<&EvidenceRules, EvidenceRefused> {
    let chapter = state.rules.as_ref().and_then(|it| it.jurisdiction(jurisdiction));
    chapter.and_then(|it| it.evidence.as_ref()).ok_or(EvidenceRefused::NoRules)
}

/// The administrator where the site stands.
fn right_over(state: &State, id: EvidenceId) -> Result<Right, Refusals> {
    let row = evidence(state, id)?;
    Ok(Right::Administrator(state.sites.row(row.site).jurisdiction))
}

/// Checks that so much can be drawn.
fn check_left(
    (evidence, row): (EvidenceId, &Evidence),
    wanted: Measured,
) -> Result<(), EvidenceRefused> {
    use EvidenceRefused as No;
    let measured = row.measured;
    if !wanted.is_like(measured) {
        return Err(No::OtherMeasure { measured, wanted });
    }
    let left = row.left();
    let fits = wanted.amount() <= left.amount();
    if fits { Ok(()) } else { Err(No::AboveEvidence { evidence, left, wanted }) }
}

/// The series that a draw goes into: the one there is, or the next to be opened; and the serials.
fn next_units(state: &State, known: Option<SeriesId>, count: Tonnes) -> (SeriesId, Serials) {
    let series = known.unwrap_or_else(|| state.ledger.series.next_id());
    let issued = known.map_or(Tonnes::ZERO, |it| state.ledger.series.row(it).issued);
    (series, Serials { first: issued.0.saturating_add(1), count })
}

/// Opens a series where a fact names one that is not there.
fn open(state: &mut State, id: SeriesId, it: Series) {
    if id == state.ledger.series.next_id() {
        state.ledger.series.add(id, it);
    }
}
