//! Orders that end by themselves: what they set aside is free again.

use super::{Order, Side, cancel_order};
use crate::account::AccountStatus;
use crate::agenda::FACTS_A_SLICE;
use crate::draft::Draft;
use crate::id::{JurisdictionId, OrderId};
use crate::state::State;
use crate::time::Year;

/// Takes back the offers of accounts that may only surrender: they sell nothing, also not by an
/// order placed before.
pub(crate) fn offers(
    draft: &mut Draft<'_>,
    state: &State,
    jurisdiction: JurisdictionId,
    from: u64,
) -> Option<u64> {
    each(draft, state, from, |it| {
        it.jurisdiction == jurisdiction
            && it.side == Side::Sell
            && state.accounts.row(it.account).status != AccountStatus::Open
    })
}

/// Ends all orders for units of a year whose surrender is due: they are worth nothing for it now.
pub(crate) fn book(
    draft: &mut Draft<'_>,
    state: &State,
    (jurisdiction, year): (JurisdictionId, Year),
    from: u64,
) -> Option<u64> {
    each(draft, state, from, |it| it.jurisdiction == jurisdiction && it.year == year)
}

fn each(
    draft: &mut Draft<'_>,
    state: &State,
    from: u64,
    ends: impl Fn(&Order) -> bool,
) -> Option<u64> {
    for (id, order) in state.orders.range(OrderId(from)..) {
        if !ends(order) {
            continue;
        }
        if draft.facts() >= FACTS_A_SLICE {
            return Some(id.0);
        }
        cancel_order::release(draft, *id, order);
    }
    None
}
