//! Search over installations, accounts, auctions, members, records and the policy.

use crate::asked::{Asked, Failure, Page, quote};
use crate::look::table;
use karvan_views::list::List;
use karvan_views::lists::{market, registry};
use maud::{Markup, html};

/// Rows of each kind.
const ROWS: usize = 10;
/// The longest text that is looked for, in letters.
const TEXT_MAX: usize = 100;

/// The field.
pub fn form(asked: &Asked<'_, '_>, text: &str) -> Markup {
    html! {
        form class="search" role="search" method="get" action=(asked.to("search")) {
            label class="vh" for="q" { (asked.say("search")) }
            input class="in" id="q" name="q" value=(text) maxlength=(TEXT_MAX)
                placeholder=(asked.say("search-hint"));
            button class="btn" { (asked.say("search")) }
        }
    }
}

/// The page.
pub fn page(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let text: String =
        asked.address.parameter("q").unwrap_or_default().trim().chars().take(TEXT_MAX).collect();
    let title = asked.say("search");
    let found = if text.is_empty() { Vec::new() } else { find(asked, &text)? };
    let count: usize = found.iter().map(|(_, _, it)| it.rows.len()).sum();
    let members = members(asked, &text)?;
    let lines = policy(asked, &text);
    let none = count == 0 && members.is_empty() && lines.is_empty();
    let body = html! {
        div class="page-head" {
            div class="stack-s" {
                h1 { (asked.say("search-head")) } p class="lead" { (asked.say("search-lead")) }
            }
            (form(asked, &text))
        }
        div class="stack" {
            @if text.is_empty() {
                div class="card" {
                    div class="empty" {
                        b { (asked.say("search-empty")) } (asked.say("search-empty-text"))
                    }
                }
            } @else if none {
                div class="card" { div class="empty" {
                    b { (asked.say_with("search-none", &[("text", text.as_str().into())])) }
                    (asked.say("search-empty-text"))
                } }
            }
            @if !members.is_empty() {
                div class="card" {
                    header { h2 { (asked.say("list-jurisdictions")) } }
                    ul {
                        @for code in &members {
                            li {
                                a href=(asked.to(&format!("jurisdictions/{code}"))) {
                                    (asked.country(code))
                                }
                            }
                        }
                    }
                }
            }
            @for (list, columns, rows) in &found {
                @if !rows.rows.is_empty() {
                    @let name = asked.say(&format!("list-{}", list.name));
                    div class="card flush" {
                        header {
                            h2 { (name) }
                            a class="small"
                                href={ (asked.to(&format!(
                                    "registry/{}", list.name,
                                ))) "?q=" (quote(&text)) }
                            { (asked.say("all")) }
                        }
                        (table::simple(asked, (list, rows), (columns, &name)))
                        (asked.source("list-source", (list, &format!("q={}", quote(&text)))))
                    }
                }
            }
            @if !lines.is_empty() {
                div class="card" {
                    header {
                        h2 { (asked.say("policy-file")) }
                        a class="small" href=(asked.to("policy")) { (asked.say("all")) }
                    }
                    pre class="text" tabindex="0" lang="en" dir="ltr" {
                        @for (number, line) in &lines { (format!("{number:>5}  {line}\n")) }
                    }
                }
            }
        }
    };
    Ok(Page { title, section: None, crumbs: Vec::new(), body })
}

type Found = (&'static List, &'static [&'static str], karvan_views::list::Page);

fn find(asked: &mut Asked<'_, '_>, text: &str) -> Result<Vec<Found>, Failure> {
    const INSTALLATIONS: &[&str] =
        &["installation", "name", "jurisdiction", "sector", "operator", "emissions"];
    const ACCOUNTS: &[&str] = &["account", "jurisdiction", "kind", "installation", "state"];
    const AUCTIONS: &[&str] =
        &["auction", "jurisdiction", "year", "closes", "state", "price", "sold"];
    let mut all = Vec::new();
    let installations: &List = &registry::INSTALLATIONS;
    for (list, columns) in [(installations, INSTALLATIONS), (&registry::ACCOUNTS, ACCOUNTS)] {
        let rows = asked.many(list, &[("q", text)], ROWS)?;
        all.push((static_of(list), columns, rows));
    }
    if text.parse::<u32>().is_ok() {
        let rows = asked.many(&market::AUCTIONS, &[("auction", text)], ROWS)?;
        all.push((&market::AUCTIONS, AUCTIONS, rows));
    }
    Ok(all)
}

fn static_of(list: &List) -> &'static List {
    karvan_views::lists::named(list.name).unwrap_or(&registry::INSTALLATIONS)
}

/// Members whose name in the reader's language, or code, holds the text.
fn members(asked: &mut Asked<'_, '_>, text: &str) -> Result<Vec<String>, Failure> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = text.to_lowercase();
    let all = asked.list(&registry::JURISDICTIONS, &[])?;
    let codes = all.iter().map(|it| it.text("jurisdiction").to_owned());
    Ok(codes
        .filter(|it| {
            it.to_lowercase().contains(&wanted)
                || asked.country(it).to_lowercase().contains(&wanted)
        })
        .collect())
}

/// Lines of the policy in force that hold the text.
fn policy(asked: &Asked<'_, '_>, text: &str) -> Vec<(usize, String)> {
    let hash = {
        let state = asked.app.follower.read();
        state.rules.as_ref().map(|it| karvan_views::facts::hex(&it.policy_hash))
    };
    let Some(file) = hash.and_then(|it| asked.app.documents.get(&it)) else {
        return Vec::new();
    };
    if text.len() < 3 {
        return Vec::new();
    }
    let wanted = text.to_lowercase();
    let lines = file.lines().zip(1usize..);
    let found = lines.filter(|(line, _)| line.to_lowercase().contains(&wanted));
    found.take(ROWS).map(|(line, number)| (number, line.to_owned())).collect()
}
