//! What a simulation may be asked beyond one outcome: coalitions, and many draws.

use super::text::{bars, mt};
use crate::table::Table;
use karvan_policy::model::coalitions::Coalition;
use karvan_policy::model::draws::{Draws, MemberSpread, Spread};
use serde_json::{Value, json};

/// So many coalitions are shown.
const SHOWN: usize = 15;

pub(super) fn coalitions(all: &[Coalition], usd: &str) -> String {
    let stable = all.iter().filter(|it| it.is_stable).count();
    let losing = all.iter().filter(|it| !it.all_gain()).count();
    let mut table = Table::new(&[
        "coalition",
        "",
        &format!("gain of all|M {usd}"),
        &format!("least of one|M {usd}"),
        "holds",
    ]);
    for it in all.iter().take(SHOWN) {
        let least = it.gains.iter().map(|it| it.0).fold(f64::INFINITY, f64::min);
        table.add(vec![
            it.members.join(" "),
            String::new(),
            mt(it.gain().0),
            mt(least),
            if it.is_stable { "yes" } else { "no" }.to_owned(),
        ]);
    }
    let of = if all.len() > SHOWN {
        format!("the {SHOWN} that gain most of {}", all.len())
    } else {
        format!("all {}", all.len())
    };
    format!(
        "\nCoalitions with one market, both ways and without quotas: {of}; discounted to the\n\
         first year. One holds if nobody loses and no part of it would do better by itself:\n\
         {stable} hold, in {losing} somebody loses\n\n{table}"
    )
}

pub(super) fn coalitions_json(all: &[Coalition]) -> Value {
    let one = |it: &Coalition| {
        let gains: Vec<f64> = it.gains.iter().map(|it| it.0).collect();
        json!({
            "members": it.members,
            "gains": gains,
            "gain": it.gain().0,
            "holds": it.is_stable,
        })
    };
    all.iter().map(one).collect()
}

fn has_market(it: &MemberSpread) -> bool {
    it.years.iter().any(|it| it.price.is_some())
}

pub(super) fn draws(it: &Draws, usd: &str) -> String {
    let members = || it.members.iter().filter(|it| has_market(it));
    let all = members().flat_map(|it| &it.years).filter_map(|it| it.price);
    let highest = all.map(|it| it.high).fold(0.0, f64::max);
    let mut prices = Table::new(&[
        "",
        "path",
        "year",
        &format!("1 in 20 below|{usd}/t"),
        &format!("half below|{usd}/t"),
        &format!("1 in 20 above|{usd}/t"),
        "at reserve price|%",
        "at ceiling|%",
    ]);
    for (number, member) in members().enumerate() {
        if number > 0 {
            prices.rule();
        }
        let middles: Vec<Option<f64>> =
            member.years.iter().map(|it| it.price.map(|it| it.middle)).collect();
        let mut chart = bars(&middles, highest);
        for year in &member.years {
            let Some(price) = year.price else { continue };
            prices.add(vec![
                member.code.clone(),
                std::mem::take(&mut chart),
                year.year.to_string(),
                format!("{:.2}", price.low),
                format!("{:.2}", price.middle),
                format!("{:.2}", price.high),
                format!("{:.0}", 100.0 * year.at_floor),
                format!("{:.0}", 100.0 * year.at_ceiling),
            ]);
        }
    }
    let million = |of: &str| format!("{of}|M {usd}");
    let mut gains = Table::new(&[
        "member",
        "",
        &million("1 in 20 below"),
        &million("half below"),
        &million("1 in 20 above"),
        &million("mean"),
        &million("effort shared"),
        &million("risk shared"),
    ]);
    for member in members() {
        let gain = member.gain;
        gains.add(vec![
            member.code.clone(),
            String::new(),
            mt(gain.low),
            mt(gain.middle),
            mt(gain.high),
            mt(gain.mean),
            mt(member.effort.0),
            mt(member.risk.0),
        ]);
    }
    let mut text = format!(
        "\nUncertain: {} draws with the seed {} of emissions, growth, abatement and fuel\n\n\
         {prices}\nGains by the links over all draws: what they would be if all were as expected\n\
         (effort), and what comes on top because members deviate apart (risk)\n\n{gains}",
        it.count, it.seed
    );
    let mut targets = Table::new(&["national target", "met|% of draws"]);
    for member in &it.members {
        for (year, met) in &member.targets {
            let name = format!("{} {year}", member.code);
            targets.add(vec![name, format!("{:.0}", 100.0 * met)]);
        }
    }
    if it.members.iter().any(|it| !it.targets.is_empty()) {
        text.push_str(&format!("\n{targets}"));
    }
    if it.uncertain > 0 {
        text.push_str(&format!("\n{} draws miss a condition of an equilibrium\n", it.uncertain));
    }
    text
}

pub(super) fn draws_json(it: &Draws) -> Value {
    let spread =
        |it: Spread| json!({ "p5": it.low, "p50": it.middle, "p95": it.high, "mean": it.mean });
    let member = |it: &MemberSpread| {
        let years = it.years.iter().map(|it| {
            json!({
                "year": it.year,
                "price": it.price.map(spread),
                "at_floor": it.at_floor,
                "at_ceiling": it.at_ceiling,
            })
        });
        json!({
            "code": it.code,
            "years": years.collect::<Vec<_>>(),
            "targets": it.targets.iter().map(|(year, met)| json!({ "year": year, "met": met }))
                .collect::<Vec<_>>(),
            "gain": spread(it.gain),
            "effort": it.effort.0,
            "risk": it.risk.0,
        })
    };
    let members: Vec<Value> = it.members.iter().map(member).collect();
    json!({ "draws": it.count, "seed": it.seed, "uncertain": it.uncertain, "members": members })
}
