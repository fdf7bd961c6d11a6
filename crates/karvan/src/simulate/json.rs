//! A simulation as one JSON object: Mt, and the market's currency a tonne or in millions, as
//! numbers; a price that does not exist is null.

use super::text::total_cap_change;
use super::{Simulated, more};
use karvan_policy::model::irr::Irr;
use karvan_policy::model::outcome::{Investment, Member, Row, TargetRow};
use karvan_views::facts::hex;
use serde_json::{Map, Value, json};

pub(super) fn of(it: &Simulated) -> Value {
    let outcome = &it.outcome;
    let markets = outcome.markets.iter().map(
        |it| json!({ "jurisdictions": it.jurisdictions, "year": it.year, "price": it.price.0 }),
    );
    let flows = outcome.flows.iter().map(|it| {
        json!({
            "from": it.from,
            "to": it.to,
            "year": it.year,
            "quantity": it.quantity.0,
            "arrives": it.arrives.0,
            "rent": it.rent.0,
            "levy": it.levy.0,
            "rent_total": it.rent.0 * it.quantity.0,
        })
    });
    let members: Map<String, Value> =
        outcome.members.iter().map(|it| (it.code.clone(), rows(it))).collect();
    let gains = outcome.link_gains.iter().map(|it| {
        json!({
            "from": it.from,
            "to": it.to,
            "quantity": it.quantity.0,
            "gain_from": it.of_from.0,
            "gain_to": it.of_to.0,
        })
    });
    let inputs = outcome.inputs.iter().map(|it| {
        let provenance = it.provenance.name();
        json!({ "of": it.of, "what": it.what, "provenance": provenance, "source": it.source })
    });
    let targets = outcome
        .members
        .iter()
        .flat_map(|it| it.targets.iter().map(|target| (it.code.as_str(), target)));
    let investments = outcome.members.iter().flat_map(|member| {
        let all = member.investments.iter();
        all.map(|it| (member.code.as_str(), it, outcome.simulated.as_slice()))
    });
    let warnings: Vec<String> = outcome.warnings.iter().map(ToString::to_string).collect();
    json!({
        "name": outcome.name,
        "currency": outcome.currency,
        "scenario_hash": hex(&it.scenario),
        "data_hash": hex(&it.data),
        "years": outcome.years,
        "markets": markets.collect::<Vec<_>>(),
        "jurisdictions": members,
        "flows": flows.collect::<Vec<_>>(),
        "targets": targets.map(target).collect::<Vec<_>>(),
        "investments": investments.map(investment).collect::<Vec<_>>(),
        "total_cap_change": total_cap_change(outcome),
        "links_alone": gains.collect::<Vec<_>>(),
        "coalitions": it.coalitions.as_deref().map(more::coalitions_json),
        "draws": it.draws.as_ref().map(more::draws_json),
        "inputs": inputs.collect::<Vec<_>>(),
        "residual": {
            "balance": outcome.residual.balance,
            "price": outcome.residual.gain,
            "bound": outcome.residual.bound,
        },
        "warnings": warnings,
    })
}

fn target((code, it): (&str, &TargetRow)) -> Value {
    json!({
        "jurisdiction": code,
        "year": it.year,
        "target": it.most.0,
        "target_with_help": it.with_help.map(|it| it.0),
        "without_market": it.without.0,
        "emissions": it.emissions.0,
        "transferred_per_year": it.transferred.0,
        "gap": it.gap().0,
        "oversold_per_year": it.oversold().0,
        "hot_air": it.hot_air().0,
        "document": it.document,
    })
}

fn investment((code, it, years): (&str, &Investment, &[u16])) -> Value {
    let sites = it.sites.iter().map(|it| {
        json!({
            "plant": it.plant,
            "project": it.name,
            "from_year": years.get(it.first),
            "share_built": it.built,
            "share_built_without_market": it.anyway,
            "capex": it.capex.0,
            "avoids_per_year": it.avoided.0,
            "levelised_cost": it.levelised.0,
            "irr": it.irr.rate(),
            "irr_is_ambiguous": it.irr == Irr::Ambiguous,
            "irr_without_price": it.irr_without.rate(),
        })
    });
    json!({
        "jurisdiction": code,
        "technology": it.technology,
        "is_green": it.is_green,
        "invested": it.with.0,
        "invested_without_market": it.without.0,
        "mobilised": it.mobilised().0,
        "avoids_per_year": it.avoided.0,
        "avoids_per_year_without_market": it.avoided_without.0,
        "potential_per_year": it.potential.0,
        "projects": sites.collect::<Vec<_>>(),
    })
}

fn rows(it: &Member) -> Value {
    it.rows.iter().map(row).collect()
}

fn row(it: &Row) -> Value {
    json!({
        "year": it.year,
        "price": it.price.map(|it| it.0),
        "baseline": it.baseline.0,
        "cap": it.cap.0,
        "free": it.free.0,
        "abatement": it.abatement.0,
        "emissions": it.emissions.0,
        "national_emissions": it.national.map(|it| it.0),
        "net_import": it.net_import.0,
        "bank": it.bank.0,
        "left_over": it.left.0,
        "quantity_rule": it.reserve.0,
        "withheld": it.withheld.0,
        "tiers": it.tiers.0,
        "ceiling": it.ceiling.0,
        "fined": it.fined.0,
        "missing": it.missing.0,
        "cost": it.cost.0,
        "gain": it.gain.0,
        "revenue": it.revenue.0,
        "foregone": it.foregone.0,
        "windfall": it.windfall.0,
        "border_without": it.border.without.0,
        "border_with": it.border.with.0,
        "border_lost": it.border.lost.0,
        "credits_issued": it.credits.issued.0,
        "credits_exported": it.credits.exported.0,
        "credits_imported": it.credits.imported.0,
        "credits_domestic_used": it.credits.domestic.0,
        "credits_foreign_used": it.credits.foreign.0,
        "credits_price": it.credits.price.map(|it| it.0),
        "output_share": it.output.map(|it| it.share),
        "products_dearer_share": it.output.map(|it| it.dearer),
        "avoided_by_output": it.output.map(|it| it.avoided.0),
        "buyers_lose": it.output.map(|it| it.lost.0),
    })
}
