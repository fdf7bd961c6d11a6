//! `karvan market`: what was traded in a store, and what waits.

use crate::table::Table;
use crate::{Output, journal, store};
use anyhow::{Context, Result, bail};
use karvan_core::book::Market;
use karvan_core::call::clear_call::indicative;
use karvan_core::compatibility::SettlementClass;
use karvan_core::exchange::{Phase, Side, phase, product_of, quote};
use karvan_core::time::Year;
use karvan_core::{State, apply};
use karvan_views::depth::{Level, depth};
use karvan_views::makers::{Makers, Row};
use karvan_views::market_data::{Candle, Length, MarketData, Statistics, Trade};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct MarketArguments {
    /// The data directory.
    dir: PathBuf,
    /// One market in full, such as XXA:2028, or XXA:2028:WIND for a product; without it all are
    /// shown, a line each.
    #[arg(long)]
    market: Option<String>,
    /// Show what parties quote on both sides in sessions: presence, spread, size, and whether that
    /// is what the policy obliges market makers to. For administrators: it names parties.
    #[arg(long, conflicts_with = "class")]
    makers: bool,
    /// Show of what waits what this settlement class can trade with, such as A.
    #[arg(long, requires = "market")]
    class: Option<String>,
    /// How many prices of each side.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    levels: u16,
    /// How many trades and candles, the last ones.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    last: u16,
    /// Candles of hours instead of days.
    #[arg(long, requires = "market")]
    hours: bool,
    #[command(flatten)]
    output: Output,
}

/// The state of a store, and its market data.
struct Read {
    state: State,
    data: MarketData,
}

fn read(it: &MarketArguments) -> Result<Read> {
    let (mut state, mut data) = (State::default(), MarketData::default());
    journal::each_record(&it.dir, 1, |header, events| {
        data.take(&state, header, events);
        events.iter().for_each(|event| apply(&mut state, header, event));
        true
    })?;
    data.publish(state.now);
    Ok(Read { state, data })
}

/// The code of a market's jurisdiction.
pub(crate) fn code(state: &State, market: Market) -> String {
    let chapter = state.rules.as_ref().and_then(|it| it.jurisdiction(market.jurisdiction));
    chapter.map(|it| it.code.to_string()).unwrap_or_default()
}

/// The code of a market's product; none for allowances.
pub(crate) fn product(state: &State, market: Market) -> Option<String> {
    product_of(state, market).map(|it| it.code.to_string())
}

/// The currency in which a market's units are traded.
fn currency(state: &State, market: Market) -> String {
    let quoted = state.rules.as_ref().map(|it| it.currency);
    let found = quote(state, market).or(quoted);
    found.map(|it| it.to_string()).unwrap_or_default()
}

/// A market in words: code, year, product.
pub(crate) fn name(state: &State, market: Market) -> String {
    let product = product(state, market).map(|it| format!(" {it}")).unwrap_or_default();
    format!("{} {}{product}", code(state, market), market.year)
}

fn market_of(state: &State, text: &str) -> Result<Market> {
    let expected = "a market is a jurisdiction and a year, such as XXA:2028, and for a product its \
                    code, such as XXA:2028:WIND";
    let mut parts = text.splitn(3, ':');
    let (code, year) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let year = year.parse().map(Year).with_context(|| format!("{text}: {expected}"))?;
    let jurisdiction = store::jurisdiction(state, code)?;
    let market = Market::of_allowances(jurisdiction, year);
    let Some(product) = parts.next() else { return Ok(market) };
    let chapter = state.rules.as_ref().and_then(|it| it.jurisdiction(jurisdiction));
    let found = chapter.and_then(|it| it.listed().find(|(_, it)| it.code.as_str() == product));
    let (product, _) = found.with_context(|| {
        let known: Vec<String> =
            chapter.iter().flat_map(|it| it.listed()).map(|(_, it)| it.code.to_string()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        format!("{text}: {code} has no product {product}; its products: {known}")
    })?;
    Ok(Market { product: Some(product), ..market })
}

fn class_of(text: &str) -> Result<SettlementClass> {
    let mut letters = text.chars();
    match (letters.next().and_then(SettlementClass::new), letters.next()) {
        (Some(class), None) => Ok(class),
        _ => bail!("--class {text}: a settlement class is a capital letter, such as A"),
    }
}

fn phase_name(state: &State, market: Market) -> &'static str {
    match phase(state, market, state.now) {
        Phase::Closed => "closed",
        Phase::Halted => "halted",
        Phase::Call(_) => "call",
        Phase::Continuous(_) => "continuous",
    }
}

/// All markets in which something was traded or waits.
fn markets(read: &Read) -> Vec<(Market, Statistics)> {
    let mut all: Vec<Market> = read.data.markets().map(|(market, _)| market).collect();
    all.extend(read.state.orders.iter().map(karvan_core::book::Order::market));
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|it| (it, read.data.of(it).cloned().unwrap_or_default())).collect()
}

/// What parties that quote both sides did.
fn makers(it: &MarketArguments) -> Result<()> {
    let (mut state, mut makers) = (State::default(), Makers::default());
    journal::each_record(&it.dir, 1, |header, events| {
        let touched = Makers::touched(&state, events);
        events.iter().for_each(|event| apply(&mut state, header, event));
        makers.take(&state, header.at, touched);
        true
    })?;
    let wanted = it.market.as_deref().map(|text| market_of(&state, text)).transpose()?;
    let mut rows = makers.rows(&state, state.now);
    rows.retain(|row| wanted.is_none_or(|it| row.market == it));
    let mut out = std::io::stdout().lock();
    if it.output.json {
        let rows: Vec<Value> = rows.iter().map(|row| maker_json(&state, row)).collect();
        writeln!(out, "{:#}", json!({ "makers": rows }))?;
        return Ok(());
    }
    if rows.is_empty() {
        writeln!(out, "nobody has quoted both sides in a session")?;
        return Ok(());
    }
    let columns = ["market", "party", "present|%", "spread|%", "size|units", "owed|%", "met"];
    let mut table = Table::new(&columns);
    let percent = |bp: i128| format!("{}.{:02}", bp / 100, bp % 100);
    for row in &rows {
        let owed = row.obliged.map_or_else(|| "–".to_owned(), |it| it.presence_percent.to_string());
        let met = row.is_met().map_or("–", |it| if it { "yes" } else { "no" });
        table.add(vec![
            name(&state, row.market),
            row.party.to_string(),
            percent(row.presence_bp().into()),
            percent(row.measured.spread_bp().unwrap_or_default()),
            row.measured.size().unwrap_or_default().to_string(),
            owed,
            met.to_owned(),
        ]);
    }
    writeln!(
        out,
        "{table}\n(of the time of sessions since the market's first order; spread of the"
    )?;
    writeln!(out, "middle, size on the smaller side, both by time while both sides were quoted)")?;
    Ok(())
}

fn maker_json(state: &State, row: &Row) -> Value {
    let obliged = row.obliged.map(|it| {
        json!({ "spread_bp": it.spread_bp, "size_units": it.size.0,
            "presence_percent": it.presence_percent })
    });
    json!({
        "jurisdiction": code(state, row.market),
        "year": row.market.year.0,
        "product": product(state, row.market),
        "party": row.party.0,
        "presence_bp": row.presence_bp(),
        "sessions_ms": row.sessions_ms,
        "quoted_ms": row.measured.quoted_ms,
        "spread_bp": row.measured.spread_bp().map(|it| it.to_string()),
        "size_units": row.measured.size().map(|it| it.to_string()),
        "obliged": obliged,
        "met": row.is_met(),
    })
}

/// `karvan market`.
pub(crate) fn run(it: &MarketArguments) -> Result<()> {
    if it.makers {
        return makers(it);
    }
    let read = read(it)?;
    let mut out = std::io::stdout().lock();
    anyhow::ensure!(read.state.rules.is_some(), "the store has no policy yet");
    let Some(text) = &it.market else {
        let all = markets(&read);
        if it.output.json {
            let all: Vec<Value> =
                all.iter().map(|(market, it)| summary(&read.state, *market, it)).collect();
            writeln!(out, "{:#}", json!({ "markets": all }))?;
        } else {
            write!(out, "{}", overview(&read.state, &all))?;
            writeln!(
                out,
                "\n(prices for a unit, volumes in units; of allowances and credits a tonne each)"
            )?;
        }
        return Ok(());
    };
    let market = market_of(&read.state, text)?;
    let class = it.class.as_deref().map(class_of).transpose()?;
    let shown = Shown::of(&read, market, (it, class));
    if it.output.json {
        let mut all = summary(&read.state, market, &shown.statistics);
        if let Value::Object(fields) = &mut all {
            fields.extend(shown.as_json());
        }
        writeln!(out, "{all:#}")?;
    } else {
        write!(out, "{}", overview(&read.state, &[(market, shown.statistics.clone())]))?;
        write!(out, "{}", shown.as_text())?;
        let currency = crate::market::currency(&read.state, market);
        writeln!(out, "\n(prices in {currency} for a unit, volumes in units, times in UTC)")?;
    }
    Ok(())
}

fn summary(state: &State, market: Market, it: &Statistics) -> Value {
    let best = |side| state.orders.best(market, side).map(|it| it.to_string());
    json!({
        "jurisdiction": code(state, market),
        "year": market.year.0,
        "product": product(state, market),
        "currency": currency(state, market),
        "phase": phase_name(state, market),
        "last": it.last.map(|(price, _)| price.to_string()),
        "last_at": it.last.map(|(_, at)| at.to_string()),
        "volume_units": it.volume.0,
        "mean": it.mean().map(|it| it.to_string()),
        "trades": it.count,
        "bid": best(Side::Buy),
        "ask": best(Side::Sell),
    })
}

fn overview(state: &State, all: &[(Market, Statistics)]) -> Table {
    let mut table = Table::new(&[
        "market", "phase", "in", "last", "on", "volume", "mean", "trades", "best bid", "best ask",
    ]);
    let none = || "–".to_owned();
    for (market, it) in all {
        let best = |side| state.orders.best(*market, side).map_or_else(none, |it| it.to_string());
        table.add(vec![
            name(state, *market),
            phase_name(state, *market).to_owned(),
            currency(state, *market),
            it.last.map_or_else(none, |(price, _)| price.to_string()),
            it.last.map_or_else(none, |(_, at)| day(at.to_string())),
            it.volume.0.to_string(),
            it.mean().map_or_else(none, |it| it.to_string()),
            it.count.to_string(),
            best(Side::Buy),
            best(Side::Sell),
        ]);
    }
    table
}

/// The day of a moment.
fn day(moment: String) -> String {
    moment.split('T').next().unwrap_or_default().to_owned()
}

/// One market in full.
struct Shown {
    statistics: Statistics,
    bids: Vec<Level>,
    asks: Vec<Level>,
    indicative: Option<karvan_core::call::crossing::Crossing>,
    trades: Vec<Trade>,
    candles: Vec<Candle>,
}

impl Shown {
    fn of(
        read: &Read,
        market: Market,
        (it, class): (&MarketArguments, Option<SettlementClass>),
    ) -> Self {
        let statistics = read.data.of(market).cloned().unwrap_or_default();
        let side = |side| depth(&read.state, (market, side), (class, usize::from(it.levels)));
        let gathers = matches!(phase(&read.state, market, read.state.now), Phase::Call(_));
        let last = usize::from(it.last);
        let mut trades: Vec<Trade> = statistics.trades.iter().rev().take(last).copied().collect();
        trades.reverse();
        let length = if it.hours { Length::Hour } else { Length::Day };
        let mut candles: Vec<Candle> =
            statistics.candles(length).rev().take(last).copied().collect();
        candles.reverse();
        let (bids, asks) = (side(Side::Buy), side(Side::Sell));
        let indicative = indicative(&read.state, market).filter(|_| gathers);
        Self { statistics, bids, asks, indicative, trades, candles }
    }

    fn as_json(&self) -> serde_json::Map<String, Value> {
        let level = |it: &Level| {
            json!({ "price": it.price.to_string(), "quantity_units": it.quantity.0,
                "orders": it.orders })
        };
        let side = |all: &[Level]| all.iter().map(level).collect::<Vec<Value>>();
        let trade = |it: &Trade| {
            json!({ "record": it.record, "at": it.at.to_string(), "venue": it.venue.name(),
                "price": it.price.to_string(), "quantity_units": it.quantity.0 })
        };
        let candle = |it: &Candle| {
            let prices = it.prices.map(|it| it.map(|it| it.to_string()));
            let [open, high, low, close] = prices.map_or([const { None }; 4], |it| it.map(Some));
            json!({ "from": it.from.to_string(), "open": open, "high": high, "low": low,
                "close": close, "volume_units": it.volume.0, "trades": it.trades })
        };
        let indicative = self.indicative.map(|it| {
            json!({ "price": it.price.to_string(), "volume_units": it.volume.0,
                "surplus_units": it.surplus.to_string() })
        });
        let mut all = serde_json::Map::new();
        all.insert("bids".to_owned(), json!(side(&self.bids)));
        all.insert("asks".to_owned(), json!(side(&self.asks)));
        all.insert("indicative".to_owned(), json!(indicative));
        let trades = self.trades.iter().map(trade).collect::<Vec<Value>>();
        all.insert("last_trades".to_owned(), json!(trades));
        let candles = self.candles.iter().map(candle).collect::<Vec<Value>>();
        all.insert("candles".to_owned(), json!(candles));
        all
    }

    fn as_text(&self) -> String {
        let mut text = String::new();
        if let Some(it) = self.indicative {
            let (price, volume) = (it.price, it.volume.0);
            text.push_str(&format!(
                "\nwould clear at {price}, {volume} t, bids less asks there {} t\n",
                it.surplus
            ));
        }
        let mut waits = Table::new(&["waits", "price", "quantity", "orders"]);
        let asks = self.asks.iter().rev().map(|it| ("ask", it));
        for (side, it) in asks.chain(self.bids.iter().map(|it| ("bid", it))) {
            let (price, quantity) = (it.price.to_string(), it.quantity.0.to_string());
            waits.add(vec![side.to_owned(), price, quantity, it.orders.to_string()]);
        }
        let mut trades = Table::new(&["made", "by", "price", "quantity", "record"]);
        for it in &self.trades {
            let (price, quantity) = (it.price.to_string(), it.quantity.0.to_string());
            let (at, venue) = (it.at.to_string(), it.venue.name().to_owned());
            trades.add(vec![at, venue, price, quantity, it.record.to_string()]);
        }
        let columns = ["from", "open", "high", "low", "close", "volume", "trades"];
        let mut candles = Table::new(&columns);
        for it in &self.candles {
            let prices = it.prices.map(|it| it.map(|it| it.to_string()));
            let mut row = vec![it.from.to_string()];
            row.extend(prices.unwrap_or_else(|| std::array::from_fn(|_| "–".to_owned())));
            row.extend([it.volume.0.to_string(), it.trades.to_string()]);
            candles.add(row);
        }
        for (all, table) in [
            (self.asks.len() + self.bids.len(), &waits),
            (self.trades.len(), &trades),
            (self.candles.len(), &candles),
        ] {
            if all > 0 {
                text.push_str(&format!("\n{table}"));
            }
        }
        text
    }
}
