//! Facts in JSON, with the names of their fields.
//!
//! The journal's facts have numbers for names, and the core knows no JSON. Their debug form has
//! the names and a small, regular grammar, so it is read and written again as JSON: records become
//! objects, one-field tuples their field, `Some(x)` is x, `None` is null. Money and prices are
//! decimal strings in the market's currency, moments ISO 8601, quantities whole tonnes.

use karvan_core::quantity::{Money, Price};
use karvan_core::time::Instant;
use serde_json::{Map, Value, json};

/// A fact as JSON: its name under `fact`, its fields beside it.
pub fn json(event: &karvan_core::Event) -> Value {
    // The outer name repeats the inner one: `Surrendered(Surrendered { … })`.
    let mut value = told(event);
    if let Value::Object(fields) = &mut value {
        fields.insert("fact".to_owned(), json!(event.name()));
        if let karvan_core::Event::Proposed(it) = event
            && let Some(command) = karvan_core::Command::from_bytes(&it.0.command)
        {
            fields.insert("kind".to_owned(), json!(command.name()));
            fields.insert("command".to_owned(), self::command(&command));
        }
    }
    value
}

/// A command as JSON: its fields.
pub fn command(it: &karvan_core::Command) -> Value {
    told(it)
}

fn told(it: &impl std::fmt::Debug) -> Value {
    Reader { rest: &format!("{it:?}") }.value()
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', ',']);
    }

    fn eat(&mut self, sign: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> &'a str {
        self.skip();
        let inside = |it: char| it.is_alphanumeric() || matches!(it, '_' | '-' | '.');
        let end = self.rest.find(|it| !inside(it)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn values(&mut self, end: char) -> Vec<Value> {
        let mut all = Vec::new();
        while !self.rest.is_empty() && !self.eat(end) {
            let value = self.value();
            if self.eat(':') {
                all.push(json!([value, self.value()]));
            } else {
                all.push(value);
            }
        }
        all
    }

    fn text(&mut self) -> Value {
        let mut text = String::new();
        let mut letters = self.rest.char_indices();
        while let Some((place, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = self.rest.get(place + 1..).unwrap_or_default();
                    return json!(text);
                }
                '\\' => text.extend(escaped(&mut letters)),
                other => text.push(other),
            }
        }
        self.rest = "";
        json!(text)
    }

    fn value(&mut self) -> Value {
        if self.eat('"') {
            return self.text();
        }
        if self.eat('[') {
            let all = self.values(']');
            let byte = |it: &Value| it.as_u64().and_then(|it| u8::try_from(it).ok());
            let bytes: Option<Vec<u8>> = all.iter().map(byte).collect();
            return match bytes {
                Some(bytes) if bytes.len() == 32 => json!(hex(&bytes)),
                _ => json!(all),
            };
        }
        if self.eat('{') {
            return json!(self.values('}'));
        }
        if self.eat('(') {
            return json!(self.values(')'));
        }
        let word = self.word();
        if word.is_empty() {
            // Nothing the grammar knows: passed over, so that reading always ends.
            let mut letters = self.rest.chars();
            letters.next();
            self.rest = letters.as_str();
            return Value::Null;
        }
        if self.rest.starts_with(" {") {
            self.rest = self.rest.trim_start_matches(" {");
            let mut fields = Map::new();
            while !self.rest.is_empty() && !self.eat('}') {
                let name = self.word().to_owned();
                self.eat(':');
                fields.insert(name, self.value());
            }
            return Value::Object(fields);
        }
        if self.rest.starts_with('(') {
            self.eat('(');
            let mut all = self.values(')');
            return if all.len() == 1 { in_its_unit(word, all.swap_remove(0)) } else { json!(all) };
        }
        match word {
            "None" => Value::Null,
            "true" => json!(true),
            "false" => json!(false),
            number => match number.parse::<i64>() {
                Ok(it) => json!(it),
                Err(_) => json!(number),
            },
        }
    }
}

/// The letter that an escape of the debug form stands for.
fn escaped(letters: &mut std::str::CharIndices<'_>) -> Option<char> {
    match letters.next()?.1 {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        '0' => Some('\0'),
        'u' => {
            let digits: String =
                letters.map(|it| it.1).skip(1).take_while(|it| *it != '}').collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
        }
        other => Some(other),
    }
}

/// A field in the unit in which people read it: money and prices in the currency, moments in ISO
/// 8601; quantities stay whole tonnes.
fn in_its_unit(name: &str, value: Value) -> Value {
    match (name, value.as_i64()) {
        ("Money", Some(cents)) => json!(Money(cents).to_string()),
        ("Price", Some(cents)) => json!(Price(cents).to_string()),
        ("Instant", Some(ms)) => json!(Instant(ms).to_string()),
        _ => value,
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use karvan_core::auction::cancel_auction::CancelAuction;
    use karvan_core::compliance::{Letter, compliance_frozen::ComplianceFrozen};
    use karvan_core::id::{AccountId, AuctionId, CashAccountId, HoldId, InstallationId, PersonId};
    use karvan_core::id::{ProposalId, SeriesId};
    use karvan_core::ledger::Serials;
    use karvan_core::ledger::posting::{CashHeld, UnitsMoved};
    use karvan_core::market::pass_time::TimePassed;
    use karvan_core::proposal::propose::{Proposed, Wording};
    use karvan_core::quantity::Tonnes;
    use karvan_core::time::Year;
    use karvan_core::{Command, Event};

    #[test]
    fn facts_are_told_with_the_names_of_their_fields() {
        let moved = Event::UnitsMoved(UnitsMoved {
            series: SeriesId(1),
            from: AccountId(2),
            to: AccountId(3),
            serials: Serials { first: 10, count: Tonnes(5) },
        });
        let expected = json!({
            "fact": "UnitsMoved", "series": 1, "from": 2, "to": 3,
            "serials": { "first": 10, "count": 5 }
        });
        assert_eq!(json(&moved), expected);
        let held = Event::CashHeld(CashHeld {
            account: CashAccountId(1),
            hold: HoldId(2),
            amount: Money(-1_805),
        });
        let expected = json!({ "fact": "CashHeld", "account": 1, "hold": 2, "amount": "-18.05" });
        assert_eq!(json(&held), expected);
        let passed = Event::TimePassed(TimePassed { to: Instant(1_798_761_599_000) });
        assert_eq!(json(&passed), json!({ "fact": "TimePassed", "to": "2026-12-31T23:59:59Z" }));
        let cancel = Command::from(CancelAuction { auction: AuctionId(3) });
        let proposed = Event::Proposed(Proposed(Box::new(Wording {
            proposal: ProposalId(1),
            proposer: PersonId(2),
            command: karvan_core::state::encode(&cancel),
            command_hash: [0xab; 32],
            lapses: Instant(0),
        })));
        let expected = json!({
            "fact": "Proposed", "proposal": 1, "proposer": 2, "kind": "CancelAuction",
            "command": { "auction": 3 }, "command_hash": "ab".repeat(32),
            "lapses": "1970-01-01T00:00:00Z"
        });
        assert_eq!(json(&proposed), expected);
        let mut reader = Reader { rest: r#""a\"b\n\u{e9}\\""# };
        assert_eq!(reader.value(), json!("a\"b\n\u{e9}\\"));
        let frozen = Event::ComplianceFrozen(ComplianceFrozen {
            installation: InstallationId(4),
            year: Year(2027),
            letter: Letter::A,
            fined: Tonnes(7),
        });
        let expected = json!({
            "fact": "ComplianceFrozen", "installation": 4, "year": 2027, "letter": "A",
            "fined": 7
        });
        assert_eq!(json(&frozen), expected);
    }
}
