//! Random orders, and what ends or halts them.

use super::commands::Drawn;
use super::{Draw, grounds};
use crate::world::{CLASSES, X};
use karvan_core::account::Account;
use karvan_core::book::plan::{OrderKind, SelfMatch};
use karvan_core::book::{Market, Order};
use karvan_core::call::Call;
use karvan_core::compatibility::set_compatibility::SetCompatibility;
use karvan_core::compatibility::set_settlement_class::SetSettlementClass;
use karvan_core::exchange::amend_order::AmendOrder;
use karvan_core::exchange::buy_offer::BuyOffer;
use karvan_core::exchange::cancel_order::CancelOrder;
use karvan_core::exchange::cancel_orders::CancelOrders;
use karvan_core::exchange::halt_trading::HaltTrading;
use karvan_core::exchange::make_block_trade::MakeBlockTrade;
use karvan_core::exchange::place_order::PlaceOrder;
use karvan_core::exchange::resume_trading::ResumeTrading;
use karvan_core::exchange::{Halted, Lasting, Side, trades};
use karvan_core::id::{AccountId, CallId, JurisdictionId, OrderId, ProductId};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::Year;
use karvan_core::{Command, State};

const SELF_MATCHES: [SelfMatch; 4] = [
    SelfMatch::CancelIncoming,
    SelfMatch::CancelResting,
    SelfMatch::CancelBoth,
    SelfMatch::Decrement,
];

/// A command about orders with values that often fit.
pub(super) fn orders((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn { jurisdiction, year, party, .. } = it;
    let waits = waiting(state, draw);
    Some(match name {
        "PlaceOrder" if draw.below(3) == 0 => in_call(state, it, draw),
        "PlaceOrder" => in_session(state, it, draw),
        "AmendOrder" => {
            let (price, all) =
                waits.map_or((500, 10), |it| (it.price.0, (it.filled + it.remaining).0));
            AmendOrder {
                order: waits.map_or(OrderId(999), |it| it.id),
                price: Price(price + draw.below(5) as i64 * 20 - 40),
                quantity: Tonnes(all + draw.below(9)).checked_sub(Tonnes(4)).unwrap_or_default(),
                self_match: draw.of(&SELF_MATCHES),
            }
            .into()
        }
        "CancelOrder" => CancelOrder { order: waits.map_or(OrderId(999), |it| it.id) }.into(),
        "CancelOrders" => {
            let market = waits.map(Order::market).filter(|_| draw.below(2) == 0);
            let party = waits.map_or(party, |it| it.owner);
            CancelOrders { party, market, halt: draw.below(8) == 0 }.into()
        }
        "HaltTrading" => {
            let halted = draw.of(&[
                Halted::Everything,
                Halted::Jurisdiction(jurisdiction),
                Halted::Year(jurisdiction, year),
                Halted::Product(jurisdiction, ProductId(0)),
                Halted::Party(party),
            ]);
            HaltTrading { halted, grounds: grounds() }.into()
        }
        "BuyOffer" => {
            let offers =
                state.orders.iter().filter(|it| it.jurisdiction == X && it.side == Side::Sell);
            let offers: Vec<&Order> = offers.take(8).collect();
            let offer = if offers.is_empty() { waits } else { Some(draw.of(&offers)) };
            let other = |account: &AccountId| {
                let holder = state.accounts.row(*account).holder;
                offer.is_none_or(|it| it.group != Some(state.parties.row(holder).group))
            };
            let there: Vec<AccountId> = traders(state, X).into_iter().filter(other).collect();
            let account = if there.is_empty() { it.account } else { draw.of(&there) };
            BuyOffer {
                order: offer.map_or(OrderId(999), |it| it.id),
                account,
                price: offer.map_or(Price(500), |it| it.price),
                quantity: Tonnes(draw.below(6)),
            }
            .into()
        }
        "MakeBlockTrade" => {
            let there = traders(state, X);
            let counts = |series| state.ledger.counts_for(series, X, year);
            let owns = |it: &AccountId| state.ledger.shelves.row(*it).free(counts) > Tonnes(4);
            let sellers: Vec<AccountId> = there.iter().copied().filter(owns).collect();
            let mut one =
                |all: &[AccountId]| if all.is_empty() { it.account } else { draw.of(all) };
            let seller = one(&sellers);
            let holder = |it: AccountId| state.accounts.get(it).map(|it| it.holder);
            let others = there.iter().filter(|it| holder(**it) != holder(seller));
            let buyer = one(&others.copied().collect::<Vec<_>>());
            let last = state.last_price(X, year).map_or(Price(500), |(price, _)| price);
            let price = Price(last.0 + draw.below(3) as i64 - 1);
            let quantity = Tonnes(2 + draw.below(10));
            MakeBlockTrade { jurisdiction: X, year, seller, buyer, price, quantity, product: None }
                .into()
        }
        "SetSettlementClass" => {
            let party = waits.map_or(party, |it| it.owner);
            SetSettlementClass { party, class: draw.of(&CLASSES), grounds: grounds() }.into()
        }
        "SetCompatibility" => {
            let (classes, settle) = ((CLASSES[0], CLASSES[1]), draw.below(3) > 0);
            SetCompatibility { jurisdiction, classes, settle, grounds: grounds() }.into()
        }
        "ResumeTrading" => {
            let halted = state.halts.first_key_value().map(|(it, _)| *it);
            let halted = halted.unwrap_or(Halted::Party(party));
            ResumeTrading { halted, grounds: grounds() }.into()
        }
        _ => return None,
    })
}

/// One of the orders that wait.
fn waiting<'a>(state: &'a State, draw: &mut Draw) -> Option<&'a Order> {
    let place = usize::try_from(draw.row(state.orders.len())).unwrap();
    state.orders.iter().nth(place)
}

/// The accounts of a jurisdiction that trade.
fn traders(state: &State, place: JurisdictionId) -> Vec<AccountId> {
    let fits = |it: &Account| it.jurisdiction == place && it.kind.trades();
    state.accounts.iter().filter(|(_, it)| fits(it)).map(|(id, _)| id).collect()
}

/// An order for a call, half of the time for one in which it can be placed.
fn in_call(state: &State, it: Drawn, draw: &mut Draw) -> Command {
    let Drawn { call, account, price, quantity, .. } = it;
    let phase = |it: &&Call| it.opens <= state.now && state.now < it.closes;
    let open = state.calls.iter().filter(|(_, it)| phase(it)).map(|(id, _)| id);
    let open: Vec<CallId> = open.collect();
    let call = if open.is_empty() { call } else { draw.of(&open) };
    let row = state.calls.get(call);
    let market = row.map_or(Market::of_allowances(JurisdictionId(7), Year(2027)), Call::market);
    let there = traders(state, market.jurisdiction);
    let coupled = row.is_some_and(|it| it.coupling.is_some());
    let fit = !there.is_empty() && (coupled || draw.below(2) == 0);
    let account = if fit { draw.of(&there) } else { account };
    // Where calls are coupled, units are cheap in one country and dear in the other.
    let (side, price) = match row.filter(|_| coupled && draw.below(4) > 0) {
        Some(it) if it.jurisdiction == X => (Side::Sell, Price(100)),
        Some(_) => (Side::Buy, Price(900)),
        None => (draw.of(&[Side::Buy, Side::Sell]), price),
    };
    let quantity = Tonnes(quantity.0 / 3);
    PlaceOrder::limit(market, account, side, (price, quantity)).into()
}

/// An order of any kind for the market with sessions, near a price.
fn in_session(state: &State, it: Drawn, draw: &mut Draw) -> Command {
    // Now and then certificates of wind.
    let product = (draw.below(8) == 0).then_some(ProductId(0));
    let market = Market { product, ..Market::of_allowances(X, it.year) };
    // Many bids wait, and are filled in parts by whoever has something to sell.
    let side = draw.of(&[Side::Buy, Side::Buy, Side::Sell]);
    let fits = |series| trades(state, market, series);
    let has = |it: &AccountId| state.ledger.shelves.row(*it).free(fits) > Tonnes::ZERO;
    let mut there = traders(state, X);
    if side == Side::Sell && draw.below(8) > 0 {
        there.retain(has);
    }
    let account = if there.is_empty() { it.account } else { draw.of(&there) };
    let price = Price(480 + draw.below(4) as i64 * 10);
    let quantity = Tonnes(draw.below(if side == Side::Buy { 12 } else { 5 }));
    let kind = draw.of(&[
        OrderKind::Limit,
        OrderKind::Limit,
        OrderKind::Limit,
        OrderKind::Market,
        OrderKind::ImmediateOrCancel,
        OrderKind::FillOrKill,
        OrderKind::PostOnly,
    ]);
    let self_match = draw.of(&SELF_MATCHES);
    let later = Lasting::Until(state.now.plus_days(draw.of(&[0, 1, 5])));
    let lasting = draw.of(&[Lasting::UntilCancelled, Lasting::UntilCancelled, later]);
    let client = u32::try_from(draw.below(40)).unwrap().saturating_sub(20);
    let limit = PlaceOrder::limit(market, account, side, (price, quantity));
    PlaceOrder { kind, self_match, lasting, client, ..limit }.into()
}
