//! Floors: what arrives by a link settles at no less than the reserve price of the market where it
//! arrives, so that cheap units do not undermine it. Where imports would bring the price below,
//! only so many come as are wanted at the floor; between that and what their sellers get lies a
//! rent of the link. Where a market's own offers suffice below the floor, nothing comes.
//!
//! Found by a trial in which such a market wants any quantity at its floor: what it takes only so
//! is not imported. The limit is then a quota like others, and the optimum exact within it.
#![expect(clippy::indexing_slicing, reason = "places of markets and links are this file's own")]

use super::curve::{Curve, Interest};
use super::rational::{Rational, TooLarge};
use super::simplex::{self, Optimum};
use super::{CannotCouple, Choice, Link, QUANTITY_MAX, prices};
use crate::exchange::Side;
use crate::quantity::{Price, Tonnes};
use std::cmp::Ordering;

/// What comes into a market is limited so many times before it is closed to imports.
const LIMITED_MAX: u8 = 4;

/// An optimum that keeps the floors, its prices, and the links with the quotas that do.
pub(super) struct Kept {
    pub(super) optimum: Optimum,
    pub(super) prices: Vec<Option<Rational>>,
    pub(super) links: Vec<Link>,
}

/// The books, and what is asked of them.
struct Floors<'a> {
    curves: &'a [Curve],
    markets: &'a [Vec<Interest>],
    choice: Choice<'a>,
}

/// Finds the optimum.
pub(super) fn solve(
    (curves, markets): (&[Curve], &[Vec<Interest>]),
    links: &[Link],
    choice: Choice<'_>,
) -> Result<Kept, CannotCouple> {
    let it = Floors { curves, markets, choice };
    let mut kept = it.within(links.to_vec())?;
    let mut limited = vec![0u8; markets.len()];
    loop {
        let low = it.too_low(&kept)?;
        if low.is_empty() {
            return Ok(kept);
        }
        // The limit of one market may bring units back to another: it is limited again. What is too
        // low all the same takes nothing in, so there is an end.
        let (closed, open): (Vec<usize>, Vec<usize>) =
            low.iter().partition(|it| limited[**it] >= LIMITED_MAX);
        let mut links = kept.links;
        for market in closed {
            let into = links.iter_mut().filter(|it| it.to == market && it.floor > Price(0));
            into.for_each(|it| it.quota = Some(Tonnes::ZERO));
        }
        if !open.is_empty() {
            it.limit(&mut links, &open)?;
        }
        for market in open {
            limited[market] = limited[market].saturating_add(1);
        }
        kept = it.within(links)?;
    }
}

impl Floors<'_> {
    fn within(&self, links: Vec<Link>) -> Result<Kept, CannotCouple> {
        let optimum = simplex::solve(self.curves, &links)?;
        let prices = prices::choose((self.curves, self.markets), &links, (&optimum, self.choice))?;
        Ok(Kept { optimum, prices, links })
    }

    /// Markets into which units come although the price is below the floor.
    fn too_low(&self, kept: &Kept) -> Result<Vec<usize>, TooLarge> {
        let mut low = Vec::new();
        for (link, flow) in kept.links.iter().zip(&kept.optimum.flows) {
            let comes = link.floor > Price(0) && flow.sign()? == Ordering::Greater;
            let Some(price) = kept.prices[link.to].filter(|_| comes) else { continue };
            if price.compare(floor(link))? == Ordering::Less && !low.contains(&link.to) {
                low.push(link.to);
            }
        }
        low.sort_unstable();
        Ok(low)
    }

    /// Limits what comes into markets to what they want at their floors.
    fn limit(&self, links: &mut [Link], low: &[usize]) -> Result<(), CannotCouple> {
        let mut books = self.markets.to_vec();
        for market in low {
            let floor = links.iter().filter(|it| it.to == *market).map(|it| it.floor).max();
            let price = floor.unwrap_or(Price(0));
            let (side, quantity, rank) = (Side::Buy, QUANTITY_MAX, u64::MAX);
            books[*market].push(Interest { side, price, quantity, rank });
        }
        let curves: Vec<Curve> = books.iter().map(|it| Curve::of(it)).collect();
        let trial = simplex::solve(&curves, links)?;
        let found = prices::choose((&curves, &books), links, (&trial, self.choice))?;
        for market in low.iter().copied() {
            let into = (0..links.len()).filter(|it| links[*it].to == market);
            let mut into: Vec<usize> = into.filter(|it| links[*it].floor > Price(0)).collect();
            let mut arrives = Rational::ZERO;
            for it in &into {
                arrives = arrives + links[*it].ratio() * trial.flows[*it];
            }
            let order = self.markets[market].len();
            let level = curves[market].levels.iter().find(|it| it.order == order);
            // The part of the trial's bid that is filled: from the net supply up to its end.
            let end = level.map_or(Rational::ZERO, |it| Rational::whole(it.end));
            let mut left = arrives - (end - trial.supply[market]);
            // Whoever gives a unit for least comes first.
            let cost = |it: usize| -> Rational {
                let here = found[links[it].from].unwrap_or(Rational::ZERO);
                (here + links[it].levy) / links[it].ratio()
            };
            let mut failed = Ok(());
            into.sort_by(|one, two| {
                cost(*one).compare(cost(*two)).unwrap_or_else(|why| {
                    failed = Err(why);
                    Ordering::Equal
                })
            });
            failed?;
            for it in into {
                if left.sign()? == Ordering::Less {
                    left = Rational::ZERO;
                }
                let wanted = left / links[it].ratio();
                let flow = trial.flows[it];
                let some = if flow.compare(wanted)? == Ordering::Greater { wanted } else { flow };
                let whole = some.floor()?.max(0);
                left = left - links[it].ratio() * Rational::whole(whole);
                let quota = Tonnes(u64::try_from(whole).unwrap_or(u64::MAX));
                links[it].quota = Some(links[it].quota.map_or(quota, |it| it.min(quota)));
            }
        }
        Ok(())
    }
}

fn floor(link: &Link) -> Rational {
    Rational::whole(i128::from(link.floor.0))
}
