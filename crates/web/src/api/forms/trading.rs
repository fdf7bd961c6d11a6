//! Commands of traders: orders, bids, blocks, units for auctions.

use super::{
    Field, Form, Kind, MARKET, OF_INSTALLATION, PRICE, PRODUCT, QUANTITY, UNITS, YEAR, may, must,
};
use karvan_core::auction::buy_at_ceiling::BuyAtCeiling;
use karvan_core::auction::consign::Consign;
use karvan_core::auction::place_bid::PlaceBid;
use karvan_core::auction::return_purchase::ReturnPurchase;
use karvan_core::book::Market;
use karvan_core::book::plan::OrderKind;
use karvan_core::exchange::amend_order::AmendOrder;
use karvan_core::exchange::buy_offer::BuyOffer;
use karvan_core::exchange::cancel_order::CancelOrder;
use karvan_core::exchange::cancel_orders::CancelOrders;
use karvan_core::exchange::make_block_trade::MakeBlockTrade;
use karvan_core::exchange::place_order::PlaceOrder;
use karvan_core::exchange::{Lasting, Side};
use karvan_core::id::{AuctionId, OrderId, PartyId};

const KINDS: &[&str] = &["limit", "market", "immediate-or-cancel", "fill-or-kill", "post-only"];
const SELF: &[&str] = &["cancel-incoming", "cancel-resting", "cancel-both", "decrement"];
const SELF_MATCH: Field = may(
    "self_match",
    Kind::Choice(SELF),
    "What happens where one's own orders would meet; cancel-incoming where nothing is said.",
);

/// All of them.
pub(super) static FORMS: [Form; 10] = [
    Form {
        path: "orders",
        about: "Places an order in a market.",
        fields: &[
            MARKET,
            YEAR,
            must("account", Kind::Account, "From which units go, or into which they come."),
            must("side", Kind::Choice(&["buy", "sell"]), "buy or sell."),
            PRICE,
            QUANTITY,
            may("kind", Kind::Choice(KINDS), "limit where nothing is said."),
            SELF_MATCH,
            may(
                "lasting",
                Kind::Choice(&["until-cancelled", "session"]),
                "until-cancelled where nothing is said.",
            ),
            may("client", Kind::Number, "Your own number of the order; 0 is none."),
            PRODUCT,
        ],
        build: |it| {
            let (jurisdiction, year) = (it.jurisdiction("jurisdiction"), it.year("year"));
            let account = it.account("account");
            let side = it.choice("side");
            let (price, quantity) = (it.price("price"), it.tonnes("quantity"));
            let kind = match it.choice("kind") {
                Some("market") => OrderKind::Market,
                Some("immediate-or-cancel") => OrderKind::ImmediateOrCancel,
                Some("fill-or-kill") => OrderKind::FillOrKill,
                Some("post-only") => OrderKind::PostOnly,
                _ => OrderKind::Limit,
            };
            let lasting = match it.choice("lasting") {
                Some("session") => Lasting::Session,
                _ => Lasting::UntilCancelled,
            };
            let (self_match, client) = (it.self_match(), it.small("client").unwrap_or_default());
            let product = it.product(jurisdiction);
            let side = if side? == "buy" { Side::Buy } else { Side::Sell };
            let (jurisdiction, year, account) = (jurisdiction?, year?, account?);
            let (price, quantity) = (price?, quantity?);
            let order = PlaceOrder {
                jurisdiction,
                year,
                account,
                side,
                price,
                quantity,
                kind,
                self_match,
                lasting,
                client,
                product,
            };
            Some(order.into())
        },
    },
    Form {
        path: "orders/amend",
        about: "Changes the price or quantity of an order that waits.",
        fields: &[must("order", Kind::Number, "The order."), PRICE, QUANTITY, SELF_MATCH],
        build: |it| {
            let (order, price) = (it.number("order"), it.price("price"));
            let (quantity, self_match) = (it.tonnes("quantity"), it.self_match());
            let order = OrderId(order?);
            Some(AmendOrder { order, price: price?, quantity: quantity?, self_match }.into())
        },
    },
    Form {
        path: "orders/cancel",
        about: "Cancels an order that waits.",
        fields: &[must("order", Kind::Number, "The order.")],
        build: |it| Some(CancelOrder { order: OrderId(it.number("order")?) }.into()),
    },
    Form {
        path: "orders/cancel-all",
        about: "Cancels all orders of a party, in one market or in all.",
        fields: &[
            must("party", Kind::Number, "The party."),
            may("jurisdiction", Kind::Jurisdiction, "Only in this market, with the year."),
            may("year", Kind::Year, "Only in this market."),
            PRODUCT,
        ],
        build: |it| {
            let party = it.small("party");
            let market = (it.jurisdiction("jurisdiction"), it.year("year"));
            if market.0.is_some() != market.1.is_some() {
                it.wrong("jurisdiction", "give it with the year, or neither for all markets");
            }
            let product = it.product(market.0);
            let market = market.0.zip(market.1);
            let market = market.map(|(jurisdiction, year)| Market { jurisdiction, year, product });
            Some(CancelOrders { party: PartyId(party?), market, halt: false }.into())
        },
    },
    Form {
        path: "bids",
        about: "Bids in a primary auction. A bid is not seen by others and not taken back.",
        fields: &[
            must("auction", Kind::Number, "The auction."),
            must("account", Kind::Account, "Into which the units come."),
            PRICE,
            QUANTITY,
            may("currency", Kind::Choice(&[]), "A currency of its own, where there is a fixing."),
        ],
        build: |it| {
            let (auction, account) = (it.small("auction"), it.account("account"));
            let (price, quantity) = (it.price("price"), it.tonnes("quantity"));
            let currency = it.label("currency");
            let (price, quantity) = (price?, quantity?);
            let auction = AuctionId(auction?);
            Some(PlaceBid { auction, account: account?, price, quantity, currency }.into())
        },
    },
    Form {
        path: "offers",
        about: "Buys from one order that offers, at its price: no more than is seen.",
        fields: &[
            must("order", Kind::Number, "The order that offers."),
            must("account", Kind::Account, "Into which the units come."),
            PRICE,
            QUANTITY,
        ],
        build: |it| {
            let (order, account) = (it.number("order"), it.account("account"));
            let (price, quantity) = (it.price("price"), it.tonnes("quantity"));
            let (order, account) = (OrderId(order?), account?);
            Some(BuyOffer { order, account, price: price?, quantity: quantity? }.into())
        },
    },
    Form {
        path: "block-trades",
        about: "Puts a block trade before the other side, which approves it.",
        fields: &[
            MARKET,
            YEAR,
            must("seller", Kind::Account, "The account units leave."),
            must("buyer", Kind::Account, "The account units come into."),
            PRICE,
            QUANTITY,
            PRODUCT,
        ],
        build: |it| {
            let (jurisdiction, year) = (it.jurisdiction("jurisdiction"), it.year("year"));
            let (seller, buyer) = (it.account("seller"), it.account("buyer"));
            let (price, quantity) = (it.price("price"), it.tonnes("quantity"));
            let product = it.product(jurisdiction);
            let (jurisdiction, year) = (jurisdiction?, year?);
            let (seller, buyer, price, quantity) = (seller?, buyer?, price?, quantity?);
            let block =
                MakeBlockTrade { jurisdiction, year, seller, buyer, price, quantity, product };
            Some(block.into())
        },
    },
    Form {
        path: "consignments",
        about: "Consigns units of one's own to an auction: they are sold with it, in proportion.",
        fields: &[
            must("auction", Kind::Number, "The auction."),
            must("account", Kind::Account, "The account the units lie in."),
            QUANTITY,
        ],
        build: |it| {
            let (auction, account) = (it.small("auction"), it.account("account"));
            let quantity = it.tonnes("quantity");
            let (auction, account) = (AuctionId(auction?), account?);
            Some(Consign { auction, account, quantity: quantity? }.into())
        },
    },
    Form {
        path: "ceiling-purchases",
        about: "Buys units at the ceiling price for an installation that is short.",
        fields: OF_INSTALLATION,
        build: |it| {
            let (installation, year, quantity) = it.of_installation()?;
            Some(BuyAtCeiling { installation, year, quantity }.into())
        },
    },
    Form {
        path: "purchases/return",
        about: "Returns units from an auction delivery account to whoever sold them.",
        fields: UNITS,
        build: |it| {
            let (account, series, quantity) = it.units()?;
            Some(ReturnPurchase { account, series, quantity }.into())
        },
    },
];
