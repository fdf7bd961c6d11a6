//! The working time of a chapter: offset, week, holidays, hours, waits.

use crate::chapter::month_day_of;
use crate::reader::Section;
use crate::schema::WEEKDAYS;
use karvan_core::calendar::{Calendar, Day, DelayRule, Offset};
use karvan_core::time::Instant;
use std::collections::BTreeSet;

/// Reads the calendar of a chapter. Without keys: Monday to Friday, 10:00 to 16:00 UTC.
pub(crate) fn read(s: &Section<'_>) -> Calendar {
    let plain = Calendar::plain();
    let noon = s.choice("delay_rule", &[("eu_noon", true), ("uk_hours", false)], true);
    let hours = s.value("transfer_delay_hours").map(|_| {
        if noon {
            s.mistake("transfer_delay_hours", "belongs to delay_rule = \"uk_hours\"");
        }
        u32::try_from(s.whole("transfer_delay_hours", 24, 0..=1_680)).unwrap_or(24)
    });
    let it = Calendar {
        offsets: offsets(s),
        weekend: weekend(s).unwrap_or(plain.weekend),
        yearly: yearly(s),
        dated: dated(s),
        opens: time_of_day(s, "opens", plain.opens),
        closes: time_of_day(s, "closes", plain.closes),
        delay: if noon { DelayRule::EuNoon } else { DelayRule::UkHours(60 * hours.unwrap_or(24)) },
    };
    if !it.is_sound() {
        s.mistake("closes", "the calendar must open before it closes, and have a day of work");
    }
    it
}

/// Offsets from UTC, from 1 January of a year on where they are named by year.
fn offsets(s: &Section<'_>) -> Vec<Offset> {
    let texts = s.by_year("utc_offset", 0, |s, key, value| {
        let found = value.get_ref().as_str().and_then(minutes_of_offset);
        if found.is_none() {
            s.mistake(key, "allowed is an offset such as \"+05:00\"");
        }
        found
    });
    let first = Offset { since: Instant(i64::MIN), minutes: texts.at(0) };
    let steps = texts.years().map(|year| Offset {
        since: Instant::of_date(i64::from(year), 1, 1),
        minutes: texts.at(year),
    });
    std::iter::once(first).chain(steps).collect()
}

fn minutes_of_offset(text: &str) -> Option<i16> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let minutes = i16::try_from(minutes_of_day(rest)?).ok()?;
    Some(sign * minutes)
}

/// Minutes after midnight from a text such as 09:30.
fn minutes_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |it: &str| it.len() == 2 && it.bytes().all(|it| it.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 24 && minutes < 60 && hours * 60 + minutes <= 1_440).then_some(hours * 60 + minutes)
}

pub(crate) fn time_of_day(s: &Section<'_>, key: &str, default: u32) -> u32 {
    if s.value(key).is_none() {
        return default;
    }
    let text = s.text(key, "10:00");
    minutes_of_day(&text).unwrap_or_else(|| {
        s.mistake(key, format!("\"{text}\" is no time; allowed is one like \"10:00\""));
        default
    })
}

fn weekend(s: &Section<'_>) -> Option<BTreeSet<u8>> {
    let names: Vec<&str> = WEEKDAYS.iter().map(|(name, _)| *name).collect();
    let found = s.words("weekend", &names)?;
    let number = |it: &String| WEEKDAYS.iter().find(|(name, _)| name == it).map(|(_, day)| *day);
    Some(found.iter().filter_map(number).collect())
}

fn yearly(s: &Section<'_>) -> BTreeSet<(u8, u8)> {
    let texts = s.texts("holidays_month_day").unwrap_or_default();
    let read = |(_, text): (usize, String)| {
        let day = month_day_of(&text);
        if day.is_none() {
            let what = format!("\"{text}\" is no day; allowed is one like \"03-21\"");
            s.mistake("holidays_month_day", what);
        }
        day
    };
    texts.into_iter().filter_map(read).collect()
}

fn dated(s: &Section<'_>) -> BTreeSet<Day> {
    let texts = s.texts("holidays_dated").unwrap_or_default();
    let read = |(_, text): (usize, String)| {
        let parts: Vec<i64> = text.split('-').filter_map(|it| it.parse().ok()).collect();
        let day = match parts.as_slice() {
            [year, month, day] => Some(Day::of_date(*year, *month, *day)),
            _ => None,
        };
        // A day that no month has reads back as another.
        let day = day.filter(|it| it.to_string() == text);
        if day.is_none() {
            let what = format!("\"{text}\" is no day; allowed is one like \"2027-03-10\"");
            s.mistake("holidays_dated", what);
        }
        day
    };
    texts.into_iter().filter_map(read).collect()
}
