//! A simulation as tables in a folder.

use super::text::irr;
use anyhow::{Context, Result, bail};
use karvan_policy::model::outcome::Outcome;
use std::fs;
use std::path::Path;

/// Writes the tables; nothing that is there is written over.
pub(super) fn write(dir: &Path, it: &Outcome) -> Result<()> {
    if dir.exists() {
        bail!("{} is there; name a folder that is not, so that nothing is lost", dir.display());
    }
    fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    members(dir, it)?;
    flows(dir, it)?;
    targets(dir, it)?;
    investments(dir, it)?;
    inputs(dir, it)
}

fn table(dir: &Path, name: &str, rows: Vec<Vec<String>>) -> Result<()> {
    let file = dir.join(name);
    let mut table = csv::Writer::from_path(&file)
        .with_context(|| format!("{} cannot be written", file.display()))?;
    for row in rows {
        table.write_record(row)?;
    }
    table.flush()?;
    Ok(())
}

fn number(it: f64) -> String {
    format!("{it:.6}")
}

fn row_of(cells: &[&str]) -> Vec<String> {
    cells.iter().map(ToString::to_string).collect()
}

fn members(dir: &Path, it: &Outcome) -> Result<()> {
    let mut rows = vec![row_of(&[
        "jurisdiction",
        "year",
        "price_per_t",
        "baseline_mt",
        "cap_mt",
        "free_mt",
        "abatement_mt",
        "emissions_mt",
        "net_import_mt",
        "bank_mt",
        "left_over_mt",
        "quantity_rule_mt",
        "withheld_mt",
        "tiers_mt",
        "ceiling_mt",
        "fined_mt",
        "missing_mt",
        "cost_million",
        "gain_million",
        "revenue_million",
        "foregone_million",
        "windfall_million",
        "border_without_million",
        "border_with_million",
        "border_lost_million",
        "national_emissions_mt",
        "output_share",
        "products_dearer_share",
        "avoided_by_output_mt",
        "buyers_lose_million",
        "credits_issued_mt",
        "credits_exported_mt",
        "credits_imported_mt",
        "credits_domestic_used_mt",
        "credits_foreign_used_mt",
        "credits_price_per_t",
    ])];
    for member in &it.members {
        for row in &member.rows {
            let mut cells = vec![member.code.clone(), row.year.to_string()];
            cells.push(row.price.map(|it| number(it.0)).unwrap_or_default());
            let quantities = [
                row.baseline,
                row.cap,
                row.free,
                row.abatement,
                row.emissions,
                row.net_import,
                row.bank,
                row.left,
                row.reserve,
                row.withheld,
                row.tiers,
                row.ceiling,
                row.fined,
                row.missing,
            ];
            cells.extend(quantities.iter().map(|it| number(it.0)));
            let border = row.border;
            let money = [row.cost, row.gain, row.revenue, row.foregone, row.windfall];
            let money = money.into_iter().chain([border.without, border.with, border.lost]);
            cells.extend(money.map(|it| number(it.0)));
            cells.push(row.national.map(|it| number(it.0)).unwrap_or_default());
            let output = row.output.map(|it| [it.share, it.dearer, it.avoided.0, it.lost.0]);
            cells.extend(output.map_or_else(Default::default, |it| it.map(number)));
            let it = row.credits;
            let used = [it.issued, it.exported, it.imported, it.domestic, it.foreign];
            cells.extend(used.iter().map(|it| number(it.0)));
            cells.push(it.price.map(|it| number(it.0)).unwrap_or_default());
            rows.push(cells);
        }
    }
    table(dir, "jurisdictions.csv", rows)
}

fn flows(dir: &Path, it: &Outcome) -> Result<()> {
    let mut rows = vec![row_of(&[
        "from",
        "to",
        "year",
        "leaves_mt",
        "arrives_mt",
        "rent_per_t",
        "levy_per_t",
    ])];
    for flow in &it.flows {
        let mut cells = vec![flow.from.clone(), flow.to.clone(), flow.year.to_string()];
        let numbers = [flow.quantity.0, flow.arrives.0, flow.rent.0, flow.levy.0];
        cells.extend(numbers.iter().map(|it| number(*it)));
        rows.push(cells);
    }
    table(dir, "flows.csv", rows)
}

fn targets(dir: &Path, it: &Outcome) -> Result<()> {
    let mut rows = vec![row_of(&[
        "jurisdiction",
        "year",
        "target_mt",
        "target_with_help_mt",
        "without_market_mt",
        "emissions_mt",
        "transferred_mt_per_year",
        "gap_mt",
        "oversold_mt_per_year",
        "hot_air_mt",
        "document",
    ])];
    for member in &it.members {
        for it in &member.targets {
            let mut cells = vec![member.code.clone(), it.year.to_string(), number(it.most.0)];
            cells.push(it.with_help.map(|it| number(it.0)).unwrap_or_default());
            let found = [it.without, it.emissions, it.transferred];
            let found = found.into_iter().chain([it.gap(), it.oversold(), it.hot_air()]);
            cells.extend(found.map(|it| number(it.0)));
            cells.push(it.document.clone());
            rows.push(cells);
        }
    }
    table(dir, "targets.csv", rows)
}

fn investments(dir: &Path, it: &Outcome) -> Result<()> {
    let mut rows = vec![row_of(&[
        "jurisdiction",
        "technology",
        "green",
        "plant",
        "project",
        "from_year",
        "share_built",
        "share_built_without_market",
        "capex_million",
        "avoids_mt_per_year",
        "levelised_cost_per_t",
        "irr_percent",
        "irr_percent_without_price",
    ])];
    for member in &it.members {
        for technology in &member.investments {
            for site in &technology.sites {
                let green = if technology.is_green { "yes" } else { "no" };
                let mut cells = row_of(&[&member.code, &technology.technology, green]);
                cells.extend(row_of(&[&site.plant, &site.name]));
                cells.push(it.simulated.get(site.first).map(u16::to_string).unwrap_or_default());
                let numbers =
                    [site.built, site.anyway, site.capex.0, site.avoided.0, site.levelised.0];
                cells.extend(numbers.map(number));
                cells.extend([site.irr, site.irr_without].map(irr));
                rows.push(cells);
            }
        }
    }
    table(dir, "investments.csv", rows)
}

fn inputs(dir: &Path, it: &Outcome) -> Result<()> {
    let mut rows = vec![row_of(&["of", "input", "provenance", "source"])];
    for input in &it.inputs {
        let provenance = input.provenance.name().to_owned();
        rows.push(vec![input.of.clone(), input.what.clone(), provenance, input.source.clone()]);
    }
    table(dir, "inputs.csv", rows)
}
