//! A simulation on a terminal.

use crate::table::Table;
use karvan_policy::model::irr::Irr;
use karvan_policy::model::outcome::{
    Border, CreditsRow, Investment, Member, Outcome, Row, TargetRow,
};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Bars of a small chart, from low to high.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn mt(it: f64) -> String {
    // No minus before a zero.
    let text = format!("{it:.2}");
    match text.as_str() {
        "0.00" | "-0.00" => "-".to_owned(),
        _ => text,
    }
}

fn price(row: &Row) -> String {
    row.price.map_or_else(|| "none".to_owned(), |it| format!("{:.2}", it.0))
}

/// Numbers as a small chart, from zero to the highest of all charts.
pub(super) fn bars(numbers: &[Option<f64>], highest: f64) -> String {
    let bar = |it: &Option<f64>| match it {
        None => ' ',
        Some(it) => {
            let part = if highest > 0.0 { (it / highest).clamp(0.0, 1.0) } else { 0.0 };
            let place = (0u32..8).rev().find(|place| part * 7.0 >= f64::from(*place) - 0.5);
            let place = usize::try_from(place.unwrap_or(0)).unwrap_or(0);
            BARS.get(place).copied().unwrap_or(' ')
        }
    };
    numbers.iter().map(bar).collect()
}

pub(super) fn has_market(it: &Member) -> bool {
    it.rows.iter().any(|row| row.price.is_some())
}

/// The years in words.
pub(super) fn years_named(it: &Outcome) -> String {
    match (it.years.first(), it.years.last()) {
        (Some(first), Some(last)) if first != last => format!("{first}-{last}"),
        (Some(year), _) => year.to_string(),
        (None, _) => String::new(),
    }
}

pub(super) fn of(it: &Outcome) -> String {
    let mut text = String::new();
    let years = years_named(it);
    let usd = &it.currency;
    let _ = writeln!(
        text,
        "{}, {years}: prices at which markets balance, by the equilibrium model (an estimate, no \
         forecast)\n",
        it.name
    );
    let _ = writeln!(text, "{}", prices(it, usd));
    let _ = writeln!(text, "{}", years_of(it, usd));
    text.push_str(&flows(it, usd));
    text.push_str(&credits(it, usd));
    text.push_str(&gains(it, usd));
    text.push_str(&treasury(it, usd));
    text.push_str(&targets(it));
    text.push_str(&outputs(it, usd));
    text.push_str(&investments(it, usd));
    text.push_str(&rests(it));
    if !it.warnings.is_empty() {
        let _ = writeln!(text, "\nTo be known");
        for warning in &it.warnings {
            let _ = writeln!(text, "  {warning}");
        }
    }
    text
}

fn prices(it: &Outcome, usd: &str) -> Table {
    let with_market = || it.members.iter().filter(|it| has_market(it));
    let all = with_market().flat_map(|it| &it.rows).filter_map(|it| it.price);
    let highest = all.map(|it| it.0).fold(0.0, f64::max);
    let mut table =
        Table::new(&["", "price", &format!("first|{usd}/t"), &format!("last|{usd}/t"), "highest"]);
    for member in with_market() {
        let prices: Vec<Option<f64>> =
            member.rows.iter().map(|row| row.price.map(|it| it.0)).collect();
        let known = || prices.iter().flatten().copied();
        let shown = |it: Option<f64>| it.map_or_else(String::new, |it| format!("{it:.2}"));
        table.add(vec![
            member.code.clone(),
            bars(&prices, highest),
            shown(known().next()),
            shown(known().next_back()),
            shown(Some(known().fold(0.0, f64::max))),
        ]);
    }
    table
}

fn years_of(it: &Outcome, usd: &str) -> Table {
    let million = format!("|M {usd}");
    let mut table = Table::new(&[
        "",
        "year",
        &format!("price|{usd}/t"),
        "baseline|Mt",
        "cap|Mt",
        "avoided|Mt",
        "emitted|Mt",
        "imported|Mt",
        "kept|Mt",
        &format!("cost{million}"),
        &format!("gain{million}"),
        &format!("auctions{million}"),
    ]);
    for (number, member) in it.members.iter().filter(|it| has_market(it)).enumerate() {
        if number > 0 {
            table.rule();
        }
        for row in member.rows.iter().filter(|it| it.price.is_some()) {
            table.add(vec![
                member.code.clone(),
                row.year.to_string(),
                price(row),
                mt(row.baseline.0),
                mt(row.cap.0),
                mt(row.abatement.0),
                mt(row.emissions.0),
                mt(row.net_import.0),
                mt(row.bank.0),
                mt(row.cost.0),
                mt(row.gain.0),
                mt(row.revenue.0),
            ]);
        }
    }
    table
}

fn flows(it: &Outcome, usd: &str) -> String {
    if it.flows.is_empty() {
        return String::new();
    }
    let rent = format!("rent|{usd}/t");
    let levy = format!("levy|{usd}/t");
    let mut table = Table::new(&["year", "link", "leave|Mt", "arrive|Mt", &rent, &levy]);
    for flow in &it.flows {
        table.add(vec![
            flow.year.to_string(),
            format!("{}-{}", flow.from, flow.to),
            mt(flow.quantity.0),
            mt(flow.arrives.0),
            mt(flow.rent.0),
            mt(flow.levy.0),
        ]);
    }
    let change = total_cap_change(it);
    let words = if change.abs() > 0.005 {
        format!(
            "Units that count for more or less where they arrive change what all may emit by {} \
             Mt\n\n",
            mt(change)
        )
    } else {
        String::new()
    };
    format!("Through the links\n\n{table}\n{words}")
}

/// By how much links change what all members may emit, Mt.
pub(super) fn total_cap_change(it: &Outcome) -> f64 {
    it.flows.iter().map(|it| it.arrives.0 - it.quantity.0).sum()
}

/// Years in which a member issues or uses credits: their cells after member and year.
pub(super) fn credit_rows(
    it: &Outcome,
    shown: fn(f64) -> String,
) -> impl Iterator<Item = (&Member, u16, Vec<String>)> {
    let rows = it.members.iter().flat_map(|it| it.rows.iter().map(move |row| (it, row)));
    rows.filter(|(_, row)| row.credits != CreditsRow::default()).map(move |(member, row)| {
        let it = row.credits;
        let quantities = [it.issued, it.exported, it.imported, it.domestic, it.foreign];
        let mut cells: Vec<String> = quantities.iter().map(|it| shown(it.0)).collect();
        cells.push(it.price.map_or_else(String::new, |it| shown(it.0)));
        (member, row.year, cells)
    })
}

/// The names of those cells.
pub(super) fn credit_names(usd: &str) -> [String; 6] {
    let price = format!("price of hosts|{usd}/t");
    let names = ["issued|Mt", "exported|Mt", "imported|Mt", "domestic used|Mt", "foreign used|Mt"];
    let [issued, exported, imported, domestic, foreign] = names.map(str::to_owned);
    [issued, exported, imported, domestic, foreign, price]
}

fn credits(it: &Outcome, usd: &str) -> String {
    let names = credit_names(usd);
    let columns = ["", "year"].into_iter().chain(names.iter().map(String::as_str));
    let mut table = Table::new(&columns.collect::<Vec<_>>());
    let mut rows = credit_rows(it, mt).peekable();
    if rows.peek().is_none() {
        return String::new();
    }
    for (member, year, cells) in rows {
        table.add([vec![member.code.clone(), year.to_string()], cells].concat());
    }
    format!("Credits of projects outside of caps; used: for so many units\n\n{table}\n")
}

/// Members with a market, and those that sell credits abroad; none where nobody trades abroad.
pub(super) fn gaining(it: &Outcome) -> impl Iterator<Item = &Member> {
    let gains = |it: &Member| it.total.gain.0.abs() > 1e-9;
    let trades = !it.link_gains.is_empty() || it.members.iter().any(gains);
    it.members.iter().filter(move |it| trades && (has_market(it) || gains(it)))
}

/// The years over which sums of money go: all that were simulated.
pub(super) fn summed(it: &Outcome) -> String {
    match (it.simulated.first(), it.simulated.last()) {
        (Some(first), Some(last)) => format!("{first}-{last}"),
        (None, _) | (_, None) => String::new(),
    }
}

/// What members gain by all links, and what each link alone would bring.
fn gains(it: &Outcome, usd: &str) -> String {
    if gaining(it).next().is_none() {
        return String::new();
    }
    let million = format!("M {usd}");
    let mut all = Table::new(&["member", "", &format!("gain by all|{million}")]);
    for member in gaining(it) {
        all.add(vec![member.code.clone(), String::new(), mt(member.total.gain.0)]);
    }
    let mut each = Table::new(&[
        "link alone",
        "",
        "leave|Mt",
        &format!("gain of the first|{million}"),
        &format!("of the second|{million}"),
    ]);
    for link in &it.link_gains {
        each.add(vec![
            format!("{}-{}", link.from, link.to),
            String::new(),
            mt(link.quantity.0),
            mt(link.of_from.0),
            mt(link.of_to.0),
        ]);
    }
    let each = if it.link_gains.is_empty() { String::new() } else { format!("{each}\n") };
    format!(
        "Gains against no links and no foreign credits at all, of {}, discounted to the first\n\
         year; rents and levies go half to each end\n\n{all}\n{each}",
        summed(it)
    )
}

/// Who pays and who keeps what, as a ministry asks first: the names of the sums, and those of each
/// member as they are shown.
pub(super) fn sums(
    it: &Outcome,
    shown: fn(f64) -> String,
) -> (Vec<&'static str>, Vec<(&Member, Vec<String>)>) {
    let has_border = it.members.iter().any(|it| it.total.border.without.0 > 0.0);
    let mut names = vec!["avoiding and trading", "treasury sells", "given free", "windfall of it"];
    if has_border {
        names.extend(["border adj. without", "with a price", "lost by free units"]);
    }
    let mut rows = Vec::new();
    for member in it.members.iter().filter(|it| has_market(it)) {
        let total = member.total;
        let Border { without, with, lost } = total.border;
        let own = [total.cost, total.revenue, total.foregone, total.windfall];
        let all = own.into_iter().chain([without, with, lost]);
        rows.push((member, all.take(names.len()).map(|it| shown(it.0)).collect()));
    }
    (names, rows)
}

fn treasury(it: &Outcome, usd: &str) -> String {
    let (names, rows) = sums(it, mt);
    let names: Vec<String> = names.iter().map(|it| format!("{it}|M {usd}")).collect();
    let columns = ["member", ""].into_iter().chain(names.iter().map(String::as_str));
    let mut table = Table::new(&columns.collect::<Vec<_>>());
    for (member, cells) in rows {
        table.add([vec![member.code.clone(), String::new()], cells].concat());
    }
    format!(
        "Who pays and who keeps in {}, discounted to the first year. Given free: what\n\
         selling those units would have brought. Windfall: what operators keep of it beyond\n\
         their costs\n\n{table}\n",
        summed(it)
    )
}

/// What members have promised, beside what comes of it: the cells of each, after its code.
pub(super) fn target_cells(it: &TargetRow, shown: fn(f64) -> String) -> Vec<String> {
    let with_help = it.with_help.map_or_else(|| shown(0.0), |it| shown(it.0));
    let mut cells = vec![it.year.to_string(), shown(it.most.0), with_help];
    let found = [it.without, it.emissions, it.transferred, it.gap()];
    cells.extend(found.iter().map(|it| shown(it.0)));
    cells
}

fn targets(it: &Outcome) -> String {
    if it.members.iter().all(|it| it.targets.is_empty()) {
        return String::new();
    }
    let mut table = Table::new(&[
        "member",
        "year",
        "target|Mt",
        "with help|Mt",
        "without a market|Mt",
        "emitted|Mt",
        "transferred|Mt/yr",
        "gap|Mt",
    ]);
    for member in &it.members {
        for target in &member.targets {
            let code = vec![member.code.clone()];
            table.add([code, target_cells(target, mt)].concat());
        }
    }
    format!(
        "National targets (NDC), the whole country without land use. Transferred: what leaves\n\
         through links less what comes, a mean of the years so far. Gap: emitted and transferred\n\
         beyond the target; negative where it is met\n\n{table}\n"
    )
}

/// Members whose output follows the price: the cells of their first and last year.
pub(super) fn output_cells(
    it: &Outcome,
    shown: fn(f64) -> String,
) -> impl Iterator<Item = (&Member, Vec<String>)> {
    it.members.iter().filter_map(move |member| {
        let mut rows = member.rows.iter().filter_map(|it| Some((it.year, it.output?)));
        let first = rows.next()?;
        let last = rows.next_back().unwrap_or(first);
        let cells = [first, last].into_iter().flat_map(|(year, it)| {
            let numbers = [100.0 * (it.share - 1.0), 100.0 * it.dearer, it.avoided.0, it.lost.0];
            std::iter::once(year.to_string()).chain(numbers.into_iter().map(shown))
        });
        Some((member, cells.collect()))
    })
}

/// The names of those cells.
pub(super) fn output_names(usd: &str) -> Vec<String> {
    let lose = format!("buyers lose|M {usd}");
    let of_year = ["year", "output|%", "products|%", "avoided by it|Mt", &lose];
    of_year.iter().chain(&of_year).map(ToString::to_string).collect()
}

fn outputs(it: &Outcome, usd: &str) -> String {
    let mut rows = output_cells(it, mt).peekable();
    if rows.peek().is_none() {
        return String::new();
    }
    let names = output_names(usd);
    let columns = ["member", ""].into_iter().chain(names.iter().map(String::as_str));
    let mut table = Table::new(&columns.collect::<Vec<_>>());
    for (member, cells) in rows {
        table.add([vec![member.code.clone(), String::new()], cells].concat());
    }
    format!(
        "What is made, and what it costs, against no market; a mean of sectors by their\n\
         emissions\n\n{table}\n"
    )
}

/// Technologies of which something is built, with the member.
pub(super) fn built(it: &Outcome) -> impl Iterator<Item = (&Member, &Investment)> {
    let all = it.members.iter().flat_map(|it| it.investments.iter().map(move |row| (it, row)));
    all.filter(|(_, it)| it.with.0 > 0.0 || it.without.0 > 0.0)
}

/// What is built of a technology: its cells after its member and name.
pub(super) fn investment_cells(it: &Investment, shown: fn(f64) -> String) -> Vec<String> {
    let by_it = it.avoided - it.avoided_without;
    let numbers = [it.with, it.without, it.mobilised()].map(|it| it.0);
    let tonnes = [by_it.0, it.potential.0];
    let mut cells: Vec<String> = numbers.into_iter().chain(tonnes).map(shown).collect();
    let best = it.sites.first();
    let rates = [best.map(|it| it.irr), best.map(|it| it.irr_without)];
    cells.extend(rates.map(|it| it.map_or_else(String::new, irr)));
    cells
}

/// A rate of return in percent.
pub(super) fn irr(it: Irr) -> String {
    match it {
        Irr::Rate(rate) => format!("{:.1}", 100.0 * rate),
        Irr::None => "none".to_owned(),
        Irr::Ambiguous => "several".to_owned(),
    }
}

/// What the market mobilises for green technologies.
pub(super) fn green(it: &Outcome) -> f64 {
    let all = built(it).filter(|(_, it)| it.is_green);
    all.map(|(_, it)| it.mobilised().0).sum()
}

fn investments(it: &Outcome, usd: &str) -> String {
    if built(it).next().is_none() {
        return String::new();
    }
    let million = |of: &str| format!("{of}|M {usd}");
    let mut table = Table::new(&[
        "member",
        "technology",
        &million("invested"),
        &million("without"),
        &million("mobilised"),
        "avoids by it|Mt/yr",
        "potential|Mt/yr",
        "best IRR|%",
        "without|%",
    ]);
    for (member, row) in built(it) {
        let name =
            if row.is_green { row.technology.clone() } else { format!("({})", row.technology) };
        let names = vec![member.code.clone(), name];
        table.add([names, investment_cells(row, mt)].concat());
    }
    format!(
        "What is built on this path of prices in {}, not discounted; in brackets what is no\n\
         green investment. Without: what pays without a price of units. Avoids by it: by what is\n\
         mobilised. Green investment mobilised: {} M {usd}\n\n{table}\n",
        summed(it),
        mt(green(it))
    )
}

/// How many inputs rest on what.
fn rests(it: &Outcome) -> String {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for input in &it.inputs {
        *counts.entry(input.provenance).or_default() += 1;
    }
    let each: Vec<String> =
        counts.iter().map(|(on, count)| format!("{count} {}", on.name())).collect();
    format!("Inputs: {} (--csv or --json name each with its source)\n", each.join(", "))
}

pub(super) fn check(it: &Outcome) -> String {
    let Outcome { residual, .. } = it;
    format!(
        "\nHow far the result is from each condition of an equilibrium, at worst\n  \
         every market balances            {:.1e} Mt\n  \
         no gain is left, no loss is made {:.1e} {}/t\n  \
         flows lie within their bounds    {:.1e} Mt\n",
        residual.balance, residual.gain, it.currency, residual.bound
    )
}
