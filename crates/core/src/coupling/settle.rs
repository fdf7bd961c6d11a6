//! The settlement of a coupling, in one record. Markets are settled from those that units leave to
//! those in which they arrive. In each, what sellers give goes out by the links first: link units
//! that go home by the link, then other units of sellers, then what arrived by another link; all
//! that is left goes to the buyers. Units that leave wait in the escrow of the link, and link units
//! of a series of their own arrive for them, at its ratio; those that go home free the oldest that
//! wait.
//!
//! Link units of several series lose what each loses by rounding. Where units are short so, the
//! last buyers get less.

use super::clear_coupling::ClearCouplingRefused;
use super::graph::{Graph, Leaves, Route};
use super::{Coupled, CoupledFlow, CoupledPrice, Rational};
use crate::account::AccountKind;
use crate::book::Order;
use crate::draft::Draft;
use crate::event::Event;
use crate::exchange::Side;
use crate::exchange::order_filled::OrderFilled;
use crate::id::{AccountId, CallId, CashAccountId, JurisdictionId, SeriesId};
use crate::ledger::posting::{
    CashMoved, CashReleased, Posting, UnitsIssued, UnitsMoved, UnitsReleased,
};
use crate::ledger::{self, Serials, Series};
use crate::link::LinkSeriesOpened;
use crate::quantity::{Money, Price, Tonnes};
use crate::state::State;
use crate::time::Year;
use std::collections::{BTreeMap, VecDeque};

/// A part of an order: what is offered, and what is filled.
#[derive(Clone, Copy, Default)]
pub(super) struct Part {
    pub(super) offered: Tonnes,
    pub(super) fill: Tonnes,
}

/// An order of a coupling.
pub(super) struct Entry<'a> {
    pub(super) order: &'a Order,
    /// What may not leave the market, or all of it.
    pub(super) stays: Part,
    /// What may leave, where that is told apart.
    pub(super) leaves: Part,
}

impl Entry<'_> {
    pub(super) fn part(&self, leaves: Leaves) -> &Part {
        if leaves == Leaves::May { &self.leaves } else { &self.stays }
    }

    pub(super) fn part_mut(&mut self, leaves: Leaves) -> &mut Part {
        if leaves == Leaves::May { &mut self.leaves } else { &mut self.stays }
    }

    /// What is filled in all.
    pub(super) fn fill(&self) -> Tonnes {
        self.stays.fill + self.leaves.fill
    }
}

/// A market of a coupling.
pub(super) struct Market<'a> {
    pub(super) call: CallId,
    pub(super) jurisdiction: JurisdictionId,
    pub(super) year: Year,
    /// The step between its prices.
    pub(super) tick: Price,
    /// Its orders: the better ones first within a side, then the earlier.
    pub(super) orders: Vec<Entry<'a>>,
    /// Whether links lead out of it, so that what may leave is told apart.
    pub(super) is_parted: bool,
}

impl<'a> Market<'a> {
    pub(super) fn of(
        call: CallId,
        (jurisdiction, year): (JurisdictionId, Year),
        orders: impl Iterator<Item = &'a Order>,
    ) -> Self {
        let entry = |order: &'a Order| {
            let stays = Part { offered: order.remaining, fill: Tonnes::ZERO };
            Entry { order, stays, leaves: Part::default() }
        };
        let mut orders: Vec<Entry<'a>> = orders.map(entry).collect();
        orders.sort_by_key(|it| {
            let price = it.order.price.0;
            (
                if it.order.side == Side::Buy { price.saturating_neg() } else { price },
                it.order.since,
            )
        });
        Self { call, jurisdiction, year, tick: Price(1), orders, is_parted: false }
    }
}

/// What was settled.
pub(super) struct Settled {
    pub(super) prices: Vec<Option<CoupledPrice>>,
    pub(super) flows: Vec<CoupledFlow>,
}

/// Units on their way: where they lie, and which.
#[derive(Clone, Copy)]
struct Parcel {
    account: AccountId,
    series: SeriesId,
    serials: Serials,
}

/// Units in a market: those of its sellers that may not leave, those that may, and what arrived.
#[derive(Default)]
struct Pool {
    stays: VecDeque<Parcel>,
    leaves: VecDeque<Parcel>,
    arrived: VecDeque<Parcel>,
}

/// Takes so many units from the parcels that fit, the first ones first.
fn take(
    from: &mut VecDeque<Parcel>,
    wanted: &mut Tonnes,
    fits: impl Fn(&Parcel) -> bool,
) -> Vec<Parcel> {
    let mut taken = Vec::new();
    let mut rest = VecDeque::new();
    for mut it in from.drain(..) {
        if *wanted == Tonnes::ZERO || !fits(&it) {
            rest.push_back(it);
            continue;
        }
        let count = it.serials.count.min(*wanted);
        *wanted -= count;
        let serials = Serials { first: it.serials.first, count };
        taken.push(Parcel { serials, ..it });
        it.serials = Serials { first: serials.end(), count: it.serials.count - count };
        if it.serials.count > Tonnes::ZERO {
            rest.push_back(it);
        }
    }
    *from = rest;
    taken
}

struct Settlement<'a, 'd> {
    draft: &'a mut Draft<'d>,
    state: &'a State,
    pools: Vec<Pool>,
    flows: Vec<CoupledFlow>,
    /// Series of link units that this record opens.
    opened: BTreeMap<ledger::Linked, SeriesId>,
}

/// Settles a result; the fills of the orders are what was settled.
pub(super) fn settle(
    (draft, state): (&mut Draft<'_>, &State),
    (markets, graph): (&mut [Market<'_>], &Graph),
    (cleared, rent): (&Coupled, CashAccountId),
) -> Result<Settled, ClearCouplingRefused> {
    let routes = &graph.routes;
    let pools = markets.iter().map(|_| Pool::default()).collect();
    let flows = routes.iter().zip(&cleared.flows).map(|(route, flow)| {
        let ((from, to), quantity) = (route.ends, flow.quantity);
        let (home, arrives) = (Tonnes::ZERO, Tonnes::ZERO);
        let (rent, levy) = (Money::ZERO, Money::ZERO);
        CoupledFlow { from, to, quantity, home, arrives, rent, levy }
    });
    let flows = flows.collect();
    graph.fill(markets, &cleared.fills);
    let opened = BTreeMap::new();
    let mut it = Settlement { draft, state, pools, flows, opened };
    let ends: Vec<(usize, usize)> = routes.iter().map(|it| graph.ends(it)).collect();
    for market in it.in_order(markets.len(), &ends) {
        it.market(markets, market, (routes, &ends));
    }
    for (flow, (exact, route)) in it.flows.iter_mut().zip(cleared.flows.iter().zip(routes)) {
        flow.rent = worth(exact.rent, flow.quantity);
        flow.levy = worth(route.link.levy, flow.quantity);
    }
    let at = |place: usize| cleared.prices.get(place).copied().flatten();
    let price = |(place, it): (usize, &Market<'_>)| {
        let leaving = graph.leaving(place).and_then(at);
        priced((it.call, it.tick), at(place).or(leaving), leaving)
    };
    let prices: Vec<Option<CoupledPrice>> = markets.iter().enumerate().map(price).collect();
    it.pay((markets, &prices), rent)?;
    Ok(Settled { prices, flows: it.flows })
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

impl Settlement<'_, '_> {
    /// The markets, those that units leave before those in which they arrive.
    fn in_order(&self, markets: usize, ends: &[(usize, usize)]) -> Vec<usize> {
        let used = ends.iter().zip(&self.flows).filter(|(_, flow)| flow.quantity > Tonnes::ZERO);
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

    fn market(
        &mut self,
        markets: &mut [Market<'_>],
        place: usize,
        (routes, ends): (&[Route], &[(usize, usize)]),
    ) {
        let Some(market) = markets.get_mut(place) else { return };
        let mut pool = self.pools.get_mut(place).map(std::mem::take).unwrap_or_default();
        for entry in market.orders.iter().filter(|it| it.order.side == Side::Sell) {
            let leaves = self.release(entry, entry.leaves.fill);
            pool.leaves.extend(leaves);
            let stays = self.release(entry, entry.stays.fill);
            pool.stays.extend(stays);
        }
        for (number, route) in routes.iter().enumerate() {
            let Some((from, to)) = ends.get(number).copied() else { continue };
            if from == place {
                let arrived = self.send((number, route), &mut pool);
                if let Some(it) = self.pools.get_mut(to) {
                    it.arrived.extend(arrived);
                }
            }
        }
        let parcels = pool.stays.iter().chain(&pool.leaves).chain(&pool.arrived);
        let mut left: Tonnes = parcels.map(|it| it.serials.count).sum();
        for entry in market.orders.iter_mut().filter(|it| it.order.side == Side::Buy) {
            // Short of what rounding lost, the last buyers get less.
            entry.stays.fill = entry.stays.fill.min(left);
            left -= entry.stays.fill;
            let mut wanted = entry.stays.fill;
            for part in [&mut pool.stays, &mut pool.leaves, &mut pool.arrived] {
                for it in take(part, &mut wanted, |_| true) {
                    self.pass(it, entry.order.account);
                }
            }
        }
        assert_eq!(left, Tonnes::ZERO, "units of call {} are left over", market.call);
    }

    /// Frees what a seller sold; it lies in his account until it moves on.
    fn release(&mut self, entry: &Entry<'_>, sold: Tonnes) -> Vec<Parcel> {
        let (account, hold) = (entry.order.account, entry.order.hold);
        let mut missing = sold;
        let mut parcels = Vec::new();
        while missing > Tonnes::ZERO {
            let held = self.draft.hold_now(hold).and_then(|it| it.units.first().copied());
            assert!(held.is_some(), "a sell order holds what it offers");
            let Some((series, block)) = held else { break };
            let count = block.serials.count.min(missing);
            let serials = Serials { first: block.serials.first, count };
            let released = UnitsReleased { series, account, hold, serials };
            self.draft.post(Posting::UnitsReleased(released));
            missing -= count;
            parcels.push(Parcel { account, series, serials });
        }
        parcels
    }

    /// Sends what leaves a market by a link; what arrives.
    fn send(&mut self, (number, route): (usize, &Route), pool: &mut Pool) -> Vec<Parcel> {
        let mut wanted = self.flows.get(number).map_or(Tonnes::ZERO, |it| it.quantity);
        // By the way they came, and at par: others would free more than was bought.
        let state = self.state;
        let known = |it: &Parcel| state.ledger.series.get(it.series).and_then(|it| it.link);
        let home = |it: &Parcel| {
            let link = known(it)?;
            let of = state.ledger.series.get(link.of)?;
            let par = link.ratio.0 == link.ratio.1 && route.ratio.0 == route.ratio.1;
            (par && of.counts_in() == Some(route.ends.1)).then_some(link)
        };
        let back = take(&mut pool.leaves, &mut wanted, |it| home(it).is_some());
        let mut out = take(&mut pool.leaves, &mut wanted, |_| true);
        out.extend(take(&mut pool.arrived, &mut wanted, |_| true));
        let mut coming: BTreeMap<(SeriesId, AccountId), Tonnes> = BTreeMap::new();
        for it in &back {
            let Some(link) = home(it) else { continue };
            self.pass(*it, link.escrow);
            *coming.entry((link.of, link.escrow)).or_default() += it.serials.count;
        }
        let mut arrived = Vec::new();
        for ((of, escrow), count) in coming {
            let free = self.draft.shelf_now(escrow).pick(count, |it| it == of);
            let lies = |(series, block): (SeriesId, ledger::Block)| Parcel {
                account: escrow,
                series,
                serials: block.serials,
            };
            arrived.extend(free.into_iter().map(lies));
        }
        let home: Tonnes = arrived.iter().map(|it| it.serials.count).sum();
        arrived.extend(self.cross(&out, route));
        let sum = arrived.iter().map(|it| it.serials.count).sum();
        if let Some(flow) = self.flows.get_mut(number) {
            // A market that passes on what rounding lost on its way passes on less.
            flow.quantity -= wanted;
            (flow.home, flow.arrives) = (home, sum);
        }
        arrived
    }

    fn pass(&mut self, it: Parcel, to: AccountId) {
        let Parcel { account: from, series, serials } = it;
        self.draft.post(Posting::UnitsMoved(UnitsMoved { series, from, to, serials }));
    }

    /// Units wait in the escrow, and link units are issued for those of each series.
    fn cross(&mut self, out: &[Parcel], route: &Route) -> Vec<Parcel> {
        let mut series: Vec<SeriesId> = Vec::new();
        for it in out {
            self.pass(*it, route.escrow);
            if !series.contains(&it.series) {
                series.push(it.series);
            }
        }
        let mut arrived = Vec::new();
        for of in series {
            let parts = out.iter().filter(|it| it.series == of);
            let waiting: Tonnes = parts.map(|it| it.serials.count).sum();
            let (counts_in, escrow, ratio) = (route.ends.1, route.escrow, route.ratio);
            let link = ledger::Link { of, counts_in, escrow, ratio };
            let count = link.arriving(waiting);
            if count == Tonnes::ZERO {
                continue;
            }
            let series = self.series_of(link);
            let first = self.draft.series_now(series).issued.0.saturating_add(1);
            let serials = Serials { first, count };
            let issued = UnitsIssued { series, to: escrow, serials };
            self.draft.post(Posting::UnitsIssued(issued));
            arrived.push(Parcel { account: escrow, series, serials });
        }
        arrived
    }

    /// The series of link units, opened where none of this kind crossed before.
    fn series_of(&mut self, link: ledger::Link) -> SeriesId {
        let key = (link.of, link.counts_in, link.ratio);
        let known = self.state.ledger.linked.get(&key).or_else(|| self.opened.get(&key));
        if let Some(known) = known {
            return *known;
        }
        let SeriesId(next) = self.state.ledger.series.next_id();
        let more = u32::try_from(self.opened.len()).unwrap_or(u32::MAX);
        let series = SeriesId(next.saturating_add(more));
        self.opened.insert(key, series);
        let row = Series::of_link(self.draft.series_now(link.of), link);
        self.draft.note(Event::LinkSeriesOpened(LinkSeriesOpened { series, link }));
        self.draft.open_series(series, row);
        series
    }

    /// Buyers pay into the rent account, sellers are paid out of it; what rents and levies bring
    /// goes to the governments at both ends, as far as it is there.
    fn pay(
        &mut self,
        (markets, prices): (&[Market<'_>], &[Option<CoupledPrice>]),
        rent: CashAccountId,
    ) -> Result<(), ClearCouplingRefused> {
        let mut sum = Money::ZERO;
        let filled = |side: Side| {
            let both = markets.iter().zip(prices);
            both.flat_map(move |(it, price)| {
                let orders = it.orders.iter().filter(move |it| it.order.side == side);
                orders.filter(|it| it.fill() > Tonnes::ZERO).map(move |it| (it, *price))
            })
        };
        let times = |price: Option<Price>, quantity: Tonnes| {
            price.and_then(|it| it.times(quantity)).unwrap_or_default()
        };
        for (entry, price) in filled(Side::Buy) {
            let (account, hold) = (entry.order.cash, entry.order.hold);
            let amount = entry.order.freed_by(entry.order.remaining, entry.fill());
            self.draft.post(Posting::CashReleased(CashReleased { account, hold, amount }));
            let amount = times(price.map(|it| it.pays), entry.fill());
            self.draft.post(Posting::CashMoved(CashMoved { from: account, to: rent, amount }));
            sum += amount;
            self.filled(entry);
        }
        for (entry, price) in filled(Side::Sell) {
            let leaving = times(price.and_then(|it| it.leaving), entry.leaves.fill);
            let amount = times(price.map(|it| it.gets), entry.stays.fill) + leaving;
            let to = entry.order.cash;
            self.draft.post(Posting::CashMoved(CashMoved { from: rent, to, amount }));
            sum -= amount;
            self.filled(entry);
        }
        let free = self.state.ledger.cash.row(rent).free;
        if free + sum < Money::ZERO {
            let wanted = Money::ZERO - sum;
            return Err(ClearCouplingRefused::RentTooLow { free, wanted });
        }
        for flow in self.flows.clone() {
            let due = Money((flow.rent + flow.levy).0.min(sum.0.max(0)));
            let half = Money(due.0.div_euclid(2));
            for (end, amount) in [(flow.from, half), (flow.to, due - half)] {
                let government = self.government_cash(end);
                if let Some(to) = government.filter(|_| amount > Money::ZERO) {
                    self.draft.post(Posting::CashMoved(CashMoved { from: rent, to, amount }));
                    sum -= amount;
                }
            }
        }
        Ok(())
    }

    fn filled(&mut self, entry: &Entry<'_>) {
        let (order, quantity) = (entry.order.id, entry.fill());
        self.draft.note(Event::OrderFilled(OrderFilled { order, quantity }));
    }

    /// The cash account of a government: of whoever holds its account of all units.
    fn government_cash(&self, id: JurisdictionId) -> Option<CashAccountId> {
        let kind = AccountKind::TotalQuantity;
        let account = crate::account::of_government(self.state, id, kind)?;
        self.state.cash_account_of(self.state.accounts.row(account).holder)
    }
}
