//! What a rehearsal tells of certificates and credits.

use super::mt;
use crate::table::Table;
use karvan_rehearsal::{Outcome, ProductYear};
use serde_json::{Value, json};

/// A table of products, year by year; nothing where no policy lists any.
pub(super) fn as_text(it: &Outcome, currency: &str) -> String {
    if it.products.is_empty() {
        return String::new();
    }
    let price = format!("price|{currency}");
    let columns = [
        "product",
        "year",
        "sites",
        "energy|GWh",
        "issued|M",
        "sold|M",
        &price,
        "retired|M",
        "expired|M",
    ];
    let mut table = Table::new(&columns);
    for row in &it.products {
        table.add(vec![
            format!("{} {}", row.jurisdiction, row.product),
            row.year.to_string(),
            row.sites.to_string(),
            format!("{:.1}", row.energy.0 as f64 / 1e9),
            mt(row.issued),
            mt(row.sold),
            row.price.map_or("-".to_owned(), |it| it.to_string()),
            mt(row.retired),
            mt(row.expired),
        ]);
    }
    format!(
        "Certificates and credits, by the year of generation\n{table}\n\
         M = million units: a certificate is 1 MWh, a credit 1 t that the energy avoids by the\n\
         grid's combined margin. Sites are real plants of open data; what is asked and bid is an\n\
         assumption.\n\n"
    )
}

/// The same as JSON.
pub(super) fn as_json(it: &Outcome) -> Value {
    let row = |row: &ProductYear| {
        json!({
            "jurisdiction": row.jurisdiction,
            "product": row.product,
            "class": row.class,
            "year": row.year,
            "sites": row.sites,
            "energy_wh": row.energy.0,
            "issued": row.issued.0,
            "sold": row.sold.0,
            "price": row.price.map(|it| it.to_string()),
            "retired": row.retired.0,
            "expired": row.expired.0,
        })
    };
    it.products.iter().map(row).collect()
}
