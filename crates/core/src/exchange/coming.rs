//! An order that comes, or comes anew: what it does to the book, written as facts. Each trade is
//! delivered and paid where it stands: the one that waited gives what is set aside for it, the
//! other one what is free, or set aside for it before.

use super::cancel_order::OrderCancelled;
use super::delivery::{Cut, deliver, pay};
use super::order_ended::OrderEnded;
use super::order_reduced::OrderReduced;
use super::order_requeued::OrderRequeued;
use super::order_traded::OrderTraded;
use super::terms::Terms;
use super::{ExchangeRefused, Side, cancel_order};
use crate::book::plan::{Arrival, Met, Unfit};
use crate::book::{Order, Step};
use crate::coupling::PRICE_MAX;
use crate::event::{Event, Events};
use crate::id::CashAccountId;
use crate::ledger::posting::{CashReleased, UnitsReleased};
use crate::quantity::{Price, Tonnes};
use crate::state::State;
use crate::units::Way;

/// An order that comes, with what it gives.
pub(super) struct Coming<'a> {
    /// The order as it came.
    order: &'a Order,
    /// What is left of it.
    remaining: Tonnes,
    /// What it traded, with what was filled before.
    filled: Tonnes,
    /// Whether what it gives is set aside already.
    is_held: bool,
    /// The units that it gives.
    pub(super) units: Cut<'a>,
    /// What it pays for a trade, in hundredths of a percent of the money.
    fee_bp: u32,
    /// Who is paid fees.
    fees: Option<CashAccountId>,
}

/// Why the book stays as it is, as a refusal.
pub(super) fn refused(why: Unfit, it: &Arrival<'_>) -> ExchangeRefused {
    use ExchangeRefused as No;
    let (order, price) = (it.order.id, it.price);
    match why {
        Unfit::WouldTrade => No::WouldTrade,
        Unfit::NotWhole => No::NotWhole,
        Unfit::QuantityIsZero => No::QuantityIsZero,
        Unfit::PriceNotPositive => No::PriceNotPositive { price },
        Unfit::PriceTooHigh => No::PriceTooHigh { price, most: PRICE_MAX },
        // The market gives the names, and a change names an order that waits.
        Unfit::Resting | Unfit::NotResting => No::OrderUnknown { order },
    }
}

impl<'a> Coming<'a> {
    /// A new order; what it gives is free.
    pub(super) fn new(order: &'a Order, units: Cut<'a>, terms: &Terms<'_>) -> Self {
        Self {
            order,
            remaining: order.remaining,
            filled: order.filled,
            is_held: false,
            units,
            fee_bp: terms.taker_bp(),
            fees: terms.fee_account(),
        }
    }

    /// An order that waited; what it gives is set aside.
    pub(super) fn anew(order: &'a Order, units: Cut<'a>, terms: &Terms<'_>) -> Self {
        Self { is_held: true, ..Self::new(order, units, terms) }
    }

    /// Writes the facts of what it does to others.
    pub(super) fn write(&mut self, state: &State, steps: &[Step], out: &mut Events) {
        for step in steps {
            match *step {
                Step::Trade { maker, price, quantity, .. } => {
                    let Some(maker) = state.orders.get(maker) else { continue };
                    self.trade((state, maker), (price, quantity), out);
                }
                Step::Reduce { order, quantity } => {
                    let Some(maker) = state.orders.get(order) else { continue };
                    free_part(state, maker, quantity, out);
                    out.push(Event::OrderReduced(OrderReduced { order, quantity }));
                    self.give_up(quantity, out);
                }
                Step::Remove { order } => {
                    let Some(maker) = state.orders.get(order) else { continue };
                    cancel_order::end(state, maker, &mut |it| out.push(it));
                }
            }
        }
    }

    /// What is left of an order that waited goes to the back, or ends where it does not rest.
    pub(super) fn requeue(&mut self, met: &Met, out: &mut Events) {
        let Order { id: order, price, .. } = *self.order;
        if !met.rests && self.remaining > Tonnes::ZERO {
            self.give_up(self.remaining, out);
            out.push(Event::OrderCancelled(OrderCancelled { order }));
            return;
        }
        let (remaining, filled) = (self.remaining, self.filled);
        out.push_with(|| Event::OrderRequeued(OrderRequeued { order, price, remaining, filled }));
    }

    /// What is left of an order that does not wait ends.
    pub(super) fn end(&self, out: &mut Events) {
        let (order, left) = (self.order.id, self.remaining);
        if left > Tonnes::ZERO {
            out.push(Event::OrderEnded(OrderEnded { order, left }));
        }
    }

    /// It loses a part without a trade; what was set aside for that is free.
    pub(super) fn give_up(&mut self, quantity: Tonnes, out: &mut Events) {
        if self.is_held && quantity > Tonnes::ZERO {
            free((self.order, self.remaining), &mut self.units, quantity, out);
        }
        self.remaining -= quantity;
    }

    fn trade(
        &mut self,
        (state, maker): (&State, &Order),
        (price, quantity): (Price, Tonnes),
        out: &mut Events,
    ) {
        let taker = self.order;
        out.push_with(|| {
            Event::OrderTraded(OrderTraded { maker: maker.id, taker: taker.id, price, quantity })
        });
        let amount = price.times(quantity).unwrap_or_default();
        let (buyer, seller) = match taker.side {
            Side::Buy => (taker, maker),
            Side::Sell => (maker, taker),
        };
        let (pays_held, gives_held) = match taker.side {
            Side::Buy => (self.is_held, true),
            Side::Sell => (true, self.is_held),
        };
        if pays_held {
            let (account, hold) = (buyer.cash, buyer.hold);
            let was = if taker.side == Side::Buy { self.remaining } else { maker.remaining };
            let amount = buyer.freed_by(was, quantity);
            out.push_with(|| Event::CashReleased(CashReleased { account, hold, amount }));
        }
        pay(out, (buyer.cash, seller.cash), amount);
        let way = Way { from: seller.account, to: buyer.account };
        let hold = gives_held.then_some(seller.hold);
        match taker.side {
            Side::Buy => deliver((&mut Cut::held(state, maker), hold), way, quantity, out),
            Side::Sell => deliver((&mut self.units, hold), way, quantity, out),
        }
        if let Some(account) = self.fees {
            pay(out, (maker.cash, account), amount.basis_points(maker.fee_bp));
            pay(out, (taker.cash, account), amount.basis_points(self.fee_bp));
        }
        self.remaining -= quantity;
        self.filled += quantity;
    }
}

/// Frees what is set aside for a part of an order that waits.
pub(super) fn free_part(state: &State, order: &Order, quantity: Tonnes, out: &mut Events) {
    free((order, order.remaining), &mut Cut::held(state, order), quantity, out);
}

/// Frees what is set aside for a part of what is left of an order: money, or the next of its units.
fn free(
    (order, remaining): (&Order, Tonnes),
    units: &mut Cut<'_>,
    quantity: Tonnes,
    out: &mut Events,
) {
    let hold = order.hold;
    if order.side == Side::Buy {
        let (account, amount) = (order.cash, order.freed_by(remaining, quantity));
        out.push_with(|| Event::CashReleased(CashReleased { account, hold, amount }));
        return;
    }
    let (account, mut missing) = (order.account, quantity);
    while let Some((series, serials)) = units.next(missing) {
        out.push(Event::UnitsReleased(UnitsReleased { series, account, hold, serials }));
        missing -= serials.count;
    }
}
