//! The exchange: all markets, and one with its phase, what waits, its prices and trades.

use crate::asked::{Asked, Failure, Page, Section, quote};
use crate::look::chart::{Axis, Line, Size, lines};
use crate::look::table;
use karvan_core::State;
use karvan_core::book::Market;
use karvan_core::call::clear_call::indicative;
use karvan_core::exchange::{Phase, Side, phase, product_of};
use karvan_core::time::{Instant, Year};
use karvan_views::depth::{Level, depth};
use karvan_views::list::Page as Rows;
use karvan_views::lists::market;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Prices of each side of the book.
const LEVELS: usize = 8;
/// Days in the chart.
const DAYS: usize = 1_000;
/// Products are shown of so many years back.
const PRODUCT_YEARS: i64 = 2;
/// Rows of small tables.
const FEW: usize = 12;

/// All markets.
pub fn index(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let title = asked.say("menu-market");
    let (open, products) = (open(asked), products(asked));
    let calls = asked.many(&market::CALLS, &[("state", "cleared"), ("volume.min", "1")], FEW)?;
    let days = asked.many(&market::DAYS, &[("sort", "-day")], FEW)?;
    let columns =
        ["call", "jurisdiction", "year", "product", "closes", "price", "volume", "coupling"];
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (asked.say("markets-head")) }
            p class="lead" { (asked.say("markets-lead")) }
        } }
        div class="stack" {
            div class="card flush" {
                header { h2 { (asked.say("markets-open")) } }
                @if open.is_empty() {
                    div class="empty" {
                        b { (asked.say("markets-none")) } (asked.say("markets-none-text"))
                    }
                } @else { (all_open(asked, ("markets-open", "unit-price"), &open)) }
                (book_source(asked, open.first()))
            }
            @if !products.is_empty() {
                div class="card flush" {
                    header { h2 { (asked.say("markets-products")) } }
                    (all_open(asked, ("markets-products", "unit-price-each"), &products))
                    (book_source(asked, products.first()))
                }
            }
            section class="grid g-2 stretch" {
                div class="card flush" {
                    header {
                        h2 { (asked.say("calls-last")) }
                        a class="small" href=(asked.to("registry/calls")) { (asked.say("all")) }
                    }
                    (asked.table("calls-last", (&market::CALLS, &calls), &columns))
                    (asked.source("calls-source", (&market::CALLS, "state=cleared")))
                }
                div class="card flush" {
                    header {
                        h2 { (asked.say("days-last")) }
                        a class="small" href=(asked.to("registry/days")) { (asked.say("all")) }
                    }
                    (asked.table(
                        "days-last", (&market::DAYS, &days),
                        &["day", "jurisdiction", "year", "product", "close", "volume", "trades"],
                    ))
                    (asked.source("days-source", (&market::DAYS, "")))
                }
            }
        }
    };
    Ok(Page { title, section: Some(Section::Market), crumbs: Vec::new(), body })
}

/// A market as it is now.
struct Now {
    market: Market,
    code: String,
    /// The product's code; none for allowances.
    product: Option<String>,
    phase: &'static str,
    closes: Option<Instant>,
    indicative: Option<i64>,
    volume: i64,
    last: Option<(i64, Instant)>,
    bids: Vec<Level>,
    asks: Vec<Level>,
    /// The record that it is of: what waits is read from the replica, which may be ahead of the
    /// lists.
    record: u64,
}

fn now(state: &State, market: Market, at: Instant) -> Option<Now> {
    let chapter = state.rules.as_ref()?.jurisdiction(market.jurisdiction)?;
    let product = product_of(state, market).map(|it| it.code.to_string());
    let found = indicative(state, market);
    let (phase, closes) = match phase(state, market, at) {
        Phase::Closed => ("closed", None),
        Phase::Halted => ("halted", None),
        Phase::Call(it) => ("call", state.calls.get(it).map(|it| it.closes)),
        Phase::Continuous(_) => ("continuous", None),
    };
    let of = |side| depth(state, (market, side), (None, LEVELS));
    let last = state.price_of(market);
    Some(Now {
        market,
        code: chapter.code.to_string(),
        product,
        phase,
        closes,
        indicative: found.map(|it| it.price.0),
        volume: found.map(|it| i64::try_from(it.volume.0).unwrap_or(i64::MAX)).unwrap_or_default(),
        last: last.map(|(price, at)| (price.0, at)),
        bids: of(Side::Buy),
        asks: of(Side::Sell),
        record: state.position,
    })
}

/// Markets whose surrender is still to come.
fn open(asked: &Asked<'_, '_>) -> Vec<Now> {
    let state = asked.app.follower.read();
    let Some(rules) = &state.rules else { return Vec::new() };
    let at = asked.app.engine.now().max(state.now);
    let this = at.date().0;
    let mut all = Vec::new();
    for (id, chapter) in rules.chapters() {
        let years = chapter.years.iter().filter(|it| {
            it.stage.obliges() && it.surrender_due > at && i64::from(it.year.0) <= this
        });
        let markets = years.map(|it| Market::of_allowances(id, it.year));
        all.extend(markets.filter_map(|it| now(&state, it, at)));
    }
    all
}

/// Markets of products in which anything waited or was traded, of the last years.
fn products(asked: &Asked<'_, '_>) -> Vec<Now> {
    let state = asked.app.follower.read();
    let at = asked.app.engine.now().max(state.now);
    let first = at.date().0.saturating_sub(PRODUCT_YEARS);
    let waited = state.orders.markets().filter(|it| it.product.is_some());
    let all: BTreeSet<Market> = waited.chain(state.product_prices.keys().copied()).collect();
    let recent = all.into_iter().filter(|it| i64::from(it.year.0) > first);
    recent.filter_map(|it| now(&state, it, at)).collect()
}

fn all_open(asked: &Asked<'_, '_>, (label, price): (&str, &str), all: &[Now]) -> Markup {
    let figures = asked.figures();
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(asked.say(label)) {
            table {
                thead { tr {
                    th scope="col" { (asked.say("col-market")) }
                    th scope="col" { (asked.say("col-phase")) }
                    th scope="col" class="num" {
                        (asked.say("col-last")) span class="u" {
                            (table::in_unit(asked, price))
                        }
                    }
                    th scope="col" { (asked.say("col-last-at")) }
                    th scope="col" class="num" {
                        (asked.say("col-indicative")) span class="u" {
                            (table::in_unit(asked, price))
                        }
                    }
                } }
                tbody { @for it in all { tr {
                    th scope="row" {
                        a href=(asked.to(&path(it))) { (name(asked, it)) }
                    }
                    td { (asked.word("phase", it.phase)) }
                    td class="num" { (it.last.map_or("–".to_owned(), |it| figures.price(it.0))) }
                    td { (it.last.map_or("–".to_owned(), |it| figures.short(it.1))) }
                    td class="num" {
                        (it.indicative.map_or("–".to_owned(), |it| figures.price(it)))
                    }
                } } }
            }
        }
    }
}

/// The path of a market's page.
fn path(it: &Now) -> String {
    let product = it.product.as_deref().map(|it| format!("/{}", quote(it))).unwrap_or_default();
    format!("markets/{}/{}{product}", it.code, it.market.year)
}

/// A market in the reader's words: country, product, year.
fn name(asked: &Asked<'_, '_>, it: &Now) -> String {
    let year = asked.figures().plain(i64::from(it.market.year.0));
    let product = it.product.as_deref().map(|it| format!(" {it}")).unwrap_or_default();
    format!("{}{product} {year}", asked.country(&it.code))
}

/// One market.
pub fn page(
    asked: &mut Asked<'_, '_>,
    (code, year, product): (&str, &str, Option<&str>),
) -> Result<Page, Failure> {
    let number: u16 = year.parse().map_err(|_| Failure::NotFound)?;
    let found = {
        let state = asked.app.follower.read();
        let chapter = state.rules.as_ref().and_then(|rules| {
            rules.chapters().find(|(_, it)| it.code.as_str() == code).map(|(id, _)| id)
        });
        let id = chapter.ok_or(Failure::NotFound)?;
        state.year_rules(id, Year(number)).ok_or(Failure::NotFound)?;
        let chapter = state.rules.as_ref().and_then(|it| it.jurisdiction(id));
        let listed = |code: &str| {
            let found = chapter?.listed().find(|(_, it)| it.code.as_str() == code);
            found.map(|(id, _)| id)
        };
        let product = match product {
            Some(it) => Some(listed(it).ok_or(Failure::NotFound)?),
            None => None,
        };
        let at = asked.app.engine.now().max(state.now);
        let market = Market { product, ..Market::of_allowances(id, Year(number)) };
        now(&state, market, at).ok_or(Failure::NotFound)?
    };
    let traded = product.unwrap_or(market::ALLOWANCE);
    let of = [("jurisdiction", code), ("year", year), ("product", traded)];
    let newest = [("jurisdiction", code), ("year", year), ("product", traded), ("sort", "-day")];
    let mut days = asked.many(&market::DAYS, &newest, DAYS)?;
    days.rows.reverse();
    let trades = asked.many(&market::TRADES, &of, FEW)?;
    let calls = asked.many(&market::CALLS, &of, FEW)?;
    let figures = asked.figures();
    let title = name(asked, &found);
    let query = format!("jurisdiction={code}&year={year}&product={}", quote(traded));
    let lead = if product.is_some() { "market-lead-product" } else { "market-lead" };
    let columns = ["call", "closes", "state", "price", "volume", "coupling"];
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (asked.say_with("market-head", &[("name", title.clone().into())])) }
            p class="lead" {
                (asked.say_with(lead, &[("year", figures.plain(number.into()).into())]))
            }
            p class="meta" {
                span class="tag info" { (asked.word("phase", found.phase)) }
                @if let Some(closes) = found.closes {
                    span {
                        (asked.say_with("phase-until", &[("at", figures.moment(closes).into())]))
                    }
                }
            }
        } }
        div class="stack" {
            (tiles(asked, &found, &days))
            section class="grid g-2 stretch" {
                (prices(asked, (&found, &query), &days))
                (book(asked, &found))
            }
            section class="grid g-2 stretch" {
                div class="card flush" {
                    header {
                        h2 { (asked.say("trades-last")) } a class="small"
                            href={ (asked.to("registry/trades")) "?" (query) } {
                            (asked.say("all"))
                        }
                    }
                    @if trades.rows.is_empty() {
                        div class="empty" { b { (asked.say("no-trades")) } }
                    }
                    @else {
                        (asked.table(
                            "trades-last", (&market::TRADES, &trades),
                            &["record", "at", "venue", "price", "quantity"],
                        ))
                    }
                    (asked.source("trades-source", (&market::TRADES, &query)))
                }
                div class="card flush" {
                    header { h2 { (asked.say("calls-last")) } }
                    @if calls.rows.is_empty() {
                        div class="empty" { b { (asked.say("no-calls")) } }
                    }
                    @else {
                        (asked.table("calls-last", (&market::CALLS, &calls), &columns))
                    }
                    (asked.source("calls-source", (&market::CALLS, &query)))
                }
            }
        }
    };
    let crumbs = vec![("markets".to_owned(), asked.say("menu-market"))];
    Ok(Page { title, section: Some(Section::Market), crumbs, body })
}

/// What a unit of a market is.
fn units(it: &Now) -> &'static str {
    if it.product.is_some() { "unit-units" } else { "unit-t" }
}

/// What a price of a market is for.
fn priced(it: &Now) -> &'static str {
    if it.product.is_some() { "unit-price-each" } else { "unit-price" }
}

fn tiles(asked: &Asked<'_, '_>, it: &Now, days: &Rows) -> Markup {
    let figures = asked.figures();
    let volume: i64 = days.iter().filter_map(|it| it.int("volume")).sum();
    let trades: i64 = days.iter().filter_map(|it| it.int("trades")).sum();
    html! {
        section class="tiles t3" aria-label=(asked.say("key-figures")) {
            dl class="fig" {
                dt { (asked.say("col-last")) }
                @match it.last {
                    Some((price, at)) => {
                        dd {
                            b { (figures.price(price)) }
                            span class="u" { (table::in_unit(asked, priced(it))) }
                        }
                        dd class="note" { (figures.moment(at)) }
                    }
                    None => dd class="note" { (asked.say("no-trades")) }
                }
            }
            dl class="fig" {
                dt { (asked.say("col-indicative")) }
                @match it.indicative {
                    Some(price) => {
                        dd {
                            b { (figures.price(price)) }
                            span class="u" { (table::in_unit(asked, priced(it))) }
                        }
                        dd class="note" { (figures.whole(it.volume)) " " (asked.say(units(it))) }
                    }
                    None => dd class="note" { (asked.say("no-indicative")) }
                }
            }
            dl class="fig" {
                dt { (asked.say("col-volume")) }
                @if it.product.is_some() {
                    dd {
                        b { (figures.whole(volume)) } span class="u" { (asked.say("unit-units")) }
                    }
                } @else {
                    dd {
                        b { (figures.millions(volume, 2)) }
                        span class="u" { (asked.say("unit-mt")) }
                    }
                }
                dd class="note" { (asked.say_with("trades-count", &[("count", trades.into())])) }
            }
        }
    }
}

fn prices(asked: &Asked<'_, '_>, (it, query): (&Now, &str), days: &Rows) -> Markup {
    let points: Vec<(i64, i64)> =
        days.iter().filter_map(|it| Some((it.int("day")?, it.int("close")?))).collect();
    let line = Line { colour: it.code.to_lowercase(), name: String::new(), points };
    let unit = if it.product.is_some() { "prices-unit-each" } else { "prices-unit" };
    let title = asked.say_with(unit, &[("currency", asked.app.currency().into())]);
    html! {
        div class="card" {
            header { h2 { (asked.say("prices-head")) } }
            @if line.points.is_empty() {
                div class="empty" { b { (asked.say("no-trades")) } (asked.say("no-trades-text")) }
            } @else {
                (lines(
                    &[line], Axis { size: Size::Half, title: &title, places: 2 },
                    (asked.figures(), &asked.say("prices-head")),
                ))
            }
            (asked.source("days-source", (&market::DAYS, query)))
        }
    }
}

/// The ladder: prices down the middle, who buys on the left, who sells on the right.
fn book(asked: &Asked<'_, '_>, it: &Now) -> Markup {
    let figures = asked.figures();
    let most = it.bids.iter().chain(&it.asks).map(|it| it.quantity.0).max().unwrap_or(1).max(1);
    let share = |it: &Level| 100.0 * it.quantity.0 as f64 / most as f64;
    let units = |it: &Level| figures.whole(i64::try_from(it.quantity.0).unwrap_or(i64::MAX));
    let at = |it: f64| format!("{it:.1}");
    let bar = |class: &str, from: f64, width: f64| {
        html! {
            svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                rect class=(class) height="10" x=(at(from)) width=(at(width)) {}
            }
        }
    };
    html! {
        div class="card" {
            header { h2 { (asked.say("book-head")) } }
            @if it.bids.is_empty() && it.asks.is_empty() {
                div class="empty" { b { (asked.say("book-empty")) } (asked.say("book-empty-text")) }
            } @else {
                table class="ladder" {
                    caption class="vh" { (asked.say("book-head")) }
                    thead { tr {
                        th scope="col" { (asked.say("buy")) }
                        th scope="col" { (asked.say("col-price")) }
                        th scope="col" { (asked.say("sell")) }
                    } }
                    tbody {
                        @for level in it.asks.iter().rev() {
                            tr {
                                td {}
                                td class="p" { (figures.price(level.price.0)) }
                                td { (bar("d-ask", 0.0, share(level))) span { (units(level)) } }
                            }
                        }
                        @for level in &it.bids {
                            tr {
                                td class="num" {
                                    (bar("d-bid", 100.0 - share(level), share(level)))
                                    span { (units(level)) }
                                }
                                td class="p" { (figures.price(level.price.0)) }
                                td {}
                            }
                        }
                    }
                }
            }
            (book_source(asked, Some(it)))
        }
    }
}

/// Where what waits comes from, and its record.
fn book_source(asked: &Asked<'_, '_>, of: Option<&Now>) -> Markup {
    let position = of.map_or(asked.shown().position, |it| it.record);
    table::source_at(asked, &asked.say("book-source"), (position, None))
}
