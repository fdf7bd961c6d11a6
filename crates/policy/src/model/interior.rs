//! The way to an equilibrium through the inside of all bounds (a primal-dual interior point
//! method).
//!
//! Every arc keeps some of what it could carry at either end: what flows times what it loses, and
//! what is left of its bound times what it gains, are the same small amount, which falls to
//! nothing. Newton steps follow; what flows then shows which arcs are full, empty or between.

use super::network::{Arc, Filled, Network, Scale};
use super::newton::Work;

/// No step goes further than this share of the way to a bound.
const NEARLY: f64 = 0.99;
/// A step that is shorter leads nowhere.
const STUCK: f64 = 1e-8;
/// Where it begins: gains, and flows, that count as large, as shares of the network's largest.
const BEGINS: f64 = 0.1;
const STEPS: u32 = 120;
/// Which share of the amount a step aims at: at least, at first, and at most, where the last step
/// had to be short.
const CENTRING: (f64, f64, f64) = (0.05, 0.3, 1.0);
/// The amount at which arcs are told apart, as shares of the largest flow at the largest price.
const SHOWS: [f64; 4] = [1e-6, 1e-8, 1e-10, 1e-12];

/// An arc on its way.
#[derive(Clone, Copy, Debug)]
struct Inside {
    /// What flows, Mt.
    flow: f64,
    /// What more could flow.
    left: f64,
    /// What a unit loses, USD/t.
    loses: f64,
    /// What a unit gains.
    gains: f64,
}

impl Inside {
    fn begin(arc: &Arc, gain: f64, scale: Scale) -> Self {
        let (price, quantity) = (BEGINS * scale.price, BEGINS * scale.quantity);
        let amount = price * quantity;
        let loses = (-gain).max(0.0) + price;
        let gains = gain.max(0.0) + price;
        if arc.most.is_infinite() {
            return Self { flow: amount / loses, left: f64::INFINITY, loses, gains: 0.0 };
        }
        let flow = (amount / loses).min(0.5 * arc.most);
        let flow = if gain > 0.0 { arc.most - (amount / gains).min(0.5 * arc.most) } else { flow };
        Self {
            flow,
            left: arc.most - flow,
            loses: amount / flow,
            gains: amount / (arc.most - flow),
        }
    }

    /// How its flow answers a gain, and what it would be at the price it has.
    fn answer(self, gain: f64, amount: f64) -> (f64, f64) {
        let rise = 1.0 / (self.loses / self.flow + self.gains / self.left);
        let pull = gain + amount / self.flow - amount / self.left;
        (self.flow + pull * rise, rise)
    }

    /// The change of all towards a flow, where so much is the amount.
    fn change(self, to: f64, amount: f64) -> Self {
        let flow = to - self.flow;
        let loses = (amount - self.loses * flow) / self.flow - self.loses;
        let bounded = self.left.is_finite();
        let gains =
            if bounded { (amount + self.gains * flow) / self.left - self.gains } else { 0.0 };
        Self { flow, left: if bounded { -flow } else { 0.0 }, loses, gains }
    }

    /// The share of a change at which something of it would be nothing.
    fn reach(self, change: Self) -> f64 {
        let one = |is: f64, change: f64| if change < 0.0 { -is / change } else { f64::INFINITY };
        one(self.flow, change.flow)
            .min(one(self.left, change.left))
            .min(one(self.loses, change.loses))
            .min(one(self.gains, change.gains))
    }

    fn moved(self, change: Self, part: f64) -> Self {
        Self {
            flow: self.flow + part * change.flow,
            left: self.left + part * change.left,
            loses: self.loses + part * change.loses,
            gains: self.gains + part * change.gains,
        }
    }

    /// Both amounts, and how many they are.
    fn amounts(self) -> (f64, f64) {
        let low = self.flow * self.loses;
        if self.left.is_finite() { (low + self.left * self.gains, 2.0) } else { (low, 1.0) }
    }

    fn filled(self, scale: Scale) -> Filled {
        let per = scale.quantity / scale.price;
        if self.flow < self.loses * per {
            Filled::Empty
        } else if self.left < self.gains * per {
            Filled::Full
        } else {
            Filled::Between(self.flow)
        }
    }
}

/// Supply bends, and steps may go to and fro across a bend: from this step on they are shortened,
/// more and more.
const SHORTENED: [(u32, f64); 3] = [(30, 0.01), (60, 0.1), (90, 1.0)];

fn shortened(step: u32) -> f64 {
    let last = SHORTENED.iter().rev().find(|it| step >= it.0);
    last.map_or(0.0, |it| it.1)
}

/// Follows the way from prices; at each of some amounts, ever smaller, whoever looks is shown the
/// prices and arcs as they are, and says whether that is enough.
pub(super) fn follow(
    it: &Network<'_>,
    work: &mut Work,
    (prices, scale): (&mut [f64], Scale),
    enough: &mut dyn FnMut(&[f64], &[Filled]) -> bool,
) -> bool {
    let mut inside: Vec<Inside> =
        it.arcs.iter().map(|arc| Inside::begin(arc, arc.gain(prices), scale)).collect();
    let mut changes = inside.clone();
    let whole = scale.price * scale.quantity;
    let mut shows = SHOWS.iter().map(|it| it * whole).peekable();
    let mut centring = CENTRING.1;
    for step in 0..STEPS {
        let sums = inside.iter().map(|it| it.amounts());
        let (sum, count) = sums.fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        let mean = sum / count;
        if shows.next_if(|it| mean <= *it).is_some() {
            let filled: Vec<Filled> = inside.iter().map(|it| it.filled(scale)).collect();
            if enough(prices, &filled) {
                return true;
            }
        }
        if shows.peek().is_none() {
            return false;
        }
        let amount = centring * mean;
        work.gather::<true>(it, (prices, 0.0), |number, gain, _| {
            inside.get(number).map_or((0.0, 0.0), |it| it.answer(gain, amount))
        });
        work.shorten(shortened(step) * scale.quantity / scale.price);
        work.step_down();
        let mut reach = f64::INFINITY;
        for ((arc, is), change) in it.arcs.iter().zip(&inside).zip(&mut changes) {
            let (flow, rise) = is.answer(arc.gain(prices), amount);
            *change = is.change(flow + rise * work.rises(arc), amount);
            reach = reach.min(is.reach(*change));
        }
        let part = (NEARLY * reach).min(1.0);
        if part.is_nan() || part < STUCK {
            return false;
        }
        for (is, change) in inside.iter_mut().zip(&changes) {
            *is = is.moved(*change, part);
        }
        for (price, step) in prices.iter_mut().zip(work.step()) {
            *price += part * step;
        }
        centring = ((1.0 - part) * (1.0 - part)).clamp(CENTRING.0, CENTRING.2);
    }
    false
}
