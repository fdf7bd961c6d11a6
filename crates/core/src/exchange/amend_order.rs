//! Amend an order: its price, its quantity, or both; the quantity counts what is filled. Less keeps
//! its place; more, or another price, goes to the back under the same name. What is filled or less
//! cancels it. One that now meets what waits trades as if it came anew. A change that cannot be
//! leaves the order as it was.

use super::cancel_order::{self, CancelOrderRefused};
use super::coming::{self, Coming};
use super::delivery::Cut;
use super::order_reduced::OrderReduced;
use super::order_requeued::OrderRequeued;
use super::terms::Terms;
use super::{ExchangeRefused, Side};
use crate::account;
use crate::authority::{Authorised, Right};
use crate::book::plan::{self, Change, Own, SelfMatch};
use crate::book::{Order, Step};
use crate::cash;
use crate::event::{Event, Events};
use crate::id::{OrderId, SeriesId};
use crate::ledger::posting::{CashHeld, CashReleased, UnitsHeld};
use crate::ledger::{BLOCKS_PER_TRANSFER_MAX, Block};
use crate::quantity::{Money, Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::units::{self, UnitsRefused, holding};
use minicbor::{Decode, Encode};
use std::borrow::Cow;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AmendOrder {
    /// The order.
    #[n(0)]
    pub order: OrderId,
    /// Its new price.
    #[n(1)]
    pub price: Price,
    /// Its new quantity, with what is filled.
    #[n(2)]
    pub quantity: Tonnes,
    /// What happens where it meets its own group.
    #[n(3)]
    pub self_match: SelfMatch,
}

refusals! {
    /// Why an order cannot be amended.
    pub enum AmendOrderRefused {
        /// It is so already.
        NothingChanges { order: OrderId } = 955
            => "order {order} has this price and this quantity",
    }
}

/// The holder of the account it was placed from.
pub fn right(state: &State, it: &AmendOrder) -> Result<Right, Refusals> {
    Ok(Right::Holder(super::waiting(state, it.order)?.account))
}

/// Checks the order as it would be, and lets it come anew.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &AmendOrder,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let order = it.order;
    let was = super::waiting(state, order)?;
    let (price, quantity) = (it.price, it.quantity);
    let terms = Terms::of(state, was.market(), by.now());
    if let Some(call) = super::to_be_cleared(state, was.market(), by.now()) {
        no.unless(!terms.in_call(), CancelOrderRefused::PhaseClosed { order, call });
    }
    no.take(terms.check(state, was.owner, (price, quantity.max(Tonnes(1)))));
    let same = price == was.price && quantity == was.filled + was.remaining;
    no.unless(!same, AmendOrderRefused::NothingChanges { order });
    let wanted = was.filled.short_of(quantity);
    let more = was.remaining.short_of(wanted);
    let account = match was.side {
        Side::Sell => account::may_sell(state, was.account),
        Side::Buy => account::may_buy(state, was.account),
    };
    no.take(account);
    if was.side == Side::Buy && more > Tonnes::ZERO {
        let place = (was.account, was.market().counts_in());
        no.take(holding::check(state, place, more, by.now()));
    }
    no.take(terms.check_own(state, was.owner, (was.side, price)));
    let change = Change { order, price, quantity, self_match: it.self_match };
    let adjusted = match was.side {
        Side::Buy => no.take(buyer(state, (was, &terms), (price, wanted))),
        Side::Sell => no.take(seller(state, was, more)),
    };
    let adjusted = no.settle_with(adjusted)?;
    let mut steps = Vec::new();
    let limits = terms.limits(state, was.owner);
    let planned = plan::replace(&state.orders, &change, &limits, &mut steps);
    let planned = planned.map_err(|why| coming::refused(why, Order { price, ..*was }))?;
    match planned.own {
        // That nothing changes was objected to.
        Own::Stays => {}
        Own::Less(quantity) => {
            coming::free_part(state, was, quantity, out);
            out.push(Event::OrderReduced(OrderReduced { order, quantity }));
        }
        Own::Ends => cancel_order::end(state, was, &mut |it| out.push(it)),
        Own::Comes(rests) => {
            let comes = Order { price, remaining: wanted, ..*was };
            requeue(state, (was, comes, adjusted), (&terms, &steps, rests.is_some()), out);
            if planned.outside_band {
                terms.volatility_call(state, out);
            }
        }
    }
    Ok(())
}

/// What changes about what is set aside, and the units that are then.
#[derive(Default)]
struct Adjusted<'a> {
    cash: Option<Event>,
    more: Vec<Event>,
    units: Cow<'a, [(SeriesId, Block)]>,
}

/// Money for the new price and quantity.
fn buyer(
    state: &State,
    (was, terms): (&Order, &Terms<'_>),
    (price, wanted): (Price, Tonnes),
) -> Result<Adjusted<'static>, Refusals> {
    let (account, hold) = (was.cash, was.hold);
    let held = was.reserve(was.remaining).unwrap_or_default();
    // Its own fee, or that of the terms now: a policy may have changed since it came.
    let next = Order { price, ..*was }.reserve(wanted);
    let next = next.ok_or(ExchangeRefused::CostTooLarge { price, quantity: wanted.into() })?;
    let most = terms.cost(price, wanted)?.max(next);
    if most > held {
        cash::has_free(state, account, most - held)?;
    }
    let cash = if next > held {
        Some(Event::CashHeld(CashHeld { account, hold, amount: next - held }))
    } else if held > next && next > Money::ZERO {
        Some(Event::CashReleased(CashReleased { account, hold, amount: held - next }))
    } else {
        None
    };
    Ok(Adjusted { cash, ..Adjusted::default() })
}

/// More of the free units, where the new quantity takes them.
fn seller<'a>(state: &'a State, was: &Order, more: Tonnes) -> Result<Adjusted<'a>, Refusals> {
    let (account, hold) = (was.account, was.hold);
    let held = state.ledger.holds.get(&hold).map(|it| Cow::Borrowed(&it.units[..]));
    let mut it = Adjusted { units: held.unwrap_or_default(), ..Adjusted::default() };
    if more == Tonnes::ZERO {
        return Ok(it);
    }
    let counts = |series| super::trades(state, was.market(), series);
    for (series, block) in units::pick(state.ledger.shelves.row(account), more, counts)? {
        let serials = block.serials;
        it.more.push(Event::UnitsHeld(UnitsHeld { series, account, hold, serials }));
        it.units.to_mut().push((series, block));
    }
    let most = BLOCKS_PER_TRANSFER_MAX;
    let fits = it.units.len() <= most;
    if fits { Ok(it) } else { Err(UnitsRefused::TooManyBlocks { most }.into()) }
}

/// The order comes anew with what is set aside for it; the rest waits at the back.
fn requeue(
    state: &State,
    (was, it, adjusted): (&Order, Order, Adjusted<'_>),
    (terms, steps, rests): (&Terms<'_>, &[Step], bool),
    out: &mut Events,
) {
    for fact in adjusted.cash.into_iter().chain(adjusted.more) {
        out.push(fact);
    }
    // Money is adjusted; units that it offers no longer are free.
    let less = match it.side {
        Side::Buy => Tonnes::ZERO,
        Side::Sell => it.remaining.short_of(was.remaining),
    };
    let comes = Order { remaining: it.remaining + less, ..it };
    let mut coming = Coming::anew(comes, Cut::new(&adjusted.units), terms);
    if less > Tonnes::ZERO {
        coming.give_up(less, out);
    }
    coming.write(state, steps, out);
    let Order { id: order, price, remaining, filled, .. } = coming.order;
    if !rests && remaining > Tonnes::ZERO {
        coming.give_up(remaining, out);
        out.push(Event::OrderCancelled(cancel_order::OrderCancelled { order }));
        return;
    }
    out.push(Event::OrderRequeued(OrderRequeued { order, price, remaining, filled }));
}
