//! `karvan key`: who may hand in commands by machine. A key that writes is a pair of Ed25519; the
//! secret half is given to a file and never kept here.

use crate::Output;
use crate::table::Table;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand, ValueEnum};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePublicKey, EncodePrivateKey};
use karvan_core::id::PersonId;
use karvan_engine::clock::{Clock, SystemClock};
use karvan_views::facts::hex;
use karvan_web::api::keys::{self, Key, Scope};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Make a key for a person, and write its secret half to a file.
    New(New),
    /// Add the public half of a key that somebody made, in PEM.
    Add(Add),
    /// Show the keys of a store.
    List {
        /// The data directory.
        #[arg(long)]
        data_dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// End a key: from now on nothing that it signs is taken.
    End {
        /// The data directory.
        #[arg(long)]
        data_dir: PathBuf,
        /// The key.
        name: String,
    },
}

/// Whose key it is.
#[derive(Args)]
pub(crate) struct Whose {
    /// The data directory.
    #[arg(long)]
    data_dir: PathBuf,
    /// The person it speaks for.
    #[arg(long)]
    person: u32,
    /// Its name: small letters, digits and hyphens.
    #[arg(long)]
    name: String,
}

#[derive(Args)]
pub(crate) struct New {
    #[command(flatten)]
    whose: Whose,
    /// What it may do.
    #[arg(long, value_enum, default_value_t)]
    scope: May,
    /// The file of the secret half; it must not exist.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
pub(crate) struct Add {
    #[command(flatten)]
    whose: Whose,
    /// The file of the public half, in PEM.
    #[arg(long)]
    public: PathBuf,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum May {
    /// Hand in commands, signed.
    #[default]
    Write,
    /// Read what is the person's own.
    Read,
}

/// `karvan key`.
pub(crate) fn run(it: &Keys) -> Result<()> {
    match it {
        Keys::New(it) => new(it),
        Keys::Add(it) => {
            let text = std::fs::read_to_string(&it.public)
                .with_context(|| format!("{} cannot be read", it.public.display()))?;
            let public = ed25519_dalek::VerifyingKey::from_public_key_pem(&text)
                .map_err(|why| anyhow::anyhow!("{}: {why}", it.public.display()))?;
            add(&it.whose, Scope::Write, public.to_bytes())
        }
        Keys::List { data_dir, output } => list(data_dir, *output),
        Keys::End { data_dir, name } => {
            let mut all = keys::read(data_dir)?;
            let before = all.len();
            all.retain(|it| it.name != *name);
            ensure!(all.len() < before, "there is no key {name}");
            keys::write(data_dir, &all)?;
            eprintln!("karvan: the key {name} is ended");
            Ok(())
        }
    }
}

fn new(it: &New) -> Result<()> {
    let mut secret = [0u8; 32];
    getrandom::fill(&mut secret).map_err(|why| anyhow::anyhow!("no randomness: {why}"))?;
    let (text, scope, public) = match it.scope {
        May::Write => {
            let key = SigningKey::from_bytes(&secret);
            let pem = key
                .to_pkcs8_pem(LineEnding::LF)
                .map_err(|why| anyhow::anyhow!("the key cannot be written: {why}"))?;
            (pem.to_string(), Scope::Write, key.verifying_key().to_bytes())
        }
        May::Read => {
            let token = keys::token(&it.whose.name, &secret);
            let public = keys::hashed(&token);
            (format!("{token}\n"), Scope::Read, public)
        }
    };
    write_secret(&it.out, &text)?;
    add(&it.whose, scope, public)
}

/// A secret goes into a file of its own that nobody else reads.
fn write_secret(file: &Path, text: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened =
        options.open(file).with_context(|| format!("{} cannot be made", file.display()))?;
    opened.write_all(text.as_bytes())?;
    Ok(opened.sync_all()?)
}

fn add(whose: &Whose, scope: Scope, public: [u8; 32]) -> Result<()> {
    let Whose { data_dir, person, name } = whose;
    ensure!(data_dir.is_dir(), "{} is no data directory", data_dir.display());
    let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    ensure!(
        !name.is_empty() && name.len() <= 64 && name.chars().all(fits),
        "--name {name}: a name is 1 to 64 small letters, digits and hyphens"
    );
    let mut all = keys::read(data_dir)?;
    ensure!(all.iter().all(|it| it.name != *name), "there is a key {name}; end it first");
    let since = SystemClock.now().to_string();
    all.push(Key { name: name.clone(), person: PersonId(*person), scope, public, since });
    keys::write(data_dir, &all)?;
    eprintln!("karvan: the key {name} speaks for person {person}");
    Ok(())
}

fn list(dir: &Path, output: Output) -> Result<()> {
    let all = keys::read(dir)?;
    let mut out = std::io::stdout().lock();
    if output.json {
        let row = |it: &Key| {
            json!({
                "key": it.name, "person": it.person.0, "scope": it.scope.name(),
                "public": hex(&it.public), "since": it.since,
            })
        };
        writeln!(out, "{:#}", json!({ "keys": all.iter().map(row).collect::<Vec<_>>() }))?;
        return Ok(());
    }
    let mut table = Table::new(&["key", "person", "may", "since"]);
    for it in &all {
        let (person, scope) = (it.person.to_string(), it.scope.name().to_owned());
        table.add(vec![it.name.clone(), person, scope, it.since.clone()]);
    }
    writeln!(out, "{table}")?;
    Ok(())
}
