//! Place an order. In a call phase it waits for the clearing; in a session it meets what waits as
//! it comes, the best price first, then the earlier order, at the price of the one that waited.
//! What it may cost is set aside: money at its limit with the fee, or the very serials it offers.
//!
//! A trade outside the price bands does not happen: a volatility call begins with the order in it.
//! The rest of a market order waits in that call at its collar.

use super::coming::{self, Coming};
use super::delivery::Cut;
use super::terms::{self, Terms};
use super::{Lasting, Side};
use crate::account;
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::book::plan::{self, Arrival, Incoming, OrderKind, SelfMatch};
use crate::book::{Market, Order};
use crate::call::random_end;
use crate::cash;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, JurisdictionId, OrderId, ProductId};
use crate::ledger::Picked;
use crate::ledger::posting::{CashHeld, UnitsHeld};
use crate::quantity::{Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::{Instant, Year};
use crate::units::{self, holding};
use minicbor::{Decode, Encode};

/// The most orders that may wait for one jurisdiction's year where only calls trade it.
pub const BOOK_ORDERS_MAX: usize = 10_000;
/// The most orders of one party that may wait.
pub const PARTY_ORDERS_MAX: usize = 10_000;
/// The most orders that may wait in a market with sessions.
pub const SESSION_ORDERS_MAX: usize = 4_000_000;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PlaceOrder {
    /// Whose units.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Allowances traded count for this year; of a product the year of generation or reduction.
    #[n(1)]
    pub year: Year,
    /// The account units leave or come into.
    #[n(2)]
    pub account: AccountId,
    /// Which side.
    #[n(3)]
    pub side: Side,
    /// The worst price that is accepted; of a market order its collar.
    #[n(4)]
    pub price: Price,
    /// How many units.
    #[n(5)]
    pub quantity: Tonnes,
    /// Whether it trades at once, and what becomes of the rest.
    #[n(6)]
    pub kind: OrderKind,
    /// What happens where it meets its own group.
    #[n(7)]
    pub self_match: SelfMatch,
    /// How long it lives.
    #[n(8)]
    pub lasting: Lasting,
    /// The name its owner gives it, unique among the account's orders that wait; 0 for none.
    #[n(9)]
    pub client: u32,
    /// The product; none for allowances.
    #[n(10)]
    pub product: Option<ProductId>,
}

impl PlaceOrder {
    /// A limit order that lives until it is cancelled.
    pub fn limit(
        Market { jurisdiction, year, product }: Market,
        account: AccountId,
        side: Side,
        (price, quantity): (Price, Tonnes),
    ) -> Self {
        Self {
            jurisdiction,
            year,
            account,
            side,
            price,
            quantity,
            kind: OrderKind::Limit,
            self_match: SelfMatch::CancelIncoming,
            lasting: Lasting::UntilCancelled,
            client: 0,
            product,
        }
    }

    /// The market it is for.
    pub fn market(&self) -> Market {
        let Self { jurisdiction, year, product, .. } = *self;
        Market { jurisdiction, year, product }
    }
}

/// The fact: an order waits in its market, also the rest of one that traded as it came.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
#[cbor(transparent)]
pub struct OrderPlaced(#[n(0)] pub Box<Order>);

refusals! {
    /// Why an order cannot be placed.
    pub enum PlaceOrderRefused {
        /// In a call an order waits, so that all of them get one price.
        NotInCalls = 911 => "a call takes limit orders alone",
        /// The account stands under another administrator.
        AccountElsewhere { account: AccountId } = 918
            => "account {account} stands under another administrator",
        /// It would never trade.
        Over { until: Instant, now: Instant } = 935
            => "the order would live until {until}, and it is {now}",
        /// There is no session.
        NoSession { now: Instant } = 936
            => "it is {now} and no session goes on; let the order live until a moment or until it \
                is cancelled",
        /// A name makes one order.
        ClientUsed { client: u32, order: OrderId } = 937
            => "the account's order {order} waits under the name {client}",
        /// A party's orders are bounded.
        TooManyOrders { most: usize } = 938
            => "the party has {most} orders that wait, the most there may be; cancel some first",
    }
}

/// The holder of the account.
pub fn right(_state: &State, it: &PlaceOrder) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Checks the order against its market's phase, and lets it come.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &PlaceOrder,
    out: &mut Events,
) -> Result<(), Refusals> {
    use PlaceOrderRefused as No;
    let mut no = Objections::default();
    let (market, owner) = (it.market(), by.party());
    let (price, quantity) = (it.price, it.quantity);
    let mut fresh = None;
    let terms = Terms::of(state, market, by.now(), &mut fresh);
    terms.check((state, owner), (price, quantity), &mut no);
    no.unless(!terms.in_call() || it.kind == OrderKind::Limit, No::NotInCalls);
    let account = match it.side {
        Side::Sell => account::may_sell(state, it.account),
        Side::Buy => account::may_buy(state, it.account),
    };
    if let Some(row) = no.take(account) {
        let here = row.jurisdiction == it.jurisdiction;
        no.unless(here, No::AccountElsewhere { account: it.account });
    }
    let until = no.take(until(state, it, by.now())).flatten();
    if let Some(order) = state.orders.of_client(it.account, it.client) {
        no.unless(false, No::ClientUsed { client: it.client, order });
    }
    let most = PARTY_ORDERS_MAX;
    no.unless(state.orders.count_of(owner) < most, No::TooManyOrders { most });
    let cost = no.take(terms.cost(price, quantity));
    if it.side == Side::Buy {
        no.take(holding::check(state, (it.account, market.counts_in()), quantity, by.now()));
    }
    let purse = (owner, terms.quote());
    let (cash, picked) = match it.side {
        Side::Buy => (cost.and_then(|it| no.take(cash::free_in(state, purse, it))), None),
        Side::Sell => {
            let counts = |series| super::trades(state, market, series);
            let shelf = state.ledger.shelves.get(it.account);
            let picked = shelf.map(|shelf| units::pick(shelf, quantity, counts));
            let cash = cash::in_currency(state, owner, purse.1);
            (no.take(cash), picked.and_then(|it| no.take(it)))
        }
    };
    let picked = picked.unwrap_or_default();
    no.take(terms.check_room(state));
    no.take(terms.check_own(state, owner, (it.side, price)));
    let cash = no.settle_with(cash)?;
    let order = Order {
        id: state.next_order,
        jurisdiction: it.jurisdiction,
        year: it.year,
        side: it.side,
        owner,
        group: Some(state.parties.row(owner).group),
        account: it.account,
        cash,
        hold: state.ledger.next_hold,
        price,
        remaining: quantity,
        filled: Tonnes::ZERO,
        post_only: false,
        until,
        fee_bp: terms.maker_bp(),
        client: it.client,
        since: state.next_position(),
        product: it.product,
    };
    let incoming = Incoming { order, kind: it.kind, self_match: it.self_match };
    come(state, (&incoming, &picked), &terms, out)
}

/// When an order ends by itself.
fn until(
    state: &State,
    it: &PlaceOrder,
    now: Instant,
) -> Result<Option<Instant>, PlaceOrderRefused> {
    match it.lasting {
        Lasting::UntilCancelled => Ok(None),
        Lasting::Until(until) if until <= now => Err(PlaceOrderRefused::Over { until, now }),
        Lasting::Until(until) => Ok(Some(until)),
        Lasting::Session => {
            let end = super::session_end(state, it.market(), now);
            end.map(Some).ok_or(PlaceOrderRefused::NoSession { now })
        }
    }
}

/// The order meets what waits; the rest waits with what it may cost set aside, or ends.
fn come(
    state: &State,
    (it, picked): (&Incoming, &Picked),
    terms: &Terms<'_>,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut steps = Vec::new();
    let limits = terms.limits(state, it.order.owner);
    let arrival = Arrival::of(it);
    let met = plan::come(&state.orders, &arrival, &limits, &mut steps);
    let met = met.map_err(|why| coming::refused(why, &arrival))?;
    let mut coming = Coming::new(&it.order, Cut::new(picked), terms);
    coming.write(state, &steps, out);
    let Some(order) = arrival.rest(&met) else {
        coming.end(out);
        return Ok(());
    };
    let Order { side, account, cash, hold, remaining, .. } = order;
    let reserve = order.reserve(remaining).unwrap_or_default();
    out.push_with(|| Event::OrderPlaced(OrderPlaced(Box::new(order))));
    match side {
        Side::Buy => {
            out.push_with(|| Event::CashHeld(CashHeld { account: cash, hold, amount: reserve }))
        }
        Side::Sell => {
            let mut missing = remaining;
            while let Some((series, serials)) = coming.units.next(missing) {
                out.push_with(|| Event::UnitsHeld(UnitsHeld { series, account, hold, serials }));
                missing -= serials.count;
            }
        }
    }
    if met.outside_band {
        terms.volatility_call(state, out);
    }
    Ok(())
}

/// The order waits in its market; its end is on the agenda, where it has one.
pub fn apply(state: &mut State, record: &RecordHeader, it: &OrderPlaced) {
    let order = Order { since: record.position, ..*it.0 };
    // The rest of an order keeps its name.
    state.order_named(order.id);
    if let Some(until) = order.until {
        let due = Due::Orders(order.jurisdiction, order.year, order.product);
        state.agenda.enter(state.now, until, due);
    }
    let rested = state.orders.rest(order);
    random_end::came(state, order.market(), (order.id, record.at));
    terms::keep(state, rested, record.at);
}
