//! The simulator: what if caps, links and price limits were others. Nothing here changes the
//! market.

use crate::asked::{Asked, Failure, Page, Section, quote};
use crate::figures::hundredths;
use crate::look::chart::{Axis, Gain, Line, Size, gains, lines};
use crate::look::frame::{tick, warning};
use crate::look::table;
use crate::rehearsals::Standing;
use crate::scenario::{self, LinkControl, MemberControl, Model, Scenario, Way};
use karvan_core::time::Instant;
use karvan_policy::model::coalitions::Coalition;
use karvan_policy::model::outcome::{Member, Outcome, Row, Warning};
use karvan_policy::model::units::MegaTonnes;
use karvan_views::list::Unfit;
use maud::{Markup, html};
use std::sync::Arc;

/// Members whose lines have colours; more could not be told apart.
const LINES: usize = 5;
/// Coalitions in the table.
const COALITIONS: usize = 40;

fn model(asked: &Asked<'_, '_>) -> Result<Arc<Model>, Failure> {
    asked.app.in_force().model.clone().ok_or(Failure::NotFound)
}

fn unfit(all: Vec<String>) -> Failure {
    let why = "it lies outside the range of its control".to_owned();
    Failure::Unfit(all.into_iter().map(|it| Unfit { parameter: it, why: why.clone() }).collect())
}

fn no_policy(all: Vec<String>) -> Failure {
    let parameter = "policy".to_owned();
    Failure::Unfit(all.into_iter().map(|why| Unfit { parameter: parameter.clone(), why }).collect())
}

/// The parameters of a scenario, as they stand in an address.
fn address(scenario: &Scenario) -> String {
    let all = scenario.parameters();
    let all = all.iter().map(|(name, value)| format!("{}={}", quote(name), quote(value)));
    all.collect::<Vec<_>>().join("&")
}

/// The page.
pub fn page(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let model = model(asked)?;
    let scenario = model.moved(&asked.address.parameters).map_err(unfit)?;
    let results = results(asked, &model, &scenario)?;
    let title = asked.say("menu-simulator");
    let body = html! {
        div class="page-head" {
            div class="stack-s" {
                h1 { (asked.say("sim-head")) }
                p class="lead" { (asked.say("sim-lead")) }
            }
        }
        div class="grid g-sim" {
            (controls(asked, &scenario))
            div id="results" class="stack" aria-live="polite" { (results) }
        }
    };
    Ok(Page { title, section: Some(Section::Simulator), crumbs: Vec::new(), body })
}

/// The results alone: what the page fetches when a control moves.
pub fn fragment(asked: &mut Asked<'_, '_>) -> Result<Markup, Failure> {
    let model = model(asked)?;
    let scenario = model.moved(&asked.address.parameters).map_err(unfit)?;
    results(asked, &model, &scenario)
}

/// A slider: label, value with its unit, the adopted value beneath.
struct Slider<'a> {
    name: String,
    label: &'a str,
    /// As it was adopted, as it is, and as that is told.
    value: (String, String, String),
    range: (String, String, String),
    hint: String,
}

fn slider(it: &Slider<'_>, unit: &str) -> Markup {
    let (least, most, step) = &it.range;
    html! {
        div class="slider" {
            label for=(it.name) { (it.label) }
            output for=(it.name) data-unit=(unit) { (it.value.2) }
            input type="range" id=(it.name) name=(it.name) min=(least) max=(most) step=(step)
                value=(it.value.1) data-adopted=(it.value.0) aria-describedby={ (it.name) "-h" };
            span class="hint" id={ (it.name) "-h" } { (it.hint) }
        }
    }
}

fn two(it: i64) -> String {
    format!("{:.2}", it as f64 / 100.0)
}

fn controls(asked: &Asked<'_, '_>, scenario: &Scenario) -> Markup {
    html! {
        form class="card stack" id="scenario" method="get" action=(asked.to("simulator")) {
            header {
                h2 { (asked.say("sim-scenario")) }
                a class="small" href=(asked.to("simulator")) { (asked.say("sim-reset")) }
            }
            fieldset class="stack-s" {
                legend { (asked.say("sim-caps")) }
                @for it in &scenario.members { (cap(asked, it)) }
            }
            @for it in &scenario.links { (link(asked, it)) }
            @for it in &scenario.members {
                details open[it.floor.0 != it.floor.1 || it.ceiling.0 != it.ceiling.1] {
                    summary {
                        (asked.say_with("sim-limits", &[("name", asked.country(&it.code).into())]))
                    }
                    div class="stack-s" { (limits(asked, it)) }
                }
            }
            label class="check" {
                input type="checkbox" name="credits" value="on" checked[scenario.credits];
                span { (asked.say("sim-credits")) }
            }
            div class="btns" { button class="btn" { (asked.say("sim-calculate")) } }
        }
    }
}

fn cap(asked: &Asked<'_, '_>, it: &MemberControl) -> Markup {
    let figures = asked.figures();
    let most = scenario::CAP_PERCENT;
    let hint = asked.say_with(
        "sim-cap-hint",
        &[
            ("cap", figures.decimal(it.cap / 10, 1).into()),
            ("year", figures.plain(i64::from(it.years[0])).into()),
        ],
    );
    let name = asked.country(&it.code);
    let slider_of = Slider {
        name: format!("cap.{}", it.code),
        label: &name,
        value: ("0".to_owned(), it.cap_percent.to_string(), figures.percent_change(it.cap_percent)),
        range: ((-most).to_string(), most.to_string(), "1".to_owned()),
        hint,
    };
    slider(&slider_of, &asked.say("unit-percent"))
}

fn limits(asked: &Asked<'_, '_>, it: &MemberControl) -> Markup {
    let figures = asked.figures();
    let unit = table::in_unit(asked, "unit-price");
    let of = |key: &str, (adopted, moved): (i64, i64), (most, step): (i64, i64)| {
        let year = figures.plain(i64::from(if key == "floor" { it.years[1] } else { it.years[2] }));
        let price = format!("{} {unit}", figures.price(adopted));
        let hint = match adopted {
            0 => asked.say("sim-none-adopted"),
            _ => {
                asked.say_with("sim-price-hint", &[("price", price.into()), ("year", year.into())])
            }
        };
        let label = asked.say(&format!("sim-{key}"));
        let slider_of = Slider {
            name: format!("{key}.{}", it.code),
            label: &label,
            value: (two(adopted), two(moved), format!("{} {unit}", figures.price(moved))),
            range: ("0".to_owned(), two(most), two(step)),
            hint,
        };
        slider(&slider_of, &unit)
    };
    let credits = asked.say("sim-credit-share");
    let share = Slider {
        name: format!("credits.{}", it.code),
        label: &credits,
        value: (it.credits.0.to_string(), it.credits.1.to_string(), figures.percent(it.credits.1)),
        range: ("0".to_owned(), "100".to_owned(), "1".to_owned()),
        hint: asked.say("sim-credit-hint"),
    };
    html! {
        (of("floor", it.floor, (scenario::FLOOR_MAX, scenario::FLOOR_STEP)))
        (of("ceiling", it.ceiling, (scenario::PRICE_MAX, scenario::CEILING_STEP)))
        (slider(&share, &asked.say("unit-percent")))
    }
}

fn link(asked: &Asked<'_, '_>, it: &LinkControl) -> Markup {
    let figures = asked.figures();
    let ends = format!("{}-{}", it.from, it.to);
    let names = [("from", asked.country(&it.from).into()), ("to", asked.country(&it.to).into())];
    let (quota, ratio) = (asked.say("sim-quota"), asked.say("sim-ratio"));
    let year = figures.plain(i64::from(it.from_year));
    let mt = asked.say("unit-mt-year");
    let quota_told = |it: i64| match it {
        scenario::QUOTA_MAX.. => asked.say("sim-no-quota"),
        it => format!("{} {mt}", figures.decimal(it, 2)),
    };
    let quota_of = Slider {
        name: format!("quota.{ends}"),
        label: &quota,
        value: (two(it.quota.0), two(it.quota.1), quota_told(it.quota.1)),
        range: ("0".to_owned(), two(scenario::QUOTA_MAX), two(scenario::QUOTA_STEP)),
        hint: asked.say_with(
            "sim-quota-hint",
            &[("quota", quota_told(it.quota.0).into()), ("year", year.into())],
        ),
    };
    let ratio_of = Slider {
        name: format!("ratio.{ends}"),
        label: &ratio,
        value: (two(it.ratio.0), two(it.ratio.1), figures.decimal(it.ratio.1, 2)),
        range: (two(scenario::RATIO_STEP), two(100), two(scenario::RATIO_STEP)),
        hint: asked.say_with("sim-ratio-hint", &[("ratio", figures.decimal(it.ratio.0, 2).into())]),
    };
    html! {
        fieldset class="stack-s" {
            legend { (asked.say_with("sim-link", &names)) }
            div class="seg" {
                @for (way, name) in Way::ALL {
                    @let id = format!("link.{ends}.{name}");
                    input type="radio" id=(id) name={ "link." (ends) } value=(name)
                        data-adopted=(it.way.0.name()) checked[it.way.1 == way];
                    label for=(id) { (asked.say(&format!("sim-way-{name}"))) }
                }
            }
            (slider(&quota_of, &mt))
            (slider(&ratio_of, ""))
        }
    }
}

/// The year whose figures stand in the tiles and the table: the parameter, or the fourth.
fn year_of(asked: &Asked<'_, '_>, outcome: &Outcome) -> u16 {
    let wanted = asked.address.parameter("year").and_then(|it| it.parse().ok());
    let known = wanted.filter(|it| outcome.years.contains(it));
    let fourth = outcome.years.get(3).or(outcome.years.last()).copied();
    known.or(fourth).unwrap_or_default()
}

fn results(
    asked: &mut Asked<'_, '_>,
    model: &Model,
    scenario: &Scenario,
) -> Result<Markup, Failure> {
    let started = std::time::Instant::now();
    let outcome = model.simulate(scenario).map_err(no_policy)?;
    let took = started.elapsed().as_millis();
    let year = year_of(asked, &outcome);
    let query = address(scenario);
    let took = i64::try_from(took).unwrap_or_default();
    // What can be simulated need not be a policy: a cap that nobody can meet is none.
    let refused = match model.set(scenario).is_empty() {
        true => Vec::new(),
        false => model.policy_of(scenario).err().unwrap_or_default(),
    };
    Ok(html! {
        (tiles(asked, &outcome, year))
        (prices(asked, (&outcome, &model.adopted), (&query, took)))
        section class="grid g-2 stretch" {
            (who_gains(asked, &outcome, &query))
            (caution(asked, &outcome, &refused))
        }
        (figures_of(asked, (&outcome, year), &query))
        (next_steps(asked, (model, scenario), &refused))
    })
}

fn of_year(outcome: &Outcome, year: u16) -> impl Iterator<Item = (&Member, &Row)> {
    let with = move |it| scenario::row(it, year).map(|row| (it, row));
    outcome.members.iter().filter_map(with).filter(|(_, row)| row.price.is_some())
}

fn tiles(asked: &Asked<'_, '_>, outcome: &Outcome, year: u16) -> Markup {
    let figures = asked.figures();
    let gain: f64 = of_year(outcome, year).map(|(_, row)| row.gain.0).sum();
    let emitted: f64 = of_year(outcome, year).map(|(_, row)| row.emissions.0).sum();
    let flow: f64 = outcome.flows.iter().filter(|it| it.year == year).map(|it| it.quantity.0).sum();
    let green = outcome.members.iter().flat_map(|it| &it.investments).filter(|it| it.is_green);
    let green: f64 = green.map(|it| it.mobilised().0).sum();
    let year = figures.plain(i64::from(year));
    let money = asked.say_with("unit-money-m", &[("currency", asked.app.currency().into())]);
    let billions = asked.say_with("unit-money-b", &[("currency", asked.app.currency().into())]);
    let tile = |label: String, value: String, unit: &str, note: String| {
        html! {
            dl class="fig" {
                dt { (label) }
                dd { b { bdi { (value) } } span class="u" { (unit) } }
                dd class="note" { (note) }
            }
        }
    };
    let (first, last) = (outcome.years.first(), outcome.years.last());
    let of = |it: Option<&u16>| figures.plain(i64::from(it.copied().unwrap_or_default()));
    let span = [("first", of(first).into()), ("last", of(last).into())];
    html! {
        section class="tiles" aria-label=(asked.say("key-figures")) {
            (tile(asked.say_with("sim-gain", &[("year", year.clone().into())]),
                figures.signed(gain, 1), &money, asked.say("sim-gain-note")))
            (tile(asked.say_with("sim-flow", &[("year", year.clone().into())]),
                figures.float(flow, 2), &asked.say("unit-mt-short"), asked.say("sim-flow-note")))
            (tile(asked.say_with("sim-emissions", &[("year", year.into())]),
                figures.float(emitted, 1), &asked.say("unit-mt"), asked.say("sim-emissions-note")))
            (tile(asked.say("sim-green"), figures.float(green / 1_000.0, 2), &billions,
                asked.say_with("sim-green-note", &span)))
        }
    }
}

/// Members with a market, those with the highest last price first.
fn drawn(outcome: &Outcome) -> Vec<&Member> {
    let last = |it: &Member| {
        let priced = it.rows.iter().rev().find_map(|row| row.price);
        priced.map_or(f64::MIN, |it| it.0)
    };
    let mut all: Vec<&Member> =
        outcome.members.iter().filter(|it| it.rows.iter().any(|row| row.price.is_some())).collect();
    all.sort_by(|a, b| last(b).total_cmp(&last(a)));
    all.truncate(LINES);
    all
}

fn price_line(asked: &Asked<'_, '_>, it: &Member, dashed: Option<&str>) -> Line {
    let points = it.rows.iter().filter_map(|row| {
        let at = Instant::of_date(i64::from(row.year), 1, 1).0;
        Some((at, crate::figures::hundredths(row.price?.0)))
    });
    let colour = it.code.to_lowercase();
    let colour = dashed.map_or(colour.clone(), |it| format!("{colour} {it}"));
    Line { colour, name: asked.country(&it.code), points: points.collect() }
}

fn prices(
    asked: &Asked<'_, '_>,
    (outcome, adopted): (&Outcome, &Outcome),
    (query, took): (&str, i64),
) -> Markup {
    let shown = drawn(outcome);
    let mut all: Vec<Line> = Vec::new();
    let is_moved = outcome != adopted;
    for it in shown.iter().filter(|_| is_moved) {
        let before = adopted.members.iter().find(|member| member.code == it.code);
        all.extend(before.map(|it| price_line(asked, it, Some("ref"))));
    }
    all.extend(shown.iter().map(|it| price_line(asked, it, None)));
    let title = asked.say_with("sim-price-unit", &[("currency", asked.app.currency().into())]);
    let axis = Axis { size: Size::Whole, title: &title, places: 2 };
    html! {
        div class="card" {
            header {
                h2 { (finding(asked, &shown)) }
                ul class="legend" {
                    li { i class="key line k-ink" {} (asked.say("sim-this")) }
                    @if is_moved { li { i class="key line k-ref" {} (asked.say("sim-adopted")) } }
                }
            }
            (lines(&all, axis, (asked.figures(), &asked.say("sim-price-label"))))
            footer class="src" {
                span { (asked.say_with("sim-source", &[("ms", took.into())])) }
                (downloads(query))
            }
        }
    }
}

/// What the prices say: only what is true of them.
fn finding(asked: &Asked<'_, '_>, shown: &[&Member]) -> String {
    let highest = |it: &Member| {
        let of = |row: &Row| row.price.map(|price| (row.year, price.0));
        let priced = it.rows.iter().filter_map(of);
        priced.max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let best = shown.iter().filter_map(|it| Some((it, highest(it)?)));
    let best = best.max_by(|a, b| a.1.1.total_cmp(&b.1.1));
    match best {
        Some((member, (year, price))) => asked.say_with(
            "sim-finding",
            &[
                ("name", asked.country(&member.code).into()),
                ("price", asked.figures().float(price, 2).into()),
                ("currency", asked.app.currency().into()),
                ("year", asked.figures().plain(i64::from(year)).into()),
            ],
        ),
        None => asked.say("sim-no-market"),
    }
}

fn downloads(query: &str) -> Markup {
    let more = if query.is_empty() { String::new() } else { format!("{query}&") };
    html! {
        span class="dl" {
            @for (name, format) in [("CSV", "csv"), ("JSON", "json"), ("XLSX", "xlsx")] {
                a href={ "/api/v1/simulation?" (more) "format=" (format) } { (name) }
            }
        }
    }
}

fn who_gains(asked: &Asked<'_, '_>, outcome: &Outcome, query: &str) -> Markup {
    let figures = asked.figures();
    let mut all: Vec<Gain> = drawn(outcome)
        .into_iter()
        .map(|it| Gain {
            colour: it.code.to_lowercase(),
            name: asked.country(&it.code),
            value: it.total.gain.0,
            told: figures.signed(it.total.gain.0, 1),
        })
        .collect();
    all.sort_by(|a, b| b.value.total_cmp(&a.value));
    let unit = asked.say_with("unit-money-m", &[("currency", asked.app.currency().into())]);
    html! {
        div class="card" {
            header { h2 { (asked.say("sim-who")) } span class="small muted" { (unit) } }
            (gains(&all, &asked.say("sim-who-label"), figures))
            p class="small muted" { (asked.say("sim-who-note")) }
            footer class="src" { span { (asked.say("sim-source-short")) } (downloads(query)) }
        }
    }
}

/// What whoever relies on it should know first.
fn caution(asked: &Asked<'_, '_>, outcome: &Outcome, refused: &[String]) -> Markup {
    let mut proxies = 0usize;
    for it in &outcome.inputs {
        proxies += usize::from(matches!(it.provenance.name(), "assumption" | "assumed" | "proxy"));
    }
    let sellers = outcome
        .members
        .iter()
        .filter(|it| it.targets.iter().any(|target| target.oversold().0 > 0.05));
    let sellers: Vec<String> = sellers.map(|it| asked.country(&it.code)).collect();
    let proxies = i64::try_from(proxies).unwrap_or_default();
    let assumed = asked.say_with("sim-assumed", &[("count", proxies.into())]);
    let oversold =
        asked.say_with("sim-oversold", &[("names", asked.figures().names(&sellers).into())]);
    html! {
        div class="card" {
            header { h2 { (asked.say("sim-before")) } }
            ul class="checks" {
                @for it in refused.iter().take(2) {
                    li {
                        (warning())
                        span { (asked.say("sim-refused")) " " span lang="en" dir="ltr" { (it) } }
                        span class="v" {}
                    }
                }
                li { (warning()) span { (asked.say("sim-proxy")) } span class="v" {} }
                li {
                    (warning()) span { (assumed) } span class="v" {}
                }
                @if sellers.is_empty() {
                    li { (tick()) span { (asked.say("sim-no-oversold")) } span class="v" {} }
                } @else {
                    li {
                        (warning()) span { (oversold) } span class="v" {}
                    }
                }
                // Who sells what its target needs stands above.
                @for it in outcome
                    .warnings
                    .iter()
                    .filter(|it| !matches!(it, Warning::Oversold { .. }))
                    .take(4) {
                    li { (warning()) span { (warned(asked, it)) } span class="v" {} }
                }
            }
            p { a href=(asked.to("data")) { (asked.say("about-data")) } }
        }
    }
}

/// A warning of the model, in the reader's language.
fn warned(asked: &Asked<'_, '_>, it: &Warning) -> String {
    let figures = asked.figures();
    let mt = |it: &MegaTonnes| figures.decimal(hundredths(it.0), 2);
    let of = |key: &str, (code, year): (&str, u16), quantity: &MegaTonnes| {
        let values = [
            ("name", asked.country(code).into()),
            ("year", figures.plain(i64::from(year)).into()),
            ("quantity", mt(quantity).into()),
        ];
        asked.say_with(key, &values)
    };
    match it {
        Warning::Missing { code, year, quantity, .. } => {
            of("sim-warn-missing", (code, *year), quantity)
        }
        Warning::Fined { code, year, quantity, .. } => {
            of("sim-warn-fined", (code, *year), quantity)
        }
        Warning::LeftOver { code, year, quantity } => of("sim-warn-left", (code, *year), quantity),
        Warning::Oversold { code, year, quantity } => {
            of("sim-warn-oversold", (code, *year), quantity)
        }
        Warning::HotAir { code, year, quantity } => of("sim-warn-hot-air", (code, *year), quantity),
        Warning::NoTable { code } => {
            asked.say_with("sim-warn-no-table", &[("name", asked.country(code).into())])
        }
        Warning::Unsettled { moved, .. } => {
            asked.say_with("sim-warn-unsettled", &[("quantity", mt(moved).into())])
        }
        Warning::Uncertain { .. } => asked.say("sim-warn-uncertain"),
    }
}

fn figures_of(asked: &Asked<'_, '_>, (outcome, year): (&Outcome, u16), query: &str) -> Markup {
    let figures = asked.figures();
    let money = asked.say_with("unit-money-m", &[("currency", asked.app.currency().into())]);
    let mt = asked.say("unit-mt-short");
    let heads = [
        ("col-price", table::in_unit(asked, "unit-price")),
        ("sim-abatement", mt.clone()),
        ("col-emissions", mt.clone()),
        ("col-cap", mt.clone()),
        ("sim-import", mt),
        ("sim-col-gain", money.clone()),
        ("sim-revenue", money.clone()),
        ("sim-windfall", money),
    ];
    let title = asked.say_with("sim-year", &[("year", figures.plain(i64::from(year)).into())]);
    html! {
        div class="card flush" {
            header {
                h2 { (title) }
                nav class="small" aria-label=(asked.say("col-year")) {
                    @for it in &outcome.years {
                        @let mark = (*it == year).then_some("true");
                        a class="year" aria-current=[mark]
                            href={ (asked.to("simulator")) "?" (query) "&year=" (it) } {
                            (figures.plain(i64::from(*it)))
                        }
                        " "
                    }
                }
            }
            div class="scroll" tabindex="0" role="region" aria-label=(title) {
                table class="freeze1" {
                    caption class="vh" { (title) }
                    thead { tr {
                        th scope="col" { (asked.say("col-jurisdiction")) }
                        @for (key, unit) in &heads {
                            th scope="col" class="num" {
                                (asked.say(key)) span class="u" { (unit) }
                            }
                        }
                    } }
                    tbody { @for (it, row) in of_year(outcome, year) {
                        tr {
                            th scope="row" {
                                a href=(asked.to(&format!("jurisdictions/{}", it.code))) {
                                    (asked.country(&it.code))
                                }
                            }
                            @for text in [
                                figures.float(row.price.map_or(0.0, |it| it.0), 2),
                                figures.float(row.abatement.0, 2),
                                figures.float(row.emissions.0, 2),
                                figures.float(row.cap.0, 2),
                                figures.signed(row.net_import.0, 2),
                                figures.signed(row.gain.0, 1),
                                figures.float(row.revenue.0, 1),
                                figures.float(row.windfall.0, 1),
                            ] { td class="num" { bdi { (text) } } }
                        }
                    } }
                }
            }
            footer class="src" { span { (asked.say("sim-source-short")) } (downloads(query)) }
        }
    }
}

/// What can be done with a scenario: its link, its command, coalitions, a rehearsal.
fn next_steps(
    asked: &Asked<'_, '_>,
    (model, scenario): (&Model, &Scenario),
    refused: &[String],
) -> Markup {
    let query = address(scenario);
    let set = model.set(scenario);
    let mut command = String::from("karvan simulate POLICY");
    for it in &set {
        command.push_str(&format!(" \\\n  --set '{it}'"));
    }
    html! {
        div class="card stack-s" {
            h2 { (asked.say("sim-next")) }
            p class="small muted" { (asked.say("sim-share-text")) }
            p {
                a id="share" href={ (asked.to("simulator")) "?" (query) } {
                    (asked.say("sim-share"))
                }
            }
            form class="btns" method="post" action=(asked.to("simulator/rehearsals")) {
                @for (name, value) in scenario.parameters() {
                    input type="hidden" name=(name) value=(value);
                }
                button class="btn" disabled[!refused.is_empty()] { (asked.say("sim-rehearse")) }
                a class="btn sec" href={ (asked.to("simulator/coalitions")) "?" (query) } {
                    (asked.say("sim-coalitions"))
                }
            }
            details {
                summary { (asked.say("sim-command")) }
                pre class="cmd" tabindex="0" { (command) }
            }
        }
    }
}

/// Which members would gain together.
pub fn coalitions(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let model = model(asked)?;
    let scenario = model.moved(&asked.address.parameters).map_err(unfit)?;
    let all = model.coalitions(&scenario).map_err(no_policy)?;
    let figures = asked.figures();
    let money = asked.say_with("unit-money-m", &[("currency", asked.app.currency().into())]);
    let title = asked.say("sim-coalitions");
    let names = |it: &Coalition| {
        figures.names(&it.members.iter().map(|it| asked.country(it)).collect::<Vec<_>>())
    };
    let each = |it: &Coalition| {
        let gains = it.gains.iter().map(|it| figures.signed(it.0, 1));
        gains.collect::<Vec<_>>().join(" · ")
    };
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (title) }
            p class="lead" { (asked.say("sim-coalitions-lead")) }
        } }
        div class="card flush" {
            @if all.is_empty() { div class="empty" { b { (asked.say("sim-no-coalitions")) } } }
            div class="scroll" tabindex="0" role="region" aria-label=(title) {
                table {
                    caption class="vh" { (title) }
                    thead { tr {
                        th scope="col" { (asked.say("list-jurisdictions")) }
                        th scope="col" class="num" {
                            (asked.say("sim-together")) span class="u" { (money) }
                        }
                        th scope="col" { (asked.say("sim-each")) span class="u" { (money) } }
                        th scope="col" { (asked.say("sim-all-gain")) }
                        th scope="col" { (asked.say("sim-holds")) }
                    } }
                    tbody { @for it in all.iter().take(COALITIONS) {
                        tr {
                            th scope="row" {
                                (names(it))
                            }
                            td class="num" { bdi { (figures.signed(it.gain().0, 1)) } }
                            td {
                                bdi {
                                    (each(it))
                                }
                            }
                            td { (asked.say(if it.all_gain() { "yes" } else { "no" })) }
                            td { (asked.say(if it.is_stable { "yes" } else { "no" })) }
                        }
                    } }
                }
            }
            footer class="src" { span { (asked.say("sim-source-short")) } }
        }
    };
    let crumbs = vec![("simulator".to_owned(), asked.say("menu-simulator"))];
    Ok(Page { title, section: Some(Section::Simulator), crumbs, body })
}

/// A rehearsal: how far it is, or its results beside the simulated ones.
pub fn rehearsal(asked: &mut Asked<'_, '_>, number: &str) -> Result<Page, Failure> {
    let number: u64 = number.parse().map_err(|_| Failure::NotFound)?;
    let (standing, parameters) = asked.app.rehearsals.of(number).ok_or(Failure::NotFound)?;
    let figures = asked.figures();
    let shown = figures.plain(i64::try_from(number).unwrap_or_default());
    let title = asked.say_with("sim-rehearsal", &[("number", shown.into())]);
    let query: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", quote(name), quote(value)))
        .collect();
    let back = format!("{}?{}", asked.to("simulator"), query.join("&"));
    let body = html! {
        div class="page-head" { div class="stack-s" {
            h1 { (title) }
            p class="lead" { (asked.say("sim-rehearsal-lead")) }
            p { a href=(back) { (asked.say("sim-back")) } }
        } }
        @match &standing {
            Standing::Waiting => div class="card" data-live="wait" {
                p { (asked.say("sim-waiting")) } progress aria-label=(title) {}
                p class="small muted" { (asked.say("sim-may-leave")) }
            },
            Standing::Playing(done, all) => div class="card" data-live="wait" {
                p { (asked.say("sim-playing")) }
                progress aria-label=(title) value=(done) max=(all) {}
                p class="small muted" { (asked.say("sim-may-leave")) }
            },
            Standing::Failed(why) => div
                class="errors" { h2 { (asked.say("sim-failed")) } p lang="en" dir="ltr" { (why) } },
            Standing::Done(both) => { (beside(asked, both)) }
        }
    };
    let crumbs = vec![("simulator".to_owned(), asked.say("menu-simulator"))];
    Ok(Page { title, section: Some(Section::Simulator), crumbs, body })
}

/// Prices that the model finds, and prices that people came to.
fn beside(asked: &Asked<'_, '_>, both: &(Outcome, karvan_rehearsal::Outcome)) -> Markup {
    let (simulated, rehearsed) = both;
    let figures = asked.figures();
    let price = table::in_unit(asked, "unit-price");
    let heads = [
        ("sim-simulated", price.clone()),
        ("sim-auction", price.clone()),
        ("sim-call", price),
        ("col-volume", asked.say("unit-t")),
        ("col-verified", asked.say("unit-t")),
        ("col-cap", asked.say("unit-t")),
    ];
    let model = |code: &str, year: u16| {
        let member = simulated.members.iter().find(|it| it.code == code)?;
        let price = scenario::row(member, year)?.price?;
        Some(figures.float(price.0, 2))
    };
    let dash = || "–".to_owned();
    let tonnes =
        |it: karvan_core::quantity::Tonnes| figures.whole(i64::try_from(it.0).unwrap_or(i64::MAX));
    let title = asked.say("sim-beside");
    html! {
        div class="card flush" {
            header { h2 { (title) } }
            div class="scroll" tabindex="0" role="region" aria-label=(title) {
                table class="freeze1" {
                    caption class="vh" { (title) }
                    thead { tr {
                        th scope="col" { (asked.say("col-jurisdiction")) }
                        th scope="col" { (asked.say("col-year")) }
                        @for (key, unit) in &heads {
                            th scope="col" class="num" {
                                (asked.say(key)) span class="u" { (unit) }
                            }
                        }
                    } }
                    tbody { @for it in &rehearsed.rows {
                        tr {
                            th scope="row" { (asked.country(&it.jurisdiction)) }
                            td { (figures.plain(i64::from(it.year))) }
                            td class="num" {
                                (model(&it.jurisdiction, it.year).unwrap_or_else(dash))
                            }
                            td class="num" {
                                (it.auction_price.map_or_else(dash, |it| figures.price(it.0)))
                            }
                            td class="num" {
                                (it.call_price.map_or_else(dash, |it| figures.price(it.0)))
                            }
                            td class="num" { (tonnes(it.call_volume)) }
                            td class="num" { (tonnes(it.verified)) }
                            td class="num" { (it.cap.map_or_else(dash, tonnes)) }
                        }
                    } }
                }
            }
            footer class="src" {
                span { (asked.say("sim-beside-source")) }
            }
        }
    }
}
