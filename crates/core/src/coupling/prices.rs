//! The prices of an optimum. A price is right where each order that is filled gains by it or loses
//! nothing, each that is not would not gain, and so for each link. Of two right sets of prices the
//! higher of each market is a right set again, and so is the lower: each market has a highest and
//! a lowest price, and all between them can be had.
//!
//! Markets take their price in their order: among those still possible the one nearest to their
//! reference, the higher of two equally near; without a reference the middle, rounded half up; on
//! a tick where one is possible. A market through which nothing flows takes the price of a call
//! auction of its own, where no link stands against it.
//!
//! Source for the bounds: inequalities in two variables each, B. Aspvall and Y. Shiloach, SIAM
//! Journal on Computing 9 (1980); a cycle of bounds that shrinks is settled at its fixed point.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "places of markets are this file's own, fractions mark what is too large"
)]

use super::curve::{Curve, Interest, Way};
use super::rational::{Rational, TooLarge};
use super::simplex::Optimum;
use super::{CannotCouple, Choice, Link};
use crate::call::crossing;
use crate::exchange::Side;
use crate::quantity::Price;
use std::cmp::Ordering;

/// That one price bounds another: `of` is at most, or at least, `gain` x the price of `by` +
/// `plus`.
#[derive(Clone, Copy)]
struct Bound {
    of: usize,
    by: usize,
    gain: Rational,
    plus: Rational,
}

/// A market whose price still changes, and for each market the bound that changed it last.
struct Chain {
    market: usize,
    because: Vec<Option<usize>>,
}

/// The highest or the lowest prices that are possible.
struct Ends {
    prices: Vec<Option<Rational>>,
    bounds: Vec<Bound>,
    /// How a price compares with one that is tighter.
    tighter: Ordering,
}

impl Ends {
    /// Tightens until nothing gets tighter.
    fn settle(&mut self) -> Result<(), CannotCouple> {
        // A cycle is settled once and for all; there are fewer of them than this.
        for _ in 0..10_000 {
            let Some(chain) = self.pass()? else { return Ok(()) };
            self.settle_cycle(chain)?;
        }
        Err(CannotCouple::TooFine)
    }

    /// As many rounds as there are markets; tells a market that would still change.
    fn pass(&mut self) -> Result<Option<Chain>, TooLarge> {
        let mut because = vec![None; self.prices.len()];
        let mut last = None;
        for _ in 0..=self.prices.len() {
            last = None;
            for (place, it) in self.bounds.iter().enumerate() {
                let Some(by) = self.prices[it.by] else { continue };
                let bound = it.gain * by + it.plus;
                let gets = match self.prices[it.of] {
                    None => true,
                    Some(now) => bound.compare(now)? == self.tighter,
                };
                if gets {
                    self.prices[it.of] = Some(bound);
                    because[it.of] = Some(place);
                    last = Some(it.of);
                }
            }
            if last.is_none() {
                return Ok(None);
            }
        }
        Ok(last.map(|market| Chain { market, because }))
    }

    /// A market that bounds itself by a way around: its price is the fixed point of the way.
    fn settle_cycle(&mut self, Chain { market, because }: Chain) -> Result<(), CannotCouple> {
        let before = |market: usize| because[market].map(|it| self.bounds[it]);
        let mut on = market;
        for _ in 0..self.prices.len() {
            on = before(on).map_or(on, |it| it.by);
        }
        // of = gain x by + plus, from the market back to itself.
        let (mut gain, mut plus) = (Rational::ONE, Rational::ZERO);
        let mut at = on;
        loop {
            let Some(it) = before(at) else { return Err(CannotCouple::TooFine) };
            plus = gain * it.plus + plus;
            gain = gain * it.gain;
            at = it.by;
            if at == on {
                break;
            }
        }
        self.prices[on] = Some(plus / (Rational::ONE - gain));
        Ok(())
    }
}

/// Chooses the prices.
pub(super) fn choose(
    (curves, markets): (&[Curve], &[Vec<Interest>]),
    links: &[Link],
    (optimum, choice): (&Optimum, Choice<'_>),
) -> Result<Vec<Option<Rational>>, CannotCouple> {
    let mut highest = Ends { prices: Vec::new(), bounds: Vec::new(), tighter: Ordering::Less };
    let mut lowest = Ends { prices: Vec::new(), bounds: Vec::new(), tighter: Ordering::Greater };
    for (curve, supply) in curves.iter().zip(&optimum.supply) {
        let price = |step: Option<usize>| {
            step.and_then(|it| curve.levels.get(it)).map(|it| Rational::whole(it.price))
        };
        highest.prices.push(price(curve.next(*supply, Way::Up)?));
        lowest.prices.push(price(curve.next(*supply, Way::Down)?));
    }
    let mut passes = vec![false; curves.len()];
    for (link, flow) in links.iter().zip(&optimum.flows) {
        let flows = flow.sign()? == Ordering::Greater;
        let quota = link.quota.map(|it| Rational::whole(i128::from(it.0)));
        let full = quota == Some(*flow);
        passes[link.from] |= flows;
        passes[link.to] |= flows;
        let (ratio, levy) = (link.ratio(), link.levy);
        let Link { from, to, .. } = *link;
        let there = Bound { of: to, by: from, gain: Rational::ONE / ratio, plus: levy / ratio };
        let here = Bound { of: from, by: to, gain: ratio, plus: -levy };
        // ratio x there <= here + levy, where more would not gain.
        if !full {
            highest.bounds.push(there);
            lowest.bounds.push(here);
        }
        // ratio x there >= here + levy, where less would not gain.
        if flows {
            highest.bounds.push(here);
            lowest.bounds.push(there);
        }
    }
    keep_floors((&mut highest, &mut lowest), links, optimum)?;
    let mut prices = vec![None; curves.len()];
    for market in 0..curves.len() {
        if !(passes[market] || is_filled(&curves[market], optimum.supply[market])?) {
            continue;
        }
        highest.settle()?;
        lowest.settle()?;
        let range = (lowest.prices[market], highest.prices[market]);
        let reference = choice.references.get(market).copied().flatten();
        let mut price = None;
        if !passes[market] {
            price = alone(&markets[market], (reference, choice.tick(market)), range)?;
        }
        let reference = reference.map(|it| Rational::whole(i128::from(it.0)));
        if price.is_none() {
            price = nearest(range, reference, i128::from(choice.tick(market).0))?;
        }
        prices[market] = price;
        highest.prices[market] = price;
        lowest.prices[market] = price;
    }
    Ok(prices)
}

/// A market into which units come that may not settle below a floor takes a price from there on,
/// where one is possible: the highest prices are right together.
fn keep_floors(
    (highest, lowest): (&mut Ends, &mut Ends),
    links: &[Link],
    optimum: &Optimum,
) -> Result<(), CannotCouple> {
    if links.iter().all(|it| it.floor == Price(0)) {
        return Ok(());
    }
    highest.settle()?;
    lowest.settle()?;
    for (link, flow) in links.iter().zip(&optimum.flows) {
        let floor = Rational::whole(i128::from(link.floor.0));
        let comes = flow.sign()? == Ordering::Greater;
        let high = highest.prices[link.to].filter(|_| comes);
        let possible = match high {
            Some(high) => high.compare(floor)? != Ordering::Less,
            None => comes,
        };
        let above = match lowest.prices[link.to] {
            Some(low) => low.compare(floor)? != Ordering::Less,
            None => false,
        };
        if possible && !above {
            lowest.prices[link.to] = Some(floor);
        }
    }
    Ok(())
}

/// The price of a call auction of a market alone, if it is in the range.
fn alone(
    orders: &[Interest],
    (reference, tick): (Option<Price>, Price),
    (lowest, highest): (Option<Rational>, Option<Rational>),
) -> Result<Option<Rational>, TooLarge> {
    let own = |it: &Interest| crossing::Interest {
        side: it.side,
        price: it.price,
        quantity: it.quantity,
    };
    let orders: Vec<crossing::Interest> = orders.iter().map(own).collect();
    let Some(found) = crossing::cross(&orders, reference, tick) else { return Ok(None) };
    let price = Rational::whole(i128::from(found.price.0));
    for (end, out) in [(lowest, Ordering::Less), (highest, Ordering::Greater)] {
        if let Some(end) = end
            && price.compare(end)? == out
        {
            return Ok(None);
        }
    }
    Ok(Some(price))
}

/// Whether any order of a market is filled, if only in part.
fn is_filled(curve: &Curve, supply: Rational) -> Result<bool, TooLarge> {
    for it in &curve.levels {
        let filled = match it.side {
            Side::Sell => Rational::whole(it.start).compare(supply)? == Ordering::Less,
            Side::Buy => Rational::whole(it.end).compare(supply)? == Ordering::Greater,
        };
        if filled {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The price of a range that is nearest to a reference, or to its middle; on a tick where the
/// range has one.
fn nearest(
    (lowest, highest): (Option<Rational>, Option<Rational>),
    reference: Option<Rational>,
    tick: i128,
) -> Result<Option<Rational>, TooLarge> {
    let (Some(low), Some(high)) = (lowest.or(highest), highest.or(lowest)) else {
        return Ok(reference);
    };
    let step = Rational::whole(tick);
    let ticks = ((low / step).ceil()?, (high / step).floor()?);
    let half = Rational::new(1, 2);
    if ticks.0 > ticks.1 {
        let wanted = reference.unwrap_or((low + high) * half);
        let above_low = if wanted.compare(low)? == Ordering::Less { low } else { wanted };
        let clamped = if above_low.compare(high)? == Ordering::Greater { high } else { above_low };
        return Ok(Some(clamped));
    }
    let wanted = match reference {
        // The higher of two equally near.
        Some(it) => (it / step + half).floor()?,
        None => (Rational::whole(ticks.0 + ticks.1) * half + half).floor()?,
    };
    Ok(Some(Rational::whole(wanted.clamp(ticks.0, ticks.1) * tick)))
}
