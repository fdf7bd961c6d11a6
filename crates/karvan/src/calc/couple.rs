//! `karvan calc couple`: markets that are linked, cleared at once, recomputed.

use super::sheet::{Row, Sheet};
use super::{answer, input};
use crate::Output;
use crate::table::Table;
use anyhow::{Result, bail};
use karvan_core::coupling::{
    self, Choice, Coupled, Interest, Link, MARKETS_MAX, PRICE_MAX, QUANTITY_MAX, Rational,
};
use karvan_core::exchange::Side;
use karvan_core::quantity::{Price, Tonnes};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Couple {
    /// The orders in the order in which they came: order,market,side,price,quantity; side is buy
    /// or sell. Markets take their price in the order in which they are first named.
    #[arg(long)]
    orders: PathBuf,
    /// The links: from,to,ratio,quota,levy; the ratio as 4/5, 1 where it is empty; the quota in
    /// units of `from`, none where it is empty; the levy for each unit of `from`.
    #[arg(long)]
    links: PathBuf,
    /// The price of each market to which one of several equally good prices is nearest:
    /// market,price.
    #[arg(long)]
    reference: Option<PathBuf>,
    /// Prices are multiples of this.
    #[arg(long, default_value = "0.01", value_parser = input::price)]
    tick: Price,
    /// Quantities are multiples of this.
    #[arg(long, default_value = "1", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    lot: u64,
    #[command(flatten)]
    output: Output,
}

/// An order of the file.
struct Asked {
    name: String,
    market: usize,
    place: usize,
    side: Side,
    price: Price,
    quantity: Tonnes,
}

/// What the files say.
struct Problem {
    markets: Vec<String>,
    asked: Vec<Asked>,
    books: Vec<Vec<Interest>>,
    links: Vec<Link>,
    references: Vec<Option<Price>>,
    lot: u64,
    tick: Price,
}

pub(crate) fn run(it: &Couple) -> Result<()> {
    if it.tick <= Price(0) {
        bail!("--tick {} is no step between prices; expected is one such as 0.01", it.tick);
    }
    let mut problem = Problem {
        markets: Vec::new(),
        asked: Vec::new(),
        books: Vec::new(),
        links: Vec::new(),
        references: Vec::new(),
        lot: it.lot,
        tick: it.tick,
    };
    problem.read_orders(it)?;
    problem.read_links(it)?;
    problem.read_references(it)?;
    let ticks = vec![it.tick; problem.references.len()];
    let choice = Choice { references: &problem.references, ticks: &ticks };
    let coupled = coupling::couple(&problem.books, &problem.links, choice)
        .map_err(|why| anyhow::anyhow!("{} and {}: {why}", name(&it.orders), name(&it.links)))?;
    answer(it.output, &problem.as_json(&coupled), || problem.as_text(&coupled))
}

fn name(file: &std::path::Path) -> String {
    file.display().to_string()
}

/// A ratio written as 4/5; 1 where it is empty.
fn ratio(text: &str) -> Option<(u64, u64)> {
    let (arrive, leave) =
        if text.is_empty() { ("1", "1") } else { text.split_once('/').unwrap_or((text, "1")) };
    let (arrive, leave) = (input::whole(arrive.trim())?, input::whole(leave.trim())?);
    (1..=leave).contains(&arrive).then_some((arrive, leave))
}

/// An amount with any number of decimals up to six, in hundredths.
fn levy(text: &str) -> Option<Rational> {
    let (units, rest) = text.split_once('.').unwrap_or((text, "0"));
    let fits = !units.is_empty() && !rest.is_empty() && rest.len() <= 6 && units.len() <= 9;
    let digits = input::whole(&format!("{units}{rest:0<6}")).filter(|_| fits)?;
    Some(Rational::new(i128::from(digits), 10_000))
}

impl Problem {
    fn market(&mut self, name: &str) -> usize {
        if let Some(place) = self.markets.iter().position(|it| it == name) {
            return place;
        }
        self.markets.push(name.to_owned());
        self.books.push(Vec::new());
        self.references.push(None);
        self.markets.len() - 1
    }

    /// The market of a cell; a mistake where it is empty or one too many.
    fn market_of(&mut self, sheet: &mut Sheet, cell: (Row, &str)) -> Option<usize> {
        let name = sheet.text(cell.0, cell.1).to_owned();
        let known = self.markets.contains(&name);
        if name.is_empty() || (!known && self.markets.len() >= MARKETS_MAX) {
            sheet.wrong(cell, &format!("name one of at most {MARKETS_MAX} markets"));
            return None;
        }
        Some(self.market(&name))
    }

    fn read_orders(&mut self, it: &Couple) -> Result<()> {
        let columns = ["order", "market", "side", "price", "quantity"];
        let mut sheet = Sheet::read(&it.orders, &columns, &[])?;
        sheet.unique("order");
        let allowed = format!("a positive multiple of {} up to {PRICE_MAX}", it.tick);
        let price = |text: &str| {
            let price = input::cents(text).filter(|price| (1..=PRICE_MAX.0).contains(price))?;
            (price % it.tick.0 == 0).then_some(Price(price))
        };
        let lots = self.lots();
        let side = |text: &str| match text {
            "buy" => Some(Side::Buy),
            "sell" => Some(Side::Sell),
            _ => None,
        };
        for row in sheet.rows() {
            let market = self.market_of(&mut sheet, (row, "market"));
            let side = sheet.value((row, "side"), "buy or sell", side);
            let price = sheet.value((row, "price"), &allowed, price);
            let quantity = sheet.value((row, "quantity"), &lots, |text| self.in_lots(text));
            let name = sheet.text(row, "order").to_owned();
            let all = market.zip(side).zip(price.zip(quantity));
            let Some(((market, side), (price, quantity))) = all else { continue };
            let (place, rank) = (self.books[market].len(), self.asked.len() as u64 + 1);
            self.books[market].push(Interest { side, price, quantity, rank });
            self.asked.push(Asked { name, market, place, side, price, quantity });
        }
        sheet.end()
    }

    fn lots(&self) -> String {
        format!("a multiple of {} up to {QUANTITY_MAX}", self.lot)
    }

    /// A quantity in lots.
    fn in_lots(&self, text: &str) -> Option<Tonnes> {
        let units = input::whole(text).filter(|it| *it <= QUANTITY_MAX.0)?;
        (units % self.lot == 0).then_some(Tonnes(units / self.lot))
    }

    fn read_links(&mut self, it: &Couple) -> Result<()> {
        let columns = ["from", "to", "ratio", "quota", "levy"];
        let mut sheet = Sheet::read(&it.links, &columns, &["floor"])?;
        let units = format!("a whole number of units up to {QUANTITY_MAX}, or nothing");
        for row in sheet.rows() {
            let from = self.market_of(&mut sheet, (row, "from"));
            let to = self.market_of(&mut sheet, (row, "to"));
            let ratio = sheet.value((row, "ratio"), "a fraction of at most 1 such as 4/5", ratio);
            // A quota is whole lots: what is left of it moves nothing.
            let quota = sheet.optional((row, "quota"), &units, |text| {
                let units = input::whole(text).filter(|it| *it <= QUANTITY_MAX.0)?;
                Some(Tonnes(units / self.lot))
            });
            let levy = match sheet.text(row, "levy") {
                "" => Some(Rational::ZERO),
                _ => sheet.value((row, "levy"), "an amount such as 0.50", levy),
            };
            let floor = sheet.optional((row, "floor"), "a price such as 8.15", |text| {
                input::cents(text).filter(|it| (0..=PRICE_MAX.0).contains(it)).map(Price)
            });
            let floor = floor.unwrap_or(Price(0));
            let ends = from.zip(to);
            let Some(((from, to), (ratio, levy))) = ends.zip(ratio.zip(levy)) else { continue };
            if from == to {
                sheet.wrong((row, "to"), "a link leads to another market");
            }
            if self.links.iter().any(|it| (it.from, it.to) == (from, to)) {
                sheet.wrong((row, "to"), "this link stands in a row before");
            }
            self.links.push(Link { from, to, ratio, quota, levy, floor });
        }
        sheet.end()
    }

    fn read_references(&mut self, it: &Couple) -> Result<()> {
        let Some(file) = &it.reference else { return Ok(()) };
        let mut sheet = Sheet::read(file, &["market", "price"], &[])?;
        sheet.unique("market");
        for row in sheet.rows() {
            let name = sheet.text(row, "market").to_owned();
            let market = self.markets.iter().position(|it| *it == name);
            if market.is_none() {
                sheet.wrong((row, "market"), "no order and no link names it");
            }
            let price = sheet.optional((row, "price"), "a price such as 8.15", |text| {
                input::cents(text).filter(|it| (0..=PRICE_MAX.0).contains(it)).map(Price)
            });
            if let Some(market) = market {
                self.references[market] = price;
            }
        }
        sheet.end()
    }

    fn units(&self, it: Tonnes) -> u64 {
        it.0 * self.lot
    }

    /// A price at the precision of the tick: rounded half up.
    fn price(it: Rational) -> String {
        let rounded = (it + Rational::new(1, 2)).floor().unwrap_or_default();
        Price(i64::try_from(rounded).unwrap_or_default()).to_string()
    }

    /// An amount of money, exact to six decimals.
    fn amount(it: Rational) -> String {
        let millionths = (it * Rational::whole(10_000) + Rational::new(1, 2)).floor();
        let millionths = millionths.unwrap_or_default();
        let (sign, size) = (if millionths < 0 { "-" } else { "" }, millionths.unsigned_abs());
        let text = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
        let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
        let kept = rest.trim_end_matches('0');
        format!("{whole}.{kept:0<2}")
    }

    fn fill(&self, it: &Asked, coupled: &Coupled) -> Tonnes {
        coupled.fills[it.market][it.place]
    }

    /// Limits of the bids that are filled, less those of the asks, less levies, in hundredths.
    fn welfare(&self, coupled: &Coupled) -> Rational {
        let mut sum = Rational::ZERO;
        for it in &self.asked {
            let value = i128::from(it.price.0) * i128::from(self.units(self.fill(it, coupled)));
            let value = Rational::whole(value);
            sum = if it.side == Side::Buy { sum + value } else { sum - value };
        }
        for (link, flow) in self.links.iter().zip(&coupled.flows) {
            sum = sum - link.levy * self.whole(flow.quantity);
        }
        sum
    }

    fn whole(&self, it: Tonnes) -> Rational {
        Rational::whole(i128::from(self.units(it)))
    }

    /// An exact price in the currency, not in hundredths.
    fn exact(it: Rational) -> String {
        (it * Rational::new(1, 100)).to_string()
    }

    fn as_json(&self, coupled: &Coupled) -> Value {
        let (mut prices, mut exact) = (Map::new(), Map::new());
        for (market, price) in self.markets.iter().zip(&coupled.prices) {
            prices.insert(market.clone(), json!(price.map(Self::price)));
            exact.insert(market.clone(), json!(price.map(Self::exact)));
        }
        let flow = |(link, flow): (&Link, &coupling::Flow)| {
            json!({
                "from": self.markets[link.from],
                "to": self.markets[link.to],
                "quantity": self.units(flow.quantity),
                "arrives": self.units(flow.arrives),
                "rent": Self::amount(flow.rent),
                "rent_total": Self::amount(flow.rent * self.whole(flow.quantity)),
            })
        };
        let fill = |it: &Asked| {
            let quantity = self.units(self.fill(it, coupled));
            json!({ "order": it.name, "quantity": quantity })
        };
        json!({
            "prices": prices,
            "exact": exact,
            "flows": self.links.iter().zip(&coupled.flows).map(flow).collect::<Vec<Value>>(),
            "fills": self.asked.iter().map(fill).collect::<Vec<Value>>(),
            "welfare": Self::amount(self.welfare(coupled)),
        })
    }

    fn as_text(&self, coupled: &Coupled) -> String {
        let mut prices = Table::new(&["market", "price", "exact"]);
        for (market, price) in self.markets.iter().zip(&coupled.prices) {
            let said = price.map_or("none".to_owned(), Self::price);
            let exact = price.map_or("-".to_owned(), Self::exact);
            prices.add(vec![market.clone(), said, exact]);
        }
        let mut flows = Table::new(&["from", "to", "leaves", "arrives", "rent", "rent in all"]);
        for (link, flow) in self.links.iter().zip(&coupled.flows) {
            flows.add(vec![
                self.markets[link.from].clone(),
                self.markets[link.to].clone(),
                Tonnes(self.units(flow.quantity)).to_string(),
                Tonnes(self.units(flow.arrives)).to_string(),
                Self::amount(flow.rent),
                Self::amount(flow.rent * self.whole(flow.quantity)),
            ]);
        }
        let mut fills = Table::new(&["order", "market", "side", "price", "quantity", "filled"]);
        for it in &self.asked {
            fills.add(vec![
                it.name.clone(),
                self.markets[it.market].clone(),
                if it.side == Side::Buy { "buy" } else { "sell" }.to_owned(),
                it.price.to_string(),
                Tonnes(self.units(it.quantity)).to_string(),
                Tonnes(self.units(self.fill(it, coupled))).to_string(),
            ]);
        }
        let welfare = Self::amount(self.welfare(coupled));
        let tick = self.tick;
        format!(
            "{prices}\n{flows}\n{fills}\nwelfare   {welfare} (limits of filled bids less those of \
             asks, less levies)\n(prices and rents for a unit, in the currency of the orders; \
             buyers pay the\nexact price rounded up to {tick}, sellers get it rounded down)\n"
        )
    }
}
