//! What happens when: every step of every jurisdiction's years, in the order of time.

use karvan_core::calendar::{Day, WorkingTime};
use karvan_core::time::Instant;
use karvan_policy::auctions::AuctionCalendar;
use karvan_policy::chapter::AllocationMethod;
use karvan_policy::rehearsal::Shock;
use karvan_policy::{Jurisdiction, Policy};

/// A step of the rehearsal. The order is that of steps at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Outputs of the year are drawn.
    BeginYear,
    /// The administrator sets the cap, issues and divides it.
    Supply,
    /// Free allocation is uploaded and delivered.
    Allocate,
    /// Power plants choose their fuel for the quarter.
    SwitchFuel,
    /// What new entrants did not take is put to use.
    ReleaseNewEntrants,
    /// A primary auction is announced.
    OpenAuction,
    /// Bids are made.
    Bid,
    /// The auction is cleared.
    ClearAuction,
    /// Call auctions are announced.
    OpenCalls,
    /// Those of linked markets are coupled.
    CoupleCalls,
    /// Orders are placed.
    Order,
    /// Cheats try what they can in one of them.
    Manipulate,
    /// Call auctions are cleared.
    ClearCalls,
    /// What sites generated in the year is verified, and units are drawn from it.
    Certify,
    /// Calls for the products of the year are announced.
    OpenProductCalls,
    /// Orders are placed in them.
    OrderProducts,
    /// They are cleared, and what was bought is claimed.
    ClearProductCalls,
    /// Verified emissions of the year are reported.
    Report,
    /// Reports that are late arrive.
    LateReport,
    /// Free allocation is brought in line with the verified output.
    TrueUp,
    /// Units for the year are surrendered.
    Surrender,
    /// The year's letters are frozen; expired units are deleted.
    CloseYear,
    /// Plants decide on measures that work from the next year on.
    Invest,
    /// A month in which the script has something happen.
    Shock,
    /// A market that was suspended opens again.
    Resume,
    /// Treasuries are paid, and the bank's statement is booked.
    BookStatement,
    /// A bad day: theft, carelessness, lies.
    Attack,
}

/// A step with its moment, its jurisdiction and the year it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// What.
    pub step: Step,
    /// The place of the jurisdiction in the policy.
    pub jurisdiction: usize,
    /// The year it is about.
    pub year: u16,
}

const HOUR_MS: i64 = 3_600_000;
/// Bids and orders are taken from 08:00 to 10:00 UTC.
pub const OPENS_MS: i64 = 8 * HOUR_MS;
/// See [`OPENS_MS`].
pub const CLOSES_MS: i64 = 10 * HOUR_MS;
/// Cheats wait for the last minutes.
const LAST_MINUTES_MS: i64 = HOUR_MS / 4;

/// The moment `ms` after the start of a day.
pub fn moment(year: u16, (month, day): (u8, u8), ms: i64) -> Instant {
    let start = Instant::of_date(i64::from(year), i64::from(month), i64::from(day));
    Instant(start.0 + ms)
}

/// The day of a month's n-th weekday.
fn nth_weekday(year: u16, month: u8, calendar: &AuctionCalendar) -> u8 {
    let first = moment(year, (month, 1), 0).weekday();
    let until = (i64::from(calendar.weekday) - first).rem_euclid(7);
    1 + u8::try_from(until).unwrap_or(0) + 7 * (calendar.week - 1)
}

/// The days on which a jurisdiction holds auctions in a year.
pub fn auction_days(it: &Jurisdiction, year: u16) -> Vec<(u8, u8)> {
    if !it.obliges(year) || it.auction_percent.at(year) <= 0.0 {
        return Vec::new();
    }
    let time = WorkingTime::of(&it.working_time);
    let day = |month: &u8| {
        let day = nth_weekday(year, *month, &it.auctions.calendar);
        let wanted = Day::of_date(year.into(), (*month).into(), day.into());
        // A holiday hands on to the next working day.
        let later = time.from(wanted).0 - wanted.0;
        (*month, day + u8::try_from(later).unwrap_or(0))
    };
    it.auctions.calendar.months.iter().map(day).collect()
}

/// All steps from the first year to the surrender of the last.
pub fn entries(policy: &Policy, first: u16, last: u16) -> Vec<Entry> {
    let mut all = Vec::new();
    for (jurisdiction, it) in policy.jurisdictions.iter().enumerate() {
        for year in first..=last {
            let mut add = |at, step| all.push(Entry { at, step, jurisdiction, year });
            add(moment(year, (1, 1), HOUR_MS), Step::BeginYear);
            shocks(policy, it, year, &mut add);
            let due = it.report_due_at(year);
            add(due.plus_days(-20), Step::Report);
            add(due.plus_days(20), Step::LateReport);
            if !it.products.is_empty() {
                product_year(year, &mut add);
            }
            if it.obliges(year) {
                market_year(policy, it, year, &mut add);
            }
            if it.obliges(year) || it.obliges(year + 1) {
                add(moment(year, (12, 15), HOUR_MS), Step::Invest);
            }
        }
    }
    if policy.rehearsal.attacks {
        all.extend(attacks(policy, first, last).into_iter().flatten());
    }
    let (step, jurisdiction) = (Step::BookStatement, 0);
    let end = all.iter().map(|it| it.at).max();
    for year in first..=last {
        let at = moment(year, (12, 28), HOUR_MS);
        all.push(Entry { at, step, jurisdiction, year });
    }
    // The last surrender is after the last year.
    if let Some(end) = end {
        all.push(Entry { at: end.plus_days(1), step, jurisdiction, year: last });
    }
    all.sort();
    all
}

/// What the script has happen in a jurisdiction's year.
fn shocks(policy: &Policy, it: &Jurisdiction, year: u16, add: &mut dyn FnMut(Instant, Step)) {
    let here = |shock: &&Shock| {
        let place = shock.jurisdiction.as_ref().is_none_or(|code| *code == it.code);
        shock.year == year && place
    };
    for shock in policy.rehearsal.shocks.iter().filter(here) {
        let at = moment(year, (shock.month, 1), 2 * HOUR_MS);
        add(at, Step::Shock);
        if shock.suspended_days > 0 {
            add(at.plus_days(i64::from(shock.suspended_days)), Step::Resume);
        }
    }
}

/// The bad days: in the first jurisdiction with a market, when units are there.
fn attacks(policy: &Policy, first: u16, last: u16) -> Option<[Entry; 2]> {
    let market = |it: &&(usize, &Jurisdiction)| (first..=last).any(|year| it.1.obliges(year));
    let (jurisdiction, it) = policy.jurisdictions.iter().enumerate().find(|it| market(&it))?;
    let year = (first..=last).find(|year| it.obliges(*year))?;
    let at = in_working_time(it, moment(year, (3, 15), 0), 1);
    let attack = Entry { at, step: Step::Attack, jurisdiction, year };
    // Shortly before the end of a phase in which there is a last price.
    let day = moment(year, (6, policy.rehearsal.call_day), CLOSES_MS - LAST_MINUTES_MS);
    Some([attack, Entry { at: day, step: Step::Manipulate, jurisdiction, year }])
}

/// What sites generated is certified in January of the next year, and sold before the certificates
/// of January expire.
fn product_year(year: u16, add: &mut dyn FnMut(Instant, Step)) {
    let next = year + 1;
    add(moment(next, (1, 20), HOUR_MS), Step::Certify);
    for month in [2, 6] {
        let at = |ms| moment(next, (month, 10), ms);
        add(at(6 * HOUR_MS), Step::OpenProductCalls);
        add(at(OPENS_MS), Step::OrderProducts);
        add(at(CLOSES_MS), Step::ClearProductCalls);
    }
}

fn market_year(policy: &Policy, it: &Jurisdiction, year: u16, add: &mut dyn FnMut(Instant, Step)) {
    add(moment(year, (1, 5), HOUR_MS), Step::Supply);
    add(moment(year, (1, 7), HOUR_MS), Step::Allocate);
    for month in [1, 4, 7, 10] {
        add(moment(year, (month, 2), HOUR_MS), Step::SwitchFuel);
    }
    let days = auction_days(it, year);
    let release = days.last().copied().unwrap_or((12, 10));
    add(moment(year, release, HOUR_MS), Step::ReleaseNewEntrants);
    for day in days {
        add(moment(year, day, 6 * HOUR_MS), Step::OpenAuction);
        add(moment(year, day, OPENS_MS), Step::Bid);
        add(moment(year, day, CLOSES_MS), Step::ClearAuction);
    }
    let call_day = policy.rehearsal.call_day;
    let surrender = it.surrender_due_at(year);
    let months = (1..=12).map(|it| (year, it)).chain((1..=12).map(|it| (year + 1, it)));
    for (of, month) in months {
        let at = |ms| moment(of, (month, call_day), ms);
        if at(0) < surrender.plus_days(-6) {
            add(at(6 * HOUR_MS), Step::OpenCalls);
            if policy.links.iter().any(|link| link.from == it.code || link.to == it.code) {
                add(at(7 * HOUR_MS), Step::CoupleCalls);
            }
            add(at(OPENS_MS), Step::Order);
            add(at(CLOSES_MS), Step::ClearCalls);
        }
    }
    if it.allocation == AllocationMethod::BenchmarkOutput {
        // After late reports, and before its own date.
        add(in_working_time(it, it.true_up_due_at(year), 6), Step::TrueUp);
    }
    add(in_working_time(it, surrender, 4), Step::Surrender);
    add(surrender, Step::CloseYear);
}

/// An hour after work begins, so many working days before a moment.
fn in_working_time(it: &Jurisdiction, before: Instant, days: u32) -> Instant {
    let calendar = &it.working_time;
    let day = WorkingTime::of(calendar).before(calendar.local(before).day(), days);
    calendar.moment(day.at(calendar.opens + 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_wednesday_is_found() {
        let calendar = AuctionCalendar { months: vec![2], week: 3, weekday: 2 };
        assert_eq!(nth_weekday(2027, 2, &calendar), 17);
        assert_eq!(nth_weekday(2028, 11, &calendar), 15);
    }
}
