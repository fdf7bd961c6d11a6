//! The coupled auction: unequal links, cleared at once. Each market has a book of its own; a link
//! leads from one to another at a ratio of at most one, within a quota, at a levy. Found are the
//! fills and flows that together bring the largest value: the limits of the bids that are filled,
//! less those of the asks, less levies; and the prices by which each market can see that it was
//! right.
//!
//! In each market what its asks give and what arrives is what its bids get and what leaves. Of all
//! solutions of equal value the one with the largest filled bids is taken, of these the one with
//! the least flow, of these the one in which the earlier order gets more. Nothing here is rounded
//! but at the end: see [`whole`] for whole units.

pub mod clear_coupling;
pub mod couple_calls;
pub mod coupling_filled;
pub mod coupling_settled;
mod curve;
mod floors;
mod graph;
mod market;
mod prices;
pub mod rational;
mod settle;
pub mod settlement;
mod simplex;
mod whole;

pub use curve::Interest;
pub use rational::{Rational, TooLarge};

use crate::id::{CallId, JurisdictionId};
use crate::quantity::{Money, Price, Tonnes};
use crate::time::Instant;
use curve::Curve;
use minicbor::{Decode, Encode};
use std::fmt;

/// The most markets that are coupled.
pub const MARKETS_MAX: usize = 16;
/// A market may be two nodes: what may leave it, and all else.
const NODES_MAX: usize = 2 * MARKETS_MAX;
/// The highest price, in the minor unit of the currency: one with room for exact fractions.
pub const PRICE_MAX: Price = Price(10_000_000_000);
/// The most units of an order or a quota.
pub const QUANTITY_MAX: Tonnes = Tonnes(1_000_000_000_000);
/// What the terms of the ratios along a way through the markets may multiply to.
pub const PRODUCT_MAX: u128 = 1_000_000_000_000;
/// So many ways are followed to see what they multiply to.
const WAYS_MAX: u32 = 1_000_000;

/// Calls that are cleared together.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Coupling {
    /// The calls, in the order in which their markets take their price.
    #[n(0)]
    pub calls: Vec<CallId>,
    /// When they were cleared, if they are.
    #[n(1)]
    pub cleared: Option<Instant>,
    /// The prices of the markets that have one.
    #[n(2)]
    pub prices: Vec<CoupledPrice>,
    /// What went through the links that took part.
    #[n(3)]
    pub flows: Vec<CoupledFlow>,
}

/// The price of a market of a coupling; the exact one may lie between two ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct CoupledPrice {
    /// The call.
    #[n(0)]
    pub call: CallId,
    /// What buyers pay.
    #[n(1)]
    pub pays: Price,
    /// What sellers get.
    #[n(2)]
    pub gets: Price,
    /// What sellers get for units that may leave the market, where not all may.
    #[n(4)]
    pub leaving: Option<Price>,
    /// The nearest price on a tick, the higher of two equally near: what is published.
    #[n(3)]
    pub nearest: Price,
}

/// What went through a link of a coupling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CoupledFlow {
    /// The market units left.
    #[n(0)]
    pub from: JurisdictionId,
    /// The market they arrived in.
    #[n(1)]
    pub to: JurisdictionId,
    /// Units that left.
    #[n(2)]
    pub quantity: Tonnes,
    /// Of these, link units that went home.
    #[n(3)]
    pub home: Tonnes,
    /// Units that arrived.
    #[n(4)]
    pub arrives: Tonnes,
    /// What its quota earned.
    #[n(5)]
    pub rent: Money,
    /// What was levied on it.
    #[n(6)]
    pub levy: Money,
}

/// A link from one market to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The market units leave, by its place.
    pub from: usize,
    /// The market they arrive in.
    pub to: usize,
    /// So many units arrive for so many that leave: at most as many.
    pub ratio: (u64, u64),
    /// At most so many units leave; none where nothing bounds them.
    pub quota: Option<Tonnes>,
    /// What is levied on each unit that leaves, in the minor unit of the currency.
    pub levy: Rational,
    /// What arrives settles at no less than this; 0 for none.
    pub floor: Price,
}

impl Link {
    fn ratio(&self) -> Rational {
        Rational::new(i128::from(self.ratio.0), i128::from(self.ratio.1))
    }
}

/// What goes through a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Units that leave.
    pub quantity: Tonnes,
    /// Units that arrive.
    pub arrives: Tonnes,
    /// What the quota is worth for each unit that leaves, beyond the levy; nothing where it does
    /// not bind.
    pub rent: Rational,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupled {
    /// The price of each market, in the minor unit of the currency; none where nothing was filled
    /// and nothing passed through. Buyers pay it rounded up to the tick, sellers get it rounded
    /// down.
    pub prices: Vec<Option<Rational>>,
    /// What goes through each link.
    pub flows: Vec<Flow>,
    /// What each order of each market gets or gives.
    pub fills: Vec<Vec<Tonnes>>,
    /// Limits of the filled bids less those of the asks, less levies, if units could be divided.
    pub optimum: Rational,
}

/// Why markets cannot be coupled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotCouple {
    /// There are too many.
    TooManyMarkets,
    /// A price or a quantity is out of bounds.
    OrderOutOfBounds {
        /// Its rank.
        rank: u64,
    },
    /// A link does not lead from one of the markets to another, once, at a ratio of at most one,
    /// with a quota in bounds and a levy that is not negative.
    LinkOutOfBounds {
        /// Which.
        link: usize,
    },
    /// The ratios of a way multiply beyond what is reckoned with exactly.
    TooFine,
}

impl From<TooLarge> for CannotCouple {
    fn from(_: TooLarge) -> Self {
        Self::TooFine
    }
}

impl fmt::Display for CannotCouple {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyMarkets => write!(to, "at most {MARKETS_MAX} markets are coupled"),
            Self::OrderOutOfBounds { rank } => write!(
                to,
                "order {rank}: a price is above 0 and at most {PRICE_MAX}, a quantity at most \
                 {QUANTITY_MAX}"
            ),
            Self::LinkOutOfBounds { link } => write!(
                to,
                "link {link}: it leads from one market to another, once, at a ratio above 0 and of \
                 at most 1, with a quota of at most {QUANTITY_MAX} and a levy that is not negative"
            ),
            Self::TooFine => write!(
                to,
                "the ratios of a way through the markets multiply beyond {PRODUCT_MAX}; write them \
                 with smaller numbers"
            ),
        }
    }
}

/// How prices are chosen where several are right.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// For each market the price to which the nearest is taken; the middle without one.
    pub references: &'a [Option<Price>],
    /// For each market the step between prices, above zero; the finest without one.
    pub ticks: &'a [Price],
}

impl Choice<'_> {
    fn tick(&self, market: usize) -> Price {
        self.ticks.get(market).copied().unwrap_or(Price(1))
    }
}

/// Clears markets that are linked. Orders have ranks of their own, across all markets.
pub fn couple(
    markets: &[Vec<Interest>],
    links: &[Link],
    choice: Choice<'_>,
) -> Result<Coupled, CannotCouple> {
    check(markets, links)?;
    let curves: Vec<Curve> = markets.iter().map(|it| Curve::of(it)).collect();
    let kept = floors::solve((&curves, markets), links, choice)?;
    let (optimum, prices, links) = (&kept.optimum, kept.prices, &kept.links);
    let (flows, fills) = whole::round((&curves, markets), links, (optimum, &prices))?;
    let optimum = value(&curves, links, optimum)?;
    Ok(Coupled { prices, flows, fills, optimum })
}

/// What fills and flows are worth.
fn value(
    curves: &[Curve],
    links: &[Link],
    optimum: &simplex::Optimum,
) -> Result<Rational, TooLarge> {
    let mut sum = Rational::ZERO;
    for (curve, supply) in curves.iter().zip(&optimum.supply) {
        sum = sum + curve.value(*supply)?;
    }
    let levies = links.iter().zip(&optimum.flows).map(|(it, flow)| it.levy * *flow);
    Ok(levies.fold(sum, |sum, it| sum - it))
}

/// Checks what the fractions must have room for.
fn check(markets: &[Vec<Interest>], links: &[Link]) -> Result<(), CannotCouple> {
    if markets.len() > NODES_MAX {
        return Err(CannotCouple::TooManyMarkets);
    }
    for it in markets.iter().flatten() {
        let fits = (Price(1)..=PRICE_MAX).contains(&it.price) && it.quantity <= QUANTITY_MAX;
        if !fits {
            return Err(CannotCouple::OrderOutOfBounds { rank: it.rank });
        }
    }
    for (link, it) in links.iter().enumerate() {
        let ends = it.from.max(it.to) < markets.len() && it.from != it.to;
        let (arrive, leave) = it.ratio;
        let sound = (1..=leave).contains(&arrive) && it.quota.is_none_or(|it| it <= QUANTITY_MAX);
        let levied = it.levy.sign()? != std::cmp::Ordering::Less;
        let first = links.iter().position(|other| (other.from, other.to) == (it.from, it.to));
        if !(ends && sound && levied && first == Some(link)) {
            return Err(CannotCouple::LinkOutOfBounds { link });
        }
    }
    check_products(markets.len(), links)
}

/// Whether the ratios of a policy's links leave fractions their room.
pub(crate) fn is_exact(
    links: impl Iterator<Item = ((JurisdictionId, JurisdictionId), (u32, u32))>,
) -> bool {
    let place = |it: JurisdictionId| usize::try_from(it.0).unwrap_or(usize::MAX);
    let link = |((from, to), (arrive, leave)): ((JurisdictionId, JurisdictionId), (u32, u32))| {
        let (from, to, ratio) = (place(from), place(to), (arrive.into(), leave.max(1).into()));
        Link { from, to, ratio, quota: None, levy: Rational::ZERO, floor: Price(0) }
    };
    let links: Vec<Link> = links.map(link).collect();
    let markets = links.iter().map(|it| it.from.max(it.to)).max().unwrap_or(0);
    check_products(markets.saturating_add(1).min(MARKETS_MAX), &links).is_ok()
}

/// The terms of ratios along any way that comes to no market twice multiply to a bounded number.
fn check_products(markets: usize, links: &[Link]) -> Result<(), CannotCouple> {
    let mut most = vec![1u128; markets];
    for it in links {
        let (_, leave) = it.ratio().parts()?;
        if let Some(row) = most.get_mut(it.from) {
            *row = (*row).max(leave.unsigned_abs());
        }
    }
    // A way leaves each market once at most.
    let product = most.iter().try_fold(1u128, |product, it| product.checked_mul(*it));
    if product.is_some_and(|it| it <= PRODUCT_MAX) {
        return Ok(());
    }
    let mut left = WAYS_MAX;
    (0..markets).try_for_each(|start| longest(links, (start, 1), (&mut vec![start], &mut left)))
}

fn longest(
    links: &[Link],
    (at, product): (usize, u128),
    (way, left): (&mut Vec<usize>, &mut u32),
) -> Result<(), CannotCouple> {
    *left = left.checked_sub(1).ok_or(CannotCouple::TooFine)?;
    for it in links.iter().filter(|it| it.from == at) {
        if way.contains(&it.to) {
            continue;
        }
        let (_, leave) = it.ratio().parts()?;
        let product = product.saturating_mul(leave.unsigned_abs());
        if product > PRODUCT_MAX {
            return Err(CannotCouple::TooFine);
        }
        way.push(it.to);
        let done = longest(links, (it.to, product), (way, left));
        way.pop();
        done?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Side;

    fn order(rank: u64, side: Side, price: i64, quantity: u64) -> Interest {
        Interest { side, price: Price(price), quantity: Tonnes(quantity), rank }
    }

    fn link(from: usize, to: usize, ratio: (u64, u64), levy: i128) -> Link {
        let (quota, floor) = (None, Price(0));
        Link { from, to, ratio, quota, levy: Rational::whole(levy), floor }
    }

    fn cleared(markets: &[Vec<Interest>], links: &[Link]) -> Coupled {
        let references = vec![None; markets.len()];
        couple(markets, links, Choice { references: &references, ticks: &[] }).expect("it clears")
    }

    /// From 0 to 1 directly at 4/5, or by 2 at 9/10 and a levy of 2.
    fn two_ways() -> [Link; 3] {
        [link(0, 1, (4, 5), 0), link(0, 2, (9, 10), 2), link(2, 1, (1, 1), 0)]
    }

    #[test]
    fn where_units_are_scarce_they_take_the_way_on_which_less_is_lost() {
        let books =
            [vec![order(1, Side::Sell, 1, 100)], vec![order(2, Side::Buy, 100, 1_000)], Vec::new()];
        let it = cleared(&books, &two_ways());
        assert_eq!(it.optimum, Rational::whole(8_700));
        assert_eq!(it.flows.iter().map(|it| it.quantity.0).collect::<Vec<_>>(), [0, 100, 90]);
        assert_eq!(it.fills[1], [Tonnes(90)]);
        let prices = [88, 100, 100].map(|it| Some(Rational::whole(it)));
        assert_eq!(it.prices, prices, "who passes units on has a price too");
    }

    #[test]
    fn where_buyers_are_scarce_units_take_the_way_that_costs_less() {
        let books =
            [vec![order(1, Side::Sell, 1, 1_000)], vec![order(2, Side::Buy, 100, 360)], Vec::new()];
        let it = cleared(&books, &two_ways());
        assert_eq!(it.optimum, Rational::whole(35_550));
        assert_eq!(it.flows.iter().map(|it| it.quantity.0).collect::<Vec<_>>(), [450, 0, 0]);
        assert_eq!(it.prices, [Some(Rational::ONE), Some(Rational::new(5, 4)), None]);
    }

    #[test]
    fn of_equal_orders_those_of_the_own_market_come_first_and_then_the_earlier() {
        let links = [link(0, 2, (1, 1), 0), link(1, 2, (1, 1), 0)];
        let books = |one, two, own| {
            [
                vec![order(one, Side::Sell, 5, 10)],
                vec![order(two, Side::Sell, 5, 10)],
                vec![order(own, Side::Sell, 5, 4), order(9, Side::Buy, 7, 12)],
            ]
        };
        let flows = |it: Coupled| it.flows.iter().map(|it| it.quantity.0).collect::<Vec<_>>();
        assert_eq!(flows(cleared(&books(1, 2, 3), &links)), [8, 0]);
        assert_eq!(flows(cleared(&books(2, 1, 3), &links)), [0, 8]);
    }

    #[test]
    fn what_a_quota_is_worth_is_its_rent_and_a_price_may_lie_between_two_ticks() {
        let mut way = link(0, 1, (4, 5), 1);
        way.quota = Some(Tonnes(10));
        let books = [vec![order(1, Side::Sell, 3, 100)], vec![order(2, Side::Buy, 20, 50)]];
        let it = cleared(&books, &[way]);
        assert_eq!((it.flows[0].quantity, it.flows[0].arrives), (Tonnes(10), Tonnes(8)));
        assert_eq!(it.flows[0].rent, Rational::whole(16 - 3 - 1));
        // 4/5 of the price there is 3 and the levy of 1/3.
        let way = Link { levy: Rational::new(1, 3), quota: None, ..way };
        let it = cleared(&books, &[way]);
        assert_eq!(it.prices[1], Some(Rational::new(25, 6)));
        // 62.5 would leave and 50 arrive: of 62 whole ones 49.6 arrive, and of these 49.
        assert_eq!((it.fills[0][0], it.fills[1][0]), (Tonnes(62), Tonnes(49)));
        assert_eq!(it.optimum, Rational::whole(20 * 50) - Rational::new(625 * 10, 30));
    }

    /// At a floor of 10 only those who pay that much are worth an import.
    #[test]
    fn imports_settle_at_the_floor_and_what_lies_between_is_rent() {
        let free = link(0, 1, (1, 1), 0);
        let held = Link { floor: Price(10), ..free };
        let books = [
            vec![order(1, Side::Sell, 1, 1_000)],
            vec![order(2, Side::Buy, 20, 50), order(3, Side::Buy, 8, 500)],
        ];
        let it = cleared(&books, &[free]);
        assert_eq!((it.flows[0].quantity, it.prices[1]), (Tonnes(550), Some(Rational::ONE)));
        let it = cleared(&books, &[held]);
        assert_eq!(it.flows[0].quantity, Tonnes(50));
        let price = it.prices[1].expect("a price");
        assert!(price.compare(Rational::whole(10)).unwrap().is_ge(), "{price:?}");
        let rent = price - it.prices[0].expect("a price");
        assert_eq!(it.flows[0].rent, rent, "what lies between is a rent");
        assert_eq!(it.fills[1], [Tonnes(50), Tonnes::ZERO]);
        // Offers of the market's own below the floor are no imports; they come first.
        let books = |own| {
            let mut here = vec![order(2, Side::Buy, 20, 50), order(4, Side::Sell, 5, own)];
            here.push(order(3, Side::Buy, 8, 500));
            [vec![order(1, Side::Sell, 1, 1_000)], here]
        };
        let it = cleared(&books(30), &[held]);
        assert_eq!((it.flows[0].quantity, it.fills[1][1]), (Tonnes(20), Tonnes(30)));
        let it = cleared(&books(70), &[held]);
        assert_eq!((it.flows[0].quantity, it.fills[1][1]), (Tonnes::ZERO, Tonnes(70)));
        assert_eq!(it.fills[1][2], Tonnes(20), "its own units trade below the floor");
    }

    #[test]
    fn what_cannot_be_reckoned_with_exactly_is_refused() {
        let books = vec![Vec::new(); 4];
        let fine: Vec<Link> = (0..3).map(|it| link(it, it + 1, (99_999, 100_000), 0)).collect();
        let choice = Choice { references: &[], ticks: &[] };
        assert_eq!(couple(&books, &fine, choice), Err(CannotCouple::TooFine));
        let refused = Err(CannotCouple::LinkOutOfBounds { link: 0 });
        for wrong in [link(0, 0, (1, 1), 0), link(0, 1, (5, 4), 0), link(0, 1, (1, 1), -1)] {
            assert_eq!(couple(&books, &[wrong], choice), refused);
        }
        let dear = vec![vec![order(7, Side::Buy, PRICE_MAX.0 + 1, 1)]];
        assert_eq!(couple(&dear, &[], choice), Err(CannotCouple::OrderOutOfBounds { rank: 7 }));
    }
}
