//! Lists of the markets: auctions, calls, trades, what went through links.

use super::{code, column, percent};
use crate::list::{Column, Kind, List, Order};
use crate::sql::Value;
use karvan_core::State;
use karvan_core::book::Market;
use karvan_core::exchange::product_of;
use karvan_core::id::{AuctionId, BidId, CallId};
use karvan_core::quantity::{Price, Tonnes};
use std::collections::{BTreeMap, BTreeSet};

/// What stands for the product of markets of allowances.
pub const ALLOWANCE: &str = "allowance";

const JURISDICTION: Column = column("jurisdiction", Kind::Jurisdiction, "The jurisdiction's code.");
const YEAR: Column =
    column("year", Kind::Year, "Units that count for this year are traded: the market's year.");

const PRODUCT: Column = column(
    "product",
    Kind::Word,
    "What is traded: allowance, or the code of a product drawn from evidence, of which the year is \
     that of generation or reduction.",
);

/// Primary auctions.
pub const AUCTIONS: List = List {
    name: "auctions",
    about: "Primary auctions: announced, cleared or cancelled, with their results.",
    columns: &[
        column("auction", Kind::Number, "The auction's number."),
        JURISDICTION,
        YEAR,
        column("opens", Kind::Moment, "When bids are first taken."),
        column("closes", Kind::Moment, "When the window closes."),
        column("state", Kind::Word, "announced, cleared or cancelled."),
        column("volume", Kind::Tonnes, "Units offered, with those that others consigned."),
        column("lot", Kind::Tonnes, "Bids are whole multiples of it."),
        column("reserve", Kind::Price, "The lowest price at which units are sold."),
        column("price", Kind::Price, "The clearing price that every winner pays."),
        column("sold", Kind::Tonnes, "Units sold."),
        column("bid", Kind::Tonnes, "Units bid for; shown once the auction is cleared."),
        column("cover_percent", Kind::Percent, "Units bid for in percent of those offered."),
        column("bidders", Kind::Count, "Parties that bid."),
        column("winners", Kind::Count, "Parties that got something."),
        column("proceeds", Kind::Money, "What was paid."),
        column("commitment", Kind::Text, "SHA-256 of the seed of ties, published beforehand."),
        column("seed", Kind::Text, "The seed of ties, revealed with the result."),
    ],
    key: 1,
    order: Order::Descending,
    delayed: false,
    sought: &[],
};

/// What was bid in a primary auction, added up by price.
pub const AUCTION_BIDS: List = List {
    name: "auction_bids",
    about: "What was bid in primary auctions that are cleared, added up at each price.",
    columns: &[
        column("auction", Kind::Number, "The auction's number."),
        column("price", Kind::Price, "The price that was bid."),
        column("quantity", Kind::Tonnes, "Units bid for at this price."),
        column("cumulative", Kind::Tonnes, "Units bid for at this price or a higher one."),
        column("filled", Kind::Tonnes, "Units sold to bids of this price."),
    ],
    key: 2,
    order: Order::Descending,
    delayed: false,
    sought: &[],
};

/// Call auctions.
pub const CALLS: List = List {
    name: "calls",
    about: "Call auctions of the exchange, with their results.",
    columns: &[
        column("call", Kind::Number, "The call's number."),
        JURISDICTION,
        YEAR,
        PRODUCT,
        column("opens", Kind::Moment, "When its phase begins."),
        column("closes", Kind::Moment, "When its phase ends."),
        column("state", Kind::Word, "announced or cleared."),
        column("price", Kind::UnitPrice, "The price of all its trades."),
        column("volume", Kind::Units, "Units traded."),
        column("barred", Kind::Units, "Units that would have traded if all settled with all."),
        column("coupling", Kind::Number, "The coupled auction it was part of, if any."),
    ],
    key: 1,
    order: Order::Descending,
    delayed: false,
    sought: &[],
};

/// Trades.
pub const TRADES: List = List {
    name: "trades",
    about: "Trades on the exchange; block trades from the moment at which they are published.",
    columns: &[
        column("record", Kind::Record, "The record that made it."),
        column("part", Kind::Number, "Its place in the record."),
        column("at", Kind::Moment, "When it was made."),
        JURISDICTION,
        YEAR,
        PRODUCT,
        column("venue", Kind::Word, "session, call or block trade."),
        column("price", Kind::UnitPrice, "The price."),
        column("quantity", Kind::Units, "Units."),
    ],
    key: 2,
    order: Order::Descending,
    delayed: true,
    sought: &[&["jurisdiction", "year", "product", "at"]],
};

/// Days of markets.
pub const DAYS: List = List {
    name: "days",
    about: "What was traded in each market on each day (UTC): prices, volume, value.",
    columns: &[
        JURISDICTION,
        YEAR,
        PRODUCT,
        column("day", Kind::Day, "The day."),
        column("open", Kind::UnitPrice, "The first price of sessions and calls."),
        column("high", Kind::UnitPrice, "The highest."),
        column("low", Kind::UnitPrice, "The lowest."),
        column("close", Kind::UnitPrice, "The last."),
        column("volume", Kind::Units, "Units traded."),
        column("value", Kind::Money, "What they cost."),
        column("trades", Kind::Count, "Trades."),
    ],
    key: 4,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// Prices of coupled auctions.
pub const COUPLED_PRICES: List = List {
    name: "coupled_prices",
    about: "Prices of coupled auctions, market by market.",
    columns: &[
        column("coupling", Kind::Number, "The coupled auction's number."),
        JURISDICTION,
        YEAR,
        column("at", Kind::Moment, "When it was cleared."),
        column("pays", Kind::Price, "What buyers pay."),
        column("gets", Kind::Price, "What sellers get."),
        column("volume", Kind::Tonnes, "Units traded in this market."),
        column("record", Kind::Record, "The record that cleared it."),
    ],
    key: 2,
    order: Order::Descending,
    delayed: false,
    sought: &[],
};

/// What went through links.
pub const FLOWS: List = List {
    name: "flows",
    about: "What went through each link in each coupled auction, with rents and levies.",
    columns: &[
        column("coupling", Kind::Number, "The coupled auction's number."),
        column("from", Kind::Jurisdiction, "Whose units left."),
        column("to", Kind::Jurisdiction, "Where they arrived."),
        YEAR,
        column("at", Kind::Moment, "When it was cleared."),
        column("quantity", Kind::Tonnes, "Units that left."),
        column("home", Kind::Tonnes, "Of these, units that came home by the way they went."),
        column("arrives", Kind::Tonnes, "Units that arrived."),
        column("rent", Kind::Money, "The congestion rent of the link."),
        column("levy", Kind::Money, "The levy."),
        column("record", Kind::Record, "The record that cleared it."),
    ],
    key: 3,
    order: Order::Descending,
    delayed: false,
    sought: &[],
};

/// What a market trades beside allowances, by its code.
pub(crate) fn product(state: &State, market: Market) -> String {
    let code = product_of(state, market).map(|it| it.code.to_string());
    code.unwrap_or_else(|| ALLOWANCE.to_owned())
}

/// The row of an auction.
pub(crate) fn auction(state: &State, (id, cancelled): (AuctionId, bool)) -> Option<Vec<Value>> {
    let it = state.auctions.get(id)?;
    let result = it.result.filter(|_| !cancelled);
    let bids = result.map(|_| &it.bids);
    let wanted: Option<u64> = bids.map(|all| all.iter().map(|it| it.quantity.0).sum());
    let parties = |some: &dyn Fn(Tonnes) -> bool| {
        let all = bids?.iter().filter(|it| some(it.filled)).map(|it| it.bidder);
        Some(all.collect::<BTreeSet<_>>().len())
    };
    let proceeds = result.and_then(|it| it.price?.times(it.sold));
    Some(vec![
        id.0.into(),
        code(state, it.jurisdiction).into(),
        it.year.into(),
        it.opens.into(),
        it.closes.into(),
        match (cancelled, result) {
            (true, _) => "cancelled".into(),
            (false, Some(_)) => "cleared".into(),
            (false, None) => "announced".into(),
        },
        it.offered().into(),
        it.rules.lot.into(),
        it.rules.reserve.into(),
        result.and_then(|it| it.price).into(),
        result.map(|it| it.sold).into(),
        wanted.into(),
        wanted.and_then(|wanted| percent(wanted, it.offered().0)).into(),
        parties(&|_| true).into(),
        parties(&|filled| filled > Tonnes::ZERO).into(),
        proceeds.into(),
        crate::facts::hex(&it.seed_commitment).into(),
        it.basis.as_ref().map(|it| crate::facts::hex(&it.seed)).into(),
    ])
}

/// The rows of an auction's bids, added up by price.
pub(crate) fn auction_bids(state: &State, id: AuctionId) -> Vec<Vec<Value>> {
    let Some(it) = state.auctions.get(id).filter(|it| it.result.is_some()) else {
        return Vec::new();
    };
    let mut by_price: BTreeMap<Price, (Tonnes, Tonnes)> = BTreeMap::new();
    // Bids that did not count are not of the curve.
    let void = it.basis.iter().flat_map(|it| &it.void).collect::<BTreeSet<_>>();
    for (bid, _) in it.bids.iter().zip(0u32..).filter(|(_, place)| !void.contains(&BidId(*place))) {
        let row = by_price.entry(bid.price).or_default();
        row.0 += bid.quantity;
        row.1 += bid.filled;
    }
    let mut cumulative = Tonnes::ZERO;
    let row = |(price, (quantity, filled)): (&Price, &(Tonnes, Tonnes))| {
        cumulative += *quantity;
        vec![id.0.into(), (*price).into(), (*quantity).into(), cumulative.into(), (*filled).into()]
    };
    by_price.iter().rev().map(row).collect()
}

/// The row of a call.
pub(crate) fn call(state: &State, id: CallId) -> Option<Vec<Value>> {
    let it = state.calls.get(id)?;
    let result = it.result;
    Some(vec![
        id.0.into(),
        code(state, it.jurisdiction).into(),
        it.year.into(),
        product(state, it.market()).into(),
        it.opens.into(),
        it.closes.into(),
        if result.is_some() { "cleared".into() } else { "announced".into() },
        result.and_then(|it| it.price).into(),
        result.map(|it| it.volume).into(),
        result.map(|it| it.barred).into(),
        it.coupling.map(|it| it.0).into(),
    ])
}
