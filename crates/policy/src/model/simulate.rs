//! From a world to what comes of it: the equilibrium with its links, the same without any, and the
//! difference for each member.

use super::banking::MarketYear;
use super::credits::{self, Foreign, Place};
use super::investment;
use super::markets::{Chain, Joint, LinkYear};
use super::network::Residual;
use super::outcome::{
    Border, CreditsRow, Flow, LinkGain, Market, Member, Money, Outcome, OutputRow, Row, Warning,
};
use super::settle::{self, Kind, Settled};
use super::targets;
use super::units::{MegaTonnes, MillionUsd, UsdPerTonne};
use super::world::{Region, RegionYear, World};

/// Less than this is shown as nothing, Mt: a tonne.
const TONNE: f64 = 1e-6;
/// A result that misses one of its conditions by more than this carries a warning, Mt and USD/t.
const CERTAIN: f64 = 1e-6;

/// The links of a world, year by year, where both ends have a market; with the place of each.
fn link_years(world: &World, only: Option<usize>) -> (Vec<LinkYear>, Vec<usize>) {
    let has_market = |region: usize, year: usize| {
        world.regions.get(region).and_then(|it| it.years.get(year)).is_some_and(Option::is_some)
    };
    let mut all = Vec::new();
    let mut places = Vec::new();
    for (place, link) in world.links.iter().enumerate() {
        if only.is_some_and(|it| it != place) {
            continue;
        }
        for (year, most) in link.most.iter().enumerate() {
            let (from, to) = (link.from, link.to);
            if *most <= 0.0 || !has_market(from, year) || !has_market(to, year) {
                continue;
            }
            let (ratio, levy, most) = (link.ratio, link.levy, *most);
            all.push(LinkYear { year, from, to, ratio, levy, most });
            places.push(place);
        }
    }
    (all, places)
}

/// A member's year in short.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BriefYear {
    /// The price, USD/t.
    pub price: f64,
    /// Whether something is withheld at the reserve price.
    pub at_floor: bool,
    /// Whether something is sold at the ceiling, or a penalty paid in place of units.
    pub at_ceiling: bool,
}

/// An outcome in short: what many draws are compared by.
#[derive(Clone, Debug, PartialEq)]
pub struct Brief {
    /// Each member's years.
    pub years: Vec<Vec<BriefYear>>,
    /// What each member gains by the links, millions, discounted to the first year.
    pub gains: Vec<f64>,
    /// By how much each member misses each of its national targets, Mt.
    pub gaps: Vec<Vec<f64>>,
    /// How far it is from its conditions.
    pub residual: Residual,
}

/// Finds the equilibrium of a world, and tells how far it is from its conditions.
pub fn equilibrium(world: &World) -> Residual {
    settle::settle(world, (&link_years(world, None).0, Foreign::Used)).joint.residual
}

/// Simulates a world in short.
pub fn brief(world: &World) -> Brief {
    let (links, _) = link_years(world, None);
    let settled = settle::settle(world, (&links, Foreign::Used));
    let alone = alone(world, &links);
    let (with, without) = (costs(world, &settled), alone.as_ref().map(|it| costs(world, it)));
    let discounted = |(place, with): (usize, &Vec<f64>)| {
        let rho = world.regions.get(place).map_or(0.0, |it| it.rho);
        let without = without.as_ref().and_then(|it| it.get(place)).unwrap_or(with);
        let mut worth = 1.0;
        let mut sum = 0.0;
        for (without, with) in without.iter().zip(with) {
            sum += worth * (without - with);
            worth /= 1.0 + rho;
        }
        sum
    };
    let years = (0..world.regions.len()).map(|place| brief_years(&settled, place)).collect();
    let gains = with.iter().enumerate().map(discounted).collect();
    let gaps = world.regions.iter().enumerate().map(|(place, region)| {
        if region.targets.is_empty() || region.beyond.is_empty() {
            return Vec::new();
        }
        let rows = rows(world, &settled, (place, region));
        targets::of(world, &settled, (place, &rows)).iter().map(|it| it.gap().0).collect()
    });
    Brief { years, gains, gaps: gaps.collect(), residual: settled.joint.residual }
}

fn brief_years(settled: &Settled, place: usize) -> Vec<BriefYear> {
    let prices = settled.joint.prices.get(place).into_iter().flatten();
    let steps = settled.joint.steps.get(place).into_iter().flatten();
    let kinds = settled.built.kinds.get(place).into_iter().flatten();
    let brief = |((price, given), kinds): ((&f64, &Vec<f64>), &Vec<Kind>)| {
        let moves = |wanted: &[Kind]| {
            let mut all = kinds.iter().zip(given);
            all.any(|(kind, given)| wanted.contains(kind) && *given > TONNE)
        };
        BriefYear {
            price: *price,
            at_floor: moves(&[Kind::Withheld]),
            at_ceiling: moves(&[Kind::Ceiling, Kind::Fine]),
        }
    };
    prices.zip(steps).zip(kinds).map(brief).collect()
}

/// The same world without links and foreign credits; none where there are none anyhow.
fn alone(world: &World, links: &[LinkYear]) -> Option<Settled> {
    let trades = !links.is_empty() || credits::are_foreign(world);
    trades.then(|| settle::settle(world, (&[], Foreign::Unused)))
}

/// Simulates a world.
pub fn run(world: &World) -> Outcome {
    let (mut outcome, costs_alone) = compared(world);
    outcome.link_gains = link_gains(world, &costs_alone);
    outcome
}

/// The same without what each link brings by itself, which takes a settlement for each: for whoever
/// moves a slider and waits.
pub fn run_together(world: &World) -> Outcome {
    compared(world).0
}

/// The world settled and compared with itself without links; what it costs without them.
fn compared(world: &World) -> (Outcome, Vec<Vec<f64>>) {
    let (links, places) = link_years(world, None);
    let settled = settle::settle(world, (&links, Foreign::Used));
    let linked = &settled.joint;
    let mut members = members(world, &settled);
    let alone = alone(world, &links);
    let alone = alone.as_ref().unwrap_or(&settled);
    let costs = costs(world, &settled);
    let costs_alone = self::costs(world, alone);
    for (member, (with, without)) in members.iter_mut().zip(costs.iter().zip(&costs_alone)) {
        for (row, (with, without)) in member.rows.iter_mut().zip(with.iter().zip(without)) {
            row.cost = MillionUsd(*with);
            row.gain = MillionUsd(without - with);
        }
    }
    for (link, flow) in links.iter().zip(&linked.flows) {
        let (leaves, arrives) = (MegaTonnes(*flow), MegaTonnes(link.ratio * flow));
        let mut add = |member: usize, quantity: MegaTonnes| {
            let rows = members.get_mut(member).map(|it| &mut it.rows);
            if let Some(row) = rows.and_then(|it| it.get_mut(link.year)) {
                row.net_import += quantity;
            }
        };
        add(link.from, -leaves);
        add(link.to, arrives);
    }
    members.iter_mut().for_each(Member::sum_up);
    let flows = flows(world, linked, (&links, &places));
    let mut warnings = warnings(&members);
    let without = world.regions.iter().filter(|it| it.beyond.is_empty() && !it.targets.is_empty());
    warnings.extend(without.map(|it| Warning::NoTable { code: it.code.clone() }));
    warnings.extend(settled.warnings.iter().chain(&alone.warnings).cloned());
    warnings.dedup();
    let residual = linked.residual.worse(alone.joint.residual);
    if !residual.within(CERTAIN) {
        warnings.push(Warning::Uncertain { residual });
    }
    let outcome = Outcome {
        name: world.name.clone(),
        currency: world.currency.clone(),
        years: world.years.clone(),
        simulated: world.years.clone(),
        markets: joined(world, linked, &links),
        link_gains: Vec::new(),
        members,
        flows,
        warnings,
        residual,
        inputs: world.inputs.clone(),
    };
    (outcome, costs_alone)
}

/// What each member's years come to, without what depends on others.
fn members(world: &World, settled: &Settled) -> Vec<Member> {
    let mut all = Vec::new();
    for (place, region) in world.regions.iter().enumerate() {
        let rows = rows(world, settled, (place, region));
        let (code, name) = (region.code.clone(), region.name.clone());
        let prices = settled.joint.prices.get(place).map_or(&[][..], Vec::as_slice);
        all.push(Member {
            code,
            name,
            rho: region.rho,
            targets: targets::of(world, settled, (place, &rows)),
            rows,
            total: Money::default(),
            investments: investment::summary(region, prices, world.terms()),
        });
    }
    all
}

/// The years of a member, without what depends on others.
fn rows(world: &World, settled: &Settled, (place, region): (usize, &Region)) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, (year, of_year)) in world.years.iter().zip(&region.years).enumerate() {
        let mut row = row(*year, of_year.as_ref(), settled, (place, number));
        row.credits = credits_of(world, settled, (place, number));
        let beyond = region.beyond.get(number).map(|it| MegaTonnes(*it));
        row.national = beyond.map(|it| row.emissions + it - row.credits.issued);
        rows.push(row);
    }
    rows
}

fn at<T: Copy>(rows: &[Vec<T>], place: (usize, usize)) -> Option<T> {
    rows.get(place.0).and_then(|it| it.get(place.1)).copied()
}

/// What comes of credits in a year.
fn credits_of(world: &World, settled: &Settled, (place, number): (usize, usize)) -> CreditsRow {
    let mut it = CreditsRow::default();
    let regions = world.regions.len();
    let here = |of: Place| of.of(place, regions);
    let flows = settled.links.iter().zip(&settled.joint.flows).filter(|it| it.0.year == number);
    for (link, flow) in flows.filter(|it| it.0.from >= regions) {
        let (leaves, arrives) = (MegaTonnes(*flow), MegaTonnes(link.ratio * flow));
        if [here(Place::Host), here(Place::Exporting)].contains(&link.from) {
            it.issued += leaves;
            if link.to != here(Place::Domestic) {
                it.exported += leaves;
            }
        }
        if link.to == here(Place::Foreign) {
            it.imported += leaves;
        }
        if link.to == place && link.from == here(Place::Domestic) {
            it.domestic += arrives;
        }
        if link.to == place && link.from == here(Place::Foreign) {
            it.foreign += arrives;
        }
    }
    let price = |of: Place| at(&settled.joint.prices, (here(of), number)).map(UsdPerTonne);
    let host = if it.exported.0 > TONNE { Place::Exporting } else { Place::Host };
    it.price = price(host).filter(|_| it.issued.0 > TONNE);
    it
}

fn row(year: u16, of_year: Option<&RegionYear>, settled: &Settled, place: (usize, usize)) -> Row {
    let (built, joint) = (&settled.built, &settled.joint);
    let chain_year = built.chains.get(place.0).and_then(|it| it.years.get(place.1));
    let (Some(it), Some(chain_year)) = (of_year, chain_year) else {
        return Row { year, ..Row::default() };
    };
    let price = at(&joint.prices, place).unwrap_or(0.0);
    let given = joint.steps.get(place.0).and_then(|it| it.get(place.1));
    let kinds = built.kinds.get(place.0).and_then(|it| it.get(place.1));
    let sum = |wanted: Kind| {
        let all = given.into_iter().flatten().zip(kinds.into_iter().flatten());
        MegaTonnes(all.filter(|(_, kind)| **kind == wanted).map(|(given, _)| *given).sum())
    };
    let outputs = chain_year.supply.outputs();
    let output = OutputRow::of(outputs, price);
    // What the cap falls with output counts in the curve; it is not avoided.
    let cut: f64 = outputs.iter().map(|it| it.cut(price)).sum();
    let made = if it.by_output { output.map_or(1.0, |it| it.share) } else { 1.0 };
    let abatement = MegaTonnes(chain_year.supply.avoided(price));
    let (withheld, tiers, ceiling) = (sum(Kind::Withheld), sum(Kind::Tier), sum(Kind::Ceiling));
    let reserve = MegaTonnes(at(&settled.reserve, place).unwrap_or(0.0));
    let auctioned = MegaTonnes(it.auctioned_at(&chain_year.supply, price));
    let sold = MegaTonnes((auctioned + reserve - withheld).0.max(0.0)) + tiers + ceiling;
    let price = UsdPerTonne(price);
    let baseline = MegaTonnes(it.all_baseline());
    let (free, emissions) = (MegaTonnes(it.free * made), baseline - abatement);
    let carried = settled.pass_through;
    let sunk = at(&built.sunk, place).unwrap_or(0.0);
    let lost = output.map_or(MillionUsd(0.0), |it| it.lost);
    let avoided = MillionUsd(chain_year.supply.cost(price.0) + sunk) - lost;
    // Where units are given for output, products carry the price of those that must be bought only.
    let for_output = if it.by_output { free } else { MegaTonnes(0.0) };
    let costs = price * emissions + avoided;
    let kept = price * free - costs + (costs - price * for_output) * carried;
    let share = if emissions.0 > 0.0 { free.0 / emissions.0 } else { 1.0 };
    let abroad = (UsdPerTonne(it.border_price), price);
    Row {
        year,
        price: Some(price),
        baseline,
        cap: MegaTonnes(it.cap - cut),
        free,
        abatement,
        emissions,
        bank: MegaTonnes(at(&joint.banks, place).unwrap_or(0.0)),
        left: MegaTonnes(at(&joint.left, place).unwrap_or(0.0)),
        reserve,
        withheld,
        tiers,
        ceiling,
        fined: sum(Kind::Fine),
        missing: sum(Kind::Missing),
        revenue: price * sold,
        foregone: price * free,
        output,
        windfall: MillionUsd(kept.0.max(0.0)),
        border: Border::of(MegaTonnes(it.border_exports), abroad, share),
        ..Row::default()
    }
}

/// What each member and year pays: for what it avoids, for what it buys abroad, less what it sells
/// and its half of rents and levies. Units beyond the cap count at the price of their step, and
/// what is withheld at the reserve price: else a link that spares units of a reserve would seem to
/// cost what it spares.
fn costs(world: &World, settled: &Settled) -> Vec<Vec<f64>> {
    let (built, joint) = (&settled.built, &settled.joint);
    let of_steps = |year: &MarketYear, given: &Vec<f64>| {
        let all = year.steps.iter().zip(given);
        all.map(|(step, given)| step.sign() * step.price * given).sum::<f64>()
    };
    let of_chain = |((chain, prices), given): ((&Chain, &Vec<f64>), &Vec<Vec<f64>>)| {
        let years = chain.years.iter().zip(prices).zip(given);
        let cost = |((year, price), given): ((&MarketYear, &f64), &Vec<f64>)| {
            year.supply.cost(*price) + of_steps(year, given)
        };
        years.map(cost).collect()
    };
    let all = built.chains.iter().zip(&joint.prices).zip(&joint.steps);
    let mut costs: Vec<Vec<f64>> = all.map(of_chain).collect();
    for (cost, sunk) in costs.iter_mut().flatten().zip(built.sunk.iter().flatten()) {
        *cost += sunk;
    }
    for (link, flow) in settled.links.iter().zip(&joint.flows) {
        let from = at(&joint.prices, (link.from, link.year)).unwrap_or(0.0);
        let to = at(&joint.prices, (link.to, link.year)).unwrap_or(0.0);
        let half = 0.5 * (link.ratio * to - from);
        let mut pay = |member: usize, amount: f64| {
            if let Some(it) = costs.get_mut(member).and_then(|it| it.get_mut(link.year)) {
                *it += amount;
            }
        };
        pay(link.from, -(from + half) * flow);
        pay(link.to, (from + half) * flow);
    }
    // Hosts of credits, and those who use them, belong to their country.
    let regions = world.regions.len();
    let beside = costs.split_off(regions.min(costs.len()));
    for (place, own) in costs.iter_mut().enumerate() {
        for row in Place::all(place, regions).filter_map(|it| beside.get(it - regions)) {
            own.iter_mut().zip(row).for_each(|(it, more)| *it += more);
        }
    }
    costs
}

fn flows(world: &World, joint: &Joint, (links, places): (&[LinkYear], &[usize])) -> Vec<Flow> {
    let mut all = Vec::new();
    for ((link, flow), place) in links.iter().zip(&joint.flows).zip(places) {
        let from = at(&joint.prices, (link.from, link.year)).unwrap_or(0.0);
        let to = at(&joint.prices, (link.to, link.year)).unwrap_or(0.0);
        if *flow <= TONNE {
            continue;
        }
        let code = |place: usize| world.regions.get(place).map(|it| it.code.clone());
        all.push(Flow {
            link: *place,
            from: code(link.from).unwrap_or_default(),
            to: code(link.to).unwrap_or_default(),
            year: world.years.get(link.year).copied().unwrap_or_default(),
            quantity: MegaTonnes(*flow),
            arrives: MegaTonnes(link.ratio * flow),
            rent: UsdPerTonne((link.ratio * to - from - link.levy).max(0.0)),
            levy: UsdPerTonne(link.levy),
        });
    }
    all
}

/// Which members have one market in a year: those between which units flow at one price.
fn joined(world: &World, joint: &Joint, links: &[LinkYear]) -> Vec<Market> {
    let mut all = Vec::new();
    for (number, year) in world.years.iter().enumerate() {
        let mut of: Vec<usize> = (0..world.regions.len()).collect();
        for (link, flow) in links.iter().zip(&joint.flows).filter(|(it, _)| it.year == number) {
            let price = |place| at(&joint.prices, (place, number)).unwrap_or(0.0);
            let same = (price(link.from) - price(link.to)).abs() <= CERTAIN;
            let ends = of.get(link.from).copied().zip(of.get(link.to).copied());
            if let Some((one, other)) = ends.filter(|_| *flow > TONNE && same) {
                of.iter_mut()
                    .filter(|it| **it == one.max(other))
                    .for_each(|it| *it = one.min(other));
            }
        }
        for first in 0..world.regions.len() {
            let mine = world.regions.iter().zip(&of).filter(|(_, it)| **it == first);
            let with_market =
                |it: &super::world::Region| it.years.get(number).is_some_and(Option::is_some);
            let codes: Vec<String> =
                mine.filter(|(it, _)| with_market(it)).map(|(it, _)| it.code.clone()).collect();
            if !codes.is_empty() {
                let price = UsdPerTonne(at(&joint.prices, (first, number)).unwrap_or(0.0));
                all.push(Market { jurisdictions: codes, year: *year, price });
            }
        }
    }
    all
}

/// What each link alone brings its ends against no link, discounted to the first year.
fn link_gains(world: &World, alone: &[Vec<f64>]) -> Vec<LinkGain> {
    let mut all = Vec::new();
    for (place, link) in world.links.iter().enumerate() {
        let (links, _) = link_years(world, Some(place));
        let settled = settle::settle(world, (&links, Foreign::Unused));
        let costs = costs(world, &settled);
        let gain = |member: usize| {
            let rho = world.regions.get(member).map_or(0.0, |it| it.rho);
            let years = alone.get(member).into_iter().flatten();
            let with = costs.get(member).into_iter().flatten();
            let mut worth = 1.0;
            let mut sum = 0.0;
            for (without, with) in years.zip(with) {
                sum += worth * (without - with);
                worth /= 1.0 + rho;
            }
            MillionUsd(sum)
        };
        let code = |place: usize| world.regions.get(place).map(|it| it.code.clone());
        all.push(LinkGain {
            from: code(link.from).unwrap_or_default(),
            to: code(link.to).unwrap_or_default(),
            quantity: MegaTonnes(settled.joint.flows.iter().take(links.len()).sum()),
            of_from: gain(link.from),
            of_to: gain(link.to),
        });
    }
    all
}

fn warnings(members: &[Member]) -> Vec<Warning> {
    let mut all = Vec::new();
    for member in members {
        for row in &member.rows {
            let (code, year) = (member.code.clone(), row.year);
            let Some(price) = row.price else { continue };
            if row.missing.0 > TONNE {
                all.push(Warning::Missing { code, year, quantity: row.missing, price });
            } else if row.fined.0 > TONNE {
                all.push(Warning::Fined { code, year, quantity: row.fined, price });
            } else if row.left.0 > TONNE {
                all.push(Warning::LeftOver { code, year, quantity: row.left });
            }
        }
        for target in member.targets.iter().filter(|it| it.transferred.0 > TONNE) {
            let (code, year) = (member.code.clone(), target.year);
            let (oversold, hot_air) = (target.oversold(), target.hot_air());
            if oversold.0 > TONNE {
                all.push(Warning::Oversold { code, year, quantity: oversold });
            } else if hot_air.0 > TONNE {
                all.push(Warning::HotAir { code, year, quantity: hot_air });
            }
        }
    }
    all
}

/// Whether an outcome meets all its conditions.
pub fn is_certain(residual: Residual) -> bool {
    residual.within(CERTAIN)
}
