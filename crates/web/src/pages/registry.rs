//! The registry's reports: every list with filters, order and pages.

use crate::asked::{Asked, Failure, Page, Section};
use crate::look::table;
use karvan_views::list::{Column, Kind, List, Query};
use karvan_views::lists;
use maud::{Markup, html};

/// What reports there are.
pub fn index(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let title = asked.say("menu-registry");
    let groups: [(&str, &[&str]); 4] = [
        (
            "reports-registry",
            &["jurisdictions", "years", "installations", "compliance", "allocations", "accounts"],
        ),
        (
            "reports-market",
            &[
                "auctions",
                "auction_bids",
                "calls",
                "trades",
                "days",
                "coupled_prices",
                "flows",
                "links",
            ],
        ),
        ("reports-evidence", &["sites", "evidence"]),
        ("reports-history", &["records", "transactions", "dates", "policies"]),
    ];
    let body = html! {
        div class="page-head" {
            div class="stack-s" {
                h1 { (asked.say("registry-head")) }
                p class="lead" { (asked.say("registry-lead")) }
            }
            (super::search::form(asked, ""))
        }
        div class="stack" {
            @for (key, names) in groups {
                section class="stack-s" {
                    h2 { (asked.say(key)) }
                    div class="nav-cards" {
                        @for list in names.iter().filter_map(|it| lists::named(it)) {
                            div class="card" {
                                h3 {
                                    a href=(asked.to(&format!("registry/{}", list.name))) {
                                        (name(asked, list))
                                    }
                                }
                                p class="small muted" {
                                    (asked.say(&format!("about-{}", list.name.replace('_', "-"))))
                                }
                                footer class="src" { (table::downloads(list, "")) }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(Page { title, section: Some(Section::Registry), crumbs: Vec::new(), body })
}

fn name(asked: &Asked<'_, '_>, list: &List) -> String {
    asked.say(&format!("list-{}", list.name.replace('_', "-")))
}

/// Rows on a page.
const ROWS: &str = "50";

/// One report.
pub fn list(asked: &mut Asked<'_, '_>, wanted: &str) -> Result<Page, Failure> {
    let list = lists::named(wanted).ok_or(Failure::NotFound)?;
    let mut pairs: Vec<(&str, &str)> = vec![("limit", ROWS)];
    let own = asked.address.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    pairs.extend(own);
    let query = Query::parse(list, pairs.iter().copied()).map_err(Failure::Unfit)?;
    let page = asked.reader.list(list, &query)?;
    let title = name(asked, list);
    let (filters, rest) =
        (filters(asked, list), asked.address.with(&[("after", None), ("limit", None)]));
    let download = rest.trim_start_matches('?').to_owned();
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (title) }
            p class="lead" { (asked.say(&format!("about-{}", list.name.replace('_', "-")))) }
        } }
        div class="stack" {
            (filters)
            div class="card flush" {
                @if page.rows.is_empty() {
                    div class="empty" {
                        b { (asked.say("list-empty")) } (asked.say("list-empty-text"))
                    }
                } @else {
                    div class="scroll" tabindex="0" role="region" aria-label=(title) {
                        table class="freeze1" {
                            caption class="vh" { (title) }
                            thead {
                                tr {
                                    @for it in list.columns {
                                        @if shows(list, it) { (head(asked, it, query.sorted())) }
                                    }
                                }
                            }
                            tbody { @for row in page.iter() { tr {
                                @for (column, value) in row.cells() {
                                    @if shows(list, column) {
                                        (table::cell(asked, list, (column, value)))
                                    }
                                }
                            } } }
                        }
                    }
                }
                @if asked.address.parameter("after").is_some() || page.next.is_some() {
                    nav class="pager" aria-label=(asked.say("pages")) {
                        @if asked.address.parameter("after").is_some() {
                            a href={ (asked.to(&asked.address.path)) (asked.address.with(&[(
                                "after", None,
                            )])) } {
                                (asked.say("first-page"))
                            }
                        } @else { span {} }
                        @if let Some(next) = &page.next {
                            a rel="next"
                                href={ (asked.to(&asked.address.path)) (asked.address.with(&[(
                                    "after", Some(next),
                                )])) } {
                                (asked.say("next-page"))
                            }
                        }
                    }
                }
                (asked.source("list-source", (list, &download)))
            }
        }
    };
    let crumbs = vec![("registry".to_owned(), asked.say("menu-registry"))];
    Ok(Page { title, section: Some(Section::Registry), crumbs, body })
}

/// What is told elsewhere, or to machines alone, needs no column here.
fn shows(list: &List, column: &Column) -> bool {
    !matches!(
        (list.name, column.name),
        ("records", "detail" | "part")
            | ("trades" | "transactions", "part")
            | ("jurisdictions", "place")
            | ("installations", "latitude" | "longitude" | "number")
            | ("accounts", "number")
            | ("auctions", "commitment")
    )
}

fn head(asked: &Asked<'_, '_>, column: &Column, sorted: Option<(&str, bool)>) -> Markup {
    let (is_sorted, down) = sorted.map_or((false, false), |(it, down)| (it == column.name, down));
    // A first click shows the largest numbers, but the first letters.
    let first_down = table::is_number(column.kind) || column.kind == Kind::Moment;
    let next_down = if is_sorted { !down } else { first_down };
    let to = format!("{}{}", if next_down { "-" } else { "" }, column.name);
    let to = asked.address.with(&[("sort", Some(&to)), ("after", None)]);
    let order = is_sorted.then_some(if down { "descending" } else { "ascending" });
    html! {
        th scope="col" class=[table::is_number(column.kind).then_some("num")] aria-sort=[order] {
            a class="sort" rel="nofollow" href={ (asked.to(&asked.address.path)) (to) } {
                (table::head(asked, column))
                @if is_sorted { span aria-hidden="true" { (if down { " ▾" } else { " ▴" }) } }
            }
        }
    }
}

/// A form of what a list is filtered by most.
fn filters(asked: &mut Asked<'_, '_>, list: &List) -> Markup {
    let has = |name: &str| list.column(name).is_some();
    let members = match has("jurisdiction") {
        true => asked.list(&lists::registry::JURISDICTIONS, &[("sort", "place")]).ok(),
        false => None,
    };
    let value = |name: &str| asked.address.parameter(name).unwrap_or_default().to_owned();
    let kept: Vec<&(String, String)> = asked
        .address
        .parameters
        .iter()
        .filter(|(name, value)| {
            !value.is_empty()
                && !["q", "jurisdiction", "year", "after", "limit"].contains(&name.as_str())
        })
        .collect();
    html! {
        form class="filters" method="get" action=(asked.to(&asked.address.path)) {
            div class="field" {
                label for="f-q" { (asked.say("filter-text")) }
                input class="in" id="f-q" name="q" value=(value("q"));
            }
            @if let Some(members) = &members {
                div class="field" {
                    label for="f-j" { (asked.say("col-jurisdiction")) }
                    select class="in" id="f-j" name="jurisdiction" {
                        option value="" { (asked.say("filter-all")) }
                        @for it in members.iter() {
                            @let code = it.text("jurisdiction");
                            option value=(code) selected[value("jurisdiction") == code] {
                                (asked.country(code))
                            }
                        }
                    }
                }
            }
            @if has("year") {
                div class="field" {
                    label for="f-y" { (asked.say("col-year")) }
                    input class="in" id="f-y" name="year" inputmode="numeric" value=(value("year"));
                }
            }
            @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
            button class="btn sec" { (asked.say("filter")) }
            @if !asked.address.parameters.is_empty() {
                a href=(asked.to(&asked.address.path)) { (asked.say("filter-none")) }
            }
        }
    }
}
