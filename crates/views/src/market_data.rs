//! Market data: trades, candles and statistics of each market, folded from the journal.
//!
//! A trade is public when the market may learn of it: at once, or for a block trade from the moment
//! that its record says; until then it counts nowhere. Candles are of hours and days by UTC. Prices
//! of calls and block trades count in volume and value; the last price, and with it open, high, low
//! and close, follow from sessions and calls alone.

use karvan_core::book::Market;
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::{DAY_MS, Instant};
use karvan_core::{Event, RecordHeader, State};
use std::collections::{BTreeMap, VecDeque};

/// The most trades of a market that are kept: the last ones.
pub const TRADES_MAX: usize = 1_000;
/// The most candles of a market and length that are kept: the last ones.
pub const CANDLES_MAX: usize = 2_000;

/// How a trade came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Venue {
    /// Two orders met in a session.
    Session,
    /// A call, alone or coupled with others: all that it traded.
    Call,
    /// A block trade.
    BlockTrade,
}

impl Venue {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Call => "call",
            Self::BlockTrade => "block trade",
        }
    }
}

/// A trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The record that made it.
    pub record: u64,
    /// When it was made.
    pub at: Instant,
    /// How.
    pub venue: Venue,
    /// The price.
    pub price: Price,
    /// How many units.
    pub quantity: Tonnes,
}

/// The lengths of candles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Length {
    /// An hour.
    Hour,
    /// A day by UTC.
    Day,
}

impl Length {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hour, Self::Day];

    fn start(self, at: Instant) -> Instant {
        let length = match self {
            Self::Hour => DAY_MS.div_euclid(24),
            Self::Day => DAY_MS,
        };
        Instant(at.0.saturating_sub(at.0.rem_euclid(length)))
    }
}

/// What was traded in an hour or day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candle {
    /// When it begins.
    pub from: Instant,
    /// The first price of sessions and calls, the highest, the lowest and the last; none where only
    /// block trades were made.
    pub prices: Option<[Price; 4]>,
    /// How many units.
    pub volume: Tonnes,
    /// What they cost, in hundredths of the quote currency.
    pub value: i128,
    /// How many trades.
    pub trades: u64,
}

impl Candle {
    fn take(&mut self, it: &Trade) {
        self.volume += it.quantity;
        self.value = self.value.saturating_add(value_of(it));
        self.trades = self.trades.saturating_add(1);
        if it.venue == Venue::BlockTrade {
            return;
        }
        let price = it.price;
        let [open, high, low, _] = self.prices.unwrap_or([price; 4]);
        self.prices = Some([open, high.max(price), low.min(price), price]);
    }
}

fn value_of(it: &Trade) -> i128 {
    i128::from(it.price.0).saturating_mul(i128::from(it.quantity.0))
}

/// What is known of a market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// The last price of sessions and calls, and when.
    pub last: Option<(Price, Instant)>,
    /// All units traded.
    pub volume: Tonnes,
    /// What they cost, in hundredths of the quote currency.
    pub value: i128,
    /// How many trades there were.
    pub count: u64,
    /// The last trades, the newest at the end.
    pub trades: VecDeque<Trade>,
    candles: BTreeMap<Length, VecDeque<Candle>>,
}

impl Statistics {
    /// The candles of a length, the newest at the end; hours and days without a trade have none.
    pub fn candles(&self, length: Length) -> impl DoubleEndedIterator<Item = &Candle> {
        self.candles.get(&length).into_iter().flatten()
    }

    /// The mean price of all units, rounded to the nearest; none before the first trade.
    pub fn mean(&self) -> Option<Price> {
        let volume = i128::from(self.volume.0);
        let doubled = self.value.checked_mul(2)?.checked_add(volume)?;
        let mean = doubled.checked_div_euclid(volume.checked_mul(2)?)?;
        i64::try_from(mean).ok().map(Price)
    }

    fn take(&mut self, it: Trade) {
        self.volume += it.quantity;
        self.value = self.value.saturating_add(value_of(&it));
        self.count = self.count.saturating_add(1);
        if it.venue != Venue::BlockTrade {
            self.last = Some((it.price, it.at));
        }
        for length in Length::ALL {
            let candles = self.candles.entry(length).or_default();
            let from = length.start(it.at);
            // A block trade that is published later belongs to the time in which it was made.
            let place = candles.partition_point(|it| it.from < from);
            if candles.get(place).is_none_or(|it| it.from != from) {
                let (volume, value, trades) = (Tonnes::ZERO, 0, 0);
                candles.insert(place, Candle { from, prices: None, volume, value, trades });
            }
            if let Some(candle) = candles.get_mut(place) {
                candle.take(&it);
            }
            if candles.len() > CANDLES_MAX {
                candles.pop_front();
            }
        }
        self.trades.push_back(it);
        if self.trades.len() > TRADES_MAX {
            self.trades.pop_front();
        }
    }
}

/// The market data of all markets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarketData {
    markets: BTreeMap<Market, Statistics>,
    /// Block trades that the market does not know yet, by the moment from which it may.
    unpublished: BTreeMap<(Instant, u64), (Market, Trade)>,
}

impl MarketData {
    /// The markets in which something was traded.
    pub fn markets(&self) -> impl Iterator<Item = (Market, &Statistics)> {
        self.markets.iter().map(|(market, it)| (*market, it))
    }

    /// What is known of a market.
    pub fn of(&self, market: Market) -> Option<&Statistics> {
        self.markets.get(&market)
    }

    /// Takes a record in; the state is that before it.
    pub fn take(&mut self, before: &State, header: &RecordHeader, events: &[Event]) {
        self.publish(header.at);
        for event in events {
            let Some((market, venue, price, quantity)) = traded(before, event) else { continue };
            let trade = Trade { record: header.position, at: header.at, venue, price, quantity };
            if let Event::BlockTradeMade(it) = event
                && it.published > header.at
            {
                self.unpublished.insert((it.published, header.position), (market, trade));
            } else {
                self.markets.entry(market).or_default().take(trade);
            }
        }
    }

    /// What the market may learn by a moment is published.
    pub fn publish(&mut self, now: Instant) {
        let later = self.unpublished.split_off(&(Instant(now.0.saturating_add(1)), 0));
        for (market, trade) in std::mem::replace(&mut self.unpublished, later).into_values() {
            self.markets.entry(market).or_default().take(trade);
        }
    }
}

/// The trade that a fact is, if it is one.
pub(crate) fn traded(before: &State, event: &Event) -> Option<(Market, Venue, Price, Tonnes)> {
    if let Event::OrderTraded(it) = event {
        let market = before.orders.get(it.maker)?.market();
        return Some((market, Venue::Session, it.price, it.quantity));
    }
    if let Event::BlockTradeMade(it) = event {
        return Some((it.market(), Venue::BlockTrade, it.price, it.quantity));
    }
    let Event::CallCleared(it) = event else { return None };
    let call = before.calls.get(it.call)?;
    // Each part of a call that is cleared in parts is a trade of its own.
    let settled = |volume: Tonnes, left: Tonnes| left.short_of(volume);
    let before = call.result.map(|it| settled(it.volume, it.left)).unwrap_or_default();
    let quantity = before.short_of(settled(it.result.volume, it.result.left));
    let price = it.result.price.filter(|_| quantity > Tonnes::ZERO)?;
    Some((call.market(), Venue::Call, price, quantity))
}
