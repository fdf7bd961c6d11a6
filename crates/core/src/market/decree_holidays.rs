//! Decree holidays: a jurisdiction announces days without work that its calendar does not have,
//! such as moving feasts. They hold at once and can only lengthen waits: what is due to be executed
//! on such a day waits for the next working day.

use crate::authority::{Authorised, Right};
use crate::calendar::{Day, HOLIDAYS_MAX};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::JurisdictionId;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The most days one command decrees.
pub const DAYS_MAX: usize = 31;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct DecreeHolidays {
    /// Where nobody works.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// On which days.
    #[n(1)]
    pub days: Vec<Day>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct HolidaysDecreed {
    /// Where nobody works.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// On which days.
    #[n(1)]
    pub days: Vec<Day>,
}

refusals! {
    /// Why holidays cannot be decreed.
    pub enum DecreeHolidaysRefused {
        /// A decree names days.
        DaysOutOfBounds { most: usize } = 241 => "name 1 to {most} days",
        /// What has begun is worked.
        NotAhead { day: Day } = 242 => "{day} has begun or is over; a decree names days to come",
        /// A calendar is bounded.
        TooMany { most: usize } = 243 => "no more than {most} holidays can be decreed",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &DecreeHolidays) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks that the days lie ahead.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &DecreeHolidays,
    out: &mut Events,
) -> Result<(), Refusals> {
    use DecreeHolidaysRefused as No;
    let mut no = Objections::default();
    let in_bounds = (1..=DAYS_MAX).contains(&it.days.len());
    no.unless(in_bounds, No::DaysOutOfBounds { most: DAYS_MAX });
    let time = state.working_time(it.jurisdiction);
    let today = time.calendar.local(by.now()).day();
    for day in it.days.iter().copied().take(DAYS_MAX) {
        no.unless(day > today, No::NotAhead { day });
    }
    let before = time.decreed.map_or(0, |it| it.len());
    let many = before.saturating_add(it.days.len()) > HOLIDAYS_MAX;
    no.unless(!many, No::TooMany { most: HOLIDAYS_MAX });
    no.settle()?;
    let (jurisdiction, days) = (it.jurisdiction, it.days.clone());
    out.push(Event::HolidaysDecreed(HolidaysDecreed { jurisdiction, days }));
    Ok(())
}

/// The days are holidays.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &HolidaysDecreed) {
    state.decreed.entry(it.jurisdiction).or_default().extend(&it.days);
}
