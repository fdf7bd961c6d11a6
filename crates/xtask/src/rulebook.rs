//! `docs/rulebook.md`: the rules as one text, from the documentation that stands beside them.

use crate::Failure;
use karvan_core::authority::four_eyes::TABLE;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const FILE: &str = "docs/rulebook.md";

/// The chapters: title, file of the noun, folder of its commands.
const CHAPTERS: [(&str, &str); 23] = [
    ("Who may ask, and who approves", "authority"),
    ("The market and its policy", "market"),
    ("Parties and persons", "party"),
    ("Two persons: proposals", "proposal"),
    ("Accounts and installations", "account"),
    ("Freezes", "freezing"),
    ("Working time", "calendar"),
    ("Units", "ledger"),
    ("Transfers, deletion, reversals, expiry", "units"),
    ("Links", "link"),
    ("Caps and supply", "supply"),
    ("Evidence, certificates, credits", "evidence"),
    ("Mirror registries", "mirror"),
    ("Free allocation", "allocation"),
    ("Primary auctions", "auction"),
    ("Who settles with whom", "compatibility"),
    ("The exchange", "exchange"),
    ("Call auctions", "call"),
    ("Coupled auctions", "coupling"),
    ("Money", "cash"),
    ("Monitoring and reporting", "mrv"),
    ("Compliance", "compliance"),
    ("What falls due", "agenda"),
];

/// A command of the list in `command.rs`.
struct Command {
    name: String,
    path: String,
    number: String,
    approval: String,
}

/// The documentation at the top of a file, as flowing text.
fn doc(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .take_while(|it| it.starts_with("//!"))
        .map(|it| it.trim_start_matches("//!").trim())
        .collect();
    with_values(plain(&flow(&lines)), text)
}

/// Puts the value of a constant in the place of its name.
fn with_values(mut said: String, source: &str) -> String {
    for line in source.lines().filter(|it| it.starts_with("pub const ")) {
        let Some((head, value)) = line.trim_start_matches("pub const ").split_once(" = ") else {
            continue;
        };
        let name = head.split(':').next().unwrap_or(head).to_lowercase().replace('_', " ");
        let value = value.trim_end_matches(';').replace('_', "\u{a0}");
        if value.starts_with(|it: char| it.is_ascii_digit()) {
            said = said.replace(&format!(" {name} "), &format!(" {value} "));
        }
    }
    said
}

/// Paragraphs on one line each; tables and lists keep their lines.
fn flow(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        if line.is_empty() {
            text.push_str("\n\n");
        } else if line.starts_with('|') {
            let _ = write!(text, "\n{line}");
        } else {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    text.trim().to_owned()
}

/// Without the brackets and paths of links to code.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for (place, part) in text.split('`').enumerate() {
        if place % 2 == 1 {
            let name = part.rsplit("::").next().unwrap_or(part);
            let constant = name.chars().all(|it| it.is_ascii_uppercase() || it == '_');
            let word =
                if constant { name.to_lowercase().replace('_', " ") } else { name.to_owned() };
            out.push_str(&word);
        } else {
            out.push_str(part);
        }
    }
    let mut out = out.replace(['[', ']'], "");
    // The target of a link is code: its words stay.
    while let Some(start) = out.find("(crate::").or_else(|| out.find("(super::")) {
        let end = out[start..].find(')').map_or(out.len(), |it| start + it + 1);
        out.replace_range(start..end, "");
    }
    out
}

/// The line of documentation above a function.
fn above(text: &str, signature: &str) -> Option<String> {
    let before = &text[..text.find(signature)?];
    let lines: Vec<&str> = before
        .lines()
        .rev()
        .skip_while(|it| it.trim().is_empty())
        .take_while(|it| it.trim_start().starts_with("///"))
        .map(|it| it.trim_start().trim_start_matches("///").trim())
        .collect();
    let lines: Vec<&str> = lines.into_iter().rev().collect();
    (!lines.is_empty()).then(|| plain(&flow(&lines)))
}

/// Words from a name such as OpenAccount.
fn words(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push(' ');
            text.extend(letter.to_lowercase());
        } else {
            text.push(letter);
        }
    }
    text
}

/// The refusals a file declares: number and text, in their order.
fn refusals(text: &str) -> Vec<(String, String)> {
    let Some(start) = text.find("\nrefusals! {") else { return Vec::new() };
    let block = &text[start..];
    let block = &block[..block.find("\n}").unwrap_or(block.len())];
    let mut found = Vec::new();
    for part in block.split("=>").collect::<Vec<_>>().windows(2) {
        let number = part[0].trim_end().rsplit('=').next().unwrap_or_default().trim();
        let quoted = part[1].trim_start().trim_start_matches('"');
        let words = quoted.split('"').next().unwrap_or_default();
        let words = words.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
        found.push((number.to_owned(), words));
    }
    found
}

/// The list of commands.
fn commands(text: &str) -> Vec<Command> {
    let start = text.find("\ncommands! {").unwrap_or(0);
    let mut all = Vec::new();
    for line in text[start..].lines().filter(|it| it.trim_end().ends_with(';')) {
        let Some((head, rest)) = line.trim().trim_end_matches(';').split_once(" = ") else {
            continue;
        };
        let Some((name, path)) = head.trim_end_matches(')').split_once('(') else { continue };
        let parts: Vec<&str> = rest.split(", ").collect();
        let [number, _, approval] = parts.as_slice() else { continue };
        all.push(Command {
            name: name.to_owned(),
            path: path.replace("::", "/"),
            number: (*number).to_owned(),
            approval: (*approval).to_owned(),
        });
    }
    all
}

fn command(text: &mut String, it: &Command, source: (&str, &str)) {
    let (source, noun) = source;
    let doc = with_values(doc(source), noun);
    let _ = write!(text, "\n### {} (command {})\n\n{doc}\n", words(&it.name), it.number);
    let who = above(source, "pub fn right(").unwrap_or_default();
    let second = match it.approval.as_str() {
        "One" => "not needed".to_owned(),
        "Two" => "always".to_owned(),
        "OtherBody" => "an administrator of another body".to_owned(),
        "OtherParty" => "the administrator of the other Party".to_owned(),
        "Administrator" => "the administrator of the party".to_owned(),
        "Nations" => "seven in ten of the national administrators".to_owned(),
        _ => above(source, "pub fn needs_second(")
            .unwrap_or("always, but for the first party of a market".to_owned()),
    };
    let who = who.replace("; see decide", "");
    let second = second.trim_start_matches("Whether a second person must approve: ");
    let _ = write!(text, "\nWho: {who} Second person: {}.\n", second.trim_end_matches('.'));
    let no = refusals(source);
    if !no.is_empty() {
        text.push('\n');
        for (number, words) in no {
            let _ = writeln!(text, "- {number}: {words}");
        }
    }
}

fn text(root: &Path) -> Result<String, Failure> {
    let src = root.join("crates/core/src");
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let commands = commands(&read(&src.join("command.rs"))?);
    let mut text = String::from(
        "# Rulebook\n\nWritten by `cargo xtask rulebook` from the documentation that stands beside \
         each rule in the program,\nso that the two cannot differ. Commands are what people ask; a \
         number before a sentence is that of a\nrefusal, given once and never changed (see \
         [refusals.md](refusals.md)); words in braces stand for the\nvalues of the case. Whoever \
         has not the right to ask a command hears that alone (refusals 101-118).\n",
    );
    let told =
        |it: &&Command| CHAPTERS.iter().any(|(_, noun)| it.path.starts_with(&format!("{noun}/")));
    if let Some(it) = commands.iter().find(|it| !told(it)) {
        return Err(format!("the rulebook has no chapter for {}: add its noun", it.path));
    }
    for (place, (title, noun)) in CHAPTERS.iter().enumerate() {
        let source = read(&src.join(format!("{noun}.rs")))?;
        let _ = write!(text, "\n## {} {title}\n\n{}\n", place + 1, doc(&source));
        let shared = refusals(&source);
        if !shared.is_empty() {
            text.push_str("\nRefused by several commands:\n\n");
            for (number, words) in shared {
                let _ = writeln!(text, "- {number}: {words}");
            }
        }
        let of_noun = |it: &&Command| it.path.starts_with(&format!("{noun}/"));
        for it in commands.iter().filter(of_noun) {
            let own = read(&src.join(format!("{}.rs", it.path)))?;
            command(&mut text, it, (&own, &source));
        }
        rules(&mut text, &src.join(noun), &commands)?;
        if *noun == "authority" {
            four_eyes(&mut text);
        }
    }
    Ok(text)
}

/// The table of what two persons must want.
fn four_eyes(text: &mut String) {
    text.push_str("\n| operation | begun by | approved by | besides |\n|---|---|---|---|\n");
    for it in TABLE {
        let (operation, begun, approved) = (it.operation, it.initiates, it.approves);
        let _ = writeln!(text, "| {operation} | {begun} | {approved} | {} |", it.besides);
    }
}

/// Files of a noun that hold a rule and no command.
fn rules(text: &mut String, folder: &Path, commands: &[Command]) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|it| it.path()).collect();
    files.sort();
    for path in files.iter().filter(|it| it.extension().is_some_and(|it| it == "rs")) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_command = commands.iter().any(|it| it.path.ends_with(&format!("/{name}")));
        let source =
            fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let doc = doc(&source);
        // A file that only says that a fact exists is no rule.
        if is_command || doc.starts_with("The fact") {
            continue;
        }
        // What stands before the first colon is a title where it is short.
        let title = doc.split([':', '.']).next().filter(|it| it.len() <= 40).unwrap_or(&name);
        let title = title.replace('_', " ");
        let (first, rest) = title.split_at(title.len().min(1));
        let _ = write!(text, "\n### {}{rest}\n\n{doc}\n", first.to_uppercase());
    }
    Ok(())
}

/// Writes the file.
pub(crate) fn write(root: &Path) -> Result<(), Failure> {
    fs::write(root.join(FILE), text(root)?).map_err(|error| format!("{FILE}: {error}"))
}

/// Fails when the file is not what the rules say.
pub(crate) fn check_fresh(root: &Path) -> Result<(), Failure> {
    let wanted = text(root)?;
    match fs::read_to_string(root.join(FILE)) {
        Ok(found) if found == wanted => Ok(()),
        _ => Err(format!("{FILE} is stale; write it again with cargo xtask rulebook")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_becomes_flowing_text() {
        let text = "//! Open an\n//! account. See [`super::CAP_MAX`].\n//!\n//! More.\nuse x;\n";
        assert_eq!(doc(text), "Open an account. See cap max.\n\nMore.");
        assert_eq!(words("OpenAccount"), "Open account");
    }

    #[test]
    fn commands_and_refusals_are_read_with_their_numbers() {
        let list = "\ncommands! {\n    /// Opens.\n    OpenAccount(account::open_account) = 4, \
                    Administration, Two;\n}\n";
        let found = commands(list);
        let [one] = found.as_slice() else { panic!("one command") };
        assert_eq!((one.path.as_str(), one.number.as_str()), ("account/open_account", "4"));
        let block = "\nrefusals! {\n    pub enum No {\n        A { a: u8 } = 311 => \"one {a}\",\n\
                     B = 312\n            => \"two \\\n words\",\n    }\n}\n";
        let found = refusals(block);
        assert_eq!(found[0], ("311".to_owned(), "one {a}".to_owned()));
        assert_eq!(found[1], ("312".to_owned(), "two words".to_owned()));
    }
}
