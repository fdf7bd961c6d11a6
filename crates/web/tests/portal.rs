//! The portal over a rehearsed market, asked without a socket: every page that a reader can come
//! to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a failing test stops"
)]

#[path = "shared/market.rs"]
#[allow(dead_code, reason = "other files use the rest")]
mod market;

use karvan_web::texts::{LANGUAGES, MISSING};
use market::Portal;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::Ordering;

/// Addresses in a page that lead to pages.
fn leads(page: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for part in page.split("href=\"").skip(1) {
        let to = part.split('"').next().unwrap_or_default().replace("&amp;", "&");
        if to.starts_with('/') && !to.starts_with("/assets/") && !to.starts_with("/theme/") {
            all.insert(to.split('#').next().unwrap_or_default().to_owned());
        }
    }
    all
}

/// The shape of an address: two of each are enough.
fn shape(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let parts: Vec<&str> = path.split('/').collect();
    let each = matches!(parts.get(2).copied(), Some("jurisdictions" | "registry" | "v1"));
    let path: Vec<&str> = parts
        .iter()
        .enumerate()
        .map(|(place, it)| if place >= 3 && !each { "…" } else { *it })
        .collect();
    let names: BTreeSet<&str> = query.split('&').filter_map(|it| it.split('=').next()).collect();
    format!("{} {names:?}", path.join("/"))
}

#[test]
fn every_page_that_a_reader_comes_to_is_there_in_every_language() {
    let portal = Portal::rehearsed();
    let mut waiting: VecDeque<String> =
        LANGUAGES.iter().map(|it| format!("/{}/", it.tag)).collect();
    let (mut seen, mut shapes) = (BTreeSet::new(), BTreeMap::new());
    while let Some(address) = waiting.pop_front() {
        let count: &mut u32 = shapes.entry(shape(&address)).or_default();
        *count += 1;
        if *count > 2 || !seen.insert(address.clone()) {
            continue;
        }
        let answer = portal.get(&address);
        assert_eq!(answer.status, 200, "{address}: {}", answer.text());
        if address.starts_with("/api") {
            continue;
        }
        let page = answer.text();
        well_made(&address, &page);
        waiting.extend(leads(&page));
    }
    assert!(seen.len() > 60 * LANGUAGES.len(), "{} pages: {seen:#?}", seen.len());
    let missing = MISSING.load(Ordering::Relaxed);
    assert_eq!(missing, 0, "{missing} texts are missing");
}

/// What every page owes its readers.
fn well_made(address: &str, page: &str) {
    let count = |what: &str| page.matches(what).count();
    assert_eq!(count("<h1"), 1, "{address}: headings");
    assert_eq!(count("<main"), 1, "{address}");
    // Shapes of the map have titles too.
    let head = page.split("</head>").next().unwrap_or_default();
    assert_eq!(head.matches("<title>").count(), 1, "{address}");
    assert_eq!(count(" style="), 0, "{address}: the content policy allows no style in place");
    assert_eq!(count("<script"), count("<script src=\"/assets/"), "{address}: nothing inline");
    for id in page.split(" id=\"").skip(1).filter_map(|it| it.split('"').next()) {
        assert_eq!(count(&format!(" id=\"{id}\"")), 1, "{address}: #{id}");
    }
}

#[test]
fn what_is_not_there_and_what_does_not_fit_is_said_in_the_readers_language() {
    let portal = Portal::rehearsed();
    for language in &LANGUAGES {
        let tag = language.tag;
        let nowhere = [
            "nowhere",
            "jurisdictions/XXX",
            "auctions/999999",
            "auctions/one",
            "coupled/99",
            "markets/KAZ/1999",
            "markets/KAZ/x",
            "markets/KAZ/2029/SILVER",
            "registry/nothing",
            "installations/none",
            "policy/00",
            "records/0",
            "records/99999999",
            "records/x",
            "a/b/c/d/e",
        ];
        for path in nowhere {
            let answer = portal.get(&format!("/{tag}/{path}"));
            assert_eq!(answer.status, 404, "{path}");
            assert!(answer.text().contains(&format!("lang=\"{tag}\"")), "{path}");
        }
        let answer = portal.get(&format!("/{tag}/registry/years?cap=much&sort=nothing"));
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("<code>sort</code>"), "{}", answer.text());
    }
    assert_eq!(portal.get("/xx/").status, 404);
    assert_eq!(portal.get("/assets/none.css").status, 404);
}

#[test]
fn text_of_others_never_becomes_markup() {
    let portal = Portal::rehearsed();
    let page = portal.get("/en/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22onload=").text();
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("&lt;script&gt;"));
    let page = portal.get("/en/registry/installations?q=%22%3E%3Cimg%20src=x%3E").text();
    assert!(!page.contains("<img"));
}

#[test]
fn the_first_page_is_light_and_kept() {
    let portal = Portal::rehearsed();
    let first = portal.get_with("/en/", &[("accept-encoding", "gzip, br")]);
    assert_eq!(first.header("content-encoding"), "gzip");
    let mut bytes = first.body.len();
    let page = portal.get("/en/").text();
    for part in page.split("\"/assets/").skip(1) {
        let name = part.split('"').next().unwrap();
        if !name.ends_with(".woff2") {
            let asset = portal.get_with(&format!("/assets/{name}"), &[("accept-encoding", "gzip")]);
            assert_eq!(asset.status, 200, "{name}");
            assert!(asset.header("cache-control").contains("immutable"));
            bytes += asset.body.len();
        }
    }
    assert!(bytes < 100_000, "{bytes} bytes over the wire, fonts aside");
    let tag = first.header("etag").to_owned();
    let known = [("accept-encoding", "gzip"), ("if-none-match", tag.as_str())];
    let again = portal.get_with("/en/", &known);
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert!(again.header("vary").contains("Accept-Encoding"));
    // The same page as it is, and a page that is not there, are other answers.
    assert_eq!(portal.get_with("/en/", &[("if-none-match", &tag)]).status, 200);
    let nothing = portal.get("/en/nothing").header("etag").to_owned();
    assert_eq!(portal.get_with("/en/nothing", &[("if-none-match", &nothing)]).status, 404);
    for name in ["content-security-policy", "x-content-type-options", "referrer-policy"] {
        assert!(!first.header(name).is_empty(), "{name}");
    }
    assert!(!first.header("content-security-policy").contains("unsafe"));
}

#[test]
fn lists_come_as_json_csv_and_spreadsheet_and_agree() {
    let portal = Portal::rehearsed();
    for list in karvan_views::lists::ALL {
        let address = format!("/api/v1/{}?limit=1000", list.name);
        let (mut rows, mut next) = (0, Some(address.clone()));
        while let Some(at) = next {
            let page: serde_json::Value = serde_json::from_slice(&portal.get(&at).body).unwrap();
            let some = page["rows"].as_array().unwrap();
            rows += some.len();
            for row in some {
                assert_eq!(row.as_object().unwrap().len(), list.columns.len(), "{}", list.name);
            }
            next = page["next"].as_str().map(str::to_owned);
        }
        let csv = portal.get(&format!("{address}&format=csv"));
        assert!(csv.header("content-disposition").contains(list.name));
        let mut reader = csv::Reader::from_reader(csv.body.as_slice());
        let heads = reader.headers().unwrap().len();
        assert_eq!((reader.records().count(), heads), (rows, list.columns.len()), "{}", list.name);
        let sheet = portal.get(&format!("{address}&format=xlsx"));
        assert!(sheet.body.starts_with(b"PK"), "{}: a spreadsheet is a zip file", list.name);
    }
    let problem = portal.get("/api/v1/years?year=soon&format=csv");
    assert_eq!((problem.status, problem.header("content-type")), (400, "application/problem+json"));
    let body: serde_json::Value = serde_json::from_slice(&problem.body).unwrap();
    assert_eq!(body["errors"][0]["parameter"], "year");
    assert_eq!(portal.get("/api/v1/nothing").status, 404);
}
