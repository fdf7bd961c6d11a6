//! Make a block trade: two parties agreed on a large quantity at a price of their own, near the
//! last one. One of them puts it before the other, and with the other's approval it is delivered
//! and paid at once, beside the book. The market learns of it later, as the policy says, so that
//! whoever must trade the rest is not traded against.

use super::delivery::pay;
use super::place_order::PlaceOrderRefused;
use super::{ExchangeRefused, Halted};
use crate::account::{self, Account};
use crate::authority::{Authorised, Right};
use crate::book::Market;
use crate::cash;
use crate::compatibility;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, CashAccountId, JurisdictionId, ProductId};
use crate::ledger::Picked;
use crate::ledger::posting::UnitsMoved;
use crate::quantity::{Money, Price, Tonnes, Units};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::{Instant, Year};
use crate::units::{self, holding};
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct MakeBlockTrade {
    /// Whose units.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Units traded count for this year.
    #[n(1)]
    pub year: Year,
    /// The account units leave.
    #[n(2)]
    pub seller: AccountId,
    /// The account units come into.
    #[n(3)]
    pub buyer: AccountId,
    /// The price.
    #[n(4)]
    pub price: Price,
    /// How many units.
    #[n(5)]
    pub quantity: Tonnes,
    /// The product; none for allowances.
    #[n(6)]
    pub product: Option<ProductId>,
}

impl MakeBlockTrade {
    /// The market.
    pub fn market(&self) -> Market {
        let Self { jurisdiction, year, product, .. } = *self;
        Market { jurisdiction, year, product }
    }
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BlockTradeMade {
    /// Whose units.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Units traded count for this year.
    #[n(1)]
    pub year: Year,
    /// The price.
    #[n(2)]
    pub price: Price,
    /// How many units.
    #[n(3)]
    pub quantity: Tonnes,
    /// When the market learns of it.
    #[n(4)]
    pub published: Instant,
    /// The product; none for allowances.
    #[n(5)]
    pub product: Option<ProductId>,
}

impl BlockTradeMade {
    /// The market.
    pub fn market(&self) -> Market {
        let Self { jurisdiction, year, product, .. } = *self;
        Market { jurisdiction, year, product }
    }
}

refusals! {
    /// Why a block trade cannot be made.
    pub enum MakeBlockTradeRefused {
        /// The policy must say so.
        NotAdmitted = 971 => "no block trades are made here; place an order",
        /// It is large.
        TooSmall { quantity: Units, least: Units } = 972
            => "{quantity} is no block trade; one has at least {least}",
        /// Units of a settled year are worth nothing for it.
        NoMarket { year: Year } = 973 => "nothing is traded for {year}",
        /// It changes the owner.
        OneGroup = 974 => "the seller and the buyer are of one owner group",
        /// What stands in the other's way is the other's business.
        SellerCannot = 975 => "the seller cannot deliver this now",
        /// Likewise.
        BuyerCannot = 976 => "the buyer cannot take and pay this now",
        /// A price is compared with the last one.
        NoLastPrice = 977
            => "nothing was traded yet to which the price could be compared; place an order",
        /// It is no gift.
        OutsideBand { price: Price, low: Price, high: Price } = 978
            => "the price is {price}; block trades are made between {low} and {high}, near the \
                last price",
    }
}

/// The holder of either account; that of the other one approves.
pub fn right(_state: &State, it: &MakeBlockTrade) -> Result<Right, Refusals> {
    Ok(Right::Deal { seller: it.seller, buyer: it.buyer })
}

/// Checks the trade, and each side; what is in the way of the other side is told without its cause,
/// and only once it has approved, so that nobody learns what another one holds.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &MakeBlockTrade,
    out: &mut Events,
) -> Result<(), Refusals> {
    use MakeBlockTradeRefused as No;
    let mut no = Objections::default();
    let MakeBlockTrade { jurisdiction, year, price, quantity, .. } = *it;
    let market = it.market();
    let rules = super::rules(state, market);
    no.unless(rules.block_trade.is_some(), No::NotAdmitted);
    let block_trade = rules.block_trade.unwrap_or_default();
    let least = block_trade.least;
    no.unless(quantity >= least, No::TooSmall { quantity: quantity.into(), least: least.into() });
    no.unless(super::lives(state, market, by.now()), No::NoMarket { year });
    super::check_steps(rules, (price, quantity), &mut no);
    no.take(near_the_last(state, market, price));
    let halted = super::is_halted(state, market);
    no.unless(!halted, ExchangeRefused::Halted);
    let holder = |account| state.accounts.get(account).map(|it| it.holder);
    if let Some((seller, buyer)) = holder(it.seller).zip(holder(it.buyer)) {
        let group = |party| state.parties.row(party).group;
        no.unless(group(seller) != group(buyer), No::OneGroup);
        no.take(compatibility::check(state, (buyer, jurisdiction), [seller]));
    }
    let agreed = !by.seconds().is_empty();
    let mut side = |account, refused: Result<(), Refusals>, cannot: No| match (
        holder(account) == Some(by.party()),
        refused,
    ) {
        (true, own) => drop(no.take(own)),
        (false, Err(_)) if agreed => no.unless(false, cannot),
        (false, _) => {}
    };
    let (sold, bought) = (seller(state, it), buyer(state, (it, by.now())));
    let found = sold.as_ref().ok().cloned().zip(bought.as_ref().ok().copied());
    side(it.seller, sold.map(drop), No::SellerCannot);
    side(it.buyer, bought.map(drop), No::BuyerCannot);
    no.settle()?;
    // Put before the other one, which may not be able to settle: that shows when it approves.
    let Some(((picked, to), (from, amount))) = found.filter(|_| agreed) else { return Ok(()) };
    let published = by.now().plus_minutes(block_trade.publication_minutes);
    out.push(Event::BlockTradeMade(BlockTradeMade {
        jurisdiction,
        year,
        price,
        quantity,
        published,
        product: it.product,
    }));
    pay(out, (from, to), amount);
    for (series, block) in picked {
        let (from, to, serials) = (it.seller, it.buyer, block.serials);
        out.push(Event::UnitsMoved(UnitsMoved { series, from, to, serials }));
    }
    Ok(())
}

fn near_the_last(state: &State, market: Market, price: Price) -> Result<(), MakeBlockTradeRefused> {
    let last = state.price_of(market);
    let (Price(last), _) = last.ok_or(MakeBlockTradeRefused::NoLastPrice)?;
    let band = super::rules(state, market).block_trade.map_or(0, |it| it.band_bp);
    let Money(share) = Money(last).basis_points(band);
    let (low, high) = (Price(last.saturating_sub(share)), Price(last.saturating_add(share)));
    if (low..=high).contains(&price) {
        return Ok(());
    }
    Err(MakeBlockTradeRefused::OutsideBand { price, low, high })
}

/// The units, and the account that is paid.
fn seller(state: &State, it: &MakeBlockTrade) -> Result<(Picked, CashAccountId), Refusals> {
    let account = account::may_sell(state, it.seller)?;
    check_party(state, (it.seller, it), account)?;
    let counts = |series| super::trades(state, it.market(), series);
    let picked = units::pick(state.ledger.shelves.row(it.seller), it.quantity, counts)?;
    let currency = super::quote(state, it.market());
    Ok((picked, cash::in_currency(state, account.holder, currency)?))
}

/// The account that pays, and how much.
fn buyer(
    state: &State,
    (it, now): (&MakeBlockTrade, Instant),
) -> Result<(CashAccountId, Money), Refusals> {
    let account = account::may_buy(state, it.buyer)?;
    check_party(state, (it.buyer, it), account)?;
    holding::check(state, (it.buyer, it.market().counts_in()), it.quantity, now)?;
    let (price, quantity) = (it.price, it.quantity);
    let amount = price.times(quantity);
    let amount =
        amount.ok_or(ExchangeRefused::CostTooLarge { price, quantity: quantity.into() })?;
    let currency = super::quote(state, it.market());
    Ok((cash::free_in(state, (account.holder, currency), amount)?, amount))
}

/// That a party is not halted, and its account stands under the right administrator.
fn check_party(
    state: &State,
    (account, it): (AccountId, &MakeBlockTrade),
    Account { holder: party, jurisdiction, .. }: &Account,
) -> Result<(), Refusals> {
    let (party, jurisdiction) = (*party, *jurisdiction);
    let mut no = Objections::default();
    let halted = state.halts.contains_key(&Halted::Party(party));
    no.unless(!halted, ExchangeRefused::PartyHalted { party });
    let here = jurisdiction == it.jurisdiction;
    no.unless(here, PlaceOrderRefused::AccountElsewhere { account });
    no.settle()
}

/// Nothing but the postings: its price is no reference for others.
pub fn apply(_state: &mut State, _record: &RecordHeader, _it: &BlockTradeMade) {}
