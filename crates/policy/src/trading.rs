//! How a chapter's units are traded: steps of prices and quantities, and sessions, where there are
//! any.

use crate::calendar::time_of_day;
use crate::reader::Section;
use crate::schema::{price, small, whole};
use karvan_core::quantity::Tonnes;
use karvan_core::rules::{BlockTradeRules, ContinuousRules, MakerRules, TradingRules};

/// The keys that only sessions read.
const OF_SESSIONS: [&str; 7] = [
    "session_opens",
    "session_closes",
    "maker_fee_percent",
    "taker_fee_percent",
    "static_band_percent",
    "dynamic_band_percent",
    "volatility_call_minutes",
];

/// The keys whose names end with what a unit is.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    tick: &'static str,
    lot: &'static str,
    block_least: &'static str,
}

/// Those of allowances, of a tonne each.
pub(crate) const OF_TONNES: Keys =
    Keys { tick: "tick_usd_per_t", lot: "lot_t", block_least: "block_trade_least_t" };
/// Those of products, whatever a unit of them is.
pub(crate) const OF_UNITS: Keys =
    Keys { tick: "tick_usd_per_unit", lot: "lot_units", block_least: "block_trade_least_units" };

/// Reads how units are traded. Without keys: in calls alone, on the finest tick and lot.
pub(crate) fn read(s: &Section<'_>, keys: Keys) -> TradingRules {
    let usd = s.number(keys.tick, 0.01, 0.01..=1_000.0);
    if ((usd * 100.0).round() - usd * 100.0).abs() > 1e-6 {
        s.mistake(keys.tick, "has parts of a cent; allowed are whole cents");
    }
    let (tick, lot) = (price(usd), Tonnes(s.whole(keys.lot, 1, 1..=1_000_000)));
    let sessions = s.flag("sessions", false);
    for key in OF_SESSIONS {
        if s.value(key).is_some() && !sessions {
            s.mistake(key, "belongs to sessions = true");
        }
    }
    let longest = u64::from(TradingRules::RANDOM_END_MINUTES_MAX);
    let random_end_minutes = small(s.whole("call_random_end_minutes", 0, 0..=longest));
    let direct_buy = s.flag("direct_buy", false);
    if direct_buy && !sessions {
        s.mistake("direct_buy", "belongs to sessions = true");
    }
    let continuous = sessions.then(|| continuous(s));
    let banded = |it: &ContinuousRules| it.static_band_bp.or(it.dynamic_band_bp).is_some();
    if direct_buy && continuous.as_ref().is_some_and(|it| !banded(it)) {
        let what = "needs static_band_percent or dynamic_band_percent: without a band one stolen \
                    password could give all units away to whoever buys them directly";
        s.mistake("direct_buy", what);
    }
    TradingRules {
        tick,
        lot,
        continuous,
        random_end_minutes,
        direct_buy,
        block_trade: block_trade(s, keys.block_least),
    }
}

/// How block trades are made, where they are.
fn block_trade(s: &Section<'_>, of_least: &str) -> Option<BlockTradeRules> {
    let key = "block_trade_publication_minutes";
    let longest = u64::from(TradingRules::PUBLICATION_MINUTES_MAX);
    let publication_minutes = small(s.whole(key, 60, 0..=longest));
    let least = s.value(of_least).map(|_| s.whole(of_least, 1, 1..=1_000_000_000));
    if least.is_none() && s.value(key).is_some() {
        s.mistake(key, format!("belongs to {of_least}, the least quantity of one"));
    }
    let band = "block_trade_band_percent";
    let band_bp = whole(s.number(band, 10.0, 0.01..=50.0) * 100.0);
    if least.is_none() && s.value(band).is_some() {
        s.mistake(band, format!("belongs to {of_least}, the least quantity of one"));
    }
    least.map(|it| BlockTradeRules { least: Tonnes(it), publication_minutes, band_bp })
}

/// What market makers are obliged to; all three or none.
pub(crate) fn maker(s: &Section<'_>) -> Option<MakerRules> {
    let [spread, size, presence] =
        ["maker_spread_percent", "maker_size_t", "maker_presence_percent"];
    let has = |key: &str| s.value(key).is_some();
    let all = [spread, size, presence];
    if !all.into_iter().any(has) {
        return None;
    }
    for key in all.into_iter().filter(|it| !has(it)) {
        s.mistake(key, "is missing: market makers owe a spread, a size and a presence");
    }
    if !s.flag("sessions", false) {
        s.mistake(spread, "belongs to sessions = true");
    }
    Some(MakerRules {
        spread_bp: whole(s.number(spread, 1.0, 0.01..=100.0) * 100.0),
        size: Tonnes(s.whole(size, 1, 1..=1_000_000_000)),
        presence_percent: small(s.whole(presence, 50, 1..=100)),
    })
}

/// Hours, fees and bands of sessions.
fn continuous(s: &Section<'_>) -> ContinuousRules {
    let most = f64::from(TradingRules::FEE_BP_MAX) / 100.0;
    let basis_points = |key: &str, range| whole(s.number(key, 0.0, range) * 100.0);
    let fee = |key: &str| basis_points(key, 0.0..=most);
    let band = |key: &str| s.value(key).map(|_| basis_points(key, 0.01..=100.0));
    let longest = u64::from(TradingRules::VOLATILITY_MINUTES_MAX);
    let it = ContinuousRules {
        opens: time_of_day(s, "session_opens", 10 * 60),
        closes: time_of_day(s, "session_closes", 17 * 60),
        maker_fee_bp: fee("maker_fee_percent"),
        taker_fee_bp: fee("taker_fee_percent"),
        static_band_bp: band("static_band_percent"),
        dynamic_band_bp: band("dynamic_band_percent"),
        volatility_minutes: small(s.whole("volatility_call_minutes", 5, 1..=longest)),
    };
    if it.opens >= it.closes {
        s.mistake("session_closes", "comes before session_opens; sessions last within a day");
    }
    it
}
