//! What a market says to an order now: its phase, its steps, its fees, its bands.
//!
//! Most of it stays as it is while nothing but orders and balances changes, and is kept with the
//! market's orders: working it out for each order would cost more than trading it. Every other
//! fact makes the book forget it (see [`crate::event::apply`]); it is part of no state and of no
//! hash, and where assertions are on it is worked out anew each time and compared.

use super::place_order::{BOOK_ORDERS_MAX, SESSION_ORDERS_MAX};
use super::{ExchangeRefused as No, Halted, Phase, Side, may_trade};
use crate::account::{self, AccountKind};
use crate::book::plan::Limits;
use crate::book::{Market, Order, Rested, with_fee};
use crate::call::open_call::CallOpened;
use crate::cash;
use crate::compatibility::{self, class_of, settle};
use crate::event::{Event, Events};
use crate::id::{CashAccountId, Label, PartyId};
use crate::planted::{self, Fault};
use crate::quantity::{Money, Price, Tonnes};
use crate::refusal::Objections;
use crate::rules::TradingRules;
use crate::state::State;
use crate::time::Instant;

/// What stays of a market's terms until something but orders and balances changes, or the phase
/// ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    phase: Phase,
    rules: TradingRules,
    /// The currency that is paid; none for the market's.
    quote: Option<Label>,
    /// Who is paid fees, where there are any.
    fee_account: Option<CashAccountId>,
    /// Whether some parties do not settle with each other.
    apart: bool,
    /// Whether a call is announced or not yet cleared.
    has_call: bool,
    /// From when on it is so, and until when.
    holds: (Instant, Instant),
}

impl Standing {
    fn of(state: &State, market: Market, now: Instant) -> Self {
        let (phase, rules) = (super::phase(state, market, now), *super::rules(state, market));
        let call = state.open_call(market);
        let opens = call.map(|it| state.calls.row(it).opens).filter(|it| *it > now);
        let until = match phase {
            Phase::Closed | Phase::Halted => Some(now),
            Phase::Call(id) => Some(state.calls.row(id).closes),
            Phase::Continuous(_) => super::session_end(state, market, now),
        };
        let dies = super::lives_until(state, market);
        let until = until.into_iter().chain(opens).chain(dies).min().unwrap_or(now);
        let mut it = Self {
            phase,
            rules,
            quote: super::quote(state, market),
            fee_account: None,
            apart: !compatibility::is_one_class(state),
            has_call: call.is_some(),
            holds: (now, until),
        };
        if it.most_bp() > 0 {
            it.fee_account = administrator_cash(state, market);
        }
        it
    }

    fn holds_at(&self, now: Instant) -> bool {
        let (from, until) = self.holds;
        from <= now && now < until
    }

    /// The same, but for when it was looked at.
    fn says_as(&self, other: &Self) -> bool {
        let holds = self.holds;
        *self == Self { holds, ..other.clone() }
    }

    fn maker_bp(&self) -> u32 {
        self.rules.continuous.as_ref().map_or(0, |it| it.maker_fee_bp)
    }

    fn taker_bp(&self) -> u32 {
        self.rules.continuous.as_ref().map_or(0, |it| it.taker_fee_bp)
    }

    fn most_bp(&self) -> u32 {
        self.maker_bp().max(self.taker_bp())
    }
}

/// The administrator's cash account: fees go there.
fn administrator_cash(state: &State, market: Market) -> Option<CashAccountId> {
    let jurisdiction = market.jurisdiction;
    let account = account::of_government(state, jurisdiction, AccountKind::TotalQuantity)?;
    let holder = state.accounts.row(account).holder;
    cash::in_currency(state, holder, super::quote(state, market)).ok()
}

/// Keeps the terms of a market in which an order came, where it does not yet.
pub(super) fn keep(state: &mut State, order: Rested, now: Instant) {
    let (market, kept) = state.orders.standing_of(order);
    if !kept.is_some_and(|it| it.holds_at(now)) {
        let standing = Standing::of(state, market, now);
        state.orders.keep(market, standing);
    }
}

/// Any price.
const ANY: (Price, Price) = (Price(1), Price(i64::MAX));

/// What a market says to an order.
pub(super) struct Terms<'a> {
    market: Market,
    now: Instant,
    standing: &'a Standing,
}

impl<'a> Terms<'a> {
    /// The terms of a market now; what is not kept is worked out into `fresh`.
    pub(super) fn of(
        state: &'a State,
        market: Market,
        now: Instant,
        fresh: &'a mut Option<Standing>,
    ) -> Self {
        let kept = state.orders.standing(market).filter(|it| it.holds_at(now));
        let standing = match kept {
            Some(it) => it,
            None => fresh.insert(Standing::of(state, market, now)),
        };
        debug_assert!(standing.says_as(&Standing::of(state, market, now)), "terms are forgotten");
        Self { market, now, standing }
    }

    /// Whether orders gather for one price.
    pub(super) fn in_call(&self) -> bool {
        matches!(self.standing.phase, Phase::Call(_))
    }

    /// Whether a call is announced or not yet cleared.
    pub(super) fn has_call(&self) -> bool {
        self.standing.has_call
    }

    /// The currency that is paid; none for the market's.
    pub(super) fn quote(&self) -> Option<Label> {
        self.standing.quote
    }

    /// What an order that waited pays, in hundredths of a percent.
    pub(super) fn maker_bp(&self) -> u32 {
        self.standing.maker_bp()
    }

    /// What an order that comes pays, in hundredths of a percent.
    pub(super) fn taker_bp(&self) -> u32 {
        self.standing.taker_bp()
    }

    /// Who is paid fees, where there are any.
    pub(super) fn fee_account(&self) -> Option<CashAccountId> {
        self.standing.fee_account
    }

    /// What so many units cost at a price with the higher fee.
    pub(super) fn cost(&self, price: Price, quantity: Tonnes) -> Result<Money, No> {
        let cost = with_fee(price, quantity, self.standing.most_bp());
        cost.ok_or(No::CostTooLarge { price, quantity: quantity.into() })
    }

    /// Objects to an order of this party at this price and quantity that it does not take.
    pub(super) fn check(
        &self,
        (state, party): (&State, PartyId),
        (price, quantity): (Price, Tonnes),
        no: &mut Objections,
    ) {
        let standing = self.standing;
        super::check_steps(&standing.rules, (price, quantity), no);
        let halted = state.halts.contains_key(&Halted::Party(party));
        no.unless(!halted, No::PartyHalted { party });
        match standing.phase {
            Phase::Closed => no.unless(false, No::Closed { now: self.now }),
            Phase::Halted => no.unless(false, No::Halted),
            Phase::Call(_) | Phase::Continuous(_) => {}
        }
        let paid = standing.fee_account.is_some() || standing.most_bp() == 0;
        no.unless(paid, No::NoFeeAccount);
    }

    /// Whether the book has room for one more.
    pub(super) fn check_room(&self, state: &State) -> Result<(), No> {
        let sessions = self.standing.rules.continuous.is_some();
        let most = if sessions { SESSION_ORDERS_MAX } else { BOOK_ORDERS_MAX };
        if state.orders.waiting(self.market) < most { Ok(()) } else { Err(No::BookFull { most }) }
    }

    /// In a call nobody has orders that would meet each other; in sessions that is looked at as
    /// orders come.
    pub(super) fn check_own(
        &self,
        state: &State,
        owner: PartyId,
        (side, price): (Side, Price),
    ) -> Result<(), No> {
        if !self.in_call() {
            return Ok(());
        }
        let meets = |it: &&Order| {
            let crosses = match side {
                Side::Buy => it.price <= price,
                Side::Sell => it.price >= price,
            };
            it.market() == self.market && it.side != side && crosses
        };
        match state.orders.of_owner(owner).filter(meets).map(|it| it.id).min() {
            Some(order) => Err(No::OwnOrderOnOtherSide { order }),
            None => Ok(()),
        }
    }

    /// Whom an order of a party may meet, and at which prices: in a call nobody yet.
    pub(super) fn limits(&self, state: &State, owner: PartyId) -> Limits<impl Fn(&Order) -> bool> {
        let standing = self.standing;
        let (gathers, band) = match &standing.phase {
            Phase::Continuous(it) if it.static_band_bp.or(it.dynamic_band_bp).is_some() => {
                (false, super::band(state, self.market, it, self.now))
            }
            Phase::Continuous(_) => (false, ANY),
            Phase::Call(_) | Phase::Closed | Phase::Halted => (true, ANY),
        };
        let apart = standing.apart && !planted::has(Fault::ClassesMixed);
        let own = apart.then(|| class_of(state, owner));
        let jurisdiction = self.market.jurisdiction;
        let settles = move |it: &Order| {
            own.is_none_or(|own| settle(state, jurisdiction, (own, class_of(state, it.owner))))
        };
        Limits { gathers, may_meet: move |it: &Order| may_trade(state, it) && settles(it), band }
    }

    /// A trade would have left the bands: a call begins.
    pub(super) fn volatility_call(&self, state: &State, out: &mut Events) {
        let Phase::Continuous(hours) = self.standing.phase else { return };
        let (Market { jurisdiction, year, product }, opens) = (self.market, self.now);
        let call = state.calls.next_id();
        let closes = opens.plus_minutes(hours.volatility_minutes);
        let random_end = None;
        out.push(Event::CallOpened(CallOpened {
            call,
            jurisdiction,
            year,
            opens,
            closes,
            random_end,
            product,
        }));
    }
}
