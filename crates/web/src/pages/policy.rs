//! The policy: the file in force, its versions, and what changed between two.

use crate::asked::{Asked, Failure, Page, Section};
use karvan_views::list::Page as Rows;
use karvan_views::lists::history;
use maud::{Markup, html};
use similar::{ChangeTag, TextDiff};

/// Versions on the page.
const VERSIONS: usize = 100;

/// The version in force.
pub fn in_force(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let versions = asked.many(&history::POLICIES, &[], VERSIONS)?;
    let hash = versions.first().map(|it| it.text("hash").to_owned()).unwrap_or_default();
    shown(asked, &versions, &hash)
}

/// A version by its hash.
pub fn version(asked: &mut Asked<'_, '_>, hash: &str) -> Result<Page, Failure> {
    let versions = asked.many(&history::POLICIES, &[], VERSIONS)?;
    if versions.iter().all(|it| it.text("hash") != hash) {
        return Err(Failure::NotFound);
    }
    shown(asked, &versions, hash)
}

fn shown(asked: &Asked<'_, '_>, versions: &Rows, hash: &str) -> Result<Page, Failure> {
    let place = versions.iter().position(|it| it.text("hash") == hash);
    let newest = place == Some(0);
    let name = versions.iter().find(|it| it.text("hash") == hash).map(|it| it.text("name"));
    let before = place.and_then(|it| versions.iter().nth(it + 1)).map(|it| it.text("hash"));
    let text = asked.app.documents.get(hash);
    let title = asked.say("menu-policy");
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (asked.say("policy-head")) }
            p class="lead" { (asked.say("policy-lead")) }
            p class="meta" {
                @if newest { span class="tag ok" { (asked.say("policy-in-force")) } }
                @if let Some(name) = name { span { bdi { (name) } } }
                code { (hash.get(..16).unwrap_or(hash)) "…" }
            }
        } }
        div class="stack" {
            div class="card flush" {
                header { h2 { (asked.say("policy-versions")) } }
                @if versions.rows.is_empty() {
                    div class="empty" { b { (asked.say("policy-none")) } }
                }
                @else {
                    (asked.table(
                        "policy-versions", (&history::POLICIES, versions),
                        &["record", "at", "name", "hash"],
                    ))
                }
                (asked.source("policies-source", (&history::POLICIES, "")))
            }
            @if let Some(before) = before { (changes(asked, before, hash)) }
            div class="card" {
                header { h2 { (asked.say("policy-file")) } }
                p class="small muted" { (asked.say("policy-file-text")) }
                @match text {
                    Some(text) => pre class="text" tabindex="0" lang="en" dir="ltr" { (&*text) },
                    None => div class="empty" {
                        b { (asked.say("policy-missing")) } (asked.say("policy-missing-text"))
                    }
                }
                (asked.source_alone("policies-source"))
            }
        }
    };
    Ok(Page { title, section: Some(Section::Policy), crumbs: Vec::new(), body })
}

/// What changed from one version to the next.
fn changes(asked: &Asked<'_, '_>, before: &str, after: &str) -> Markup {
    let of = |hash: &str| asked.app.documents.get(hash);
    let (Some(before), Some(after)) = (of(before), of(after)) else {
        return html! {};
    };
    let diff = TextDiff::from_lines(&*before, &*after);
    let operations = diff.grouped_ops(3).into_iter().flatten();
    let all: Vec<_> =
        operations.flat_map(|it| diff.iter_changes(&it).collect::<Vec<_>>()).collect();
    html! {
        div class="card" {
            header { h2 { (asked.say("policy-changes")) } }
            pre class="text" tabindex="0" lang="en" dir="ltr" {
                @for change in &all {
                    @let (sign, class) = match change.tag() {
                        ChangeTag::Delete => ("- ", "del"),
                        ChangeTag::Insert => ("+ ", "add"),
                        ChangeTag::Equal => ("  ", ""),
                    };
                    span class=(class) { (sign) (change.value()) }
                }
            }
        }
    }
}
