//! Lists of what is drawn from evidence: sites, and what they did in each period.

use super::{code, column};
use crate::list::{Column, Kind, List, Order};
use crate::sql::Value;
use karvan_core::State;
use karvan_core::evidence::Measured;
use karvan_core::id::{EvidenceId, SiteId};
use karvan_core::time::DAY_MS;

const JURISDICTION: Column =
    column("jurisdiction", Kind::Jurisdiction, "Where the site stands, by its code.");
const TECHNOLOGY: Column =
    column("technology", Kind::Text, "Its technology, as the administrator registered it.");

/// Sites.
pub const SITES: List = List {
    name: "sites",
    about: "Sites whose energy or avoided emissions are evidence for certificates and credits.",
    columns: &[
        column("site", Kind::Number, "The site's number."),
        column("label", Kind::Text, "Its row in the data."),
        JURISDICTION,
        TECHNOLOGY,
        column("capacity", Kind::Power, "What it can generate; none where it does not generate."),
        column("installation", Kind::Text, "The installation it belongs to, if any."),
        column("periods", Kind::Count, "Periods for which there is evidence."),
        column("carry", Kind::Energy, "Energy drawn that made no whole certificate yet."),
    ],
    key: 1,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// Evidence.
pub const EVIDENCE: List = List {
    name: "evidence",
    about: "What sites did, as accredited verifiers say, and what was drawn from it.",
    columns: &[
        column("evidence", Kind::Number, "The evidence's number."),
        column("site", Kind::Number, "The site's number."),
        column("label", Kind::Text, "The site's row in the data."),
        JURISDICTION,
        TECHNOLOGY,
        column("first_day", Kind::Day, "The first day of the period."),
        column("last_day", Kind::Day, "The last day of the period."),
        column("state", Kind::Word, "recorded or withdrawn."),
        column("energy", Kind::Energy, "Energy fed in, by the meter."),
        column("avoided", Kind::Tonnes, "Emissions avoided or removed, where that was measured."),
        column("certified", Kind::Energy, "Energy drawn for certificates."),
        column("certificates", Kind::Units, "Certificates issued."),
        column("credited", Kind::Energy, "Energy drawn for credits."),
        column("credits", Kind::Units, "Credits issued."),
        column("expires", Kind::Moment, "When its certificates expire."),
    ],
    key: 1,
    order: Order::Descending,
    delayed: false,
    sought: &[&["jurisdiction"]],
};

/// The row of a site.
pub(crate) fn site(state: &State, id: SiteId) -> Option<Vec<Value>> {
    let it = state.sites.get(id)?;
    Some(vec![
        id.0.into(),
        it.label.into(),
        code(state, it.jurisdiction).into(),
        it.technology.into(),
        it.capacity.map(|it| it.0).into(),
        it.installation.map(|it| state.installations.row(it).label).into(),
        it.periods.len().into(),
        it.carry.0.into(),
    ])
}

/// The row of evidence.
pub(crate) fn evidence(state: &State, id: EvidenceId) -> Option<Vec<Value>> {
    let it = state.evidence.get(id)?;
    let site = state.sites.get(it.site)?;
    let day = |it: karvan_core::calendar::Day| it.0.saturating_mul(DAY_MS);
    let parts = |it: Measured| match it {
        Measured::Energy(energy) => (Some(energy.0), None),
        Measured::Avoided(tonnes) => (None, Some(tonnes)),
    };
    let (energy, avoided) = parts(it.measured);
    let series = it.certificates_in.and_then(|it| state.ledger.series.get(it));
    Some(vec![
        id.0.into(),
        it.site.0.into(),
        site.label.into(),
        code(state, site.jurisdiction).into(),
        site.technology.into(),
        day(it.first).into(),
        day(it.last).into(),
        if it.withdrawn { "withdrawn".into() } else { "recorded".into() },
        energy.into(),
        avoided.into(),
        energy.map(|_| it.certified.0).into(),
        series.map(|it| it.issued).into(),
        parts(it.credited).0.into(),
        it.credits_in.map(|_| it.credits).into(),
        series.and_then(|it| it.drawn?.expires).into(),
    ])
}
