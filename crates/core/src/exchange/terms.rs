//! What a market says to an order now: its phase, its steps, its fees, its bands.

use super::place_order::{BOOK_ORDERS_MAX, SESSION_ORDERS_MAX};
use super::{ExchangeRefused as No, Halted, Phase, Side, may_trade};
use crate::account::{self, AccountKind};
use crate::book::plan::Limits;
use crate::book::{Market, Order, with_fee};
use crate::call::open_call::CallOpened;
use crate::cash;
use crate::compatibility::{self, class_of, settle};
use crate::event::{Event, Events};
use crate::id::{CashAccountId, PartyId};
use crate::planted::{self, Fault};
use crate::quantity::{Money, Price, Tonnes};
use crate::refusal::{Objections, Refusals};
use crate::rules::TradingRules;
use crate::state::State;
use crate::time::Instant;

/// What a market says to an order.
pub(super) struct Terms<'a> {
    market: Market,
    phase: Phase,
    rules: &'a TradingRules,
    now: Instant,
    fee_account: Option<CashAccountId>,
}

/// The administrator's cash account: fees go there.
fn administrator_cash(state: &State, market: Market) -> Option<CashAccountId> {
    let jurisdiction = market.jurisdiction;
    let account = account::of_government(state, jurisdiction, AccountKind::TotalQuantity)?;
    let holder = state.accounts.row(account).holder;
    cash::in_currency(state, holder, super::quote(state, market)).ok()
}

impl<'a> Terms<'a> {
    /// The terms of a market now.
    pub(super) fn of(state: &'a State, market: Market, now: Instant) -> Self {
        let (phase, rules) = (super::phase(state, market, now), super::rules(state, market));
        let mut it = Self { market, phase, rules, now, fee_account: None };
        if it.most_bp() > 0 {
            it.fee_account = administrator_cash(state, market);
        }
        it
    }

    /// Whether orders gather for one price.
    pub(super) fn in_call(&self) -> bool {
        matches!(self.phase, Phase::Call(_))
    }

    /// What an order that waited pays, in hundredths of a percent.
    pub(super) fn maker_bp(&self) -> u32 {
        self.rules.continuous.map_or(0, |it| it.maker_fee_bp)
    }

    /// What an order that comes pays, in hundredths of a percent.
    pub(super) fn taker_bp(&self) -> u32 {
        self.rules.continuous.map_or(0, |it| it.taker_fee_bp)
    }

    fn most_bp(&self) -> u32 {
        self.maker_bp().max(self.taker_bp())
    }

    /// Who is paid fees, where there are any.
    pub(super) fn fee_account(&self) -> Option<CashAccountId> {
        self.fee_account
    }

    /// What so many units cost at a price with the higher fee.
    pub(super) fn cost(&self, price: Price, quantity: Tonnes) -> Result<Money, No> {
        let cost = with_fee(price, quantity, self.most_bp());
        cost.ok_or(No::CostTooLarge { price, quantity: quantity.into() })
    }

    /// Whether it takes an order of this party at this price and quantity.
    pub(super) fn check(
        &self,
        state: &State,
        party: PartyId,
        (price, quantity): (Price, Tonnes),
    ) -> Result<(), Refusals> {
        let mut no = Objections::default();
        no.take(super::check_steps(self.rules, (price, quantity)));
        let halted = state.halts.contains_key(&Halted::Party(party));
        no.unless(!halted, No::PartyHalted { party });
        match self.phase {
            Phase::Closed => no.unless(false, No::Closed { now: self.now }),
            Phase::Halted => no.unless(false, No::Halted),
            Phase::Call(_) | Phase::Continuous(_) => {}
        }
        let paid = self.most_bp() == 0 || self.fee_account.is_some();
        no.unless(paid, No::NoFeeAccount);
        no.settle()
    }

    /// Whether the book has room for one more.
    pub(super) fn check_room(&self, state: &State) -> Result<(), No> {
        let sessions = self.rules.continuous.is_some();
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
        let band = match &self.phase {
            Phase::Continuous(hours) => super::band(state, self.market, hours, self.now),
            Phase::Call(_) | Phase::Closed | Phase::Halted => (Price(1), Price(i64::MAX)),
        };
        let gathers = !matches!(self.phase, Phase::Continuous(_));
        let apart = !compatibility::is_one_class(state) && !planted::has(Fault::ClassesMixed);
        let own = apart.then(|| class_of(state, owner));
        let jurisdiction = self.market.jurisdiction;
        let settles = move |it: &Order| {
            own.is_none_or(|own| settle(state, jurisdiction, (own, class_of(state, it.owner))))
        };
        Limits { gathers, may_meet: move |it: &Order| may_trade(state, it) && settles(it), band }
    }

    /// A trade would have left the bands: a call begins.
    pub(super) fn volatility_call(&self, state: &State, out: &mut Events) {
        let Phase::Continuous(hours) = self.phase else { return };
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
