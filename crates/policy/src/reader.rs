//! Reads a policy file value by value, and collects every mistake with its line, its key and
//! what is allowed.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds of values are another crate's: what is not wanted is a mistake in the file"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// At most this many mistakes are named.
pub const MISTAKES_MAX: usize = 200;

/// A mistake in a policy file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The line, counted from 1.
    pub line: usize,
    /// The key with its path.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "line {}: {}: {}", self.line, self.key, self.what)
    }
}

/// The mistakes found so far, and the text they are in.
#[derive(Debug)]
pub struct Report<'a> {
    text: &'a str,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'a> Report<'a> {
    /// A report on a text.
    pub fn on(text: &'a str) -> Self {
        Self { text, mistakes: RefCell::default() }
    }

    /// Adds a mistake at an offset of the text.
    pub fn add(&self, offset: usize, key: impl Into<String>, what: impl Into<String>) {
        let before = self.text.get(..offset.min(self.text.len())).unwrap_or(self.text);
        let line = before.bytes().filter(|it| *it == b'\n').count().saturating_add(1);
        let mut mistakes = self.mistakes.borrow_mut();
        if mistakes.len() < MISTAKES_MAX {
            mistakes.push(Mistake { line, key: key.into(), what: what.into() });
        }
    }

    /// The mistakes in the order of their lines.
    pub fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort();
        mistakes
    }
}

/// A table of the file. Every key that is asked for is known; the others are mistakes.
pub struct Section<'a> {
    report: &'a Report<'a>,
    table: &'a DeTable<'a>,
    path: String,
    offset: usize,
    known: RefCell<BTreeSet<String>>,
}

pub(crate) type Value<'a> = &'a Spanned<DeValue<'a>>;

/// The name of a value's kind, for messages.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A finite number, whole or not.
pub fn as_number(value: &DeValue<'_>) -> Option<f64> {
    let text = match value {
        DeValue::Integer(it) => it.as_str().to_owned(),
        DeValue::Float(it) => it.as_str().to_owned(),
        DeValue::String(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => return None,
    };
    text.replace('_', "").parse::<f64>().ok().filter(|it| it.is_finite())
}

impl<'a> Section<'a> {
    /// The file's outermost table.
    pub fn root(report: &'a Report<'a>, table: &'a DeTable<'a>) -> Self {
        let known = RefCell::default();
        Self { report, table, path: String::new(), offset: 0, known }
    }

    /// The key with its path.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Adds a mistake at a key, or at the table where the key is missing.
    pub fn mistake(&self, key: &str, what: impl Into<String>) {
        let found = self.table.iter().find(|(it, _)| it.get_ref().as_ref() == key);
        let offset = found.map_or(self.offset, |(it, _)| it.span().start);
        self.report.add(offset, self.path_of(key), what);
    }

    /// The value of a key, if it is there.
    pub fn value(&self, key: &str) -> Option<Value<'a>> {
        self.known.borrow_mut().insert(key.to_owned());
        self.table.iter().find(|(it, _)| it.get_ref().as_ref() == key).map(|(_, it)| it)
    }

    fn wrong(&self, key: &str, value: Value<'a>, allowed: &str) {
        let found = match value.get_ref() {
            DeValue::String(it) => format!("\"{it}\""),
            DeValue::Integer(it) => it.as_str().to_owned(),
            DeValue::Float(it) => it.as_str().to_owned(),
            DeValue::Boolean(it) => it.to_string(),
            other @ (DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_)) => {
                kind(other).to_owned()
            }
        };
        let what = format!("{found} is not allowed; allowed is {allowed}");
        self.report.add(value.span().start, self.path_of(key), what);
    }

    /// A number in a range, or the default.
    pub fn number(&self, key: &str, default: f64, range: RangeInclusive<f64>) -> f64 {
        let Some(value) = self.value(key) else {
            return default;
        };
        self.checked_number(key, value, &range).unwrap_or(default)
    }

    pub(crate) fn checked_number(
        &self,
        key: &str,
        value: Value<'a>,
        range: &RangeInclusive<f64>,
    ) -> Option<f64> {
        let number = as_number(value.get_ref()).filter(|it| range.contains(it));
        if number.is_none() {
            let allowed = format!("a number from {} to {}", range.start(), range.end());
            self.wrong(key, value, &allowed);
        }
        number
    }

    /// A whole number in a range, or the default.
    pub fn whole(&self, key: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(value) = self.value(key) else {
            return default;
        };
        let number = match value.get_ref() {
            DeValue::Integer(it) => it.as_str().replace('_', "").parse::<u64>().ok(),
            _ => None,
        };
        let number = number.filter(|it| range.contains(it));
        if number.is_none() {
            let allowed = format!("a whole number from {} to {}", range.start(), range.end());
            self.wrong(key, value, &allowed);
        }
        number.unwrap_or(default)
    }

    /// A text, or the default.
    pub fn text(&self, key: &str, default: &str) -> String {
        match self.value(key) {
            None => default.to_owned(),
            Some(value) => match value.get_ref() {
                DeValue::String(it) => it.as_ref().to_owned(),
                _ => {
                    self.wrong(key, value, "a text in quotes");
                    default.to_owned()
                }
            },
        }
    }

    /// True or false, or the default.
    #[expect(clippy::fn_params_excessive_bools, reason = "the default is a value like any other")]
    pub fn flag(&self, key: &str, default: bool) -> bool {
        let Some(value) = self.value(key) else {
            return default;
        };
        match value.get_ref() {
            DeValue::Boolean(it) => *it,
            _ => {
                self.wrong(key, value, "true or false");
                default
            }
        }
    }

    /// One of some words, or the default.
    pub fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)], default: T) -> T {
        let Some(value) = self.value(key) else {
            return default;
        };
        self.checked_choice(key, value, words).unwrap_or(default)
    }

    fn checked_choice<T: Copy>(
        &self,
        key: &str,
        value: Value<'a>,
        words: &[(&str, T)],
    ) -> Option<T> {
        let found = match value.get_ref() {
            DeValue::String(it) => words.iter().find(|(word, _)| *word == it.as_ref()),
            _ => None,
        };
        if found.is_none() {
            let all: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            self.wrong(key, value, &format!("one of {}", all.join(", ")));
        }
        found.map(|(_, it)| *it)
    }

    /// A list of texts; `None` when the key is missing.
    pub fn texts(&self, key: &str) -> Option<Vec<(usize, String)>> {
        let value = self.value(key)?;
        self.checked_texts(key, value)
    }

    fn checked_texts(&self, key: &str, value: Value<'a>) -> Option<Vec<(usize, String)>> {
        let DeValue::Array(list) = value.get_ref() else {
            self.wrong(key, value, "a list of texts");
            return None;
        };
        let mut texts = Vec::new();
        for it in list.iter() {
            match it.get_ref() {
                DeValue::String(text) => texts.push((it.span().start, text.as_ref().to_owned())),
                _ => self.wrong(key, it, "a text in quotes"),
            }
        }
        Some(texts)
    }

    /// A list of some words; `None` when the key is missing.
    pub fn words(&self, key: &str, words: &[&str]) -> Option<Vec<String>> {
        let value = self.value(key)?;
        self.checked_words(key, value, words)
    }

    fn checked_words(&self, key: &str, value: Value<'a>, words: &[&str]) -> Option<Vec<String>> {
        let texts = self.checked_texts(key, value)?;
        for (offset, text) in &texts {
            if !words.contains(&text.as_str()) {
                let what = format!("\"{text}\" is not allowed; allowed are {}", words.join(", "));
                self.report.add(*offset, self.path_of(key), what);
            }
        }
        Some(texts.into_iter().map(|(_, text)| text).collect())
    }

    /// A list of numbers; `None` when the key is missing.
    pub fn list_of_numbers(&self, key: &str, range: RangeInclusive<f64>) -> Option<Vec<f64>> {
        let value = self.value(key)?;
        let DeValue::Array(list) = value.get_ref() else {
            self.wrong(key, value, "a list of numbers, as in [15, 25]");
            return None;
        };
        Some(list.iter().filter_map(|it| self.checked_number(key, it, &range)).collect())
    }

    /// Pairs of numbers, such as a curve; `None` when the key is missing.
    pub fn pairs(&self, key: &str, range: RangeInclusive<f64>) -> Option<Vec<(f64, f64)>> {
        let value = self.value(key)?;
        let allowed = "a list of pairs of numbers, as in [[0, 0.0], [20, 0.16]]";
        let DeValue::Array(list) = value.get_ref() else {
            self.wrong(key, value, allowed);
            return None;
        };
        let mut pairs = Vec::new();
        for it in list.iter() {
            let pair: Vec<f64> = match it.get_ref() {
                DeValue::Array(pair) => {
                    pair.iter().filter_map(|it| self.checked_number(key, it, &range)).collect()
                }
                _ => Vec::new(),
            };
            match pair.as_slice() {
                [first, second] => pairs.push((*first, *second)),
                _ => self.wrong(key, it, allowed),
            }
        }
        Some(pairs)
    }

    /// A value that holds from a year on: one value for all years, or a table of years. Years the
    /// table does not name have the value of the year before; before its first year the default.
    pub fn by_year<T: Clone>(
        &self,
        key: &str,
        default: T,
        read: impl Fn(&Self, &str, Value<'a>) -> Option<T>,
    ) -> super::ByYear<T> {
        let mut steps = super::ByYear::always(default);
        let Some(value) = self.value(key) else {
            return steps;
        };
        let DeValue::Table(table) = value.get_ref() else {
            if let Some(it) = read(self, key, value) {
                steps = super::ByYear::always(it);
            }
            return steps;
        };
        for (year, value) in table.iter() {
            let name = format!("{key}.{}", year.get_ref());
            match year.get_ref().parse::<u16>().ok().filter(|it| (2000..=2200).contains(it)) {
                None => {
                    let what = "is no year; allowed is a year from 2000 to 2200";
                    self.report.add(year.span().start, self.path_of(&name), what);
                }
                Some(year) => {
                    if let Some(it) = read(self, &name, value) {
                        steps.set(year, it);
                    }
                }
            }
        }
        steps
    }

    /// A number that may change from year to year.
    pub fn numbers(
        &self,
        key: &str,
        default: f64,
        range: RangeInclusive<f64>,
    ) -> super::ByYear<f64> {
        self.by_year(key, default, |it, key, value| it.checked_number(key, value, &range))
    }

    /// One of some words that may change from year to year.
    pub fn choices<T: Copy>(&self, key: &str, words: &[(&str, T)], default: T) -> super::ByYear<T> {
        self.by_year(key, default, |it, key, value| it.checked_choice(key, value, words))
    }

    /// A flag that may change from year to year.
    #[expect(clippy::fn_params_excessive_bools, reason = "the default is a value like any other")]
    pub fn flags(&self, key: &str, default: bool) -> super::ByYear<bool> {
        self.by_year(key, default, |it, key, value| match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                it.wrong(key, value, "true or false");
                None
            }
        })
    }

    /// Lists of words that may change from year to year.
    pub fn word_lists(&self, key: &str, words: &[&str]) -> super::ByYear<Vec<String>> {
        self.by_year(key, Vec::new(), |it, key, value| it.checked_words(key, value, words))
    }

    /// A table within this one.
    pub fn section(&self, key: &str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        self.as_section(key, value)
    }

    fn as_section(&self, key: &str, value: Value<'a>) -> Option<Section<'a>> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong(key, value, "a table");
            return None;
        };
        Some(Section {
            report: self.report,
            table,
            path: self.path_of(key),
            offset: value.span().start,
            known: RefCell::default(),
        })
    }

    /// A list of tables, written as `[[key]]`.
    pub fn tables(&self, key: &str) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(list) = value.get_ref() else {
            self.wrong(
                key,
                value,
                &format!("a list of tables, each under [[{}]]", self.path_of(key)),
            );
            return Vec::new();
        };
        let numbered = (1..).zip(list.iter());
        numbered
            .filter_map(|(number, it)| self.as_section(&format!("{key}.{number}"), it))
            .collect()
    }

    /// The tables within this one, by their keys in the order of the file.
    pub fn sections(&self) -> Vec<(String, Section<'a>)> {
        let mut rows: Vec<_> = self.table.iter().collect();
        rows.sort_by_key(|(key, _)| key.span().start);
        rows.into_iter()
            .filter_map(|(key, value)| {
                let key = key.get_ref().as_ref().to_owned();
                self.known.borrow_mut().insert(key.clone());
                Some((key.clone(), self.as_section(&key, value)?))
            })
            .collect()
    }

    /// The keys of this table with their texts, whatever they are named: for tables of notes.
    pub fn notes(&self) -> Vec<(String, String)> {
        let keys: Vec<String> = self.table.iter().map(|(it, _)| it.get_ref().to_string()).collect();
        keys.into_iter().map(|key| (key.clone(), self.text(&key, ""))).collect()
    }

    /// The keys of this table.
    pub fn keys(&self) -> BTreeSet<String> {
        self.table.iter().map(|(it, _)| it.get_ref().to_string()).collect()
    }

    /// Names the keys nobody asked for.
    pub fn end(self) {
        let known = self.known.borrow();
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if known.contains(name) {
                continue;
            }
            let near = known.iter().min_by_key(|it| distance(it, name));
            let hint = match near.filter(|it| distance(it, name) <= name.len().div_ceil(3)) {
                Some(near) => format!("is unknown; did you mean {near}?"),
                None => {
                    let all: Vec<&str> = known.iter().map(String::as_str).collect();
                    format!("is unknown; known here are {}", all.join(", "))
                }
            };
            self.report.add(key.span().start, self.path_of(name), hint);
        }
    }
}

/// How many letters must be changed, added or left out to turn one word into the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.chars().enumerate() {
        let mut diagonal = place;
        let mut left = place + 1;
        let mut next = vec![left];
        for (above, it) in row.iter().skip(1).zip(&other) {
            let changed = diagonal + usize::from(*it != letter);
            diagonal = *above;
            left = changed.min(left + 1).min(above + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_letters() {
        assert_eq!(distance("cap_mt", "cap_mt"), 0);
        assert_eq!(distance("cap_mt", "cap_kt"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("sunday", "saturday"), 3);
    }
}
