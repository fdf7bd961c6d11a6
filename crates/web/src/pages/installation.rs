//! An installation: what is known of it, what it emitted and surrendered year by year.

use crate::asked::{Asked, Failure, Page, Section};
use crate::look::map::{Dot, member};
use crate::look::table;
use karvan_views::lists::registry;
use karvan_views::sql::Value;
use maud::html;

/// The page.
pub fn page(asked: &mut Asked<'_, '_>, label: &str) -> Result<Page, Failure> {
    let of = [("installation", label)];
    let found = asked.list(&registry::INSTALLATIONS, &of)?;
    let Some(it) = found.first() else { return Err(Failure::NotFound) };
    let years = asked.many(&registry::COMPLIANCE, &of, 100)?;
    let code = it.text("jurisdiction");
    let members = asked.list(&registry::JURISDICTIONS, &[("jurisdiction", code)])?;
    let stage = members.first().map(|it| it.text("stage").to_owned()).unwrap_or_default();
    let figures = asked.figures();
    let title = if it.text("name").is_empty() { label } else { it.text("name") }.to_owned();
    let shown = [
        "installation",
        "operator",
        "jurisdiction",
        "sector",
        "fuel",
        "capacity",
        "account",
        "obliged_from",
        "obliged_to",
        "merged",
        "provenance",
        "source",
    ];
    let dot = it.int("longitude").zip(it.int("latitude")).map(|place| Dot {
        place,
        tonnes: it.int("emissions").unwrap_or_default(),
        title: title.clone(),
        to: asked.to(&format!("installations/{}", crate::asked::quote(label))),
        obliged: it.int("obliged_from").is_some(),
    });
    let known = it.cells().filter(|it| shown.contains(&it.0.name) && it.1 != &Value::Null);
    let query = format!("installation={}", crate::asked::quote(label));
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { bdi { (title) } }
            p class="lead" {
                (asked.word("sector", it.text("sector"))) " · " (asked.country(code))
                @if let (Some(emitted), Some(year)) = (it.int("emissions"), it.int("last_year")) {
                    " · " (asked.say_with(
                        "plant-emitted",
                        &[
                            ("tonnes", figures.whole(emitted).into()),
                            ("year", figures.plain(year).into()),
                        ],
                    ))
                }
            }
            @if it.text("provenance") != "measured" {
                p class="meta" {
                    span class="tag warn" { (asked.word("provenance", it.text("provenance"))) }
                    (asked.say("plant-proxy"))
                }
            }
        } }
        div class="stack" {
            section class="grid g-2 stretch" {
                div class="card" {
                    header { h2 { (asked.say("plant-facts")) } }
                    dl class="kv" {
                        @for (column, value) in known {
                            dt { (asked.say(&format!("col-{}", column.name.replace('_', "-")))) }
                            dd { bdi { (table::told(asked, column, value)) } }
                        }
                    }
                    (asked.source("plants-source", (&registry::INSTALLATIONS, &query)))
                }
                div class="card" {
                    header { h2 { (asked.say("plant-where")) } }
                    @match dot {
                        Some(dot) => { (member((code, &stage), &[dot], &asked.say("plant-where"))) }
                        None => div class="empty" {
                            b { (asked.say("plant-nowhere")) } (asked.say("plant-nowhere-text"))
                        }
                    }
                    (asked.source_alone("map-source"))
                }
            }
            div class="card flush" {
                header { h2 { (asked.say("plant-years")) } }
                @if years.rows.is_empty() { div class="empty" { b { (asked.say("no-years")) } } }
                @else {
                    (asked.table(
                        "plant-years", (&registry::COMPLIANCE, &years),
                        &["year", "emissions", "estimated", "allocated", "surrendered", "letter"],
                    ))
                }
                (asked.source("compliance-source", (&registry::COMPLIANCE, &query)))
            }
            p class="small muted" { (asked.say("letters-mean")) }
        }
    };
    let crumbs = vec![
        ("registry".to_owned(), asked.say("menu-registry")),
        ("registry/installations".to_owned(), asked.say("list-installations")),
    ];
    Ok(Page { title, section: Some(Section::Registry), crumbs, body })
}
