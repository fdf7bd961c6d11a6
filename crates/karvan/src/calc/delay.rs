//! `karvan calc delay`.

use super::{answer, input};
use crate::Output;
use anyhow::{Result, bail};
use clap::ValueEnum;
use karvan_core::calendar::{Calendar, Day, DelayRule, Local, Trust, WorkingTime};
use serde_json::json;
use std::collections::BTreeSet;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Rule {
    /// So many hours of working time; 24 hours are one working day.
    UkHours,
    /// At noon of the next working day, or of the second one.
    EuNoon,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

#[derive(clap::Args)]
pub(crate) struct Delay {
    /// When the transfer was approved, in local time, such as 2021-06-14T15:59:59.
    #[arg(long, value_parser = local)]
    approved: Local,
    /// How many hours it waits; 24 are one working day. For the rule uk_hours.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=1_680))]
    hours: Option<u32>,
    /// The rule.
    #[arg(long, value_enum, default_value = "uk_hours")]
    rule: Rule,
    /// Whether the account that receives is trusted.
    #[arg(long, value_enum, default_value = "no")]
    trusted: YesNo,
    /// When work begins, in local time.
    #[arg(long, value_parser = minutes, default_value = "10:00")]
    open: u32,
    /// When it ends; that moment is inside.
    #[arg(long, value_parser = minutes, default_value = "16:00")]
    close: u32,
    /// Weekdays without work: mon, tue, wed, thu, fri, sat, sun.
    #[arg(long, value_delimiter = ',', value_parser = weekday, default_value = "sat,sun")]
    weekend: Vec<u8>,
    /// Days without work, such as 2021-06-15,2021-06-16.
    #[arg(long, value_delimiter = ',', value_parser = day)]
    holidays: Vec<Day>,
    #[command(flatten)]
    output: Output,
}

fn local(text: &str) -> Result<Local, String> {
    input::local(text).ok_or_else(|| "expected is a time such as 2021-06-14T15:59:59".to_owned())
}

fn day(text: &str) -> Result<Day, String> {
    input::day(text).ok_or_else(|| "expected is a day such as 2021-06-15".to_owned())
}

fn minutes(text: &str) -> Result<u32, String> {
    input::minutes(text).ok_or_else(|| "expected is a time such as 10:00".to_owned())
}

fn weekday(text: &str) -> Result<u8, String> {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let found = NAMES.iter().position(|it| *it == text.to_ascii_lowercase());
    let found = found.and_then(|it| u8::try_from(it).ok());
    found.ok_or_else(|| format!("expected is one of {}", NAMES.join(", ")))
}

pub(crate) fn run(it: &Delay) -> Result<()> {
    let trust = if it.trusted == YesNo::Yes { Trust::Trusted } else { Trust::None };
    let delay = match (it.rule, it.hours) {
        (Rule::UkHours, Some(hours)) => DelayRule::UkHours(hours * 60),
        (Rule::UkHours, None) if trust == Trust::Trusted => DelayRule::UkHours(0),
        (Rule::UkHours, None) => bail!("the rule uk_hours needs --hours, such as --hours 24"),
        (Rule::EuNoon, Some(_)) => bail!("the rule eu_noon knows no hours; leave out --hours"),
        (Rule::EuNoon, None) => DelayRule::EuNoon,
    };
    let calendar = Calendar {
        weekend: it.weekend.iter().copied().collect(),
        dated: BTreeSet::from_iter(it.holidays.iter().copied()),
        opens: it.open,
        closes: it.close,
        delay,
        ..Calendar::plain()
    };
    if !calendar.is_sound() {
        bail!("no calendar: it must open before it closes, and have a weekday of work");
    }
    let wait = WorkingTime::of(&calendar).execution(it.approved, trust);
    let (start, execution) = (wait.begun.to_string(), wait.over.to_string());
    let value = json!({ "start": start, "execution": execution });
    answer(it.output, &value, || {
        format!(
            "approved   {}  local time\nstart      {start}\nexecution  {execution}\n",
            it.approved
        )
    })
}
