//! What a payer writes on a payment so that the statement says whose it is: a creditor reference of
//! ISO 11649, `RF`, two check digits by which slips are found (ISO 7064, MOD 97-10), and at most 21
//! letters and digits. Here these are `A` and the number of a cash account, or `P` and the number
//! of a payment. The bank writes the same reference on what it sends.

use crate::id::{CashAccountId, PaymentId};

/// The longest reference, with `RF` and the check digits.
const LENGTH_MAX: usize = 25;

/// What a reference of the market names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A cash account.
    Account(CashAccountId),
    /// A payment.
    Payment(PaymentId),
}

impl std::fmt::Display for Named {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = match self {
            Self::Account(it) => format!("A{it}"),
            Self::Payment(it) => format!("P{it}"),
        };
        let rest = remainder(&format!("{body}RF00")).unwrap_or_default();
        write!(to, "RF{:02}{body}", 98u32.saturating_sub(rest))
    }
}

/// What a text names that is a reference of the market, written in any case and with spaces
/// anywhere; none where it is another text, or mistaken.
pub fn parse(text: &str) -> Option<Named> {
    let text: String = text.split_whitespace().collect::<String>().to_ascii_uppercase();
    if !is_valid(&text) {
        return None;
    }
    let body = text.get(4..)?;
    let number = body.get(1..)?.parse().ok()?;
    let named = match body.as_bytes().first()? {
        b'A' => Named::Account(CashAccountId(number)),
        b'P' => Named::Payment(PaymentId(number)),
        _ => return None,
    };
    (named.to_string() == text).then_some(named)
}

/// What the words of a text name, where it is one thing: a word that is a reference by itself, or
/// one that is written in groups. A text that can be read in two ways names nothing.
pub fn find(text: &str) -> Option<Named> {
    let separates = |it: char| !it.is_ascii_alphanumeric();
    let words: Vec<&str> = text.split(separates).filter(|it| !it.is_empty()).collect();
    let begins = |it: &&str| it.get(..2).is_some_and(|it| it.eq_ignore_ascii_case("RF"));
    let mut found: Option<Named> = None;
    for (start, word) in words.iter().enumerate().filter(|(_, it)| begins(it)) {
        let mut read: Vec<Named> = parse(word).into_iter().collect();
        if read.is_empty() {
            let mut joined = String::new();
            for word in words.iter().skip(start).take(LENGTH_MAX) {
                joined.push_str(word);
                if joined.len() > LENGTH_MAX {
                    break;
                }
                read.extend(parse(&joined));
            }
        }
        for it in read {
            if found.is_some_and(|before| before != it) {
                return None;
            }
            found = Some(it);
        }
    }
    found
}

/// Whether a text is a creditor reference of anybody.
fn is_valid(text: &str) -> bool {
    let digits = text.get(2..4).is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()));
    let turned = text.get(..4).zip(text.get(4..)).map(|(head, body)| format!("{body}{head}"));
    (5..=LENGTH_MAX).contains(&text.len())
        && text.starts_with("RF")
        && digits
        && turned.and_then(|it| remainder(&it)) == Some(1)
}

/// Letters count from 10 (A) to 35 (Z); the number that all make together, modulo 97.
fn remainder(text: &str) -> Option<u32> {
    text.chars().try_fold(0u32, |sum, it| {
        let digit = it.to_digit(36).filter(|_| it.is_ascii())?;
        let shift = if digit < 10 { 10 } else { 100 };
        sum.checked_mul(shift)?.checked_add(digit)?.checked_rem(97)
    })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers of a test")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_standard_s_own_example_is_valid_and_names_nobody_here() {
        assert!(is_valid("RF18539007547034"));
        assert!(!is_valid("RF18539007547043"));
        assert_eq!(parse("RF18 5390 0754 7034"), None);
    }

    #[test]
    fn a_reference_is_found_among_other_words_however_it_is_grouped() {
        let it = Named::Payment(PaymentId(4_711));
        let text = it.to_string();
        let grouped = format!("{} {}", &text[..4], &text[4..]);
        for text in [
            format!("Invoice 77, {text}."),
            format!("/RFB/{text}/thank you"),
            format!("rf99 {} and more", grouped.to_lowercase()),
        ] {
            assert_eq!(find(&text), Some(it), "{text}");
        }
        assert_eq!(find("RF RF12 nothing"), None);
        // A number behind a whole reference belongs to something else, though both together were
        // valid too; in groups it could be either.
        let account = Named::Account(CashAccountId(1));
        assert_eq!(account.to_string(), "RF90A1");
        assert!(is_valid("RF90A1175"));
        assert_eq!(find("RF90A1 175"), Some(account));
        assert_eq!(find("RF90 A1 175"), None);
        assert_eq!(find(&format!("{account} {it}")), None, "two references");
    }

    proptest! {
        #[test]
        fn every_reference_reads_back_and_a_slip_of_one_digit_never_does(
            number in any::<u32>(), place in 2usize..15, by in 1u32..10,
        ) {
            for it in [Named::Account(CashAccountId(number)), Named::Payment(PaymentId(number))] {
                let text = it.to_string();
                prop_assert_eq!(parse(&text), Some(it));
                let mut wrong: Vec<char> = text.chars().collect();
                if let Some(digit) = wrong.get(place).and_then(|it| it.to_digit(10)) {
                    wrong[place] = char::from_digit((digit + by) % 10, 10).unwrap();
                    prop_assert_eq!(parse(&wrong.into_iter().collect::<String>()), None);
                }
            }
        }
    }
}
