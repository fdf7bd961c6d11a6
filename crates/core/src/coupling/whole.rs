//! Whole units of an optimum in fractions. From the markets that only give to those that only get:
//! a flow is rounded down, and so is what arrives of it; what is lost in between stays with the
//! link. A market that is then short cuts its last bids, one that has too much its last asks.
//!
//! Bound: each flow that is rounded leaves less than one unit with its market, and less than one
//! on its way. Each of these is cut in the market itself or in one behind it. So with `n` links in
//! use at most `2 n` units are cut in a market, and a fill at most that many better.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "places of markets and links are this file's own, quantities are bounded"
)]

use super::curve::{Curve, Interest, Way};
use super::rational::{Rational, TooLarge};
use super::simplex::Optimum;
use super::{CannotCouple, Flow, Link};
use crate::exchange::Side;
use crate::quantity::Tonnes;
use std::cmp::Ordering;

/// Rounds flows and fills.
pub(super) fn round(
    (curves, markets): (&[Curve], &[Vec<Interest>]),
    links: &[Link],
    (optimum, prices): (&Optimum, &[Option<Rational>]),
) -> Result<(Vec<Flow>, Vec<Vec<Tonnes>>), CannotCouple> {
    let mut flows: Vec<i128> = Vec::new();
    for it in &optimum.flows {
        flows.push(it.floor()?);
    }
    let mut fills: Vec<Vec<Tonnes>> =
        markets.iter().map(|it| vec![Tonnes::ZERO; it.len()]).collect();
    for market in in_order(curves.len(), links, optimum)? {
        let into = links.iter().zip(&flows).filter(|(it, _)| it.to == market);
        let arrived: i128 = into.map(|(it, flow)| arrives(it, *flow)).sum();
        let out: Vec<usize> = (0..links.len()).filter(|it| links[*it].from == market).collect();
        let left = |flows: &[i128]| -> i128 { out.iter().map(|it| flows[*it]).sum() };
        let curve = &curves[market];
        let (mut asks, mut bids) = filled(curve, optimum.supply[market])?;
        let short = |asks: i128, bids: i128, flows: &[i128]| bids + left(flows) - asks - arrived;
        bids -= short(asks, bids, &flows).clamp(0, bids);
        for it in out.iter().rev() {
            let cut = short(asks, bids, &flows).clamp(0, flows[*it]);
            flows[*it] -= cut;
        }
        asks += short(asks, bids, &flows).clamp(-asks, 0);
        // Nothing of its own to cut: what was rounded down takes it, the marginal bid or a flow.
        let marginal = i128::from(!is_whole(optimum.supply[market])?);
        bids -= short(asks, bids, &flows).clamp(-marginal, 0);
        for it in &out {
            let rounded = i128::from(!is_whole(optimum.flows[*it])?);
            let more = -short(asks, bids, &flows).clamp(-rounded, 0);
            flows[*it] += more;
        }
        give(curve, (asks, bids), &mut fills[market])?;
    }
    let mut all = Vec::new();
    for ((link, flow), exact) in links.iter().zip(&flows).zip(&optimum.flows) {
        let rent = match (prices[link.from], prices[link.to], link.quota) {
            (Some(here), Some(there), Some(quota))
                if *exact == Rational::whole(i128::from(quota.0)) =>
            {
                let rent = link.ratio() * there - here - link.levy;
                // What is closed may be worth nothing.
                if rent.sign()? == Ordering::Less { Rational::ZERO } else { rent }
            }
            _ => Rational::ZERO,
        };
        all.push(Flow { quantity: units(*flow), arrives: units(arrives(link, *flow)), rent });
    }
    Ok((all, fills))
}

fn units(it: i128) -> Tonnes {
    Tonnes(u64::try_from(it).unwrap_or_default())
}

fn is_whole(it: Rational) -> Result<bool, TooLarge> {
    it.parts().map(|(_, bottom)| bottom == 1)
}

fn arrives(link: &Link, flow: i128) -> i128 {
    let (arrive, leave) = link.ratio;
    (flow * i128::from(arrive)).div_euclid(i128::from(leave).max(1))
}

/// The markets such that flows lead from earlier to later ones.
fn in_order(markets: usize, links: &[Link], optimum: &Optimum) -> Result<Vec<usize>, CannotCouple> {
    let mut waits = vec![0usize; markets];
    let mut used = Vec::new();
    for (link, flow) in links.iter().zip(&optimum.flows) {
        if flow.sign()? == Ordering::Greater {
            waits[link.to] += 1;
            used.push(link);
        }
    }
    let mut order = Vec::new();
    let mut done = vec![false; markets];
    while let Some(next) = (0..markets).find(|it| !done[*it] && waits[*it] == 0) {
        done[next] = true;
        order.push(next);
        for link in used.iter().filter(|it| it.from == next) {
            waits[link.to] -= 1;
        }
    }
    // Least flow leaves no cycle.
    if order.len() < markets { Err(CannotCouple::TooFine) } else { Ok(order) }
}

/// The whole units of asks and of bids that are filled at a net supply.
fn filled(curve: &Curve, supply: Rational) -> Result<(i128, i128), TooLarge> {
    let (mut asks, mut bids) = (0, 0);
    let marginal = curve.next(supply, Way::Up)?;
    for (place, it) in curve.levels.iter().enumerate() {
        let size = it.end - it.start;
        let below = match marginal {
            Some(marginal) if place == marginal => {
                let into = supply - Rational::whole(it.start);
                match it.side {
                    Side::Sell => asks += into.floor()?,
                    Side::Buy => bids += (Rational::whole(size) - into).floor()?,
                }
                continue;
            }
            Some(marginal) => place < marginal,
            None => true,
        };
        match (it.side, below) {
            (Side::Sell, true) => asks += size,
            (Side::Buy, false) => bids += size,
            (Side::Sell, false) | (Side::Buy, true) => {}
        }
    }
    Ok((asks, bids))
}

/// Fills the best asks and the best bids.
fn give(
    curve: &Curve,
    (asks, bids): (i128, i128),
    fills: &mut [Tonnes],
) -> Result<(), CannotCouple> {
    let (mut asks, mut bids) = (asks, bids);
    for it in &curve.levels {
        if it.side == Side::Sell {
            let part = asks.clamp(0, it.end - it.start);
            asks -= part;
            fills[it.order] = units(part);
        }
    }
    for it in curve.levels.iter().rev() {
        if it.side == Side::Buy {
            let part = bids.clamp(0, it.end - it.start);
            bids -= part;
            fills[it.order] = units(part);
        }
    }
    if asks == 0 && bids == 0 { Ok(()) } else { Err(CannotCouple::TooFine) }
}
