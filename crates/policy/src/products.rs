//! What a chapter draws from the evidence of its sites, under `[jurisdiction.CODE.evidence]`, and
//! what is traded of that beside allowances, under `[jurisdiction.CODE.product.NAME]`.

use crate::chapter;
use crate::reader::Section;
use crate::schema::{Policy, basis, label, small};
use crate::trading;
use karvan_core::id::{Label, PRODUCTS_MAX};
use karvan_core::ledger::UnitClass;
use karvan_core::quantity::WattHours;
use karvan_core::rules::{EvidenceRules, ProductRules};
use std::collections::{BTreeMap, BTreeSet};

const CLASSES: [(&str, UnitClass); 2] =
    [("certificate", UnitClass::Certificate), ("credit", UnitClass::Credit)];
const WH_A_KWH: u64 = 1_000;

/// On what each key rests, by its section and key.
pub(crate) type Bases = BTreeMap<String, String>;

fn bases(s: &Section<'_>, section: &str, all: &mut Bases) {
    all.extend(basis(s).into_iter().map(|(key, it)| (format!("{section}.{key}"), it)));
}

/// What is drawn from evidence; nothing without the section.
pub(crate) fn evidence(chapter: &Section<'_>, all: &mut Bases) -> Option<EvidenceRules> {
    let s = chapter.section("evidence")?;
    bases(&s, "evidence", all);
    let number = |key: &str, default, most: u32| s.whole(key, default, 0..=u64::from(most));
    let months = "certificates_expire_months";
    let grams = "grid_factor_g_per_kwh";
    let kwh = s.whole("certificate_kwh", 1_000, 1..=1_000_000);
    let it = EvidenceRules {
        quantum: WattHours(kwh.saturating_mul(WH_A_KWH)),
        expires_months: s
            .value(months)
            .map(|_| small(s.whole(months, 12, 1..=u64::from(EvidenceRules::EXPIRES_MONTHS_MAX)))),
        margin_percent: small(number(
            "plausibility_margin_percent",
            5,
            EvidenceRules::MARGIN_PERCENT_MAX,
        )),
        grid_grams_per_kwh: s
            .value(grams)
            .map(|_| small(s.whole(grams, 1, 1..=u64::from(EvidenceRules::GRID_GRAMS_MAX)))),
    };
    s.end();
    Some(it)
}

/// The products of a chapter in the order of the file.
pub(crate) fn products(
    chapter: &Section<'_>,
    policy: &Policy,
    bases_of: &mut Bases,
) -> Vec<ProductRules> {
    let Some(all) = chapter.section("product") else { return Vec::new() };
    let mut products = Vec::new();
    for (code, s) in all.sections() {
        if Label::new(&code).is_none() {
            all.mistake(&code, "allowed is a code of 1 to 24 letters, digits and signs");
        }
        bases(&s, &format!("product.{code}"), bases_of);
        products.push(product(&code, &s, policy));
        s.end();
    }
    if !products.is_empty() && chapter.value("evidence").is_none() {
        let what = "is traded and nothing is drawn for it; add [jurisdiction.CODE.evidence]";
        chapter.mistake("product", what);
    }
    if products.len() > usize::from(PRODUCTS_MAX) {
        chapter.mistake("product", format!("has more than {PRODUCTS_MAX} products"));
    }
    products
}

fn product(code: &str, s: &Section<'_>, policy: &Policy) -> ProductRules {
    if s.value("class").is_none() {
        s.mistake("class", "is missing: a product is of the class certificate or credit");
    }
    let mut technologies = BTreeSet::new();
    for (_, text) in s.texts("technologies").unwrap_or_default() {
        match Label::new(&text) {
            Some(it) => {
                technologies.insert(it);
            }
            None => {
                let what = format!("\"{text}\" is no technology; allowed is one such as \"wind\"");
                s.mistake("technologies", what);
            }
        }
    }
    ProductRules {
        code: label(code),
        class: s.choice("class", &CLASSES, UnitClass::Certificate),
        technologies,
        trading: trading::read(s, trading::OF_UNITS),
        quote: chapter::quote(s, policy).as_deref().map(label),
    }
}
