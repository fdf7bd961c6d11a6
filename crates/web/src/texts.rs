//! What pages say, in the reader's language.
//!
//! The texts stand in `locales/<language>/*.ftl` (Project Fluent), compiled in. English has all of
//! them; a test keeps the others as complete. A language is a line in [`LANGUAGES`] and a folder.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use unic_langid::LanguageIdentifier;

/// In which direction a script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

/// A language of the portal.
#[derive(Debug)]
pub struct Language {
    /// Its tag (BCP 47), also the first part of addresses.
    pub tag: &'static str,
    /// Its own name.
    pub name: &'static str,
    /// Which way it runs.
    pub direction: Direction,
    /// How it writes numbers.
    pub numbers: Numbers,
    /// The font to fetch first.
    pub font: &'static str,
    texts: &'static [&'static str],
}

/// How a language writes numbers.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// Between groups of three digits.
    pub group: char,
    /// Before decimals.
    pub point: char,
    /// The digit zero; the others follow it.
    pub zero: char,
}

macro_rules! texts {
    ($tag:literal) => {
        &[
            include_str!(concat!("../locales/", $tag, "/frame.ftl")),
            include_str!(concat!("../locales/", $tag, "/words.ftl")),
            include_str!(concat!("../locales/", $tag, "/pages.ftl")),
        ]
    };
}

/// All languages, the one that is asked last first.
pub static LANGUAGES: [Language; 5] = [
    Language {
        tag: "en",
        name: "English",
        direction: Direction::Ltr,
        numbers: Numbers { group: ',', point: '.', zero: '0' },
        font: "inter-latin-wght-normal.woff2",
        texts: texts!("en"),
    },
    Language {
        tag: "ru",
        name: "Русский",
        direction: Direction::Ltr,
        numbers: Numbers { group: '\u{a0}', point: ',', zero: '0' },
        font: "inter-cyrillic-wght-normal.woff2",
        texts: texts!("ru"),
    },
    Language {
        tag: "tr",
        name: "Türkçe",
        direction: Direction::Ltr,
        numbers: Numbers { group: '.', point: ',', zero: '0' },
        font: "inter-latin-wght-normal.woff2",
        texts: texts!("tr"),
    },
    Language {
        tag: "az",
        name: "Azərbaycanca",
        direction: Direction::Ltr,
        numbers: Numbers { group: '.', point: ',', zero: '0' },
        font: "inter-latin-wght-normal.woff2",
        texts: texts!("az"),
    },
    Language {
        tag: "fa",
        name: "فارسی",
        direction: Direction::Rtl,
        numbers: Numbers { group: '\u{66c}', point: '\u{66b}', zero: '\u{6f0}' },
        font: "vazirmatn-arabic-wght-normal.woff2",
        texts: texts!("fa"),
    },
];

/// How many texts were asked for that there are not; a test looks.
pub static MISSING: AtomicUsize = AtomicUsize::new(0);

impl Language {
    /// The language of a tag.
    pub fn of(tag: &str) -> Option<&'static Self> {
        LANGUAGES.iter().find(|it| it.tag == tag)
    }

    /// English.
    pub fn fallback() -> &'static Self {
        let [first, ..] = &LANGUAGES;
        first
    }

    /// The best of what a browser asks for (`Accept-Language`, RFC 9110 section 12.5.4).
    pub fn accepted(header: &str) -> &'static Self {
        let mut best: Option<(&'static Self, f32)> = None;
        for part in header.split(',').take(32) {
            let (tag, rest) = part.split_once(';').unwrap_or((part, ""));
            let weight = rest.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
            let primary = tag.trim().split('-').next().unwrap_or_default().to_lowercase();
            if let (Some(language), Ok(weight)) = (Self::of(&primary), weight)
                && weight > 0.0
                && best.is_none_or(|(_, it)| weight > it)
            {
                best = Some((language, weight));
            }
        }
        best.map_or(Self::fallback(), |(it, _)| it)
    }

    /// `ltr` or `rtl`.
    pub fn dir(&self) -> &'static str {
        match self.direction {
            Direction::Ltr => "ltr",
            Direction::Rtl => "rtl",
        }
    }

    fn bundle(&'static self) -> Option<&'static FluentBundle<FluentResource>> {
        static BUNDLES: OnceLock<Vec<(&'static str, FluentBundle<FluentResource>)>> =
            OnceLock::new();
        let all = BUNDLES.get_or_init(|| LANGUAGES.iter().map(|it| (it.tag, it.read())).collect());
        all.iter().find(|(tag, _)| *tag == self.tag).map(|(_, it)| it)
    }

    fn read(&self) -> FluentBundle<FluentResource> {
        let tag: LanguageIdentifier = self.tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Figures and names in a text that runs the other way are kept apart from it.
        bundle.set_use_isolating(self.direction == Direction::Rtl);
        if self.numbers.zero != '0' {
            bundle.set_formatter(Some(persian));
        }
        for text in self.texts {
            // A test reads all files without an error; a part that is wrong is left out.
            let resource = match FluentResource::try_new((*text).to_owned()) {
                Ok(it) | Err((it, _)) => it,
            };
            bundle.add_resource_overriding(resource);
        }
        bundle
    }

    /// Whether there is a text.
    pub fn has(&'static self, key: &str) -> bool {
        self.bundle().is_some_and(|it| it.has_message(key))
    }

    /// A text.
    pub fn say(&'static self, key: &str) -> String {
        self.say_with(key, &[])
    }

    /// A text with values in it.
    pub fn say_with(&'static self, key: &str, values: &[(&str, Told<'_>)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            let value = match value {
                Told::Text(it) => FluentValue::from(it.as_ref()),
                Told::Count(it) => FluentValue::from(*it),
            };
            arguments.set(Cow::Owned((*name).to_owned()), value);
        }
        let found = self.bundle().and_then(|bundle| {
            let pattern = bundle.get_message(key)?.value()?;
            let text = bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new());
            Some(text.into_owned())
        });
        found.unwrap_or_else(|| {
            MISSING.fetch_add(1, Ordering::Relaxed);
            format!("[{key}]")
        })
    }
}

/// Counts in Persian digits; what is text has them already.
fn persian<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    let FluentValue::Number(it) = value else { return None };
    let digit = |letter: char| {
        let place = letter.to_digit(10)?;
        char::from_u32(u32::from('\u{6f0}').saturating_add(place))
    };
    Some(it.as_string().chars().map(|it| digit(it).unwrap_or(it)).collect())
}

/// A value in a text.
#[derive(Clone, Debug)]
pub enum Told<'a> {
    /// Text, or a number as it is written.
    Text(Cow<'a, str>),
    /// A count, by which a plural is chosen.
    Count(i64),
}

impl<'a> From<&'a str> for Told<'a> {
    fn from(it: &'a str) -> Self {
        Self::Text(Cow::Borrowed(it))
    }
}

impl From<String> for Told<'_> {
    fn from(it: String) -> Self {
        Self::Text(Cow::Owned(it))
    }
}

impl From<i64> for Told<'_> {
    fn from(it: i64) -> Self {
        Self::Count(it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// The messages of a language, each with the names of its values.
    fn messages(language: &Language) -> BTreeMap<String, Vec<String>> {
        let mut all = BTreeMap::new();
        for text in language.texts {
            let resource = FluentResource::try_new((*text).to_owned())
                .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", language.tag));
            drop(resource);
            let mut key = String::new();
            for line in text.lines() {
                if let Some((name, _)) = line.split_once(" =")
                    && line.starts_with(|it: char| it.is_ascii_lowercase())
                {
                    key = name.to_owned();
                    assert!(
                        all.insert(key.clone(), Vec::new()).is_none(),
                        "{}: {key} twice",
                        language.tag
                    );
                }
                for part in line.split("{ $").skip(1).chain(line.split("{$").skip(1)) {
                    let end = part.find(|it: char| !it.is_alphanumeric() && it != '-');
                    let name = part[..end.unwrap_or(part.len())].to_owned();
                    let names: &mut Vec<String> = all.entry(key.clone()).or_default();
                    if !names.contains(&name) {
                        names.push(name);
                        names.sort();
                    }
                }
            }
        }
        all
    }

    #[test]
    fn every_language_says_everything_with_the_same_values() {
        let english = messages(Language::fallback());
        assert!(english.len() > 100);
        for language in &LANGUAGES {
            let theirs = messages(language);
            let missing: Vec<_> = english.keys().filter(|it| !theirs.contains_key(*it)).collect();
            assert!(missing.is_empty(), "{}: without {missing:?}", language.tag);
            let more: Vec<_> = theirs.keys().filter(|it| !english.contains_key(*it)).collect();
            assert!(more.is_empty(), "{}: {more:?} are said by nobody", language.tag);
            for (key, values) in &english {
                assert_eq!(theirs.get(key), Some(values), "{}: {key}", language.tag);
            }
        }
    }

    #[test]
    fn the_language_that_the_reader_prefers_is_chosen() {
        assert_eq!(Language::accepted("xx, en;q=0.3").tag, "en");
        assert_eq!(Language::accepted("fa-IR, en;q=0.3").tag, "fa");
        assert_eq!(Language::accepted("de, ru;q=0.4, az;q=0.9").tag, "az");
        assert_eq!(Language::accepted("").tag, "en");
        assert_eq!(Language::accepted("en-GB;q=0.8, q=;;,,").tag, "en");
    }
}
