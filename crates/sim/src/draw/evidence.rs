//! Random sites, evidence, and what is drawn from it.

use super::commands::Drawn;
use super::{Draw, grounds};
use crate::world::{X, label};
use karvan_core::account::AccountKind;
use karvan_core::calendar::Day;
use karvan_core::evidence::issue_certificates::IssueCertificates;
use karvan_core::evidence::issue_credits::IssueCredits;
use karvan_core::evidence::record_evidence::RecordEvidence;
use karvan_core::evidence::register_site::RegisterSite;
use karvan_core::evidence::withdraw_evidence::WithdrawEvidence;
use karvan_core::evidence::{Evidence, Measured};
use karvan_core::id::{EvidenceId, SiteId};
use karvan_core::quantity::{Tonnes, WattHours, Watts};
use karvan_core::time::DAY_MS;
use karvan_core::{Command, State};

/// A quarter of a megawatt-hour: certificates leave carries.
const QUARTER_WH: u64 = 250_000;

/// A command about evidence.
pub(super) fn evidence(
    (state, name): (&State, &str),
    it: Drawn,
    draw: &mut Draw,
) -> Option<Command> {
    let evidence = EvidenceId(draw.row(state.evidence.len()));
    let row = state.evidence.get(evidence);
    Some(match name {
        "RegisterSite" => {
            let project = state.accounts.iter().find(|(_, it)| it.kind == AccountKind::Project);
            let generates = draw.below(3) > 0;
            RegisterSite {
                label: label(&format!("S-{}", draw.below(6))),
                jurisdiction: X,
                account: project.map_or(it.account, |(id, _)| id),
                technology: label(draw.of(&["wind", "hydro", "landfill"])),
                capacity: generates.then(|| Watts(draw.of(&[0, 400_000, 5_000_000]))),
                installation: (draw.below(3) == 0).then_some(it.installation),
            }
            .into()
        }
        "RecordEvidence" => {
            let site = SiteId(draw.row(state.sites.len()));
            let generates = state.sites.get(site).is_none_or(|it| it.capacity.is_some());
            let amount = 1 + draw.below(40);
            let today = state.now.0.div_euclid(DAY_MS);
            let first = Day(today - draw.below(50) as i64);
            let last = Day(first.0 + draw.below(4) as i64);
            let measured = if generates == (draw.below(12) > 0) {
                Measured::Energy(WattHours(amount * QUARTER_WH))
            } else {
                Measured::Avoided(Tonnes(amount))
            };
            RecordEvidence { site, first, last, measured, grounds: grounds() }.into()
        }
        "WithdrawEvidence" => WithdrawEvidence { evidence, grounds: grounds() }.into(),
        "IssueCertificates" => {
            let energy = WattHours(part(row, draw).amount());
            IssueCertificates { evidence, energy }.into()
        }
        "IssueCredits" => IssueCredits { evidence, drawn: part(row, draw) }.into(),
        _ => return None,
    })
}

/// A part of what is left, mostly all of it, now and then more.
fn part(row: Option<&Evidence>, draw: &mut Draw) -> Measured {
    let Some(row) = row else { return Measured::Energy(WattHours(QUARTER_WH)) };
    let left = row.left().amount();
    let whole = row.measured.amount();
    row.measured.of(draw.of(&[left, left, left / 2, whole, left + 1]))
}
