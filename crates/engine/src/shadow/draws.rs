//! What the shadow log knows of evidence: how much of each is left, and what of a site's energy
//! made no whole certificate yet. It says how many units a draw may bring.

use karvan_core::evidence::Measured;
use karvan_core::evidence::issue_certificates::CertificatesIssued;
use karvan_core::evidence::issue_credits::{CreditsIssued, avoided};
use karvan_core::evidence::record_evidence::EvidenceRecorded;
use karvan_core::id::{EvidenceId, SiteId};
use karvan_core::rules::EvidenceRules;
use std::collections::BTreeMap;

/// Evidence, and what is left of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Draws {
    /// The site of each evidence, and the watt-hours or tonnes that are left.
    left: BTreeMap<EvidenceId, (SiteId, u64)>,
    /// Watt-hours that made no whole certificate yet.
    carry: BTreeMap<SiteId, u64>,
}

impl Draws {
    pub(super) fn recorded(&mut self, it: &EvidenceRecorded) {
        self.left.insert(it.evidence, (it.row.site, it.row.measured.amount()));
    }

    pub(super) fn withdrawn(&mut self, evidence: EvidenceId) {
        self.left.remove(&evidence);
    }

    fn draw(&mut self, evidence: EvidenceId, amount: u64) -> Result<SiteId, String> {
        let (site, left) =
            self.left.get_mut(&evidence).ok_or(format!("there is no evidence {evidence}"))?;
        let more = format!("{amount} are drawn from evidence {evidence}, which has {left} left");
        *left = left.checked_sub(amount).ok_or(more)?;
        Ok(*site)
    }

    /// Certificates stand for the energy drawn with what was carried.
    pub(super) fn certified(&mut self, it: &CertificatesIssued) -> Result<(), String> {
        let site = self.draw(it.evidence, it.energy.0)?;
        let carry = self.carry.entry(site).or_default();
        let energy = carry.saturating_add(it.energy.0);
        let whole = it.quantity.0.saturating_mul(it.quantum.0);
        let more =
            format!("{} certificates of {} are more than {energy} Wh", it.quantity.0, it.quantum);
        *carry = energy.checked_sub(whole).ok_or(more)?;
        Ok(())
    }

    /// Credits stand for the tonnes drawn, or for what no grid could emit more than.
    pub(super) fn credited(&mut self, it: &CreditsIssued) -> Result<(), String> {
        self.draw(it.evidence, it.drawn.amount())?;
        let most = match it.drawn {
            Measured::Avoided(tonnes) => tonnes,
            Measured::Energy(energy) => avoided(energy, EvidenceRules::GRID_GRAMS_MAX),
        };
        let fits = it.quantity <= most;
        if fits { Ok(()) } else { Err(format!("{} credits of {}", it.quantity.0, it.drawn)) }
    }
}
