//! One record: what is public of it, field by field.

use crate::asked::{Asked, Failure, Page, Section};
use karvan_core::time::Instant;
use karvan_views::lists::history;
use maud::{Markup, html};
use serde_json::Value as Json;

/// Facts of a record that are shown.
const FACTS: usize = 200;

/// The page.
pub fn page(asked: &mut Asked<'_, '_>, number: &str) -> Result<Page, Failure> {
    let position: u64 = number.parse().map_err(|_| Failure::NotFound)?;
    if position == 0 || position > asked.shown().position {
        return Err(Failure::NotFound);
    }
    let facts = asked.many(&history::RECORDS, &[("record", number)], FACTS)?;
    let figures = asked.figures();
    let whole = figures.whole(i64::try_from(position).unwrap_or(i64::MAX));
    let title = asked.say_with("record-title", &[("record", whole.into())]);
    let at = facts.first().and_then(|it| it.int("at")).map(Instant);
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (title) }
            @if let Some(at) = at {
                p class="lead" { time datetime=(figures.iso(at)) { (figures.moment(at)) } }
            }
        } }
        div class="stack" {
            @if facts.rows.is_empty() {
                div class="card" {
                    div class="empty" {
                        b { (asked.say("record-private")) } (asked.say("record-private-text"))
                    }
                }
            }
            @for it in facts.iter().rev() {
                div class="card" {
                    header {
                        h2 { (asked.word("fact", it.text("fact"))) } code { (it.text("fact")) }
                    }
                    (fields(&serde_json::from_str(it.text("detail")).unwrap_or_default()))
                    (asked.source(
                        "record-source", (&history::RECORDS, &format!("record={number}")),
                    ))
                }
            }
        }
    };
    let crumbs = vec![("records".to_owned(), asked.say("list-records"))];
    Ok(Page { title, section: Some(Section::Registry), crumbs, body })
}

/// Fields with their names in the journal: the same as `karvan journal public` writes.
fn fields(it: &Json) -> Markup {
    match it {
        Json::Object(all) => html! {
            dl class="kv" {
                @for (name, value) in all.iter().filter(|(name, _)| *name != "fact") {
                    dt { code { (name) } } dd { (fields(value)) }
                }
            }
        },
        Json::Array(all) if all.len() > 20 => {
            html! { code { (Json::from(all.clone()).to_string()) } }
        }
        Json::Array(all) => html! { ul { @for it in all { li { (fields(it)) } } } },
        Json::String(it) => html! { bdi { (it) } },
        Json::Null => html! { "–" },
        Json::Bool(_) | Json::Number(_) => html! { code { (it.to_string()) } },
    }
}
