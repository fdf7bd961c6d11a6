//! A member: profile, cap path, installations, compliance, links, sources of every figure.

use crate::asked::{Asked, Failure, Page, Section};
use crate::look::chart::{Axis, Line, Size, lines};
use crate::look::map::{Dot, member};
use crate::look::table;
use karvan_core::time::Instant;
use karvan_views::list::{Page as Rows, Row};
use karvan_views::lists::registry;
use maud::{Markup, html};

/// Installations on the map.
const DOTS: usize = 1_000;
/// Installations in the table of this page.
const LARGEST: usize = 12;

/// The page.
pub fn page(asked: &mut Asked<'_, '_>, code: &str) -> Result<Page, Failure> {
    let of = [("jurisdiction", code)];
    let found = asked.list(&registry::JURISDICTIONS, &of)?;
    let Some(it) = found.first() else { return Err(Failure::NotFound) };
    let name = asked.country(code);
    let years = asked.list(&registry::YEARS, &of)?;
    let plants = asked.many(
        &registry::INSTALLATIONS,
        &[("jurisdiction", code), ("sort", "-emissions")],
        DOTS,
    )?;
    let out = asked.list(&registry::LINKS, &[("from", code)])?;
    let into = asked.list(&registry::LINKS, &[("to", code)])?;
    let dates = super::home::dates(asked, code, 4)?;
    let stage = it.text("stage");
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (name) }
            p class="lead" { (asked.say(&format!("stage-{stage}-means"))) }
            p class="meta" {
                span class={ "tag " (stage) } { (asked.word("stage", stage)) }
                @if let Some(basis) = basis(asked, code, "stage") {
                    span { (asked.word("basis", &basis)) }
                }
                @if it.text("registry") == "mirror" { span { (asked.say("registry-mirror")) } }
            }
        } }
        div class="stack" {
            (tiles(asked, &it))
            section class="grid g-2 stretch" {
                (path(asked, (code, &years))) (map(asked, (code, stage), &plants))
            }
            (history(asked, code, &years))
            @if !plants.rows.is_empty() { (largest(asked, code, &plants)) }
            section class="grid g-2 stretch" {
                (super::home::next(asked, &dates))
                (links(asked, &out, &into))
            }
            (sources(asked, code))
        }
    };
    Ok(Page { title: name, section: Some(Section::Registry), crumbs: Vec::new(), body })
}

/// On what a value of the policy rests: law, draft, scenario, measured, assumption.
fn basis(asked: &Asked<'_, '_>, code: &str, key: &str) -> Option<String> {
    let in_force = asked.app.in_force();
    let chapters = &in_force.policy.as_ref()?.jurisdictions;
    let chapter = chapters.iter().find(|it| it.code == code)?;
    let named = chapter.basis.get(key).cloned();
    Some(named.unwrap_or_else(|| "assumption".to_owned()))
}

fn tiles(asked: &Asked<'_, '_>, it: &Row<'_>) -> Markup {
    let figures = asked.figures();
    let year = |name: &str| figures.plain(it.int(name).unwrap_or_default());
    html! {
        section class="tiles" aria-label=(asked.say("key-figures")) {
            dl class="fig" {
                dt { (asked.say("col-price")) }
                @let at = it.int("priced_at").unwrap_or_default();
                @match it.int("price") {
                    Some(price) => {
                        dd {
                            b { (figures.price(price)) }
                            span class="u" { (table::in_unit(asked, "unit-price")) }
                        }
                        dd class="note" { (asked.say_with("price-of", &[
                            (
                                "day",
                                figures.short(Instant(at)).into(),
                            ),
                            ("year", year("priced_year").into()),
                        ])) }
                    }
                    None => dd class="note" { (asked.say("no-trades")) }
                }
            }
            dl class="fig" {
                dt {
                    (asked.say("col-cap")) @if it.int("cap_year").is_some() {
                        " " (year("cap_year"))
                    }
                }
                @match it.int("cap") {
                    Some(cap) => dd {
                        b { (figures.millions(cap, 1)) } span class="u" { (asked.say("unit-mt")) }
                    }
                    None => dd class="note" { (asked.say("no-cap")) }
                }
            }
            dl class="fig" {
                dt { (asked.say("col-verified")) }
                @match it.int("verified") {
                    Some(verified) => {
                        dd {
                            b { (figures.millions(verified, 1)) }
                            span class="u" { (asked.say("unit-mt")) }
                        }
                        dd class="note" { (asked.say_with("verified-of", &[
                            ("year", year("verified_year").into()),
                            (
                                "cap",
                                figures.millions(
                                    it.int("verified_cap").unwrap_or_default(), 1,
                                ).into(),
                            ),
                        ])) }
                    }
                    None => dd class="note" { (asked.say("no-years")) }
                }
            }
            dl class="fig" {
                dt { (asked.say("col-installations")) }
                dd { b { (figures.whole(it.int("installations").unwrap_or_default())) } }
                dd class="note" { (asked.say_with("obliged-of", &[
                    (
                        "count", it.int("obliged").unwrap_or_default().into(),
                    ), ("year", year("year").into()),
                ])) }
            }
        }
    }
}

/// The cap path with verified emissions.
fn path(asked: &Asked<'_, '_>, (code, years): (&str, &Rows)) -> Markup {
    let of = |name: &str| -> Vec<(i64, i64)> {
        let point = |it: Row<'_>| {
            let middle = Instant::of_date(it.int("year")?, 7, 1).0;
            Some((middle, it.int(name)?.div_euclid(100_000)))
        };
        years.iter().filter_map(point).collect()
    };
    let line = |colour: &str, (column, name): (&str, &str)| Line {
        colour: colour.to_owned(),
        name: asked.say(name),
        points: of(column),
    };
    let verified = ("verified", "verified-short");
    let mut all = vec![line("ink", ("cap", "col-cap")), line(&code.to_lowercase(), verified)];
    all.retain(|it| !it.points.is_empty());
    let title = asked.say("path-unit");
    html! {
        div class="card" {
            header { h2 { (asked.say("path-head")) } }
            @if all.is_empty() {
                div class="empty" { b { (asked.say("no-cap")) } (asked.say("no-cap-text")) }
            } @else {
                (lines(
                    &all, Axis { size: Size::Half, title: &title, places: 1 },
                    (asked.figures(), &asked.say("path-label")),
                ))
            }
            (asked.source("path-source", (&registry::YEARS, &format!("jurisdiction={code}"))))
        }
    }
}

fn map(asked: &Asked<'_, '_>, (code, stage): (&str, &str), plants: &Rows) -> Markup {
    let figures = asked.figures();
    let year = asked.now().date().0;
    let dot = |it: Row<'_>| {
        let label = it.text("installation");
        let tonnes = it.int("emissions").unwrap_or_default();
        let name = if it.text("name").is_empty() { label } else { it.text("name") };
        let unit = asked.say("unit-t");
        Some(Dot {
            place: (it.int("longitude")?, it.int("latitude")?),
            tonnes,
            title: format!("{name}: {} {unit}", figures.whole(tonnes)),
            to: asked.to(&format!("installations/{}", crate::asked::quote(label))),
            obliged: it.int("obliged_from").is_some_and(|it| it <= year),
        })
    };
    let dots: Vec<Dot> = plants.iter().filter_map(dot).collect();
    let placed = i64::try_from(dots.len()).unwrap_or_default();
    let all = i64::try_from(plants.rows.len()).unwrap_or_default();
    html! {
        div class="card" {
            header { h2 { (asked.say("plants-map")) } }
            (member((code, stage), &dots, &asked.say("plants-map-label")))
            p class="small muted" {
                (asked.say_with("plants-placed", &[("placed", placed.into()), ("all", all.into())]))
            }
            (asked.source(
                "plants-source", (&registry::INSTALLATIONS, &format!("jurisdiction={code}")),
            ))
        }
    }
}

fn history(asked: &Asked<'_, '_>, code: &str, years: &Rows) -> Markup {
    let columns = [
        "year",
        "stage",
        "cap",
        "delivered",
        "auctioned",
        "auction_price",
        "obliged",
        "verified",
        "surrendered",
        "a",
        "b",
        "c",
        "surrender_due",
    ];
    html! {
        div class="card flush" {
            header { h2 { (asked.say("years-head")) } }
            (asked.table("years-head", (&registry::YEARS, years), &columns))
            (asked.source("years-source", (&registry::YEARS, &format!("jurisdiction={code}"))))
        }
    }
}

fn largest(asked: &Asked<'_, '_>, code: &str, plants: &Rows) -> Markup {
    let columns = [
        "installation",
        "name",
        "sector",
        "fuel",
        "emissions",
        "last_year",
        "letter",
        "provenance",
    ];
    let mut few = plants.clone();
    few.rows.truncate(LARGEST);
    let all = asked.to(&format!("registry/installations?jurisdiction={code}&sort=-emissions"));
    html! {
        div class="card flush" {
            header {
                h2 { (asked.say("largest")) }
                a class="small" href=(all) { (asked.say("all-installations")) }
            }
            (asked.table("largest", (&registry::INSTALLATIONS, &few), &columns))
            (asked.source(
                "plants-source", (&registry::INSTALLATIONS, &format!("jurisdiction={code}")),
            ))
        }
    }
}

fn links(asked: &Asked<'_, '_>, out: &Rows, into: &Rows) -> Markup {
    let mut all = out.clone();
    all.rows.extend(into.rows.iter().cloned());
    let columns = ["from", "to", "year", "ratio", "quota", "levy", "crossed"];
    html! {
        div class="card flush" {
            header {
                h2 { (asked.say("links-head")) }
                a class="small" href=(asked.to("coupled")) { (asked.say("menu-coupled")) }
            }
            @if all.rows.is_empty() {
                div class="empty" { b { (asked.say("no-links")) } (asked.say("no-links-text")) }
            } @else {
                (asked.table("links-head", (&registry::LINKS, &all), &columns))
            }
            (asked.source("links-source", (&registry::LINKS, "")))
        }
    }
}

/// On what each figure of the policy rests.
fn sources(asked: &Asked<'_, '_>, code: &str) -> Markup {
    let in_force = asked.app.in_force();
    let Some(policy) = &in_force.policy else { return html! {} };
    let Some(chapter) = policy.jurisdictions.iter().find(|it| it.code == code) else {
        return html! {};
    };
    html! {
        div class="card" {
            header { h2 { (asked.say("basis-head")) } }
            p class="small muted" { (asked.say("basis-text")) }
            dl class="kv" {
                @for (key, on) in &chapter.basis {
                    dt { code { (key) } }
                    dd { (asked.word("basis", on)) }
                }
            }
            (asked.source_alone("basis-source"))
        }
    }
}
