//! Primary auctions: the calendar, the results, and one with its curve of bids.

use crate::asked::{Asked, Failure, Page, Section};
use crate::look::chart::{Curve, curve};
use crate::look::table;
use karvan_core::id::AuctionId;
use karvan_core::quantity::Price;
use karvan_core::rules::Tier;
use karvan_core::time::Instant;
use karvan_policy::auctions::{BELOW_SECONDARY, TIES, UNDERSUBSCRIBED};
use karvan_views::list::{Kind, Page as Rows, Row};
use karvan_views::lists::market;
use maud::{Markup, html};
use std::fmt::Write;

/// Results on the first page.
const RESULTS: usize = 40;
/// Prices of a curve.
const PRICES: usize = 10_000;

/// The calendar and the results.
pub fn index(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let title = asked.say("menu-auctions");
    let coming =
        asked.many(&market::AUCTIONS, &[("state", "announced"), ("sort", "closes")], RESULTS)?;
    let results =
        asked.many(&market::AUCTIONS, &[("state", "cleared"), ("sort", "-closes")], RESULTS)?;
    let body = html! {
        div class="page-head" {
            div class="stack-s" {
                h1 { (asked.say("auctions-head")) }
                p class="lead" { (asked.say("auctions-lead")) }
            }
            div class="btns" {
                a class="btn sec" href=(asked.to("coupled")) { (asked.say("menu-coupled")) }
            }
        }
        div class="stack" {
            div class="card flush" {
                header { h2 { (asked.say("auctions-coming")) } }
                @if coming.rows.is_empty() {
                    div class="empty" {
                        b { (asked.say("auctions-none")) } (asked.say("auctions-none-text"))
                    }
                } @else {
                    (asked.table(
                        "auctions-coming", (&market::AUCTIONS, &coming),
                        &[
                            "auction", "jurisdiction", "year", "opens", "closes", "volume",
                            "reserve",
                        ],
                    ))
                }
                (asked.source("auctions-source", (&market::AUCTIONS, "state=announced")))
            }
            div class="card flush" {
                header {
                    h2 { (asked.say("auctions-results")) }
                    a class="small" href=(asked.to("registry/auctions")) { (asked.say("all")) }
                }
                @if results.rows.is_empty() {
                    div class="empty" { b { (asked.say("auctions-no-results")) } }
                } @else {
                    (asked.table(
                        "auctions-results", (&market::AUCTIONS, &results),
                        &[
                            "auction", "jurisdiction", "year", "closes", "volume", "price", "sold",
                            "cover_percent", "bidders", "proceeds",
                        ],
                    ))
                }
                (asked.source("auctions-source", (&market::AUCTIONS, "state=cleared")))
            }
        }
    };
    Ok(Page { title, section: Some(Section::Auctions), crumbs: Vec::new(), body })
}

/// One auction.
pub fn page(asked: &mut Asked<'_, '_>, number: &str) -> Result<Page, Failure> {
    let id: u32 = number.parse().map_err(|_| Failure::NotFound)?;
    let of = [("auction", number)];
    let found = asked.list(&market::AUCTIONS, &of)?;
    let Some(it) = found.first() else { return Err(Failure::NotFound) };
    let bids = asked.many(&market::AUCTION_BIDS, &of, PRICES)?;
    let figures = asked.figures();
    let (code, year) = (it.text("jurisdiction"), it.int("year").unwrap_or_default());
    let title = asked.say_with(
        "auction-title",
        &[("name", asked.country(code).into()), ("number", figures.plain(id.into()).into())],
    );
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (title) }
            p class="lead" { (lead(asked, &it)) }
            p class="meta" {
                span class="tag info" { (asked.word("state", it.text("state"))) }
                span { (asked.say_with("auction-counts", &[("year", figures.plain(year).into())])) }
            }
        } }
        div class="stack" {
            (tiles(asked, &it))
            section class="grid g-2 stretch" {
                (bids_chart(asked, (number, &it), &bids))
                (facts(asked, (number, &it)))
            }
            @if !bids.rows.is_empty() {
                div class="card flush" {
                    header { h2 { (asked.say("bids-head")) } }
                    div class="tall" {
                        (asked.table(
                            "bids-head", (&market::AUCTION_BIDS, &bids),
                            &["price", "quantity", "cumulative", "filled"],
                        ))
                    }
                    (asked.source(
                        "bids-source", (&market::AUCTION_BIDS, &format!("auction={number}")),
                    ))
                }
            }
        }
    };
    let crumbs = vec![("auctions".to_owned(), asked.say("menu-auctions"))];
    Ok(Page { title, section: Some(Section::Auctions), crumbs, body })
}

fn lead(asked: &Asked<'_, '_>, it: &Row<'_>) -> String {
    let figures = asked.figures();
    match (it.text("state"), it.int("price")) {
        ("cleared", Some(price)) => asked.say_with(
            "auction-sold",
            &[
                ("sold", figures.whole(it.int("sold").unwrap_or_default()).into()),
                ("price", figures.price(price).into()),
                ("currency", asked.app.currency().into()),
            ],
        ),
        ("cleared", None) => asked.say("auction-unsold"),
        ("cancelled", _) => asked.say("auction-cancelled"),
        _ => asked.say_with(
            "auction-coming",
            &[("at", figures.moment(Instant(it.int("closes").unwrap_or_default())).into())],
        ),
    }
}

fn tiles(asked: &Asked<'_, '_>, it: &Row<'_>) -> Markup {
    let figures = asked.figures();
    let of = |name: &str, write: &dyn Fn(i64) -> String, unit: String| {
        let value = it.int(name).map_or("–".to_owned(), write);
        html! {
            dl class="fig" {
                dt { (asked.say(&format!("col-{}", name.replace('_', "-")))) }
                dd { b { (value) } span class="u" { (unit) } }
            }
        }
    };
    let cover = |it: i64| figures.decimal(it, 2);
    html! {
        section class="tiles" aria-label=(asked.say("key-figures")) {
            (of("price", &|it| figures.price(it), table::in_unit(asked, "unit-price")))
            (of("sold", &|it| figures.whole(it), asked.say("unit-t")))
            (of("cover_percent", &cover, asked.say("unit-times")))
            (of("bidders", &|it| figures.whole(it), String::new()))
        }
    }
}

fn bids_chart(asked: &Asked<'_, '_>, (number, it): (&str, &Row<'_>), bids: &Rows) -> Markup {
    let points: Vec<(i64, i64)> =
        bids.iter().filter_map(|it| Some((it.int("price")?, it.int("quantity")?))).collect();
    let titles = (
        asked.say_with("curve-price", &[("currency", asked.app.currency().into())]),
        asked.say("curve-quantity"),
    );
    let drawn = Curve {
        bids: points,
        volume: it.int("volume").unwrap_or_default(),
        price: it.int("price"),
        titles: (&titles.0, &titles.1),
        label: &asked.say("curve-label"),
    };
    html! {
        div class="card" {
            header { h2 { (asked.say("curve-head")) } }
            @if drawn.bids.is_empty() {
                div class="empty" { b { (asked.say("curve-none")) } (asked.say("curve-none-text")) }
            } @else { (curve(&drawn, asked.figures())) }
            (asked.source("bids-source", (&market::AUCTION_BIDS, &format!("auction={number}"))))
        }
    }
}

/// The unit of a fact; moments name their zone themselves.
fn unit(kind: Kind) -> Option<&'static str> {
    table::unit(kind).filter(|it| *it != "unit-utc")
}

/// The command that clears the bids again, once there is a result.
fn recompute(asked: &Asked<'_, '_>, number: &str) -> Option<String> {
    let state = asked.app.follower.read();
    let auction = state.auctions.get(AuctionId(number.parse().ok()?))?;
    let (rules, basis) = (&auction.rules, auction.basis.as_ref()?);
    let price = |it: Price| Kind::Price.plain(&it.into());
    let tier = |it: &Tier| format!("{}:{}", price(it.price), it.volume.0);
    fn name<T: PartialEq>(all: &[(&'static str, T)], it: &T) -> &'static str {
        all.iter().find(|(_, of)| of == it).map_or("", |(name, _)| name)
    }
    let mut line = format!(
        "karvan calc auction --bids auction-{number}.csv --volume {} --lot {} --reserve {} \
         --undersubscribed {} --below {} --ties {}",
        basis.offered.0,
        rules.lot.0,
        price(rules.reserve),
        name(&UNDERSUBSCRIBED, &rules.undersubscribed),
        name(&BELOW_SECONDARY, &rules.below_secondary),
        name(&TIES, &rules.ties),
    );
    if let Some(secondary) = basis.secondary {
        let (at, below) = (price(secondary), rules.below_secondary_percent);
        let _ = write!(line, " --secondary {at} --below-secondary {below}");
    }
    let tiers: Vec<String> = basis.tiers.iter().flatten().map(tier).collect();
    if !tiers.is_empty() {
        let _ = write!(line, " --tiers {}", tiers.join(","));
    }
    if let Some(withheld) = &rules.withhold {
        let _ = write!(line, " --withhold {}", tier(withheld));
    }
    let _ = write!(line, " --seed {}", karvan_views::facts::hex(&basis.seed));
    Some(line)
}

fn facts(asked: &Asked<'_, '_>, (number, it): (&str, &Row<'_>)) -> Markup {
    let shown = [
        "volume",
        "lot",
        "reserve",
        "bid",
        "winners",
        "proceeds",
        "opens",
        "closes",
        "commitment",
        "seed",
    ];
    let is_hash = |name: &str| ["commitment", "seed"].contains(&name);
    let cells = || it.cells().filter(|(column, _)| shown.contains(&column.name));
    html! {
        div class="card" {
            header { h2 { (asked.say("auction-facts")) } }
            dl class="kv" {
                @for (column, value) in cells() {
                    dt { (asked.say(&format!("col-{}", column.name.replace('_', "-")))) }
                    dd {
                        @if is_hash(column.name) {
                            code { (table::told(asked, column, value)) }
                        }
                        @else { bdi { (table::told(asked, column, value)) } }
                        @if let Some(unit) = unit(column.kind) {
                            " " (table::in_unit(asked, unit))
                        }
                    }
                }
            }
            @if let Some(command) = recompute(asked, number)
                .filter(|_| it.int("bid").is_some_and(|it| it > 0)) {
                div class="stack-s" {
                    h3 { (asked.say("recompute")) }
                    p class="small muted" { (asked.say("recompute-text")) }
                    p class="small" {
                        a href={ "/api/v1/auctions/" (number) "/bids.csv" } {
                            "auction-" (number) ".csv"
                        }
                    }
                    pre class="cmd" tabindex="0" { (command) }
                }
            }
            (asked.source("auctions-source", (&market::AUCTIONS, &format!("auction={number}"))))
        }
    }
}
