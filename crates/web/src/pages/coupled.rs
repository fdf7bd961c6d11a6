//! Coupled auctions: prices of linked markets cleared at once, what flowed, and to whom rents went.

use crate::asked::{Asked, Failure, Page, Section};
use crate::look::map::{Flow, Member, flows};
use karvan_core::time::Instant;
use karvan_views::list::Page as Rows;
use karvan_views::lists::{market, registry};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Rows on the first page.
const ROWS: usize = 60;

/// All of them.
pub fn index(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let title = asked.say("menu-coupled");
    let all = asked.many(&market::FLOWS, &[("quantity.min", "1")], ROWS)?;
    let links = asked.many(&registry::LINKS, &[], 1_000)?;
    let columns = ["coupling", "at", "from", "to", "year", "quantity", "arrives", "rent", "levy"];
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (asked.say("coupled-head")) }
            p class="lead" { (asked.say("coupled-lead")) }
        } }
        div class="stack" {
            (drawn(asked, &all, &asked.say("coupled-map")))
            div class="card flush" {
                header {
                    h2 { (asked.say("flows-head")) }
                    a class="small" href=(asked.to("registry/flows")) { (asked.say("all")) }
                }
                @if all.rows.is_empty() {
                    div class="empty" {
                        b { (asked.say("flows-none")) } (asked.say("flows-none-text"))
                    }
                }
                @else {
                    (asked.table("flows-head", (&market::FLOWS, &all), &columns))
                }
                (asked.source("flows-source", (&market::FLOWS, "")))
            }
            div class="card flush" {
                header { h2 { (asked.say("links-head")) } }
                (asked.table(
                    "links-head", (&registry::LINKS, &links),
                    &["from", "to", "year", "ratio", "quota", "levy", "crossed", "suspended"],
                ))
                (asked.source("links-source", (&registry::LINKS, "")))
            }
        }
    };
    let crumbs = vec![("auctions".to_owned(), asked.say("menu-auctions"))];
    Ok(Page { title, section: Some(Section::Auctions), crumbs, body })
}

/// One of them.
pub fn page(asked: &mut Asked<'_, '_>, number: &str) -> Result<Page, Failure> {
    let id: u32 = number.parse().map_err(|_| Failure::NotFound)?;
    let of = [("coupling", number)];
    let prices = asked.list(&market::COUPLED_PRICES, &of)?;
    let moved = asked.list(&market::FLOWS, &of)?;
    let Some(first) = prices.first() else { return Err(Failure::NotFound) };
    let figures = asked.figures();
    let at = figures.moment(Instant(first.int("at").unwrap_or_default()));
    let shown = figures.plain(id.into());
    let title = asked.say_with("coupled-title", &[("number", shown.into())]);
    let query = format!("coupling={number}");
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (title) }
            p class="lead" { (asked.say_with("coupled-at", &[("at", at.into())])) }
        } }
        div class="stack" {
            section class="grid g-2 stretch" {
                (drawn(asked, &moved, &asked.say("coupled-map")))
                div class="card flush" {
                    header { h2 { (asked.say("coupled-prices")) } }
                    (asked.table(
                        "coupled-prices", (&market::COUPLED_PRICES, &prices),
                        &["jurisdiction", "year", "pays", "gets", "volume"],
                    ))
                    (asked.source("coupled-source", (&market::COUPLED_PRICES, &query)))
                }
            }
            div class="card flush" {
                header { h2 { (asked.say("flows-head")) } }
                @if moved.rows.is_empty() {
                    div class="empty" { b { (asked.say("flows-nothing")) } }
                }
                @else {
                    (asked.table(
                        "flows-head", (&market::FLOWS, &moved),
                        &["from", "to", "quantity", "home", "arrives", "rent", "levy", "record"],
                    ))
                }
                (asked.source("flows-source", (&market::FLOWS, &query)))
            }
        }
    };
    let crumbs = vec![
        ("auctions".to_owned(), asked.say("menu-auctions")),
        ("coupled".to_owned(), asked.say("menu-coupled")),
    ];
    Ok(Page { title, section: Some(Section::Auctions), crumbs, body })
}

/// Flows between members on the map, added up.
fn drawn(asked: &mut Asked<'_, '_>, all: &Rows, title: &str) -> Markup {
    let figures = asked.figures();
    let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for it in all.iter() {
        let sum = sums.entry((it.text("from"), it.text("to"))).or_default();
        *sum = sum.saturating_add(it.int("quantity").unwrap_or_default());
    }
    sums.retain(|_, it| *it > 0);
    let most = sums.values().max().copied().unwrap_or(1).max(1);
    let arrows: Vec<Flow> = sums
        .iter()
        .map(|((from, to), quantity)| Flow {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
            told: format!("{} {}", figures.millions(*quantity, 2), asked.say("unit-mt-short")),
            width: 1.5 + 5.0 * *quantity as f64 / most as f64,
        })
        .collect();
    let members = asked.list(&registry::JURISDICTIONS, &[]).map(|page| {
        let member = |it: karvan_views::list::Row<'_>| {
            let code = it.text("jurisdiction").to_owned();
            let name = asked.country(&code);
            let (title, to) = (String::new(), String::new());
            Member { code, name, stage: it.text("stage").to_owned(), figure: None, title, to }
        };
        page.iter().map(member).collect::<Vec<_>>()
    });
    let told: Vec<String> = sums
        .iter()
        .map(|((from, to), quantity)| {
            let (from, to) = (asked.country(from), asked.country(to));
            let quantity = figures.whole(*quantity);
            asked.say_with(
                "flow-told",
                &[("from", from.into()), ("to", to.into()), ("quantity", quantity.into())],
            )
        })
        .collect();
    html! {
        div class="card" {
            header { h2 { (title) } }
            (flows(&members.unwrap_or_default(), &arrows, &told.join("; ")))
            @if !told.is_empty() { ul class="small muted" { @for it in &told { li { (it) } } } }
            (asked.source("flows-source", (&market::FLOWS, "")))
        }
    }
}
