//! `karvan backup` and `karvan restore`: a store is copied, checked as a whole, and never put in
//! the place of a longer one.

use crate::{Output, journal};
use anyhow::{Context, Result, bail, ensure};
use karvan_views::facts::hex;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;

/// What a backup says of itself.
const LABEL: &str = "backup.json";
/// The lock of a store in use: no part of it.
const LOCK: &str = "karvan.lock";

/// How the names of views begin: no part of it either.
const VIEWS: &str = "views-";

/// What a store amounts to.
struct Worth {
    records: u64,
    chain: String,
}

fn worth(dir: &Path) -> Result<Worth> {
    let (snapshot, chain) = journal::check(dir)?;
    Ok(Worth { records: snapshot, chain: hex(&chain) })
}

/// Copies the files of a store; the copy is whole or it is not there.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut name = to.as_os_str().to_owned();
    name.push(".unfinished");
    let unfinished = Path::new(&name);
    ensure!(
        !unfinished.exists(),
        "{} is there, perhaps from a copy that did not end; remove it",
        unfinished.display()
    );
    fs::create_dir_all(unfinished)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        // Views are made again from the journal.
        if name == LOCK || name == LABEL || name.to_string_lossy().starts_with(VIEWS) {
            continue;
        }
        let target = unfinished.join(entry.file_name());
        fs::copy(entry.path(), &target)
            .with_context(|| format!("{} cannot be copied", entry.path().display()))?;
        fs::File::open(&target)?.sync_all()?;
    }
    fs::File::open(unfinished)?.sync_all()?;
    fs::rename(unfinished, to)?;
    Ok(())
}

/// `karvan backup`.
pub(crate) fn backup(store: &Path, to: &Path, output: Output) -> Result<()> {
    ensure!(!to.exists(), "{} is there; name a folder that is not", to.display());
    let worth = worth(store)?;
    copy(store, to)?;
    let label = json!({ "records": worth.records, "chain": worth.chain });
    fs::write(to.join(LABEL), format!("{label:#}\n"))?;
    told(&worth, to, output)
}

/// `karvan restore`.
pub(crate) fn restore(from: &Path, store: &Path, known: u64, output: Output) -> Result<()> {
    let label = fs::read_to_string(from.join(LABEL))
        .with_context(|| format!("{} is no backup: it has no {LABEL}", from.display()))?;
    let label: Value = serde_json::from_str(&label)?;
    let found = worth(from)?;
    if label["records"] != json!(found.records) || label["chain"] != json!(found.chain) {
        bail!(
            "{} is damaged: its label says {} records with the chain head {}, it has {} with {}",
            from.display(),
            label["records"],
            label["chain"],
            found.records,
            found.chain
        );
    }
    if found.records < known {
        bail!(
            "the backup has {} records, but {known} were acknowledged: restoring it would take \
             back what people were told. Use a replica or a newer backup",
            found.records
        );
    }
    if store.exists() {
        let there = worth(store).map_or(0, |it| it.records);
        bail!(
            "{} is there, with {there} records; move it away first, so that nothing is lost",
            store.display()
        );
    }
    copy(from, store)?;
    let restored = worth(store)?;
    ensure!(restored.chain == found.chain, "the copy is not what was copied; try again");
    told(&restored, store, output)
}

fn told(worth: &Worth, at: &Path, output: Output) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if output.json {
        let answer = json!({
            "dir": at.display().to_string(),
            "records": worth.records,
            "chain": worth.chain,
        });
        writeln!(out, "{answer:#}")?;
    } else {
        writeln!(out, "{}: {} records, each checked", at.display(), worth.records)?;
        writeln!(out, "  chain head  {}", worth.chain)?;
    }
    Ok(())
}
