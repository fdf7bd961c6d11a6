//! Commands about sites, evidence, and what is drawn from it.

use super::{Field, Form, Kind, Taken, either, may, must};
use karvan_core::evidence::Measured;
use karvan_core::evidence::issue_certificates::IssueCertificates;
use karvan_core::evidence::issue_credits::IssueCredits;
use karvan_core::evidence::record_evidence::RecordEvidence;
use karvan_core::evidence::register_site::RegisterSite;
use karvan_core::evidence::withdraw_evidence::WithdrawEvidence;
use karvan_core::grounds::Grounds;
use karvan_core::quantity::{WattHours, Watts};

const EVIDENCE: Field = must("evidence", Kind::Number, "The evidence's number.");
const ENERGY: Field = either("energy_wh", Kind::Number, "Energy, in watt-hours.");
const AVOIDED: Field =
    either("avoided_t", Kind::Tonnes, "Tonnes avoided or removed, where that was measured.");
const REASON: Field = must("reason", Kind::Text, "Why, in a sentence that names no person.");
const DOCUMENT: Field = must("document", Kind::Hash, "SHA-256 of the document that shows it.");

/// All of them.
pub(super) static FORMS: [Form; 5] = [
    Form {
        path: "sites",
        about: "Registers a site whose energy or avoided emissions are evidence.",
        fields: &[
            must("label", Kind::Label, "Its row in the data."),
            must("jurisdiction", Kind::Jurisdiction, "Where it stands."),
            must("account", Kind::Account, "The project account into which its units come."),
            must("technology", Kind::Label, "Its technology, such as wind."),
            may("capacity_w", Kind::Number, "What it can generate, in watts, where it generates."),
            may("installation", Kind::Installation, "The installation it belongs to, if any."),
        ],
        build: |it| {
            let (label, jurisdiction) = (it.short("label"), it.jurisdiction("jurisdiction"));
            let (account, technology) = (it.account("account"), it.short("technology"));
            let capacity = it.number("capacity_w").map(Watts);
            let installation = it.installation("installation");
            let (label, technology, jurisdiction) = (label?, technology?, jurisdiction?);
            let account = account?;
            let site =
                RegisterSite { label, jurisdiction, account, technology, capacity, installation };
            Some(site.into())
        },
    },
    Form {
        path: "evidence",
        about: "Says, as a verifier, what a site did in a period of one calendar year.",
        fields: &[
            must("site", Kind::Site, "The site by its row in the data."),
            must("first", Kind::Day, "The first day."),
            must("last", Kind::Day, "The last day."),
            ENERGY,
            AVOIDED,
            REASON,
            DOCUMENT,
        ],
        build: |it| {
            let (site, first, last) = (it.site(), it.day("first"), it.day("last"));
            let (measured, grounds) = (measured(it), grounds(it));
            let (site, first, last) = (site?, first?, last?);
            let (measured, grounds) = (measured?, grounds?);
            Some(RecordEvidence { site, first, last, measured, grounds }.into())
        },
    },
    Form {
        path: "evidence/withdraw",
        about: "Withdraws evidence from which nothing is drawn.",
        fields: &[EVIDENCE, REASON, DOCUMENT],
        build: |it| {
            let (evidence, grounds) = (it.evidence(), grounds(it));
            Some(WithdrawEvidence { evidence: evidence?, grounds: grounds? }.into())
        },
    },
    Form {
        path: "certificates",
        about: "Issues certificates for energy of evidence; what makes no whole one is carried.",
        fields: &[EVIDENCE, must("energy_wh", Kind::Number, "Energy, in watt-hours.")],
        build: |it| {
            let (evidence, energy) = (it.evidence(), it.number("energy_wh"));
            let energy = WattHours(energy?);
            Some(IssueCertificates { evidence: evidence?, energy }.into())
        },
    },
    Form {
        path: "credits",
        about: "Issues credits for what was avoided, by energy or as measured; rounded down.",
        fields: &[EVIDENCE, ENERGY, AVOIDED],
        build: |it| {
            let (evidence, drawn) = (it.evidence(), measured(it));
            Some(IssueCredits { evidence: evidence?, drawn: drawn? }.into())
        },
    },
];

/// Energy or tonnes, one of them.
fn measured(it: &mut Taken<'_>) -> Option<Measured> {
    let (energy, avoided) = (it.number("energy_wh"), it.tonnes("avoided_t"));
    let named = ["energy_wh", "avoided_t"].map(|name| it.names(name));
    match (energy, avoided) {
        (Some(energy), None) if !named[1] => Some(Measured::Energy(WattHours(energy))),
        (None, Some(avoided)) if !named[0] => Some(Measured::Avoided(avoided)),
        (Some(_), Some(_)) => {
            it.wrong("energy_wh", "give it, or avoided_t, not both");
            None
        }
        (None, None) if named == [false, false] => {
            it.wrong("energy_wh", "it is missing; give it, or avoided_t");
            None
        }
        (Some(_) | None, None) | (None, Some(_)) => None,
    }
}

fn grounds(it: &mut Taken<'_>) -> Option<Grounds> {
    let (reason, document) = (it.text("reason"), it.hash("document"));
    Some(Grounds::new(&reason?, document?))
}
