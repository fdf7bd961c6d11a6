//! `karvan policy`: read a policy file and say what is wrong with it.

use crate::Output;
use anyhow::{Context, Result, bail};
use karvan_policy::Policy;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Reads a policy file; its mistakes become one error that names them all.
pub(crate) fn read(file: &Path) -> Result<Policy> {
    let text = text_of(file)?;
    Policy::parse(&text).map_err(|mistakes| {
        let mut all = format!("{} has {} mistakes:", file.display(), mistakes.len());
        for it in &mistakes {
            all.push_str(&format!("\n  {}: {it}", file.display()));
        }
        anyhow::anyhow!(all)
    })
}

fn text_of(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| {
        format!(
            "{} cannot be read; name a policy file such as policies/eco-pilot.toml",
            file.display()
        )
    })?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", file.display()))
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
        let name = checked.as_ref().ok().map(|it| it.name.clone());
        let answer = json!({ "file": file.display().to_string(), "name": name, "mistakes": rows });
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
            bail!("{} has {} mistakes; nothing was changed", file.display(), mistakes.len())
        }
    }
}
