//! The simulator: a region of ten members with eight sectors each, through thirty years.

use crate::table::{Figure, Goal, Table};
use crate::{Failure, note};
use karvan_core::supply::reserve::QuantityShares;
use karvan_policy::model::macc::Macc;
use karvan_policy::model::world::{Region, RegionYear, Sector, World, WorldLink};
use karvan_policy::model::{coalitions, draws, simulate};
use karvan_policy::scenario::Scenario;
use std::time::Instant;

const MEMBERS: usize = 10;
const SECTORS: usize = 8;
const YEARS: usize = 30;
/// So many times a scenario is changed a little and simulated again.
const MOVES: usize = 200;

/// A number of a fixed sequence, from 0 to 1.
fn spread(place: usize) -> f64 {
    ((place * 7_919 + 13) % 1_000) as f64 / 1_000.0
}

fn year(member: usize, year: usize) -> RegionYear {
    let size = 20.0 + 25.0 * member as f64;
    let grown = (0..year).fold(1.0, |it, _| it * (1.0 + 0.01 + 0.01 * spread(member)));
    let sector = |number: usize| {
        let baseline = size * grown / SECTORS as f64;
        let dear = 0.6 + 0.8 * spread(17 * member + number);
        let shares = [(0.0, 0.0), (20.0, 0.10), (50.0, 0.22), (100.0, 0.38), (200.0, 0.45)];
        let points = shares.map(|(price, share)| (price * dear, share * baseline));
        let (name, macc) = (format!("sector {number}"), Macc::Points(points.to_vec()));
        Sector { name, baseline, macc, spread: None, product: None, saves_fuel: false }
    };
    let cap = size * (1.0 - 0.008 * year as f64);
    RegionYear {
        sectors: (0..SECTORS).map(sector).collect(),
        cap,
        auctioned: 0.3 * cap,
        floor: 2.0,
        tiers: vec![(40.0, 0.02 * cap), (60.0, 0.02 * cap)],
        ceiling: Some(120.0),
        keeps: year % 10 != 9,
        ..RegionYear::default()
    }
}

fn world(links: Vec<WorldLink>) -> World {
    let region = |member: usize| Region {
        code: format!("M{member}"),
        name: format!("Member {member}"),
        rho: 0.08 + 0.005 * (member % 4) as f64,
        years: (0..YEARS).map(|it| Some(year(member, it))).collect(),
        beyond: Vec::new(),
        hosting: Vec::new(),
        exported: 1.0,
        targets: Vec::new(),
        projects: Vec::new().into(),
        hurdle: 0.1,
    };
    let scenario = Scenario { diffusion: false, irreversible: false, ..Scenario::default() };
    World {
        name: "a region".to_owned(),
        currency: "USD".to_owned(),
        years: (2027..).take(YEARS).collect(),
        regions: (0..MEMBERS).map(region).collect(),
        links,
        scenario,
        inputs: Vec::new(),
    }
}

/// Links around all members, each with a quota and a levy; two of them in both directions.
fn links() -> Vec<WorldLink> {
    let link = |from: usize, to: usize| WorldLink {
        from,
        to,
        ratio: if from.is_multiple_of(3) { 0.9 } else { 1.0 },
        levy: 0.5,
        most: (0..YEARS).map(|it| if it > 2 { 1.0 + 0.2 * from as f64 } else { 0.0 }).collect(),
    };
    let around = (0..MEMBERS).map(|it| link(it, (it + 1) % MEMBERS));
    around.chain([link(3, 2), link(7, 6)]).collect()
}

/// The world as it is after somebody moved a slider: one member's caps change.
fn moved(world: &World, number: usize) -> World {
    let mut world = world.clone();
    let member = number % MEMBERS;
    let by = 0.9 + 0.2 * spread(number);
    for year in world.regions[member].years.iter_mut().flatten() {
        (year.cap, year.auctioned) = (year.cap * by, year.auctioned * by);
    }
    world
}

/// Milliseconds of each of many simulations, without what links bring one by one.
fn briefs(world: &World) -> Result<Vec<f64>, Failure> {
    let mut times = Vec::with_capacity(MOVES);
    for number in 0..MOVES {
        let world = moved(world, number);
        let started = Instant::now();
        let found = simulate::equilibrium(&world);
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if !simulate::is_certain(found) {
            return Err(format!("simulation {number} is uncertain: {found:?}").into());
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn figure(what: &str, unit: &'static str, (most, values): (f64, Vec<f64>)) -> Figure {
    Figure { what: what.to_owned(), unit, goal: Goal::AtMost(most), values }
}

pub(crate) fn simulations(runs: usize, table: &mut Table) -> Result<(), Failure> {
    let (apart, linked) = (world(Vec::new()), world(links()));
    let mut with_rule = linked.clone();
    for year in with_rule.regions.iter_mut().flat_map(|it| &mut it.years).flatten() {
        year.reserve = Some(QuantityShares {
            upper_bp: 1_500,
            middle_bp: 1_500,
            lower_bp: 600,
            rate_bp: 2_400,
            release_bp: 200,
            invalidation_bp: 10_000,
        });
    }
    for (what, world, most) in [
        ("10 members, 8 sectors, 30 years, links with quotas, banks, collars", &linked, 4.0),
        ("  the same without links", &apart, 1.0),
        ("  the same with links and a quantity rule", &with_rule, 5.0),
    ] {
        let (mut middle, mut late) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let times = briefs(world)?;
            middle.push(times[times.len() / 2]);
            late.push(times[times.len() * 99 / 100]);
        }
        table.add(figure(&format!("{what}: 99 % of 200"), "ms", (most, late)));
        table.add(note("    half of them", "ms", middle));
    }
    let mut times = Vec::new();
    for _ in 0..runs {
        let started = Instant::now();
        let found = coalitions::explore(&apart, &mut |_, _| {}).unwrap_or_default();
        times.push(started.elapsed().as_secs_f64() * 1e3);
        assert_eq!(found.len(), 1_013, "all coalitions of ten");
    }
    table.add(figure("1,013 coalitions through 30 years", "ms", (150.0, times)));
    let mut one_year = linked.clone();
    one_year.years.truncate(1);
    one_year.regions.iter_mut().for_each(|it| it.years.truncate(1));
    one_year.links.iter_mut().for_each(|it| it.most = vec![2.0]);
    for (what, world, count, most) in [
        ("10,000 draws of one linked year", &one_year, 10_000, 1.0),
        ("1,000 draws of 30 linked years", &linked, 1_000, 5.0),
    ] {
        let mut times = Vec::new();
        for _ in 0..runs {
            let started = Instant::now();
            let found = draws::run(world, (count, 7, 1), &|| {});
            times.push(started.elapsed().as_secs_f64());
            assert_eq!(found.uncertain, 0, "every draw is certain");
        }
        table.add(figure(what, "s", (most, times)));
    }
    Ok(())
}
