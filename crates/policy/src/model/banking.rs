//! One jurisdiction through the years of a period: units can be kept, and owed as far as borrowing
//! is allowed. Exact, by pooling adjacent years.
//!
//! Who keeps a unit wants its price to rise with interest: `p[t+1] <= (1 + rho) p[t]`, equal where
//! units are kept. Years in which too little is there take from years before; years that pool so
//! have one discounted price.

use super::supply::Supply;

/// Units at a fixed price: a tier or a ceiling gives them, a reserve price takes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// USD/t.
    pub price: f64,
    /// Mt; may be infinite.
    pub most: f64,
    /// Whether it gives above its price, or takes below.
    pub side: StepSide,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepSide {
    /// Gives units where the price would be above its own.
    Gives,
    /// Takes units where the price would be below its own.
    Takes,
}

impl Step {
    /// What it adds of what it moves.
    pub(super) fn sign(&self) -> f64 {
        if self.side == StepSide::Gives { 1.0 } else { -1.0 }
    }

    /// What it gives at a price in any case; what it takes counts as negative.
    pub(super) fn must(&self, price: f64) -> f64 {
        self.at(price).0
    }

    /// What it gives at a price at most.
    pub(super) fn may(&self, price: f64) -> f64 {
        self.at(price).1
    }

    /// What it gives (positive) or takes at a price: the least and the most.
    fn at(&self, price: f64) -> (f64, f64) {
        let Self { price: own, most, side } = *self;
        // A price that was discounted and grown again is its own.
        let price = if (price - own).abs() <= 1e-12 * own.abs() { own } else { price };
        match side {
            StepSide::Gives if price < own => (0.0, 0.0),
            StepSide::Gives if price > own => (most, most),
            StepSide::Gives => (0.0, most),
            StepSide::Takes if price < own => (-most, -most),
            StepSide::Takes if price > own => (0.0, 0.0),
            StepSide::Takes => (-most, 0.0),
        }
    }
}

/// A jurisdiction's market in a year.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MarketYear {
    /// What is avoided at a price.
    pub supply: Supply,
    /// The cap, and what was there before, less emissions without abatement, Mt.
    pub surplus: f64,
    /// Units at fixed prices.
    pub steps: Vec<Step>,
    /// How many units of the next year may be used in this one, Mt.
    pub borrow: f64,
    /// Whether units of this year count in the next.
    pub keeps: bool,
}

/// A year of a market, of one jurisdiction or of several that share one price.
pub trait Year {
    /// What is over at a price, the least and the most, and the slope to the right.
    fn over(&self, price: f64) -> (f64, f64, f64);
    /// The highest price at which something happens.
    fn last_price(&self) -> f64;
    /// The prices of its steps.
    fn step_prices(&self) -> impl Iterator<Item = f64>;
    /// How much it reckons with, Mt.
    fn amount(&self) -> f64;
    /// How many units of the next year may be used in this one, Mt.
    fn borrow(&self) -> f64;
    /// Whether there is no end to what can be avoided.
    fn is_endless(&self) -> bool;
}

impl Year for MarketYear {
    fn over(&self, price: f64) -> (f64, f64, f64) {
        let at = self.supply.at(price);
        let mut sum = (self.surplus + at.quantity, self.surplus + at.quantity, at.slope);
        for step in &self.steps {
            let (least, most) = step.at(price);
            (sum.0, sum.1) = (sum.0 + least, sum.1 + most);
        }
        // Nobody minds a unit that is left over at no price.
        if price <= 0.0 {
            sum.0 = f64::NEG_INFINITY;
        }
        sum
    }

    fn last_price(&self) -> f64 {
        self.steps.iter().map(|it| it.price).fold(self.supply.last_price(), f64::max)
    }

    fn step_prices(&self) -> impl Iterator<Item = f64> {
        self.steps.iter().map(|it| it.price)
    }

    fn amount(&self) -> f64 {
        self.surplus.abs()
    }

    fn borrow(&self) -> f64 {
        self.borrow
    }

    fn is_endless(&self) -> bool {
        self.supply.is_endless()
    }
}

/// The years of several jurisdictions that share one price.
pub type Together<'a> = Vec<&'a MarketYear>;

impl Year for Together<'_> {
    fn over(&self, price: f64) -> (f64, f64, f64) {
        self.iter()
            .map(|it| it.over(price))
            .fold((0.0, 0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1, sum.2 + it.2))
    }

    fn last_price(&self) -> f64 {
        self.iter().map(|it| it.last_price()).fold(0.0, f64::max)
    }

    fn step_prices(&self) -> impl Iterator<Item = f64> {
        self.iter().flat_map(|it| it.step_prices())
    }

    fn amount(&self) -> f64 {
        self.iter().map(|it| it.amount()).sum()
    }

    fn borrow(&self) -> f64 {
        self.iter().map(|it| it.borrow).sum()
    }

    fn is_endless(&self) -> bool {
        self.iter().any(|it| it.is_endless())
    }
}

/// Years that have one discounted price.
#[derive(Clone, Debug)]
struct Pool {
    first: usize,
    last: usize,
    /// Units that it takes from years before, or leaves to them, as far as borrowing goes.
    shift: f64,
    /// The price, discounted to the first year of all.
    price: f64,
}

/// The prices of years in a row, each of which keeps its units for the next; the lowest ones that
/// balance. Where nothing balances, the price is that beyond which nothing changes.
pub fn prices<Y: Year>(years: &[Y], rho: f64) -> Vec<f64> {
    let mut pools: Vec<Pool> = Vec::new();
    for (place, year) in years.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|it| years.get(it)).map_or(0.0, Year::borrow);
        // A bank that may fall to minus the loan is one that may fall to zero, and begins higher.
        let last = place + 1 == years.len();
        let shift = if last { -before } else { year.borrow() - before };
        let mut pool = Pool { first: place, last: place, shift, price: 0.0 };
        pool.price = root(years, &pool, (rho, None));
        while let Some(last) = pools.last()
            && last.price < pool.price
        {
            let (first, shift) = (last.first, last.shift + pool.shift);
            // Together they cost no less than the cheaper and no more than the dearer.
            let between = Some((last.price, pool.price));
            pool = Pool { first, last: pool.last, shift, price: 0.0 };
            pool.price = root(years, &pool, (rho, between));
            pools.pop();
        }
        pools.push(pool);
    }
    let mut prices = vec![0.0; years.len()];
    for pool in &pools {
        for place in pool.first..=pool.last {
            if let Some(it) = prices.get_mut(place) {
                *it = pool.price * growth(rho, place);
            }
        }
    }
    prices
}

/// What money grows to in so many years.
fn growth(rho: f64, years: usize) -> f64 {
    let mut grown = 1.0;
    for _ in 0..years {
        grown *= 1.0 + rho;
    }
    grown
}

/// What a pool has over at its discounted price.
fn over<Y: Year>(years: &[Y], pool: &Pool, (rho, price): (f64, f64)) -> (f64, f64, f64) {
    let mut grown = growth(rho, pool.first);
    let mut sum = (pool.shift, pool.shift, 0.0);
    for year in years.get(pool.first..=pool.last).unwrap_or_default() {
        let (least, most, slope) = year.over(price * grown);
        sum = (sum.0 + least, sum.1 + most, sum.2 + slope * grown);
        grown *= 1.0 + rho;
    }
    sum
}

/// So little counts as nothing, as a share of what a pool reckons with.
const NOTHING: f64 = 1e-13;

/// The lowest price at which a pool has enough; where prices are named it lies between them.
fn root<Y: Year>(years: &[Y], pool: &Pool, (rho, between): (f64, Option<(f64, f64)>)) -> f64 {
    let over = |price: f64| over(years, pool, (rho, price));
    let of_pool = years.get(pool.first..=pool.last).unwrap_or_default();
    let amount: f64 = of_pool.iter().map(Year::amount).sum();
    let enough = -NOTHING * amount.max(1.0);
    let least = between.map_or(0.0, |it| it.0);
    let (_, most, slope) = over(least);
    if most >= enough {
        return least;
    }
    let mut low = (least, most, slope);
    let highest = || of_pool.iter().map(Year::last_price).fold(1.0, f64::max);
    let mut high =
        between.map(|it| it.1).filter(|it| over(*it).1 >= enough).unwrap_or_else(highest);
    let endless = of_pool.iter().any(Year::is_endless);
    while between.is_none() && over(high).1 < enough {
        if !endless || high > 1e15 {
            return high;
        }
        high *= 4.0;
    }
    // At the price of a step there may be enough with a part of it.
    let mut grown = growth(rho, pool.first);
    let mut jumps = Vec::new();
    for year in of_pool {
        jumps.extend(year.step_prices().map(|it| it / grown));
        grown *= 1.0 + rho;
    }
    jumps.retain(|it| *it > least && *it <= high);
    jumps.sort_by(f64::total_cmp);
    let short = jumps.partition_point(|it| over(*it).1 < enough);
    if let Some(price) = jumps.get(short) {
        if over(*price).0 < enough {
            return *price;
        }
        high = *price;
    }
    if let Some(price) = short.checked_sub(1).and_then(|it| jumps.get(it)) {
        let (_, most, slope) = over(*price);
        low = (*price, most, slope);
    }
    // Between them the curve is without jumps: along its pieces, and halving where it bends.
    for step in 0..200 {
        let middle = 0.5 * (low.0 + high);
        let along = low.0 - low.1 / low.2;
        let next = if step % 2 == 0 && along > low.0 && along < high { along } else { middle };
        if next <= low.0 || next >= high {
            break;
        }
        let (_, most, slope) = over(next);
        if most < enough {
            low = (next, most, slope);
            continue;
        }
        high = next;
        // Straight all the way: there is no lower one.
        if next == along && most <= -enough {
            let (_, half, _) = over(0.5 * (low.0 + next));
            if (half - 0.5 * low.1).abs() <= -enough {
                break;
            }
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::super::macc::Macc;
    use super::*;

    fn year(surplus: f64) -> MarketYear {
        // One Mt for each USD/t, up to a hundred.
        let curve = Macc::Points(vec![(0.0, 0.0), (100.0, 100.0)]);
        let supply = Supply::of(&[curve]);
        MarketYear { supply, surplus, keeps: true, ..MarketYear::default() }
    }

    fn near(found: &[f64], expected: &[f64]) {
        let close = |(one, two): (&f64, &f64)| (one - two).abs() < 1e-9;
        assert!(found.iter().zip(expected).all(close), "{found:?}, not {expected:?}");
    }

    #[test]
    fn a_year_that_falls_short_later_lifts_the_price_of_those_before() {
        // 10 and 32 are missing: kept units make both years cost the same, discounted.
        near(&prices(&[year(-10.0), year(-32.0)], 0.1), &[20.0, 22.0]);
        near(&prices(&[year(-32.0), year(-10.0)], 0.1), &[32.0, 10.0]);
        near(&prices(&[year(5.0), year(-5.0)], 0.1), &[0.0, 0.0]);
        near(&prices(&[year(5.0), year(-26.0), year(-1.0)], 0.1), &[10.0, 11.0, 1.0]);
    }

    #[test]
    fn a_loan_lets_a_later_year_help_an_earlier_one_as_far_as_it_goes() {
        let borrows = |surplus, borrow| MarketYear { borrow, ..year(surplus) };
        near(&prices(&[borrows(-32.0, 5.0), year(-10.0)], 0.1), &[27.0, 15.0]);
        // With no end to the loan both cost the same, discounted.
        near(&prices(&[borrows(-32.0, 50.0), year(-10.0)], 0.1), &[20.0, 22.0]);
    }

    #[test]
    fn steps_hold_a_price_as_far_as_they_reach() {
        let stepped = |surplus, price, most, side| {
            let steps = vec![Step { price, most, side }];
            MarketYear { steps, ..year(surplus) }
        };
        near(&prices(&[stepped(-30.0, 20.0, 50.0, StepSide::Gives)], 0.1), &[20.0]);
        near(&prices(&[stepped(-30.0, 20.0, 4.0, StepSide::Gives)], 0.1), &[26.0]);
        near(&prices(&[stepped(-3.0, 5.0, 9.0, StepSide::Takes)], 0.1), &[5.0]);
        near(&prices(&[stepped(-3.0, 5.0, 1.0, StepSide::Takes)], 0.1), &[4.0]);
        near(&prices(&[stepped(9.0, 5.0, 99.0, StepSide::Takes)], 0.1), &[5.0]);
    }

    #[test]
    fn a_gap_that_no_price_closes_has_the_last_price_of_its_curve() {
        near(&prices(&[year(-300.0)], 0.1), &[100.0]);
    }
}
