//! The commands of the interface, field by field: from what each is told, the document, the parsing
//! and the command follow.

mod evidence;
mod registry;
mod trading;

use karvan_core::account::{AccountNumber, by_number};
use karvan_core::book::plan::SelfMatch;
use karvan_core::calendar::Day;
use karvan_core::id::{
    AccountId, EvidenceId, InstallationId, JurisdictionId, Label, ProductId, SeriesId, SiteId,
};
use karvan_core::mrv::Decimal;
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::{DAY_MS, Year};
use karvan_core::{Command, State};
use serde_json::{Map, Value as Json};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The code of a jurisdiction.
    Jurisdiction,
    /// A year.
    Year,
    /// The number of an account, with check digits.
    Account,
    /// An installation by its row in the data.
    Installation,
    /// Whole tonnes.
    Tonnes,
    /// A price: decimal text with at most two decimals.
    Price,
    /// A whole number.
    Number,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// SHA-256 in hexadecimal digits.
    Hash,
    /// Text.
    Text,
    /// A short name: 1 to 24 letters, digits and signs.
    Label,
    /// A product of the chapter, by its code.
    Product,
    /// A site by its row in the data.
    Site,
    /// A decimal number as text.
    Decimal,
    /// A day such as 2029-12-31.
    Day,
}

/// A field of a form.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: Need,
    /// What it means.
    pub about: &'static str,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It may be left out.
    Optional,
    /// It, or another one of these that says the same.
    Either,
}

/// A command of the interface.
pub struct Form {
    /// The last part of its path.
    pub path: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
    build: fn(&mut Taken<'_>) -> Option<Command>,
}

const fn must(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: Need::Required, about }
}

const fn may(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: Need::Optional, about }
}

const fn either(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: Need::Either, about }
}

const MARKET: Field = must("jurisdiction", Kind::Jurisdiction, "Whose market.");
const YEAR: Field =
    must("year", Kind::Year, "The market's year: units that count for it, or are of it.");
const PRODUCT: Field = may(
    "product",
    Kind::Product,
    "The code of a product of the chapter; without one its allowances are traded.",
);
const PRICE: Field = must("price", Kind::Price, "The price of one unit.");
const QUANTITY: Field = must("quantity", Kind::Tonnes, "How many units.");
const ISSUER: Field =
    either("jurisdiction", Kind::Jurisdiction, "Who issued the allowances; with the vintage.");
const VINTAGE: Field = either("vintage", Kind::Year, "Their year.");
const SERIES: Field = either(
    "series",
    Kind::Number,
    "Their series, as your holdings name it; in place of jurisdiction and vintage.",
);
/// What [`Taken::of_installation`] takes.
const OF_INSTALLATION: &[Field] = &[
    must("installation", Kind::Installation, "The installation."),
    must("year", Kind::Year, "For which year."),
    QUANTITY,
];
/// What [`Taken::units`] takes.
const UNITS: &[Field] = &[
    must("account", Kind::Account, "The account the units leave."),
    SERIES,
    ISSUER,
    VINTAGE,
    QUANTITY,
];

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Form> {
    trading::FORMS.iter().chain(&registry::FORMS).chain(&evidence::FORMS)
}

/// A field that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

/// The fields of a request, as they are taken; every mistake is kept.
struct Taken<'a> {
    state: &'a State,
    fields: &'a Map<String, Json>,
    form: &'a Form,
    mistakes: Vec<Mistake>,
}

impl Form {
    /// The command of a request, or all that is wrong with it.
    pub fn parse(&self, body: &Json, state: &State) -> Result<Command, Vec<Mistake>> {
        let whole = |why: &str| vec![Mistake { field: String::new(), why: why.to_owned() }];
        let fields = body.as_object().ok_or_else(|| whole("the body must be a JSON object"))?;
        let mut it = Taken { state, fields, form: self, mistakes: Vec::new() };
        for name in fields.keys().filter(|name| self.fields.iter().all(|it| it.name != **name)) {
            let known: Vec<&str> = self.fields.iter().map(|it| it.name).collect();
            let why = format!("there is no such field; fields are {}", known.join(", "));
            it.wrong(name, &why);
        }
        let command = (self.build)(&mut it);
        match (command, it.mistakes) {
            (Some(command), mistakes) if mistakes.is_empty() => Ok(command),
            (_, mistakes) if mistakes.is_empty() => Err(whole("a number is too large")),
            (_, mistakes) => Err(mistakes),
        }
    }
}

impl<'a> Taken<'a> {
    fn wrong(&mut self, field: &str, why: &str) {
        self.mistakes.push(Mistake { field: field.to_owned(), why: why.to_owned() });
    }

    /// The value of a field; what is missing and must be there is a mistake.
    fn value(&mut self, name: &str) -> Option<&'a Json> {
        let value = self.fields.get(name).filter(|it| !it.is_null());
        let field = self.form.fields.iter().find(|it| it.name == name);
        if value.is_none() && field.is_some_and(|it| it.required == Need::Required) {
            self.wrong(name, "it is missing");
        }
        value
    }

    fn said(&mut self, name: &str, expected: &str) -> Option<&'a str> {
        let value = self.value(name)?;
        let text = value.as_str();
        if text.is_none() {
            self.wrong(name, &format!("{value} is no text; expected is {expected}"));
        }
        text
    }

    /// What `read` makes of a text; nothing is a mistake.
    fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str, &State) -> Option<T>,
    ) -> Option<T> {
        let text = self.said(name, expected)?;
        let found = read(text, self.state);
        if found.is_none() {
            self.wrong(name, &format!("\"{text}\" does not fit; expected is {expected}"));
        }
        found
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.said(name, "text").map(str::to_owned)
    }

    fn decimal(&mut self, name: &str) -> Option<Decimal> {
        self.read(name, "a number as text, such as \"1250.5\"", |text, _| Decimal::parse(text))
    }

    fn day(&mut self, name: &str) -> Option<Day> {
        self.read(name, "a day such as 2029-12-31", |text, _| {
            let mut parts = text.splitn(3, '-').map(|it| it.parse::<i64>().ok());
            let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
            let sound = (1..=9_999).contains(&year) && (1..=12).contains(&month);
            let found = Day::of_date(year, month, day);
            // The thirtieth of February is another day.
            let date = karvan_core::time::Instant(found.0.checked_mul(DAY_MS)?).date();
            (sound && date == (year, month, day)).then_some(found)
        })
    }

    /// A product of a chapter, where the request names one.
    fn product(&mut self, of: Option<JurisdictionId>) -> Option<ProductId> {
        let text = self.text("product")?;
        let chapter = self.state.rules.as_ref().and_then(|it| it.jurisdiction(of?));
        let found = chapter.and_then(|it| it.listed().find(|(_, it)| it.code.as_str() == text));
        if found.is_none() {
            self.wrong("product", &format!("the chapter has no product \"{text}\""));
        }
        found.map(|(id, _)| id)
    }

    /// The series that is named, or that of a jurisdiction's vintage.
    fn series(&mut self) -> Option<SeriesId> {
        let series = self.small("series").map(SeriesId);
        let (issuer, vintage) = (self.jurisdiction("jurisdiction"), self.year("vintage"));
        let [named, by_issuer, by_vintage] =
            ["series", "jurisdiction", "vintage"].map(|it| self.names(it));
        match (series, issuer.zip(vintage)) {
            (Some(_), Some(_)) => self.wrong("series", "give it, or jurisdiction and vintage"),
            (Some(series), None) if !by_issuer && !by_vintage => return Some(series),
            (None, Some((issuer, vintage))) if !named => {
                let series = self.state.ledger.vintage(issuer, vintage);
                if series.is_none() {
                    self.wrong("vintage", "no units of this year are issued");
                }
                return series;
            }
            (None, None) if !named && !by_issuer && !by_vintage => {
                self.wrong("series", "it is missing; give it, or jurisdiction and vintage");
            }
            (None, None) if !named && !by_vintage => {
                self.wrong("vintage", "it is missing beside the jurisdiction");
            }
            (None, None) if !named && !by_issuer => {
                self.wrong("jurisdiction", "it is missing beside the vintage");
            }
            (Some(_), None) => self.wrong("series", "give it, or jurisdiction and vintage"),
            (None, _) => {}
        }
        None
    }

    /// Whether a field is there.
    fn names(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|it| !it.is_null())
    }

    /// So many units for an installation's year.
    fn of_installation(&mut self) -> Option<(InstallationId, Year, Tonnes)> {
        let (installation, year) = (self.installation("installation"), self.year("year"));
        let quantity = self.tonnes("quantity");
        Some((installation?, year?, quantity?))
    }

    /// So many units of a series in an account.
    fn units(&mut self) -> Option<(AccountId, SeriesId, Tonnes)> {
        let (account, series) = (self.account("account"), self.series());
        let quantity = self.tonnes("quantity");
        Some((account?, series?, quantity?))
    }

    fn jurisdiction(&mut self, name: &str) -> Option<JurisdictionId> {
        self.read(name, "the code of a jurisdiction, such as XXA", |text, state| {
            let mut chapters = state.rules.as_ref()?.chapters();
            chapters.find(|(_, it)| it.code.as_str() == text).map(|(id, _)| id)
        })
    }

    fn account(&mut self, name: &str) -> Option<AccountId> {
        let expected = "the number of an account, with its check digits";
        self.read(name, expected, |text, state| by_number(state, AccountNumber::parse(text).ok()?))
    }

    fn installation(&mut self, name: &str) -> Option<InstallationId> {
        self.read(name, "an installation by its row in the data", |text, state| {
            state.labels.get(&Label::new(text)?).copied()
        })
    }

    fn price(&mut self, name: &str) -> Option<Price> {
        self.read(name, "a price as text, such as \"12.50\"", |text, _| {
            let (whole, part) = text.split_once('.').unwrap_or((text, ""));
            let digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
            let fits = !whole.is_empty() && part.len() <= 2 && digits(whole) && digits(part);
            fits.then(|| format!("{whole}{part:0<2}").parse().ok().map(Price))?
        })
    }

    fn short(&mut self, name: &str) -> Option<Label> {
        self.read(name, "1 to 24 letters, digits and signs", |text, _| Label::new(text))
    }

    fn label(&mut self, name: &str) -> Option<Label> {
        self.read(name, "the code of a currency, such as KZT", |text, _| Label::new(text))
    }

    fn site(&mut self) -> Option<SiteId> {
        self.read("site", "a site by its row in the data", |text, state| {
            let mut all = state.sites.iter();
            all.find(|(_, it)| it.label.as_str() == text).map(|(id, _)| id)
        })
    }

    fn evidence(&mut self) -> Option<EvidenceId> {
        self.small("evidence").map(EvidenceId)
    }

    fn hash(&mut self, name: &str) -> Option<[u8; 32]> {
        self.read(name, "64 hexadecimal digits", |text, _| {
            let pairs = text.as_bytes().chunks(2).map(|it| std::str::from_utf8(it).ok());
            let bytes: Option<Vec<u8>> = pairs.map(|it| u8::from_str_radix(it?, 16).ok()).collect();
            bytes?.try_into().ok()
        })
    }

    fn choice(&mut self, name: &str) -> Option<&'static str> {
        let field = self.form.fields.iter().find(|it| it.name == name)?;
        let Kind::Choice(all) = field.kind else { return None };
        let expected = format!("one of {}", all.join(", "));
        self.read(name, &expected, |text, _| all.iter().copied().find(|it| *it == text))
    }

    fn self_match(&mut self) -> SelfMatch {
        match self.choice("self_match") {
            Some("cancel-resting") => SelfMatch::CancelResting,
            Some("cancel-both") => SelfMatch::CancelBoth,
            Some("decrement") => SelfMatch::Decrement,
            _ => SelfMatch::CancelIncoming,
        }
    }

    fn number(&mut self, name: &str) -> Option<u64> {
        let value = self.value(name)?;
        let number = value.as_u64();
        if number.is_none() {
            self.wrong(name, &format!("{value} does not fit; expected is a whole number"));
        }
        number
    }

    fn small(&mut self, name: &str) -> Option<u32> {
        let number = self.number(name)?;
        let small = u32::try_from(number).ok();
        if small.is_none() {
            self.wrong(name, &format!("{number} is too large"));
        }
        small
    }

    fn tonnes(&mut self, name: &str) -> Option<Tonnes> {
        self.number(name).map(Tonnes)
    }

    fn year(&mut self, name: &str) -> Option<Year> {
        let number = self.number(name)?;
        let year = u16::try_from(number).ok().map(Year);
        if year.is_none() {
            self.wrong(name, &format!("{number} is no year"));
        }
        year
    }
}
