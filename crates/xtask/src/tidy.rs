//! Habits that no compiler checks: walls between crates, the form of command files, reasons of
//! dependencies, names of files, shape of lines.

use crate::Failure;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each crate may use; a crate is a wall. Outside crates are named too.
const WALLS: [(&str, &[&str]); 10] = [
    ("core", &["minicbor", "sha2"]),
    ("engine", &["karvan-core", "crc32c", "minicbor", "sha2"]),
    ("policy", &["karvan-core", "csv", "libm", "sha2", "sobol_burley", "toml"]),
    ("rehearsal", &["karvan-core", "karvan-engine", "karvan-policy", "karvan-views", "libm"]),
    (
        "karvan",
        &[
            "karvan-core",
            "karvan-engine",
            "karvan-policy",
            "karvan-rehearsal",
            "karvan-views",
            "karvan-web",
            "roxmltree",
            "anyhow",
            "calamine",
            "clap",
            "csv",
            "ed25519-dalek",
            "getrandom",
            "indicatif",
            "serde_json",
            "sha2",
            "tokio",
            "toml",
            "tracing",
            "tracing-subscriber",
        ],
    ),
    ("views", &["karvan-core", "karvan-engine", "postgres", "rusqlite", "serde_json"]),
    (
        "web",
        &[
            "karvan-core",
            "karvan-engine",
            "karvan-policy",
            "karvan-rehearsal",
            "karvan-views",
            "axum",
            "base64",
            "csv",
            "ed25519-dalek",
            "flate2",
            "fluent-bundle",
            "hyper",
            "hyper-util",
            "maud",
            "rust_xlsxwriter",
            "serde_json",
            "sha2",
            "similar",
            "tokio",
            "tokio-io-timeout",
            "tokio-rustls",
            "tokio-stream",
            "tracing",
            "unic-langid",
            "utoipa",
        ],
    ),
    ("sim", &["karvan-core", "karvan-engine"]),
    (
        "bench",
        &[
            "karvan-core",
            "karvan-engine",
            "karvan-policy",
            "karvan-rehearsal",
            "karvan-views",
            "karvan-web",
            "base64",
            "ed25519-dalek",
            "matchcore",
            "rusqlite",
            "serde_json",
            "tokio",
            "tokio-io-timeout",
        ],
    ),
    ("xtask", &["karvan-core", "csv", "libm", "serde_json"]),
];

/// The crates in which floats live, and the methods of theirs whose last digit depends on the
/// machine.
const FLOATING: [&str; 2] = ["policy", "rehearsal"];
const VARYING: [&str; 10] = [
    ".exp(",
    ".ln(",
    ".log10(",
    ".powf(",
    ".powi(",
    ".sin(",
    ".cos(",
    ".tan(",
    ".mul_add(",
    ".cbrt(",
];

/// The market's code knows no country: these may stand in policies, data and tests only.
const COUNTRIES: [&str; 10] =
    ["AFG", "AZE", "IRN", "KAZ", "KGZ", "PAK", "TJK", "TKM", "TUR", "UZB"];
/// The crates of the market.
const MARKET: [&str; 5] = ["core", "engine", "policy", "rehearsal", "karvan"];
const BANNED: [&str; 6] = ["util", "helper", "common", "misc", "manager", "stuff"];
const LINE_MAX: usize = 100;
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Checks the whole tree; names everything that is wrong.
pub(crate) fn check(root: &Path) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    let mut files = Vec::new();
    walk(root, &mut files).map_err(|error| format!("the tree cannot be read: {error}"))?;
    for file in &files {
        let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
        let size = fs::metadata(file).map_or(0, |it| it.len());
        // Fonts and scripts of others are as large as they are.
        let is_free = ["docs/", "crates/web/assets/"].iter().any(|it| name.starts_with(it));
        if size > FILE_BYTES_MAX && !is_free {
            wrong.push(format!("{name}: {size} bytes; at most {FILE_BYTES_MAX}"));
        }
        let Ok(text) = fs::read_to_string(file) else {
            continue;
        };
        if BANNED
            .iter()
            .any(|it| file.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with(it)))
        {
            wrong.push(format!("{name}: a name that says nothing"));
        }
        match file.extension().and_then(|it| it.to_str()) {
            Some("rs") => rust_file(&name, &text, &mut wrong),
            Some("md") => markdown_file(&name, &text, &mut wrong),
            _ => {}
        }
    }
    for (of, may) in WALLS {
        let manifest = root.join("crates").join(of).join("Cargo.toml");
        wall(of, may, &fs::read_to_string(manifest).unwrap_or_default(), &mut wrong);
    }
    reasons(&fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default(), &mut wrong);
    sizes(root, &files);
    if wrong.is_empty() { Ok(()) } else { Err(format!("tidy finds\n  {}", wrong.join("\n  "))) }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<_> =
        fs::read_dir(folder)?.filter_map(Result::ok).map(|it| it.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "target" | ".git" | "karvan-demo") {
                walk(&path, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn rust_file(name: &str, text: &str, wrong: &mut Vec<String>) {
    for (line, number) in text.lines().zip(1..) {
        if line.chars().count() > LINE_MAX {
            wrong.push(format!("{name}:{number}: longer than {LINE_MAX} columns"));
        }
        if line.contains('\t') || line.ends_with(' ') {
            wrong.push(format!("{name}:{number}: a tab or a blank at the end"));
        }
    }
    if MARKET.iter().any(|it| name.starts_with(&format!("crates/{it}/src/"))) {
        let code = text.split("#[cfg(test)]").next().unwrap_or(text);
        for word in code.split(|it: char| !it.is_ascii_alphanumeric()) {
            if COUNTRIES.contains(&word) {
                wrong.push(format!("{name}: knows {word}; a policy or the data must say it"));
            }
        }
    }
    if FLOATING.iter().any(|it| name.starts_with(&format!("crates/{it}/src/"))) {
        for method in VARYING {
            if text.contains(method) {
                let of = method.trim_matches(['.', '(']);
                wrong.push(format!("{name}: {of} varies by machine; libm::{of} does not"));
            }
        }
    }
    if name.starts_with("crates/core/src/")
        && text.contains("pub fn decide(")
        && name != "crates/core/src/command.rs"
    {
        let must = ["//!", "pub struct", "pub fn decide("].map(|it| text.find(it));
        let parts = ["//!", "pub struct", "\nrefusals! {", "pub fn decide(", "pub fn apply("];
        let there: Vec<usize> = parts.iter().filter_map(|it| text.find(it)).collect();
        let tests = text.find("#[cfg(test)]").unwrap_or(text.len());
        let in_order = must.iter().all(Option::is_some)
            && there.is_sorted()
            && there.iter().all(|it| *it < tests);
        if !in_order {
            wrong.push(format!(
                "{name}: not in the order meaning, command, fact, refusals, decide, apply, tests"
            ));
        }
    }
}

fn markdown_file(name: &str, text: &str, wrong: &mut Vec<String>) {
    let mut fenced = false;
    let mut titles = 0;
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        titles += usize::from(!fenced && line.starts_with("# "));
    }
    if titles != 1 {
        wrong.push(format!("{name}: {titles} titles; a page has one"));
    }
}

/// The names a manifest depends on, for whatever target, tests apart.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for section in manifest.split("\n[") {
        let (head, body) = section.split_once(']').unwrap_or((section, ""));
        let head = head.trim_start_matches('[');
        if let Some((_, name)) = head.split_once("dependencies.") {
            names.push(name);
        } else if head.ends_with("dependencies") && !head.ends_with("dev-dependencies") {
            names.extend(body.lines().filter_map(|it| it.split(['.', ' ', '=']).next()));
        }
    }
    names.retain(|it| !it.is_empty());
    names
}

fn wall(of: &str, may: &[&str], manifest: &str, wrong: &mut Vec<String>) {
    for name in dependencies(manifest) {
        if !may.contains(&name) {
            wrong.push(format!("crates/{of} uses {name}, which its wall forbids"));
        }
    }
}

fn reasons(manifest: &str, wrong: &mut Vec<String>) {
    let after = manifest.split("[workspace.dependencies]").nth(1).unwrap_or_default();
    for line in after.split("\n[").next().unwrap_or_default().lines() {
        if line.contains('=') && !line.contains(" # ") {
            wrong.push(format!("Cargo.toml: no reason beside {line}"));
        }
    }
}

/// Prints the lines of code and tests of each crate: information, no gate.
fn sizes(root: &Path, files: &[PathBuf]) {
    let mut crates: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    for file in files.iter().filter(|it| it.extension().is_some_and(|it| it == "rs")) {
        let name = file.strip_prefix(root.join("crates")).unwrap_or(file);
        let of = name.iter().next().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(text) = fs::read_to_string(file) else {
            continue;
        };
        let (code, tests) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        let row = crates.entry(of).or_default();
        if name.iter().any(|it| it == "tests") {
            row.1 += text.lines().count();
        } else {
            row.0 += code.lines().count();
            row.1 += tests.lines().count();
        }
        row.2 = row.2.max(code.lines().count());
    }
    println!("{:<12}{:>8}{:>8}{:>14}", "crate", "code", "tests", "longest file");
    for (name, (code, tests, longest)) in crates {
        println!("{name:<12}{code:>8}{tests:>8}{longest:>14}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_beyond_the_wall_is_found() {
        let manifest =
            "[package]\n[dependencies]\nsha2.workspace = true\ntokio = \"1\"\n\n[lints]\n";
        let mut wrong = Vec::new();
        wall("core", &["sha2"], manifest, &mut wrong);
        assert_eq!(wrong, ["crates/core uses tokio, which its wall forbids"]);
        let hidden = "[package]\n[target.'cfg(unix)'.dependencies]\nlibc = \"1\"\n\
                      [dependencies.rand]\nversion = \"1\"\n[dev-dependencies]\nproptest = \"1\"\n";
        assert_eq!(dependencies(hidden), ["libc", "rand"]);
    }

    #[test]
    fn a_command_file_out_of_order_and_a_float_that_varies_are_found() {
        let mut wrong = Vec::new();
        let file = "//! Meaning.\npub struct Command;\npub fn apply() {}\npub fn decide() {}\n";
        rust_file("crates/core/src/units/transfer.rs", file, &mut wrong);
        rust_file("crates/policy/src/a.rs", "let it = price.powf(2.0);\n", &mut wrong);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
    }

    #[test]
    fn long_lines_second_titles_and_silent_dependencies_are_found() {
        let mut wrong = Vec::new();
        rust_file("a.rs", &"x".repeat(101), &mut wrong);
        markdown_file("a.md", "# one\n# two\n```\n# no title\n```\n", &mut wrong);
        reasons("[workspace.dependencies]\ntokio = \"1\"\n", &mut wrong);
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        let code = "let code = \"KAZ\";\n#[cfg(test)]\nlet code = \"TUR\";\n";
        rust_file("crates/policy/src/a.rs", code, &mut wrong);
        assert_eq!(wrong.len(), 4, "{wrong:?}");
    }
}
