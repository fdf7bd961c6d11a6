//! Commands by machine: signed, once only, refused with numbers, and never half.
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
use ed25519_dalek::{Signer, SigningKey};
use karvan_core::id::PersonId;
use karvan_core::party::Role;
use karvan_web::api::forms::{self, Field, Kind, Need};
use karvan_web::api::keys::{self, Key, Scope};
use karvan_web::api::signed;
use market::{Answer, Portal};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const ORDERS: &str = "/api/v1/commands/orders";

/// A machine with a key.
struct Machine<'a> {
    portal: &'a Portal,
    key: SigningKey,
}

/// What is sent, so that a test can spoil a part of it.
#[derive(Clone)]
struct Sent {
    path: &'static str,
    host: String,
    body: String,
    id: String,
    digest: String,
    input: String,
    signature: String,
}

/// The name under which the market is reached.
const HOST: &str = "market.example";

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl<'a> Machine<'a> {
    /// A machine that speaks for a person.
    fn of(portal: &'a Portal, person: PersonId) -> Self {
        let key = SigningKey::from_bytes(&[7; 32]);
        let row = Key {
            name: "desk".to_owned(),
            person,
            scope: Scope::Write,
            public: key.verifying_key().to_bytes(),
            since: "2031-11-01T00:00:00Z".to_owned(),
        };
        keys::write(portal.folder(), &[row]).unwrap();
        Self { portal, key }
    }

    /// An id by the market's clock.
    fn id(&self, number: u64) -> String {
        let now = self.portal.engine.follower().read().now.0;
        format!("{now:012x}7000{number:016x}")
    }

    fn signed(&self, path: &'static str, (id, body): (&str, &Value)) -> Sent {
        self.signed_with(path, (id, &body.to_string()), signed::input(seconds(), "desk"))
    }

    fn signed_with(&self, path: &'static str, (id, body): (&str, &str), input: String) -> Sent {
        let digest = signed::digest(body.as_bytes());
        let base = signed::base(("POST", HOST, path), (&digest, id, &input));
        let bytes = self.key.sign(base.as_bytes()).to_bytes();
        let signature = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        let (host, body, id) = (HOST.to_owned(), body.to_owned(), id.to_owned());
        Sent { path, host, body, id, digest, input, signature }
    }

    fn send(&self, it: &Sent) -> Answer {
        let request = Request::post(it.path)
            .header("host", &it.host)
            .header("content-type", "application/json")
            .header("idempotency-key", &it.id)
            .header("content-digest", &it.digest)
            .header("signature-input", format!("sig={}", it.input))
            .header("signature", format!("sig=:{}:", it.signature))
            .body(Body::from(it.body.clone()))
            .unwrap();
        self.portal.ask(request)
    }

    fn ask(&self, path: &'static str, number: u64, body: &Value) -> Answer {
        self.send(&self.signed(path, (&self.id(number), body)))
    }
}

fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", answer.text()))
}

/// An operator with an installation, its account and a person that acts for it.
fn operator(portal: &Portal) -> (PersonId, String, String) {
    let state = portal.engine.follower();
    let state = state.read();
    let (_, plant) = state
        .installations
        .iter()
        .find(|(_, it)| it.obliged_from.is_some() && it.merged.is_none())
        .unwrap();
    let party = state.parties.row(plant.operator);
    assert_eq!(party.role, Role::Operator);
    let account = karvan_core::account::number_of(&state, plant.account).unwrap().to_string();
    (party.person, plant.label.to_string(), account)
}

/// A transfer of one unit that somebody holds, which takes a second person.
fn transfer(portal: &Portal) -> (PersonId, Value) {
    use karvan_core::account::{AccountKind, number_of};
    let state = portal.engine.follower();
    let state = state.read();
    let year = u16::try_from(state.now.date().0).unwrap();
    let operators = || state.accounts.iter().filter(|(_, it)| it.kind == AccountKind::Operator);
    for (from, account) in operators() {
        let shelf = state.ledger.shelves.row(from);
        for (series, row) in state.ledger.series.iter() {
            let counts = row.valid_to.0 >= year && row.link.is_none();
            if !counts || shelf.free(|it| it == series).0 == 0 {
                continue;
            }
            let other =
                operators().find(|(id, it)| *id != from && it.jurisdiction == account.jurisdiction);
            let number = |id| number_of(&state, id).unwrap().to_string();
            let code = state.rules.as_ref().unwrap().jurisdiction(row.jurisdiction).unwrap().code;
            let asked = json!({
                "from": number(from), "to": number(other.unwrap().0),
                "jurisdiction": code.to_string(), "vintage": row.valid_from.0, "quantity": 1
            });
            return (state.parties.row(account.holder).person, asked);
        }
    }
    panic!("nobody holds units that count");
}

#[test]
fn a_surrender_is_refused_with_its_number_and_nothing_is_written() {
    let portal = Portal::rehearsed();
    let (person, plant, _) = operator(&portal);
    let machine = Machine::of(&portal, person);
    let before = portal.engine.durable();
    let asked = json!({ "installation": plant, "year": 2028, "quantity": 999_999_999_999_u64 });
    let answer = machine.ask("/api/v1/commands/surrenders", 1, &asked);
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let refusals = body(&answer)["refusals"].as_array().unwrap().clone();
    assert!(!refusals.is_empty());
    assert!(refusals.iter().all(|it| it["number"].as_u64() > Some(0) && it["text"].is_string()));
    assert_eq!(portal.engine.durable(), before, "a refusal is no record");
}

#[test]
fn a_command_is_executed_once_whatever_is_sent_again() {
    let portal = Portal::rehearsed();
    let (person, asked) = transfer(&portal);
    let machine = Machine::of(&portal, person);
    let path = "/api/v1/commands/transfers";
    let sent = machine.signed(path, (&machine.id(5), &asked));
    let first = machine.send(&sent);
    assert_eq!(first.status, 201, "{}", first.text());
    let record = body(&first)["record"].as_u64().unwrap();
    assert_eq!(first.header("karvan-record"), record.to_string());
    let again = machine.send(&sent);
    assert_eq!((again.status, body(&again)["record"].as_u64()), (201, Some(record)));
    // The same key for something else is a conflict, and says which record it became.
    let mut other = asked;
    other["quantity"] = json!(2);
    let spoilt = machine.signed(path, (&sent.id, &other));
    let conflict = machine.send(&spoilt);
    assert_eq!((conflict.status, body(&conflict)["record"].as_u64()), (409, Some(record)));
    let became = portal.get(&format!("/api/v1/commands/{}", sent.id));
    assert_eq!((became.status, body(&became)["record"].as_u64()), (200, Some(record)));
    assert_eq!(portal.get(&format!("/api/v1/commands/{}", machine.id(6))).status, 404);
    assert_eq!(portal.get("/api/v1/commands/soon").status, 400);
}

#[test]
fn whoever_did_not_sign_is_not_heard() {
    let portal = Portal::rehearsed();
    let (person, plant, _) = operator(&portal);
    let machine = Machine::of(&portal, person);
    let asked = json!({ "installation": plant, "year": 2028, "quantity": 1 });
    let good = machine.signed("/api/v1/commands/surrenders", (&machine.id(9), &asked));
    let before = portal.engine.durable();
    let spoil = |change: &dyn Fn(&mut Sent)| {
        let mut it = good.clone();
        change(&mut it);
        let answer = machine.send(&it);
        assert_eq!(answer.status, 401, "{}", answer.text());
    };
    spoil(&|it| it.body = it.body.replace('1', "2"));
    spoil(&|it| it.id = machine.id(10));
    spoil(&|it| it.path = "/api/v1/commands/rejections");
    spoil(&|it| it.signature = it.signature.replace(['A', 'B', 'C'], "D"));
    spoil(&|it| it.signature = "none".to_owned());
    spoil(&|it| it.input = it.input.replace("desk", "other"));
    spoil(&|it| it.input = "(\"@method\")".to_owned());
    spoil(&|it| it.host = "training.example".to_owned());
    // What was signed too long ago, or until a moment that is over, is rightly signed.
    let old = signed::input(seconds() - signed::AGE_MAX - 5, "desk");
    let over = format!("{};expires={}", signed::input(seconds(), "desk"), seconds() - 5);
    for (input, why) in [(old, "created more than"), (over, "expired")] {
        let answer = machine.send(&machine.signed_with(good.path, (&good.id, &good.body), input));
        assert_eq!(answer.status, 401);
        assert!(answer.text().contains(why), "{}", answer.text());
    }
    let plain = Request::post("/api/v1/commands/surrenders").body(Body::from("{}")).unwrap();
    assert_eq!(portal.ask(plain).status, 401);
    // A key that only reads signs nothing, and one that is ended neither.
    let mut row = keys::read(portal.folder()).unwrap().remove(0);
    row.scope = Scope::Read;
    keys::write(portal.folder(), &[row]).unwrap();
    spoil(&|_| {});
    assert_eq!(portal.engine.durable(), before);
}

/// The fields that must be told: of those that say the same the first.
fn told(fields: &'static [Field]) -> impl Iterator<Item = &'static Field> {
    let first = fields.iter().find(|it| it.required == Need::Either).map(|it| it.name);
    fields.iter().filter(move |it| it.required == Need::Required || Some(it.name) == first)
}

#[test]
fn every_command_names_all_that_is_wrong_with_it() {
    let portal = Portal::rehearsed();
    let (person, ..) = operator(&portal);
    let machine = Machine::of(&portal, person);
    for (form, number) in forms::all().zip(20u64..) {
        let path: &'static str = format!("/api/v1/commands/{}", form.path).leak();
        let empty = machine.ask(path, number, &json!({}));
        assert_eq!(empty.status, 400, "{path}");
        let missing: Vec<String> = body(&empty)["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["parameter"].as_str().unwrap().to_owned())
            .collect();
        let needed: Vec<&str> = told(form.fields).map(|it| it.name).collect();
        assert_eq!(missing, needed, "{path}: in the order of its fields");
        let mut nonsense = serde_json::Map::new();
        for field in form.fields {
            nonsense.insert(field.name.to_owned(), json!([1, 2]));
        }
        nonsense.insert("more".to_owned(), json!(1));
        let answer = machine.ask(path, number + 100, &Value::Object(nonsense));
        assert_eq!(answer.status, 400, "{path}");
        let count = body(&answer)["errors"].as_array().unwrap().len();
        assert_eq!(count, form.fields.len() + 1, "{path}: {}", answer.text());
        let text = machine.ask(path, number + 200, &json!("text"));
        assert_eq!(text.status, 400, "{path}");
    }
}

#[test]
fn the_document_knows_every_answer_to_what_fits_and_to_what_does_not() {
    let portal = Portal::rehearsed();
    let root = document::document(&portal);
    let (person, installation, account) = operator(&portal);
    let machine = Machine::of(&portal, person);
    let follower = portal.engine.follower();
    let site = follower.read().sites.iter().next().map(|(_, it)| it.label.to_string());
    drop(follower);
    let (mut taken, mut refused) = (0, 0);
    for (form, number) in forms::all().zip(600u64..) {
        // A value of each kind that there is in this market; what it comes to is the market's.
        let value = |it: &Field| match it.kind {
            Kind::Jurisdiction => json!("KAZ"),
            Kind::Year => json!(2030),
            Kind::Account => json!(account),
            Kind::Installation => json!(installation),
            Kind::Tonnes | Kind::Number => json!(1),
            Kind::Price => json!("4.00"),
            Kind::Choice([]) => json!("KZT"),
            Kind::Choice(all) => json!(all[0]),
            Kind::Hash => json!("0".repeat(64)),
            Kind::Text => json!("a text"),
            Kind::Label => json!("a-label"),
            Kind::Product => json!("RENEWABLE"),
            Kind::Site => json!(site),
            Kind::Decimal => json!("1.5"),
            Kind::Day => json!("2030-02-28"),
        };
        let optional = form.fields.iter().filter(|it| it.required == Need::Optional);
        let fields = told(form.fields).chain(optional);
        let fields = fields.map(|it| (it.name.to_owned(), value(it)));
        let good = Value::Object(fields.collect());
        for (below, body) in [
            ("commands", good.clone()),
            ("commands", json!({})),
            ("batch", json!([good])),
            ("batch", json!([{}])),
            ("batch", json!({})),
        ] {
            let path: &'static str = format!("/api/v1/{below}/{}", form.path).leak();
            let answer = machine.ask(path, number * 16 + taken + refused, &body);
            let operation = &root["paths"][path]["post"];
            document::told(&answer, &root, (path, operation));
            match answer.status {
                200 | 201 => taken += 1,
                422 => refused += 1,
                400 => {}
                other => panic!("{path}: {other}: {}", answer.text()),
            }
        }
    }
    // Each form is heard by the market, by itself and in a batch.
    assert_eq!(taken + refused, 2 * forms::all().count() as u64);
}

#[test]
fn rows_of_a_batch_are_commands_by_themselves_and_one_that_does_not_fit_turns_all_away() {
    let portal = Portal::rehearsed();
    let (person, installation, _) = operator(&portal);
    let machine = Machine::of(&portal, person);
    let before = portal.engine.durable();
    let row = |it: Value| json!({ "installation": installation, "year": 2029, "quantity": it });
    let ask = |number: u64, rows: &Value| machine.ask("/api/v1/batch/surrenders", number, rows);
    let answer = ask(500, &json!([row(json!(1)), row(json!("many"))]));
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(body(&answer)["errors"][0]["parameter"], "1.quantity");
    for wrong in [json!([]), json!({}), json!("text")] {
        assert_eq!(ask(501, &wrong).status, 400, "{wrong}");
    }
    // More than anybody has: each row is refused by itself, with the market's number.
    let answer = ask(502, &json!([row(json!(900_000_000)), row(json!(900_000_001))]));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let rows = body(&answer)["rows"].clone();
    for row in rows.as_array().unwrap() {
        assert_eq!(row["status"], 422);
        assert!(row["refusals"][0]["number"].as_u64().is_some());
    }
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(portal.engine.durable(), before);
}

#[test]
fn what_was_signed_for_another_market_is_not_taken() {
    let portal = Portal::rehearsed_as(Some("prod.example"));
    let (person, ..) = operator(&portal);
    let machine = Machine::of(&portal, person);
    let answer = machine.ask("/api/v1/commands/rejections", 510, &json!({ "proposal": 1 }));
    assert_eq!(answer.status, 421, "{}", answer.text());
    assert!(body(&answer)["title"].as_str().unwrap().contains(HOST));
}

#[test]
fn an_order_waits_only_where_the_market_takes_it() {
    let portal = Portal::rehearsed();
    let (person, _, account) = operator(&portal);
    let machine = Machine::of(&portal, person);
    let asked = json!({
        "jurisdiction": "KAZ", "year": 2030, "account": account, "side": "sell",
        "price": "4.10", "quantity": 5, "client": 1
    });
    let answer = machine.ask(ORDERS, 40, &asked);
    // No call is open when the rehearsal is over: the market says so, with a number.
    assert_eq!(answer.status, 422, "{}", answer.text());
    let mut wrong = asked.clone();
    wrong["price"] = json!("4.105");
    wrong["side"] = json!("hold");
    let answer = machine.ask(ORDERS, 41, &wrong);
    assert_eq!(answer.status, 400);
    let errors = body(&answer)["errors"].clone();
    assert_eq!(
        (errors[0]["parameter"].as_str(), errors[1]["parameter"].as_str()),
        (Some("side"), Some("price"))
    );
}

#[test]
fn what_is_too_large_or_no_json_is_turned_away() {
    let portal = Portal::rehearsed();
    let (person, ..) = operator(&portal);
    let machine = Machine::of(&portal, person);
    let mut sent = machine.signed(ORDERS, (&machine.id(60), &json!({})));
    sent.body = "x".repeat(karvan_web::app::BODY_MAX + 1);
    assert_eq!(machine.send(&sent).status, 413);
    let broken = machine.signed_with(ORDERS, (&sent.id, "{"), signed::input(seconds(), "desk"));
    let answer = machine.send(&broken);
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(body(&answer)["title"].as_str().unwrap().contains("no JSON"));
}
