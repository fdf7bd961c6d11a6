//! Surveillance: patterns of trading that somebody should look at, folded from the journal. An
//! alert accuses nobody: it names the records that are its evidence, and the figures.
//!
//! Sources of the patterns: Commission Delegated Regulation (EU) 2016/522, Annex II (indicators of
//! market manipulation): wash trades, layering, marking the close; concentration as a market
//! operator's own measure. The thresholds are constants here and nowhere in law.

use karvan_core::book::{Market, Order};
use karvan_core::exchange::{Side, session_end};
use karvan_core::id::{OrderId, PartyId};
use karvan_core::ledger::posting::Posting;
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::{DAY_MS, Instant};
use karvan_core::{Event, RecordHeader, State};
use std::collections::{BTreeMap, VecDeque};

/// Two parties trade there and back within this time.
const WASH_MS: i64 = DAY_MS;
/// Of what went there so much came back, in percent.
const WASH_BACK_PERCENT: u64 = 90;
/// Orders are placed, and taken back, within this time.
const LAYERING_MS: i64 = 10 * 60_000;
/// So many of them on one side.
const LAYERS: usize = 5;
/// For so many times what was traded on the other side.
const LAYERED_TIMES: u64 = 5;
/// The close of a session.
const CLOSE_MS: i64 = 15 * 60_000;
/// One party moves the price there by so much, in percent of it.
const CLOSE_MOVE_PERCENT: u64 = 3;
/// With so much of what is traded there, in percent.
const CLOSE_SHARE_PERCENT: u64 = 50;
/// One party makes so much of a day's buying or selling, in percent.
const CONCENTRATION_PERCENT: u64 = 60;
/// Among at least so many that trade.
const CONCENTRATION_PARTIES: usize = 4;
/// What is kept of a market to judge by: the last trades and orders.
const KEPT_MAX: usize = 4_000;
/// The most alerts that are kept: the first ones, so that a flood hides nothing that was found.
pub const ALERTS_MAX: usize = 10_000;

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// Units go to another party and come back.
    WashTrade,
    /// Orders are shown on one side while the other side is traded, and taken back.
    Layering,
    /// The last minutes of a session move its price.
    MarkingTheClose,
    /// One party makes most of a day's buying or selling.
    Concentration,
}

impl Pattern {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::WashTrade => "wash trade",
            Self::Layering => "layering",
            Self::MarkingTheClose => "marking the close",
            Self::Concentration => "concentration",
        }
    }
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What.
    pub pattern: Pattern,
    /// Where.
    pub market: Market,
    /// Who.
    pub parties: Vec<PartyId>,
    /// The first and the last record of the evidence.
    pub records: (u64, u64),
    /// When the last of it happened.
    pub at: Instant,
    /// The units that it is about.
    pub quantity: Tonnes,
}

/// A trade with its two parties.
#[derive(Clone, Copy, Debug)]
struct Trade {
    record: u64,
    at: Instant,
    seller: PartyId,
    buyer: PartyId,
    /// Who came, where one did.
    taker: Option<PartyId>,
    price: Price,
    quantity: Tonnes,
}

/// An order of a party, as long as it may matter.
#[derive(Clone, Copy, Debug)]
struct Shown {
    record: u64,
    at: Instant,
    order: OrderId,
    owner: PartyId,
    side: Side,
    quantity: Tonnes,
    /// Whether it was taken back without a trade.
    taken_back: bool,
}

/// What a party bought and sold in a day.
#[derive(Clone, Copy, Debug, Default)]
struct Dealt {
    bought: Tonnes,
    sold: Tonnes,
}

/// A day by UTC: when it begins, its first and last record, and who dealt.
#[derive(Clone, Debug)]
struct Dealing {
    start: Instant,
    records: (u64, u64),
    dealt: BTreeMap<PartyId, Dealt>,
}

#[derive(Clone, Debug, Default)]
struct Watched {
    trades: VecDeque<Trade>,
    shown: VecDeque<Shown>,
    /// The end of the session that is watched, and the price before its close.
    close: Option<(Instant, Option<Price>)>,
    day: Option<Dealing>,
    /// Up to which record what went there and back was told, by the two parties.
    washed: BTreeMap<(PartyId, PartyId), u64>,
}

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct Surveillance {
    markets: BTreeMap<Market, Watched>,
    alerts: Vec<Alert>,
}

fn percent_of(part: Tonnes, whole: Tonnes) -> u64 {
    let parts = u128::from(part.0).saturating_mul(100);
    let percent = parts.checked_div(u128::from(whole.0)).unwrap_or_default();
    u64::try_from(percent).unwrap_or(u64::MAX)
}

fn keep<T>(rows: &mut VecDeque<T>, row: T) {
    rows.push_back(row);
    if rows.len() > KEPT_MAX {
        rows.pop_front();
    }
}

fn earlier(at: Instant, by: i64) -> Instant {
    Instant(at.0.saturating_sub(by))
}

impl Surveillance {
    /// What was found, in the order in which it was.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// Takes a record in; the state is that before it.
    pub fn take(&mut self, before: &State, header: &RecordHeader, events: &[Event]) {
        self.pass(before, header.at);
        let block = parties_of_block(before, events);
        let mut filled: BTreeMap<(Market, PartyId, bool), Tonnes> = BTreeMap::new();
        for event in events {
            if let Event::OrderPlaced(it) = event {
                self.placed(header, &it.0);
            } else if let Event::OrderCancelled(it) = event {
                self.cancelled(before, header, it.order);
            } else if let Event::OrderFilled(it) = event {
                if let Some(order) = before.orders.get(it.order) {
                    let when = (header.position, header.at);
                    self.dealt((order.market(), when), (order.owner, order.side), it.quantity);
                    let buys = order.side == Side::Buy;
                    *filled.entry((order.market(), order.owner, buys)).or_default() += it.quantity;
                }
            } else if let Event::OrderTraded(it) = event {
                let Some(maker) = before.orders.get(it.maker) else { continue };
                let comes = before.people.get(header.actor).and_then(|it| it.party);
                let Some(taker) = comes else { continue };
                let (seller, buyer) = match maker.side {
                    Side::Sell => (maker.owner, taker),
                    Side::Buy => (taker, maker.owner),
                };
                let (record, at, taker) = (header.position, header.at, Some(taker));
                let (price, quantity) = (it.price, it.quantity);
                let trade = Trade { record, at, seller, buyer, taker, price, quantity };
                self.traded(maker.market(), trade);
            } else if let (Event::BlockTradeMade(it), Some((seller, buyer))) = (event, block) {
                let (record, at, taker) = (header.position, header.at, None);
                let (price, quantity) = (it.price, it.quantity);
                let trade = Trade { record, at, seller, buyer, taker, price, quantity };
                self.traded(it.market(), trade);
            }
        }
        for ((market, owner, buys), traded) in filled {
            let other = if buys { Side::Sell } else { Side::Buy };
            self.judge_call((before, header), market, (owner, other, traded));
        }
    }

    /// In a call nothing trades before its clearing: what was shown on the other side in its phase
    /// and taken back may have been layers.
    fn judge_call(
        &mut self,
        (before, header): (&State, &RecordHeader),
        market: Market,
        (owner, side, traded): (PartyId, Side, Tonnes),
    ) {
        let Some(opened) = before.open_call(market).map(|it| before.calls.row(it).opens) else {
            return;
        };
        let Some(watched) = self.markets.get_mut(&market) else { return };
        let layers =
            |it: &&Shown| it.owner == owner && it.side == side && it.taken_back && it.at >= opened;
        let shown: Vec<&Shown> = watched.shown.iter().filter(layers).collect();
        let quantity: Tonnes = shown.iter().map(|it| it.quantity).sum();
        let Some(first) = shown.first().filter(|_| shown.len() >= LAYERS) else { return };
        if traded.0.saturating_mul(LAYERED_TIMES) > quantity.0 {
            return;
        }
        let records = (first.record, header.position);
        watched.shown.retain(|it| it.owner != owner || it.side != side);
        let (pattern, parties, at) = (Pattern::Layering, vec![owner], header.at);
        self.find(Alert { pattern, market, parties, records, at, quantity });
    }

    /// Sessions and days that are over by a moment are judged.
    pub fn pass(&mut self, state: &State, now: Instant) {
        let markets: Vec<Market> = self.markets.keys().copied().collect();
        for market in markets {
            self.judge_close(market, now);
            self.judge_day(market, now);
            let end = session_end(state, market, now);
            let Some(it) = self.markets.get_mut(&market) else { continue };
            // The close of a session begins: the price before it is remembered.
            let closes = end.filter(|end| earlier(*end, CLOSE_MS) <= now);
            if let Some(end) = closes.filter(|_| it.close.is_none()) {
                it.close = Some((end, it.trades.back().map(|it| it.price)));
            }
        }
    }

    fn find(&mut self, alert: Alert) {
        if self.alerts.len() < ALERTS_MAX {
            self.alerts.push(alert);
        }
    }

    fn placed(&mut self, header: &RecordHeader, it: &Order) {
        let shown = Shown {
            record: header.position,
            at: header.at,
            order: it.id,
            owner: it.owner,
            side: it.side,
            quantity: it.remaining,
            taken_back: false,
        };
        keep(&mut self.markets.entry(it.market()).or_default().shown, shown);
    }

    /// An order is taken back: with others of its side that were shown while the other side was
    /// traded, it may be a layer.
    fn cancelled(&mut self, before: &State, header: &RecordHeader, order: OrderId) {
        let Some(row) = before.orders.get(order) else { return };
        let (owner, side, market) = (row.owner, row.side, row.market());
        // What ends by time, or by an authority, its owner did not take back.
        let acts = before.people.get(header.actor).and_then(|it| it.party);
        if acts != Some(owner) {
            return;
        }
        let since = earlier(header.at, LAYERING_MS);
        let watched = self.markets.entry(market).or_default();
        let untouched = row.filled == Tonnes::ZERO;
        if let Some(it) = watched.shown.iter_mut().find(|it| it.order == order) {
            it.taken_back = untouched;
        }
        let layers =
            |it: &&Shown| it.owner == owner && it.side == side && it.taken_back && it.at >= since;
        let shown: Vec<&Shown> = watched.shown.iter().filter(layers).collect();
        let other = |it: &&Trade| match side {
            Side::Buy => it.seller == owner,
            Side::Sell => it.buyer == owner,
        };
        let Some(first) = shown.first().filter(|_| shown.len() >= LAYERS) else { return };
        let during = watched.trades.iter().filter(|it| it.record > first.record);
        let traded: Tonnes = during.filter(other).map(|it| it.quantity).sum();
        let quantity: Tonnes = shown.iter().map(|it| it.quantity).sum();
        let layered = traded.0.saturating_mul(LAYERED_TIMES) <= quantity.0;
        if traded == Tonnes::ZERO || !layered {
            return;
        }
        let records = (first.record, header.position);
        watched.shown.retain(|it| it.owner != owner || it.side != side);
        let (pattern, parties, at) = (Pattern::Layering, vec![owner], header.at);
        self.find(Alert { pattern, market, parties, records, at, quantity });
    }

    fn traded(&mut self, market: Market, it: Trade) {
        let when = (it.record, it.at);
        self.dealt((market, when), (it.seller, Side::Sell), it.quantity);
        self.dealt((market, when), (it.buyer, Side::Buy), it.quantity);
        keep(&mut self.markets.entry(market).or_default().trades, it);
        self.judge_wash(market, &it);
    }

    /// What a party bought or sold counts for the day.
    fn dealt(
        &mut self,
        (market, (record, at)): (Market, (u64, Instant)),
        (party, side): (PartyId, Side),
        quantity: Tonnes,
    ) {
        let watched = self.markets.entry(market).or_default();
        let start = Instant(at.0.saturating_sub(at.0.rem_euclid(DAY_MS)));
        let (records, dealt) = ((record, record), BTreeMap::new());
        let day = watched.day.get_or_insert(Dealing { start, records, dealt });
        day.records.1 = record;
        let dealt = day.dealt.entry(party).or_default();
        match side {
            Side::Buy => dealt.bought += quantity,
            Side::Sell => dealt.sold += quantity,
        }
    }

    /// Whether what one gave the other came back.
    fn judge_wash(&mut self, market: Market, last: &Trade) {
        let Some(watched) = self.markets.get_mut(&market) else { return };
        let since = earlier(last.at, WASH_MS);
        let two = (last.seller.min(last.buyer), last.seller.max(last.buyer));
        let told = watched.washed.get(&two).copied().unwrap_or_default();
        let pair = |it: &&Trade| {
            let ends = (it.seller, it.buyer);
            it.at >= since
                && it.record > told
                && (ends == (last.seller, last.buyer) || ends == (last.buyer, last.seller))
        };
        let both: Vec<&Trade> = watched.trades.iter().filter(pair).collect();
        let sum = |seller| -> Tonnes {
            both.iter().filter(|it| it.seller == seller).map(|it| it.quantity).sum()
        };
        let (there, back) = (sum(last.buyer), sum(last.seller));
        let (less, more) = (there.min(back), there.max(back));
        if less == Tonnes::ZERO || percent_of(less, more) < WASH_BACK_PERCENT {
            return;
        }
        let Some(first) = both.first() else { return };
        let records = (first.record, last.record);
        // What was told is not told again with the next trade.
        watched.washed.insert(two, last.record);
        let (pattern, at, quantity) = (Pattern::WashTrade, last.at, less);
        let parties = vec![two.0, two.1];
        self.find(Alert { pattern, market, parties, records, at, quantity });
    }

    /// Whether one party moved the price in the last minutes of a session that is over.
    fn judge_close(&mut self, market: Market, now: Instant) {
        let Some(watched) = self.markets.get_mut(&market) else { return };
        let Some((end, price)) = watched.close.filter(|(end, _)| *end <= now) else { return };
        watched.close = None;
        let since = earlier(end, CLOSE_MS);
        let inside = |it: &&Trade| since <= it.at && it.at < end;
        let trades: Vec<&Trade> = watched.trades.iter().filter(inside).collect();
        let (Some(Price(before)), Some(last)) = (price, trades.last()) else { return };
        let all: Tonnes = trades.iter().map(|it| it.quantity).sum();
        let moved = u128::from(last.price.0.abs_diff(before)).saturating_mul(100);
        let least = u128::from(before.unsigned_abs()).saturating_mul(CLOSE_MOVE_PERCENT.into());
        if moved < least {
            return;
        }
        let Some(party) = last.taker else { return };
        let own: Vec<&&Trade> = trades.iter().filter(|it| it.taker == Some(party)).collect();
        let quantity: Tonnes = own.iter().map(|it| it.quantity).sum();
        if percent_of(quantity, all) < CLOSE_SHARE_PERCENT {
            return;
        }
        let records = (own.first().map_or(last.record, |it| it.record), last.record);
        let (pattern, parties, at) = (Pattern::MarkingTheClose, vec![party], last.at);
        self.find(Alert { pattern, market, parties, records, at, quantity });
    }

    /// Whether one party made most of a day's buying or selling.
    fn judge_day(&mut self, market: Market, now: Instant) {
        let Some(watched) = self.markets.get_mut(&market) else { return };
        let over = |it: &mut Dealing| it.start.0.saturating_add(DAY_MS) <= now.0;
        let Some(Dealing { start, records, dealt }) = watched.day.take_if(over) else { return };
        if dealt.len() < CONCENTRATION_PARTIES {
            return;
        }
        let all: Tonnes = dealt.values().map(|it| it.bought).sum();
        for (party, it) in dealt {
            let quantity = it.bought.max(it.sold);
            if percent_of(quantity, all) >= CONCENTRATION_PERCENT {
                let (pattern, parties) = (Pattern::Concentration, vec![party]);
                let at = Instant(start.0.saturating_add(DAY_MS));
                self.find(Alert { pattern, market, parties, records, at, quantity });
            }
        }
    }
}

/// Who gives and who takes the units of a block trade.
fn parties_of_block(before: &State, events: &[Event]) -> Option<(PartyId, PartyId)> {
    events.iter().filter_map(Event::posting).find_map(|it| match it {
        Posting::UnitsMoved(it) => {
            let holder = |account| before.accounts.get(account).map(|it| it.holder);
            holder(it.from).zip(holder(it.to))
        }
        Posting::UnitsIssued(_)
        | Posting::UnitsEnded(_)
        | Posting::UnitsRestored(_)
        | Posting::UnitsHeld(_)
        | Posting::UnitsReleased(_)
        | Posting::CashHeld(_)
        | Posting::CashReleased(_)
        | Posting::CashMoved(_) => None,
    })
}
