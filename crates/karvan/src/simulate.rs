//! `karvan simulate`: prices, flows, costs and gains of a policy by the equilibrium model.

mod csv;
mod json;
mod text;

use crate::Output;
use crate::policy;
use anyhow::{Context, Result, bail};
use karvan_policy::Policy;
use karvan_policy::model::mode::Mode;
use karvan_policy::model::outcome::Outcome;
use karvan_policy::model::simulate;
use karvan_policy::model::world::World;
use karvan_policy::plants::{self, INSTALLATIONS};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::PathBuf;

/// What a simulation can be asked.
#[derive(clap::Args)]
pub(crate) struct Simulate {
    /// The policy file.
    policy: PathBuf,
    /// The years, such as 2027..2036; by default all of the policy.
    #[arg(long)]
    years: Option<String>,
    /// A link in place of the file's: AAA-BBB=none, full, one-way, quota:2e6, levy:0.5, ratio:0.8,
    /// discount:0.8, or several of them with commas. Quotas are in units of a tonne.
    #[arg(long, value_name = "LINK")]
    link: Vec<String>,
    /// A table of installations in place of the project's own (CSV, the same columns).
    #[arg(long)]
    installations: Option<PathBuf>,
    /// Show how far the result is from each condition of an equilibrium.
    #[arg(long)]
    check: bool,
    /// Write tables into this folder, which must not exist.
    #[arg(long, value_name = "DIR", conflicts_with = "json")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// A simulation with what it was made from.
struct Simulated {
    outcome: Outcome,
    /// SHA-256 of the policy and of all that was changed about it.
    scenario: [u8; 32],
    /// SHA-256 of the table of installations.
    data: [u8; 32],
}

/// `karvan simulate`.
pub(crate) fn run(it: &Simulate) -> Result<()> {
    let simulated = simulated(it)?;
    if let Some(dir) = &it.csv {
        csv::write(dir, &simulated.outcome)?;
    }
    let mut out = std::io::stdout().lock();
    if it.output.json {
        writeln!(out, "{:#}", json::of(&simulated))?;
    } else {
        write!(out, "{}", text::of(&simulated.outcome))?;
        if let Some(dir) = &it.csv {
            writeln!(out, "\nTables written to {}", dir.display())?;
        }
        if it.check {
            write!(out, "{}", text::check(&simulated.outcome))?;
        }
    }
    if it.check && !simulate::is_certain(simulated.outcome.residual) {
        bail!("the result misses a condition of an equilibrium; see above");
    }
    Ok(())
}

fn simulated(it: &Simulate) -> Result<Simulated> {
    let policy = policy::read(&it.policy)?;
    let years = match &it.years {
        Some(text) => years(text, &policy)?,
        None => (policy.first_year, policy.last_year),
    };
    let table = match &it.installations {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("{} cannot be read", file.display()))?,
        None => INSTALLATIONS.to_owned(),
    };
    let plants = plants::read(&table).map_err(|bad| {
        let all: Vec<String> = bad.iter().map(|it| format!("\n  {it}")).collect();
        anyhow::anyhow!("the table of installations has {} mistakes:{}", bad.len(), all.concat())
    })?;
    let mut world = World::of(&policy, &plants, years);
    for text in &it.link {
        let mode = Mode::parse(text).map_err(|it| anyhow::anyhow!("--link: {it}"))?;
        mode.put(&mut world).map_err(|it| anyhow::anyhow!("--link {text}: {it}"))?;
    }
    if !world.regions.iter().any(|it| it.years.iter().any(Option::is_some)) {
        bail!(
            "no jurisdiction of {} has a market in {}-{}: name stages with caps, or a macc and a \
             requirement",
            it.policy.display(),
            years.0,
            years.1
        );
    }
    let mut scenario = Sha256::new();
    scenario.update(policy.hash);
    scenario.update(years.0.to_be_bytes());
    scenario.update(years.1.to_be_bytes());
    for text in &it.link {
        scenario.update(Sha256::digest(text));
    }
    let outcome = simulate::run(&world);
    Ok(Simulated {
        outcome,
        scenario: scenario.finalize().into(),
        data: Sha256::digest(&table).into(),
    })
}

fn years(text: &str, policy: &Policy) -> Result<(u16, u16)> {
    let (first, last) = (policy.first_year, policy.last_year);
    let parts = text.split_once("..").or_else(|| text.split_once('-')).unwrap_or((text, text));
    let years = parts.0.parse().ok().zip(parts.1.parse().ok());
    match years {
        Some(it) if first <= it.0 && it.0 <= it.1 && it.1 <= last => Ok(it),
        _ => bail!(
            "--years {text} is not allowed; allowed are years within {first}..{last}, such as \
             {first}..{last}"
        ),
    }
}
