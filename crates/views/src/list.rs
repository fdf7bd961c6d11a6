//! A list: what anybody may ask for, with filter, order and cursor. One description gives the
//! table, the queries, the names in the interface, and the heads of columns.

use crate::sql::{Sql, SqlError, Value};
use serde_json::{Map, Value as Json, json};
use std::fmt::{self, Write};

/// What a column holds; it says how a value is written and in which unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The position of a record.
    Record,
    /// A moment, in milliseconds since 1970 (UTC).
    Moment,
    /// A day, as the moment in milliseconds at which it begins (UTC).
    Day,
    /// A year.
    Year,
    /// The code of a jurisdiction.
    Jurisdiction,
    /// A word of a fixed set: a state, a stage, a letter.
    Word,
    /// Text of the data or the policy.
    Text,
    /// JSON; rows are not ordered by it.
    Json,
    /// The number of a thing.
    Number,
    /// How many.
    Count,
    /// Percent, whole.
    Percent,
    /// Tonnes of CO2 equivalent; a unit is one.
    Tonnes,
    /// Units of any class: a tonne each, or a quantum of energy.
    Units,
    /// Electrical energy, in watt-hours.
    Energy,
    /// Electrical power, in watts.
    Power,
    /// Money in hundredths of the market's currency.
    Money,
    /// A price of one tonne in hundredths of the currency.
    Price,
    /// A price of one unit of any class, in hundredths of the currency in which it is traded.
    UnitPrice,
    /// Degrees of longitude or latitude, in millionths.
    Degrees,
}

impl Kind {
    fn is_text(self) -> bool {
        matches!(self, Self::Jurisdiction | Self::Word | Self::Text | Self::Json)
    }

    /// The value that a text of a request stands for.
    fn parse(self, text: &str) -> Option<Value> {
        match self {
            Self::Jurisdiction | Self::Word | Self::Text | Self::Json => Some(text.into()),
            Self::Record
            | Self::Year
            | Self::Number
            | Self::Count
            | Self::Percent
            | Self::Tonnes
            | Self::Units
            | Self::Energy
            | Self::Power => text.parse::<i64>().ok().map(Value::Int),
            Self::Money | Self::Price | Self::UnitPrice => decimal(text, 2).map(Value::Int),
            Self::Degrees => decimal(text, 6).map(Value::Int),
            Self::Moment | Self::Day => moment(text).map(Value::Int),
        }
    }

    /// What is expected of a text in a request.
    fn expected(self) -> &'static str {
        match self {
            Self::Jurisdiction => "a code such as XXA",
            Self::Word | Self::Text | Self::Json => "text",
            Self::Record | Self::Number | Self::Count | Self::Percent => "a whole number",
            Self::Year => "a year such as 2028",
            Self::Tonnes => "whole tonnes",
            Self::Units => "a whole number of units",
            Self::Energy => "whole watt-hours",
            Self::Power => "whole watts",
            Self::Money | Self::Price | Self::UnitPrice => "a number such as 12.50",
            Self::Degrees => "degrees such as 41.25",
            Self::Moment | Self::Day => {
                "a day or moment such as 2028-03-01 or 2028-03-01T09:00:00Z"
            }
        }
    }

    /// A value in JSON: prices, money and degrees as decimal text, moments by ISO 8601.
    pub fn json(self, value: &Value) -> Json {
        match (value, self) {
            (Value::Null, _) => Json::Null,
            (Value::Text(it), Self::Json) => serde_json::from_str(it).unwrap_or_default(),
            (Value::Text(it), _) => json!(it),
            (Value::Int(it), Self::Money | Self::Price | Self::UnitPrice) => {
                json!(in_decimals(*it, 2))
            }
            (Value::Int(it), Self::Degrees) => json!(in_decimals(*it, 6)),
            (Value::Int(it), Self::Moment) => json!(karvan_core::time::Instant(*it).to_string()),
            (Value::Int(it), Self::Day) => json!(day(*it)),
            (Value::Int(it), _) => json!(it),
        }
    }

    /// A value as a cell of a table of plain text.
    pub fn plain(self, value: &Value) -> String {
        match self.json(value) {
            Json::Null => String::new(),
            Json::String(it) => it,
            it @ (Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
                it.to_string()
            }
        }
    }
}

fn day(ms: i64) -> String {
    let (year, month, day) = karvan_core::time::Instant(ms).date();
    format!("{year}-{month:02}-{day:02}")
}

fn in_decimals(value: i64, places: u32) -> String {
    let one = 10u64.saturating_pow(places);
    let size = value.unsigned_abs();
    let (whole, part) = (size.wrapping_div(one), size.wrapping_rem(one));
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{whole}.{part:0width$}", width = usize::try_from(places).unwrap_or_default())
}

fn decimal(text: &str, places: usize) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1i64, text), |it| (-1, it));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    if part.len() > places || whole.is_empty() || !plain(whole) || !plain(part) {
        return None;
    }
    format!("{whole}{part:0<places$}").parse::<i64>().ok()?.checked_mul(sign)
}

/// A day such as 2028-03-01, or a moment such as 2028-03-01T09:00:00Z.
fn moment(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let mut parts = date.splitn(3, '-').map(|it| it.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let sound = (0..=9_999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let from = sound.then(|| karvan_core::time::Instant::of_date(year, month, day))?;
    let mut parts = time.strip_suffix('Z')?.splitn(3, ':').map(|it| it.parse::<i64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let sound = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    let seconds =
        hour.checked_mul(60)?.checked_add(minute)?.checked_mul(60)?.checked_add(second)?;
    sound.then(|| from.0.checked_add(seconds.checked_mul(1_000)?))?
}

/// A column of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the interface and in the table.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means.
    pub about: &'static str,
}

/// In which order rows come when nobody asks for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A list.
#[derive(Debug)]
pub struct List {
    /// Its name in the interface; the table has what stands after the last slash.
    pub name: &'static str,
    /// What it holds.
    pub about: &'static str,
    /// Its columns; the first `key` of them tell rows apart.
    pub columns: &'static [Column],
    /// How many columns tell rows apart.
    pub key: usize,
    /// The order by the key.
    pub order: Order,
    /// Whether rows have a moment from which on they are public.
    pub delayed: bool,
    /// Columns, beside the key, by which rows are sought.
    pub sought: &'static [&'static [&'static str]],
}

/// The hidden column with the moment from which on a row is public.
const PUBLIC: &str = "public_from";

/// The most rows of one page.
pub const PAGE_MAX: usize = 1_000;
/// The rows of a page that says nothing.
pub const PAGE: usize = 100;
/// The most rows of a table that is downloaded.
pub const DOWNLOAD_MAX: usize = 100_000;

/// A name that SQL may take for one of its words.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

impl List {
    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|it| it.name == name)
    }

    /// The part of its name after the last slash.
    fn table(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }

    fn names(&self) -> Vec<String> {
        let hidden = self.delayed.then_some(PUBLIC);
        self.columns.iter().map(|it| it.name).chain(hidden).map(quoted).collect()
    }

    fn keys(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().take(self.key)
    }

    /// The statements that make its table.
    pub fn create(&self) -> String {
        let column = |it: &Column| {
            let kind = if it.kind.is_text() { "TEXT" } else { "BIGINT" };
            format!("{} {kind}", quoted(it.name))
        };
        let mut columns: Vec<String> = self.columns.iter().map(column).collect();
        if self.delayed {
            columns.push(format!("{PUBLIC} BIGINT"));
        }
        let keys: Vec<String> = self.keys().map(|it| quoted(it.name)).collect();
        let (columns, keys) = (columns.join(", "), keys.join(", "));
        let mut all = format!("CREATE TABLE {} ({columns}, PRIMARY KEY ({keys}));", self.table());
        for by in self.sought {
            let columns: Vec<String> = by.iter().map(|it| quoted(it)).collect();
            let (name, columns) = (by.join("_"), columns.join(", "));
            let _ = write!(all, " CREATE INDEX {0}_by_{name} ON {0} ({columns});", self.table());
        }
        all
    }

    /// The statement that takes a row away.
    pub fn delete(&self) -> String {
        let keys =
            self.keys().zip(1..).map(|(it, place)| format!("{} = ${place}", quoted(it.name)));
        format!("DELETE FROM {} WHERE {}", self.table(), keys.collect::<Vec<_>>().join(" AND "))
    }

    /// The statement that writes a row, whether it is there or not.
    pub fn upsert(&self) -> String {
        let names = self.names();
        let places: Vec<String> = (1..=names.len()).map(|it| format!("${it}")).collect();
        let keys: Vec<String> = self.keys().map(|it| quoted(it.name)).collect();
        let set: Vec<String> =
            names.iter().skip(self.key).map(|it| format!("{it} = excluded.{it}")).collect();
        let then = match set.is_empty() {
            true => "NOTHING".to_owned(),
            false => format!("UPDATE SET {}", set.join(", ")),
        };
        format!(
            "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO {then}",
            self.table(),
            names.join(", "),
            places.join(", "),
            keys.join(", ")
        )
    }
}

/// What is asked of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Patterns, in small letters, each of which stands somewhere in a row.
    texts: Vec<String>,
    conditions: Vec<(String, &'static str, Value)>,
    sort: Option<(&'static str, Kind, bool)>,
    after: Option<Vec<Value>>,
    limit: usize,
}

/// A request does not fit the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The name of the parameter.
    pub parameter: String,
    /// What is wrong with it, and what is expected.
    pub why: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}: {}", self.parameter, self.why)
    }
}

/// Less than any figure, and a number to every database.
const LEAST: i64 = -i64::MAX;

/// Parameters that are not columns.
pub const RESERVED: [&str; 5] = ["sort", "after", "limit", "format", "q"];

impl Query {
    /// What is asked with parameters: `column=value`, `column.min=`, `column.max=`, `q=` for text
    /// anywhere, `sort=column` or `sort=-column`, `after=` a cursor, `limit=`. All that is wrong is
    /// named.
    pub fn parse<'a>(
        list: &List,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<Unfit>> {
        let mut query = Self { limit: PAGE, ..Self::default() };
        let mut wrong = Vec::new();
        for (name, value) in parameters {
            if value.is_empty() {
                continue;
            }
            if let Err(why) = query.take(list, name, value) {
                wrong.push(Unfit { parameter: name.to_owned(), why });
            }
        }
        if !query.follows(list) {
            let why = "this cursor is of another list or order; begin without it".to_owned();
            wrong.push(Unfit { parameter: "after".to_owned(), why });
        }
        if wrong.is_empty() { Ok(query) } else { Err(wrong) }
    }

    /// What a cursor of this list and order begins with.
    fn named(&self, list: &List) -> Value {
        let (name, down) = self.sorted().unwrap_or_default();
        format!("{} {name}{}", list.name, if down { "-" } else { "" }).into()
    }

    /// Whether its cursor, if it has one, is of this order; then what it was named by goes.
    fn follows(&mut self, list: &List) -> bool {
        let (named, order) = (self.named(list), self.order(list));
        let Some(after) = &mut self.after else { return true };
        if after.first() != Some(&named) {
            return false;
        }
        after.remove(0);
        after.len() == order.len()
            && order.iter().zip(after).all(|(by, value)| match value {
                Value::Text(_) => by.kind.is_text(),
                Value::Int(_) => !by.kind.is_text(),
                Value::Null => false,
            })
    }

    fn take(&mut self, list: &List, name: &str, value: &str) -> Result<(), String> {
        match name {
            "format" => Ok(()),
            "limit" => {
                let limit = value.parse().ok().filter(|it| (1..=PAGE_MAX).contains(it));
                self.limit = limit.ok_or_else(|| {
                    format!("\"{value}\" is not a whole number of 1 to {PAGE_MAX}")
                })?;
                Ok(())
            }
            "after" => {
                let cursor = read_cursor(value).ok_or("this is no cursor of a page before")?;
                self.after = Some(cursor);
                Ok(())
            }
            "sort" => {
                let (column, down) =
                    value.strip_prefix('-').map_or((value, false), |it| (it, true));
                let found = list.column(column).ok_or_else(|| unknown(list, column))?;
                if found.kind == Kind::Json {
                    return Err(format!("rows are not ordered by {column}"));
                }
                self.sort = Some((found.name, found.kind, down));
                Ok(())
            }
            "q" => {
                self.texts.push(format!("%{}%", escaped(&value.to_lowercase())));
                Ok(())
            }
            name => {
                let (column, how) = match name.split_once('.') {
                    Some((it, "min")) => (it, ">="),
                    Some((it, "max")) => (it, "<="),
                    Some((_, other)) => {
                        return Err(format!("\"{other}\" is no bound; bounds are min and max"));
                    }
                    None => (name, "="),
                };
                let found = list.column(column).ok_or_else(|| unknown(list, column))?;
                let parsed = found.kind.parse(value).ok_or_else(|| {
                    format!("\"{value}\" does not fit; expected is {}", found.kind.expected())
                })?;
                self.conditions.push((quoted(found.name), how, parsed));
                Ok(())
            }
        }
    }

    /// The same, with at most so many rows.
    pub fn limited(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Which column orders the rows, and whether largest first.
    pub fn sorted(&self) -> Option<(&'static str, bool)> {
        self.sort.map(|(name, _, down)| (name, down))
    }

    /// Reads a page of rows, as they are public at `now`.
    pub fn read(&self, list: &List, now: i64, sql: &mut dyn Sql) -> Result<Page, SqlError> {
        let mut values: Vec<Value> = Vec::new();
        let mut place = |it: &Value| {
            values.push(it.clone());
            format!("${}", values.len())
        };
        let mut conditions: Vec<String> = self
            .conditions
            .iter()
            .map(|(what, how, value)| format!("{what} {how} {}", place(value)))
            .collect();
        for pattern in &self.texts {
            let texts = list.columns.iter().filter(|it| it.kind.is_text());
            let texts: Vec<String> =
                texts.map(|it| format!("COALESCE({}, '')", quoted(it.name))).collect();
            // Where there is no text, there is none to be found.
            let all = if texts.is_empty() { "''".to_owned() } else { texts.join(" || ' ' || ") };
            let pattern = place(&pattern.as_str().into());
            conditions.push(format!("{} LIKE {pattern} ESCAPE '\\'", sql.lowered(&all)));
        }
        if list.delayed {
            conditions.push(format!("{PUBLIC} <= {}", place(&now.into())));
        }
        let order = self.order(list);
        if let Some(after) = &self.after {
            // (a, b) after (x, y): a after x, or a the same and b after y.
            let mut ways = Vec::new();
            let mut same = String::new();
            for (By { what, down, .. }, value) in order.iter().zip(after) {
                let place = place(value);
                let sign = if *down { "<" } else { ">" };
                ways.push(format!("({same}{what} {sign} {place})"));
                same.push_str(&format!("{what} = {place} AND "));
            }
            conditions.push(format!("({})", ways.join(" OR ")));
        }
        let filter = match conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", conditions.join(" AND ")),
        };
        let columns: Vec<String> = list.columns.iter().map(|it| quoted(it.name)).collect();
        let cursor: Vec<&str> = order.iter().map(|it| it.what.as_str()).collect();
        let by: Vec<String> = order
            .iter()
            .map(|it| format!("{}{}", it.what, if it.down { " DESC" } else { "" }))
            .collect();
        let limit = self.limit.saturating_add(1);
        let query = format!(
            "SELECT {}, {} FROM {}{filter} ORDER BY {} LIMIT {limit}",
            columns.join(", "),
            cursor.join(", "),
            list.table(),
            by.join(", ")
        );
        let mut rows = sql.rows(&query, &values)?;
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = match (more, rows.last()) {
            (true, Some(last)) => last
                .get(columns.len()..)
                .map(|values| write_cursor(&[&[self.named(list)], values].concat())),
            _ => None,
        };
        for row in &mut rows {
            row.truncate(columns.len());
        }
        Ok(Page { columns: list.columns, rows, next })
    }

    /// What orders the rows: what was asked for, then the key.
    fn order(&self, list: &List) -> Vec<By> {
        let down = list.order == Order::Descending;
        let key = |it: &Column, down| By { what: quoted(it.name), kind: it.kind, down };
        let asked =
            self.sort.filter(|(name, ..)| list.keys().next().is_none_or(|it| it.name != *name));
        match asked {
            Some((name, kind, asked)) => {
                // What is missing comes before all there is.
                let least = if kind.is_text() { "''".to_owned() } else { LEAST.to_string() };
                let what = format!("COALESCE({}, {least})", quoted(name));
                let first = By { what, kind, down: asked };
                std::iter::once(first).chain(list.keys().map(|it| key(it, down))).collect()
            }
            None => {
                let down = self.sort.map_or(down, |(.., it)| it);
                list.keys().map(|it| key(it, down)).collect()
            }
        }
    }
}

/// What orders rows.
struct By {
    /// An expression.
    what: String,
    kind: Kind,
    down: bool,
}

fn unknown(list: &List, name: &str) -> String {
    let all: Vec<&str> = list.columns.iter().map(|it| it.name).collect();
    format!("there is no column \"{name}\"; the columns of {} are {}", list.name, all.join(", "))
}

fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            safe.push('\\');
        }
        safe.push(letter);
    }
    safe
}

/// A cursor: the values that order a row, in JSON, in hexadecimal digits, so that it stands in an
/// address as it is.
fn write_cursor(values: &[Value]) -> String {
    let all: Vec<Json> = values
        .iter()
        .map(|it| match it {
            Value::Null => Json::Null,
            Value::Int(it) => json!(it),
            Value::Text(it) => json!(it),
        })
        .collect();
    crate::facts::hex(Json::from(all).to_string().as_bytes())
}

/// The longest cursor that is read, in hexadecimal digits.
const CURSOR_MAX: usize = 4_096;

fn read_cursor(text: &str) -> Option<Vec<Value>> {
    if text.len() > CURSOR_MAX || !text.is_ascii() {
        return None;
    }
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    let bytes: Option<Vec<u8>> = digits.map(|it| u8::from_str_radix(it?, 16).ok()).collect();
    let all: Vec<Json> = serde_json::from_slice(&bytes?).ok()?;
    let value = |it: Json| match it {
        Json::Null => Some(Value::Null),
        Json::Number(it) => it.as_i64().map(Value::Int),
        Json::String(it) => Some(Value::Text(it)),
        Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    };
    all.into_iter().map(value).collect()
}

/// A page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The columns.
    pub columns: &'static [Column],
    /// The rows, a value for each column.
    pub rows: Vec<Vec<Value>>,
    /// The cursor of the page that comes next, if there is one.
    pub next: Option<String>,
}

impl Page {
    /// The rows, with their values by name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Row<'_>> + Clone {
        self.rows.iter().map(|values| Row { columns: self.columns, values })
    }

    /// The only row, or the first.
    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }
}

/// A row, with its values by name.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    columns: &'static [Column],
    values: &'a [Value],
}

impl<'a> Row<'a> {
    /// Columns with values.
    pub fn cells(self) -> impl Iterator<Item = (&'static Column, &'a Value)> {
        self.columns.iter().zip(self.values)
    }

    /// The value of a column.
    pub fn get(self, name: &str) -> &'a Value {
        let found = self.cells().find(|(column, _)| column.name == name);
        debug_assert!(found.is_some(), "there is no column {name}");
        found.map_or(&Value::Null, |(_, value)| value)
    }

    /// The number in a column, if there is one.
    pub fn int(self, name: &str) -> Option<i64> {
        self.get(name).int()
    }

    /// The text in a column; empty where there is none.
    pub fn text(self, name: &str) -> &'a str {
        self.get(name).text().unwrap_or_default()
    }

    /// It as a JSON object.
    pub fn json(self) -> Json {
        let field =
            |(column, value): (&Column, &Value)| (column.name.to_owned(), column.kind.json(value));
        Json::Object(self.cells().map(field).collect::<Map<_, _>>())
    }
}
