//! Report emissions: an operator hands in what its installation emitted in a year that is over, in
//! all or source stream by source stream, and what it put out. A verifier looks at each version;
//! only what it verified counts. Before the surrender date a report replaces an earlier one; after
//! it one that counts stays, and one that is missing may still come and counts from the next letter
//! on. Zero is a report.

use super::verify_report::Opinion;
use crate::account::{self, Installation};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::InstallationId;
use crate::mrv::stream::{self, Sets, StreamWrong};
use crate::mrv::{Decimal, SourceStream};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::rules::YearRules;
use crate::state::State;
use crate::supply::set_cap::CAP_MAX;
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};

/// The most reports of one installation and year.
pub const VERSIONS_MAX: u16 = 100;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ReportEmissions {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year of the emissions.
    #[n(1)]
    pub year: Year,
    /// What it emitted.
    #[n(2)]
    pub emissions: Tonnes,
    /// How that was found, source stream by source stream; without any only the total is reported.
    #[n(3)]
    pub detail: Option<Box<Detail>>,
    /// What it put out, in the unit of its benchmark: allocation by actual output takes it.
    #[n(4)]
    pub activity: Option<Decimal>,
}

/// The last report of a year.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Report {
    /// Counted from 1.
    #[n(0)]
    pub version: u16,
    /// What was emitted.
    #[n(1)]
    pub emissions: Tonnes,
    /// What was put out.
    #[n(2)]
    pub activity: Option<Decimal>,
    /// What a verifier said of it.
    #[n(3)]
    pub opinion: Option<Opinion>,
}

/// The source streams of a report.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Detail {
    /// The published values that are used: with the report they never change.
    #[n(0)]
    pub sets: Sets,
    /// The streams.
    #[n(1)]
    pub streams: Vec<SourceStream>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ReportHandedIn {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year of the emissions.
    #[n(1)]
    pub year: Year,
    /// Which report of the year it is, counted from 1.
    #[n(2)]
    pub version: u16,
    /// What it emitted.
    #[n(3)]
    pub emissions: Tonnes,
    /// What it put out.
    #[n(4)]
    pub activity: Option<Decimal>,
    /// How that was found.
    #[n(5)]
    pub detail: Option<Box<Detail>>,
}

refusals! {
    /// Why a report is refused.
    pub enum ReportEmissionsRefused {
        /// The policy in force does not have the year.
        YearUnknown { year: Year } = 1001
            => "the policy in force has no year {year} for this jurisdiction",
        /// A year is reported when it is over.
        YearNotOver { year: Year, now: Instant } = 1002
            => "it is {now}; the year {year} is not over",
        /// After the surrender date no report is replaced.
        YearClosed { year: Year } = 1003
            => "the surrender for {year} was due and its report is in; a correction goes to the \
                authority",
        /// An excluded year counts for nothing.
        YearExcluded { year: Year } = 1005 => "the year {year} is excluded for this installation",
        /// A stream is reckoned by its formula. Streams are counted from 1.
        StreamWrong { stream: usize, wrong: StreamWrong } = 1006
            => "source stream {stream}: {wrong}",
        /// The total is that of the streams, rounded half up once.
        TotalDiffers { emissions: Tonnes, reckoned: Tonnes } = 1007
            => "the source streams come to {reckoned}, not to {emissions}",
        /// A report is bounded, and comes to something.
        StreamsOutOfBounds { most: usize, bytes: usize } = 1008
            => "a report has 1 to {most} source streams with names of 1 to {bytes} bytes, and a \
                total that is not negative",
        /// What is put out is not negative.
        ActivityNegative = 1009 => "the output is negative",
        /// Somebody should talk to somebody.
        TooManyVersions { most: u16 } = 1010
            => "{most} reports of this year were handed in; ask the administrator",
        /// No installation emits so much.
        TooLarge { emissions: Tonnes, most: Tonnes } = 1004
            => "{emissions} is more than {most}, the most that can be reported",
    }
}

/// The holder of the installation's account.
pub fn right(state: &State, it: &ReportEmissions) -> Result<Right, Refusals> {
    Ok(Right::Holder(account::installation(state, it.installation)?.account))
}

/// Checks the year and reckons with the streams.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &ReportEmissions,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (installation, year, emissions) = (it.installation, it.year, it.emissions);
    let row = account::installation(state, installation)?;
    check_year(state, row, (year, emissions), &mut no);
    let most = CAP_MAX;
    no.unless(emissions <= most, ReportEmissionsRefused::TooLarge { emissions, most });
    let sound = it.activity.is_none_or(|it| !it.is_negative());
    no.unless(sound, ReportEmissionsRefused::ActivityNegative);
    let before = state.reports.get(&(installation, year)).map_or(0, |it| it.version);
    let most = VERSIONS_MAX;
    no.unless(before < most, ReportEmissionsRefused::TooManyVersions { most });
    if let Some(detail) = &it.detail {
        check_detail(detail, emissions, &mut no);
    }
    no.settle()?;
    let (version, activity, detail) = (before.saturating_add(1), it.activity, it.detail.clone());
    out.push(Event::ReportHandedIn(ReportHandedIn {
        installation,
        year,
        version,
        emissions,
        activity,
        detail,
    }));
    Ok(())
}

/// Checks that a year can be reported now.
pub(crate) fn check_year(
    state: &State,
    installation: &Installation,
    (year, emissions): (Year, Tonnes),
    no: &mut Objections,
) {
    let rules = state.year_rules(installation.jurisdiction, year);
    no.unless(rules.is_some(), ReportEmissionsRefused::YearUnknown { year });
    let now = state.now;
    // Whoever closes reports within the year.
    let closes = installation.obliged_to == Some(year) && now.date().0 == i64::from(year.0);
    let over = now.date().0 > i64::from(year.0) || closes;
    no.unless(over, ReportEmissionsRefused::YearNotOver { year, now });
    let counts = emissions == Tonnes::ZERO || !installation.excluded.contains(&year);
    no.unless(counts, ReportEmissionsRefused::YearExcluded { year });
    let due = rules.is_some_and(|it| it.surrender_due <= now);
    let open = !due || !installation.has_report(year);
    no.unless(open, ReportEmissionsRefused::YearClosed { year });
}

/// Reckons with every stream; all that is wrong at once.
fn check_detail(detail: &Detail, emissions: Tonnes, no: &mut Objections) {
    let (most, bytes) = (stream::STREAMS_MAX, stream::NAME_BYTES_MAX);
    let named = |it: &SourceStream| (1..=bytes).contains(&it.name.len());
    let in_bounds = (1..=most).contains(&detail.streams.len()) && detail.streams.iter().all(named);
    no.unless(in_bounds, ReportEmissionsRefused::StreamsOutOfBounds { most, bytes });
    if !in_bounds {
        return;
    }
    let mut emitted = Vec::new();
    for (stream, row) in (1..).zip(&detail.streams) {
        match stream::emitted(row, detail.sets) {
            Ok(it) => emitted.push(it),
            Err(all) => {
                for wrong in all {
                    no.unless(false, ReportEmissionsRefused::StreamWrong { stream, wrong });
                }
            }
        }
    }
    if emitted.len() < detail.streams.len() {
        return;
    }
    match stream::total(emitted.iter()).map(|it| it.fossil) {
        None => no.unless(false, ReportEmissionsRefused::StreamsOutOfBounds { most, bytes }),
        Some(reckoned) => {
            let differs = ReportEmissionsRefused::TotalDiffers { emissions, reckoned };
            no.unless(reckoned == emissions, differs);
        }
    }
}

/// Whether a report that is due is missing, besides the one that comes now.
pub(crate) fn is_silent(state: &State, id: InstallationId, comes: Option<Year>) -> bool {
    let installation = state.installations.row(id);
    let chapter = state.rules.as_ref().and_then(|it| it.jurisdiction(installation.jurisdiction));
    let awaited = |it: &&YearRules| it.report_due <= state.now && it.stage.obliges();
    let mut years = chapter.iter().flat_map(|it| it.years.iter().filter(awaited));
    years.any(|it| {
        installation.obliged_in(it.year)
            && Some(it.year) != comes
            && !installation.has_report(it.year)
    })
}

/// The report waits for its verifier.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &ReportHandedIn) {
    let (version, emissions, activity) = (it.version, it.emissions, it.activity);
    let report = Report { version, emissions, activity, opinion: None };
    state.reports.insert((it.installation, it.year), report);
}
