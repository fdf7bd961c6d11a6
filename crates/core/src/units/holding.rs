//! How much one owner group may hold of the units that count in a jurisdiction: a share of the
//! year's cap, beyond what its installations owe or will owe for a year like the last verified one.
//! Checked where a group takes more by its own will: transfers from others, orders to buy, bids.
//! Units set aside count, and so does what its open bids and orders would bring.
//!
//! Source: the holding limits of the Western Climate Initiative and their exemption for compliance.
//! It looks at all accounts, and only where a policy has a limit.

use crate::account::Installation;
use crate::book::Order;
use crate::exchange::Side;
use crate::id::{AccountId, GroupId, HoldId, JurisdictionId};
use crate::quantity::Tonnes;
use crate::refusal::refusals;
use crate::state::State;
use crate::time::{Instant, Year};
use std::collections::BTreeSet;

refusals! {
    /// Why a group gets no more.
    pub enum HoldingRefused {
        /// It would hold too much.
        AboveLimit {
            group: GroupId,
            limit: Tonnes,
            exempt: Tonnes,
            holds: Tonnes,
            wanted: Tonnes,
        } = 671
            => "owner group {group} holds or is about to hold {holds}; with {wanted} more that \
                would be above its limit of {limit} beyond the {exempt} that it owes",
    }
}

/// Checks that an account's group may get so many more units that count in a jurisdiction; others
/// are not limited.
pub(crate) fn check(
    state: &State,
    (account, counts_in): (AccountId, Option<JurisdictionId>),
    wanted: Tonnes,
    now: Instant,
) -> Result<(), HoldingRefused> {
    let Some(jurisdiction) = counts_in else { return Ok(()) };
    let chapter = state.rules.as_ref().and_then(|it| it.jurisdiction(jurisdiction));
    let Some(points) = chapter.and_then(|it| it.holding_limit_bp) else { return Ok(()) };
    let Some(row) = state.accounts.get(account) else { return Ok(()) };
    let group = state.parties.row(row.holder).group;
    let limit = super::limit::cap_now(state, jurisdiction, now).basis_points(points);
    let (exempt, holds) =
        (exempt(state, (group, jurisdiction)), held(state, (group, jurisdiction)));
    let sum = holds.checked_add(wanted).unwrap_or(Tonnes(u64::MAX));
    let within = exempt.short_of(sum) <= limit;
    if within {
        Ok(())
    } else {
        Err(HoldingRefused::AboveLimit { group, limit, exempt, holds, wanted })
    }
}

/// What a group holds of the units that count in a jurisdiction, and will hold if its bids and
/// orders are filled.
fn held(state: &State, (group, jurisdiction): (GroupId, JurisdictionId)) -> Tonnes {
    let of_group = |holder| state.parties.row(holder).group == group;
    let accounts: BTreeSet<AccountId> = state
        .accounts
        .iter()
        .filter(|(_, it)| !it.kind.is_government() && of_group(it.holder))
        .map(|(id, _)| id)
        .collect();
    let ours = |series| state.ledger.series.row(series).counts_in() == Some(jurisdiction);
    let free = accounts.iter().map(|it| state.ledger.shelves.row(*it).free(ours));
    let owners = state.parties.iter().filter(|(_, it)| it.group == group).map(|(id, _)| id);
    let mine: Vec<&Order> = owners.flat_map(|it| state.orders.of_owner(it)).collect();
    let orders = mine.iter().filter(|it| it.side == Side::Sell).map(|it| it.hold);
    let delayed = state.delayed.iter().filter(|(_, it)| accounts.contains(&it.from));
    let locks = state.locks.iter().filter(|(_, it)| accounts.contains(&it.account));
    let holds: BTreeSet<HoldId> =
        orders.chain(delayed.map(|(id, _)| *id)).chain(locks.map(|(id, _)| *id)).collect();
    let units = holds.iter().filter_map(|it| state.ledger.holds.get(it)).flat_map(|it| &it.units);
    let aside = units.filter(|(series, _)| ours(*series)).map(|(_, it)| it.serials.count);
    let buys = |it: &&&Order| it.side == Side::Buy && it.market().counts_in() == Some(jurisdiction);
    let bought = mine.iter().filter(buys).map(|it| it.remaining);
    let auctions = state.auctions.iter().rev().map(|(_, it)| it);
    let open = auctions.filter(|it| it.result.is_none() && it.jurisdiction == jurisdiction);
    let bids = open.flat_map(|it| &it.bids).filter(|it| it.group == group).map(|it| it.quantity);
    free.chain(aside).chain(bought).chain(bids).sum()
}

/// What a group's installations owe, and will owe for the running year if it is like the last one.
fn exempt(state: &State, (group, jurisdiction): (GroupId, JurisdictionId)) -> Tonnes {
    let ours = |it: &&Installation| {
        it.jurisdiction == jurisdiction && state.parties.row(it.operator).group == group
    };
    let installations = state.installations.iter().map(|(_, it)| it).filter(ours);
    installations
        .map(|it| {
            let last = it.emissions.last_key_value().map(|(_, it)| *it).unwrap_or_default();
            it.missing_up_to(Year(u16::MAX)) + last
        })
        .sum()
}
