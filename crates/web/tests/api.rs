//! The interface against its own document, views that are made again while they are read, and
//! clients that mean no good.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a failing test stops"
)]

#[path = "shared/document.rs"]
mod document;
#[path = "shared/market.rs"]
#[allow(dead_code, reason = "other files use the rest")]
mod market;

use axum::body::Body;
use axum::http::Request;
use document::{document, told};
use market::Portal;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A value of a schema, and one that is none.
fn examples(schema: &Value) -> (String, Option<&'static str>) {
    if let Some(first) = schema["enum"].as_array().and_then(|it| it.first()) {
        return (first.as_str().unwrap_or_default().to_owned(), None);
    }
    let kind = schema["type"].as_str().unwrap_or_default();
    match (kind, schema["format"].as_str(), schema["pattern"].as_str()) {
        ("integer", ..) => ("7".to_owned(), Some("seven")),
        (_, Some("date-time"), _) => ("2029-03-01T09:00:00Z".to_owned(), Some("soon")),
        (_, Some("date"), _) => ("2029-03-01".to_owned(), Some("2029-13-01")),
        (_, _, Some(_)) => ("12.50".to_owned(), Some("12,5o")),
        _ => ("text".to_owned(), None),
    }
}

#[test]
fn the_document_and_the_server_agree_on_every_operation() {
    let portal = Portal::rehearsed();
    let root = document(&portal);
    assert_eq!(root["openapi"], "3.1.0");
    let mut operations = 0;
    for (path, item) in root["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            assert!(operation["summary"].is_string(), "{path}");
            if path.contains("/own/") {
                // Without a key nothing is read; with one see below.
                told(&portal.get(path), &root, (path, operation));
            } else if method == "get" {
                reading(&portal, &root, (path, operation));
            } else {
                // What is not signed is not heard; what signed requests come to is in commands.rs.
                let sent = Request::post(path.as_str()).body(Body::from("{}")).unwrap();
                told(&portal.ask(sent), &root, (path, operation));
            }
        }
    }
    assert!(operations > 45, "{operations}");
}

fn reading(portal: &Portal, root: &Value, (path, operation): (&str, &Value)) {
    let address =
        path.replace("{id}", "0192f0000000700000000000000000ff").replace("{auction}", "1");
    told(&portal.get(&address), root, (path, operation));
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] != "query" {
            continue;
        }
        let (name, (good, bad)) =
            (parameter["name"].as_str().unwrap(), examples(&parameter["schema"]));
        if name != "after" {
            let answer = portal.get(&format!("{address}?{name}={good}&limit=3"));
            assert_eq!(answer.status, 200, "{path}?{name}={good}: {}", answer.text());
            told(&answer, root, (path, operation));
        }
        if let Some(bad) = bad {
            let answer = portal.get(&format!("{address}?{name}={bad}"));
            assert_eq!(answer.status, 400, "{path}?{name}={bad}");
            told(&answer, root, (path, operation));
        }
    }
    // Files take what they know and pass over the rest.
    if operation["tags"][0] != "Files" {
        let answer = portal.get(&format!("{address}?no_such_parameter=1"));
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
    }
}

#[test]
fn views_are_made_again_while_they_are_read_and_no_wrong_figure_is_shown() {
    let portal = Portal::rehearsed();
    let ask = |at: &str| -> Value { serde_json::from_slice(&portal.get(at).body).unwrap() };
    let lists = ["/api/v1/years?limit=1000", "/api/v1/compliance?limit=1000&sort=-emissions"];
    let before: Vec<Value> = lists.iter().map(|it| ask(it)).collect();
    let generation = portal.views.generation();
    portal.views.make_anew();
    let started = Instant::now();
    let mut reads = 0;
    while portal.views.generation() == generation {
        assert!(started.elapsed() < Duration::from_secs(60), "it is never made");
        for (at, before) in lists.iter().zip(&before) {
            // A parameter that changes nothing goes around what is kept.
            let now = ask(&format!("{at}&format=json&q=&x{reads}="));
            assert_eq!(now["rows"], before["rows"], "{at}");
            assert!(now["record"].as_u64() >= before["record"].as_u64());
        }
        assert_eq!(portal.get("/health/ready").status, 200);
        reads += 1;
    }
    for (at, before) in lists.iter().zip(&before) {
        assert_eq!(ask(&format!("{at}&x="))["rows"], before["rows"], "{at}: after it was made");
    }
    assert!(reads > 1, "it was read while it was made");
}

#[test]
fn a_key_that_reads_reads_its_persons_own_lists_and_nothing_else() {
    use karvan_views::lists::own;
    use karvan_web::api::keys::{self, Key, Scope};
    let portal = Portal::rehearsed();
    let root = document(&portal);
    let (person, party, mine) = {
        let state = portal.engine.follower();
        let state = state.read();
        let bids = state.auctions.iter().flat_map(|(_, it)| &it.bids);
        let party = bids.map(|it| it.bidder).next().unwrap();
        let of_party = state.auctions.iter().flat_map(|(_, it)| &it.bids);
        let mine = of_party.filter(|it| it.bidder == party).count();
        (state.parties.row(party).person, party, mine)
    };
    let token = keys::token("reader", &[5; 32]);
    let (name, public, since) = ("reader".to_owned(), keys::hashed(&token), String::new());
    keys::write(portal.folder(), &[Key { name, person, scope: Scope::Read, public, since }])
        .unwrap();
    let bearer = format!("Bearer {token}");
    let get = |at: &str| portal.get_with(at, &[("authorization", bearer.as_str())]);
    for list in own::ALL {
        let at = format!("/api/v1/{}", list.name);
        let operation = &root["paths"][&at]["get"];
        told(&get(&at), &root, (&at, operation));
        told(&get(&format!("{at}?format=csv")), &root, (&at, operation));
        told(&get(&format!("{at}?format=xlsx")), &root, (&at, operation));
        told(&get(&format!("{at}?nothing=1")), &root, (&at, operation));
        let sort = format!("{at}?sort=-{}&limit=2", list.columns[0].name);
        assert_eq!(get(&sort).status, 200);
        assert_eq!(get(&at).header("cache-control"), "no-store");
        assert_eq!(portal.get_with(&at, &[("authorization", "Bearer reader.0")]).status, 401);
    }
    let bids: Value = serde_json::from_slice(&get("/api/v1/own/bids?limit=1000").body).unwrap();
    assert_eq!(bids["rows"].as_array().unwrap().len(), mine.min(1_000), "of party {party}");
    assert_eq!(get("/api/v1/own/nothing").status, 404);
    assert_eq!(get("/api/v1/own/bids?q=1&sort=price&format=doc").status, 400);
}

#[test]
fn it_says_how_it_is_doing() {
    let portal = Portal::rehearsed();
    assert_eq!(portal.get("/health/live").text(), "ok\n");
    let ready: Value = serde_json::from_slice(&portal.get("/health/ready").body).unwrap();
    assert_eq!((&ready["ready"], &ready["durable"]), (&json!(true), &ready["shown"]));
    portal.get("/en/");
    portal.get("/api/v1/nothing");
    let text = portal.get("/metrics").text();
    let figure = |name: &str| {
        let line = text.lines().find(|it| it.starts_with(name)).unwrap_or_else(|| panic!("{name}"));
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(figure("karvan_record_durable ") > 10_000.0);
    assert_eq!(figure("karvan_requests_total{kind=\"page\",status=\"2xx\"}"), 1.0);
    assert_eq!(figure("karvan_requests_total{kind=\"list\",status=\"4xx\"}"), 1.0);
    assert_eq!(figure("karvan_request_seconds_count{kind=\"page\"}"), 1.0);
}

/// Sends bytes as they are; what comes back within some seconds.
fn raw(server: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // Whoever is turned away may be cut off while it sends.
    drop(stream.write_all(bytes));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn hostile_requests_are_bounded_and_answered_and_nothing_is_lost() {
    let portal = Portal::rehearsed();
    let server = portal.serve();
    let before = portal.engine.durable();
    let status = |answer: &str| answer.split(' ').nth(1).unwrap_or_default().to_owned();
    let close = "Host: x\r\nConnection: close\r\n\r\n";
    let ask = |line: &str| raw(&server, format!("{line} HTTP/1.1\r\n{close}").as_bytes());
    let long = "a".repeat(100_000);
    for (line, expected) in [
        ("GET /en/".to_owned(), "200"),
        ("GET /en/%00%ff%2e%2e%2f".to_owned(), "400"),
        ("GET /en/%00%2e%2e%2f".to_owned(), "404"),
        ("GET /assets/../../etc/passwd".to_owned(), "404"),
        ("DELETE /en/".to_owned(), "405"),
        ("BREW /en/".to_owned(), "405"),
        (format!("GET /en/registry/years?{}", "zz=1&".repeat(5_000)), "400"),
        ("GET /api/v1/years?after=%F0%28%8C".to_owned(), "400"),
        (format!("GET /{long}"), "414"),
    ] {
        let found = status(&ask(&line));
        let given = &line[..line.len().min(60)];
        assert!(found == expected || (expected == "414" && found == "431"), "{given}: {found}");
    }
    assert_eq!(status(&raw(&server, b"\x16\x03\x01\x00\xff nonsense\r\n\r\n")), "400");
    let heads: String = (0..5_000).map(|it| format!("X-{it}: {it}\r\n")).collect();
    let many = format!("GET /en/ HTTP/1.1\r\n{heads}{close}");
    assert!(["431", "400"].contains(&status(&raw(&server, many.as_bytes())).as_str()));
    // A body that is announced as huge is not waited for.
    let huge = "POST /api/v1/commands/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\
                Connection: close\r\n\r\n{";
    let started = Instant::now();
    let answer = raw(&server, huge.as_bytes());
    assert!(answer.is_empty() || ["413", "401", "400"].contains(&status(&answer).as_str()));
    assert!(started.elapsed() < Duration::from_secs(20));
    // Answers that nobody reads are not kept: whoever asks for more than its line holds is cut off.
    let mut deaf = TcpStream::connect(server.trim_start_matches("http://")).unwrap();
    let asked = 400;
    let one = "GET /api/v1/compliance?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n";
    deaf.write_all(one.repeat(asked).as_bytes()).unwrap();
    let began = Instant::now();
    // One that comes drop by drop is not waited for either.
    let slow = "POST /api/v1/commands/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";
    let mut stream = TcpStream::connect(server.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(slow.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(status(&answer), "408", "{answer}");
    std::thread::sleep(
        (karvan_web::serve::UNREAD + Duration::from_secs(5)).saturating_sub(began.elapsed()),
    );
    let mut told = Vec::new();
    deaf.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    drop(deaf.read_to_end(&mut told));
    let whole = portal.get("/api/v1/compliance?limit=1000").body.len() * asked;
    assert!(told.len() < whole / 2, "{} of {whole} bytes", told.len());
    // Clients that say nothing do not keep others out.
    let silent: Vec<TcpStream> = (0..300)
        .map(|_| TcpStream::connect(server.trim_start_matches("http://")).unwrap())
        .collect();
    assert_eq!(status(&ask("GET /health/live")), "200");
    drop(silent);
    assert_eq!(portal.engine.durable(), before);
    assert_eq!(portal.get("/health/ready").status, 200);
}

#[test]
fn live_figures_come_to_all_who_listen_and_end_with_the_portal() {
    let portal = Portal::rehearsed();
    let server = portal.serve();
    let connect = |tag: &str| {
        let mut stream = TcpStream::connect(server.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
            .write_all(format!("GET /live/{tag} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
            .unwrap();
        stream
    };
    let mut listeners = [connect("en"), connect("fa"), connect("en")];
    for stream in &mut listeners {
        let mut told = String::new();
        let mut bytes = [0u8; 4096];
        while !told.contains("event: rows") {
            let count = stream.read(&mut bytes).expect("figures come");
            assert!(count > 0, "the stream goes on");
            told.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        assert!(told.contains("text/event-stream"));
    }
    assert_eq!(portal.get("/live/xx").status, 404);
}
