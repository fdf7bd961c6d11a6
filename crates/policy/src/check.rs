//! Checks of a whole policy: what no single value shows.

use crate::reader::{Report, Section};
use crate::scenario::Baselines;
use crate::{Jurisdiction, Policy};
use toml::de::DeTable;

/// A cap that cannot be reached is refused with both figures: what units there are (cap and bank)
/// against what is emitted after all the abatement that can be built until then.
///
/// What can be avoided is what the bands of the chapter allow, or `abatement_potential_percent`
/// where that is less. Abatement grows by the diffusion share of the potential each year of the
/// market. Units left over are banked within their period.
pub(crate) fn caps_can_be_reached(policy: &Policy, report: &Report<'_>, table: &DeTable<'_>) {
    let Some(chapters) = Section::root(report, table).section("jurisdiction") else {
        return;
    };
    for it in &policy.jurisdictions {
        let Some(section) = chapters.section(&it.code) else {
            continue;
        };
        if let Some(gap) = first_gap(policy, it) {
            section.mistake(
                "cap_mt",
                format!(
                    "in {} there are {:.2} Mt (cap and bank), but {:.2} Mt are emitted even with \
                     all abatement that {} % diffusion a year allows; raise the cap, the \
                     bands of abatement_usd_per_t_and_share or the abatement_potential_percent",
                    gap.year, gap.units_mt, gap.least_mt, it.abatement.diffusion_percent
                ),
            );
        }
    }
}

struct Gap {
    year: u16,
    units_mt: f64,
    least_mt: f64,
}

fn first_gap(policy: &Policy, it: &Jurisdiction) -> Option<Gap> {
    // What tables say of emissions the file alone does not know.
    if it.baselines(policy) == Baselines::Data {
        return None;
    }
    let mut bank = it.opening_mt;
    let mut period_end = it.valid_to(it.opening_vintage);
    let mut reached = 0.0;
    // Sectors differ: nobody can avoid more than the best of them.
    let bands =
        it.abatement.curve("power").potential().max(it.abatement.curve("cement").potential());
    let potential = bands.min(it.abatement.potential_percent / 100.0);
    for year in (policy.first_year..=policy.last_year).filter(|year| it.obliges(*year)) {
        if year > period_end {
            bank = 0.0;
        }
        period_end = it.valid_to(year);
        reached = (reached + it.abatement.diffusion_percent / 100.0 * potential).min(potential);
        let least_mt = it.baseline(policy.first_year, year) * (1.0 - reached);
        let units_mt = it.cap_mt.at(year) + bank;
        if units_mt < least_mt {
            return Some(Gap { year, units_mt, least_mt });
        }
        bank = units_mt - least_mt;
    }
    None
}
