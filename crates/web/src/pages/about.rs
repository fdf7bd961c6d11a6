//! About the data: every source with its licence, every correction, and how figures came about.

use crate::asked::{Asked, Failure, Page};
use crate::look::table;
use maud::{Markup, html};

const SOURCES: &str = include_str!("../../../../data/SOURCES.md");
const CORRECTIONS: &str = include_str!("../../../../data/corrections.csv");

/// The page.
pub fn page(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let title = asked.say("about-data");
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (title) }
            p class="lead" { (asked.say("data-lead")) }
        } }
        div class="stack" {
            div class="card" {
                header { h2 { (asked.say("provenance-head")) } }
                dl class="kv" {
                    @for word in ["measured", "derived", "assumed", "synthetic"] {
                        dt { (asked.word("provenance", word)) }
                        dd { (asked.say(&format!("provenance-{word}-means"))) }
                    }
                }
            }
            div class="card flush" {
                header { h2 { (asked.say("sources-head")) } }
                (sources(asked))
                (table::source(asked, "data/SOURCES.md", None))
            }
            div class="card flush" {
                header { h2 { (asked.say("corrections-head")) } }
                p class="pad small muted" { (asked.say("corrections-text")) }
                (corrections(asked))
                (table::source(asked, "data/corrections.csv", None))
            }
            div class="card" {
                header { h2 { (asked.say("method-head")) } }
                div class="prose small" lang="en" dir="ltr" { (method()) }
            }
        }
    };
    Ok(Page { title, section: None, crumbs: Vec::new(), body })
}

fn plain(
    asked: &Asked<'_, '_>,
    (heads, name): (&[String], &str),
    rows: Vec<Vec<String>>,
) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(asked.say(name)) {
            table {
                caption class="vh" { (asked.say(name)) }
                thead { tr { @for it in heads { th scope="col" { (it) } } } }
                tbody lang="en" dir="ltr" {
                    @for row in rows { tr { @for it in row { td { bdi { (it) } } } } }
                }
            }
        }
    }
}

/// The table of sources: the rows of the first table of the file.
fn sources(asked: &Asked<'_, '_>) -> Markup {
    let row = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|it| it.trim().to_owned()).collect()
    };
    let rows: Vec<Vec<String>> =
        SOURCES.lines().filter(|it| it.starts_with('|')).skip(2).map(row).collect();
    let heads = ["source-key", "source-publisher", "source-year", "source-licence", "source-use"];
    let heads: Vec<String> = heads.iter().map(|it| asked.say(it)).collect();
    plain(asked, (&heads, "sources-head"), rows)
}

fn corrections(asked: &Asked<'_, '_>) -> Markup {
    let mut reader = csv::Reader::from_reader(CORRECTIONS.as_bytes());
    let heads: Vec<String> =
        reader.headers().map(|it| it.iter().map(str::to_owned).collect()).unwrap_or_default();
    let rows = reader.records().filter_map(Result::ok);
    let rows = rows.map(|it| it.iter().map(str::to_owned).collect()).collect();
    plain(asked, (&heads, "corrections-head"), rows)
}

/// What was computed, in the words of the file: paragraphs and points.
fn method() -> Markup {
    let text = SOURCES.split("## What was computed").nth(1).unwrap_or_default();
    let parts = text.split("\n\n").map(str::trim).filter(|it| !it.is_empty());
    let told = |it: &str| it.replace("**", "").replace('`', "").replace('\n', " ");
    html! {
        @for part in parts {
            @if part.starts_with("- ") {
                ul { @for it in part.split("\n- ") { li { (told(it.trim_start_matches("- "))) } } }
            } @else { p { (told(part)) } }
        }
    }
}
