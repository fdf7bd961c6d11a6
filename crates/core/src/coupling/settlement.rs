//! The settlement of a coupling, as it is fixed when the coupling is cleared: whose orders are
//! filled, and which units go by which link. [`settle`](super::settle) carries it out.
//!
//! Markets are settled from those that units leave to those in which they arrive. Of what sellers
//! give, link units that can go home by a link do so first; then go other units, the oldest series
//! first, then what arrived by another link. All that is left goes to the buyers. Units that leave
//! wait in the escrow of the link, and link units of a series of their own arrive for them, at its
//! ratio; those that go home free the oldest that wait.
//!
//! Link units of several series lose what each loses by rounding. Where units are short so, the
//! last buyers get less.

use super::graph::{Graph, Route};
use super::market::{Entry, Market};
use super::{Coupled, CoupledFlow, CoupledPrice, Rational};
use crate::event::{Event, Events};
use crate::exchange::Side;
use crate::exchange::delivery::Cut;
use crate::id::{AccountId, CallId, CashAccountId, HoldId, OrderId, SeriesId};
use crate::ledger;
use crate::link::LinkSeriesOpened;
use crate::quantity::{Money, Price, Tonnes};
use crate::state::State;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// The most orders that one coupling fills: what is fixed of them fits into a record.
pub const FILLS_MAX: usize = 200_000;

/// What is fixed of a coupling that is not wholly settled.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Settlement {
    /// Buyers pay into this account of the region, and sellers are paid out of it.
    #[n(0)]
    pub rent: CashAccountId,
    /// Money that is on its way is set aside here.
    #[n(1)]
    pub hold: HoldId,
    /// The calls in the order in which they are settled.
    #[n(2)]
    pub calls: Vec<CallId>,
    /// The orders that buy, call after call, the better ones first.
    #[n(3)]
    pub buys: Vec<Fill>,
    /// The orders that sell.
    #[n(4)]
    pub sells: Vec<Fill>,
    /// How far it is carried out.
    #[n(5)]
    pub progress: Progress,
}

/// What an order gets or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Fill {
    /// The order.
    #[n(0)]
    pub order: OrderId,
    /// The account of its units.
    #[n(1)]
    pub account: AccountId,
    /// Its call, by its place in the settlement.
    #[n(2)]
    pub place: u8,
    /// Units at the price of the market.
    #[n(3)]
    pub stays: Tonnes,
    /// Units at the price of what may leave it.
    #[n(4)]
    pub leaves: Tonnes,
}

impl Fill {
    fn of(place: u8, entry: &Entry<'_>) -> Self {
        let (order, account) = (entry.order.id, entry.order.account);
        let (stays, leaves) = (entry.stays.fill, entry.leaves.fill);
        Self { order, account, place, stays, leaves }
    }

    /// Units in all.
    pub fn quantity(&self) -> Tonnes {
        self.stays + self.leaves
    }
}

/// How far a settlement is carried out.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Progress {
    /// What is set aside: paid by buyers, and what whole units cost the region.
    #[n(0)]
    pub pot: Money,
    /// So many orders have paid.
    #[n(1)]
    pub paid: u32,
    /// So many orders have given their units.
    #[n(2)]
    pub sold: u32,
    /// So many units the next one has given.
    #[n(3)]
    pub gave: Tonnes,
    /// So many orders have got their units.
    #[n(4)]
    pub bought: u32,
    /// So many units the next one has got.
    #[n(5)]
    pub got: Tonnes,
    /// The call in which units are delivered, by its place.
    #[n(6)]
    pub place: u8,
    /// What is to go by the links.
    #[n(7)]
    pub streams: Vec<Stream>,
}

/// Units of one series on their way by a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Stream {
    /// The call whose market they leave, by its place.
    #[n(0)]
    pub from: u8,
    /// That in whose market they arrive.
    #[n(1)]
    pub to: u8,
    /// What they are.
    #[n(2)]
    pub series: SeriesId,
    /// What they arrive as.
    #[n(3)]
    pub into: SeriesId,
    /// The escrow into which they go, and out of which others come.
    #[n(4)]
    pub escrow: AccountId,
    /// What comes: link units are issued, or units that waited come free.
    #[n(5)]
    pub comes: Comes,
    /// So many are still to leave.
    #[n(6)]
    pub leaves: Tonnes,
    /// So many are still to arrive.
    #[n(7)]
    pub arrives: Tonnes,
}

/// What comes for units that leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Comes {
    /// Units that waited in the escrow.
    #[n(0)]
    Home,
    /// Link units; their first serial that has not arrived, once they are issued.
    #[n(1)]
    Linked(#[n(0)] Option<u64>),
}

/// What is fixed when a coupling is cleared.
pub(super) struct Fixed {
    pub(super) settlement: Settlement,
    pub(super) prices: Vec<Option<CoupledPrice>>,
    pub(super) flows: Vec<CoupledFlow>,
    /// What buyers will pay less what sellers will get.
    pub(super) surplus: Money,
}

/// Fixes the settlement of a result. The series that units need to arrive in are opened; the fills
/// of the orders are what will be settled.
pub(super) fn fix(
    state: &State,
    (markets, graph): (&mut [Market<'_>], &Graph),
    (cleared, rent): (&Coupled, CashAccountId),
    out: &mut Events,
) -> Fixed {
    graph.fill(markets, &cleared.fills);
    let flow = |(route, flow): (&Route, &super::Flow)| {
        let ((from, to), quantity) = (route.ends, flow.quantity);
        let (rent, levy) = (Money::ZERO, Money::ZERO);
        let (home, arrives) = (Tonnes::ZERO, Tonnes::ZERO);
        CoupledFlow { from, to, quantity, home, arrives, rent, levy }
    };
    let flows = graph.routes.iter().zip(&cleared.flows).map(flow).collect();
    let ends = graph.routes.iter().map(|it| graph.ends(it)).collect();
    let mut it = Fixing { state, graph, ends, flows, streams: Vec::new(), opened: BTreeMap::new() };
    let order = it.in_order(markets.len());
    for market in order.iter().copied() {
        if let Some(row) = markets.get_mut(market) {
            it.market(market, row, out);
        }
    }
    for (flow, (exact, route)) in it.flows.iter_mut().zip(cleared.flows.iter().zip(&graph.routes)) {
        flow.rent = worth(exact.rent, flow.quantity);
        flow.levy = worth(route.link.levy, flow.quantity);
    }
    let at = |place: usize| cleared.prices.get(place).copied().flatten();
    let price = |(place, it): (usize, &Market<'_>)| {
        let leaving = graph.leaving(place).and_then(at);
        priced((it.call, it.tick), at(place).or(leaving), leaving)
    };
    let prices: Vec<Option<CoupledPrice>> = markets.iter().enumerate().map(price).collect();
    let surplus = surplus(markets, &prices);
    let pot = Money(surplus.0.saturating_neg().max(0));
    let places = || order.iter().filter_map(|it| markets.get(*it)).zip(0u8..);
    let fills = |side| {
        let of = |(market, place)| Market::filled(market, side).map(move |it| Fill::of(place, it));
        places().flat_map(of).collect::<Vec<Fill>>()
    };
    // Places in the order of settlement, as all else has them now.
    let place = |market: u8| {
        let found = order.iter().zip(0u8..).find(|(it, _)| **it == usize::from(market));
        found.map_or(market, |(_, place)| place)
    };
    let mut streams = it.streams;
    for it in &mut streams {
        (it.from, it.to) = (place(it.from), place(it.to));
    }
    let progress = Progress { pot, streams, ..Progress::default() };
    let (hold, calls) = (state.ledger.next_hold, places().map(|(it, _)| it.call).collect());
    let (buys, sells) = (fills(Side::Buy), fills(Side::Sell));
    let settlement = Settlement { rent, hold, calls, buys, sells, progress };
    Fixed { settlement, prices, flows: it.flows, surplus }
}

/// What buyers pay less what sellers get.
fn surplus(markets: &[Market<'_>], prices: &[Option<CoupledPrice>]) -> Money {
    let mut sum = Money::ZERO;
    for (market, price) in markets.iter().zip(prices) {
        let Some(price) = price else { continue };
        sum += market.filled(Side::Buy).map(|it| price.paid(it.fill())).sum();
        sum -= market.filled(Side::Sell).map(|it| price.got(it.stays.fill, it.leaves.fill)).sum();
    }
    sum
}

impl CoupledPrice {
    /// What a buyer pays for so many units.
    pub(super) fn paid(&self, quantity: Tonnes) -> Money {
        self.pays.times(quantity).unwrap_or_default()
    }

    /// What a seller gets for so many units that stay, and so many that may leave.
    pub(super) fn got(&self, stays: Tonnes, leaves: Tonnes) -> Money {
        let leaving = self.leaving.and_then(|it| it.times(leaves));
        self.gets.times(stays).unwrap_or_default() + leaving.unwrap_or_default()
    }
}

/// What so many units are worth at an exact price, rounded down.
fn worth(price: Rational, quantity: Tonnes) -> Money {
    let all = (price * Rational::whole(i128::from(quantity.0))).floor().unwrap_or_default();
    Money(i64::try_from(all).unwrap_or_default())
}

/// The price of a market; of one in which only what may leave was sold it is that price.
fn priced(
    (call, Price(tick)): (CallId, Price),
    price: Option<Rational>,
    leaving: Option<Rational>,
) -> Option<CoupledPrice> {
    let step = Rational::whole(i128::from(tick));
    let on_tick = |ticks: Result<i128, super::TooLarge>| {
        Some(Price(i64::try_from(ticks.ok()?).ok()?.checked_mul(tick)?))
    };
    let (price, half) = (price? / step, Rational::new(1, 2));
    Some(CoupledPrice {
        call,
        pays: on_tick(price.ceil())?,
        gets: on_tick(price.floor())?,
        nearest: on_tick((price + half).floor())?,
        leaving: leaving.and_then(|it| on_tick((it / step).floor())),
    })
}

/// Units of a market by their series.
type Units = BTreeMap<SeriesId, Tonnes>;

struct Fixing<'a> {
    state: &'a State,
    graph: &'a Graph,
    /// The markets at the ends of each route.
    ends: Vec<(usize, usize)>,
    flows: Vec<CoupledFlow>,
    streams: Vec<Stream>,
    /// Series of link units that this record opens.
    opened: BTreeMap<ledger::Linked, SeriesId>,
}

impl Fixing<'_> {
    /// The markets, those that units leave before those in which they arrive.
    fn in_order(&self, markets: usize) -> Vec<usize> {
        let used = self.ends.iter().zip(&self.flows);
        let used = used.filter(|(_, flow)| flow.quantity > Tonnes::ZERO);
        let used: Vec<(usize, usize)> = used.map(|(it, _)| *it).collect();
        let mut order: Vec<usize> = Vec::new();
        while order.len() < markets {
            let waits = |market: usize| {
                used.iter().any(|(from, to)| *to == market && !order.contains(from))
            };
            let next = (0..markets).find(|it| !order.contains(it) && !waits(*it));
            // Least flow leaves no cycle.
            let Some(next) = next else { break };
            order.push(next);
        }
        order
    }

    /// Fixes what leaves a market, and what its buyers get.
    fn market(&mut self, place: usize, market: &mut Market<'_>, out: &mut Events) {
        let mut leaves = Units::new();
        let mut left = Tonnes::ZERO;
        for entry in market.filled(Side::Sell) {
            left += entry.fill();
            let (mut held, mut missing) = (Cut::held(self.state, entry.order), entry.leaves.fill);
            while let Some((series, serials)) = held.next(missing) {
                *leaves.entry(series).or_default() += serials.count;
                missing -= serials.count;
            }
            assert_eq!(missing, Tonnes::ZERO, "a sell order holds what it offers");
        }
        let mut arrived = Units::new();
        for it in self.streams.iter().filter(|it| usize::from(it.to) == place) {
            *arrived.entry(it.into).or_default() += it.arrives;
            left += it.arrives;
        }
        let ends = self.ends.iter().enumerate().filter(|(_, (from, _))| *from == place);
        let numbers: Vec<usize> = ends.map(|(number, _)| number).collect();
        for number in numbers.iter().copied() {
            left -= self.send_home(number, &mut leaves);
        }
        for number in numbers {
            left -= self.send(number, [&mut leaves, &mut arrived], out);
        }
        for entry in market.orders.iter_mut().filter(|it| it.side == Side::Buy) {
            // Short of what rounding lost, the last buyers get less.
            entry.stays.fill = entry.stays.fill.min(left);
            left -= entry.stays.fill;
        }
        assert_eq!(left, Tonnes::ZERO, "units of call {} are left over", market.call);
    }

    /// Sends link units home by the way they came, and at par: others would free more than was
    /// bought. How many go.
    fn send_home(&mut self, number: usize, leaves: &mut Units) -> Tonnes {
        let Some((route, flow)) = self.graph.routes.get(number).zip(self.flows.get_mut(number))
        else {
            return Tonnes::ZERO;
        };
        let series = &self.state.ledger.series;
        for (id, units) in leaves.iter_mut() {
            let Some(link) = series.get(*id).and_then(|it| it.link) else { continue };
            let par = link.ratio.0 == link.ratio.1 && route.ratio.0 == route.ratio.1;
            let comes_home = series.row(link.of).counts_in() == Some(route.ends.1);
            let count = (*units).min(flow.quantity - flow.home);
            if !(par && comes_home) || count == Tonnes::ZERO {
                continue;
            }
            *units -= count;
            flow.home += count;
            flow.arrives += count;
            self.streams.push(Stream {
                from: place_of(self.ends.get(number).map(|it| it.0)),
                to: place_of(self.ends.get(number).map(|it| it.1)),
                series: *id,
                into: link.of,
                escrow: link.escrow,
                comes: Comes::Home,
                leaves: count,
                arrives: count,
            });
        }
        flow.home
    }

    /// Sends other units. How many go.
    fn send(&mut self, number: usize, from: [&mut Units; 2], out: &mut Events) -> Tonnes {
        let Some((route, flow)) = self.graph.routes.get(number).zip(self.flows.get(number)) else {
            return Tonnes::ZERO;
        };
        let wanted = flow.quantity - flow.home;
        let mut missing = wanted;
        let mut sent: Vec<(SeriesId, Tonnes)> = Vec::new();
        for (id, units) in from.into_iter().flatten() {
            let count = (*units).min(missing);
            if count == Tonnes::ZERO {
                continue;
            }
            *units -= count;
            missing -= count;
            match sent.iter_mut().find(|(of, _)| of == id) {
                Some((_, all)) => *all += count,
                None => sent.push((*id, count)),
            }
        }
        for (series, count) in sent {
            let (counts_in, escrow, ratio) = (route.ends.1, route.escrow, route.ratio);
            let link = ledger::Link { of: series, counts_in, escrow, ratio };
            let arrives = link.arriving(count);
            // Where nothing arrives, nothing is opened for it.
            let into = if arrives > Tonnes::ZERO { self.series_of(link, out) } else { series };
            self.streams.push(Stream {
                from: place_of(self.ends.get(number).map(|it| it.0)),
                to: place_of(self.ends.get(number).map(|it| it.1)),
                series,
                into,
                escrow,
                comes: Comes::Linked(None),
                leaves: count,
                arrives,
            });
            if let Some(flow) = self.flows.get_mut(number) {
                flow.arrives += arrives;
            }
        }
        if let Some(flow) = self.flows.get_mut(number) {
            // A market that passes on what rounding lost on its way passes on less.
            flow.quantity -= missing;
        }
        wanted - missing
    }

    /// The series of link units, opened where none of this kind crossed before.
    fn series_of(&mut self, link: ledger::Link, out: &mut Events) -> SeriesId {
        let key = (link.of, link.counts_in, link.ratio);
        let known = self.state.ledger.linked.get(&key).or_else(|| self.opened.get(&key));
        if let Some(known) = known {
            return *known;
        }
        let SeriesId(next) = self.state.ledger.series.next_id();
        let more = u32::try_from(self.opened.len()).unwrap_or(u32::MAX);
        let series = SeriesId(next.saturating_add(more));
        self.opened.insert(key, series);
        out.push(Event::LinkSeriesOpened(LinkSeriesOpened { series, link }));
        series
    }
}

fn place_of(market: Option<usize>) -> u8 {
    market.and_then(|it| u8::try_from(it).ok()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EVENT_BYTES, FACTS_A_SLICE, RECORD_BYTES_MAX};

    #[test]
    fn the_largest_settlement_fits_into_a_record_beside_a_slice() {
        let most = Tonnes(u64::MAX);
        let (order, account, place) = (OrderId(u64::MAX), AccountId(u32::MAX), u8::MAX);
        let fill = Fill { order, account, place, stays: most, leaves: most };
        let (rent, hold, calls) = (CashAccountId(u32::MAX), HoldId(u64::MAX), Vec::new());
        let (buys, sells) = (vec![fill; FILLS_MAX], Vec::new());
        let progress = Progress::default();
        let it = Settlement { rent, hold, calls, buys, sells, progress };
        let bytes = minicbor::to_vec(it).expect("it is written").len();
        assert!(bytes + FACTS_A_SLICE * EVENT_BYTES < RECORD_BYTES_MAX, "{bytes} bytes");
    }
}
