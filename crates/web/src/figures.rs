//! Numbers and dates as the reader writes them. Money and tonnes are whole numbers all the way;
//! they are only written here.

use crate::texts::Language;
use karvan_core::time::{DAY_MS, Instant};

/// A no-break space: between a number and its unit.
pub const NBSP: char = '\u{a0}';
const MINUS: char = '\u{2212}';

/// What a language writes.
#[derive(Clone, Copy, Debug)]
pub struct Figures(pub &'static Language);

impl Figures {
    fn digits(self, plain: &str) -> String {
        let zero = u32::from(self.0.numbers.zero);
        let own = |it: char| {
            let digit = it.to_digit(10)?;
            char::from_u32(zero.saturating_add(digit))
        };
        plain.chars().map(|it| own(it).unwrap_or(it)).collect()
    }

    /// A whole number in groups of three.
    pub fn whole(self, value: i64) -> String {
        self.decimal(value, 0)
    }

    /// A number of `places` decimals, given in its smallest parts.
    pub fn decimal(self, value: i64, places: usize) -> String {
        let padded = format!("{:0width$}", value.unsigned_abs(), width = places.saturating_add(1));
        let (whole, part) = padded.split_at(padded.len().saturating_sub(places));
        let mut text = String::new();
        if value < 0 {
            text.push(MINUS);
        }
        for (place, digit) in whole.chars().enumerate() {
            let left = whole.len().saturating_sub(place);
            // Four digits are read without help (Unicode CLDR groups them; the Bureau of Weights
            // and Measures does not); tables line up better when all are grouped.
            if place > 0 && left.is_multiple_of(3) {
                text.push(self.0.numbers.group);
            }
            text.push(digit);
        }
        if places > 0 {
            text.push(self.0.numbers.point);
            text.push_str(part);
        }
        self.digits(&text)
    }

    /// The same, with a plus before what is positive.
    pub fn change(self, value: i64, places: usize) -> String {
        let sign = if value > 0 { "+" } else { "" };
        format!("{sign}{}", self.decimal(value, places))
    }

    /// A year, a number of a thing: digits without groups.
    pub fn plain(self, value: i64) -> String {
        self.digits(&value.to_string())
    }

    /// A price: two decimals.
    pub fn price(self, cents: i64) -> String {
        self.decimal(cents, 2)
    }

    /// Tonnes in millions, so many decimals; rounded to the nearest.
    pub fn millions(self, tonnes: i64, places: u32) -> String {
        let part = 10i64.saturating_pow(6u32.saturating_sub(places));
        let half = part.wrapping_div(2).saturating_mul(tonnes.signum());
        let rounded = tonnes.saturating_add(half).wrapping_div(part);
        self.decimal(rounded, usize::try_from(places).unwrap_or_default())
    }

    /// A number that a model found, with so many decimals.
    pub fn float(self, value: f64, places: u32) -> String {
        let part = 10f64.powi(i32::try_from(places).unwrap_or_default());
        #[expect(clippy::cast_possible_truncation, reason = "it is bounded")]
        let whole = (value.clamp(-1e15, 1e15) * part).round() as i64;
        self.decimal(whole, usize::try_from(places).unwrap_or_default())
    }

    /// The same, with a plus before what is positive.
    pub fn signed(self, value: f64, places: u32) -> String {
        let text = self.float(value, places);
        let is_zero = text == self.float(0.0, places);
        if value > 0.0 && !is_zero { format!("+{text}") } else { text }
    }

    /// Whole percent, with its sign where the language has it.
    pub fn percent(self, value: i64) -> String {
        self.in_percent(&self.whole(value))
    }

    /// A change in whole percent.
    pub fn percent_change(self, value: i64) -> String {
        self.in_percent(&self.change(value, 0))
    }

    fn in_percent(self, number: &str) -> String {
        self.0.say_with("percent", &[("number", number.into())])
    }

    /// Names one after the other.
    pub fn names(self, all: &[String]) -> String {
        all.join(&self.0.say("names-join").replace('_', " "))
    }

    /// Money in hundredths, in millions of the currency, one decimal.
    pub fn money_millions(self, cents: i64) -> String {
        self.millions(cents.wrapping_div(100), 1)
    }

    fn month(self, month: i64, form: &str) -> String {
        self.0.say(&format!("month-{form}{month}"))
    }

    fn filled(self, key: &str, (year, month, day): (i64, String, i64)) -> String {
        let (year, day) = (self.plain(year), self.plain(day));
        self.0.say_with(key, &[("day", day.into()), ("month", month.into()), ("year", year.into())])
    }

    /// A day: 12 June 2029; in Persian by the solar calendar, with the Gregorian day behind it.
    pub fn day(self, at: Instant) -> String {
        let (year, month, day) = at.date();
        let gregorian = self.filled("date-long", (year, self.month(month, ""), day));
        match self.solar(at) {
            Some((y, m, d)) => {
                let own = self.filled("date-long", (y, self.month(m, "solar-"), d));
                format!("{own} ({gregorian})")
            }
            None => gregorian,
        }
    }

    /// A day in short: 12 Jun 2029.
    pub fn short(self, at: Instant) -> String {
        let (year, month, day) = at.date();
        match self.solar(at) {
            Some((y, m, d)) => self.filled("date-short", (y, self.month(m, "solar-"), d)),
            None => self.filled("date-short", (year, self.month(month, "short-"), day)),
        }
    }

    /// A day without its year: 12 Jun.
    pub fn day_month(self, at: Instant) -> String {
        let (year, month, day) = at.date();
        match self.solar(at) {
            Some((y, m, d)) => self.filled("date-day", (y, self.month(m, "solar-"), d)),
            None => self.filled("date-day", (year, self.month(month, "short-"), day)),
        }
    }

    /// The weekday.
    pub fn weekday(self, at: Instant) -> String {
        self.0.say(&format!("weekday-{}", at.weekday()))
    }

    /// The time of day.
    pub fn time(self, at: Instant) -> String {
        let minutes = at.0.rem_euclid(DAY_MS).wrapping_div(60_000);
        let (hour, minute) = (minutes.wrapping_div(60), minutes.wrapping_rem(60));
        self.digits(&format!("{hour:02}:{minute:02}"))
    }

    /// A moment with its zone.
    pub fn moment(self, at: Instant) -> String {
        let (day, time) = (self.short(at), self.time(at));
        self.0.say_with("moment", &[("day", day.into()), ("time", time.into())])
    }

    /// A moment in machine form, for `datetime`.
    pub fn iso(self, at: Instant) -> String {
        at.to_string()
    }

    fn solar(self, at: Instant) -> Option<(i64, i64, i64)> {
        (self.0.tag == "fa").then(|| solar_hijri(at))
    }
}

/// A number in hundredths.
#[expect(clippy::cast_possible_truncation, reason = "it is bounded")]
pub fn hundredths(value: f64) -> i64 {
    (value.clamp(-1e15, 1e15) * 100.0).round() as i64
}

/// The day in the Solar Hijri calendar, by the cycle of 33 years with eight leap years, which
/// agrees with the astronomical calendar of Iran from 1800 to 2100 but for 1403/1404 shifts outside
/// of it (K. M. Borkowski, The Persian calendar for 3000 years, Earth, Moon, and Planets 74, 1996).
pub fn solar_hijri(at: Instant) -> (i64, i64, i64) {
    /// 1 Farvardin 1 in days since 1 January 1970.
    const EPOCH: i64 = -492_268;
    const CYCLE_DAYS: i64 = 33 * 365 + 8;
    let days = at.0.div_euclid(DAY_MS).saturating_sub(EPOCH);
    // Years whose remainder by 33 is one of these are leap.
    let leaps = [1i64, 5, 9, 13, 17, 22, 26, 30];
    let (cycle, mut left) = (days.div_euclid(CYCLE_DAYS), days.rem_euclid(CYCLE_DAYS));
    let mut place = 1i64;
    loop {
        let length = 365 + i64::from(leaps.contains(&(place % 33)));
        if left < length {
            break;
        }
        left = left.saturating_sub(length);
        place = place.saturating_add(1);
    }
    let year = cycle.saturating_mul(33).saturating_add(place);
    let mut month = 1i64;
    loop {
        let length = if month <= 6 { 31 } else { 30 };
        if left < length || month == 12 {
            return (year, month, left.saturating_add(1));
        }
        left = left.saturating_sub(length);
        month = month.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EN: Figures = Figures(&crate::texts::LANGUAGES[0]);

    #[test]
    fn numbers_are_grouped_rounded_and_signed() {
        assert_eq!(EN.whole(1_284_906), "1,284,906");
        assert_eq!(EN.whole(-999), "\u{2212}999");
        assert_eq!(EN.price(331), "3.31");
        assert_eq!(EN.price(-5), "\u{2212}0.05");
        assert_eq!(EN.millions(158_949_999, 1), "158.9");
        assert_eq!(EN.millions(158_950_000, 1), "159.0");
        assert_eq!(EN.change(4, 2), "+0.04");
        assert_eq!(EN.plain(2029), "2029");
    }

    #[test]
    fn the_solar_calendar_agrees_with_days_that_are_known() {
        // Nowruz by the calendar centre of the University of Tehran; 12 June 2029 is 23 Khordad
        // 1408.
        let days = [
            ((1979, 2, 11), (1357, 11, 22)),
            ((2016, 3, 20), (1395, 1, 1)),
            ((2017, 3, 20), (1395, 12, 30)),
            ((2017, 3, 21), (1396, 1, 1)),
            ((2021, 3, 20), (1399, 12, 30)),
            ((2024, 3, 20), (1403, 1, 1)),
            ((2025, 3, 20), (1403, 12, 30)),
            ((2025, 3, 21), (1404, 1, 1)),
            ((2026, 3, 21), (1405, 1, 1)),
            ((2029, 6, 12), (1408, 3, 23)),
            ((2030, 3, 21), (1409, 1, 1)),
        ];
        for ((year, month, day), solar) in days {
            assert_eq!(solar_hijri(Instant::of_date(year, month, day)), solar, "{year}-{month}");
        }
    }
}
