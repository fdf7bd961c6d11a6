//! What people write: dates, times, amounts.

use karvan_core::calendar::{Day, Local};
use karvan_core::quantity::Price;
use karvan_core::supply::set_cap::CAP_MAX;

/// A day written as 2021-06-14.
pub(crate) fn day(text: &str) -> Option<Day> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let number = |text: &str, digits: usize| -> Option<i64> {
        (text.len() == digits && text.bytes().all(|it| it.is_ascii_digit()))
            .then(|| text.parse().ok())?
    };
    let it = Day::of_date(number(year, 4)?, number(month, 2)?, number(day, 2)?);
    // A day that a month does not have reads back as another.
    (it.to_string() == text).then_some(it)
}

/// A time of day written as 10:00 or 10:00:00, in seconds after midnight.
fn seconds(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |text: &str, below: u32| -> Option<u32> {
        let digits = text.len() == 2 && text.bytes().all(|it| it.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok())?.filter(|it| *it < below)
    };
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] => (hours, minutes, "00"),
        [hours, minutes, seconds] => (hours, minutes, *seconds),
        _ => return None,
    };
    Some(number(hours, 24)? * 3_600 + number(minutes, 60)? * 60 + number(seconds, 60)?)
}

/// A time of day in whole minutes after midnight.
pub(crate) fn minutes(text: &str) -> Option<u32> {
    seconds(text).filter(|it| it % 60 == 0).map(|it| it / 60)
}

/// A local time written as 2021-06-14 (its midnight) or 2021-06-14T15:59:59.
pub(crate) fn local(text: &str) -> Option<Local> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let day = day(date)?;
    Some(Local(day.at(0).0 + i64::from(seconds(time)?) * 1_000))
}

/// A whole number of digits alone.
pub(crate) fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|it| it.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A number of units, as many as a market may have.
pub(crate) fn units(text: &str) -> Option<u64> {
    whole(text).filter(|it| *it <= CAP_MAX.0)
}

/// An amount with at most two decimals, in hundredths.
pub(crate) fn cents(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (units, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    if rest.is_empty() || rest.len() > 2 || units.is_empty() {
        return None;
    }
    let hundredths = whole(&format!("{rest:0<2}"))?;
    let all = whole(units)?.checked_mul(100)?.checked_add(hundredths)?;
    Some(sign * i64::try_from(all).ok()?)
}

/// A price of an option.
pub(crate) fn price(text: &str) -> Result<Price, String> {
    let price = cents(text).map(Price).filter(|it| it.0 >= 0);
    price.ok_or_else(|| format!("\"{text}\" is no price; expected is one such as 8.15"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_and_what_no_calendar_has_is_refused() {
        assert_eq!(local("2021-06-14T15:59:59").unwrap().to_string(), "2021-06-14T15:59:59");
        assert_eq!(local("2021-06-14").unwrap().to_string(), "2021-06-14T00:00:00");
        for wrong in ["2021-02-29", "2021-6-1", "21-06-01", "2021-06-14T24:00", "2021-06-14T1:0"] {
            assert!(local(wrong).is_none(), "{wrong}");
        }
    }
}
