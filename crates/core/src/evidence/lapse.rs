//! What happens to certificates that expire: orders that offer them end, then they go to the
//! deletion account. Those set aside for something else follow by the command
//! [`crate::units::expire`].

use crate::account::{self, AccountKind};
use crate::book::Order;
use crate::draft::Draft;
use crate::exchange::cancel_order;
use crate::id::{AccountId, SeriesId};
use crate::ledger::posting::{Posting, UnitsEnded};
use crate::state::State;

/// Moves the units of a series that expires to the deletion account, from an account on; says
/// where the next slice begins. Without a deletion account they stay, and can do nothing.
pub(crate) fn expire(
    draft: &mut Draft<'_>,
    state: &State,
    series: SeriesId,
    from: u64,
) -> Option<u64> {
    let jurisdiction = state.ledger.series.row(series).jurisdiction;
    let offers = |it: &&Order| {
        let hold = state.ledger.holds.get(&it.hold);
        hold.is_some_and(|it| it.units.iter().any(|(of, _)| *of == series))
    };
    let mut orders: Vec<&Order> = state.orders.iter().filter(offers).collect();
    orders.sort_unstable_by_key(|it| it.id);
    for order in orders {
        if draft.is_full() {
            return Some(from);
        }
        cancel_order::end(state, order, &mut |it| draft.add(it));
    }
    let into = account::of_government(state, jurisdiction, AccountKind::Deletion)?;
    for (account, _) in state.ledger.shelves.iter() {
        let AccountId(id) = account;
        if u64::from(id) < from || state.accounts.row(account).kind.is_final() {
            continue;
        }
        let shelf = draft.shelf_now(account);
        let free = shelf.free(|it| it == series);
        for (series, block) in shelf.pick(free, |it| it == series) {
            if draft.is_full() {
                return Some(id.into());
            }
            let (from, serials) = (account, block.serials);
            draft.post(Posting::UnitsEnded(UnitsEnded { series, from, into, serials }));
        }
    }
    None
}
