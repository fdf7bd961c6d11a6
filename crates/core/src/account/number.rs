//! Account numbers: `CC-TTT-NNNNNNNNN-P-DD`, as registries in Europe write them (data exchange
//! standards under the Kyoto Protocol; Regulation (EU) 2019/1122, Annex III).
//!
//! The check digits make the number's digits, read as one whole number, leave 1 when divided by 97
//! (ISO/IEC 7064, MOD 97-10): no single wrong digit and no two neighbours in the wrong order pass.

use std::fmt;

/// The most digits of the number proper.
const DIGITS_MAX: usize = 15;
/// The check digits are chosen so that the whole leaves this remainder.
const REMAINDER: u128 = 1;
/// What the whole is divided by.
const MODULUS: u128 = 97;

/// An account number without its check digits, which follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountNumber {
    /// Two capital letters: an ISO 3166-1 alpha-2 code, or XE for the region.
    pub country: [u8; 2],
    /// What the account is for: 0 to 999.
    pub kind: u16,
    /// The number proper, at most fifteen digits.
    pub number: u64,
    /// The phase: 0 to 99.
    pub phase: u8,
}

/// What is wrong with an account number. The text quotes the part that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountNumberWrong {
    /// Not five parts (four without check digits) joined by hyphens.
    Parts {
        /// How many there are.
        found: usize,
        /// How many there must be.
        wanted: usize,
    },
    /// Not two capital letters.
    Country(String),
    /// Not three digits.
    Kind(String),
    /// Not one to fifteen digits.
    Number(String),
    /// Not one or two digits.
    Phase(String),
    /// The check digits are others.
    CheckDigits {
        /// What stands there.
        found: String,
        /// What must stand there.
        wanted: u8,
    },
}

impl fmt::Display for AccountNumberWrong {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parts { found, wanted } => {
                write!(to, "{found} parts are joined by hyphens; there must be {wanted}")
            }
            Self::Country(it) => write!(to, "the country \"{it}\" must be two capital letters"),
            Self::Kind(it) => write!(to, "the type \"{it}\" must be three digits"),
            Self::Number(it) => write!(to, "the number \"{it}\" must be 1 to {DIGITS_MAX} digits"),
            Self::Phase(it) => write!(to, "the phase \"{it}\" must be one or two digits"),
            Self::CheckDigits { found, wanted } => {
                write!(to, "the check digits are \"{found}\"; they must be {wanted:02}")
            }
        }
    }
}

impl AccountNumber {
    /// Reads a whole number and checks its check digits; the first part that is wrong is named.
    pub fn parse(text: &str) -> Result<Self, AccountNumberWrong> {
        let Some((prefix, check)) = text.rsplit_once('-') else {
            return Err(AccountNumberWrong::Parts { found: 1, wanted: 5 });
        };
        let it = Self::parse_prefix(prefix).map_err(|wrong| match wrong {
            AccountNumberWrong::Parts { found, wanted } => AccountNumberWrong::Parts {
                found: found.saturating_add(1),
                wanted: wanted.saturating_add(1),
            },
            other @ (AccountNumberWrong::Country(_)
            | AccountNumberWrong::Kind(_)
            | AccountNumberWrong::Number(_)
            | AccountNumberWrong::Phase(_)
            | AccountNumberWrong::CheckDigits { .. }) => other,
        })?;
        let wanted = it.check_digits();
        if check.len() == 2 && digits::<u8>(check) == Some(wanted) {
            return Ok(it);
        }
        Err(AccountNumberWrong::CheckDigits { found: check.to_owned(), wanted })
    }

    /// Reads a number that has no check digits yet.
    pub fn parse_prefix(text: &str) -> Result<Self, AccountNumberWrong> {
        use AccountNumberWrong as No;
        let parts: Vec<&str> = text.split('-').collect();
        let [country, kind, number, phase] = parts.as_slice() else {
            return Err(No::Parts { found: parts.len(), wanted: 4 });
        };
        let letters = <[u8; 2]>::try_from(country.as_bytes()).ok();
        let letters = letters.filter(|it| it.iter().all(u8::is_ascii_uppercase));
        let in_bounds = |text: &str, most: usize| (1..=most).contains(&text.len());
        Ok(Self {
            country: letters.ok_or_else(|| No::Country((*country).to_owned()))?,
            kind: digits(kind)
                .filter(|_| kind.len() == 3)
                .ok_or_else(|| No::Kind((*kind).to_owned()))?,
            number: digits(number)
                .filter(|_| in_bounds(number, DIGITS_MAX))
                .ok_or_else(|| No::Number((*number).to_owned()))?,
            phase: digits(phase)
                .filter(|_| in_bounds(phase, 2))
                .ok_or_else(|| No::Phase((*phase).to_owned()))?,
        })
    }

    /// The two check digits: 02 to 98.
    pub fn check_digits(&self) -> u8 {
        // A letter counts from 10 (A) to 35 (Z), as in ISO/IEC 7064.
        let letter = |it: u8| u128::from(it).saturating_sub(u128::from(b'A')).saturating_add(10);
        let [first, second] = self.country.map(letter);
        let parts = [
            (first, 100),
            (second, 100),
            (u128::from(self.kind), 1_000),
            (u128::from(self.phase), 100),
            (0, 100),
        ];
        let whole = parts.iter().fold(u128::from(self.number), |sum, (part, shift)| {
            sum.saturating_mul(*shift).saturating_add(*part)
        });
        let left = MODULUS.saturating_add(REMAINDER).saturating_sub(whole.rem_euclid(MODULUS));
        u8::try_from(left).unwrap_or_default()
    }
}

/// A number from digits alone: no sign, no blank.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|it| it.is_ascii_digit()).then(|| text.parse().ok())?
}

impl fmt::Display for AccountNumber {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.country.map(char::from);
        let check = self.check_digits();
        let Self { country: _, kind, number, phase } = self;
        write!(to, "{first}{second}-{kind:03}-{number}-{phase}-{check:02}")
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers of a test")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_of_the_uk_registry_is_valid_and_others_say_what_is_wrong() {
        let it = AccountNumber::parse("UK-100-900000025-2-60").expect("a published number");
        assert_eq!(it.to_string(), "UK-100-900000025-2-60");
        let wrong = |text: &str| AccountNumber::parse(text).expect_err("wrong").to_string();
        assert!(wrong("UK-100-900000025-2-61").contains("must be 60"));
        assert!(wrong("UK-100-900000052-2-60").contains("check digits"));
        assert!(wrong("UK-100-900000025-2").contains("4 parts"));
        assert!(wrong("UK").contains("1 parts"));
        assert!(wrong("uk-100-900000025-2-60").contains("capital letters"));
        assert!(wrong("UK-1-900000025-2-60").contains("three digits"));
        assert!(wrong("UK-100-+9-2-60").contains("1 to 15 digits"));
        assert!(wrong("UK-100-900000025-222-60").contains("phase"));
        assert!(wrong("UK-100-900000025-2-6").contains("check digits"));
    }

    proptest! {
        #[test]
        fn every_number_reads_back_and_no_wrong_digit_passes(
            number in 1u64..1_000_000_000,
            kind in 0u16..1_000,
            phase in 0u8..10,
            place in 0usize..9,
        ) {
            let it = AccountNumber { country: *b"KZ", kind, number, phase };
            let text = it.to_string();
            prop_assert_eq!(AccountNumber::parse(&text), Ok(it));
            let digits = number.to_string();
            let place = place % digits.len();
            for digit in b'0'..=b'9' {
                let mut other = digits.clone().into_bytes();
                if other[place] == digit {
                    continue;
                }
                other[place] = digit;
                let other = String::from_utf8(other).unwrap();
                let other = text.replacen(&format!("-{digits}-"), &format!("-{other}-"), 1);
                prop_assert!(AccountNumber::parse(&other).is_err(), "{} passes", other);
            }
        }
    }
}
