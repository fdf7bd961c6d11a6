//! Which projects are built on a path of prices, and when.
//!
//! Whoever decides in a year foresees the path, takes the last price as the one of all years
//! beyond, and builds what is worth more than it costs at the country's hurdle. What is built works
//! from the next year on. Each project stands for many like it, of which no more than a share is
//! built in a year.

use super::irr::{self, Irr};
use super::outcome::{Investment, Site};
use super::projects::{Earns, Project};
use super::units::{MegaTonnes, MillionUsd, UsdPerTonne};
use super::world::{Region, RegionYear, Terms};
use std::collections::BTreeMap;

/// A project that is worth this share more than it costs is built by all who could; one just worth
/// its cost by nobody yet: hurdles differ, and outcomes that jump would not come to rest.
const SURE: f64 = 0.05;
/// Less of a project than this is none.
const NOTHING: f64 = 1e-6;

/// The shares of each project that are built by the end of each year.
pub(super) type Extents = Vec<Vec<f64>>;

/// The prices that a sector's plants pay, 0 where they owe no units.
fn path(region: &Region, prices: &[f64], sector: &str) -> Vec<f64> {
    let owes = |it: &RegionYear| it.sectors.iter().any(|it| it.name == sector || it.name == "all");
    let years = region.years.iter().zip(prices);
    years.map(|(year, price)| if year.as_ref().is_some_and(owes) { *price } else { 0.0 }).collect()
}

/// A price beyond the path is its last.
fn at(path: &[f64], year: usize) -> f64 {
    path.get(year).or(path.last()).copied().unwrap_or(0.0)
}

fn share_earned(it: &Project, terms: Terms) -> f64 {
    match it.earns {
        Earns::All => 1.0,
        Earns::PassedOn => terms.passed_on,
        Earns::Nothing => 0.0,
    }
}

/// What is paid and earned from the year of the decision on, millions.
fn flows(it: &Project, path: &[f64], (year, terms): (usize, Terms)) -> Vec<f64> {
    let life = usize::try_from(it.life).unwrap_or(0);
    let earned = it.avoided * share_earned(it, terms);
    let later = (1..=life).map(|after| earned * at(path, year + after) - it.yearly);
    std::iter::once(-it.capex).chain(later).collect()
}

/// What is built at prices.
pub(super) fn build(region: &Region, prices: &[f64], terms: Terms) -> Extents {
    let years = region.years.len();
    let mut extents: Extents = vec![vec![0.0; years]; region.projects.len()];
    // What a tonne a year earns and a unit of money a year costs, over a life from each year on.
    let mut earned: BTreeMap<(&str, u32), Vec<f64>> = BTreeMap::new();
    for it in region.projects.iter() {
        earned.entry((&it.sector, it.life)).or_insert_with(|| {
            let path = path(region, prices, &it.sector);
            let life = usize::try_from(it.life).unwrap_or(0);
            let from = |year| {
                let later = (1..=life).map(|after| at(&path, year + after));
                let flows: Vec<f64> = std::iter::once(0.0).chain(later).collect();
                irr::present_value(&flows, region.hurdle)
            };
            (0..years).map(from).collect()
        });
    }
    let worth = |it: &Project, year: usize| {
        let earned = earned.get(&(&it.sector, it.life)).and_then(|it| it.get(year)).copied();
        let earned = it.avoided * share_earned(it, terms) * earned.unwrap_or(0.0);
        let costs = it.yearly / irr::annuity(region.hurdle, it.life);
        (earned - costs) / it.capex - 1.0
    };
    for (it, extent) in region.projects.iter().zip(&mut extents) {
        let mut before = 0.0;
        for (year, now) in extent.iter_mut().enumerate() {
            let wanted = (worth(it, year) / SURE).clamp(0.0, 1.0);
            *now = before + (wanted - before).clamp(0.0, terms.limit);
            before = *now;
        }
    }
    extents
}

/// What each sector avoids in each year, since it was built for the price of units, as a share of
/// the emissions of its listed plants.
pub(super) fn in_use<'a>(
    region: &'a Region,
    prices: &[f64],
    terms: Terms,
) -> BTreeMap<&'a str, Vec<f64>> {
    let nothing = vec![0.0; prices.len()];
    let (with, without) = (build(region, prices, terms), build(region, &nothing, terms));
    let mut all: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let projects = region.projects.iter().zip(with.iter().zip(&without));
    for (project, (with, without)) in projects.filter(|it| it.0.of_sector > 0.0) {
        let row = all.entry(&project.sector).or_insert_with(|| nothing.clone());
        let decided = with.iter().zip(without);
        for (sum, (with, without)) in row.iter_mut().skip(1).zip(decided) {
            *sum += project.of_sector * (with - without).max(0.0);
        }
    }
    all
}

/// What is built for the price of units and without it, by technology.
pub(super) fn summary(region: &Region, prices: &[f64], terms: Terms) -> Vec<Investment> {
    let nothing = vec![0.0; prices.len()];
    let (with, without) = (build(region, prices, terms), build(region, &nothing, terms));
    let mut all: BTreeMap<&str, Investment> = BTreeMap::new();
    let last = |extent: &[f64]| extent.last().copied().unwrap_or(0.0);
    for (it, (with, without)) in region.projects.iter().zip(with.iter().zip(&without)) {
        let row = all.entry(&it.technology).or_insert_with(|| Investment {
            technology: it.technology.clone(),
            is_green: it.is_green,
            with: MillionUsd(0.0),
            without: MillionUsd(0.0),
            avoided: MegaTonnes(0.0),
            avoided_without: MegaTonnes(0.0),
            potential: MegaTonnes(0.0),
            sites: Vec::new(),
        });
        row.with += MillionUsd(it.capex * last(with));
        row.without += MillionUsd(it.capex * last(without));
        row.avoided += MegaTonnes(it.avoided * last(with));
        row.avoided_without += MegaTonnes(it.avoided * last(without));
        row.potential += MegaTonnes(it.avoided);
        let Some(first) = with.iter().position(|it| *it > NOTHING) else { continue };
        let path = path(region, prices, &it.sector);
        row.sites.push(Site {
            plant: it.plant.clone(),
            name: it.name.clone(),
            first,
            built: last(with),
            anyway: last(without),
            capex: MillionUsd(it.capex),
            avoided: MegaTonnes(it.avoided),
            levelised: UsdPerTonne(it.levelised(region.hurdle)),
            irr: irr::irr(&flows(it, &path, (first, terms))),
            irr_without: irr::irr(&flows(it, &nothing, (first, terms))),
        });
    }
    let rate = |it: Irr| it.rate().unwrap_or(f64::NEG_INFINITY);
    for it in all.values_mut() {
        it.sites.sort_by(|one, two| rate(two.irr).total_cmp(&rate(one.irr)));
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::macc::Macc;
    use crate::model::world::Sector;
    use proptest::prelude::*;

    /// A million to build, nothing to run, a tenth of a Mt a year for ten years, in power.
    fn project(technology: &str) -> Project {
        Project {
            plant: "A".to_owned(),
            name: technology.to_owned(),
            sector: "power".to_owned(),
            technology: technology.to_owned(),
            is_green: true,
            capex: 1.0,
            yearly: 0.0,
            avoided: 0.1,
            of_sector: 0.1,
            life: 10,
            earns: Earns::All,
        }
    }

    fn region(projects: Vec<Project>, years: usize) -> Region {
        let sector = Sector {
            name: "power".to_owned(),
            baseline: 1.0,
            macc: Macc::Points(Vec::new()),
            spread: None,
            product: None,
            saves_fuel: false,
        };
        let year = RegionYear { sectors: vec![sector], ..RegionYear::default() };
        Region {
            code: "XXA".to_owned(),
            name: "A".to_owned(),
            rho: 0.1,
            years: vec![Some(year); years],
            beyond: Vec::new(),
            hosting: Vec::new(),
            exported: 1.0,
            targets: Vec::new(),
            projects: projects.into(),
            hurdle: 0.1,
        }
    }

    const TERMS: Terms = Terms { limit: 0.25, passed_on: 0.5 };

    #[test]
    fn what_pays_is_built_at_the_pace_that_is_possible_and_stays() {
        let it = region(vec![project("wind")], 6);
        let worth = it.projects[0].levelised(0.1);
        // Five percent above what it costs, so that everybody builds.
        let pays = build(&it, &[1.06 * worth; 6], TERMS);
        assert_eq!(pays[0], [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
        assert!(build(&it, &[0.99 * worth; 6], TERMS)[0].iter().all(|it| *it == 0.0));
        // Half as much above: half of those who could.
        let half = build(&it, &[1.025 * worth; 6], TERMS);
        assert!((half[0][5] - 0.5).abs() < 1e-9, "{half:?}");
        // What electricity prices carry is half: it takes twice the price.
        let grid = Project { earns: Earns::PassedOn, ..project("wind") };
        let grid = region(vec![grid], 6);
        assert_eq!(build(&grid, &[1.06 * worth; 6], TERMS)[0][5], 0.0);
        assert_eq!(build(&grid, &[2.2 * worth; 6], TERMS)[0][5], 1.0);
        // A plant that owes nothing earns nothing; nor does one whose sector owes nothing.
        let free = Project { earns: Earns::Nothing, ..project("wind") };
        assert_eq!(build(&region(vec![free], 6), &[9.0 * worth; 6], TERMS)[0][5], 0.0);
        let other = Project { sector: "cement".to_owned(), ..project("wind") };
        assert_eq!(build(&region(vec![other], 6), &[9.0 * worth; 6], TERMS)[0][5], 0.0);
    }

    #[test]
    fn what_pays_anyway_is_not_called_mobilised() {
        let free = Project { yearly: -1.0, ..project("sun") };
        let it = region(vec![project("wind"), free], 3);
        let price = 1.06 * it.projects[0].levelised(0.1);
        let all = summary(&it, &[price; 3], TERMS);
        let of = |name: &str| all.iter().find(|it| it.technology == name).expect(name);
        let (sun, wind) = (of("sun"), of("wind"));
        assert_eq!(sun.with, sun.without, "it pays without a price");
        assert_eq!(sun.mobilised(), MillionUsd(0.0));
        assert_eq!(wind.mobilised(), MillionUsd(0.75));
        // A tenth of a Mt at the price in each of ten years, against a million.
        let rate = wind.sites[0].irr.rate().expect("one rate");
        let earned = 0.1 * price * (1.0 - libm::pow(1.0 + rate, -10.0)) / rate;
        assert!((earned - 1.0).abs() < 1e-9, "{rate}");
        assert_eq!(wind.sites[0].irr_without, Irr::None);
        // In use a year after it is decided, and only what is built for the price.
        let in_use = &in_use(&it, &[price; 3], TERMS)["power"];
        assert!((in_use[1] - 0.025).abs() < 1e-9 && (in_use[2] - 0.05).abs() < 1e-9);
        assert_eq!(in_use[0], 0.0);
    }

    proptest! {
        #[test]
        fn a_higher_path_of_prices_never_builds_less_in_the_end(
            prices in prop::collection::vec(0.0f64..60.0, 1..8),
            more in 0.0f64..20.0,
            costs in prop::collection::vec(0.2f64..4.0, 1..6),
        ) {
            let projects = costs.iter().map(|capex| Project { capex: *capex, ..project("wind") });
            let it = region(projects.collect(), prices.len());
            let higher: Vec<f64> = prices.iter().map(|it| it + more).collect();
            let sum = |extents: Extents| -> f64 {
                extents.iter().filter_map(|it| it.last()).sum()
            };
            let (low, high) = (build(&it, &prices, TERMS), build(&it, &higher, TERMS));
            for extent in low.iter().chain(&high) {
                prop_assert!(extent.windows(2).all(|it| it[0] <= it[1]), "what is built stays");
                prop_assert!(extent.iter().all(|it| (0.0..=1.0 + 1e-12).contains(it)));
            }
            prop_assert!(sum(high) >= sum(low) - 1e-9);
        }
    }
}
