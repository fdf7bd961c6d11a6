//! `docs/refusals.md`: every refusal with its number and text, for translators and lawyers.

use crate::Failure;
use karvan_core::Refusal;
use std::fmt::Write;
use std::path::Path;

const FILE: &str = "docs/refusals.md";

fn text() -> String {
    let mut text = String::from(
        "# Refusals\n\nWritten by `cargo xtask refusals` from the rules. A number is given once \
         and never changes.\nWords in braces stand for the values of the case.\n",
    );
    let mut before = "";
    for (kind, number, name, words) in Refusal::catalogue() {
        if kind != before {
            let _ = write!(text, "\n## {kind}\n\n| number | name | text |\n|---|---|---|\n");
            before = kind;
        }
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "| {number} | {name} | {words} |");
    }
    text
}

/// Writes the file.
pub(crate) fn write(root: &Path) -> Result<(), Failure> {
    std::fs::write(root.join(FILE), text()).map_err(|error| format!("{FILE}: {error}"))
}

/// Fails when the file is not what the rules say.
pub(crate) fn check_fresh(root: &Path) -> Result<(), Failure> {
    match std::fs::read_to_string(root.join(FILE)) {
        Ok(found) if found == text() => Ok(()),
        _ => Err(format!("{FILE} is stale; write it again with cargo xtask refusals")),
    }
}
