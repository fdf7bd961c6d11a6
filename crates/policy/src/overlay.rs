//! Values in place of a file's: `jurisdiction.AAA.cap_mt.2030=12.5`, written as in the file.

use toml::{Table, Value};

/// The text of a policy file with some values changed or added.
pub(crate) fn with(text: &str, set: &[String]) -> Result<String, String> {
    if set.is_empty() {
        return Ok(text.to_owned());
    }
    // A file that is no TOML is told of where it is read.
    let Ok(mut table) = text.parse::<Table>() else { return Ok(text.to_owned()) };
    for it in set {
        let (path, value) = it.split_once('=').ok_or_else(|| {
            format!("\"{it}\" is no value; allowed is one such as market.last_year=2030")
        })?;
        let value = value_of(value).ok_or_else(|| {
            format!(
                "\"{it}\": {value} is no value as a policy file writes it; allowed are 12.5, true, \
                 \"a text\" or [1, 2]"
            )
        })?;
        put(&mut table, path.trim(), value).map_err(|what| format!("\"{it}\": {what}"))?;
    }
    toml::to_string(&table).map_err(|error| error.to_string())
}

fn value_of(text: &str) -> Option<Value> {
    let table = format!("it = {}", text.trim()).parse::<Table>().ok()?;
    // A word alone is a text.
    table.get("it").cloned()
}

fn put(table: &mut Table, path: &str, value: Value) -> Result<(), String> {
    let mut keys = path.split('.').peekable();
    let mut table = table;
    while let Some(key) = keys.next() {
        if key.is_empty() {
            return Err("a key of the path is empty".to_owned());
        }
        if keys.peek().is_none() {
            table.insert(key.to_owned(), value);
            return Ok(());
        }
        let below = table.entry(key).or_insert_with(|| Value::Table(Table::new()));
        let year = keys.peek().and_then(|it| it.parse::<u16>().ok());
        // One value for all years becomes a table of years, in which it holds from the first on.
        if let (Some(_), false) = (year, below.is_table()) {
            let mut years = Table::new();
            years.insert("2000".to_owned(), below.clone());
            *below = Value::Table(years);
        }
        let Value::Table(next) = below else {
            return Err(format!("{key} is a value and has nothing below it"));
        };
        table = next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_changed_added_and_split_into_years() {
        let text = "[a]\nb = 1\nc = { 2030 = 2.5 }\n";
        let set = ["a.b.2031=7", "a.c.2030=3", "d.e=\"f\""].map(str::to_owned);
        let changed: Table = with(text, &set).expect("three values").parse().expect("TOML");
        let expected = "[a]\nb = { 2000 = 1, 2031 = 7 }\nc = { 2030 = 3 }\n[d]\ne = \"f\"\n";
        assert_eq!(changed, expected.parse::<Table>().expect("TOML"));
    }

    #[test]
    fn what_is_changed_leaves_the_order_of_the_file() {
        let text = "[z]\nb = 1\n[a]\nc = 2\n";
        let changed = with(text, &["a.c=3".to_owned()]).expect("a value");
        assert!(changed.find("[z]") < changed.find("[a]"), "{changed}");
    }

    #[test]
    fn what_is_no_value_is_named() {
        for wrong in ["a.b", "a.b=", "a.b=twelve", "a.b.c=1", "a..b=1"] {
            assert!(with("[a]\nb = 1\n", &[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
