//! The public calculators: published examples, and what they say to bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test stops")]

use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Runs a calculator; `{file}` in the line is a file with these lines.
fn calc(line: &str, table: &str) -> (Option<i32>, String, String) {
    let file = PathBuf::from(format!(
        "{}/{}-{}.csv",
        std::env::temp_dir().display(),
        std::process::id(),
        line.len() * 1_000_003 + table.len()
    ));
    fs::write(&file, table).unwrap();
    let line = line.replace("{file}", &file.display().to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_karvan"));
    command.arg("calc").args(line.split_whitespace()).stdin(Stdio::null());
    let output = command.output().unwrap();
    fs::remove_file(file).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn answer(line: &str, table: &str) -> Value {
    let (code, out, err) = calc(&format!("{line} --json"), table);
    assert_eq!(code, Some(0), "{line}: {err}");
    serde_json::from_str(&out).unwrap()
}

fn refusal(line: &str, table: &str) -> String {
    let (code, out, err) = calc(line, table);
    assert!(code != Some(0) && out.is_empty(), "{line}: {out}");
    err
}

#[test]
fn account_numbers_are_checked_and_made() {
    let number = "UK-100-900000025-2-60";
    assert_eq!(
        answer(&format!("account {number}"), ""),
        json!({ "valid": true, "number": number })
    );
    let made = answer("account --make UK-100-900000025-2", "");
    assert_eq!(made, json!({ "valid": true, "number": number }));
    assert_eq!(answer("account UK-100-900000025-2-06", "")["valid"], false);
    assert!(refusal("account --make UK-100", "").contains("CC-TTT-NNNNNNNNN-P"));
}

#[test]
fn delays_are_those_of_the_published_examples() {
    let holidays = "--holidays 2021-06-15,2021-06-16,2021-06-17";
    let day = answer(&format!("delay --approved 2021-06-14T15:59:59 --hours 24 {holidays}"), "");
    let expected = json!({ "start": "2021-06-14T15:59:59", "execution": "2021-06-18T15:59:59" });
    assert_eq!(day, expected);
    let noon = answer("delay --approved 2021-06-11T11:59:59 --rule eu_noon --trusted no", "");
    assert_eq!(noon["execution"], "2021-06-14T12:00:00");
    let week = "delay --approved 2027-07-08T11:00 --hours 24 --weekend thu,fri --open 08:00";
    assert_eq!(answer(week, "")["execution"], "2027-07-11T08:00:00");
    assert!(refusal("delay --approved 2021-02-30 --hours 1", "").contains("2021-02-30"));
    let never = "delay --approved 2021-06-14 --hours 1 --weekend mon,tue,wed,thu,fri,sat,sun";
    assert!(refusal(never, "").contains("weekday of work"));
}

/// 21,625 tenge at 525 for a dollar are 41.19 dollars: above the dollar bid at 41.00, and paid in
/// tenge, rounded up. A fixing of the day itself comes too late.
#[test]
fn bids_in_a_national_currency_are_ranked_at_the_fixing_before_the_auction() {
    let fixing = std::env::temp_dir().join(format!("fixing-{}.csv", std::process::id()));
    let rows = "date,currency,rate,source\n2028-02-29,KZT,525,National Bank\n\
        2028-03-01,KZT,600,National Bank\n";
    fs::write(&fixing, rows).unwrap();
    let bids = "bid,bidder,price,quantity,cash,currency\n\
        a,A,21625.00,1000,21625000.00,KZT\nb,B,41.00,1500,,\nc,C,21625.00,500,1.00,KZT\n";
    let line = format!("auction --bids {{file}} --volume 2000 --fixing {}", fixing.display());
    let found = answer(&format!("{line} --day 2028-03-01"), bids);
    let expected = json!({ "bid": "a", "quantity": 1000, "ranked": "41.19", "currency": "KZT",
        "fixing": "525", "pays": "21525000.00" });
    assert_eq!((&found["price"], &found["allocations"][0]), (&json!("41.00"), &expected));
    assert_eq!(found["allocations"][1], json!({ "bid": "b", "quantity": 1000 }));
    let beyond = json!([{ "bid": "c", "reason": "beyond the cash of its bidder" }]);
    assert_eq!(found["refused"], beyond);
    assert!(refusal(&format!("{line} --day 2028-02-29"), bids).contains("line 2: currency"));
    fs::write(&fixing, format!("{rows}2028-03-01,KZT,0,\n")).unwrap();
    let wrong = refusal(&format!("{line} --day 2028-03-01"), bids);
    assert!(wrong.contains("line 4: rate") && wrong.contains("line 4: source"), "{wrong}");
    fs::remove_file(fixing).unwrap();
}

/// Figures beyond all markets are mistakes of the file, and a bid that is worth nothing counts not.
#[test]
fn an_auction_of_absurd_figures_gets_an_answer() {
    let huge = "bid,bidder,price,quantity\na,A,1.00,18446744073709551615\nb,B,1.00,1\n";
    let line = "auction --bids {file} --lot 1 --volume";
    assert!(refusal(&format!("{line} 10"), huge).contains("line 2: quantity"));
    assert!(refusal(&format!("{line} 18446744073709551615"), "").contains("--volume"));
    let fixing = std::env::temp_dir().join(format!("worth-{}.csv", std::process::id()));
    fs::write(&fixing, "date,currency,rate,source\n2028-02-29,IRR,42000,a bank\n").unwrap();
    let bids = "bid,bidder,price,quantity,currency\na,A,0.05,10,IRR\n";
    let line = format!("{line} 10 --fixing {} --day 2028-03-01", fixing.display());
    let found = answer(&line, bids);
    assert_eq!((&found["price"], &found["refused"][0]["bid"]), (&Value::Null, &json!("a")));
    fs::remove_file(fixing).unwrap();
}

#[test]
fn an_auction_is_recomputed_from_its_bids() {
    let bids = "bid,bidder,price,quantity,group,cash,limit\n\
        a,A,25.00,1000,,,\nb,B,27.00,500,,,\nc,C,24.00,1000,G,,1000\nd,D,24.00,500,G,,1000\n\
        e,E,30.00,500,,14999.99,\nf,F,1.00,0,,,\n";
    let found = answer("auction --bids {file} --volume 2000", bids);
    assert_eq!((&found["status"], &found["price"]), (&json!("cleared"), &json!("24.00")));
    assert_eq!((&found["sold"], &found["carried"]), (&json!(2000), &json!(0)));
    assert_eq!(found["cover_ratio"], "1.2500");
    let gets: Vec<u64> = found["allocations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["quantity"].as_u64().unwrap())
        .collect();
    assert_eq!(gets, [1000, 500, 500, 0, 0, 0], "the last bid gets the rest, each row is named");
    let refused: Vec<&str> =
        found["refused"].as_array().unwrap().iter().map(|it| it["bid"].as_str().unwrap()).collect();
    assert_eq!(refused, ["d", "e"], "above the limit of its group, beyond its cash");
    let short = answer("auction --bids {file} --volume 4000 --next 2000,2000,1000,500", bids);
    assert_eq!((&short["status"], &short["price"]), (&json!("cancelled"), &Value::Null));
    assert_eq!(short["carried_to"], json!([500, 500, 0, 0]), "none grows by more than a quarter");
    assert_eq!(short["to_stability"], 3000);
    let sold = answer("auction --bids {file} --volume 4000 --rules uk", bids);
    assert_eq!((&sold["price"], &sold["sold"]), (&json!("24.00"), &json!(2500)));
    let stepped = "auction --bids {file} --volume 2500 --rules uk --secondary 26.70";
    let stepped = answer(stepped, bids);
    assert_eq!((&stepped["price"], &stepped["sold"]), (&json!("27.00"), &json!(500)));
    let wrong = "bid,bidder,price,quantity\na,A,1.234,500\na,A,2.00,7\n";
    let said = refusal("auction --bids {file} --volume 500", wrong);
    for part in ["line 2: price is \"1.234\"", "line 3: bid is \"a\"", "line 3: quantity is \"7\""]
    {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn equal_prices_need_the_seed_where_it_decides() {
    let bids = "bid,bidder,price,quantity\na,A,5.00,1000\nb,B,5.00,1000\n";
    assert!(refusal("auction --bids {file} --volume 1000", bids).contains("--seed"));
    let seed = "07".repeat(32);
    let line = format!("auction --bids {{file}} --volume 1000 --seed {seed}");
    let one = answer(&line, bids);
    let other = answer(&line, "bid,bidder,price,quantity\nb,B,5.00,1000\na,A,5.00,1000\n");
    let winner = |it: &Value| -> Value {
        let rows = it["allocations"].as_array().unwrap();
        rows.iter().find(|it| it["quantity"] == 1000).unwrap()["bid"].clone()
    };
    assert_eq!(winner(&one), winner(&other), "the order of the rows gives no advantage");
    let first = answer("auction --bids {file} --volume 1000 --rules krx", bids);
    assert_eq!(winner(&first), "a", "here it does");
    let shared = answer("auction --bids {file} --volume 1000 --rules wci", bids);
    assert_eq!(shared["allocations"][1]["quantity"], 500);
}

#[test]
fn tiers_and_containment_bend_the_price() {
    let bids = "bid,bidder,price,quantity\na,A,40.00,1000\nb,B,30.00,1000\nc,C,20.00,1000\n";
    let tiers = answer("auction --bids {file} --volume 1000 --rules rggi --tiers 25.00:1500", bids);
    assert_eq!((&tiers["price"], &tiers["released"]), (&json!("25.00"), &json!(1000)));
    let line = "auction --bids {file} --volume 3000 --rules rggi --withhold 22.00:1500";
    let withheld = answer(line, bids);
    assert_eq!((&withheld["price"], &withheld["withheld"]), (&json!("22.00"), &json!(1000)));
    assert_eq!(withheld["carried"], 0, "what is withheld is not offered again");
}

/// Every tick between the lowest and the highest crossing price is a candidate: the largest volume,
/// the smallest surplus, the nearest to the reference, the higher of two equally near.
#[test]
fn a_call_is_recomputed_from_its_orders() {
    let orders = "order,side,price,quantity\nb1,buy,10.50,50\nb2,buy,10.00,50\n\
        s1,sell,9.80,70\nb3,buy,10.00,30\nz,sell,12.00,0\n";
    let found = answer("call --orders {file}", orders);
    let fills = [("b1", 50), ("b2", 20), ("s1", 70), ("b3", 0), ("z", 0)];
    let fills = fills.map(|(order, quantity)| json!({ "order": order, "quantity": quantity }));
    let expected = json!({ "price": "10.00", "volume": 70, "surplus": 60, "fills": fills });
    assert_eq!(found, expected);
    let even = "order,side,price,quantity\nb,buy,10.50,50\ns,sell,10.00,50\n";
    let price =
        |line: &str| answer(&format!("call --orders {{file}} {line}"), even)["price"].clone();
    assert_eq!(price(""), "10.25");
    assert_eq!(price("--tick 0.10"), "10.30");
    assert_eq!(price("--reference 10.35 --tick 0.10"), "10.40");
    assert_eq!(price("--reference 10.12"), "10.12");
    assert_eq!(price("--reference 99.00"), "10.50");
    let none = answer("call --orders {file}", "order,side,price,quantity\nb,buy,1.00,5\n");
    assert_eq!((&none["price"], &none["volume"]), (&Value::Null, &json!(0)));
    let wrong =
        refusal("call --orders {file} --tick 0.25", &orders.replace("buy,10.50", "bid,10.60"));
    assert!(wrong.contains("line 2: side") && wrong.contains("multiple of 0.25"), "{wrong}");
    assert!(refusal("call --orders {file} --tick 0.00", even).contains("--tick"));
}

/// The worked examples that ship: what the README says of them.
#[test]
fn the_examples_come_to_what_is_said_of_them() {
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let file = |name: &str| examples.join(name).display().to_string();
    let call = answer(&format!("call --orders {}", file("call.csv")), "");
    assert_eq!((&call["price"], &call["volume"]), (&json!("10.00"), &json!(70)));
    let (bids, fixing) = (file("auction.csv"), file("fixing.csv"));
    let line = format!("auction --bids {bids} --volume 2000 --fixing {fixing} --day 2028-03-01");
    let auction = answer(&line, "");
    assert_eq!((&auction["price"], &auction["sold"]), (&json!("41.00"), &json!(2000)));
    assert_eq!(auction["allocations"][0]["pays"], "21525000.00");
    let (orders, links) = (file("couple-orders.csv"), file("couple-links.csv"));
    let coupled = answer(&format!("couple --orders {orders} --links {links}"), "");
    let prices = json!({ "KAZ": "3.10", "TUR": "3.60", "UZB": "2.00", "AZE": "2.88" });
    assert_eq!((&coupled["prices"], &coupled["exact"]["AZE"]), (&prices, &json!("72/25")));
    let flow = json!({ "from": "AZE", "to": "TUR", "quantity": 200_000, "arrives": 160_000,
        "rent": "0.00", "rent_total": "0.00" });
    assert_eq!((&coupled["flows"][2], &coupled["welfare"]), (&flow, &json!("5583000.00")));
    let trading = answer(&format!("match --commands {}", file("match.csv")), "");
    let trade = |it: (&str, &str, &str, u64)| {
        let (maker, taker, price, quantity) = it;
        let mut trade = json!({ "maker": maker, "taker": taker });
        trade["price"] = json!(price);
        trade["quantity"] = json!(quantity);
        trade
    };
    let trades = [("s1", "b1", "10.00", 50), ("s2", "b1", "10.00", 10), ("b2", "m1", "9.80", 10)];
    assert_eq!(trading["trades"], json!(trades.map(trade)));
    let rows: Vec<&Value> =
        trading["refused"].as_array().unwrap().iter().map(|it| &it["row"]).collect();
    assert_eq!(rows, [&json!(5), &json!(7)]);
    let bids = json!([{ "order": "b2", "price": "9.80", "quantity": 25 }]);
    assert_eq!(trading["book"], json!({ "bids": bids, "asks": [] }));
}

/// A quota that binds has a rent; lots, references and a price between two ticks.
#[test]
fn coupled_markets_are_cleared_in_lots_and_their_links_earn_a_rent() {
    let orders = "order,market,side,price,quantity\na,A,sell,3.00,500\nb,B,buy,20.00,500\n\
        c,C,buy,9.00,10\nd,C,sell,4.00,10\n";
    let links = std::env::temp_dir().join(format!("karvan-links-{}.csv", std::process::id()));
    fs::write(&links, "from,to,ratio,quota,levy\nA,B,4/5,100,1.005\n").unwrap();
    let line = format!("couple --orders {{file}} --links {} --lot 10", links.display());
    let it = answer(&line, orders);
    let flow = json!({ "from": "A", "to": "B", "quantity": 100, "arrives": 80,
        "rent": "11.995", "rent_total": "1199.50" });
    assert_eq!(it["flows"], json!([flow]));
    assert_eq!(it["prices"], json!({ "A": "3.00", "B": "20.00", "C": "6.50" }));
    assert_eq!(it["welfare"], "1249.50");
    // At a floor above what anybody pays there nothing is imported.
    fs::write(&links, "from,to,ratio,quota,levy,floor\nA,B,4/5,100,1.005,20.01\n").unwrap();
    let it = answer(&line, orders);
    assert_eq!((&it["flows"][0]["quantity"], &it["prices"]["B"]), (&json!(0), &json!(null)));
    let wrong = "from,to,ratio,quota,levy\nA,A,1,,\nA,B,5/4,x,-1\nA,B,,,\nA,B,,,\n";
    fs::write(&links, wrong).unwrap();
    let said = refusal(&line, &orders.replace("500", "55"));
    let places = ["line 2: quantity", "line 3: quantity"];
    assert!(places.iter().all(|it| said.contains(it)), "{said}");
    let said = refusal(&line, orders);
    let places = ["line 2: to", "line 3: ratio", "line 3: quota", "line 3: levy", "line 5: to"];
    assert!(places.iter().all(|it| said.contains(it)), "{said}");
    fs::remove_file(links).unwrap();
}

#[test]
fn mistakes_in_a_file_of_orders_are_named_all_at_once() {
    let header = "command,order,owner,side,price,quantity,type\n";
    let wrong = format!("{header}new,,A,buy,1.005,x,limit\nsell,a,A,,1,1,\nnew,b,A,up,1,1,gtc\n");
    let said = refusal("match --commands {file}", &wrong);
    let places = ["line 2: order", "line 2: price", "line 2: quantity", "line 3: command"];
    for part in places.iter().chain(&["line 4: side", "line 4: type"]) {
        assert!(said.contains(part), "{part} in {said}");
    }
    // Zero is a quantity that the book refuses, and not a mistake of the file.
    let zero = format!("{header}new,a,A,buy,1.00,0,limit\n");
    assert_eq!(answer("match --commands {file}", &zero)["refused"][0]["row"], 1);
}

#[test]
fn letters_follow_what_happened() {
    let events = "at,event,year,quantity\n\
        2021-01-01,first_year,2021,\n2022-01-01,year_starts,2022,\n2022-03-01,emissions,2021,100\n\
        2022-03-01,surrender,,200\n2022-04-01,last_year,2022,\n2022-05-01,emissions,2022,100\n\
        2022-05-02,emissions,2020,5\n2022-06-01,deadline,,\n2022-06-02,reverse_surrender,,50\n\
        2023-01-01,year_starts,2023,\n";
    let rows = answer("compliance --events {file}", events);
    let letters: Vec<&str> =
        rows.as_array().unwrap().iter().map(|it| it["status"].as_str().unwrap()).collect();
    assert_eq!(letters, ["NOT_APPLICABLE", "C", "B", "A", "C", "A", "A", "A", "A", "B"]);
    assert!(rows[6]["refused"].as_str().unwrap().contains("2020"), "{}", rows[6]);
    let said = refusal("compliance --events {file}", "at,event,year,quantity\nx,dance,,\n");
    assert!(said.contains("at is \"x\"") && said.contains("event is \"dance\""), "{said}");
}

#[test]
fn a_report_comes_to_its_streams_rounded_once() {
    let report = "stream,category,activity,activity_unit,ncv,ncv_unit,ef,ef_unit,oxidation,\
        conversion,carbon_content,biomass_percent,gas,gwp_set\n\
        coal,combustion,1000,t,25.8,GJ/t,94.6,tCO2/TJ,0.98,,,,,\n\
        wood,combustion,100,t,15.6,GJ/t,112,tCO2/TJ,,,,50,,\n\
        nitric,gas,2,t,,,,,,,,,N2O,AR4\n";
    let found = answer("emissions --report {file}", report);
    // 2,391.8664 + 87.36 + 596 = 3,075.2264; 87.36.
    assert_eq!((&found["total_t"], &found["biomass_t"]), (&json!(3075), &json!(87)));
    assert_eq!(found["streams"][0]["fossil_t"], "2391.8664");
    let said =
        refusal("emissions --report {file}", &report.replace("GJ/t,94.6", "GJ/1000Nm3,94.6"));
    assert!(said.contains("line 2: ncv_unit") && said.contains("must be GJ/t"), "{said}");
}

#[test]
fn the_quantity_rule_gives_the_published_intake() {
    let found = answer("reserve --tnac 1654909824 --year 2018", "");
    assert_eq!(found, json!({ "intake": 397_178_358, "release": 0, "invalidated": 0 }));
    let low = answer("reserve --tnac 390000000 --year 2024 --held 450000000", "");
    let expected = json!({ "intake": 0, "release": 100_000_000, "invalidated": 50_000_000 });
    assert_eq!(low, expected);
    assert!(refusal("reserve --tnac 1 --year 2020 --held 5", "").contains("--auctioned"));
}
