//! Working time: when a registry's days and hours run, and how long a transfer waits.
//!
//! A day is worked unless it is a weekend day, a holiday of every year, a holiday of this year, or
//! decreed. Work lasts from the opening to the closing hour, both inside. A deadline that falls on
//! a day without work moves to the end of the next working day.
//!
//! To an account that is trusted a transfer goes at once within working time, else at the next
//! opening. To any other it waits by one of two rules. By the noon rule it is executed at noon of
//! the next working day where it was approved before noon, else at noon of the second one. By the
//! rule of hours the wait begins at the approval, or at the next opening where that lies outside
//! working time; 24 hours of it are a working day, the rest are hours; where the end lies outside
//! working time it moves to the next opening, but keeps its time of day where only the day is
//! without work. Between two jurisdictions the later end holds, at a moment that is working time in
//! both.
//!
//! Everything here is reckoned in local time; a [`Calendar`] knows its offset from UTC. Delays
//! give people time to notice a theft and stop it (Regulation (EU) 2019/1122, Article 35; the UK
//! ETS registry's transfer delay). A holiday that is decreed late only ever makes a wait longer.

use crate::planted::{self, Fault};
use crate::time::{DAY_MS, Instant};
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// The most minutes a delay in hours may have: ten weeks.
pub const DELAY_MINUTES_MAX: u32 = 70 * MINUTES_A_DAY;
/// The working day, counted from the next, at whose noon an account added to a trusted list is
/// trusted (Regulation (EU) 2019/1122, Article 23).
pub const TRUST_DAYS: u32 = 4;
/// Minutes in a day.
pub const MINUTES_A_DAY: u32 = 1_440;
/// The most holidays a calendar may list, of either kind.
pub const HOLIDAYS_MAX: usize = 1_000;

const NOON: u32 = 720;
const MINUTE_MS: i64 = 60_000;
/// No calendar has more days off in a row: beyond, a search for a working day gives up.
const DAYS_OFF_MAX: u32 = 400;

/// Days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Day(#[n(0)] pub i64);

/// A moment as the clocks of one place show it: milliseconds since 1970-01-01T00:00:00 there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local(pub i64);

/// How long a transfer to an account that is not trusted waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum DelayRule {
    /// Approved before noon, it is executed at noon of the next working day, else at noon of the
    /// second one (Regulation (EU) 2019/1122, Article 35).
    #[n(0)]
    EuNoon,
    /// So many minutes of working days from the approval on; 1,440 are a working day (UK ETS
    /// registry).
    #[n(1)]
    UkHours(#[n(0)] u32),
}

/// From a moment on, clocks are so many minutes ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Offset {
    /// Since when; the first offset also holds before.
    #[n(0)]
    pub since: Instant,
    /// Minutes ahead of UTC.
    #[n(1)]
    pub minutes: i16,
}

/// A jurisdiction's calendar.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Calendar {
    /// How far clocks are ahead of UTC, in the order of time.
    #[n(0)]
    pub offsets: Vec<Offset>,
    /// Weekdays without work, Monday = 0 … Sunday = 6.
    #[n(1)]
    pub weekend: BTreeSet<u8>,
    /// Holidays of every year: month and day.
    #[n(2)]
    pub yearly: BTreeSet<(u8, u8)>,
    /// Holidays of one year.
    #[n(3)]
    pub dated: BTreeSet<Day>,
    /// Minutes after midnight at which work begins.
    #[n(4)]
    pub opens: u32,
    /// Minutes after midnight up to which it lasts; that moment is inside.
    #[n(5)]
    pub closes: u32,
    /// How long transfers wait.
    #[n(6)]
    pub delay: DelayRule,
}

/// Where no jurisdiction says otherwise, every moment is working time.
pub(crate) static ALWAYS: Calendar = Calendar {
    offsets: Vec::new(),
    weekend: BTreeSet::new(),
    yearly: BTreeSet::new(),
    dated: BTreeSet::new(),
    opens: 0,
    closes: MINUTES_A_DAY,
    delay: DelayRule::UkHours(0),
};

impl Day {
    /// The day of a date of the Gregorian calendar.
    pub fn of_date(year: i64, month: i64, day: i64) -> Self {
        Self(Instant::of_date(year, month, day).0.div_euclid(DAY_MS))
    }

    /// Its start as a moment in UTC: for those who ask for its date.
    fn start(self) -> Instant {
        Instant(self.0.saturating_mul(DAY_MS))
    }

    /// Its year, month and day of the month.
    pub fn date(self) -> (i64, i64, i64) {
        self.start().date()
    }

    /// The day after.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The moment so many minutes after its midnight.
    pub fn at(self, minutes: u32) -> Local {
        let of_day = i64::from(minutes).saturating_mul(MINUTE_MS);
        Local(self.start().0.saturating_add(of_day))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = self.start().date();
        write!(to, "{year:04}-{month:02}-{day:02}")
    }
}

impl Local {
    /// The day.
    pub fn day(self) -> Day {
        Day(self.0.div_euclid(DAY_MS))
    }

    /// Milliseconds since midnight.
    fn of_day(self) -> i64 {
        self.0.rem_euclid(DAY_MS)
    }

    fn is_before(self, minutes: u32) -> bool {
        self.of_day() < i64::from(minutes).saturating_mul(MINUTE_MS)
    }

    fn is_after(self, minutes: u32) -> bool {
        self.of_day() > i64::from(minutes).saturating_mul(MINUTE_MS)
    }

    /// The same time of another day.
    fn on(self, day: Day) -> Self {
        Self(day.start().0.saturating_add(self.of_day()))
    }
}

impl std::fmt::Display for Local {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = Instant(self.0).to_string();
        to.write_str(text.trim_end_matches('Z'))
    }
}

impl Calendar {
    /// A calendar of Monday to Friday, 10:00 to 16:00 UTC, without holidays.
    pub fn plain() -> Self {
        Self {
            offsets: vec![Offset { since: Instant(0), minutes: 0 }],
            weekend: BTreeSet::from([5, 6]),
            yearly: BTreeSet::new(),
            dated: BTreeSet::new(),
            opens: 600,
            closes: 960,
            delay: DelayRule::EuNoon,
        }
    }

    /// Whether a market could run by it: hours in order, at least one weekday of work.
    pub fn is_sound(&self) -> bool {
        let hours = self.opens < self.closes && self.closes <= MINUTES_A_DAY;
        let week = self.weekend.len() < 7 && self.weekend.iter().all(|it| *it < 7);
        let offsets = (1..=HOLIDAYS_MAX).contains(&self.offsets.len())
            && self.offsets.is_sorted_by(|one, two| one.since < two.since)
            && self.offsets.iter().all(|it| (-1_440..=1_440).contains(&it.minutes));
        let delay = match self.delay {
            DelayRule::EuNoon => true,
            DelayRule::UkHours(minutes) => minutes <= DELAY_MINUTES_MAX,
        };
        let listed = self.yearly.len() <= HOLIDAYS_MAX && self.dated.len() <= HOLIDAYS_MAX;
        hours && week && offsets && delay && listed
    }

    /// What the clocks show at a moment.
    pub fn local(&self, at: Instant) -> Local {
        let in_force = self.offsets.iter().rev().find(|it| it.since <= at);
        let minutes = in_force.or(self.offsets.first()).map_or(0, |it| it.minutes);
        Local(at.0.saturating_add(i64::from(minutes).saturating_mul(MINUTE_MS)))
    }

    /// The moment at which the clocks show a time; the later one where they show it twice.
    pub fn moment(&self, local: Local) -> Instant {
        let minutes = |it: &Offset| i64::from(it.minutes).saturating_mul(MINUTE_MS);
        let as_utc = |it: &Offset| Instant(local.0.saturating_sub(minutes(it)));
        let in_force = self.offsets.iter().rev().find(|it| as_utc(it) >= it.since);
        in_force.or(self.offsets.first()).map_or(Instant(local.0), as_utc)
    }
}

/// A calendar with the holidays that were decreed since it came into force.
#[derive(Clone, Copy, Debug)]
pub struct WorkingTime<'a> {
    /// The calendar.
    pub calendar: &'a Calendar,
    /// Decreed holidays.
    pub decreed: Option<&'a BTreeSet<Day>>,
}

impl<'a> WorkingTime<'a> {
    /// A calendar as it is.
    pub fn of(calendar: &'a Calendar) -> Self {
        Self { calendar, decreed: None }
    }

    /// Whether people work on a day.
    pub fn works(&self, day: Day) -> bool {
        let start = day.start();
        let weekday = u8::try_from(start.weekday()).unwrap_or_default();
        let is_yearly = || {
            let (_, month, of_month) = start.date();
            let date = u8::try_from(month).ok().zip(u8::try_from(of_month).ok());
            date.is_some_and(|it| self.calendar.yearly.contains(&it))
        };
        !(self.calendar.weekend.contains(&weekday)
            || (!self.calendar.yearly.is_empty() && is_yearly())
            || self.calendar.dated.contains(&day)
            || self.decreed.is_some_and(|it| it.contains(&day)))
    }

    /// The first working day on or after a day.
    pub fn from(&self, day: Day) -> Day {
        let mut it = day;
        for _ in 0..DAYS_OFF_MAX {
            if self.works(it) {
                return it;
            }
            it = it.next();
        }
        it
    }

    /// The n-th working day after a day; the day itself where n is 0.
    pub fn after(&self, day: Day, count: u32) -> Day {
        (0..count).fold(day, |it, _| self.from(it.next()))
    }

    /// The n-th working day before a day.
    pub fn before(&self, day: Day, count: u32) -> Day {
        let mut it = day;
        for _ in 0..count {
            it = Day(it.0.saturating_sub(1));
            for _ in 0..DAYS_OFF_MAX {
                if self.works(it) {
                    break;
                }
                it = Day(it.0.saturating_sub(1));
            }
        }
        it
    }

    /// Until when hours of a working day last, given in minutes after midnight; none outside them.
    pub fn until(&self, at: Instant, (opens, closes): (u32, u32)) -> Option<Instant> {
        let local = self.calendar.local(at);
        let inside = !local.is_before(opens) && local.is_before(closes);
        let day = local.day();
        (inside && self.works(day)).then(|| self.calendar.moment(day.at(closes)))
    }

    /// When a wait begins: the moment itself within working time, else the next opening.
    pub fn opening(&self, at: Local) -> Local {
        let (day, opens) = (at.day(), self.calendar.opens);
        if !self.works(day) || at.is_after(self.calendar.closes) {
            return self.from(day.next()).at(opens);
        }
        if at.is_before(opens) { day.at(opens) } else { at }
    }

    /// When a wait of so many minutes ends that began within working time: whole days are working
    /// days. It ends within working time; where only the day is none, the time of day stays.
    pub fn waited(&self, begun: Local, minutes: u32) -> Local {
        let days = minutes.div_euclid(MINUTES_A_DAY);
        let rest = i64::from(minutes.rem_euclid(MINUTES_A_DAY)).saturating_mul(MINUTE_MS);
        let on_day = begun.on(self.after(begun.day(), days));
        let at = Local(on_day.0.saturating_add(rest));
        let (day, opens) = (at.day(), self.calendar.opens);
        if at.is_after(self.calendar.closes) {
            return self.from(day.next()).at(opens);
        }
        let clock = if at.is_before(opens) { day.at(opens) } else { at };
        clock.on(self.from(day))
    }

    /// When a transfer that was approved is executed, and when its wait began.
    pub fn execution(&self, approved: Local, trust: Trust) -> Wait {
        let begun = self.opening(approved);
        match (self.calendar.delay, trust) {
            (_, Trust::Trusted) => Wait { begun, over: begun },
            (DelayRule::UkHours(minutes), Trust::None) => {
                Wait { begun, over: self.waited(begun, minutes) }
            }
            (DelayRule::EuNoon, Trust::None) => {
                let days = if approved.is_before(NOON) { 1 } else { 2 };
                let short = u32::from(planted::has(Fault::DelayShort));
                let days = u32::saturating_sub(days, short);
                Wait { begun: approved, over: self.after(approved.day(), days).at(NOON) }
            }
        }
    }

    /// When an account that was added to a trusted list is trusted.
    pub fn trusted_from(&self, approved: Local) -> Local {
        self.after(approved.day(), TRUST_DAYS).at(NOON)
    }
}

/// Whether the account that receives is trusted by the one that gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is.
    Trusted,
    /// It is not.
    None,
}

/// When a wait began and when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The clock runs from here.
    pub begun: Local,
    /// The transfer is executed.
    pub over: Local,
}

/// When a transfer between two places is executed: no earlier than the rule of either says, and
/// at a moment that is working time in both.
pub fn execution(places: [WorkingTime<'_>; 2], approved: Instant, trust: Trust) -> Instant {
    let alone = |it: &WorkingTime<'_>| {
        it.calendar.moment(it.execution(it.calendar.local(approved), trust).over)
    };
    let [one, other] = &places;
    if std::ptr::eq(one.calendar, other.calendar) {
        return alone(one);
    }
    let mut at = alone(one).max(alone(other));
    for _ in 0..DAYS_OFF_MAX {
        let moved = places.iter().fold(at, |at, it| {
            let local = it.calendar.local(at);
            it.calendar.moment(it.opening(local)).max(at)
        });
        if moved == at {
            break;
        }
        at = moved;
    }
    at
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers of a test")]
mod tests {
    use super::*;

    fn local(text: &str) -> Local {
        let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().expect("digits");
        let day = Day::of_date(number(0..4), number(5..7), number(8..10));
        let seconds = number(11..13) * 3_600 + number(14..16) * 60 + number(17..19);
        Local(day.at(0).0 + seconds * 1_000)
    }

    /// The holidays of the UK registry's own published examples.
    fn uk() -> Calendar {
        let days = [(4, 2), (4, 5), (5, 3), (5, 31), (6, 15), (6, 16), (6, 17)];
        let dated = days.iter().map(|(month, day)| Day::of_date(2021, *month, *day)).collect();
        Calendar { dated, ..Calendar::plain() }
    }

    /// Approval, start, execution after 7 minutes, 2, 24 and 72 hours (source: the tests of the UK
    /// ETS registry's delay service, published by its government).
    const UK_EXAMPLES: &[[&str; 6]] = &[
        ["15T10:00:00", "15T10:00:00", "15T10:07:00", "15T12:00:00", "16T10:00:00", "18T10:00:00"],
        ["15T11:00:44", "15T11:00:44", "15T11:07:44", "15T13:00:44", "16T11:00:44", "18T11:00:44"],
        ["15T15:59:59", "15T15:59:59", "16T10:00:00", "16T10:00:00", "16T15:59:59", "18T15:59:59"],
        ["15T16:00:00", "15T16:00:00", "16T10:00:00", "16T10:00:00", "16T16:00:00", "18T16:00:00"],
        ["15T00:00:01", "15T10:00:00", "15T10:07:00", "15T12:00:00", "16T10:00:00", "18T10:00:00"],
        ["15T16:00:01", "16T10:00:00", "16T10:07:00", "16T12:00:00", "17T10:00:00", "19T10:00:00"],
        ["19T11:00:44", "19T11:00:44", "19T11:07:44", "19T13:00:44", "22T11:00:44", "24T11:00:44"],
        ["19T15:59:59", "19T15:59:59", "22T10:00:00", "22T10:00:00", "22T15:59:59", "24T15:59:59"],
        ["19T16:00:01", "22T10:00:00", "22T10:07:00", "22T12:00:00", "23T10:00:00", "25T10:00:00"],
        ["20T11:00:44", "22T10:00:00", "22T10:07:00", "22T12:00:00", "23T10:00:00", "25T10:00:00"],
        ["21T08:34:42", "22T10:00:00", "22T10:07:00", "22T12:00:00", "23T10:00:00", "25T10:00:00"],
        ["21T23:59:59", "22T10:00:00", "22T10:07:00", "22T12:00:00", "23T10:00:00", "25T10:00:00"],
    ];
    const UK_HOLIDAYS: &[[&str; 4]] = &[
        ["04-30T15:00:00", "04-30T15:00:00", "05-04T10:00:00", "05-04T15:00:00"],
        ["04-30T16:01:00", "05-04T10:00:00", "05-04T12:00:00", "05-05T10:00:00"],
        ["05-01T12:00:00", "05-04T10:00:00", "05-04T12:00:00", "05-05T10:00:00"],
        ["05-03T23:59:59", "05-04T10:00:00", "05-04T12:00:00", "05-05T10:00:00"],
        ["06-14T15:59:59", "06-14T15:59:59", "06-18T10:00:00", "06-18T15:59:59"],
        ["06-14T16:00:01", "06-18T10:00:00", "06-18T12:00:00", "06-21T10:00:00"],
        ["04-29T15:59:00", "04-29T15:59:00", "04-30T10:00:00", "04-30T15:59:00"],
    ];

    #[test]
    fn the_published_examples_of_the_uk_registry_hold() {
        let calendar = uk();
        let time = WorkingTime::of(&calendar);
        for row in UK_EXAMPLES {
            let [approved, begun, rest @ ..] = row.map(|it| local(&format!("2021-03-{it}")));
            assert_eq!(time.opening(approved), begun, "{row:?}");
            for (minutes, over) in [7, 120, 1_440, 4_320].into_iter().zip(rest) {
                assert_eq!(time.waited(begun, minutes), over, "{row:?}, {minutes} minutes");
            }
        }
        for row in UK_HOLIDAYS {
            let [approved, begun, two, day] = row.map(|it| local(&format!("2021-{it}")));
            assert_eq!(time.opening(approved), begun, "{row:?}");
            assert_eq!(time.waited(begun, 120), two, "{row:?}");
            assert_eq!(time.waited(begun, 1_440), day, "{row:?}");
        }
        // A wait of hours that ends on a holiday keeps its time of day.
        let over = time.waited(local("2021-04-30T10:00:00"), 26 * 60);
        assert_eq!(over, local("2021-05-04T12:00:00"));
    }

    #[test]
    fn the_noon_rule_counts_working_days() {
        let calendar = uk();
        let time = WorkingTime::of(&calendar);
        let over = |text| time.execution(local(text), Trust::None).over;
        assert_eq!(over("2021-03-15T11:59:59"), local("2021-03-16T12:00:00"));
        assert_eq!(over("2021-03-15T12:00:00"), local("2021-03-17T12:00:00"));
        assert_eq!(over("2021-03-19T09:00:00"), local("2021-03-22T12:00:00"));
        assert_eq!(over("2021-06-14T13:00:00"), local("2021-06-21T12:00:00"));
        let trusted = |text| time.execution(local(text), Trust::Trusted).over;
        assert_eq!(trusted("2021-03-15T11:00:00"), local("2021-03-15T11:00:00"));
        assert_eq!(trusted("2021-03-19T17:00:00"), local("2021-03-22T10:00:00"));
        assert_eq!(time.trusted_from(local("2021-06-14T09:00:00")), local("2021-06-23T12:00:00"));
    }

    #[test]
    fn two_places_wait_for_a_moment_at_which_both_work() {
        let minutes = |minutes| vec![Offset { since: Instant(0), minutes }];
        let almaty = Calendar { offsets: minutes(300), ..Calendar::plain() };
        // Thursday and Friday off: with the other's Saturday and Sunday three days are left.
        let tehran = Calendar {
            offsets: minutes(210),
            weekend: BTreeSet::from([3, 4]),
            ..Calendar::plain()
        };
        let places = [WorkingTime::of(&almaty), WorkingTime::of(&tehran)];
        // Wednesday 7 July 2027, 10:00 in Almaty: the one would execute on Thursday, the other on
        // Saturday; both work on Monday, when the later one opens.
        let approved = almaty.moment(local("2027-07-07T10:00:00"));
        let at = execution(places, approved, Trust::None);
        assert_eq!(tehran.local(at), local("2027-07-12T10:00:00"));
        let decreed = BTreeSet::from([Day::of_date(2027, 7, 12)]);
        let places = [WorkingTime { decreed: Some(&decreed), ..places[0] }, places[1]];
        let later = execution(places, approved, Trust::None);
        assert!(later > at, "a decreed holiday lengthens the wait");
    }

    #[test]
    fn clocks_read_back_also_where_an_offset_changes() {
        let changes = Instant::of_date(2024, 3, 1);
        let offsets = vec![
            Offset { since: Instant(0), minutes: 360 },
            Offset { since: changes, minutes: 300 },
        ];
        let calendar = Calendar { offsets, ..Calendar::plain() };
        assert!(calendar.is_sound());
        for hours in -48..48 {
            let at = Instant(changes.0 + hours * 3_600_000);
            let back = calendar.moment(calendar.local(at));
            // One hour is shown twice; it is read as the later one.
            assert!(back == at || (hours == -1 && back.0 == at.0 + 3_600_000), "{hours}");
        }
    }
}
