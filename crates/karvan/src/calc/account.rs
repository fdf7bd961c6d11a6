//! `karvan calc account`.

use super::answer;
use crate::Output;
use anyhow::{Result, anyhow};
use karvan_core::account::AccountNumber;
use serde_json::json;

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub(crate) struct Account {
    /// The number, such as UK-100-900000025-2-60.
    #[arg(group = "what")]
    number: Option<String>,
    /// A number without its check digits, such as UK-100-900000025-2: makes them.
    #[arg(long, value_name = "PREFIX", group = "what")]
    make: Option<String>,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(it: &Account) -> Result<()> {
    if let Some(prefix) = &it.make {
        let made = AccountNumber::parse_prefix(prefix.trim())
            .map_err(|wrong| anyhow!("{prefix}: {wrong}; expected is CC-TTT-NNNNNNNNN-P"))?;
        let number = made.to_string();
        let value = json!({ "valid": true, "number": number });
        return answer(it.output, &value, || format!("{number}\n"));
    }
    let number = it.number.as_deref().unwrap_or_default().trim();
    match AccountNumber::parse(number) {
        Ok(_) => {
            let value = json!({ "valid": true, "number": number });
            answer(it.output, &value, || format!("{number} is valid\n"))
        }
        Err(wrong) => {
            let why = wrong.to_string();
            let value = json!({ "valid": false, "number": number, "why": why });
            answer(it.output, &value, || format!("{number} is not valid: {why}\n"))
        }
    }
}
