//! The first page: who is where, at which price, under which cap, what is next, what happened.

use crate::asked::{Asked, Failure, Page};
use crate::look::chart::{Axis, Bar, Line, Size, bars, lines, spark};
use crate::look::map::{Member, region};
use crate::look::table;
use karvan_core::time::Instant;
use karvan_views::list::{Page as Rows, Row};
use karvan_views::lists::{history, market, registry};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Calls of so many days back count for the charts.
const DAYS_BACK: i64 = 3 * 366;
/// So many calls of each market are read at most.
const CALLS: usize = 1_000;
/// Rows of the ticker.
pub const NEWS: usize = 6;

/// The page.
pub fn page(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let members = asked.list(&registry::JURISDICTIONS, &[("sort", "place")])?;
    let members = in_order(&members);
    let prices = prices(asked)?;
    let dates = dates(asked, "", 5)?;
    let news = news(asked)?;
    let title = asked.say("home-title");
    let body = html! {
        div class="page-head" {
            div class="stack-s" {
                h1 { (asked.say("home-head-1")) br; (asked.say("home-head-2")) }
                p class="lead" { (asked.say("home-lead")) }
            }
            (super::search::form(asked, ""))
        }
        div class="stack" {
            section class="grid g-map stretch" { (map(asked, &members)) (stages(asked, &members)) }
            @if !prices.is_empty() { (tiles(asked, &prices)) }
            section class="grid g-2 stretch" { (chart(asked, &prices)) (caps(asked, &members)) }
            section class="grid g-2 stretch" { (next(asked, &dates)) (ticker(asked, &news)) }
        }
    };
    Ok(Page { title, section: None, crumbs: Vec::new(), body })
}

/// Members in one fixed order: by stage, then by size.
fn in_order(members: &Rows) -> Vec<Row<'_>> {
    let mut all: Vec<Row<'_>> = members.iter().collect();
    let stage = |it: &Row<'_>| match it.text("stage") {
        "ets" => 0,
        "pilot" => 1,
        "crediting" => 2,
        _ => 3,
    };
    all.sort_by_key(|it| (stage(it), std::cmp::Reverse(it.int("cap").unwrap_or_default())));
    all
}

fn map(asked: &Asked<'_, '_>, members: &[Row<'_>]) -> Markup {
    let figures = asked.figures();
    let shown: Vec<Member> = members
        .iter()
        .map(|it| {
            let (code, stage) = (it.text("jurisdiction"), it.text("stage"));
            let name = asked.country(code);
            let price = it.int("price").map(|it| {
                asked.say_with(
                    "price-short",
                    &[
                        ("price", figures.price(it).into()),
                        ("currency", asked.app.currency().into()),
                    ],
                )
            });
            let title = format!("{name}: {}", asked.word("stage", stage));
            let to = asked.to(&format!("jurisdictions/{code}"));
            let (code, stage) = (code.to_owned(), stage.to_owned());
            Member { code, name, stage, figure: price, title, to }
        })
        .collect();
    let count = |stage: &str| shown.iter().filter(|it| it.stage == stage).count();
    html! {
        div class="card" {
            header {
                h2 { (asked.say("home-map")) }
                ul class="legend" {
                    @for stage in ["ets", "pilot", "crediting", "observer"] {
                        li {
                            i class={ "key k-" (stage) } {}
                            (asked.word("stage-long", stage)) " ("
                            (figures.plain(i64::try_from(count(stage)).unwrap_or_default())) ")"
                        }
                    }
                }
            }
            (region(&shown, &asked.say("home-map-label")))
            (asked.source("home-map-source", (&registry::JURISDICTIONS, "")))
        }
    }
}

fn stages(asked: &Asked<'_, '_>, members: &[Row<'_>]) -> Markup {
    let figures = asked.figures();
    let year = members.iter().filter_map(|it| it.int("cap_year")).max().unwrap_or_default();
    let caps: Vec<i64> = members.iter().filter_map(|it| it.int("cap")).collect();
    let count = i64::try_from(caps.len()).unwrap_or_default();
    html! {
        div class="card flush" {
            div class="scroll" tabindex="0" role="region" aria-label=(asked.say("home-table")) {
                table {
                    caption class="vh" { (asked.say("home-table")) }
                    thead { tr {
                        th scope="col" { (asked.say("col-jurisdiction")) }
                        th scope="col" { (asked.say("col-stage")) }
                        th scope="col" class="num" {
                            (asked.say("col-price")) span class="u" {
                                (table::in_unit(asked, "unit-price"))
                            }
                        }
                        th scope="col" class="num" {
                            (asked.say("col-cap")) " " (figures.plain(year)) span class="u" {
                                (asked.say("unit-mt"))
                            }
                        }
                    } }
                    tbody {
                        @for it in members {
                            @let code = it.text("jurisdiction");
                            tr {
                                th scope="row" {
                                    a href=(asked.to(&format!("jurisdictions/{code}"))) {
                                        (asked.country(code))
                                    }
                                }
                                td {
                                    span class={ "tag " (it.text("stage")) } {
                                        (asked.word("stage", it.text("stage")))
                                    }
                                }
                                td class="num" {
                                    (or_dash(it.int("price").map(|it| figures.price(it))))
                                }
                                @let cap = it.int("cap");
                                @let other = it.int("cap_year").filter(|it| *it != year);
                                td class="num" {
                                    (or_dash(cap.map(|it| figures.millions(it, 1))))
                                    @if let Some(other) = other.filter(|_| cap.is_some()) {
                                        " " small class="muted" { (figures.plain(other)) }
                                    }
                                }
                            }
                        }
                    }
                    tfoot { tr {
                        th scope="row" {
                            (asked.say_with("home-capped", &[("count", count.into())]))
                        }
                        td {} td {}
                        td class="num" { (figures.millions(caps.iter().sum(), 1)) }
                    } }
                }
            }
        }
    }
}

fn or_dash(it: Option<String>) -> Markup {
    html! { bdi { (it.unwrap_or_else(|| "–".to_owned())) } }
}

/// What calls of a member came to.
struct Prices {
    code: String,
    /// Moments, prices in hundredths, units traded.
    calls: Vec<(i64, i64, i64)>,
}

/// Prices of calls, member by member, the dearest last one first. Where several markets of a member
/// trade on a day, the one that trades most counts.
fn prices(asked: &mut Asked<'_, '_>) -> Result<Vec<Prices>, Failure> {
    let from = Instant(asked.now().0).plus_days(-DAYS_BACK).to_string();
    let asked_for = [
        ("closes.min", from.as_str()),
        ("state", "cleared"),
        ("volume.min", "1"),
        ("product", market::ALLOWANCE),
    ];
    let calls = asked.many(&market::CALLS, &asked_for, CALLS)?;
    let mut all: BTreeMap<&str, BTreeMap<i64, (i64, i64)>> = BTreeMap::new();
    for it in calls.iter() {
        let (Some(at), Some(price), Some(volume)) =
            (it.int("closes"), it.int("price"), it.int("volume"))
        else {
            continue;
        };
        let best = all.entry(it.text("jurisdiction")).or_default().entry(at).or_default();
        if volume > best.1 {
            *best = (price, volume);
        }
    }
    let mut all: Vec<Prices> = all
        .into_iter()
        .map(|(code, calls)| Prices {
            code: code.to_owned(),
            calls: calls.into_iter().map(|(at, (price, volume))| (at, price, volume)).collect(),
        })
        .collect();
    let last = |it: &Prices| it.calls.last().map(|it| it.1);
    all.sort_by_key(|it| std::cmp::Reverse(last(it)));
    all.truncate(5);
    Ok(all)
}

fn tiles(asked: &Asked<'_, '_>, prices: &[Prices]) -> Markup {
    let figures = asked.figures();
    html! {
        section class="tiles" aria-label=(asked.say("home-prices")) {
            @for it in prices.iter().take(4) {
                @let colour = it.code.to_lowercase();
                @let values: Vec<i64> = it.calls.iter().map(|it| it.1).collect();
                @let change = values.iter().rev().take(2).copied().reduce(
                    |last, before| last - before,
                );
                @if let Some((at, price, volume)) = it.calls.last() {
                    dl class="fig" {
                        dt { i class={ "key k-" (colour) } {} (asked.country(&it.code)) }
                        dd {
                            b { (figures.price(*price)) }
                            span class="u" { (table::in_unit(asked, "unit-price")) }
                        }
                        dd class="note" {
                            (asked.say_with("home-tile", &[
                                (
                                    "change",
                                    figures.change(
                                        change.filter(|_| values.len() > 1).unwrap_or_default(), 2,
                                    ).into(),
                                ),
                                ("volume", figures.whole(*volume).into()),
                                ("day", figures.short(Instant(*at)).into()),
                            ]))
                        }
                        dd {
                            (spark(
                                &colour,
                                values.get(values.len().saturating_sub(40)..).unwrap_or_default(),
                            ))
                        }
                    }
                }
            }
        }
    }
}

fn chart(asked: &Asked<'_, '_>, prices: &[Prices]) -> Markup {
    let all: Vec<Line> = prices
        .iter()
        .map(|it| Line {
            colour: it.code.to_lowercase(),
            name: asked.country(&it.code),
            points: it.calls.iter().map(|it| (it.0, it.1)).collect(),
        })
        .collect();
    let title = asked.say_with("home-chart-unit", &[("currency", asked.app.currency().into())]);
    let axis = Axis { size: Size::Half, title: &title, places: 2 };
    html! {
        div class="card" {
            header {
                h2 { (finding(asked, prices)) }
                a class="small" href=(asked.to("markets")) { (asked.say("home-open-market")) }
            }
            @if all.is_empty() {
                div class="empty" { b { (asked.say("no-trades")) } (asked.say("no-trades-text")) }
            } @else {
                (lines(&all, axis, (asked.figures(), &asked.say("home-chart-label"))))
            }
            (asked.source("home-chart-source", (&market::CALLS, "state=cleared")))
        }
    }
}

/// What the prices say: only what is true of them.
fn finding(asked: &Asked<'_, '_>, prices: &[Prices]) -> String {
    let last = |it: &Prices| it.calls.last().map(|it| it.1).unwrap_or_default();
    match prices {
        [first, second, ..] if last(second) > 0 && last(first) >= 2 * last(second) => {
            asked.say_with("home-finding-twice", &[("name", asked.country(&first.code).into())])
        }
        [first, _, ..] => {
            asked.say_with("home-finding-dearest", &[("name", asked.country(&first.code).into())])
        }
        _ => asked.say("home-finding-none"),
    }
}

fn caps(asked: &Asked<'_, '_>, members: &[Row<'_>]) -> Markup {
    let figures = asked.figures();
    let mut known: Vec<(&Row<'_>, i64, i64)> = members
        .iter()
        .filter_map(|it| Some((it, it.int("verified")?, it.int("verified_cap")?)))
        .collect();
    known.sort_by_key(|it| std::cmp::Reverse(it.1));
    let year = known.iter().filter_map(|it| it.0.int("verified_year")).max().unwrap_or_default();
    // Members close their years one after the other: only those of the same year are counted.
    let of_year = |it: &Row<'_>| it.int("verified_year") == Some(year);
    let over: Vec<&Row<'_>> =
        known.iter().filter(|it| it.1 > it.2 && of_year(it.0)).map(|it| it.0).collect();
    let name = |it: &Row<'_>| {
        let name = asked.country(it.text("jurisdiction"));
        let other = it.int("verified_year").filter(|it| *it != year);
        other.map_or(name.clone(), |other| format!("{name} {}", figures.plain(other)))
    };
    let mt = |it: i64| figures.millions(it, 1);
    let all: Vec<Bar> = known
        .iter()
        .map(|(it, verified, cap)| Bar {
            colour: it.text("jurisdiction").to_lowercase(),
            name: name(it),
            value: *verified,
            mark: Some(*cap),
            told: asked.say_with(
                "home-bar",
                &[("verified", mt(*verified).into()), ("cap", mt(*cap).into())],
            ),
        })
        .collect();
    let year_told = figures.plain(year);
    let count = i64::try_from(over.len()).unwrap_or_default();
    html! {
        div class="card" {
            header {
                h2 {
                    (asked.say_with(
                        "home-caps-finding",
                        &[("over", count.into()), ("year", year_told.clone().into())],
                    ))
                }
                ul class="legend" {
                    li { i class="key line k-ink" {} (asked.say("col-cap")) " " (year_told) }
                }
            }
            @if all.is_empty() {
                div class="empty" { b { (asked.say("no-years")) } (asked.say("no-years-text")) }
            } @else {
                (bars(&all, (&asked.say("unit-mt-short"), &asked.say("home-caps-label")), figures))
            }
            (asked.source("home-caps-source", (&registry::YEARS, "")))
        }
    }
}

/// What is due next.
pub fn dates(asked: &mut Asked<'_, '_>, code: &str, most: usize) -> Result<Rows, Failure> {
    let from = asked.now().to_string();
    asked.many(&history::DATES, &[("at.min", from.as_str()), ("jurisdiction", code)], most)
}

/// The card of what is due next.
pub fn next(asked: &Asked<'_, '_>, dates: &Rows) -> Markup {
    let figures = asked.figures();
    html! {
        div class="card" {
            header {
                h2 { (asked.say("next-dates")) }
                a class="small" href="/api/v1/dates.ics" { (asked.say("calendar-file")) }
            }
            @if dates.rows.is_empty() { div class="empty" { b { (asked.say("no-dates")) } } }
            ol class="dates" {
                @for it in dates.iter() {
                    @let at = Instant(it.int("at").unwrap_or_default());
                    // What is due at midnight is due on the day that ends then.
                    @let day = Instant(at.0 - 1);
                    @let code = it.text("jurisdiction");
                    li {
                        time datetime=(figures.iso(at)) {
                            (figures.day_month(day)) small { (figures.weekday(day)) }
                        }
                        p {
                            a href=(date_leads(asked, &it)) {
                                (asked.say_with(&format!("date-{}", it.text("kind")), &[
                                    ("country", asked.country(code).into()),
                                    (
                                        "year",
                                        figures.plain(it.int("year").unwrap_or_default()).into(),
                                    ),
                                ]))
                            }
                            small {
                                (figures.moment(at))
                                @if let Some(volume) = it.int("volume") {
                                    " · " (figures.whole(volume)) " " (asked.say("unit-t"))
                                }
                            }
                        }
                    }
                }
            }
            (asked.source("next-dates-source", (&history::DATES, "")))
        }
    }
}

fn date_leads(asked: &Asked<'_, '_>, it: &Row<'_>) -> String {
    let (code, year) = (it.text("jurisdiction"), it.int("year").unwrap_or_default());
    match it.text("kind") {
        "auction" => asked.to(&format!("auctions/{}", it.int("number").unwrap_or_default())),
        "call" => asked.to(&format!("markets/{code}/{year}")),
        _ => asked.to(&format!("jurisdictions/{code}")),
    }
}

/// Facts that somebody outside waits for.
pub const NEWSWORTHY: [&str; 14] = [
    "AuctionCleared",
    "AuctionOpened",
    "CallCleared",
    "CapSet",
    "CouplingCleared",
    "FirstTransferred",
    "LinkSuspended",
    "PolicyAdopted",
    "PenaltyOpened",
    "Retired",
    "SupplyAdjusted",
    "Surrendered",
    "UnitsIssued",
    "YearClosed",
];

/// The newest facts that somebody outside waits for.
pub fn news(asked: &mut Asked<'_, '_>) -> Result<Vec<Rows>, Failure> {
    // Each kind by itself, so that a flood of one leaves the others in sight.
    let mut all = Vec::new();
    for fact in NEWSWORTHY {
        let found = asked.many(&history::RECORDS, &[("fact", fact)], 2)?;
        all.push(found);
    }
    Ok(all)
}

fn newest<'a>(news: &'a [Rows]) -> Vec<Row<'a>> {
    let mut all: Vec<Row<'a>> = news.iter().flat_map(Rows::iter).collect();
    all.sort_by_key(|it| std::cmp::Reverse((it.int("record"), it.int("part"))));
    all.truncate(NEWS);
    all
}

/// The rows of the ticker.
pub fn rows(asked: &Asked<'_, '_>, news: &[Rows]) -> Markup {
    let figures = asked.figures();
    html! {
        @for it in newest(news) {
            @let record = it.int("record").unwrap_or_default();
            li {
                span class="pos" {
                    (asked.say_with("record-short", &[("record", figures.whole(record).into())]))
                }
                a href=(asked.to(&format!("records/{record}"))) {
                    (asked.word("fact", it.text("fact")))
                    @if !it.text("jurisdiction").is_empty() {
                        ", " (asked.country(it.text("jurisdiction")))
                    }
                    @if let Some(year) = it.int("year") { " " (figures.plain(year)) }
                    @if let Some(price) = it.int("price") {
                        ", " (figures.price(price)) " " (table::in_unit(asked, "unit-price"))
                    }
                }
                span class="num" {
                    @if let Some(quantity) = it.int("quantity") {
                        (figures.whole(quantity)) " " (asked.say("unit-t"))
                    }
                }
            }
        }
    }
}

fn ticker(asked: &Asked<'_, '_>, news: &[Rows]) -> Markup {
    html! {
        div class="card" {
            header { h2 { a href=(asked.to("records")) { (asked.say("latest")) } }
                button class="tag info" type="button" data-live="pause"
                    aria-pressed="false" hidden {
                    (asked.say("pause"))
                }
            }
            ol class="ticker" data-live="ticker" aria-live="off"
                data-from={ "/live/" (asked.address.language.tag) } {
                (rows(asked, news))
            }
            div class="stack-s" {
                h3 { (asked.say("prove-head")) }
                p class="small muted" { (asked.say("prove-text")) }
                pre class="cmd" tabindex="0" { "karvan journal verify DIR" }
            }
        }
    }
}
