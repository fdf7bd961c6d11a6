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
use crate::book::plan::{self, Arrival, Change, Changed, SelfMatch};
use crate::book::{Order, with_fee};
use crate::cash;
use crate::event::{Event, Events};
use crate::id::OrderId;
use crate::ledger::posting::{CashHeld, CashReleased, UnitsHeld};
use crate::ledger::{BLOCKS_PER_TRANSFER_MAX, Block, Picked};
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
    let mut fresh = None;
    let terms = Terms::of(state, was.market(), by.now(), &mut fresh);
    if terms.has_call()
        && let Some(call) = super::to_be_cleared(state, was.market(), by.now())
    {
        no.unless(!terms.in_call(), CancelOrderRefused::PhaseClosed { order, call });
    }
    terms.check((state, was.owner), (price, quantity.max(Tonnes(1))), &mut no);
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
    match plan::changed(was, &change) {
        // That nothing changes was objected to.
        Changed::Nothing => {}
        Changed::Less(quantity) => {
            coming::free_part(state, was, quantity, out);
            out.push(Event::OrderReduced(OrderReduced { order, quantity }));
        }
        Changed::Ended => cancel_order::end(state, was, &mut |it| out.push(it)),
        Changed::Anew(wanted) => {
            let it = Arrival::anew(was, &change, wanted);
            come_anew(state, (&it, &adjusted), &terms, out)?;
        }
    }
    Ok(())
}

/// What is set aside for an order once it is changed, beside what is already.
#[derive(Default)]
struct Adjusted {
    /// A buyer's money: what is set aside, and what will be.
    cash: (Money, Money),
    /// More of a seller's units.
    more: Picked,
}

/// Money for the new price and quantity.
fn buyer(
    state: &State,
    (was, terms): (&Order, &Terms<'_>),
    (price, wanted): (Price, Tonnes),
) -> Result<Adjusted, Refusals> {
    let held = was.reserve(was.remaining).unwrap_or_default();
    // Its own fee, or that of the terms now: a policy may have changed since it came.
    let next = with_fee(price, wanted, was.fee_bp);
    let next = next.ok_or(ExchangeRefused::CostTooLarge { price, quantity: wanted.into() })?;
    let most = terms.cost(price, wanted)?.max(next);
    if most > held {
        cash::has_free(state, was.cash, most - held)?;
    }
    Ok(Adjusted { cash: (held, next), more: Picked::new() })
}

/// More of the free units, where the new quantity takes them.
fn seller(state: &State, was: &Order, more: Tonnes) -> Result<Adjusted, Refusals> {
    if more == Tonnes::ZERO {
        return Ok(Adjusted::default());
    }
    let counts = |series| super::trades(state, was.market(), series);
    let more = units::pick(state.ledger.shelves.row(was.account), more, counts)?;
    let most = BLOCKS_PER_TRANSFER_MAX;
    let fits = Cut::held(state, was).len().saturating_add(more.len()) <= most;
    let cash = Default::default();
    if fits {
        Ok(Adjusted { cash, more })
    } else {
        Err(UnitsRefused::TooManyBlocks { most }.into())
    }
}

/// The order comes anew with what is set aside for it; the rest waits at the back.
fn come_anew(
    state: &State,
    (it, adjusted): (&Arrival<'_>, &Adjusted),
    terms: &Terms<'_>,
    out: &mut Events,
) -> Result<(), Refusals> {
    let was = it.order;
    let mut steps = Vec::new();
    let limits = terms.limits(state, was.owner);
    let met = plan::come(&state.orders, it, &limits, &mut steps);
    let met = met.map_err(|why| coming::refused(why, it))?;
    adjust(was, adjusted, out);
    // Money is adjusted; units that it offers no longer are free.
    let less = match was.side {
        Side::Buy => Tonnes::ZERO,
        Side::Sell => it.quantity.short_of(was.remaining),
    };
    if steps.is_empty() && less == Tonnes::ZERO && met.rests {
        // Nearly always an order only goes to another price.
        let (order, price, remaining, filled) = (was.id, it.price, it.quantity, was.filled);
        out.push_with(|| Event::OrderRequeued(OrderRequeued { order, price, remaining, filled }));
    } else {
        let comes = Order { price: it.price, remaining: it.quantity + less, ..*was };
        let mut units = Cow::Borrowed(Cut::held(state, was).left());
        if !adjusted.more.is_empty() {
            units.to_mut().extend_from_slice(&adjusted.more);
        }
        let mut coming = Coming::anew(&comes, Cut::new(&units), terms);
        coming.give_up(less, out);
        coming.write(state, &steps, out);
        coming.requeue(&met, out);
    }
    if met.outside_band {
        terms.volatility_call(state, out);
    }
    Ok(())
}

/// Sets aside what the order may cost or gives now; money that it costs no longer is free.
fn adjust(was: &Order, adjusted: &Adjusted, out: &mut Events) {
    let hold = was.hold;
    let (account, (held, next)) = (was.cash, adjusted.cash);
    if next > held {
        out.push_with(|| Event::CashHeld(CashHeld { account, hold, amount: next - held }));
    } else if held > next && next > Money::ZERO {
        out.push_with(|| Event::CashReleased(CashReleased { account, hold, amount: held - next }));
    }
    let account = was.account;
    for (series, Block { serials, .. }) in adjusted.more.iter().copied() {
        out.push(Event::UnitsHeld(UnitsHeld { series, account, hold, serials }));
    }
}
