//! Market makers: how much of the time of sessions a party quotes both sides, how far apart, and
//! for how much, against what the chapter obliges market makers to. Every party that quotes is
//! measured; whoever agreed to make a market is held to it.
//!
//! The measures are those of Commission Delegated Regulation (EU) 2017/578, Articles 1 and 2:
//! quotes of comparable size on both sides for a share of the trading hours.

use karvan_core::book::{Market, Order};
use karvan_core::calendar::Day;
use karvan_core::exchange::{Side, rules};
use karvan_core::id::{JurisdictionId, OrderId, PartyId};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::rules::MakerRules;
use karvan_core::time::Instant;
use karvan_core::{Event, State};
use std::collections::{BTreeMap, BTreeSet};

/// No market is measured over more days at once.
const DAYS_MAX: i64 = 4_000;

/// Both sides of a party's quote: the best price of each, and how much there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// How far apart, in hundredths of a percent of the middle.
    pub spread_bp: u64,
    /// How much, on the smaller side.
    pub size: Tonnes,
}

/// What a party did in the sessions of a market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Milliseconds of sessions in which it quoted both sides.
    pub quoted_ms: i64,
    /// Those in which its quote was as near and as large as the chapter asks.
    pub met_ms: i64,
    /// Spread and size, each times the milliseconds.
    sums: (i128, i128),
}

impl Measured {
    /// The mean spread while it quoted, in hundredths of a percent.
    pub fn spread_bp(&self) -> Option<i128> {
        self.sums.0.checked_div(self.quoted_ms.into())
    }

    /// The mean size while it quoted.
    pub fn size(&self) -> Option<i128> {
        self.sums.1.checked_div(self.quoted_ms.into())
    }
}

/// A party in a market: what it quotes since when, and what it did.
#[derive(Clone, Copy, Debug)]
struct Maker {
    since: Instant,
    quote: Option<Quote>,
    measured: Measured,
}

/// A row of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The market.
    pub market: Market,
    /// The party.
    pub party: PartyId,
    /// What it did.
    pub measured: Measured,
    /// Milliseconds of sessions since the market's first order.
    pub sessions_ms: i64,
    /// What market makers are obliged to there, where the chapter says.
    pub obliged: Option<MakerRules>,
}

impl Row {
    /// The share of sessions in which the quote was as the chapter asks, in hundredths of a
    /// percent; without an obligation that in which there was any.
    pub fn presence_bp(&self) -> i64 {
        let ms =
            if self.obliged.is_some() { self.measured.met_ms } else { self.measured.quoted_ms };
        ms.saturating_mul(10_000).checked_div(self.sessions_ms).unwrap_or_default()
    }

    /// Whether it meets the obligation; none where there is none.
    pub fn is_met(&self) -> Option<bool> {
        let least = i64::from(self.obliged?.presence_percent).saturating_mul(100);
        Some(self.presence_bp() >= least)
    }
}

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct Makers {
    begun: BTreeMap<Market, Instant>,
    makers: BTreeMap<(Market, PartyId), Maker>,
}

/// Whose orders a record touches, by the state before it.
pub type Touched = BTreeSet<(Market, PartyId)>;

impl Makers {
    /// Whose orders a record touches.
    pub fn touched(before: &State, events: &[Event]) -> Touched {
        let of = |id: OrderId| before.orders.get(id).map(|it| (it.market(), it.owner));
        let mut all = Touched::new();
        for event in events {
            if let Event::OrderPlaced(it) = event {
                all.insert((it.0.market(), it.0.owner));
            }
            all.extend(order_of(event).and_then(of));
        }
        all
    }

    /// Takes the state in as it is after a record that touched these.
    pub fn take(&mut self, after: &State, at: Instant, touched: Touched) {
        for (market, party) in touched {
            self.begun.entry(market).or_insert(at);
            let quote = quote(after, market, party);
            let start = Maker { since: at, quote: None, measured: Measured::default() };
            let maker = self.makers.entry((market, party)).or_insert(start);
            count(after, market, (maker, at));
            (maker.since, maker.quote) = (at, quote);
        }
    }

    /// What all who ever quoted both sides did, up to a moment.
    pub fn rows(&self, state: &State, now: Instant) -> Vec<Row> {
        let rows = self.makers.iter().filter_map(|((market, party), maker)| {
            let mut maker = *maker;
            count(state, *market, (&mut maker, now));
            let begun = *self.begun.get(market)?;
            let sessions_ms = in_sessions(state, *market, (begun, now));
            let (market, party, measured) = (*market, *party, maker.measured);
            let obliged = obliged(state, market.jurisdiction);
            Some(Row { market, party, measured, sessions_ms, obliged })
        });
        rows.filter(|it| it.measured.quoted_ms > 0).collect()
    }
}

/// The order that a fact changes or ends.
fn order_of(event: &Event) -> Option<OrderId> {
    if let Event::OrderCancelled(it) = event {
        Some(it.order)
    } else if let Event::OrderFilled(it) = event {
        Some(it.order)
    } else if let Event::OrderReduced(it) = event {
        Some(it.order)
    } else if let Event::OrderRequeued(it) = event {
        Some(it.order)
    } else if let Event::OrderTraded(it) = event {
        Some(it.maker)
    } else {
        None
    }
}

/// What market makers of a jurisdiction are obliged to.
fn obliged(state: &State, jurisdiction: JurisdictionId) -> Option<MakerRules> {
    state.rules.as_ref()?.jurisdiction(jurisdiction)?.maker
}

/// What a party quotes.
fn quote(state: &State, market: Market, party: PartyId) -> Option<Quote> {
    let mine = || state.orders.of_owner(party).filter(|it| it.market() == market);
    let side = |side: Side| mine().filter(move |it| it.side == side);
    let Price(bid) = side(Side::Buy).map(|it| it.price).max()?;
    let Price(ask) = side(Side::Sell).map(|it| it.price).min()?;
    let at = |of: Side, price: i64| -> Tonnes {
        side(of).filter(|it: &&Order| it.price.0 == price).map(|it| it.remaining).sum()
    };
    let size = at(Side::Buy, bid).min(at(Side::Sell, ask));
    // Of the middle: twice the difference over the sum.
    let (apart, sum) =
        (u128::from(ask.abs_diff(bid)), u128::from(ask.saturating_add(bid).unsigned_abs()));
    let spread = apart.saturating_mul(20_000).checked_div(sum)?;
    Some(Quote { spread_bp: u64::try_from(spread).unwrap_or(u64::MAX), size })
}

/// Adds what was quoted up to a moment.
fn count(state: &State, market: Market, (maker, at): (&mut Maker, Instant)) {
    let Some(quote) = maker.quote else { return };
    let ms = in_sessions(state, market, (maker.since, at));
    let it = &mut maker.measured;
    it.quoted_ms = it.quoted_ms.saturating_add(ms);
    let near = |rules: MakerRules| quote.spread_bp <= u64::from(rules.spread_bp);
    let meets =
        obliged(state, market.jurisdiction).is_some_and(|it| near(it) && quote.size >= it.size);
    if meets {
        it.met_ms = it.met_ms.saturating_add(ms);
    }
    let times = |what: u64| i128::from(what).saturating_mul(ms.into());
    let (spread, size) = it.sums;
    it.sums =
        (spread.saturating_add(times(quote.spread_bp)), size.saturating_add(times(quote.size.0)));
}

/// How many milliseconds of sessions lie between two moments.
fn in_sessions(state: &State, market: Market, (from, to): (Instant, Instant)) -> i64 {
    let Some(hours) = rules(state, market).continuous else { return 0 };
    let time = state.working_time(market.jurisdiction);
    let (first, last) = (time.calendar.local(from).day(), time.calendar.local(to).day());
    let last = Day(last.0.min(first.0.saturating_add(DAYS_MAX)));
    let day = |day: i64| {
        let opens = time.calendar.moment(Day(day).at(hours.opens));
        let Some(closes) = time.until(opens, (hours.opens, hours.closes)) else { return 0 };
        closes.min(to).0.saturating_sub(opens.max(from).0).max(0)
    };
    (first.0..=last.0).map(day).fold(0, i64::saturating_add)
}
