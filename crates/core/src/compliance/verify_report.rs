//! Verify a report: a verifier says what it thinks of an operator's report, with its findings.
//! Verified, or verified with comments, the report counts. Returned, the operator corrects it and
//! hands it in again; not verified, it counts for nothing and the authority estimates. The verifier
//! is accredited in the jurisdiction and for the sector, and belongs to another owner group than
//! the operator (Implementing Regulation (EU) 2018/2067, Articles 27 and 42).

use super::report_emissions::{self, is_silent};
use crate::account::account_reopened::AccountReopened;
use crate::account::{self, AccountStatus};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::is_showable;
use crate::id::{GroupId, InstallationId, Label};
use crate::mrv::Decimal;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// The most findings of one opinion.
pub const FINDINGS_MAX: usize = 50;
/// The most bytes of a finding.
pub const FINDING_BYTES_MAX: usize = 300;

/// What a verifier says of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Opinion {
    /// It counts.
    #[n(0)]
    Verified,
    /// It counts, and the findings are to be seen to.
    #[n(1)]
    WithComments,
    /// It does not count.
    #[n(2)]
    NotVerified,
    /// The operator corrects it.
    #[n(3)]
    Returned,
}

impl Opinion {
    /// Whether the report counts.
    pub fn counts(self) -> bool {
        matches!(self, Self::Verified | Self::WithComments)
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Weight {
    /// It changes what users of the report decide.
    #[n(0)]
    Material,
    /// It does not.
    #[n(1)]
    Minor,
}

/// Something a verifier found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Finding {
    /// How much it weighs.
    #[n(0)]
    pub weight: Weight,
    /// What it is. It names no person: the journal is never erased.
    #[n(1)]
    pub text: String,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct VerifyReport {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year of the emissions.
    #[n(1)]
    pub year: Year,
    /// The version of the report that was looked at.
    #[n(2)]
    pub version: u16,
    /// What is said of it.
    #[n(3)]
    pub opinion: Opinion,
    /// What was found.
    #[n(4)]
    pub findings: Vec<Finding>,
}

/// The fact that a verifier has said what it thinks.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct EmissionsReported {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year of the emissions.
    #[n(1)]
    pub year: Year,
    /// What it emitted; none where the report does not count.
    #[n(2)]
    pub emissions: Option<Tonnes>,
    /// What it put out, where the report says so.
    #[n(4)]
    pub activity: Option<Decimal>,
    /// The version of the report.
    #[n(5)]
    pub version: u16,
    /// What is said of it.
    #[n(6)]
    pub opinion: Opinion,
    /// What was found.
    #[n(7)]
    pub findings: Box<Vec<Finding>>,
}

refusals! {
    /// Why an opinion is refused.
    pub enum VerifyReportRefused {
        /// The operator hands a report in first.
        NothingReported { installation: InstallationId, year: Year } = 1018
            => "installation {installation} has handed in no report for {year}",
        /// An opinion is about what was looked at.
        OtherVersion { version: u16, last: u16 } = 1019
            => "version {version} is not the one to be verified; that is {last}",
        /// Nobody verifies itself.
        NotIndependent { group: GroupId } = 1013
            => "verifier and operator belong to owner group {group}; another verifier must look \
                at it",
        /// Accredited for other sectors.
        NotAccredited { sector: Label } = 1014
            => "the verifier is not accredited for the sector {sector}",
        /// Findings are bounded and written.
        FindingsOutOfBounds { most: usize, bytes: usize } = 1015
            => "give at most {most} findings of 1 to {bytes} bytes each, without control \
                characters",
        /// The opinion follows from the findings.
        FindingsDoNotFit = 1016
            => "what counts has no material finding, comments have at least a minor one, what \
                does not count a material one, and what is returned at least one",
        /// One opinion for one version.
        AlreadyVerified { version: u16 } = 1017
            => "version {version} has its opinion; the operator hands in another if it is to \
                change",
    }
}

/// A verifier of the installation's jurisdiction.
pub fn right(state: &State, it: &VerifyReport) -> Result<Right, Refusals> {
    let installation = account::installation(state, it.installation)?;
    Ok(Right::Verifier(installation.jurisdiction))
}

/// Checks the verifier, the version, the findings, and that the year is still open.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &VerifyReport,
    out: &mut Events,
) -> Result<(), Refusals> {
    use VerifyReportRefused as No;
    let mut no = Objections::default();
    let (installation, year, version) = (it.installation, it.year, it.version);
    let row = account::installation(state, installation)?;
    let verifier = state.parties.row(by.party());
    let group = verifier.group;
    let other = group != state.parties.row(row.operator).group;
    no.unless(other, No::NotIndependent { group });
    let sector = row.sector;
    let accredited = verifier.scope.as_ref().is_none_or(|it| it.contains(&sector));
    no.unless(accredited, No::NotAccredited { sector });
    no.unless(
        findings_are_sound(&it.findings),
        No::FindingsOutOfBounds { most: FINDINGS_MAX, bytes: FINDING_BYTES_MAX },
    );
    no.unless(fits(it.opinion, &it.findings), No::FindingsDoNotFit);
    let Some(report) = state.reports.get(&(installation, year)) else {
        no.unless(false, No::NothingReported { installation, year });
        return no.settle();
    };
    let last = report.version;
    no.unless(version == last, No::OtherVersion { version, last });
    no.unless(report.opinion.is_none(), No::AlreadyVerified { version });
    report_emissions::check_year(state, row, (year, report.emissions), &mut no);
    no.settle()?;
    let (opinion, findings) = (it.opinion, Box::new(it.findings.clone()));
    let emissions = opinion.counts().then_some(report.emissions);
    let activity = report.activity.filter(|_| opinion.counts());
    let account = row.account;
    out.push(Event::EmissionsReported(EmissionsReported {
        installation,
        year,
        emissions,
        activity,
        version,
        opinion,
        findings,
    }));
    let restricted = state.accounts.row(account).status == AccountStatus::SurrenderOnly;
    if opinion.counts() && restricted && !is_silent(state, installation, Some(year)) {
        out.push(Event::AccountReopened(AccountReopened { account }));
    }
    Ok(())
}

fn findings_are_sound(findings: &[Finding]) -> bool {
    let written = findings.iter().all(|it| is_showable(&it.text, FINDING_BYTES_MAX));
    findings.len() <= FINDINGS_MAX && written
}

fn fits(opinion: Opinion, findings: &[Finding]) -> bool {
    let material = findings.iter().any(|it| it.weight == Weight::Material);
    match opinion {
        Opinion::Verified => !material,
        Opinion::WithComments => !material && !findings.is_empty(),
        Opinion::NotVerified => material,
        Opinion::Returned => !findings.is_empty(),
    }
}

/// The report counts, in place of an estimate if there was one; or it does not.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &EmissionsReported) {
    if let Some(report) = state.reports.get_mut(&(it.installation, it.year)) {
        report.opinion = Some(it.opinion);
    }
    let Some(emissions) = it.emissions else { return };
    let row = state.installations.row_mut(it.installation);
    row.emissions.insert(it.year, emissions);
    row.estimated.remove(&it.year);
    match it.activity {
        Some(activity) => drop(row.activity.insert(it.year, activity)),
        None => drop(row.activity.remove(&it.year)),
    }
}
