//! Moments and years. The core compares moments; it never asks what time it is.

use minicbor::{Decode, Encode};
use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Instant(#[n(0)] pub i64);

/// A calendar year: of emissions, of a vintage, of a deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Year(#[n(0)] pub u16);

/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;

impl Instant {
    /// The start (00:00 UTC) of a day of the proleptic Gregorian calendar. Days beyond a month's
    /// length run on into the next month.
    pub fn of_date(year: i64, month: i64, day: i64) -> Self {
        // Days from civil, after Howard Hinnant's public description of the algorithm: years are
        // counted from March, so that the leap day is the last of its year.
        let shifted = if month <= 2 { year.saturating_sub(1) } else { year };
        let era = shifted.div_euclid(400);
        let of_era = shifted.rem_euclid(400);
        let from_march = month.saturating_add(9).rem_euclid(12);
        let of_year =
            from_march.saturating_mul(153).saturating_add(2).div_euclid(5).saturating_add(day);
        let days = of_era
            .saturating_mul(365)
            .saturating_add(of_era.div_euclid(4))
            .saturating_sub(of_era.div_euclid(100))
            .saturating_add(of_year)
            .saturating_add(era.saturating_mul(146_097))
            .saturating_sub(719_469);
        Self(days.saturating_mul(DAY_MS))
    }

    /// Year, month and day of this moment in UTC.
    pub fn date(self) -> (i64, i64, i64) {
        let days = self.0.div_euclid(DAY_MS).saturating_add(719_468);
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = of_era
            .saturating_sub(of_era.div_euclid(1_460))
            .saturating_add(of_era.div_euclid(36_524))
            .saturating_sub(of_era.div_euclid(146_096))
            .div_euclid(365);
        let before = year_of_era
            .saturating_mul(365)
            .saturating_add(year_of_era.div_euclid(4))
            .saturating_sub(year_of_era.div_euclid(100));
        let of_year = of_era.saturating_sub(before);
        let from_march = of_year.saturating_mul(5).saturating_add(2).div_euclid(153);
        let first = from_march.saturating_mul(153).saturating_add(2).div_euclid(5);
        let day = of_year.saturating_sub(first).saturating_add(1);
        let month = from_march.saturating_add(2).rem_euclid(12).saturating_add(1);
        let year = year_of_era.saturating_add(era.saturating_mul(400));
        let year = if month <= 2 { year.saturating_add(1) } else { year };
        (year, month, day)
    }

    /// This moment moved by whole days.
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY_MS)))
    }

    /// This moment moved by whole minutes.
    pub fn plus_minutes(self, minutes: u32) -> Self {
        Self(self.0.saturating_add(i64::from(minutes).saturating_mul(60_000)))
    }

    /// Monday = 0 … Sunday = 6.
    pub fn weekday(self) -> i64 {
        self.0.div_euclid(DAY_MS).saturating_add(3).rem_euclid(7)
    }
}

impl Year {
    /// The year after.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The year before.
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let of_day = self.0.rem_euclid(DAY_MS);
        let minute = of_day.div_euclid(60_000);
        let seconds = of_day.div_euclid(1_000).rem_euclid(60);
        let (hours, minutes) = (minute.div_euclid(60), minute.rem_euclid(60));
        write!(to, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
    }
}

impl fmt::Display for Year {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_reads_back() {
        let mut moment = Instant::of_date(1970, 1, 1);
        assert_eq!(moment, Instant(0));
        assert_eq!(moment.weekday(), 3, "1 January 1970 was a Thursday");
        for _ in 0..146_097 {
            let (year, month, day) = moment.date();
            assert_eq!(Instant::of_date(year, month, day), moment);
            moment = moment.plus_days(1);
        }
        assert_eq!(moment.date(), (2370, 1, 1));
    }

    #[test]
    fn a_moment_is_written_in_iso_8601() {
        assert_eq!(Instant(1_798_761_599_000).to_string(), "2026-12-31T23:59:59Z");
    }
}
