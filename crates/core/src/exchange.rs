//! The exchange: orders for allowances that count for a jurisdiction's year, and for the products
//! of its chapter.
//!
//! In a call phase orders gather and one price clears them; in continuous trading an order meets
//! what waits as it comes. Both use one book, and each trade is delivered and paid in its record.
//! In which phase a market is follows from its rules, its calendar, its calls and what is halted;
//! it is stored nowhere.

pub mod amend_order;
pub mod buy_offer;
pub mod cancel_order;
pub mod cancel_orders;
mod coming;
pub(crate) mod delivery;
pub mod halt_trading;
pub(crate) mod lapse;
pub mod make_block_trade;
pub mod order_ended;
pub mod order_filled;
pub mod order_reduced;
pub mod order_requeued;
pub mod order_traded;
pub mod place_order;
pub mod resume_trading;
pub(crate) mod terms;

use crate::authority::Right;
use crate::book::{Market, Order};
use crate::calendar::Day;
use crate::context::RecordHeader;
use crate::coupling::PRICE_MAX;
use crate::freezing;
use crate::id::{CallId, JurisdictionId, Label, OrderId, PartyId, PersonId, ProductId, SeriesId};
use crate::ledger::Series;
use crate::party;
use crate::quantity::{Money, Price, Tonnes, Units};
use crate::refusal::{Objections, Refusals, refusals};
use crate::rules::{ContinuousRules, JurisdictionRules, ProductRules, TradingRules};
use crate::state::State;
use crate::time::{Instant, Year};
use crate::units::expire;
use minicbor::{Decode, Encode};

/// Which side an order is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Side {
    /// Wants units.
    #[n(0)]
    Buy,
    /// Offers units.
    #[n(1)]
    Sell,
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum Lasting {
    /// Until it is filled or cancelled, or its market ends.
    #[n(0)]
    #[default]
    UntilCancelled,
    /// Until the end of the session.
    #[n(1)]
    Session,
    /// Until a moment, also one between the end of a call and its clearing.
    #[n(2)]
    Until(#[n(0)] Instant),
}

/// What is halted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum Halted {
    /// Everything.
    #[n(0)]
    Everything,
    /// All markets of a jurisdiction.
    #[n(1)]
    Jurisdiction(#[n(0)] JurisdictionId),
    /// The market of one year.
    #[n(2)]
    Year(#[n(0)] JurisdictionId, #[n(1)] Year),
    /// What a party trades, anywhere.
    #[n(3)]
    Party(#[n(0)] PartyId),
    /// The markets of a product, of all years.
    #[n(4)]
    Product(#[n(0)] JurisdictionId, #[n(1)] ProductId),
}

/// Who halted something, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Halt {
    /// The person.
    #[n(0)]
    pub by: PersonId,
    /// When.
    #[n(1)]
    pub since: Instant,
}

/// What a market does with an order now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Takes none.
    Closed,
    /// Takes none, because somebody halted it.
    Halted,
    /// Gathers them.
    Call(CallId),
    /// Lets them meet what waits.
    Continuous(ContinuousRules),
}

/// A session's reference price: that of its last call, or the last one before its first trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reference {
    /// The day of the session, by local clocks.
    #[n(0)]
    pub day: Day,
    /// The price.
    #[n(1)]
    pub price: Price,
}

/// Takes a price into what later ones are compared with: the last price of units that end alike,
/// and with the first of a day the session's reference.
fn priced(state: &mut State, market: Market, (price, at): (Price, Instant)) {
    let Market { jurisdiction, year, product } = market;
    let last = match (product, state.year_rules(jurisdiction, year).map(|it| it.valid_to)) {
        (Some(_), _) => state.product_prices.insert(market, (price, at)),
        (None, Some(valid_to)) => state.last_prices.insert((jurisdiction, valid_to), (price, at)),
        (None, None) => return,
    };
    let day = state.working_time(jurisdiction).calendar.local(at).day();
    let reference = state.references.entry(market).or_insert(Reference { day, price });
    if reference.day != day {
        *reference = Reference { day, price: last.map_or(price, |(price, _)| price) };
    }
}

/// The same with the price of a call, which is the session's reference whatever was before.
pub(crate) fn called(state: &mut State, market: Market, (price, at): (Price, Instant)) {
    priced(state, market, (price, at));
    if let Some(reference) = state.references.get_mut(&market) {
        reference.price = price;
    }
}

fn chapter(state: &State, it: Market) -> Option<&JurisdictionRules> {
    state.rules.as_ref()?.jurisdiction(it.jurisdiction)
}

/// The product of a market, where it is one of the policy; none for allowances.
pub fn product_of(state: &State, it: Market) -> Option<&ProductRules> {
    chapter(state, it)?.product(it.product?)
}

/// How what a market trades is traded.
pub fn rules(state: &State, market: Market) -> &TradingRules {
    let rules = match market.product {
        Some(_) => product_of(state, market).map(|it| &it.trading),
        None => chapter(state, market).map(|it| &it.trading),
    };
    rules.unwrap_or(&TradingRules::CALLS_ALONE)
}

/// The currency in which a market is quoted; none where it is that of all of them.
pub fn quote(state: &State, market: Market) -> Option<Label> {
    match market.product {
        Some(_) => product_of(state, market)?.quote,
        None => chapter(state, market)?.quote,
    }
}

/// Whether units of a series are what a market trades: allowances that count for its year, or
/// what its product takes.
pub fn trades(state: &State, market: Market, id: SeriesId) -> bool {
    let Some(series) = state.ledger.series.get(id) else { return false };
    match market.product {
        None => series.counts_for(market.jurisdiction, market.year),
        Some(_) => product_of(state, market).is_some_and(|it| takes(state, (it, market), series)),
    }
}

/// Whether a product takes units of a series: they are of its class, year and technologies, and
/// can still be used.
fn takes(state: &State, (product, market): (&ProductRules, Market), series: &Series) -> bool {
    is_of(state, (product, market), series) && !expire::is_expired(state, series)
}

/// Whether units of a series are of a product and year, also where they can be used no more.
pub fn is_of(state: &State, (product, market): (&ProductRules, Market), series: &Series) -> bool {
    let Some(drawn) = series.drawn else { return false };
    let technology = state.sites.row(drawn.site).technology;
    series.class == product.class
        && (series.jurisdiction, series.valid_from) == (market.jurisdiction, market.year)
        && (product.technologies.is_empty() || product.technologies.contains(&technology))
}

/// The step between prices of a market; the finest where an order waits off it, since a
/// policy may have changed.
pub fn tick<'a>(
    state: &State,
    market: Market,
    orders: impl IntoIterator<Item = &'a Order>,
) -> Price {
    let TradingRules { tick, .. } = *rules(state, market);
    let on_tick = |it: &Order| it.price.0.checked_rem(tick.0) == Some(0);
    if orders.into_iter().all(on_tick) { tick } else { Price(1) }
}

/// Whether a market is halted; a stop of one jurisdiction does not stop another.
pub(crate) fn is_halted(state: &State, market: Market) -> bool {
    if state.halts.is_empty() {
        return false;
    }
    let Market { jurisdiction, year, product } = market;
    let levels =
        [Halted::Everything, Halted::Jurisdiction(jurisdiction), Halted::Year(jurisdiction, year)];
    let product = product.map(|it| Halted::Product(jurisdiction, it));
    levels.iter().chain(&product).any(|it| state.halts.contains_key(it))
}

/// In which phase a market is.
pub fn phase(state: &State, market: Market, now: Instant) -> Phase {
    if is_halted(state, market) {
        return Phase::Halted;
    }
    let call = state.open_call(market).map(|it| (it, state.calls.row(it)));
    if let Some((id, call)) = call.filter(|(_, it)| it.opens <= now) {
        return if now < call.closes { Phase::Call(id) } else { Phase::Closed };
    }
    let sessions = rules(state, market).continuous.as_ref();
    let sessions = sessions.filter(|_| lives(state, market, now));
    let open = sessions.filter(|_| session_end(state, market, now).is_some());
    open.map_or(Phase::Closed, |it| Phase::Continuous(*it))
}

/// Whether there can be something to trade: allowances of a year can still be surrendered for it;
/// a product and its year stand in the policy.
pub(crate) fn lives(state: &State, market: Market, now: Instant) -> bool {
    let Market { jurisdiction, year, product } = market;
    match product {
        None => {
            let rules = state.year_rules(jurisdiction, year);
            let until = lives_until(state, market);
            rules.is_some_and(|it| it.stage.obliges()) && until.is_some_and(|it| now < it)
        }
        Some(_) => {
            product_of(state, market).is_some() && state.year_rules(jurisdiction, year).is_some()
        }
    }
}

/// Until when allowances of a year can be surrendered for it; a product has no such end.
fn lives_until(state: &State, market: Market) -> Option<Instant> {
    let Market { jurisdiction, year, product } = market;
    let rules = state.year_rules(jurisdiction, year).filter(|_| product.is_none());
    rules.map(|it| it.surrender_due)
}

/// Objects unless a price and a quantity are positive, bounded, and come in the steps of the rules.
fn check_steps(
    &TradingRules { tick, lot, .. }: &TradingRules,
    (price, quantity): (Price, Tonnes),
    no: &mut Objections,
) {
    use ExchangeRefused as No;
    no.unless(price > Price(0), No::PriceNotPositive { price });
    no.unless(price <= PRICE_MAX, No::PriceTooHigh { price, most: PRICE_MAX });
    no.unless(quantity > Tonnes::ZERO, No::QuantityIsZero);
    // Divisions are dear, and most markets have the finest steps.
    let on_tick = tick == Price(1) || price.0.checked_rem(tick.0) == Some(0);
    no.unless(on_tick, No::OffTick { price, tick });
    let in_lots = lot == Tonnes(1) || quantity.0.checked_rem(lot.0) == Some(0);
    no.unless(in_lots, No::OffLot { quantity: quantity.into(), lot: lot.into() });
}

/// When the session ends that goes on; none outside sessions.
pub fn session_end(state: &State, market: Market, now: Instant) -> Option<Instant> {
    let hours = rules(state, market).continuous.as_ref()?;
    state.working_time(market.jurisdiction).until(now, (hours.opens, hours.closes))
}

/// An order that waits.
fn waiting(state: &State, order: OrderId) -> Result<&Order, ExchangeRefused> {
    state.orders.get(order).ok_or(ExchangeRefused::OrderUnknown { order })
}

/// The call whose phase is over, or may be where its end is drawn: until its clearing the orders
/// stand as they were left.
fn to_be_cleared(state: &State, market: Market, now: Instant) -> Option<CallId> {
    state.open_call(market).filter(|it| {
        let call = state.calls.row(*it);
        call.random_end.map_or(call.closes, |it| it.begins(call.closes)) <= now
    })
}

/// The prices within which trades may be: around the session's reference, and the last price.
fn band(state: &State, market: Market, hours: &ContinuousRules, now: Instant) -> (Price, Price) {
    let mut all = (Price(1), Price(i64::MAX));
    if hours.static_band_bp.is_none() && hours.dynamic_band_bp.is_none() {
        return all;
    }
    let last = state.price_of(market).map(|(price, _)| price);
    let today = state.working_time(market.jurisdiction).calendar.local(now).day();
    let reference = state.references.get(&market).filter(|it| it.day == today).map(|it| it.price);
    let around = [(reference.or(last), hours.static_band_bp), (last, hours.dynamic_band_bp)];
    for (price, width) in around {
        let Some((Price(price), width)) = price.zip(width) else { continue };
        let Money(share) = Money(price).basis_points(width);
        let (low, high) = all;
        let (below, above) = (price.saturating_sub(share), price.saturating_add(share));
        all = (low.max(Price(below)), high.min(Price(above)));
    }
    all
}

/// Who halts and resumes.
fn right_over(state: &State, halted: Halted) -> Result<Right, Refusals> {
    match halted {
        Halted::Everything => Ok(Right::Region),
        Halted::Jurisdiction(it) | Halted::Year(it, _) | Halted::Product(it, _) => {
            Ok(Right::Administrator(it))
        }
        Halted::Party(it) => party::right_over(state, it),
    }
}

fn halt(state: &mut State, record: &RecordHeader, halted: Halted) {
    state.halts.entry(halted).or_insert(Halt { by: record.actor, since: record.at });
}

/// Whether an order that waits may trade now: what is frozen or halted keeps its place and waits.
pub(crate) fn may_trade(state: &State, order: &Order) -> bool {
    let party = Halted::Party(order.owner);
    let halted = is_halted(state, order.market()) || state.halts.contains_key(&party);
    !halted && !freezing::is_frozen(state, order.account)
}

refusals! {
    /// Why an exchange takes no order, or not this one.
    pub enum ExchangeRefused {
        /// Nothing takes orders.
        Closed { now: Instant } = 912
            => "it is {now}; this market takes orders neither in a call nor in a session",
        /// Somebody halted it.
        Halted = 924
            => "trading is halted here; orders that wait stay, and can be cancelled",
        /// Somebody halted the party.
        PartyHalted { party: PartyId } = 925 => "party {party} is halted; it can cancel orders",
        /// Prices are positive.
        PriceNotPositive { price: Price } = 913 => "the price is {price}; it must be positive",
        /// Prices are bounded, so that linked markets can be reckoned exactly.
        PriceTooHigh { price: Price, most: Price } = 920
            => "the price is {price}; orders name at most {most}",
        /// Prices come in steps.
        OffTick { price: Price, tick: Price } = 926
            => "the price is {price}; it must be a multiple of {tick}",
        /// Quantities are positive.
        QuantityIsZero = 917 => "the quantity is zero; it must be a positive whole number",
        /// Quantities come in lots.
        OffLot { quantity: Units, lot: Units } = 927
            => "the quantity is {quantity}; it must be a multiple of {lot}",
        /// A post-only order would trade.
        WouldTrade = 928 => "the order trades with nobody as it comes, and at this price it would",
        /// A fill-or-kill order cannot be filled whole.
        NotWhole = 929 => "the order is filled whole or not at all, and at once it cannot be",
        /// No account can hold so much money.
        CostTooLarge { price: Price, quantity: Units } = 914
            => "{quantity} at {price} cost more than an account can hold",
        /// Fees go to the administrator.
        NoFeeAccount = 930
            => "trades here cost a fee, and the administrator has no cash account to take it; ask \
                it to have one opened",
        /// It does not wait.
        OrderUnknown { order: OrderId } = 921
            => "order {order} does not wait: it is unknown, filled or cancelled",
        /// Nobody trades with itself.
        OwnOrderOnOtherSide { order: OrderId } = 915
            => "the party's order {order} on the other side would meet it; cancel that one first",
        /// The book is bounded.
        BookFull { most: usize } = 916 => "{most} orders wait; try again after the next clearing",
    }
}
