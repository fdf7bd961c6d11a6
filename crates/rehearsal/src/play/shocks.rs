//! Shocks of the script: output that changes for all plants of a sector, and a market that its
//! jurisdiction suspends for some days.

use super::{Officials, Play};
use karvan_core::freezing::Frozen;
use karvan_core::freezing::{confirm_freeze::ConfirmFreeze, freeze::Freeze, unfreeze::Unfreeze};
use karvan_core::grounds::Grounds;
use karvan_core::id::PersonId;
use karvan_core::time::Instant;
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;
use karvan_policy::rehearsal::Shock;

impl<J: Journal> Play<J> {
    /// The shocks of a jurisdiction's month. What was put out before stays; nobody expected the
    /// rest, and part of it lasts into the next year, as all chance does.
    pub(super) fn shock(&mut self, j: usize, year: u16, at: Instant) -> Result<(), Stopped> {
        let month = u8::try_from(at.date().1).unwrap_or(1);
        let code = self.policy_of(j).code.clone();
        let here = |it: &&Shock| {
            let place = it.jurisdiction.as_ref().is_none_or(|it| *it == code);
            (it.year, it.month) == (year, month) && place
        };
        let shocks: Vec<Shock> =
            self.settings.policy.rehearsal.shocks.iter().filter(here).cloned().collect();
        for it in shocks {
            self.change_output(j, &it);
            if it.suspended_days > 0 {
                self.suspend(j)?;
            }
        }
        Ok(())
    }

    fn change_output(&mut self, j: usize, it: &Shock) {
        let left = f64::from(13 - it.month) / 12.0;
        let factor = 1.0 + it.output_percent / 100.0;
        let of_year = 1.0 - left + left * factor;
        for plant in self.plants.iter_mut().filter(|plant| plant.jurisdiction == j) {
            if it.sector.as_ref().is_some_and(|sector| *sector != plant.row.sector) {
                continue;
            }
            plant.deviation += libm::log(factor);
            if let Some(year) = plant.years.get_mut(&it.year) {
                year.without *= of_year;
                year.with *= of_year;
                // What was expected when the year began stays what it was.
                year.forecast /= of_year;
            }
        }
    }

    fn suspend(&mut self, j: usize) -> Result<(), Stopped> {
        let Officials { id, administrator, .. } = self.officials[j];
        let frozen = Frozen::Jurisdiction(id);
        let second = PersonId(administrator.0 + 1);
        self.send(vec![
            (administrator, Freeze { frozen }.into()),
            (second, ConfirmFreeze { frozen }.into()),
        ])
    }

    /// The suspension ends: an administrator of another body agrees.
    pub(super) fn resume(&mut self, j: usize) -> Result<(), Stopped> {
        let Officials { id, administrator, .. } = self.officials[j];
        let frozen = Frozen::Jurisdiction(id);
        if !self.state().freezes.contains_key(&frozen) {
            return Ok(());
        }
        let grounds = Grounds::new("the reason for the suspension is gone", [0; 32]);
        self.send(vec![(administrator, Unfreeze { frozen, grounds }.into())])
    }
}
