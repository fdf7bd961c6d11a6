//! The curve of a market: what its net supply costs. From all bids filled and no ask filled on,
//! each further unit comes from the cheapest ask, or from the bid that forgoes least; an ask that
//! is filled and a bid that is not count alike.
//!
//! Costs are ordered to the last doubt, so that a marginal order is never a matter of chance:
//! by price; then the ask before the bid, since the larger filled quantity wins; then orders that
//! come earlier are filled first, in whichever market they are.

use super::rational::{Rational, TooLarge};
use crate::exchange::Side;
use crate::quantity::{Price, Tonnes};

/// An order of a market, with its place among the orders of all markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Which side.
    pub side: Side,
    /// Its limit, in the currency of the coupling.
    pub price: Price,
    /// How much.
    pub quantity: Tonnes,
    /// Its place in the sequence of all orders.
    pub rank: u64,
}

/// A step of the curve: one order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub(super) price: i128,
    pub(super) side: Side,
    pub(super) rank: u64,
    /// Which of the market's orders.
    pub(super) order: usize,
    /// The net supply at which it begins.
    pub(super) start: i128,
    /// The net supply at which it ends.
    pub(super) end: i128,
}

/// The curve.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub(super) levels: Vec<Level>,
}

/// Which way the net supply goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
}

impl Curve {
    pub(super) fn of(orders: &[Interest]) -> Self {
        let mut levels: Vec<Level> = Vec::with_capacity(orders.len());
        let mut start: i128 = 0;
        for (order, it) in orders.iter().enumerate().filter(|(_, it)| it.quantity > Tonnes::ZERO) {
            let (quantity, price) = (i128::from(it.quantity.0), i128::from(it.price.0));
            if it.side == Side::Buy {
                start = start.saturating_sub(quantity);
            }
            let (side, rank) = (it.side, it.rank);
            levels.push(Level { price, side, rank, order, start: 0, end: quantity });
        }
        levels.sort_unstable_by_key(|it| match it.side {
            Side::Sell => (it.price, false, it.rank),
            Side::Buy => (it.price, true, u64::MAX.saturating_sub(it.rank)),
        });
        for it in &mut levels {
            it.start = start;
            it.end = start.saturating_add(it.end);
            start = it.end;
        }
        Self { levels }
    }

    /// Limits of the bids that are filled at a net supply, less those of the asks.
    pub(super) fn value(&self, at: Rational) -> Result<Rational, TooLarge> {
        let mut sum = Rational::ZERO;
        for it in &self.levels {
            let (start, end) = (Rational::whole(it.start), Rational::whole(it.end));
            let below = at.compare(start)?.is_gt();
            let reached = if at.compare(end)?.is_gt() { end } else { at };
            let reached = if below { reached } else { start };
            let price = Rational::whole(it.price);
            sum = match it.side {
                Side::Sell => sum - price * (reached - start),
                Side::Buy => sum + price * (end - reached),
            };
        }
        Ok(sum)
    }

    /// The step that the net supply enters when it goes on from here.
    pub(super) fn next(&self, at: Rational, way: Way) -> Result<Option<usize>, TooLarge> {
        Ok(match way {
            Way::Up => {
                let at = at.floor()?;
                let place = self.levels.partition_point(|it| it.end <= at);
                (place < self.levels.len()).then_some(place)
            }
            Way::Down => {
                let at = at.ceil()?;
                self.levels.partition_point(|it| it.start < at).checked_sub(1)
            }
        })
    }

    /// The step out of which the net supply came when it stopped here.
    pub(super) fn last(&self, at: Rational, way: Way) -> Result<Option<usize>, TooLarge> {
        self.next(
            at,
            match way {
                Way::Up => Way::Down,
                Way::Down => Way::Up,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bids_and_asks_are_one_curve_and_the_ask_comes_before_the_bid_of_the_same_price() {
        let order = |rank, side, price, quantity| Interest {
            side,
            price: Price(price),
            quantity: Tonnes(quantity),
            rank,
        };
        let curve = Curve::of(&[
            order(1, Side::Buy, 10, 5),
            order(2, Side::Sell, 10, 3),
            order(3, Side::Buy, 10, 1),
            order(4, Side::Sell, 10, 0),
            order(5, Side::Sell, 9, 2),
        ]);
        let steps: Vec<_> = curve.levels.iter().map(|it| (it.rank, it.start, it.end)).collect();
        // The later of two equal bids forgoes first.
        assert_eq!(steps, [(5, -6, -4), (2, -4, -1), (3, -1, 0), (1, 0, 5)]);
        let at = Rational::whole(-1);
        assert_eq!(curve.next(at, Way::Up), Ok(Some(2)));
        assert_eq!(curve.next(at, Way::Down), Ok(Some(1)));
        assert_eq!(curve.next(Rational::whole(5), Way::Up), Ok(None));
        assert_eq!(curve.next(Rational::new(-3, 2), Way::Up), Ok(Some(1)));
        assert_eq!(curve.next(Rational::new(-3, 2), Way::Down), Ok(Some(1)));
    }
}
