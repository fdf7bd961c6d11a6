//! `fixing.csv`: what a unit of the quote currency costs in other currencies, day by day.

use super::input;
use super::sheet::Sheet;
use anyhow::Result;
use karvan_core::calendar::Day;
use karvan_core::mrv::Decimal;
use std::collections::BTreeMap;
use std::path::Path;

/// The fixings of a file: date,currency,rate,source.
#[derive(Default)]
pub(crate) struct Fixings(BTreeMap<(String, Day), Decimal>);

impl Fixings {
    /// Reads a file; every mistake is named at once.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let mut sheet = Sheet::read(file, &["date", "currency", "rate", "source"], &[])?;
        let mut rates = BTreeMap::new();
        for row in sheet.rows() {
            let rate = |text: &str| Decimal::parse(text).filter(|it| it.is_positive());
            let day = sheet.value((row, "date"), "a day such as 2028-03-01", input::day);
            let code = sheet.value((row, "currency"), CODE, code);
            let rate = sheet.value((row, "rate"), "a number above 0, such as 525.3", rate);
            if sheet.text(row, "source").is_empty() {
                sheet.wrong((row, "source"), "name who published the rate");
            }
            let (Some(day), Some(code), Some(rate)) = (day, code, rate) else { continue };
            if rates.insert((code, day), rate).is_some() {
                sheet.wrong((row, "date"), "the currency's fixing of this day stands before");
            }
        }
        sheet.end()?;
        Ok(Self(rates))
    }

    /// The last fixing of a currency before a day.
    pub(crate) fn before(&self, currency: &str, day: Day) -> Option<Decimal> {
        let days = (currency.to_owned(), Day(i64::MIN))..(currency.to_owned(), day);
        self.0.range(days).next_back().map(|(_, rate)| *rate)
    }
}

/// What a currency's code looks like.
pub(crate) const CODE: &str = "an ISO 4217 code such as KZT";

/// A currency's code.
pub(crate) fn code(text: &str) -> Option<String> {
    let is_code = text.len() == 3 && text.bytes().all(|it| it.is_ascii_uppercase());
    is_code.then(|| text.to_owned())
}
