//! A simulation as one page that needs nothing else: tables, charts as drawings in the page, every
//! input with its source. It reads on a screen, on a phone and on paper.

mod chart;

use super::Simulated;
use super::text::{
    built, credit_names, credit_rows, gaining, green, has_market, investment_cells, irr,
    output_cells, output_names, summed, sums, target_cells, total_cap_change, years_named,
};
use anyhow::{Context, Result, bail};
use chart::{Band, Chart, Line};
use karvan_policy::model::outcome::{Member, Outcome};
use karvan_views::facts::hex;
use std::fmt::Write;
use std::path::Path;

const STYLE: &str = include_str!("report/style.css");

/// Members' colours in the order of the file; dark enough for words on white.
const COLOURS: [&str; 10] = [
    "#164494", "#ab360d", "#00473d", "#884c83", "#446637", "#5a3807", "#7d1666", "#5c52b8",
    "#976a61", "#237aae",
];

/// Writes the page; nothing that is there is written over.
pub(super) fn write(file: &Path, it: &Simulated) -> Result<()> {
    if file.exists() {
        bail!("{} is there; name a file that is not, so that nothing is lost", file.display());
    }
    std::fs::write(file, page(it)).with_context(|| format!("{} cannot be written", file.display()))
}

/// Text that is safe within a page.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A number with two digits and a real minus; nothing is a dash.
fn number(it: f64) -> String {
    let text = format!("{it:.2}");
    if text == "0.00" || text == "-0.00" { "–".to_owned() } else { real_minus(&text) }
}

fn real_minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

/// A whole number with commas between thousands.
fn thousands(it: f64) -> String {
    let digits = format!("{:.0}", it.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if it < -0.5 { format!("\u{2212}{text}") } else { text }
}

fn colour(place: usize) -> &'static str {
    COLOURS.get(place % COLOURS.len()).copied().unwrap_or("#465668")
}

/// Members with a market, each with its place in the file.
fn members(it: &Outcome) -> impl Iterator<Item = (usize, &Member)> {
    it.members.iter().enumerate().filter(|(_, it)| has_market(it))
}

fn page(it: &Simulated) -> String {
    let outcome = &it.outcome;
    let years = years_named(outcome);
    let title = escaped(&format!("{}, {years}", outcome.name));
    let mut page = String::new();
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}: a simulation</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <p class=\"strip\">A simulation: an estimate of an equilibrium, no forecast. Assumptions \
         and proxies are named below.</p>\n<h1>{title}</h1>\n"
    );
    page.push_str(&figures(outcome));
    page.push_str(&warnings(outcome));
    page.push_str(&prices(it));
    page.push_str(&small_charts(outcome));
    page.push_str(&years_table(outcome));
    page.push_str(&flows(outcome));
    page.push_str(&credits(outcome));
    page.push_str(&gains(outcome));
    page.push_str(&treasury(outcome));
    page.push_str(&targets(outcome));
    page.push_str(&outputs(outcome));
    page.push_str(&investments(outcome));
    page.push_str(&coalitions(it));
    page.push_str(&draws(it));
    page.push_str(&inputs(outcome));
    let residual = outcome.residual;
    let _ = write!(
        page,
        "<footer><p>Every market balances within {:.0e} Mt, no gain is left beyond {:.0e} {} a \
         tonne, flows lie within their bounds by {:.0e} Mt.</p>\
         <p>Scenario <code>{}</code><br>data <code>{}</code></p></footer>\n\
         </main>\n</body>\n</html>\n",
        residual.balance,
        residual.gain,
        escaped(&outcome.currency),
        residual.bound,
        hex(&it.scenario),
        hex(&it.data)
    );
    page
}

/// What is asked first, in large figures.
fn figures(it: &Outcome) -> String {
    let usd = escaped(&it.currency);
    let rows = || members(it).flat_map(|(_, it)| &it.rows);
    let avoided: f64 = rows().map(|it| it.abatement.0).sum();
    let revenue: f64 = rows().map(|it| it.revenue.0).sum();
    let gain: f64 = it.members.iter().map(|it| it.total.gain.0).sum();
    let crossed: f64 = it.flows.iter().map(|it| it.quantity.0).sum();
    let tile = |label: &str, figure: String, basis: &str| {
        format!(
            "<div class=\"tile\"><p>{label}</p><p class=\"fig\">{figure}</p><p class=\"basis\">\
             {basis}</p></div>\n"
        )
    };
    let money = |it: f64| format!("{} <small>M {usd}</small>", thousands(it));
    let years = years_named(it);
    format!(
        "<div class=\"tiles\">\n{}{}{}{}</div>\n",
        tile(
            "Emissions avoided",
            format!("{avoided:.1} <small>Mt</small>"),
            &format!("sum of {years}")
        ),
        tile("Sold by treasuries", money(revenue), "auctions, tiers, ceiling"),
        tile(
            "Gained by trade abroad",
            money(gain),
            &format!("all members, {}, discounted", summed(it))
        ),
        tile(
            "Units through links",
            format!("{crossed:.1} <small>Mt</small>"),
            &format!("sum of {years}")
        ),
    )
}

fn warnings(it: &Outcome) -> String {
    if it.warnings.is_empty() {
        return String::new();
    }
    let all: String =
        it.warnings.iter().map(|it| format!("<li>{}</li>\n", escaped(&it.to_string()))).collect();
    format!("<section class=\"card attention\"><h2>To be known</h2>\n<ul>\n{all}</ul></section>\n")
}

fn prices(it: &Simulated) -> String {
    let outcome = &it.outcome;
    let lines: Vec<Line> = members(outcome)
        .map(|(place, member)| Line {
            name: member.code.clone(),
            colour: colour(place),
            dashed: false,
            values: member.rows.iter().map(|row| row.price.map(|it| it.0)).collect(),
        })
        .collect();
    let bands: Vec<Band> = it
        .draws
        .iter()
        .flat_map(|it| &it.members)
        .enumerate()
        .map(|(place, it)| {
            let price = |of: fn(&karvan_policy::model::draws::Spread) -> f64| -> Vec<Option<f64>> {
                it.years.iter().map(|year| year.price.as_ref().map(of)).collect()
            };
            Band { colour: colour(place), low: price(|it| it.low), high: price(|it| it.high) }
        })
        .collect();
    let dearest = members(outcome)
        .flat_map(|(_, it)| {
            it.rows.iter().filter_map(|row| Some((row.price?.0, row.year, &it.name)))
        })
        .max_by(|one, two| one.0.total_cmp(&two.0));
    let usd = escaped(&outcome.currency);
    let heading = match dearest {
        Some((price, year, name)) if price > 0.0 => {
            format!("The highest price is {price:.2} {usd} a tonne, in {} in {year}", escaped(name))
        }
        _ => "No market has a price".to_owned(),
    };
    let unit = format!("{} a tonne", outcome.currency);
    let chart = Chart { years: &outcome.years, unit: &unit, lines: &lines, bands: &bands };
    let words = if bands.is_empty() {
        String::new()
    } else {
        "<p class=\"basis\">Bands: nine in ten of the draws.</p>".to_owned()
    };
    format!(
        "<section class=\"card\"><h2>{heading}</h2>\n{}{words}\n\
         <p class=\"source\">Source: equilibrium model; the figures are in the table below.</p>\
         </section>\n",
        chart.drawn(&format!("Price paths of {} members", lines.len()))
    )
}

/// A small chart for each member: emissions without a market, the cap, what is emitted.
fn small_charts(it: &Outcome) -> String {
    let mut all = String::new();
    for (place, member) in members(it) {
        let of = |value: fn(&karvan_policy::model::outcome::Row) -> f64| -> Vec<Option<f64>> {
            member.rows.iter().map(|row| row.price.map(|_| value(row))).collect()
        };
        let line = |name: &str, colour, dashed, values| Line {
            name: name.to_owned(),
            colour,
            dashed,
            values,
        };
        let lines = [
            line("without", "#5c6b7b", false, of(|it| it.baseline.0)),
            line("cap", "#12202e", true, of(|it| it.cap.0)),
            line("emitted", colour(place), false, of(|it| it.emissions.0)),
        ];
        let chart = Chart { years: &it.years, unit: "Mt", lines: &lines, bands: &[] };
        let name = escaped(&member.name);
        let _ = writeln!(
            all,
            "<figure><figcaption>{name}</figcaption>{}</figure>",
            chart.small(&format!("Emissions of {name}: without a market, cap, emitted"))
        );
    }
    format!(
        "<section class=\"card\"><h2>Emissions without a market, cap, and what is emitted</h2>\n\
         <div class=\"multiples\">\n{all}</div>\n<p class=\"source\">Source: policy file and \
         equilibrium model. Axes begin at the lowest figure shown.</p></section>\n"
    )
}

/// Names that are longer than this get more room, letters.
const LONG: usize = 24;

/// A table with its caption; the first columns are names.
fn table(caption: &str, head: &[String], (names, rows): (usize, &[Vec<String>])) -> String {
    let mut text = format!("<div class=\"scroll\"><table><caption>{caption}</caption><thead><tr>");
    for (column, it) in head.iter().enumerate() {
        let class = if column < names { "" } else { " class=\"num\"" };
        let _ = write!(text, "<th scope=\"col\"{class}>{it}</th>");
    }
    text.push_str("</tr></thead><tbody>\n");
    for row in rows {
        text.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let cell = escaped(cell);
            let _ = match column {
                0 => write!(text, "<th scope=\"row\">{cell}</th>"),
                it if it < names && cell.len() > LONG => {
                    write!(text, "<td class=\"long\">{cell}</td>")
                }
                it if it < names => write!(text, "<td>{cell}</td>"),
                _ => write!(text, "<td class=\"num\">{cell}</td>"),
            };
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody></table></div>\n");
    text
}

fn head(of: &[&str]) -> Vec<String> {
    let one = |it: &&str| {
        let mut letters = it.chars();
        let first = letters.next().map(|it| it.to_uppercase().to_string()).unwrap_or_default();
        let text = format!("{first}{}", letters.as_str());
        text.replace('|', "<br><small>") + if it.contains('|') { "</small>" } else { "" }
    };
    of.iter().map(one).collect()
}

fn years_table(it: &Outcome) -> String {
    let usd = escaped(&it.currency);
    let per_tonne = format!("Price|{usd}/t");
    let million: Vec<String> =
        ["Cost", "Gain", "Auctions"].iter().map(|it| format!("{it}|M {usd}")).collect();
    let mut columns = vec![
        "Member",
        "Year",
        &per_tonne,
        "Without|Mt",
        "Cap|Mt",
        "Free|Mt",
        "Avoided|Mt",
        "Emitted|Mt",
        "Imported|Mt",
        "Kept|Mt",
    ];
    columns.extend(million.iter().map(String::as_str));
    let mut rows = Vec::new();
    for (_, member) in members(it) {
        for row in member.rows.iter().filter(|it| it.price.is_some()) {
            let price = row.price.map_or_else(String::new, |it| format!("{:.2}", it.0));
            let mut cells = vec![member.code.clone(), row.year.to_string(), price];
            let quantities = [
                row.baseline,
                row.cap,
                row.free,
                row.abatement,
                row.emissions,
                row.net_import,
                row.bank,
            ];
            cells.extend(quantities.iter().map(|it| number(it.0)));
            cells.extend([row.cost, row.gain, row.revenue].iter().map(|it| number(it.0)));
            rows.push(cells);
        }
    }
    format!(
        "<section class=\"card\"><h2>Year by year</h2>\n{}<p class=\"source\">Source: equilibrium \
         model. Cost: what avoiding and trading abroad cost, units beyond the cap at their price; \
         gain: how much less that is than without links.</p></section>\n",
        table("Each member's years", &head(&columns), (2, &rows))
    )
}

fn flows(it: &Outcome) -> String {
    if it.flows.is_empty() {
        return String::new();
    }
    let usd = escaped(&it.currency);
    let columns = [
        "Link",
        "Year",
        "Leave|Mt",
        "Arrive|Mt",
        &format!("Rent|{usd}/t"),
        &format!("Levy|{usd}/t"),
    ];
    let rows: Vec<Vec<String>> = it
        .flows
        .iter()
        .map(|it| {
            let mut cells = vec![format!("{}\u{2013}{}", it.from, it.to), it.year.to_string()];
            cells.extend([it.quantity.0, it.arrives.0, it.rent.0, it.levy.0].map(number));
            cells
        })
        .collect();
    format!(
        "<section class=\"card\"><h2>Through the links</h2>\n{}<p class=\"source\">Source: \
         equilibrium model. Units that count for more or less where they arrive change what \
         all may emit by {} Mt.</p></section>\n",
        table("What crosses each link", &head(&columns), (2, &rows)),
        number(total_cap_change(it))
    )
}

fn credits(it: &Outcome) -> String {
    let rows: Vec<Vec<String>> = credit_rows(it, number)
        .map(|(member, year, cells)| [vec![member.name.clone(), year.to_string()], cells].concat())
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let names = credit_names(&escaped(&it.currency));
    let columns: Vec<&str> =
        ["Member", "Year"].into_iter().chain(names.iter().map(String::as_str)).collect();
    format!(
        "<section class=\"card\"><h2>Credits of projects outside of caps</h2>\n{}<p \
         class=\"source\">Source: equilibrium model; what could be avoided outside of caps are \
         bands (a proxy), the share of it that becomes credits and what those cost are \
         assumptions. Used: for so many units.</p></section>\n",
        table("Issued and used", &head(&columns), (2, &rows))
    )
}

fn gains(it: &Outcome) -> String {
    let all: Vec<Vec<String>> =
        gaining(it).map(|it| vec![it.name.clone(), number(it.total.gain.0)]).collect();
    if all.is_empty() {
        return String::new();
    }
    let usd = escaped(&it.currency);
    let links: Vec<Vec<String>> = it
        .link_gains
        .iter()
        .map(|it| {
            let mut cells = vec![format!("{}\u{2013}{}", it.from, it.to)];
            cells.extend([it.quantity.0, it.of_from.0, it.of_to.0].map(number));
            cells
        })
        .collect();
    let columns =
        ["Link", "Leave|Mt", &format!("First gains|M {usd}"), &format!("Second gains|M {usd}")];
    let each = if links.is_empty() {
        String::new()
    } else {
        table("By each link alone", &head(&columns), (1, &links))
    };
    format!(
        "<section class=\"card\"><h2>Who gains by trade abroad</h2>\n{}{}<p \
         class=\"source\">Source: equilibrium model, against no links and no foreign credits, \
         discounted to the first year at each member's rate; rents and levies go half \
         to each end.</p></section>\n",
        table("By all of it together", &head(&["Member", &format!("Gain|M {usd}")]), (1, &all)),
        each
    )
}

fn treasury(it: &Outcome) -> String {
    let usd = escaped(&it.currency);
    let (names, rows) = sums(it, number);
    let names: Vec<String> = names.iter().map(|it| format!("{it}|M {usd}")).collect();
    let columns = std::iter::once("Member").chain(names.iter().map(String::as_str));
    let columns: Vec<&str> = columns.collect();
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(it, cells)| [vec![it.name.clone()], cells].concat()).collect();
    format!(
        "<section class=\"card\"><h2>Who pays and who keeps</h2>\n{}<p class=\"source\">Source: \
         equilibrium model, discounted to the first year. Given free: what selling those units \
         would have brought. Windfall: what operators keep of it beyond their costs, with the part \
         of the price that products carry (an assumption).</p></section>\n",
        table(&format!("Sums of {}", summed(it)), &head(&columns), (1, &rows))
    )
}

fn targets(it: &Outcome) -> String {
    let rows: Vec<Vec<String>> = it
        .members
        .iter()
        .flat_map(|member| member.targets.iter().map(move |it| (member, it)))
        .map(|(member, it)| {
            let (name, document) = (vec![member.name.clone()], vec![it.document.clone()]);
            [name, target_cells(it, number), document].concat()
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let columns = [
        "Member",
        "Year",
        "Target|Mt",
        "With help|Mt",
        "Without a market|Mt",
        "Emitted|Mt",
        "Transferred|Mt a year",
        "Gap|Mt",
        "Document",
    ];
    format!(
        "<section class=\"card\"><h2>National targets</h2>\n{}<p class=\"source\">Source: \
         the documents named, as compiled in data/ndc.csv; emissions of the whole \
         country without land use from EDGAR v7.0 (European Commission, JRC), \
         installations and GDP (Our World in Data), by their trend, less what the market \
         avoids. Transferred: what leaves through links less what comes, a mean of the \
         years so far. Gap: emitted and transferred beyond the target; negative where it \
         is met.</p></section>\n",
        table("Promises beside what comes of them", &head(&columns), (1, &rows))
    )
}

fn outputs(it: &Outcome) -> String {
    let rows: Vec<Vec<String>> = output_cells(it, number)
        .map(|(member, cells)| [vec![member.name.clone()], cells].concat())
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let names = output_names(&escaped(&it.currency));
    let columns: Vec<&str> =
        std::iter::once("Member").chain(names.iter().map(String::as_str)).collect();
    format!(
        "<section class=\"card\"><h2>What is made, and what it costs</h2>\n{}<p \
         class=\"source\">Source: equilibrium model, against no market; a mean of sectors by their \
         emissions. What products bring and how demand answers are assumptions \
         (data/products.csv).</p></section>\n",
        table("First and last year", &head(&columns), (1, &rows))
    )
}

fn investments(it: &Outcome) -> String {
    let rows: Vec<Vec<String>> = built(it)
        .map(|(member, row)| {
            let kind = if row.is_green { "green" } else { "other" };
            let names = vec![member.name.clone(), row.technology.clone(), kind.to_owned()];
            let cells = investment_cells(row, number);
            let cells = cells.iter().map(|it| real_minus(it)).collect();
            [names, cells].concat()
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let usd = escaped(&it.currency);
    let million = |of: &str| format!("{of}|M {usd}");
    let columns = [
        "Member",
        "Technology",
        "Kind",
        &million("Invested"),
        &million("Without a price"),
        &million("Mobilised"),
        "Avoids by it|Mt a year",
        "Potential|Mt a year",
        "Best rate|%",
        "Without|%",
    ];
    // The largest of each technology: many are alike.
    let largest = |(member, row): (_, &karvan_policy::model::outcome::Investment)| {
        let sites = row.sites.iter().filter(|it| it.built > it.anyway && !it.plant.is_empty());
        let avoids = |it: &karvan_policy::model::outcome::Site| it.avoided.0;
        let site = sites.max_by(|one, two| avoids(one).total_cmp(&avoids(two)))?;
        Some((member, site.clone()))
    };
    let mut sites: Vec<_> = built(it).filter(|(_, row)| row.is_green).filter_map(largest).collect();
    let rate = |it: &karvan_policy::model::outcome::Site| it.irr.rate().unwrap_or(-1.0);
    sites.sort_by(|one, two| rate(&two.1).total_cmp(&rate(&one.1)));
    let named: Vec<Vec<String>> = sites
        .into_iter()
        .map(|(member, site)| {
            let year = it.simulated.get(site.first).map(u16::to_string).unwrap_or_default();
            let mut cells = vec![member.code.clone(), site.name.clone(), year];
            cells.extend([site.capex.0, site.avoided.0, site.levelised.0].map(number));
            cells.extend([site.irr, site.irr_without].map(|it| real_minus(&irr(it))));
            cells
        })
        .collect();
    let of_sites = [
        "Member",
        "Project",
        "From",
        &million("To build"),
        "Avoids|Mt a year",
        &format!("Pays from|{usd}/t"),
        "Rate of return|%",
        "Without|%",
    ];
    format!(
        "<section class=\"card\"><h2>Green investment mobilised: {} <small>M {usd}</small></h2>\n\
         {}{}<p class=\"source\">Source: projects at listed \
         plants (installations: World Resources Institute, \
         Spatial Finance Initiative, and others as in data/SOURCES.md), at flares (World \
         Bank) and on the grid (IRENA; grid factors of the IFI), on this path of prices. \
         What they cost, how long they last and what fuel and electricity bring are \
         assumptions (data/measures.csv, data/fuels.csv). Sums of all years, not \
         discounted; mobilised is what would not pay without a price of units.</p></section>\n",
        thousands(green(it)),
        table("By member and technology", &head(&columns), (3, &rows)),
        table(
            "At listed plants, what would not pay without a price: the largest of each technology",
            &head(&of_sites),
            (3, &named)
        ),
    )
}

fn coalitions(it: &Simulated) -> String {
    let Some(all) = &it.coalitions else { return String::new() };
    let usd = escaped(&it.outcome.currency);
    let rows: Vec<Vec<String>> = all
        .iter()
        .take(15)
        .map(|it| {
            let holds = if it.is_stable { "yes" } else { "no" };
            vec![it.members.join(" "), holds.to_owned(), number(it.gain().0)]
        })
        .collect();
    let columns = ["Coalition", "Holds", &format!("Gain of all|M {usd}")];
    format!(
        "<section class=\"card\"><h2>Coalitions with one market</h2>\n{}\
         <p class=\"source\">Source: equilibrium model; those that gain most of {}. One holds if \
         nobody loses and no part of it would do better by itself.</p></section>\n",
        table("Sets of members, both ways and without quotas", &head(&columns), (2, &rows)),
        all.len()
    )
}

fn draws(it: &Simulated) -> String {
    let Some(draws) = &it.draws else { return String::new() };
    let usd = escaped(&it.outcome.currency);
    let rows: Vec<Vec<String>> = draws
        .members
        .iter()
        .filter(|it| it.years.iter().any(|it| it.price.is_some()))
        .map(|it| {
            let mut cells = vec![it.code.clone()];
            let gain = it.gain;
            cells.extend([gain.low, gain.middle, gain.high, it.effort.0, it.risk.0].map(number));
            cells
        })
        .collect();
    let million = |of: &str| format!("{of}|M {usd}");
    let columns = [
        "Member".to_owned(),
        million("1 in 20 below"),
        million("Half below"),
        million("1 in 20 above"),
        million("Effort shared"),
        million("Risk shared"),
    ];
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    format!(
        "<section class=\"card\"><h2>Gains by links where much is uncertain</h2>\n{}\
         <p class=\"source\">Source: equilibrium model, {} draws with the seed {}; spreads are \
         assumptions of the policy file.</p></section>\n",
        table("Over all draws", &head(&columns), (1, &rows)),
        draws.count,
        draws.seed
    )
}

fn inputs(it: &Outcome) -> String {
    let rows: Vec<Vec<String>> = it
        .inputs
        .iter()
        .map(|it| {
            let on = it.provenance.name().to_owned();
            vec![it.of.clone(), it.what.clone(), on, it.source.clone()]
        })
        .collect();
    format!(
        "<section class=\"card\"><h2>On what it rests</h2>\n{}</section>\n",
        table(
            "Inputs with their sources",
            &head(&["Of", "Input", "Rests on", "Source"]),
            (4, &rows)
        )
    )
}
