//! Orders that end by themselves: what they set aside is free again.

use super::{Side, cancel_order};
use crate::account::AccountStatus;
use crate::book::{Market, Order};
use crate::draft::Draft;
use crate::id::JurisdictionId;
use crate::state::State;
use crate::time::Instant;

/// Takes back the offers of accounts that may only surrender: they sell nothing, also not by an
/// order placed before.
pub(crate) fn offers(
    draft: &mut Draft<'_>,
    state: &State,
    jurisdiction: JurisdictionId,
    from: u64,
) -> Option<u64> {
    let here = state.orders.iter().filter(|it| it.jurisdiction == jurisdiction);
    let may_only_surrender =
        |it: &&Order| state.accounts.row(it.account).status != AccountStatus::Open;
    let ends = here.filter(|it| it.side == Side::Sell).filter(may_only_surrender);
    each((draft, state), ends, from)
}

/// Ends all orders for units of a year whose surrender is due: they are worth nothing for it now.
pub(crate) fn book(draft: &mut Draft<'_>, state: &State, market: Market, from: u64) -> Option<u64> {
    each((draft, state), state.orders.of_market(market), from)
}

/// Ends the orders of a market that live no longer.
pub(crate) fn over(
    draft: &mut Draft<'_>,
    state: &State,
    (market, now): (Market, Instant),
    from: u64,
) -> Option<u64> {
    let over = |it: &&Order| it.until.is_some_and(|until| until <= now);
    each((draft, state), state.orders.of_market(market).filter(over), from)
}

/// Ends orders as they came, from one on.
fn each<'a>(
    (draft, state): (&mut Draft<'_>, &State),
    orders: impl Iterator<Item = &'a Order>,
    from: u64,
) -> Option<u64> {
    let mut orders: Vec<&Order> = orders.filter(|it| it.id.0 >= from).collect();
    orders.sort_unstable_by_key(|it| it.id);
    for order in orders {
        if draft.is_full() {
            return Some(order.id.0);
        }
        cancel_order::end(state, order, &mut |it| draft.add(it));
    }
    None
}
