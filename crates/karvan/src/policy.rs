//! `karvan policy`: read a policy file and say what is wrong with it.

use crate::Output;
use anyhow::{Context, Result, bail};
use karvan_policy::Policy;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Reads a policy file; its mistakes become one error that names them all.
pub(crate) fn read(file: &Path) -> Result<Policy> {
    read_with(file, &[])
}

/// The same with some values in place of the file's, each `path.to.key=value`.
pub(crate) fn read_with(file: &Path, set: &[String]) -> Result<Policy> {
    let text = text_of(file)?;
    let policy = Policy::parse_with(&text, set).map_err(|it| anyhow::anyhow!("--set {it}"))?;
    policy.map_err(|mistakes| {
        let mut all = format!("{} has {}:", file.display(), counted(mistakes.len()));
        for it in &mistakes {
            all.push_str(&format!("\n  {}: {it}", file.display()));
        }
        anyhow::anyhow!(all)
    })
}

fn counted(mistakes: usize) -> String {
    if mistakes == 1 { "1 mistake".to_owned() } else { format!("{mistakes} mistakes") }
}

/// The text of a policy file.
pub(crate) fn text_of(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| {
        format!(
            "{} cannot be read; name a policy file such as policies/eco-pilot.toml",
            file.display()
        )
    })?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", file.display()))
}

/// How many keys rest on what.
fn bases(policy: &Policy) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    let links = policy.links.iter().map(|it| &it.basis);
    for basis in policy.jurisdictions.iter().map(|it| &it.basis).chain(links) {
        for on in basis.values() {
            *count.entry(on.clone()).or_default() += 1;
        }
    }
    count
}

/// `karvan policy check`.
pub(crate) fn check(file: &Path, output: Output) -> Result<()> {
    let text = text_of(file)?;
    let checked = Policy::parse(&text);
    let mut out = std::io::stdout().lock();
    if output.json {
        let mistakes = checked.as_ref().err().cloned().unwrap_or_default();
        let rows: Vec<_> = mistakes
            .iter()
            .map(|it| json!({ "line": it.line, "key": it.key, "what": it.what }))
            .collect();
        let policy = checked.as_ref().ok();
        let answer = json!({
            "file": file.display().to_string(),
            "name": policy.map(|it| &it.name),
            "mistakes": rows,
            "not_acted_on": policy.map(|it| BTreeMap::from_iter(it.not_acted_on())),
            "basis": policy.map(bases),
        });
        writeln!(out, "{answer:#}")?;
    } else {
        match &checked {
            Ok(it) => {
                let years = format!("{}-{}", it.first_year, it.last_year);
                let count = it.jurisdictions.len();
                writeln!(
                    out,
                    "{}: {} is well: {count} jurisdictions, {years}",
                    file.display(),
                    it.name
                )?;
                writeln!(out, "\nOn what the values rest (keys without a basis are assumptions)")?;
                for (basis, count) in bases(it) {
                    writeln!(out, "  {basis:<12}{count:>4}")?;
                }
                let declared = it.not_acted_on();
                if !declared.is_empty() {
                    writeln!(out, "\nDeclared and checked, but not acted on by this version")?;
                    for (of, keys) in declared {
                        for (place, key) in keys.iter().enumerate() {
                            let of = if place == 0 { of.as_str() } else { "" };
                            writeln!(out, "  {of:<6}{key}")?;
                        }
                    }
                }
            }
            Err(mistakes) => {
                for it in mistakes {
                    writeln!(out, "{}: {it}", file.display())?;
                }
            }
        }
    }
    match checked {
        Ok(_) => Ok(()),
        Err(mistakes) => {
            bail!("{} has {}; nothing was changed", file.display(), counted(mistakes.len()))
        }
    }
}
