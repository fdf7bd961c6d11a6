//! Credits: what is avoided outside of caps, and counts for a share of what operators owe.
//!
//! Each country may host projects; a part of what they avoid may be authorised for others. Domestic
//! credits meet a share of what is emitted under the cap, foreign ones another; one credit may
//! count for less than a unit. In the network a country's hosts are a market of their own without a
//! cap, and what its operators may use passes through one more for each kind, so that one limit
//! holds for all.

use super::banking::MarketYear;
use super::macc::Macc;
use super::markets::{Chain, LinkYear};
use super::supply::Supply;
use super::world::World;

/// The markets that credits add for each jurisdiction, after those of all jurisdictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Hosts whose credits stay in the country.
    Host,
    /// Hosts whose credits may leave.
    Exporting,
    /// What its operators use of domestic credits.
    Domestic,
    /// What its operators use of foreign credits.
    Foreign,
}

const PLACES: usize = 4;

impl Place {
    /// The place of its chain.
    pub(super) fn of(self, region: usize, regions: usize) -> usize {
        let number = match self {
            Self::Host => 0,
            Self::Exporting => 1,
            Self::Domestic => 2,
            Self::Foreign => 3,
        };
        regions + PLACES * region + number
    }

    /// All places of a jurisdiction.
    pub(super) fn all(region: usize, regions: usize) -> std::ops::Range<usize> {
        let first = regions + PLACES * region;
        first..first + PLACES
    }
}

/// Whether foreign credits may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// They may, within limits.
    Used,
    /// Nobody trades across borders.
    Unused,
}

/// Whether any jurisdiction's operators may use foreign credits.
pub(super) fn are_foreign(world: &World) -> bool {
    let years = world.regions.iter().flat_map(|it| &it.years).flatten();
    world.scenario.credits && years.into_iter().any(|it| it.foreign > 0.0)
}

/// The chains of hosts and of what is used.
pub(super) fn chains(world: &World) -> Vec<Chain> {
    if !world.scenario.credits {
        return Vec::new();
    }
    let hosting = |curve: Option<&Macc>, share: f64| {
        let curve = curve.map(|it| it.scaled(share));
        MarketYear { supply: Supply::of(&curve), ..MarketYear::default() }
    };
    let mut all = Vec::with_capacity(PLACES * world.regions.len());
    for region in &world.regions {
        let years = 0..world.years.len();
        let of =
            |share: f64| years.clone().map(|it| hosting(region.hosting.get(it), share)).collect();
        let empty = || years.clone().map(|_| MarketYear::default()).collect();
        let kinds = [of(1.0 - region.exported), of(region.exported), empty(), empty()];
        all.extend(kinds.map(|years| Chain { rho: region.rho, years }));
    }
    all
}

/// The ways of credits, where operators emit so much.
pub(super) fn links(world: &World, emitted: &[Vec<f64>], foreign: Foreign) -> Vec<LinkYear> {
    let mut all = Vec::new();
    if !world.scenario.credits {
        return all;
    }
    let regions = world.regions.len();
    let counts = 1.0 - world.scenario.credit_haircut_percent / 100.0;
    for year in 0..world.years.len() {
        let plain =
            |from, to| LinkYear { year, from, to, ratio: 1.0, levy: 0.0, most: f64::INFINITY };
        for (place, region) in world.regions.iter().enumerate() {
            let Some(Some(it)) = region.years.get(year) else { continue };
            let emitted = emitted.get(place).and_then(|it| it.get(year)).copied().unwrap_or(0.0);
            // The limit is of what they owe, so of what credits count for.
            let most = |share: f64| share * emitted.max(0.0) / counts;
            let domestic = Place::Domestic.of(place, regions);
            if it.domestic > 0.0 {
                for host in [Place::Host, Place::Exporting] {
                    all.push(plain(host.of(place, regions), domestic));
                }
                let used = plain(domestic, place);
                all.push(LinkYear { ratio: counts, most: most(it.domestic), ..used });
            }
            if it.foreign > 0.0 && foreign == Foreign::Used {
                let pool = Place::Foreign.of(place, regions);
                let others = (0..regions).filter(|other| *other != place);
                all.extend(others.map(|it| plain(Place::Exporting.of(it, regions), pool)));
                let used = plain(pool, place);
                all.push(LinkYear { ratio: counts, most: most(it.foreign), ..used });
            }
        }
    }
    all
}
