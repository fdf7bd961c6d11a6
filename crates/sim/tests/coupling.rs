//! Coupled auctions against a general solver, and against the rules word by word.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test stops")]

use karvan_core::call::crossing;
use karvan_core::coupling::{Choice, Coupled, Interest, Link, Rational, couple};
use karvan_core::exchange::Side;
use karvan_core::quantity::{Price, Tonnes};
use karvan_sim::draw::Draw;
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, Variable};

/// Instances against the general solver.
const INSTANCES: u64 = 2_000;

/// Markets with links.
#[derive(Debug)]
struct Instance {
    books: Vec<Vec<Interest>>,
    links: Vec<Link>,
    references: Vec<Option<Price>>,
}

/// What is drawn: how many markets, and what their links are like.
#[derive(Clone, Copy)]
struct Wanted {
    /// Whether all ratios are one.
    par: bool,
    linked: bool,
}

fn instance(draw: &mut Draw, it: Wanted) -> Instance {
    let markets = 2 + draw.below(11) as usize;
    // Few prices make many ties; one makes nothing else.
    let prices = [1, 3, 20, 500][draw.below(4) as usize];
    let mut rank = 0;
    let mut book = |draw: &mut Draw| {
        let count = [0, 1, 4, 9][draw.below(4) as usize];
        let sides = draw.below(4);
        let order = |draw: &mut Draw| {
            rank += 1;
            let buys = match sides {
                0 => true,
                1 => false,
                _ => draw.below(2) == 0,
            };
            let side = if buys { Side::Buy } else { Side::Sell };
            let price = Price(1 + draw.below(prices) as i64);
            Interest { side, price, quantity: Tonnes(draw.below(60)), rank }
        };
        (0..count)
            .map(|_| ())
            .fold((Vec::new(), order), |(mut all, mut order), ()| {
                all.push(order(draw));
                (all, order)
            })
            .0
    };
    let books: Vec<Vec<Interest>> = (0..markets).map(|_| book(draw)).collect();
    let mut links: Vec<Link> = Vec::new();
    let ratios = [(1, 1), (1, 1), (4, 5), (9, 10), (1, 2), (2, 3), (19, 20)];
    for _ in 0..if it.linked { draw.below(3 * markets as u64) } else { 0 } {
        let (from, to) = (draw.below(markets as u64) as usize, draw.below(markets as u64) as usize);
        if from == to || links.iter().any(|it| (it.from, it.to) == (from, to)) {
            continue;
        }
        let ratio = if it.par { (1, 1) } else { ratios[draw.below(7) as usize] };
        let quota = [None, None, Some(0), Some(7), Some(40)][draw.below(5) as usize].map(Tonnes);
        let levy = [(0, 1), (0, 1), (1, 2), (2, 1), (35, 10)][draw.below(5) as usize];
        let levy = Rational::new(levy.0, levy.1);
        links.push(Link { from, to, ratio, quota, levy, floor: Price(0) });
    }
    let reference =
        |draw: &mut Draw| (draw.below(2) == 0).then(|| Price(draw.below(prices + 5) as i64));
    let references = (0..markets).map(|_| reference(draw)).collect();
    Instance { books, links, references }
}

fn cleared(it: &Instance) -> Coupled {
    let choice = Choice { references: &it.references, ticks: &[] };
    couple(&it.books, &it.links, choice).unwrap_or_else(|why| panic!("{why}: {it:?}"))
}

fn float(it: Rational) -> f64 {
    let (top, bottom) = it.parts().unwrap();
    top as f64 / bottom as f64
}

fn share(link: &Link) -> f64 {
    link.ratio.0 as f64 / link.ratio.1 as f64
}

/// The largest sum of value, filled bids and flow at these weights, by a general solver.
fn by_solver(it: &Instance, (value, filled, flow): (f64, f64, f64)) -> f64 {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let mut balance: Vec<Vec<(Variable, f64)>> = vec![Vec::new(); it.books.len()];
    for (market, book) in it.books.iter().enumerate() {
        for order in book {
            let (sign, bonus) = if order.side == Side::Buy { (1.0, filled) } else { (-1.0, 0.0) };
            let gain = value * sign * order.price.0 as f64 + bonus;
            let variable = problem.add_var(gain, (0.0, order.quantity.0 as f64));
            balance[market].push((variable, -sign));
        }
    }
    for link in &it.links {
        let quota = link.quota.map_or(f64::INFINITY, |it| it.0 as f64);
        let variable = problem.add_var(-value * float(link.levy) - flow, (0.0, quota));
        balance[link.from].push((variable, -1.0));
        balance[link.to].push((variable, share(link)));
    }
    for terms in balance.iter().filter(|it| !it.is_empty()) {
        let mut sum = LinearExpr::empty();
        for (variable, factor) in terms {
            sum.add(*variable, *factor);
        }
        problem.add_constraint(sum, ComparisonOp::Eq, 0.0);
    }
    problem.solve().unwrap().into_solution().unwrap().objective()
}

/// The same sum of the result in whole units.
fn by_us(it: &Instance, result: &Coupled, (value, filled, flow): (f64, f64, f64)) -> f64 {
    let mut sum = 0.0;
    for (book, fills) in it.books.iter().zip(&result.fills) {
        for (order, fill) in book.iter().zip(fills) {
            let fill = fill.0 as f64;
            sum += match order.side {
                Side::Buy => fill * (value * order.price.0 as f64 + filled),
                Side::Sell => -fill * value * order.price.0 as f64,
            };
        }
    }
    for (link, through) in it.links.iter().zip(&result.flows) {
        sum -= through.quantity.0 as f64 * (value * float(link.levy) + flow);
    }
    sum
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * (1.0 + one.abs())
}

/// What must hold of every result in whole units.
fn holds(it: &Instance, result: &Coupled) {
    for (market, (book, fills)) in it.books.iter().zip(&result.fills).enumerate() {
        let mut net: i128 = 0;
        for (order, fill) in book.iter().zip(fills) {
            assert!(*fill <= order.quantity, "more than was wanted: {it:?}");
            let fill = i128::from(fill.0);
            net += if order.side == Side::Sell { fill } else { -fill };
            if fill > 0 {
                let price = result.prices[market].unwrap();
                let loses = match order.side {
                    Side::Buy => price.ceil().unwrap() > i128::from(order.price.0),
                    Side::Sell => price.floor().unwrap() < i128::from(order.price.0),
                };
                assert!(!loses, "an order that is filled loses: {it:?} {result:?}");
            }
        }
        for (link, flow) in it.links.iter().zip(&result.flows) {
            let (leaves, arrives) = (i128::from(flow.quantity.0), i128::from(flow.arrives.0));
            net += if link.to == market { arrives } else { 0 };
            net -= if link.from == market { leaves } else { 0 };
        }
        assert_eq!(net, 0, "market {market} loses or makes units: {it:?} {result:?}");
    }
    for (link, flow) in it.links.iter().zip(&result.flows) {
        assert!(link.quota.is_none_or(|it| flow.quantity <= it), "above the quota: {it:?}");
        let (arrive, leave) = (u128::from(link.ratio.0), u128::from(link.ratio.1));
        let exact = u128::from(flow.quantity.0) * arrive / leave;
        assert_eq!(u128::from(flow.arrives.0), exact, "{it:?}");
        assert!(flow.rent.sign().unwrap().is_ge(), "a rent below nothing: {it:?}");
    }
}

/// Where nothing was rounded each order and each link sees that the prices are right.
fn prices_are_right(it: &Instance, result: &Coupled) {
    for (market, price) in result.prices.iter().enumerate() {
        let Some(price) = price else { continue };
        for (order, fill) in it.books[market].iter().zip(&result.fills[market]) {
            let against = Rational::whole(i128::from(order.price.0)).compare(*price).unwrap();
            let gains = if order.side == Side::Buy { against } else { against.reverse() };
            let (some, rest) = (*fill > Tonnes::ZERO, *fill < order.quantity);
            assert!(!(some && gains.is_lt()), "{order:?} is filled and loses: {it:?} {result:?}");
            assert!(!(rest && gains.is_gt()), "{order:?} would gain: {it:?} {result:?}");
        }
    }
    for (link, flow) in it.links.iter().zip(&result.flows) {
        let ends = result.prices[link.from].zip(result.prices[link.to]);
        let Some((here, there)) = ends else { continue };
        let (arrive, leave) = (i128::from(link.ratio.0), i128::from(link.ratio.1));
        let gains = there * Rational::new(arrive, leave) - here - link.levy;
        let gains = gains.sign().unwrap();
        let full = link.quota == Some(flow.quantity);
        assert!(full || gains.is_le(), "more would gain: {link:?} {it:?} {result:?}");
        let some = flow.quantity > Tonnes::ZERO;
        assert!(!some || gains.is_ge(), "less would gain: {link:?} {it:?} {result:?}");
    }
}

#[test]
fn a_general_solver_finds_the_same_value() {
    let (mut whole, mut rounded, mut flows) = (0, 0, 0);
    for seed in 0..INSTANCES {
        let mut draw = Draw(seed);
        let par = draw.below(3) == 0;
        let it = instance(&mut draw, Wanted { par, linked: true });
        let result = cleared(&it);
        holds(&it, &result);
        let weights = (1.0, 0.0, 0.0);
        let best = by_solver(&it, weights);
        let exact = float(result.optimum);
        assert!(close(best, exact), "seed {seed}: {best} by the solver, {exact} here: {it:?}");
        let ours = by_us(&it, &result, weights);
        let used = it.links.iter().zip(&result.flows).filter(|(_, flow)| flow.quantity.0 > 0);
        let used = used.count();
        flows += used;
        if it.links.iter().all(|it| it.ratio == (1, 1)) {
            whole += 1;
            assert!(close(exact, ours), "seed {seed}: {exact} in fractions, {ours}: {it:?}");
            prices_are_right(&it, &result);
            // Among equal values the largest filled bids, and then the least flow.
            let ties = (1e8, 1e4, 1.0);
            let (best, ours) = (by_solver(&it, ties), by_us(&it, &result, ties));
            assert!((best - ours).abs() < 0.5, "seed {seed}: {best} and {ours}: {it:?}");
        } else {
            rounded += 1;
            let rates: Vec<i64> = it.books.iter().flatten().map(|it| it.price.0).collect();
            let dearest = rates.into_iter().max().unwrap_or(0) as f64;
            // See `coupling::whole`: what is cut in each market, at its dearest.
            let bound = 2.0 * it.links.len() as f64 * it.books.len() as f64 * dearest;
            assert!(ours <= exact + 1e-6 && exact <= ours + bound, "seed {seed}: {it:?}");
        }
    }
    println!("{whole} at par, {rounded} with other ratios, {flows} flows");
    assert!(whole > 500 && rounded > 500 && flows > 1_000);
}

#[test]
fn without_links_each_market_is_a_call_auction_of_its_own() {
    let mut crossed = 0;
    for seed in 0..1_000 {
        let mut draw = Draw(10_000 + seed);
        let it = instance(&mut draw, Wanted { par: true, linked: false });
        let result = cleared(&it);
        for (market, book) in it.books.iter().enumerate() {
            let alone: Vec<crossing::Interest> = book
                .iter()
                .map(|it| crossing::Interest {
                    side: it.side,
                    price: it.price,
                    quantity: it.quantity,
                })
                .collect();
            let found = crossing::cross(&alone, it.references[market], Price(1));
            let price = found.map(|it| Rational::whole(i128::from(it.price.0)));
            assert_eq!(result.prices[market], price, "seed {seed}: {book:?}");
            let mut fills = vec![Tonnes::ZERO; book.len()];
            for side in [Side::Buy, Side::Sell] {
                let all = found.iter().flat_map(|it| crossing::fills(&alone, side, it));
                for (place, quantity) in all {
                    fills[place] = quantity;
                }
            }
            assert_eq!(result.fills[market], fills, "seed {seed}: {book:?}");
            crossed += usize::from(found.is_some());
        }
    }
    assert!(crossed > 500);
}

/// Imports keep the floors of the markets where they arrive; where nothing comes in too cheap all
/// is as it would be without floors; and a floor never makes a market import more.
#[test]
fn what_arrives_settles_at_no_less_than_the_floor() {
    let (mut kept, mut bound, mut flows) = (0, 0, 0);
    for seed in 0..2_000 {
        let mut draw = Draw(20_000 + seed);
        let par = draw.below(3) == 0;
        let free = instance(&mut draw, Wanted { par, linked: true });
        let floors: Vec<Price> =
            free.books.iter().map(|_| Price([0, 0, 2, 9, 200][draw.below(5) as usize])).collect();
        let links = free.links.iter().map(|it| Link { floor: floors[it.to], ..*it }).collect();
        let (books, references) = (free.books.clone(), free.references.clone());
        let held = Instance { books, links, references };
        let (before, after) = (cleared(&free), cleared(&held));
        holds(&held, &after);
        let cheap = |result: &Coupled| {
            held.links.iter().zip(&result.flows).any(|(link, flow)| {
                let price = result.prices[link.to].unwrap_or(Rational::ZERO);
                let floor = Rational::whole(i128::from(link.floor.0));
                flow.quantity > Tonnes::ZERO && price.compare(floor).unwrap().is_lt()
            })
        };
        assert!(!cheap(&after), "seed {seed}: below the floor: {held:?} {after:?}");
        let too_cheap = cheap(&before);
        if !too_cheap && par {
            // Another right price may be nearer to the reference than one at the floor.
            assert_eq!(before.fills, after.fills, "seed {seed}: {held:?}");
        }
        // Only the floor keeps cheap units out: whoever pays more than it is served first.
        for (link, flow) in held.links.iter().zip(&after.flows).filter(|_| par) {
            let ends = after.prices[link.from].zip(after.prices[link.to]);
            let Some((here, there)) = ends.filter(|_| link.quota != Some(flow.quantity)) else {
                continue;
            };
            let gains = (there - here - link.levy).sign().unwrap().is_gt();
            let waits = |it: &&(&Interest, &Tonnes)| {
                it.0.side == Side::Buy && it.0.price > link.floor && *it.1 < it.0.quantity
            };
            let orders = held.books[link.to].iter().zip(&after.fills[link.to]);
            let waiting = orders.collect::<Vec<_>>();
            let waiting = waiting.iter().find(waits);
            assert!(!gains || waiting.is_none(), "seed {seed}: {waiting:?} {held:?} {after:?}");
        }
        bound += usize::from(too_cheap);
        kept += usize::from(!too_cheap);
        flows += after.flows.iter().filter(|it| it.quantity > Tonnes::ZERO).count();
    }
    println!("{bound} floors bound, {kept} did not, {flows} flows");
    assert!(bound > 200 && kept > 300 && flows > 500, "{bound} {kept} {flows}");
}
