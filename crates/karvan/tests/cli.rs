//! What the command line answers: to what is right, and to bad input of every kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test stops")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder of its own for each test, with the market of two invented countries.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("karvan-cli-{name}-{}", std::process::id()));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    let policy = include_str!("../../rehearsal/tests/two-countries.toml");
    fs::write(folder.join("policy.toml"), policy).unwrap();
    let plants = include_str!("../../rehearsal/tests/two-countries.csv");
    fs::write(folder.join("plants.csv"), plants).unwrap();
    folder
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn karvan(folder: &Path, line: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_karvan"));
    command.args(line.split_whitespace()).current_dir(folder).stdin(Stdio::null());
    let output = command.output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

const REHEARSE: &str = "rehearse policy.toml --installations plants.csv";

#[test]
fn a_rehearsal_is_shown_as_a_table_and_as_json_and_its_store_can_be_read() {
    let folder = folder("whole");
    let table = karvan(&folder, &format!("{REHEARSE} --data-dir store"));
    assert_eq!(table.code, Some(0), "{}", table.err);
    for word in ["XXA", "2027 ets", "USD/t", "chain head", "state hash", "store, new"] {
        assert!(table.out.contains(word), "{word} is missing in\n{}", table.out);
    }
    let again = karvan(&folder, &format!("{REHEARSE} --data-dir store --json"));
    let told = json(&again.out);
    assert_eq!(told["found_records"], told["records"], "a second start finds all records equal");
    assert_eq!(told["rows"].as_array().unwrap().len(), 8);
    let verified = json(&karvan(&folder, "journal verify store --json").out);
    assert_eq!((&verified["chain"], &verified["records"]), (&told["chain"], &told["records"]));
    assert_eq!(verified["state_hash"], told["state_hash"]);
    // What is public: results, not who bid; transfers, once their time has come.
    let public = |at: &str| karvan(&folder, &format!("journal public store --json {at}")).out;
    let (now, later) = (public(""), public("--at 2045-01-01"));
    for word in ["AuctionCleared", "Surrendered", "CapSet", "EmissionsReported"] {
        assert!(now.contains(word), "{word} is public");
    }
    for word in ["BidPlaced", "OrderPlaced", "CashMoved", "person", "Proposed"] {
        assert!(!now.contains(word) && !later.contains(word), "{word} is never public");
    }
    assert!(later.contains("UnitsMoved") && later.lines().count() > now.lines().count());
    let started = public("--at 2027-01-10");
    assert!(!started.contains("UnitsMoved") && started.contains("CapSet"), "{started}");
    // What was traded: the same sum in the rehearsal's rows, in the markets, and in one of them.
    let traded = |it: &serde_json::Value, key: &str| -> u64 {
        it.as_array().unwrap().iter().map(|it| it[key].as_u64().unwrap_or_default()).sum()
    };
    let markets = json(&karvan(&folder, "market store --json").out);
    let volume = traded(&markets["markets"], "volume_units");
    assert!(volume > 0, "{markets}");
    assert_eq!(volume, traded(&told["rows"], "call_volume_t"));
    let first = &markets["markets"][0];
    let name = format!("{}:{}", first["jurisdiction"].as_str().unwrap(), first["year"]);
    let one =
        json(&karvan(&folder, &format!("market store --market {name} --last 1000 --json")).out);
    assert_eq!(one["volume_units"], first["volume_units"]);
    assert_eq!(traded(&one["candles"], "volume_units"), one["volume_units"].as_u64().unwrap());
    let text = karvan(&folder, &format!("market store --market {name} --hours --class A")).out;
    for word in ["best bid", "call", "high", "USD"] {
        assert!(text.contains(word), "{word} is missing in\n{text}");
    }
    // A rehearsal of calls alone gives nothing to find but days that one party makes.
    let watched = json(&karvan(&folder, "surveillance store --json").out);
    let alerts = watched["alerts"].as_array().unwrap();
    assert!(alerts.iter().all(|it| it["pattern"] == "concentration"), "{watched}");
    assert_eq!(watched["records"], told["records"]);
    for (line, word) in [
        ("--market XXA", "such as XXA:2028"),
        ("--market XXQ:2027", "no jurisdiction XXQ"),
        ("--market XXA:2027 --class east", "a capital letter"),
    ] {
        let said = karvan(&folder, &format!("market store {line}"));
        assert_eq!((said.code, said.err.contains(word)), (Some(1), true), "{}", said.err);
    }
    let exported = karvan(&folder, "journal export store --json");
    let lines: Vec<_> = exported.out.lines().map(json).collect();
    assert_eq!(lines.len() as u64, told["records"].as_u64().unwrap());
    assert_eq!(lines[1]["facts"][0]["fact"], "PartyRegistered");
    let shown = karvan(&folder, "journal show store --from 3 --count 2");
    assert!(shown.out.contains("Approve") && shown.out.contains("PolicyAdopted"));
    assert_eq!(shown.out.matches(" by person ").count(), 2, "{}", shown.out);
    // Years the store goes beyond are refused: it would not end where the store ends.
    let fewer = karvan(&folder, &format!("{REHEARSE} --data-dir store --years 2027"));
    assert_eq!(fewer.code, Some(1));
    assert!(fewer.err.contains("another") && fewer.err.contains("--data-dir"), "{}", fewer.err);
    let progress = karvan(&folder, &format!("{REHEARSE} --progress lines"));
    assert!(progress.err.lines().all(|it| json(it)["records"].is_u64()));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_statement_of_the_bank_is_booked_line_by_line_and_every_difference_is_named() {
    let folder = folder("bank");
    assert_eq!(karvan(&folder, &format!("{REHEARSE} --data-dir store")).code, Some(0));
    let bank = |line: &str| karvan(&folder, &format!("bank {line}"));
    let known = json(&bank("payments store --json").out);
    let opening = known["statements"][0]["closing"].as_str().unwrap().to_owned();
    let account = known["accounts"][0]["reference"].as_str().unwrap();
    let free = |at: usize| json(&bank("payments store --json").out)["accounts"][at]["free"].clone();
    assert_eq!(free(0), "0.00", "treasuries take out what they earn");
    // A table: one line names an account, one nobody.
    fs::write(
        folder.join("day.csv"),
        format!("reference,amount,text\nN1,12.50,for {account}\nN2,0.25,for nobody\n"),
    )
    .unwrap();
    let cents: i64 = opening.replace('.', "").parse().unwrap();
    let money = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
    let closing = money(cents + 1_275);
    let day = known["statements"][0]["day"].as_str().unwrap();
    let next = format!("{}{:02}", &day[..8], day[8..].parse::<u8>().unwrap() + 1);
    let about = format!("--day {next} --opening {opening} --closing {closing}");
    let line = format!("statement day.csv --store store --by 2 {about}");
    // The bank is the second party: its first person is known by its right.
    let by = (1..9)
        .find(|by| bank(&line.replace("--by 2", &format!("--by {by} --dry-run"))).code == Some(0));
    let line = line.replace("--by 2", &format!("--by {}", by.unwrap()));
    let dry = bank(&format!("{line} --dry-run"));
    assert!(dry.out.contains("a dry run") && dry.out.contains("in suspense: it names nobody"));
    assert_eq!(free(0), "0.00", "a dry run books nothing");
    // The same as a message of ISO 20022.
    let balance = |kind: &str, amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='USD'>{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{next}</Dt></Dt></Bal>"
        )
    };
    let message = format!(
        "<Document><BkToCstmrStmt><Stmt>{}{}<Ntry><Amt Ccy='USD'>1.00</Amt>\
         <CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><AcctSvcrRef>N3</AcctSvcrRef><NtryDtls><TxDtls>\
         <RmtInf><Ustrd>{account}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Stmt>\
         </BkToCstmrStmt></Document>",
        balance("OPBD", &opening),
        balance("CLBD", &money(cents + 100)),
    );
    fs::write(folder.join("day.xml"), message).unwrap();
    let said = bank(&format!("statement day.xml --store store --by {} --dry-run", by.unwrap()));
    assert!(said.out.contains("no differences"), "{}{}", said.out, said.err);
    let booked = json(&bank(&format!("{line} --json")).out);
    let it = &booked["statements"][0];
    assert_eq!((&it["booked"], &it["unexplained"]), (&1.into(), &"0.00".into()), "{booked}");
    assert_eq!(it["differences"][0]["reference"], "N2");
    assert_eq!(free(0), "12.50");
    let shown = bank("payments store");
    for word in ["lines in suspense: 1", "N2", account, &closing] {
        assert!(shown.out.contains(word), "{word} is missing in\n{}", shown.out);
    }
    // The same one again, and one that does not add up.
    let again = bank(&line);
    assert!(again.out.contains("booked before: 1 of"), "{}{}", again.out, again.err);
    let wrong = bank(&line.replace(&format!("--closing {closing}"), "--closing 1.00"));
    assert!(wrong.err.contains("is a line missing?"), "{}", wrong.err);
    let bare = bank("statement day.csv --store store --by 2");
    assert!(bare.err.contains("--day, --opening and --closing"), "{}", bare.err);
    fs::write(folder.join("day.xml"), "<Document>").unwrap();
    let said = bank("statement day.xml --store store --by 2");
    assert!(said.err.contains("day.xml is no XML"), "{}", said.err);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn bad_input_gets_an_error_with_the_place_and_the_next_step_and_changes_nothing() {
    let folder = folder("bad");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    let policy = fs::read_to_string(folder.join("policy.toml")).unwrap();
    write("typo.toml", policy.replace("cap_mt", "cap_megatonnes").as_bytes());
    write("latin.toml", b"name = \"T\xfcrkiye\"");
    write("bad.csv", b"id,sector\nA,power\n");
    let plants = fs::read_to_string(folder.join("plants.csv")).unwrap();
    write(
        "negative.csv",
        plants.replacen("measured", "guessed", 1).replacen("synthetic", "guessed", 1).as_bytes(),
    );
    fs::create_dir(folder.join("empty")).unwrap();
    let mut before: Vec<_> = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()).collect();
    before.sort();
    let rows: [(&str, i32, &[&str]); 14] = [
        ("", 2, &["Usage"]),
        ("dance", 2, &["unrecognized subcommand 'dance'"]),
        ("rehearse", 2, &["<POLICY>"]),
        ("rehearse nowhere.toml", 1, &["nowhere.toml cannot be read", "eco-pilot.toml"]),
        ("policy check nowhere.toml", 1, &["nowhere.toml", "No such file"]),
        ("rehearse typo.toml --data-dir new", 1, &["typo.toml: line ", "cap_megatonnes", "known"]),
        ("rehearse latin.toml", 1, &["latin.toml is not UTF-8"]),
        ("rehearse policy.toml --years 2050", 1, &["--years 2050", "2027-2030"]),
        ("rehearse policy.toml --years soon", 1, &["--years soon", "such as"]),
        ("rehearse policy.toml --seed minus", 2, &["invalid value 'minus'", "--seed"]),
        ("rehearse policy.toml --installations bad.csv --data-dir new", 1, &["bad.csv", "column"]),
        (
            "rehearse policy.toml --installations negative.csv",
            1,
            &["line ", "provenance", "guessed", "measured, derived or synthetic"],
        ),
        ("journal verify nowhere", 1, &["nowhere is no data directory", "karvan demo"]),
        ("journal export policy.toml --json", 1, &["is no data directory"]),
    ];
    for (line, code, words) in rows {
        let said = karvan(&folder, line);
        assert_eq!(said.code, Some(code), "karvan {line}\n{}", said.err);
        assert_eq!(said.out, "", "karvan {line} answers although it fails");
        for word in words {
            assert!(said.err.contains(word), "karvan {line}: no \"{word}\" in\n{}", said.err);
        }
    }
    // People of a rehearsal reckon in one currency.
    let policy = fs::read_to_string(folder.join("policy.toml")).unwrap();
    let other =
        policy.replace("name = \"Xanadu\"\n", "name = \"Xanadu\"\nquote_currency = \"XAC\"\n");
    fs::write(folder.join("policy.toml"), other).unwrap();
    let said = karvan(&folder, REHEARSE);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("XXA is traded in XAC"), "{}", said.err);
    let mut after: Vec<_> = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()).collect();
    after.sort();
    assert_eq!(before, after, "nothing was made");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_policy_check_names_every_mistake_also_as_json() {
    let folder = folder("check");
    let well = karvan(&folder, "policy check policy.toml");
    assert_eq!(well.code, Some(0));
    assert!(well.out.contains("two invented countries is well: 2 jurisdictions, 2027-2030"));
    let policy = fs::read_to_string(folder.join("policy.toml")).unwrap();
    let wrong = policy.replace("free_percent = 90", "free_percent = 80").replace("Ys", "Ys\"x");
    fs::write(folder.join("wrong.toml"), &wrong).unwrap();
    let told = karvan(&folder, "policy check wrong.toml");
    assert_eq!(told.code, Some(1));
    assert!(told.out.contains("wrong.toml: line "), "{}", told.out);
    let told = karvan(&folder, "policy check wrong.toml --json");
    assert_eq!(told.code, Some(1));
    assert!(json(&told.out)["mistakes"][0]["line"].is_u64());
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn damaged_journal_bytes_are_refused_with_their_place_and_left_as_they_are() {
    let folder = folder("damage");
    assert_eq!(karvan(&folder, &format!("{REHEARSE} --data-dir store")).code, Some(0));
    let file = fs::read_dir(folder.join("store"))
        .unwrap()
        .map(|it| it.unwrap().path())
        .find(|it| it.extension().is_some_and(|it| it == "journal"))
        .unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[5_000] ^= 0x10;
    fs::write(&file, &bytes).unwrap();
    for line in
        ["journal verify store", "journal show store", &format!("{REHEARSE} --data-dir store")]
    {
        let said = karvan(&folder, line);
        assert_eq!(said.code, Some(1), "karvan {line}");
        for word in ["damaged at byte", "record", "acknowledged", "restore"] {
            assert!(said.err.contains(word), "karvan {line}: no \"{word}\" in {}", said.err);
        }
    }
    assert!(fs::read(&file).unwrap() == bytes, "the damaged file was touched");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_backup_comes_back_whole_and_an_old_one_does_not() {
    let folder = folder("backup");
    karvan(&folder, &format!("{REHEARSE} --years 2027 --data-dir store"));
    let made = karvan(&folder, "backup store kept --json");
    assert_eq!(made.code, Some(0), "{}", made.err);
    let label = json(&made.out);
    let again = karvan(&folder, "backup store kept");
    assert!(
        again.code != Some(0) && again.err.contains("name a folder that is not"),
        "{}",
        again.err
    );
    let there = karvan(&folder, "restore kept store");
    assert!(there.err.contains("move it away first"), "{}", there.err);
    let back = karvan(&folder, "restore kept other --json");
    assert_eq!(json(&back.out)["chain"], label["chain"]);
    let records = label["records"].as_u64().unwrap();
    let old = karvan(&folder, &format!("restore kept third --known {}", records + 1));
    assert!(old.err.contains("take back what people were told"), "{}", old.err);
    assert!(!folder.join("third").exists());
    // A backup that lost a byte is told from a whole one.
    let segment = fs::read_dir(folder.join("kept")).unwrap().map(|it| it.unwrap().path());
    let segment =
        segment.into_iter().find(|it| it.display().to_string().contains("segment")).unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[5_000] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let damaged = karvan(&folder, "restore kept fourth");
    assert!(damaged.code != Some(0) && !folder.join("fourth").exists(), "{}", damaged.out);
}

#[test]
fn a_table_is_checked_with_every_mistake_whether_csv_or_spreadsheet() {
    let folder = folder("tables");
    karvan(&folder, &format!("{REHEARSE} --years 2027 --data-dir store"));
    let plant = include_str!("../../rehearsal/tests/two-countries.csv").lines().nth(1).unwrap();
    let label = plant.split(',').next().unwrap();
    let csv =
        format!("year,installation,quantity\n2029,{label},5\n2029,{label},x\n1990,{label},1\n");
    fs::write(folder.join("table.csv"), csv).unwrap();
    let line = "--about emissions --store store --jurisdiction XXA";
    let said = karvan(&folder, &format!("table table.csv {line} --json"));
    let numbers = |said: &Said| -> Vec<(u64, u64)> {
        let rows = json(&said.out)["mistakes"].as_array().unwrap().clone();
        rows.iter()
            .map(|it| (it["row"].as_u64().unwrap(), it["number"].as_u64().unwrap()))
            .collect()
    };
    assert_eq!(numbers(&said), [(2, 739), (3, 736), (3, 732), (3, 739), (4, 738), (4, 740)]);
    assert!(said.code != Some(0) && said.err.contains("nothing of it is taken over"));
    fs::write(folder.join("t.xlsx"), include_bytes!("emissions.xlsx")).unwrap();
    let said = karvan(&folder, &format!("table t.xlsx {line} --json"));
    let found = numbers(&said);
    for wanted in [(3, 736), (3, 733), (4, 735)] {
        assert!(found.contains(&wanted), "{wanted:?} in {found:?}");
    }
    let text = karvan(&folder, &format!("table t.xlsx {line}"));
    assert!(text.out.contains("no-such") && text.out.contains("735"), "{}", text.out);
    fs::write(folder.join("bad.csv"), "year,plant\n").unwrap();
    let said = karvan(&folder, &format!("table bad.csv {line}"));
    assert!(said.err.contains("installation, quantity is missing"), "{}", said.err);
}

/// All facts of a store's records that have a name.
fn facts(folder: &Path, store: &str, name: &str) -> Vec<serde_json::Value> {
    let exported = karvan(folder, &format!("journal export {store} --json")).out;
    let records = exported.lines().map(json);
    let facts = records.flat_map(|it| it["facts"].as_array().unwrap().clone());
    facts.filter(|it| it["fact"] == name).collect()
}

#[test]
fn a_register_elsewhere_is_taken_over_and_compared_and_only_as_the_market_allows() {
    let folder = folder("mirror");
    let policy = fs::read_to_string(folder.join("policy.toml")).unwrap();
    let ys = "[jurisdiction.XXB]\n";
    let mirror = policy.replace(ys, &format!("{ys}registry = \"mirror\"\n"));
    fs::write(folder.join("policy.toml"), mirror).unwrap();
    karvan(&folder, &format!("{REHEARSE} --data-dir store"));
    let nations = facts(&folder, "store", "PartyRegistered");
    let nation =
        |it: &&serde_json::Value| it["role"] == "NationalAdministrator" && it["jurisdiction"] == 1;
    let by = nations.iter().find(nation).unwrap()["person"].as_u64().unwrap();
    let plants = facts(&folder, "store", "InstallationRegistered");
    let account = plants.iter().find(|it| it["jurisdiction"] == 1).unwrap()["account"].as_u64();
    let made = format!("calc account --make XX-100-{:09}-1 --json", account.unwrap() + 1);
    let number = json(&karvan(&folder, &made).out)["number"].as_str().unwrap().to_owned();
    // A statement with mistakes: all are named, nothing is taken over.
    let header = "account,year,first,last,lock\n";
    fs::write(folder.join("bad.csv"), format!("{header}XX-1,2030,9,8,\n{number},x,0,1,a\n"))
        .unwrap();
    let ask = format!("--store store --jurisdiction XXB --by {by} --approve {}", by + 1);
    let bad = karvan(&folder, &format!("import holdings bad.csv {ask}"));
    assert_eq!(bad.code, Some(1));
    for part in ["line 2: account", "line 2: lock", "line 3: year", "line 3: first"] {
        assert!(bad.err.contains(part), "{part} in {}", bad.err);
    }
    // All that the cap allows is there already.
    fs::write(folder.join("more.csv"), format!("{header}{number},2030,7,9,lock-9\n")).unwrap();
    let more = karvan(&folder, &format!("import holdings more.csv {ask}"));
    assert_eq!(more.code, Some(1), "{}", more.out);
    assert!(more.err.contains("the cap leaves 0 t"), "{}", more.err);
    let all = "1,18446744073709551615,a";
    fs::write(
        folder.join("all.csv"),
        format!("{header}{number},2030,{all}\n{number},2029,{all}\n"),
    )
    .unwrap();
    let all = karvan(&folder, &format!("import holdings all.csv {ask}"));
    assert!(all.code == Some(1) && !all.err.contains("panicked"), "{}", all.err);
    let stranger =
        karvan(&folder, "import holdings more.csv --store store --jurisdiction XXB --by 999");
    assert!(stranger.err.contains("two persons"), "{}", stranger.err);
    // The register's statement is what lives here; then it has let some units go.
    let imported = facts(&folder, "store", "HoldingImported");
    let rows: Vec<(u64, u64, u64)> = imported
        .iter()
        .map(|it| {
            let block = &it["block"];
            let first = block["serials"]["first"].as_u64().unwrap();
            let count = block["serials"]["count"].as_u64().unwrap();
            (block["year"].as_u64().unwrap(), first, first + count - 1)
        })
        .collect();
    assert!(!rows.is_empty());
    let statement = |rows: &[(u64, u64, u64)]| {
        let lines = rows.iter().map(|(year, first, last)| format!("{year},{first},{last},plan\n"));
        format!("year,first,last,lock\n{}", lines.collect::<String>())
    };
    fs::write(folder.join("day1.csv"), statement(&rows)).unwrap();
    let compare = |file: &str, day: &str| {
        karvan(&folder, &format!("import statement {file} --day {day} {ask} --json"))
    };
    let same = compare("day1.csv", "2032-01-01");
    assert_eq!(same.code, Some(0), "{}", same.err);
    assert_eq!(json(&same.out)["differences"], serde_json::json!([]));
    let mut less = rows.clone();
    less.last_mut().unwrap().2 -= 5;
    fs::write(folder.join("day2.csv"), statement(&less)).unwrap();
    assert!(compare("day2.csv", "2032-01-01").err.contains("compared already"));
    let differs = json(&compare("day2.csv", "2032-01-02").out);
    let named = &differs["differences"][0];
    assert_eq!(named["last"], rows.last().unwrap().2);
    assert_eq!(named["first"], rows.last().unwrap().2 - 4);
    assert!(!facts(&folder, "store", "AccountStopped").is_empty());
    assert_eq!(karvan(&folder, "journal verify store").code, Some(0));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn letters_are_shown_as_they_stood_before_any_moment() {
    let folder = folder("letters");
    karvan(&folder, &format!("{REHEARSE} --data-dir store"));
    let at = |at: &str| json(&karvan(&folder, &format!("journal letters store --json {at}")).out);
    let status = |told: &serde_json::Value, letter: &str| {
        told.as_array().unwrap().iter().filter(|it| it["status"] == letter).count()
    };
    let before = at("--at 2028-03-01 --jurisdiction XXA");
    let reported = at("--at 2028-06-01 --jurisdiction XXA");
    let settled = at("--at 2028-12-01 --jurisdiction XXA");
    // Just before midnight the year still runs: it is not judged.
    let judged = |moment: &str| {
        let all = at(&format!("--at {moment} --jurisdiction XXA"));
        all.as_array().unwrap().iter().any(|it| it["years_up_to"] == 2028)
    };
    assert_eq!((judged("2029-01-01"), judged("2029-01-02")), (false, true));
    assert!(status(&before, "C") > 0, "nothing is reported: {before}");
    assert!(status(&reported, "B") > 0, "reported, and not yet surrendered: {reported}");
    assert!(status(&settled, "A") > 0, "{settled}");
    assert!(settled.as_array().unwrap().iter().all(|it| !it["frozen"].is_null()));
    assert!(reported.as_array().unwrap().iter().all(|it| it["frozen"].is_null()));
    let figure = &settled[0];
    let part = |key: &str| figure[key].as_i64().unwrap();
    let sum = part("surrendered_t") + part("excused_t") - part("verified_t");
    assert_eq!(part("figure_t"), sum);
    let table = karvan(&folder, "journal letters store --jurisdiction XXB").out;
    assert!(table.contains("figure") && table.contains("XXB") && !table.contains("XXA"), "{table}");
    let wrong = karvan(&folder, "journal letters store --jurisdiction XXZ");
    assert!(wrong.err.contains("no jurisdiction XXZ"), "{}", wrong.err);
    fs::remove_dir_all(folder).unwrap();
}
