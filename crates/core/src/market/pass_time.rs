//! Pass time: the writer lets the market's time move on, and what falls due happens.
//!
//! Time stops at every moment at which something falls due, so nothing is skipped. At a report
//! date, accounts of obliged installations without a verified report are restricted to surrender
//! (Regulation (EU) 2019/1122, Article 31). At a surrender date, orders for units of that year
//! lapse and their holds are released.

use crate::account::account_restricted::AccountRestricted;
use crate::authority;
use crate::call::{Side, cancel_order};
use crate::context::{Context, RecordHeader};
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::AccountId;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PassTime {
    /// The moment that is reached.
    #[n(0)]
    pub to: Instant,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TimePassed {
    /// The moment that is reached.
    #[n(0)]
    pub to: Instant,
}

refusals! {
    /// Why time cannot pass to this moment.
    pub enum PassTimeRefused {
        /// Time goes forward.
        NotLater { now: Instant, to: Instant } = 211
            => "it is {now}; time cannot pass to {to}",
        /// What falls due happens in its turn.
        SomethingDueBefore { due: Instant, to: Instant } = 212
            => "something falls due at {due}; time must stop there before {to}",
    }
}

/// Finds what falls due at the moment.
pub fn decide(
    state: &State,
    context: &Context,
    it: &PassTime,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    no.take(authority::time(context));
    let (now, to) = (state.now, it.to);
    no.unless(to > now, PassTimeRefused::NotLater { now, to });
    if let Some(due) = state.next_due() {
        no.unless(to <= due, PassTimeRefused::SomethingDueBefore { due, to });
    }
    no.settle()?;
    let mut draft = Draft::new(state, out);
    draft.note(Event::TimePassed(TimePassed { to }));
    let chapters = state.rules.iter().flat_map(|it| it.chapters());
    for (jurisdiction, year) in chapters.flat_map(|(id, it)| it.years.iter().map(move |y| (id, y)))
    {
        if year.report_due == to && year.stage.obliges() {
            for (_, installation) in state.installations.iter() {
                let missing = installation.jurisdiction == jurisdiction
                    && installation.obliged_in(year.year)
                    && !installation.emissions.contains_key(&year.year);
                if missing {
                    let account = installation.account;
                    draft.note(Event::AccountRestricted(AccountRestricted { account }));
                    release_offers(&mut draft, state, account);
                }
            }
        }
        if year.surrender_due == to {
            for (id, order) in &state.orders {
                if order.jurisdiction == jurisdiction && order.year == year.year {
                    cancel_order::release(&mut draft, *id, order);
                }
            }
        }
    }
    Ok(())
}

/// An account that is restricted sells nothing, also not by an earlier order.
fn release_offers(draft: &mut Draft<'_>, state: &State, account: AccountId) {
    for (id, order) in &state.orders {
        if order.account == account && order.side == Side::Sell {
            cancel_order::release(draft, *id, order);
        }
    }
}

/// The moment is reached.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &TimePassed) {
    state.now = it.to;
    while state.agenda.first().is_some_and(|due| *due <= it.to) {
        state.agenda.pop_first();
    }
}
