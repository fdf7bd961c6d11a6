//! The verbs of sites, evidence, and what is drawn from it.

use super::Story;
use super::words::{Words, grounds, moment};
use karvan_core::Command;
use karvan_core::calendar::Day;
use karvan_core::evidence::Measured;
use karvan_core::evidence::issue_certificates::IssueCertificates;
use karvan_core::evidence::issue_credits::IssueCredits;
use karvan_core::evidence::record_evidence::RecordEvidence;
use karvan_core::evidence::register_site::RegisterSite;
use karvan_core::evidence::withdraw_evidence::WithdrawEvidence;
use karvan_core::id::{
    AccountId, EvidenceId, InstallationId, JurisdictionId, Label, SeriesId, SiteId,
};
use karvan_core::quantity::{Tonnes, WattHours, Watts};
use karvan_core::time::DAY_MS;

/// Energy such as kwh=500, or tonnes such as t=5.
fn measured(words: &Words<'_>) -> Measured {
    match words.keyed.get("t") {
        Some(tonnes) => Measured::Avoided(Tonnes(tonnes.parse().unwrap())),
        None => Measured::Energy(WattHours(words.number::<u64>("kwh") * 1_000)),
    }
}

impl Story {
    pub(super) fn evidence(&self, words: &Words<'_>) -> Option<Command> {
        let evidence = || EvidenceId(self.id(words.get("of")));
        let day = |key: &str| Day(moment(words.get(key)).0 / DAY_MS);
        let installation = |it: &&str| InstallationId(self.id(it));
        Some(match words.plain[0] {
            "site" => RegisterSite {
                label: Label::new(words.get("label")).unwrap(),
                jurisdiction: JurisdictionId(self.id(words.get("of"))),
                account: AccountId(self.account(words.get("account"))),
                technology: Label::new(words.get("technology")).unwrap(),
                capacity: words.keyed.get("kw").map(|it| Watts(it.parse::<u64>().unwrap() * 1_000)),
                installation: words.keyed.get("at").map(installation),
            }
            .into(),
            "evidence" => RecordEvidence {
                site: SiteId(self.id(words.get("at"))),
                first: day("from"),
                last: day("to"),
                measured: measured(words),
                grounds: grounds(words),
            }
            .into(),
            "withdraw-evidence" => {
                WithdrawEvidence { evidence: evidence(), grounds: grounds(words) }.into()
            }
            "certificates" => {
                let energy = WattHours(words.number::<u64>("kwh") * 1_000);
                IssueCertificates { evidence: evidence(), energy }.into()
            }
            "credits" => IssueCredits { evidence: evidence(), drawn: measured(words) }.into(),
            _ => return None,
        })
    }

    /// The series into which units of evidence are issued.
    pub(super) fn series_of(&self, command: &Command) -> SeriesId {
        let row = |it| self.state.evidence.get(it);
        let known = match command {
            Command::IssueCertificates(it) => row(it.evidence).and_then(|it| it.certificates_in),
            Command::IssueCredits(it) => row(it.evidence).and_then(|it| it.credits_in),
            _ => None,
        };
        known.unwrap_or(self.state.ledger.series.next_id())
    }
}
