//! What countries have promised, beside what comes of it.

use super::outcome::{Row, TargetRow};
use super::settle::Settled;
use super::units::MegaTonnes;
use super::world::{Target, World};

/// The targets of a jurisdiction whose years are these.
pub(super) fn of(
    world: &World,
    settled: &Settled,
    (place, rows): (usize, &[Row]),
) -> Vec<TargetRow> {
    let Some(region) = world.regions.get(place) else { return Vec::new() };
    let of = |target: &Target| {
        let number = rows.iter().position(|it| it.year == target.year)?;
        let row = rows.get(number)?;
        let emissions = row.national?;
        let mut left = MegaTonnes(0.0);
        let flows = settled.links.iter().zip(&settled.joint.flows);
        for (link, flow) in flows.filter(|it| it.0.year <= number) {
            // A unit stands for a tonne wherever it counts for less; credits are counted below.
            let between = link.from.max(link.to) < world.regions.len();
            if between && link.from == place {
                left += MegaTonnes(*flow);
            }
            if between && link.to == place {
                left -= MegaTonnes(*flow);
            }
        }
        for row in rows.iter().take(number + 1) {
            left += row.credits.exported - row.credits.imported;
        }
        Some(TargetRow {
            year: target.year,
            most: MegaTonnes(target.most),
            with_help: target.with_help.map(MegaTonnes),
            without: emissions + row.abatement + row.credits.issued,
            emissions,
            transferred: left / (number + 1) as f64,
            document: target.document.clone(),
        })
    };
    region.targets.iter().filter_map(of).collect()
}
