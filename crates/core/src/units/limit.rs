//! How much a holder group may give to accounts that it does not trust: the lowest of the region's
//! limit, the jurisdiction's (a share of the year's cap) and the account's own, over five working
//! days. Whatever a thief does, no more is lost.

use crate::calendar::Day;
use crate::context::RecordHeader;
use crate::id::{AccountId, GroupId, JurisdictionId};
use crate::quantity::Tonnes;
use crate::state::State;
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// The working days over which transfers are added up, today among them.
pub const LIMIT_DAYS: u32 = 5;

/// Whose transfers are added up.
pub type Giver = (JurisdictionId, GroupId);

/// What was given, by day.
pub type Given = BTreeMap<Day, Tonnes>;

/// The fact that a part of a group's limit is used.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LimitUsed {
    /// Where the account is that gives.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Whose it is.
    #[n(1)]
    pub group: GroupId,
    /// The local day.
    #[n(2)]
    pub day: Day,
    /// How much.
    #[n(3)]
    pub quantity: Tonnes,
}

/// The giver of an account's transfers, and the local day.
pub(crate) fn giver(state: &State, account: AccountId, now: Instant) -> (Giver, Day) {
    let row = state.accounts.row(account);
    let group = state.parties.row(row.holder).group;
    let day = state.working_time(row.jurisdiction).calendar.local(now).day();
    ((row.jurisdiction, group), day)
}

/// The limit of an account, and what is left of it today.
pub(crate) fn left(state: &State, account: AccountId, now: Instant) -> (Tonnes, Tonnes) {
    let (giver, day) = giver(state, account, now);
    let (jurisdiction, _) = giver;
    let own = state.accounts.row(account).transfer_limit;
    let rules = state.rules.as_ref();
    let region = rules.and_then(|it| it.transfer_limit);
    let share = rules.and_then(|it| it.jurisdiction(jurisdiction)).map(|it| it.transfer_limit_bp);
    let nation = share.map(|it| cap_now(state, jurisdiction, now).basis_points(it));
    let limit = [own, region, nation].into_iter().flatten().min().unwrap_or(Tonnes(u64::MAX));
    let time = state.working_time(jurisdiction);
    let used: Tonnes = match state.given.get(&giver) {
        None => Tonnes::ZERO,
        Some(given) => {
            // On a day without work five working days lie before it.
            let more = u32::from(!time.works(day));
            let window = time.before(day, LIMIT_DAYS.saturating_add(more));
            given.iter().filter(|(it, _)| **it > window).map(|(_, it)| *it).sum()
        }
    };
    (limit, used.short_of(limit))
}

/// The cap of this year; before the first one the first, after the last one the last.
pub(crate) fn cap_now(state: &State, jurisdiction: JurisdictionId, now: Instant) -> Tonnes {
    let year = Year(u16::try_from(now.date().0).unwrap_or(u16::MAX));
    let all = (jurisdiction, Year(0))..=(jurisdiction, Year(u16::MAX));
    let so_far = state.caps.range((jurisdiction, Year(0))..=(jurisdiction, year)).next_back();
    let cap = so_far.or_else(|| state.caps.range(all).next());
    cap.map(|(_, it)| it.in_force()).unwrap_or_default()
}

/// The use counts; what no window reaches any more is forgotten.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &LimitUsed) {
    let reach = LIMIT_DAYS.saturating_add(1);
    let oldest = state.working_time(it.jurisdiction).before(it.day, reach);
    let given = state.given.entry((it.jurisdiction, it.group)).or_default();
    *given.entry(it.day).or_default() += it.quantity;
    given.retain(|day, _| *day > oldest);
}

/// What did not go does not count.
pub(crate) fn give_back(state: &mut State, (giver, day): (Giver, Day), quantity: Tonnes) {
    if let Some(given) = state.given.get_mut(&giver)
        && let Some(used) = given.get_mut(&day)
    {
        *used = quantity.short_of(*used);
    }
}
