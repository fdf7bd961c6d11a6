//! Tables of lists: heads with units, numbers to the end side, links to what rows are about, and
//! the same rows as CSV, JSON and XLSX.

use crate::asked::{Asked, quote};
use karvan_core::time::Instant;
use karvan_views::list::{Column, Kind, List, Page, Row};
use karvan_views::sql::Value;
use maud::{Markup, html};

/// The unit in the head of a column, as a key of the texts.
pub fn unit(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Tonnes => Some("unit-t"),
        Kind::Units => Some("unit-units"),
        Kind::Energy => Some("unit-mwh"),
        Kind::Power => Some("unit-mw"),
        Kind::UnitPrice => Some("unit-price-each"),
        Kind::Money => Some("unit-currency"),
        Kind::Price => Some("unit-price"),
        Kind::Percent => Some("unit-percent"),
        Kind::Moment => Some("unit-utc"),
        Kind::Record
        | Kind::Day
        | Kind::Year
        | Kind::Jurisdiction
        | Kind::Word
        | Kind::Text
        | Kind::Json
        | Kind::Number
        | Kind::Count
        | Kind::Degrees => None,
    }
}

/// Whether a column's values are to stand under each other by their digits.
pub fn is_number(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Record
            | Kind::Tonnes
            | Kind::Units
            | Kind::Energy
            | Kind::Power
            | Kind::Money
            | Kind::Price
            | Kind::UnitPrice
            | Kind::Percent
            | Kind::Count
            | Kind::Degrees
    )
}

/// How a cell is set.
fn class(column: &Column) -> Option<&'static str> {
    if is_number(column.kind) {
        return Some("num");
    }
    // Names that are broken over lines are hard to compare.
    let whole = matches!(column.kind, Kind::Moment | Kind::Day | Kind::Year)
        || matches!(column.name, "installation" | "account" | "label");
    whole.then_some("nowrap")
}

/// A value as the reader writes it.
pub fn told(asked: &Asked<'_, '_>, column: &Column, value: &Value) -> String {
    let figures = asked.figures();
    match (value, column.kind) {
        (Value::Null, _) => "–".to_owned(),
        (Value::Text(it), Kind::Jurisdiction) => asked.country(it),
        (Value::Text(it), Kind::Word) => asked.word(word_of(column.name), it),
        (Value::Text(it), _) => it.clone(),
        (
            Value::Int(it),
            Kind::Tonnes | Kind::Units | Kind::Count | Kind::Record | Kind::Percent,
        ) => figures.whole(*it),
        // Watt-hours as megawatt-hours, watts as megawatts.
        (Value::Int(it), Kind::Energy | Kind::Power) => figures.millions(*it, 3),
        (Value::Int(it), Kind::Price | Kind::UnitPrice) => figures.price(*it),
        (Value::Int(it), Kind::Money) => figures.decimal(*it, 2),
        (Value::Int(it), Kind::Degrees) => figures.decimal(*it / 100, 4),
        // The zone stands in the head.
        (Value::Int(it), Kind::Moment) => {
            let (day, time) = (figures.short(Instant(*it)), figures.time(Instant(*it)));
            asked.say_with("day-time", &[("day", day.into()), ("time", time.into())])
        }
        (Value::Int(it), Kind::Day) => figures.short(Instant(*it)),
        (Value::Int(it), _) => figures.plain(*it),
    }
}

/// The family of words a column belongs to.
fn word_of(name: &str) -> &str {
    match name {
        "kind" | "state" | "stage" | "sector" | "fact" | "venue" | "provenance" | "letter"
        | "registry" | "table" => name,
        "estimated" | "withheld" | "surplus_only" | "suspended" | "closed" => "flag",
        other => other,
    }
}

/// Where a value leads, if there is a page about it.
fn leads(asked: &Asked<'_, '_>, list: &List, (column, value): (&Column, &Value)) -> Option<String> {
    let path = match (column.name, value) {
        ("jurisdiction" | "from" | "to", Value::Text(it)) if column.kind == Kind::Jurisdiction => {
            format!("jurisdictions/{}", quote(it))
        }
        ("installation" | "merged", Value::Text(it)) => format!("installations/{}", quote(it)),
        ("auction", Value::Int(it)) => format!("auctions/{it}"),
        ("coupling", Value::Int(it)) => format!("coupled/{it}"),
        ("record", Value::Int(it)) => format!("records/{it}"),
        ("hash", Value::Text(it)) if list.name == "policies" => format!("policy/{it}"),
        _ => return None,
    };
    Some(asked.to(&path))
}

/// A cell.
pub fn cell(
    asked: &Asked<'_, '_>,
    list: &List,
    (column, value): (&'static Column, &Value),
) -> Markup {
    let text = told(asked, column, value);
    let inner = match (column.name, value) {
        ("stage", Value::Text(it)) => html! { span class={ "tag " (it) } { (text) } },
        _ => match leads(asked, list, (column, value)) {
            Some(to) => html! { a href=(to) { bdi { (text) } } },
            None => html! { bdi { (text) } },
        },
    };
    html! { td class=[class(column)] { (inner) } }
}

/// The head of a column.
pub fn head(asked: &Asked<'_, '_>, column: &Column) -> Markup {
    html! {
        (asked.say(&format!("col-{}", column.name.replace('_', "-"))))
        @if let Some(unit) = unit(column.kind) { span class="u" { (in_unit(asked, unit)) } }
    }
}

/// A unit in words; those of money name the market's currency.
pub fn in_unit(asked: &Asked<'_, '_>, key: &str) -> String {
    asked.say_with(key, &[("currency", asked.app.currency().into())])
}

/// A table of some columns of a list, without links to order or filter it.
pub fn simple(
    asked: &Asked<'_, '_>,
    (list, page): (&List, &Page),
    (columns, caption): (&[&str], &str),
) -> Markup {
    let shown = |row: Row<'_>| -> Vec<Markup> {
        let named = columns.iter().filter_map(|name| row.cells().find(|it| it.0.name == *name));
        named.map(|it| cell(asked, list, it)).collect()
    };
    let heads: Vec<&Column> = columns.iter().filter_map(|it| list.column(it)).collect();
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
            table class="freeze1" {
                caption class="vh" { (caption) }
                thead { tr { @for it in heads {
                    th scope="col" class=[is_number(it.kind).then_some("num")] { (head(asked, it)) }
                } } }
                tbody { @for row in page.iter() { tr { @for it in shown(row) { (it) } } } }
            }
        }
    }
}

/// The line under data: where it comes from, the record it shows, and the same as files.
pub fn source(asked: &Asked<'_, '_>, text: &str, list: Option<(&List, &str)>) -> Markup {
    source_at(asked, text, (asked.shown().position, list))
}

/// The same, where what is shown is of another record than the lists.
pub fn source_at(
    asked: &Asked<'_, '_>,
    text: &str,
    (position, list): (u64, Option<(&List, &str)>),
) -> Markup {
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    let record = asked.figures().whole(position);
    html! {
        footer class="src" {
            span { (text) " · " (asked.say_with("to-record", &[("record", record.into())])) }
            @if let Some((list, query)) = list { (downloads(list, query)) }
        }
    }
}

/// Links to the same rows as files.
pub fn downloads(list: &List, query: &str) -> Markup {
    let more = if query.is_empty() { String::new() } else { format!("{query}&") };
    html! {
        span class="dl" {
            @for (name, format) in [("CSV", "csv"), ("JSON", "json"), ("XLSX", "xlsx")] {
                a href={ "/api/v1/" (list.name) "?" (more) "format=" (format) } { (name) }
            }
        }
    }
}
