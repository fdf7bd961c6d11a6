//! `karvan simulate` as a person asks for it.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at once")]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs it in the project's folder: whether it went well, what it printed, what it said.
fn simulate(arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_karvan"));
    command.current_dir(root()).arg("simulate").args(arguments).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

fn json(arguments: &[&str]) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.push("--json");
    let (well, out, err) = simulate(&arguments);
    assert!(well, "{err}");
    serde_json::from_str(&out).unwrap()
}

/// A folder of this test alone, which is not there.
fn nowhere(name: &str) -> PathBuf {
    let name = format!("karvan-simulate-{name}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

const PILOT: &str = "policies/eco-pilot.toml";
const LINKED: &str = "policies/eco-linked.toml";

#[test]
fn the_shipped_pilot_is_simulated_with_units_warnings_and_a_certificate() {
    let (well, out, err) = simulate(&[PILOT, "--check"]);
    assert!(well, "{err}");
    for word in ["USD/t", "M USD", "KAZ-TUR", "proxy", "To be known", "every market balances"] {
        assert!(out.contains(word), "{word} is not in\n{out}");
    }
}

#[test]
fn the_answer_in_json_names_years_markets_members_flows_and_inputs() {
    let it = json(&[PILOT, "--years", "2027..2030"]);
    assert_eq!(it["years"], serde_json::json!([2027, 2028, 2029, 2030]));
    assert_eq!(it["scenario_hash"].as_str().unwrap().len(), 64);
    let first = &it["jurisdictions"]["KAZ"][0];
    assert!(first["price"].as_f64().unwrap() > 0.0);
    let balance = first["baseline"].as_f64().unwrap() - first["abatement"].as_f64().unwrap();
    assert!((balance - first["emissions"].as_f64().unwrap()).abs() < 1e-9);
    // A member without a market has no price.
    assert!(it["jurisdictions"]["AFG"][0]["price"].is_null());
    assert!(it["flows"].as_array().unwrap().iter().all(|it| it["rent"].as_f64().unwrap() >= 0.0));
    let inputs = it["inputs"].as_array().unwrap();
    let known = ["measured", "derived", "proxy", "assumption"];
    assert!(inputs.iter().all(|it| known.contains(&it["provenance"].as_str().unwrap())));
    // What is asked changes what it is called.
    let other = json(&[PILOT, "--years", "2027..2030", "--link", "KAZ-TUR=none"]);
    assert_ne!(it["scenario_hash"], other["scenario_hash"]);
    assert_eq!(it["data_hash"], other["data_hash"]);
}

#[test]
fn values_links_coalitions_and_draws_can_be_asked_for() {
    let price = |it: &Value| it["jurisdictions"]["KAZ"][0]["price"].as_f64().unwrap();
    let plain = json(&[PILOT]);
    let tight = json(&[PILOT, "--set", "jurisdiction.KAZ.cap_mt.2030=140"]);
    assert!(price(&tight) > price(&plain));
    let free = json(&[PILOT, "--link", "KAZ-TUR=full"]);
    let at = |it: &Value, code: &str| it["jurisdictions"][code][2]["price"].as_f64().unwrap();
    assert!((at(&free, "KAZ") - at(&free, "TUR")).abs() < 1e-6);
    let more = json(&[PILOT, "--coalitions", "--draws", "8", "--seed", "5", "--threads", "2"]);
    assert_eq!(more["coalitions"].as_array().unwrap().len(), 26);
    let one = json(&[PILOT, "--draws", "8", "--seed", "5", "--threads", "1"]);
    assert_eq!(one["draws"], more["draws"]);
}

#[test]
fn two_files_stand_side_by_side() {
    let (well, out, err) = simulate(&[PILOT, "--compare", LINKED]);
    assert!(well && out.contains("eco-linked.toml") && out.contains("more"), "{err}{out}");
    let both = json(&[PILOT, "--compare", LINKED]);
    assert_ne!(both["one"]["scenario_hash"], both["two"]["scenario_hash"]);
}

#[test]
fn tables_and_a_page_are_written_and_nothing_is_written_over() {
    let folder = nowhere("csv");
    let dir = folder.display().to_string();
    assert!(simulate(&[LINKED, "--csv", &dir]).0);
    let table = fs::read_to_string(folder.join("jurisdictions.csv")).unwrap();
    assert!(table.starts_with("jurisdiction,year,price_per_t,") && table.lines().count() == 101);
    assert!(fs::read_to_string(folder.join("inputs.csv")).unwrap().contains("proxy"));
    let (well, _, err) = simulate(&[LINKED, "--csv", &dir]);
    assert!(!well && err.contains("nothing is lost"), "{err}");
    let page = folder.join("page.html").display().to_string();
    assert!(simulate(&[LINKED, "--draws", "4", "--coalitions", "--report", &page]).0);
    let text = fs::read_to_string(&page).unwrap();
    for part in ["<svg", "role=\"img\"", "On what it rests", "Coalitions", "USD a tonne"] {
        assert!(text.contains(part), "{part}");
    }
    // It needs nothing else, and no number is none.
    let strange = ["http", "NaN", ">inf<", "\"inf\""];
    assert!(strange.iter().all(|it| !text.contains(it)));
    let (well, _, err) = simulate(&[LINKED, "--report", &page]);
    assert!(!well && err.contains("nothing is lost"), "{err}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_wrong_is_named_with_what_is_allowed() {
    for (arguments, words) in [
        (vec!["nowhere.toml"], "cannot be read"),
        (vec![PILOT, "--years", "1999..2001"], "allowed are years within 2027..2036"),
        (vec![PILOT, "--link", "KAZ-TUR=quota"], "quota:UNITS"),
        (vec![PILOT, "--link", "KAZ-XXA=full"], "there is no jurisdiction XXA"),
        (vec![PILOT, "--set", "jurisdiction.KAZ.cap_mtt=1"], "did you mean cap_mt?"),
        (vec![PILOT, "--set", "jurisdiction.KAZ.cap_mt"], "is no value"),
        (vec![PILOT, "--draws", "1"], "2..=65536"),
    ] {
        let (well, out, err) = simulate(&arguments);
        assert!(!well && out.is_empty() && err.contains(words), "{arguments:?}: {err}");
    }
}
