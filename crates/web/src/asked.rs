//! What a reader asks for, and what a page needs to answer it.

use crate::app::App;
use crate::figures::Figures;
use crate::look::table;
use crate::texts::{Language, Told};
use karvan_core::time::Instant;
use karvan_views::list::{List, Page as Rows, Query, Unfit};
use karvan_views::project::Shown;
use karvan_views::shared::Reader;
use karvan_views::sql::SqlError;
use maud::Markup;

/// Light, dark, or as the reader's system is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the reader's system is.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The theme of a name; of an unknown one the system's.
    pub fn of(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// Its name, where it is not the system's.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// Where and how a page is asked for.
#[derive(Clone, Debug)]
pub struct Address {
    /// In which language.
    pub language: &'static Language,
    /// In which theme.
    pub theme: Theme,
    /// The path after the language, without slashes at the ends.
    pub path: String,
    /// The parameters.
    pub parameters: Vec<(String, String)>,
}

impl Address {
    /// A parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.as_str()).filter(|it| !it.is_empty())
    }

    /// The parameters as they stand in an address, some replaced; without a value one goes.
    pub fn with(&self, changes: &[(&str, Option<&str>)]) -> String {
        let kept = self
            .parameters
            .iter()
            .filter(|(name, value)| !value.is_empty() && !changes.iter().any(|(it, _)| it == name));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        let new = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let all: Vec<String> = kept
            .chain(new)
            .map(|(name, value)| format!("{}={}", quote(name), quote(value)))
            .collect();
        if all.is_empty() { String::new() } else { format!("?{}", all.join("&")) }
    }
}

/// A text as it stands in an address (RFC 3986).
pub fn quote(text: &str) -> String {
    let mut quoted = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                quoted.push(char::from(byte));
            }
            other => quoted.push_str(&format!("%{other:02X}")),
        }
    }
    quoted
}

/// Why there is no page.
#[derive(Debug)]
pub enum Failure {
    /// There is no such thing.
    NotFound,
    /// What is asked does not fit.
    Unfit(Vec<Unfit>),
    /// Too many ask for what is dear.
    Busy,
    /// The views cannot be read.
    Sql(SqlError),
}

impl From<SqlError> for Failure {
    fn from(it: SqlError) -> Self {
        Self::Sql(it)
    }
}

/// The sections, in the order of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Prices and trades.
    Market,
    /// Primary and coupled auctions.
    Auctions,
    /// Accounts, installations, compliance.
    Registry,
    /// The rules.
    Policy,
    /// What if.
    Simulator,
}

/// A page, before it is framed.
pub struct Page {
    /// Its title.
    pub title: String,
    /// The section it belongs to.
    pub section: Option<Section>,
    /// The pages above it: path and title.
    pub crumbs: Vec<(String, String)>,
    /// What it shows.
    pub body: Markup,
}

/// A page that is asked for, with all it may read.
pub struct Asked<'a, 'r> {
    /// The application.
    pub app: &'a App,
    /// Where and how.
    pub address: &'a Address,
    /// The views, as they are at one moment.
    pub reader: &'a mut Reader<'r>,
}

impl Asked<'_, '_> {
    /// Where the views stand.
    pub fn shown(&self) -> Shown {
        self.reader.shown
    }

    /// The market's time.
    pub fn now(&self) -> Instant {
        self.reader.shown.now
    }

    /// A text.
    pub fn say(&self, key: &str) -> String {
        self.address.language.say(key)
    }

    /// A text with values in it.
    pub fn say_with(&self, key: &str, values: &[(&str, Told<'_>)]) -> String {
        self.address.language.say_with(key, values)
    }

    /// A word of a fixed set, such as a stage, in the reader's language.
    pub fn word(&self, of: &str, word: &str) -> String {
        word_in(self.address.language, of, word)
    }

    /// How numbers are written.
    pub fn figures(&self) -> Figures {
        Figures(self.address.language)
    }

    /// The name of a jurisdiction in the reader's language; its code where there is none.
    pub fn country(&self, code: &str) -> String {
        let key = format!("country-{}", code.to_lowercase());
        if self.address.language.has(&key) {
            return self.say(&key);
        }
        self.app.name_of(code).unwrap_or_else(|| code.to_owned())
    }

    /// The address of a page.
    pub fn to(&self, path: &str) -> String {
        format!("/{}/{path}", self.address.language.tag)
    }

    /// The line under data: where it comes from (a key of the texts), the record, the same as
    /// files.
    pub fn source(&self, key: &str, (list, query): (&List, &str)) -> Markup {
        table::source(self, &self.say(key), Some((list, query)))
    }

    /// The same, where there is no list of it.
    pub fn source_alone(&self, key: &str) -> Markup {
        table::source(self, &self.say(key), None)
    }

    /// A table of some columns of a list; its caption is a key of the texts.
    pub fn table(&self, key: &str, rows: (&List, &Rows), columns: &[&str]) -> Markup {
        table::simple(self, rows, (columns, &self.say(key)))
    }

    /// A page of a list, asked with parameters.
    pub fn list(&mut self, list: &List, parameters: &[(&str, &str)]) -> Result<Rows, Failure> {
        let query = Query::parse(list, parameters.iter().copied()).map_err(Failure::Unfit)?;
        Ok(self.reader.list(list, &query)?)
    }

    /// Many rows of a list.
    pub fn many(
        &mut self,
        list: &List,
        parameters: &[(&str, &str)],
        most: usize,
    ) -> Result<Rows, Failure> {
        let query = Query::parse(list, parameters.iter().copied()).map_err(Failure::Unfit)?;
        Ok(self.reader.list(list, &query.limited(most))?)
    }
}

/// A word of a fixed set in a language; as it is where nobody translated it.
pub fn word_in(language: &'static Language, of: &str, word: &str) -> String {
    let plain = word.to_lowercase().replace([' ', '_'], "-");
    let key = format!("{of}-{plain}");
    if language.has(&key) { language.say(&key) } else { word.to_owned() }
}
