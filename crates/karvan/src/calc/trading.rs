//! `karvan calc match`: continuous trading, recomputed order by order.

use super::sheet::{Row, Sheet};
use super::{answer, input};
use crate::Output;
use crate::table::Table;
use anyhow::{Result, bail};
use karvan_core::book::plan::{self, Change, Incoming, OrderKind, SelfMatch, Unfit};
use karvan_core::book::{Book, Market, Order, Step};
use karvan_core::exchange::Side;
use karvan_core::id::{GroupId, JurisdictionId, OrderId};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::Year;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Match {
    /// What was asked, in its order: command,order,owner,side,price,quantity,type and perhaps stp.
    /// command is new, cancel or replace (quantity then counts what is filled); type is limit,
    /// market, ioc, fok or post_only, limit where it is empty; stp says what ends where an owner
    /// meets itself: incoming, resting, both or decrement, incoming where it is empty.
    #[arg(long)]
    commands: PathBuf,
    /// Prices are multiples of this.
    #[arg(long, default_value = "0.01", value_parser = input::price)]
    tick: Price,
    #[command(flatten)]
    output: Output,
}

/// A row of the file.
enum Asked {
    New(Incoming),
    Cancel(OrderId),
    Replace(Change),
}

/// The market of the file.
const MARKET: Market = Market::of_allowances(JurisdictionId(0), Year(0));

const KINDS: [(&str, OrderKind); 6] = [
    ("", OrderKind::Limit),
    ("limit", OrderKind::Limit),
    ("market", OrderKind::Market),
    ("ioc", OrderKind::ImmediateOrCancel),
    ("fok", OrderKind::FillOrKill),
    ("post_only", OrderKind::PostOnly),
];
const SELF_MATCHES: [(&str, SelfMatch); 5] = [
    ("", SelfMatch::CancelIncoming),
    ("incoming", SelfMatch::CancelIncoming),
    ("resting", SelfMatch::CancelResting),
    ("both", SelfMatch::CancelBoth),
    ("decrement", SelfMatch::Decrement),
];

fn word<T: Copy>(words: &[(&str, T)]) -> impl Fn(&str) -> Option<T> {
    move |text| words.iter().find(|(word, _)| *word == text).map(|(_, it)| *it)
}

/// Names of the file as numbers, in the order in which they come.
#[derive(Default)]
struct Names(Vec<String>, BTreeMap<String, u64>);

impl Names {
    fn number(&mut self, name: &str) -> u64 {
        if let Some(number) = self.1.get(name) {
            return *number;
        }
        let number = u64::try_from(self.0.len()).unwrap_or(u64::MAX);
        self.0.push(name.to_owned());
        self.1.insert(name.to_owned(), number);
        number
    }

    fn name(&self, number: u64) -> &str {
        usize::try_from(number).ok().and_then(|it| self.0.get(it)).map_or("?", String::as_str)
    }
}

struct Trade {
    maker: OrderId,
    taker: OrderId,
    price: Price,
    quantity: Tonnes,
}

/// What came of the file.
struct Played {
    names: Names,
    trades: Vec<Trade>,
    refused: Vec<(usize, Unfit)>,
    book: Book,
}

pub(crate) fn run(it: &Match) -> Result<()> {
    if it.tick <= Price(0) {
        bail!("--tick {} is no step between prices; expected is one such as 0.01", it.tick);
    }
    let (names, rows) = rows(it)?;
    let mut played =
        Played { names, trades: Vec::new(), refused: Vec::new(), book: Book::default() };
    for (place, asked) in rows.iter().enumerate() {
        played.play(place, asked);
    }
    answer(it.output, &played.as_json(), || played.as_text())
}

fn rows(it: &Match) -> Result<(Names, Vec<Asked>)> {
    let columns = ["command", "order", "owner", "side", "price", "quantity", "type"];
    let mut sheet = Sheet::read(&it.commands, &columns, &["stp"])?;
    let (mut orders, mut owners, mut all) = (Names::default(), Names::default(), Vec::new());
    for row in sheet.rows() {
        if sheet.text(row, "order").is_empty() {
            sheet.wrong((row, "order"), "name the order");
        }
        let order = OrderId(orders.number(sheet.text(row, "order")));
        let asked = match sheet.text(row, "command") {
            "new" => new(&mut sheet, row, (order, &mut owners), it.tick),
            "cancel" => Some(Asked::Cancel(order)),
            "replace" => replace(&mut sheet, row, order, it.tick),
            _ => {
                sheet.wrong((row, "command"), "allowed is new, cancel or replace");
                None
            }
        };
        all.extend(asked);
    }
    sheet.end()?;
    Ok((orders, all))
}

fn price(sheet: &mut Sheet, row: Row, tick: Price) -> Option<Price> {
    let allowed = format!("a multiple of {tick}");
    let on_tick = |text: &str| input::cents(text).filter(|it| it % tick.0 == 0).map(Price);
    sheet.value((row, "price"), &allowed, on_tick)
}

fn self_match(sheet: &mut Sheet, row: Row) -> Option<SelfMatch> {
    sheet.value((row, "stp"), "incoming, resting, both or decrement", word(&SELF_MATCHES))
}

fn new(
    sheet: &mut Sheet,
    row: Row,
    (id, owners): (OrderId, &mut Names),
    tick: Price,
) -> Option<Asked> {
    let sides = [("buy", Side::Buy), ("sell", Side::Sell)];
    let side = sheet.value((row, "side"), "buy or sell", word(&sides));
    let kinds = "limit, market, ioc, fok or post_only";
    let kind = sheet.value((row, "type"), kinds, word(&KINDS));
    let quantity =
        sheet.value((row, "quantity"), "a whole number of units", input::units).map(Tonnes);
    // A market order without a collar takes every price that rests in the book.
    let open = kind == Some(OrderKind::Market) && sheet.text(row, "price").is_empty();
    let price = match side {
        Some(Side::Buy) if open => Some(Price(i64::MAX)),
        Some(Side::Sell) if open => Some(Price(1)),
        _ => price(sheet, row, tick),
    };
    let self_match = self_match(sheet, row);
    let owner = Some(sheet.text(row, "owner")).filter(|it| !it.is_empty());
    let owner = owner.map(|it| GroupId(u32::try_from(owners.number(it)).unwrap_or(u32::MAX)));
    let (side, price, quantity) = (side?, price?, quantity?);
    let (kind, self_match) = (kind?, self_match?);
    let order = Order { group: owner, ..Order::bare(id, side, price, quantity) };
    Some(Asked::New(Incoming { order, kind, self_match }))
}

fn replace(sheet: &mut Sheet, row: Row, order: OrderId, tick: Price) -> Option<Asked> {
    let price = price(sheet, row, tick);
    let quantity =
        sheet.value((row, "quantity"), "a whole number of units", input::units).map(Tonnes);
    let self_match = self_match(sheet, row);
    let (price, quantity, self_match) = (price?, quantity?, self_match?);
    Some(Asked::Replace(Change { order, price, quantity, self_match }))
}

impl Played {
    fn play(&mut self, place: usize, asked: &Asked) {
        let (mut steps, free) = (Vec::new(), plan::unlimited());
        let planned = match asked {
            Asked::New(it) => (it.order.id, plan::place(&self.book, it, &free, &mut steps)),
            Asked::Cancel(order) => (*order, plan::cancel(&self.book, *order)),
            Asked::Replace(it) => (it.order, plan::replace(&self.book, it, &free, &mut steps)),
        };
        for step in &steps {
            if let Step::Trade { maker, taker, price, quantity } = *step {
                self.trades.push(Trade { maker, taker, price, quantity });
            }
            self.book.take(step);
        }
        match planned {
            (id, Ok(it)) => self.book.take_own(id, &it.own),
            (_, Err(why)) => self.refused.push((place + 1, why)),
        }
    }

    fn as_json(&self) -> Value {
        let name = |it: OrderId| self.names.name(it.0);
        let trade = |it: &Trade| {
            let (maker, taker) = (name(it.maker), name(it.taker));
            json!({ "maker": maker, "taker": taker, "price": it.price.to_string(),
                "quantity": it.quantity.0 })
        };
        let side = |side: Side| -> Vec<Value> {
            let order = self.book.orders(MARKET, side);
            order
                .map(|it| {
                    json!({ "order": name(it.id), "price": it.price.to_string(),
                        "quantity": it.remaining.0 })
                })
                .collect()
        };
        let refused = self.refused.iter();
        let refused = refused.map(|(row, why)| json!({ "row": row, "reason": why.to_string() }));
        json!({
            "trades": self.trades.iter().map(trade).collect::<Vec<Value>>(),
            "refused": refused.collect::<Vec<Value>>(),
            "book": { "bids": side(Side::Buy), "asks": side(Side::Sell) },
        })
    }

    fn as_text(&self) -> String {
        let name = |it: OrderId| self.names.name(it.0).to_owned();
        let mut trades = Table::new(&["maker", "taker", "price", "quantity"]);
        for it in &self.trades {
            let (price, quantity) = (it.price.to_string(), it.quantity.to_string());
            trades.add(vec![name(it.maker), name(it.taker), price, quantity]);
        }
        let mut book = Table::new(&["rests", "order", "price", "quantity"]);
        for (word, side) in [("ask", Side::Sell), ("bid", Side::Buy)] {
            for it in self.book.orders(MARKET, side) {
                let (price, left) = (it.price.to_string(), it.remaining.to_string());
                book.add(vec![word.to_owned(), name(it.id), price, left]);
            }
        }
        let refused = self.refused.iter().map(|(row, why)| format!("row {row} refused: {why}\n"));
        let refused: String = refused.collect();
        format!("{trades}\n{book}\n{refused}(prices for a unit, in the currency of the orders)\n")
    }
}
