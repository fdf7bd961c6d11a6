//! The market's command line: it parses what a person asks, wires the parts together and shows
//! what came of it. No rule of the market stands here.

mod backup;
mod bank;
mod calc;
mod data;
mod import;
mod journal;
mod key;
mod letters;
mod market;
mod policy;
mod rehearse;
mod serve;
mod simulate;
mod store;
mod surveillance;
mod table;
mod tables;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// One carbon market from one policy file: design it, rehearse it, run it, prove it.
#[derive(Parser)]
#[command(name = "karvan", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// How an answer is printed.
#[derive(Clone, Copy, clap::Args)]
struct Output {
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Rehearse the shipped ECO pilot 2027-2030 into a store, show what happened, and serve its
    /// portal.
    ///
    /// A second start finds the store and goes on with it: the rehearsal is played again, compared
    /// record by record with what is stored, and continued where the store ends.
    Demo(rehearse::Demo),
    /// Rehearse a policy: simulated operators of the installations drive the real market code.
    Rehearse(rehearse::Rehearse),
    /// Simulate a policy: prices, flows, costs and gains in equilibrium, in a moment.
    Simulate(simulate::Simulate),
    /// Serve the portal and the interface for machines over a store.
    Serve(serve::Serve),
    /// Say which keys of machines may hand in commands.
    #[command(subcommand)]
    Key(key::Keys),
    /// Look at policy files.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Look at the journal of a store.
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Check a table of free allocation or emissions that is to be handed in, CSV or XLSX.
    Table(tables::Handed),
    /// Take over what a register elsewhere has locked for use here, and compare its statements.
    #[command(subcommand)]
    Import(import::Import),
    /// Book the settlement bank's statements, and show payments under way.
    #[command(subcommand)]
    Bank(bank::Bank),
    /// Show what was traded in a store and what waits: prices, volumes, candles, depth.
    Market(market::MarketArguments),
    /// Show patterns of trading in a store that somebody should look at, with the records that are
    /// the evidence. For administrators: it names parties.
    Surveillance {
        /// The data directory.
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Copy a store that no process has open, and check the copy.
    Backup {
        /// The data directory.
        store: PathBuf,
        /// The folder of the backup; it must not exist.
        to: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Bring a backup back as a store; never in the place of a longer one.
    Restore {
        /// The folder of the backup.
        from: PathBuf,
        /// The data directory; it must not exist.
        store: PathBuf,
        /// How many records were acknowledged, as far as anybody knows: fewer are refused.
        #[arg(long, default_value_t = 0)]
        known: u64,
        #[command(flatten)]
        output: Output,
    },
    /// Recompute what the market decides: account numbers, delays, auctions, emissions, letters.
    #[command(subcommand)]
    Calc(calc::Calc),
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Check a policy file and name all its mistakes.
    Check {
        /// The policy file.
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Subcommand)]
enum JournalCommand {
    /// Read every record: chain, checksums, invariants after replay, and the shadow log.
    Verify {
        /// The data directory.
        dir: PathBuf,
        /// Where ledger and shadow log differ, stop the accounts concerned, as this person of the
        /// regional administrator.
        #[arg(long, value_name = "PERSON")]
        stop_by: Option<u32>,
        #[command(flatten)]
        output: Output,
    },
    /// Show the last records in words.
    Show {
        /// The data directory.
        dir: PathBuf,
        /// The first record to be shown; without it the last ones are.
        #[arg(long)]
        from: Option<u64>,
        /// How many records.
        #[arg(long, default_value_t = 20)]
        count: u64,
    },
    /// Show what is public of a store at a moment: no persons, bids, orders or money, and transfers
    /// only once their time has come.
    Public {
        /// The data directory.
        dir: PathBuf,
        /// The moment, such as 2031-05-01; without it that of the last record.
        #[arg(long, value_parser = journal::moment)]
        at: Option<karvan_core::time::Instant>,
        #[command(flatten)]
        output: Output,
    },
    /// Show the compliance letters as they stood just before any moment.
    Letters(letters::Letters),
    /// Write every record with its facts as one JSON object a line.
    Export {
        /// The data directory.
        dir: PathBuf,
        /// The form; JSON lines is the only one.
        #[arg(long, required = true)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo(it) => rehearse::demo(&it),
        Command::Rehearse(it) => rehearse::rehearse(&it),
        Command::Simulate(it) => simulate::run(&it),
        Command::Serve(it) => serve::run(&it),
        Command::Key(it) => key::run(&it),
        Command::Bank(it) => bank::run(&it),
        Command::Market(it) => market::run(&it),
        Command::Surveillance { dir, output } => surveillance::run(&dir, output),
        Command::Policy(PolicyCommand::Check { file, output }) => policy::check(&file, output),
        Command::Journal(JournalCommand::Verify { dir, stop_by, output }) => {
            journal::verify(&dir, stop_by, output)
        }
        Command::Journal(JournalCommand::Show { dir, from, count }) => {
            journal::show(&dir, from, count)
        }
        Command::Journal(JournalCommand::Public { dir, at, output }) => {
            journal::public(&dir, at, output)
        }
        Command::Journal(JournalCommand::Export { dir, json: _ }) => journal::export(&dir),
        Command::Table(it) => tables::run(&it),
        Command::Import(it) => import::run(&it),
        Command::Journal(JournalCommand::Letters(it)) => letters::run(&it),
        Command::Backup { store, to, output } => backup::backup(&store, &to, output),
        Command::Restore { from, store, known, output } => {
            backup::restore(&from, &store, known, output)
        }
        Command::Calc(it) => calc::run(&it),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output may stop reading.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("karvan: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|it| it.kind() == std::io::ErrorKind::BrokenPipe)
}
