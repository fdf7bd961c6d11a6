//! What the task prints: real and synthetic rows against the national figures.

use super::make::{Made, is_covered};
use super::method;
use super::raw::{Lists, National};
use super::row::{Row, Sector};
use crate::Failure;
use std::collections::BTreeSet;

pub(super) struct Report<'a> {
    pub(super) made: &'a Made,
    pub(super) national: &'a National,
    pub(super) lists: &'a Lists,
}

/// Sectors whose national figure is one, with its name.
struct Bound {
    sectors: &'static [Sector],
    mt: f64,
    what: &'static str,
}

use Sector::{Cement, Chemicals, Heat, Metals, Minerals, Mining, OilGas, Power, Refining};

fn bounds(country: &str, made: &Made, national: &National) -> Result<[Bound; 4], Failure> {
    let electricity = made.electricity_t.get(country).copied().unwrap_or(0) as f64 / 1e6;
    let industry = national.trace_mt(country, "manufacturing")?
        + national.trace_mt(country, "mineral-extraction")?
        - national.cement_mt(country)?;
    let edgar = national.edgar_mt(country, "Power Industry")?;
    // The electricity of this method may lie above EDGAR's figure; the table says so.
    let power = Bound { sectors: &[Power, Heat], mt: edgar.max(electricity), what: "EDGAR power" };
    Ok([
        power,
        Bound { sectors: &[Cement], mt: national.cement_mt(country)?, what: "process and kilns" },
        Bound {
            sectors: &[OilGas, Refining],
            mt: national.trace_mt(country, "fossil-fuel-operations")?,
            what: "Climate TRACE, fossil operations",
        },
        Bound {
            sectors: &[Mining, Metals, Chemicals, Minerals],
            mt: industry,
            what: "Climate TRACE, manufacturing and mining less cement",
        },
    ])
}

/// Count and tonnes of some rows.
fn sum<'a>(rows: impl Iterator<Item = &'a Row>) -> (usize, u64) {
    rows.fold((0, 0), |(count, tonnes), row| (count + 1, tonnes + row.emissions_t))
}

fn mt(tonnes: u64) -> f64 {
    tonnes as f64 / 1e6
}

/// Sectors and plants above the national figure of their sector, and covered totals that are
/// missed.
pub(super) fn above_national(made: &Made, national: &National) -> Result<Vec<Failure>, Failure> {
    let mut wrong = Vec::new();
    for country in method::COUNTRIES {
        let mine = || made.rows.iter().filter(|it| it.country == country);
        for bound in bounds(country, made, national)? {
            let inside = || mine().filter(|it| bound.sectors.contains(&it.sector));
            // Each row is rounded to a tonne.
            let most = bound.mt + 1e-4;
            for row in inside().filter(|it| mt(it.emissions_t) > most) {
                let (t, what) = (row.emissions_t, bound.what);
                wrong.push(format!("{row}: {t} t; the whole of {what} is {:.3} Mt", bound.mt));
            }
            let (_, all) = sum(inside());
            if mt(all) > most {
                let (have, what) = (mt(all), bound.what);
                wrong.push(format!("{country}: {have:.3} Mt; {what} is {:.3} Mt", bound.mt));
            }
        }
        if let Some(market) = method::covered(country) {
            let (_, all) = sum(mine().filter(|it| is_covered(it, market)));
            if all != market.total_mt * 1_000_000 {
                wrong.push(format!("{country}: covers {all} t, not {} Mt", market.total_mt));
            }
        }
    }
    Ok(wrong)
}

fn line(what: &str, rows: &[&Row], national: &str) {
    let (real, real_t) = sum(rows.iter().copied().filter(|it| it.real));
    let (all, all_t) = sum(rows.iter().copied());
    println!(
        "{what:<14}{real:>8}{:>10.2}{:>12}{:>10.2}{:>10.2}  {national}",
        mt(real_t),
        all - real,
        mt(all_t - real_t),
        mt(all_t)
    );
}

/// Prints the tables.
pub(super) fn print(report: &Report<'_>) -> Result<(), Failure> {
    let Report { made, national, lists } = report;
    println!("Emissions of {} in Mt CO2 (national figures of EDGAR in Mt CO2e)\n", method::YEAR);
    println!(
        "{:<14}{:>8}{:>10}{:>12}{:>10}{:>10}  national figure",
        "sector", "real", "Mt", "synthetic", "Mt", "Mt"
    );
    for country in method::COUNTRIES {
        let bounds = bounds(country, made, national)?;
        let mine: Vec<&Row> = made.rows.iter().filter(|it| it.country == country).collect();
        for bound in bounds {
            let mut first = true;
            for sector in bound.sectors {
                let rows: Vec<_> = mine.iter().copied().filter(|it| it.sector == *sector).collect();
                if rows.is_empty() {
                    continue;
                }
                let edgar = national.edgar_mt(country, "Power Industry")?;
                let figure = if *sector == Power { edgar } else { bound.mt };
                let text = format!("{figure:.2} {}", bound.what);
                let note = if first { text.as_str() } else { "(with the line above)" };
                line(&format!("{country} {}", sector.name()), &rows, note);
                first = false;
            }
        }
        line(&format!("{country} all"), &mine, "");
    }
    println!("\nCovered by a market of the pilot, at or above its threshold");
    for market in &method::COVERED {
        let rows: Vec<&Row> = made.rows.iter().filter(|it| is_covered(it, market)).collect();
        let (_, all) = sum(rows.iter().copied());
        let (_, real) = sum(rows.iter().copied().filter(|it| it.real));
        let groups: BTreeSet<&str> = rows.iter().map(|it| it.owner_group.as_str()).collect();
        let note = format!("{} % real, {} owner groups", real * 100 / all.max(1), groups.len());
        line(market.country, &rows, &note);
    }
    let all: Vec<&Row> = made.rows.iter().collect();
    println!();
    line("all", &all, "");
    println!(
        "corrections: {} cells, {} rows dropped, {} merged, {} look-alikes kept apart",
        lists.cells,
        lists.dropped.len(),
        lists.merged.len(),
        lists.distinct.len()
    );
    println!(
        "left out, their country generates nothing with their fuel: {}",
        if made.silent.is_empty() { "none".to_owned() } else { made.silent.join(", ") }
    );
    Ok(())
}
