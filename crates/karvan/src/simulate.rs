//! `karvan simulate`: prices, flows, costs and gains of a policy by the equilibrium model.

mod compare;
mod csv;
mod json;
mod more;
mod report;
mod text;

use crate::Output;
use crate::data;
use crate::policy;
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use karvan_policy::Policy;
use karvan_policy::model::coalitions::{self, Coalition};
use karvan_policy::model::draws::{self, Draws};
use karvan_policy::model::mode::Mode;
use karvan_policy::model::outcome::Outcome;
use karvan_policy::model::simulate;
use karvan_policy::model::world::World;
use karvan_policy::plants::INSTALLATIONS;
use karvan_policy::tables::Tables;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a simulation can be asked.
#[derive(clap::Args)]
pub(crate) struct Simulate {
    /// The policy file.
    policy: PathBuf,
    /// The years that are shown, such as 2027..2036; by default all of the policy.
    #[arg(long)]
    years: Option<String>,
    /// A link in place of the file's: AAA-BBB=none, full, one-way, quota:2e6, levy:0.5, ratio:0.8,
    /// discount:0.8, or several of them with commas. Quotas are in units of a tonne.
    #[arg(long, value_name = "LINK")]
    link: Vec<String>,
    /// A table of installations in place of the project's own (CSV, the same columns).
    #[arg(long)]
    installations: Option<PathBuf>,
    /// A value in place of the file's, such as jurisdiction.AAA.cap_mt.2030=12.5 or
    /// scenario.diffusion=false; written as in the file.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Try every set of members that might share one market.
    #[arg(long)]
    coalitions: bool,
    /// Draw what is uncertain so many times.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=65_536))]
    draws: Option<u32>,
    /// The seed of the draws; by default the policy's.
    #[arg(long, requires = "draws")]
    seed: Option<u64>,
    /// On how many threads the draws are made; the result is the same on any number.
    #[arg(long, requires = "draws", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Another policy file, shown side by side.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["csv", "report", "coalitions", "draws", "check"]
    )]
    compare: Option<PathBuf>,
    /// Show how far the result is from each condition of an equilibrium.
    #[arg(long)]
    check: bool,
    /// Write tables into this folder, which must not exist.
    #[arg(long, value_name = "DIR", conflicts_with = "json")]
    csv: Option<PathBuf>,
    /// Write one page with tables, charts and sources into this file, which must not exist.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
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
    coalitions: Option<Vec<Coalition>>,
    draws: Option<Draws>,
}

/// `karvan simulate`.
pub(crate) fn run(it: &Simulate) -> Result<()> {
    if let Some(other) = &it.compare {
        return compare::run(it, other);
    }
    let simulated = simulated(it, &it.policy)?;
    if let Some(dir) = &it.csv {
        csv::write(dir, &simulated.outcome)?;
    }
    if let Some(file) = &it.report {
        report::write(file, &simulated)?;
    }
    let mut out = std::io::stdout().lock();
    if it.output.json {
        writeln!(out, "{:#}", json::of(&simulated))?;
    } else {
        write!(out, "{}", text::of(&simulated.outcome))?;
        let usd = &simulated.outcome.currency;
        if let Some(it) = &simulated.coalitions {
            write!(out, "{}", more::coalitions(it, usd))?;
        }
        if let Some(it) = &simulated.draws {
            write!(out, "{}", more::draws(it, usd))?;
        }
        if let Some(dir) = &it.csv {
            writeln!(out, "\nTables written to {}", dir.display())?;
        }
        if let Some(file) = &it.report {
            writeln!(out, "\nA page with charts and sources written to {}", file.display())?;
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

fn simulated(it: &Simulate, file: &Path) -> Result<Simulated> {
    let policy = policy::read_with(file, &it.set)?;
    let years = match &it.years {
        Some(text) => years(text, &policy)?,
        None => (policy.first_year, policy.last_year),
    };
    let table = match &it.installations {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("{} cannot be read", file.display()))?,
        None => INSTALLATIONS.to_owned(),
    };
    let plants = data::plants(&table)?;
    // All years are simulated, whichever are shown: what is kept comes from before, and is kept for
    // later.
    let tables = data::tables()?;
    let mut world = World::of(&policy, (&plants, &tables), (policy.first_year, policy.last_year));
    for text in &it.link {
        let mode = Mode::parse(text).map_err(|it| anyhow::anyhow!("--link: {it}"))?;
        mode.put(&mut world).map_err(|it| anyhow::anyhow!("--link {text}: {it}"))?;
    }
    if !world.regions.iter().any(|it| it.years.iter().any(Option::is_some)) {
        bail!(
            "no jurisdiction of {} has a market in {}-{}: name stages with caps, or a macc and a \
             requirement",
            file.display(),
            policy.first_year,
            policy.last_year
        );
    }
    let mut scenario = Sha256::new();
    scenario.update(policy.hash);
    scenario.update(years.0.to_be_bytes());
    scenario.update(years.1.to_be_bytes());
    for text in it.link.iter().chain(&it.set) {
        scenario.update(Sha256::digest(text));
    }
    let mut data = Sha256::new();
    data.update(Sha256::digest(&table));
    Tables::texts().for_each(|it| data.update(Sha256::digest(it)));
    let coalitions = it.coalitions.then(|| explore(&world)).transpose()?;
    let draws = it.draws.map(|count| draw(&world, (it, count, policy.rehearsal.seed)));
    let draws = draws.map(|it| it.within(years));
    Ok(Simulated {
        outcome: simulate::run(&world).within(years),
        scenario: scenario.finalize().into(),
        data: data.finalize().into(),
        coalitions,
        draws,
    })
}

fn bar(what: &str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos} of {len}  {elapsed}");
    let bar = ProgressBar::new(length).with_message(what.to_owned());
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn explore(world: &World) -> Result<Vec<Coalition>> {
    let bar = bar("coalitions", 1);
    let found = coalitions::explore(world, &mut |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let most = coalitions::MEMBERS_MAX;
    found.with_context(|| format!("--coalitions tries at most {most} members with a market"))
}

fn draw(world: &World, (it, count, seed): (&Simulate, u32, u64)) -> Draws {
    let threads = it.threads.map(usize::from);
    let threads = threads.or_else(|| std::thread::available_parallelism().ok().map(usize::from));
    let seed = it.seed.unwrap_or(seed);
    let bar = bar("draws", u64::from(count));
    let found = draws::run(world, (count, seed, threads.unwrap_or(1)), &|| bar.inc(1));
    bar.finish_and_clear();
    found
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
