//! `karvan calc call`: the price and the fills of a call auction, recomputed.

use super::sheet::Sheet;
use super::{answer, input};
use crate::Output;
use crate::table::Table;
use anyhow::{Result, bail};
use karvan_core::call::crossing::{self, Crossing, Interest};
use karvan_core::exchange::Side;
use karvan_core::quantity::{Price, Tonnes};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Call {
    /// The orders in the order in which they came: order,side,price,quantity; side is buy or sell.
    #[arg(long)]
    orders: PathBuf,
    /// The price to which one of several equally good prices is nearest.
    #[arg(long, value_parser = input::price)]
    reference: Option<Price>,
    /// Prices are multiples of this.
    #[arg(long, default_value = "0.01", value_parser = input::price)]
    tick: Price,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(it: &Call) -> Result<()> {
    if it.tick <= Price(0) {
        bail!("--tick {} is no step between prices; expected is one such as 0.01", it.tick);
    }
    let (names, orders) = orders(it)?;
    let crossing = crossing::cross(&orders, it.reference, it.tick);
    let mut fills = vec![Tonnes::ZERO; orders.len()];
    for side in [Side::Buy, Side::Sell] {
        for (place, quantity) in crossing.iter().flat_map(|it| crossing::fills(&orders, side, it)) {
            fills[place] = quantity;
        }
    }
    let rows = || names.iter().zip(&fills);
    let value = json!({
        "price": crossing.map(|it| it.price.to_string()),
        "volume": crossing.map_or(0, |it| it.volume.0),
        "surplus": crossing.map_or(0, |it| it.surplus),
        "fills": rows()
            .map(|(order, quantity)| json!({ "order": order, "quantity": quantity.0 }))
            .collect::<Vec<Value>>(),
    });
    answer(it.output, &value, || as_text((&names, &orders, &fills), crossing))
}

fn orders(it: &Call) -> Result<(Vec<String>, Vec<Interest>)> {
    let mut sheet = Sheet::read(&it.orders, &["order", "side", "price", "quantity"], &[])?;
    sheet.unique("order");
    let allowed = format!("a positive multiple of {}", it.tick);
    let price = |text: &str| {
        let price = input::cents(text).filter(|price| *price > 0)?;
        (price % it.tick.0 == 0).then_some(Price(price))
    };
    let side = |text: &str| match text {
        "buy" => Some(Side::Buy),
        "sell" => Some(Side::Sell),
        _ => None,
    };
    let (mut names, mut orders) = (Vec::new(), Vec::new());
    for row in sheet.rows() {
        let side = sheet.value((row, "side"), "buy or sell", side);
        let price = sheet.value((row, "price"), &allowed, price);
        let quantity = sheet.value((row, "quantity"), "a whole number of units", input::units);
        let (Some(side), Some(price), Some(quantity)) = (side, price, quantity) else { continue };
        names.push(sheet.text(row, "order").to_owned());
        orders.push(Interest { side, price, quantity: Tonnes(quantity) });
    }
    sheet.end()?;
    Ok((names, orders))
}

fn as_text(
    (names, orders, fills): (&[String], &[Interest], &[Tonnes]),
    crossing: Option<Crossing>,
) -> String {
    let mut table = Table::new(&["order", "side", "price", "quantity", "filled"]);
    for ((name, order), fill) in names.iter().zip(orders).zip(fills) {
        let side = if order.side == Side::Buy { "buy" } else { "sell" };
        table.add(vec![
            name.clone(),
            side.to_owned(),
            order.price.to_string(),
            order.quantity.to_string(),
            fill.to_string(),
        ]);
    }
    let told = match crossing {
        None => "price     none: nothing crosses\n".to_owned(),
        Some(it) => format!(
            "price     {} (a unit, in the currency of the orders)\nvolume    {}\nsurplus   {} t \
             (bids minus asks at the price)\n",
            it.price, it.volume, it.surplus
        ),
    };
    format!("{table}\n{told}")
}
