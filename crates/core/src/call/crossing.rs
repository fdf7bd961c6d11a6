//! The price rule of call auctions.
//!
//! Every tick between the lowest and the highest crossing price is a candidate. The largest volume
//! wins; then the smallest surplus; then, if all candidates have a surplus of bids, the highest
//! price, and the lowest if all have a surplus of asks; else the candidate nearest to the
//! reference price, the higher of two equally near; without a reference, nearest to the middle,
//! rounded to the tick half up. Between two order prices nothing changes, so candidates are
//! intervals: ticks are never walked. At the price, better prices first, then the earlier order.

use crate::exchange::Side;
use crate::quantity::{Price, Tonnes};

/// An order as the rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct Interest {
    /// Which side.
    pub side: Side,
    /// Its limit.
    pub price: Price,
    /// How many units.
    pub quantity: Tonnes,
}

/// The price, what is traded at it, and bids minus asks there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The price.
    pub price: Price,
    /// What is traded.
    pub volume: Tonnes,
    /// Bids minus asks at the price.
    pub surplus: i128,
}

struct Interval {
    low: i64,
    high: i64,
    volume: u128,
    surplus: i128,
}

/// Finds the price; none where nothing crosses. All prices are multiples of the tick, which is
/// above zero; the reference need not be.
pub fn cross(orders: &[Interest], reference: Option<Price>, tick: Price) -> Option<Crossing> {
    let mut all = intervals(orders, tick.0);
    let volume = all.iter().map(|it| it.volume).max().filter(|it| *it > 0)?;
    all.retain(|it| it.volume == volume);
    let least = all.iter().map(|it| it.surplus.unsigned_abs()).min()?;
    all.retain(|it| it.surplus.unsigned_abs() == least);
    let lowest = all.iter().map(|it| it.low).min()?;
    let highest = all.iter().map(|it| it.high).max()?;
    let price = if all.iter().all(|it| it.surplus > 0) {
        highest
    } else if all.iter().all(|it| it.surplus < 0) {
        lowest
    } else {
        // Half up to the tick: both ends are multiples of it.
        let ends = lowest.saturating_add(highest).saturating_add(tick.0);
        let middle = ends.div_euclid(tick.0.saturating_mul(2)).saturating_mul(tick.0);
        nearest(&all, reference.map_or(middle, |it| it.0), tick.0)?
    };
    let at = all.iter().find(|it| it.low <= price && price <= it.high)?;
    let volume = Tonnes(u64::try_from(volume).ok()?);
    Some(Crossing { price: Price(price), volume, surplus: at.surplus })
}

fn nearest(candidates: &[Interval], wanted: i64, tick: i64) -> Option<i64> {
    let around = candidates.iter().flat_map(|it| {
        let inside = wanted.clamp(it.low, it.high);
        let above = inside.saturating_sub(it.low).rem_euclid(tick);
        let below = inside.saturating_sub(above);
        [below, below.saturating_add(tick).min(it.high)]
    });
    around.min_by_key(|it| (it.abs_diff(wanted), std::cmp::Reverse(*it)))
}

/// What each order of one side gets, in the order in which they are served: which order, how much.
/// Orders come in the order in which they were placed.
pub fn fills(orders: &[Interest], side: Side, it: &Crossing) -> Vec<(usize, Tonnes)> {
    let meets = |order: &Interest| match side {
        Side::Buy => order.price >= it.price,
        Side::Sell => order.price <= it.price,
    };
    let mut ranked: Vec<(usize, &Interest)> = orders.iter().enumerate().collect();
    ranked.retain(|(_, order)| order.side == side && meets(order));
    // The sort is stable: of equal prices the earlier order comes first.
    match side {
        Side::Buy => ranked.sort_by_key(|(_, order)| std::cmp::Reverse(order.price)),
        Side::Sell => ranked.sort_by_key(|(_, order)| order.price),
    }
    let mut left = it.volume;
    let mut fills = Vec::new();
    for (place, order) in ranked {
        let quantity = order.quantity.min(left);
        left -= quantity;
        if quantity > Tonnes::ZERO {
            fills.push((place, quantity));
        }
    }
    fills
}

/// Runs of ticks with the same bids and asks, from the lowest ask to the highest bid.
fn intervals(orders: &[Interest], tick: i64) -> Vec<Interval> {
    let mut prices: Vec<i64> = orders.iter().map(|it| it.price.0).collect();
    prices.sort_unstable();
    prices.dedup();
    let asks = orders.iter().filter(|it| it.side == Side::Sell);
    let bids = orders.iter().filter(|it| it.side == Side::Buy);
    let (Some(from), Some(to)) = (asks.map(|it| it.price.0).min(), bids.map(|it| it.price.0).max())
    else {
        return Vec::new();
    };
    let mut by_price: Vec<&Interest> = orders.iter().collect();
    by_price.sort_by_key(|it| it.price);
    let quantity = |it: &&Interest| u128::from(it.quantity.0);
    let mut bids: u128 = by_price.iter().filter(|it| it.side == Side::Buy).map(quantity).sum();
    let mut asks: u128 = 0;
    let mut runs = Vec::new();
    let mut rest = by_price.iter().peekable();
    for (place, price) in prices.iter().enumerate() {
        let mut bids_here: u128 = 0;
        while let Some(it) = rest.next_if(|it| it.price.0 == *price) {
            match it.side {
                Side::Buy => bids_here = bids_here.saturating_add(quantity(it)),
                Side::Sell => asks = asks.saturating_add(quantity(it)),
            }
        }
        runs.push(run(*price, *price, (bids, asks)));
        bids = bids.saturating_sub(bids_here);
        if let Some(next) = prices.get(place.saturating_add(1)) {
            let (low, high) = (price.saturating_add(tick), next.saturating_sub(tick));
            runs.push(run(low, high, (bids, asks)));
        }
    }
    runs.retain(|it| it.low <= it.high && from <= it.low && it.high <= to);
    runs
}

fn run(low: i64, high: i64, (bids, asks): (u128, u128)) -> Interval {
    let signed = |it: u128| i128::try_from(it).unwrap_or(i128::MAX);
    Interval {
        low,
        high,
        volume: bids.min(asks),
        surplus: signed(bids).saturating_sub(signed(asks)),
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of a plain twin")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn orders(rows: &[(Side, i64, u64)]) -> Vec<Interest> {
        rows.iter()
            .map(|(side, price, quantity)| Interest {
                side: *side,
                price: Price(*price),
                quantity: Tonnes(*quantity),
            })
            .collect()
    }

    /// The rule word by word: every tick is tried.
    fn plain(orders: &[Interest], reference: Option<i64>, tick: i64) -> Option<(i64, u64, i128)> {
        let of = |side| orders.iter().filter(move |it| it.side == side);
        let from = of(Side::Sell).map(|it| it.price.0).min()?;
        let to = of(Side::Buy).map(|it| it.price.0).max()?;
        let at = |price: i64| {
            let bids: u64 =
                of(Side::Buy).filter(|it| it.price.0 >= price).map(|it| it.quantity.0).sum();
            let asks: u64 =
                of(Side::Sell).filter(|it| it.price.0 <= price).map(|it| it.quantity.0).sum();
            (price, bids.min(asks), i128::from(bids) - i128::from(asks))
        };
        let mut ticks: Vec<_> = (from..=to).filter(|it| it % tick == 0).map(at).collect();
        let volume = ticks.iter().map(|it| it.1).max()?;
        ticks.retain(|it| it.1 == volume && volume > 0);
        let least = ticks.iter().map(|it| it.2.abs()).min()?;
        ticks.retain(|it| it.2.abs() == least);
        let (low, high) = (ticks[0].0, ticks[ticks.len() - 1].0);
        if ticks.iter().all(|it| it.2 > 0) {
            return ticks.last().copied();
        }
        if ticks.iter().all(|it| it.2 < 0) {
            return ticks.first().copied();
        }
        let wanted = reference.unwrap_or((low + high + tick).div_euclid(2 * tick) * tick);
        ticks.into_iter().rev().min_by_key(|it| it.0.abs_diff(wanted))
    }

    #[test]
    fn the_largest_volume_wins_then_the_smallest_surplus() {
        let book = orders(&[(Side::Buy, 105, 50), (Side::Buy, 100, 50), (Side::Sell, 98, 70)]);
        let found = cross(&book, None, Price(1)).expect("it crosses");
        assert_eq!((found.price, found.volume, found.surplus), (Price(100), Tonnes(70), 30));
    }

    #[test]
    fn without_surplus_the_reference_decides_and_else_the_middle_rounded_up() {
        let book = orders(&[(Side::Buy, 105, 50), (Side::Sell, 100, 50)]);
        let price = |reference| cross(&book, reference, Price(1)).map(|it| it.price);
        assert_eq!(price(None), Some(Price(103)));
        assert_eq!(price(Some(Price(101))), Some(Price(101)));
        assert_eq!(price(Some(Price(400))), Some(Price(105)));
    }

    #[test]
    fn nothing_crosses_nothing_trades() {
        let price = |rows| cross(&orders(rows), Some(Price(3)), Price(1));
        assert_eq!(price(&[(Side::Buy, 99, 50), (Side::Sell, 100, 50)]), None);
        assert_eq!(price(&[(Side::Sell, 100, 50)]), None);
        assert_eq!(price(&[]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn intervals_find_what_walking_every_tick_finds(
            rows in prop::collection::vec((any::<bool>(), 1i64..40, 1u64..20), 0..12),
            reference in prop::option::of(0i64..120),
            tick in 1i64..4,
        ) {
            let side = |buy| if buy { Side::Buy } else { Side::Sell };
            let rows: Vec<_> = rows.into_iter().map(|(b, p, q)| (side(b), p * tick, q)).collect();
            let book = orders(&rows);
            let crossing = cross(&book, reference.map(Price), Price(tick));
            let found = crossing.map(|it| (it.price.0, it.volume.0, it.surplus));
            prop_assert_eq!(found, plain(&book, reference, tick));
            // Both sides get what is traded; nobody is passed over for a worse price.
            let sides = [Side::Buy, Side::Sell].into_iter();
            for (side, it) in sides.flat_map(|it| Some(it).zip(crossing)) {
                let all = fills(&book, side, &it);
                prop_assert_eq!(all.iter().map(|(_, it)| *it).sum::<Tonnes>(), it.volume);
                let short = all.iter().rev().skip(1).any(|(p, it)| *it < book[*p].quantity);
                prop_assert!(!short, "a better order gets less than it wants");
            }
        }
    }
}
