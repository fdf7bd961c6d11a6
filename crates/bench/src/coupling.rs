//! Twelve markets cleared at once, with links of unequal ratios, quotas and levies among them.

use crate::Failure;
use crate::scene::Draw;
use crate::table::{Figure, Goal, Table};
use karvan_core::coupling::{Choice, Interest, Link, Rational, couple};
use karvan_core::exchange::Side;
use karvan_core::quantity::{Price, Tonnes};
use std::hint::black_box;
use std::time::Instant;

pub(crate) const MARKETS: usize = 12;

/// Books around a price of their own: what is dear here is cheap there, so that units flow.
pub(crate) fn books(draw: &mut Draw, orders: usize) -> Vec<Vec<Interest>> {
    let mut rank = 0;
    let mut book = |market: usize| -> Vec<Interest> {
        let mean = 300 + 150 * i64::try_from(market).unwrap_or(0);
        let mut order = || {
            rank += 1;
            let away = i64::try_from(draw.below(2_001)).unwrap_or(0) - 1_000;
            let side = if draw.below(2) == 0 { Side::Buy } else { Side::Sell };
            let price = Price((mean + away).max(1));
            Interest { side, price, quantity: Tonnes(1 + draw.below(5_000)), rank }
        };
        (0..orders).map(|_| order()).collect()
    };
    (0..MARKETS).map(&mut book).collect()
}

/// Each market with each, but for a third of the pairs.
pub(crate) fn links(draw: &mut Draw) -> Vec<Link> {
    let pairs = (0..MARKETS).flat_map(|from| (0..MARKETS).map(move |to| (from, to)));
    let ratios = [(1, 1), (1, 1), (4, 5), (9, 10), (1, 2)];
    let mut all = Vec::new();
    for (from, to) in pairs.filter(|(from, to)| from != to) {
        if draw.below(3) == 0 {
            continue;
        }
        let ratio = usize::try_from(draw.below(5)).ok().and_then(|it| ratios.get(it).copied());
        let quota = (draw.below(2) == 0).then(|| Tonnes(1 + draw.below(200_000)));
        let levy = Rational::whole(i128::from(draw.below(100)));
        all.push(Link { from, to, ratio: ratio.unwrap_or((1, 1)), quota, levy, floor: Price(0) });
    }
    all
}

pub(crate) fn clearing(runs: usize, table: &mut Table) -> Result<(), Failure> {
    for (orders, said, goal) in [(1_000, "1,000", 5.0), (10_000, "10,000", 60.0)] {
        let mut draw = Draw(12);
        let (books, links) = (books(&mut draw, orders), links(&mut draw));
        let choice = Choice { references: &[None; MARKETS], ticks: &[] };
        let mut values = Vec::new();
        for _ in 0..runs.max(20) {
            let started = Instant::now();
            let coupled = couple(black_box(&books), black_box(&links), choice)
                .map_err(|why| why.to_string())?;
            values.push(started.elapsed().as_secs_f64() * 1e3);
            let flows = coupled.flows.iter().filter(|it| it.quantity > Tonnes(0)).count();
            assert!(flows >= MARKETS / 2, "{flows} of {} links are used", links.len());
        }
        let what = format!("coupled auction of 12 markets x {said} orders, {} links", links.len());
        table.add(Figure { what, unit: "ms", goal: Goal::AtMost(goal), values });
    }
    Ok(())
}
