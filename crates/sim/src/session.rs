//! A session of two linked markets, act by act: what is drawn for chance alone seldom meets.

use crate::draw::{Draw, actor};
use crate::world::X;
use karvan_core::account::AccountKind;
use karvan_core::call::clear_call::ClearCall;
use karvan_core::call::{Call, open_call::OpenCall};
use karvan_core::coupling::{Coupling, clear_coupling::ClearCoupling, couple_calls::CoupleCalls};
use karvan_core::exchange::{Side, place_order::PlaceOrder};
use karvan_core::id::{AccountId, CallId, CouplingId, JurisdictionId, PersonId};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::{Instant, Year};
use karvan_core::{Command, State};

/// Open, couple, order, clear.
pub(crate) const ACTS: u32 = 4;
/// The phase opens so long after it is announced, and lasts so long.
const OPENS_MS: i64 = 60_000;
const LASTS_MS: i64 = 3_600_000;
/// The most orders of a session.
const ORDERS: u64 = 14;

/// How long an act is waited for.
pub(crate) fn wait(act: u32) -> i64 {
    match act {
        2 => OPENS_MS + 1,
        3 => LASTS_MS + 1,
        _ => 0,
    }
}

/// What is asked in an act, and by whom.
pub(crate) fn act(
    (state, now): (&State, Instant),
    act: u32,
    draw: &mut Draw,
) -> Vec<(PersonId, Command)> {
    let commands: Vec<Command> = match act {
        0 => open((state, now), draw),
        1 => couple(state),
        2 => (0..draw.below(ORDERS)).filter_map(|_| order((state, now), draw)).collect(),
        _ => clear(state),
    };
    commands.into_iter().map(|it| (actor(state, &it, draw), it)).collect()
}

/// What is over is cleared first: a market has one phase at a time.
fn open((state, now): (&State, Instant), draw: &mut Draw) -> Vec<Command> {
    let year = Year(2027 + u16::try_from(draw.below(2)).unwrap());
    let opens = Instant(now.0 + OPENS_MS);
    let closes = Instant(opens.0 + LASTS_MS);
    let of = |place| {
        let (jurisdiction, commitment) = (JurisdictionId(place), None);
        OpenCall { jurisdiction, year, opens, closes, commitment, product: None }.into()
    };
    let over = waiting(state).filter(|(_, it)| it.closes <= now);
    let over = over.map(|(call, _)| ClearCall { call, seed: None }.into());
    over.chain([of(0), of(1)]).collect()
}

fn waiting(state: &State) -> impl Iterator<Item = (CallId, &Call)> {
    state.calls.iter().filter(|(_, it)| it.result.is_none())
}

fn couple(state: &State) -> Vec<Command> {
    let last = state.calls.iter().next_back().map(|(_, it)| (it.year, it.closes));
    let with = |it: &Call| Some((it.year, it.closes)) == last && it.coupling.is_none();
    let calls = waiting(state).filter(|(_, it)| with(it)).map(|(id, _)| id).collect();
    vec![CoupleCalls { calls }.into()]
}

/// In one country units are offered cheaply, in the other many are wanted; and some go back.
fn order((state, now): (&State, Instant), draw: &mut Draw) -> Option<Command> {
    let open = waiting(state).filter(|(_, it)| it.opens <= now && now < it.closes);
    let calls: Vec<(CallId, &Call)> = open.collect();
    let (_, row) = *calls.get(usize::try_from(draw.below(calls.len().max(1) as u64)).ok()?)?;
    let here = state.accounts.iter();
    let here = here.filter(|(_, it)| it.jurisdiction == row.jurisdiction && it.kind.trades());
    // Traders' units may leave a country at any time.
    let trader = draw.below(2) == 0;
    let here = here.filter(|(_, it)| !trader || it.kind == AccountKind::Trading);
    let accounts: Vec<AccountId> = here.map(|(id, _)| id).collect();
    let account = if accounts.is_empty() { return None } else { draw.of(&accounts) };
    let cheap = (row.jurisdiction == X) == (draw.below(4) > 0);
    let side = if cheap == (draw.below(5) > 0) { Side::Sell } else { Side::Buy };
    let price = Price(if cheap { 200 } else { 700 } + draw.below(150) as i64);
    let quantity = Tonnes(1 + draw.below(25));
    Some(PlaceOrder::limit(row.market(), account, side, (price, quantity)).into())
}

fn clear(state: &State) -> Vec<Command> {
    let waits = |(id, it): &(CouplingId, &Coupling)| {
        it.cleared.is_none() || state.settlements.contains_key(id)
    };
    state
        .couplings
        .iter()
        .filter(waits)
        .map(|(coupling, _)| ClearCoupling { coupling }.into())
        .collect()
}
