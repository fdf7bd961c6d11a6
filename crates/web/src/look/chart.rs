//! Charts as SVG, drawn by the server: each twice, wide and narrow, so that letters keep their
//! size. Floats here are places on the screen; figures beside them are written from whole numbers.

use crate::figures::Figures;
use crate::texts::Direction;
use karvan_core::time::Instant;
use maud::{Markup, html};

/// A drawing: its class, size, and the room around the plot.
#[derive(Clone, Copy)]
struct Sheet {
    class: &'static str,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
}

const WIDE: Sheet =
    Sheet { class: "chart w", width: 524.0, height: 300.0, left: 44.0, right: 126.0 };
const NARROW: Sheet =
    Sheet { class: "chart n", width: 340.0, height: 270.0, left: 38.0, right: 112.0 };
/// For a card over the whole page.
const LARGE: Sheet =
    Sheet { class: "chart w", width: 800.0, height: 330.0, left: 44.0, right: 150.0 };
const TOP: f64 = 26.0;
const BOTTOM: f64 = 26.0;
/// Labels at the ends of lines are at least so far apart.
const LABEL: f64 = 17.0;

/// A line of a chart.
pub struct Line {
    /// The colour: the class of a country in small letters, `acc` or `ink`; with ` ref` behind it
    /// the line is dashed.
    pub colour: String,
    /// Its name.
    pub name: String,
    /// Moments in milliseconds, and values in hundredths.
    pub points: Vec<(i64, i64)>,
}

impl Line {
    /// Whether it is there to compare with, and has no name of its own.
    fn is_dashed(&self) -> bool {
        self.colour.ends_with(" ref")
    }
}

/// Whole steps that divide `most` into at most five parts: 1, 2, 3, 5 times a power of ten.
fn step(most: f64) -> f64 {
    let rough = (most / 4.0).max(1.0);
    let power = 10f64.powf(rough.log10().floor());
    let of = |it: f64| it * power;
    [1.0, 2.0, 3.0, 5.0, 10.0].into_iter().map(of).find(|it| *it >= rough).unwrap_or(rough)
}

fn at(it: f64) -> String {
    format!("{it:.1}")
}

fn float(it: i64) -> f64 {
    // Screens have fewer points than a float has digits.
    #[expect(clippy::cast_precision_loss, reason = "a place on the screen")]
    let it = it as f64;
    it
}

/// A straight line.
fn rule(class: &str, from: (f64, f64), to: (f64, f64)) -> Markup {
    html! { line class=(class) x1=(at(from.0)) y1=(at(from.1)) x2=(at(to.0)) y2=(at(to.1)) {} }
}

/// Words beside a place, to the right of it. Where the language runs the other way, words and
/// digits are set in its order, and the place is their end.
fn words(figures: Figures, class: &str, place: (f64, f64), text: &str) -> Markup {
    let is_rtl = figures.0.direction == Direction::Rtl;
    html! {
        text class=(class) x=(at(place.0)) y=(at(place.1)) direction=[is_rtl.then_some("rtl")]
            text-anchor=[is_rtl.then_some("end")] { (text) }
    }
}

/// The zero line is stronger than the others.
fn grid(place: u8) -> &'static str {
    if place == 0 { "zl" } else { "gl" }
}

/// How large a chart is on a wide screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Half of the page.
    Half,
    /// More than half of it.
    Whole,
}

/// How a value axis is written.
#[derive(Clone, Copy)]
pub struct Axis<'a> {
    /// How large the chart is.
    pub size: Size,
    /// What is drawn, with its unit.
    pub title: &'a str,
    /// How many of the last digits of values are decimals.
    pub places: usize,
}

/// Lines over time, each with its name and last value at its end.
pub fn lines(all: &[Line], axis: Axis<'_>, (figures, label): (Figures, &str)) -> Markup {
    let points = || all.iter().flat_map(|it| &it.points);
    let (Some(first), Some(last)) = (points().map(|it| it.0).min(), points().map(|it| it.0).max())
    else {
        return html! {};
    };
    let most = points().map(|it| it.1).max().unwrap_or_default().max(1);
    html! {
        @for sheet in [if axis.size == Size::Half { WIDE } else { LARGE }, NARROW] {
            (lines_on(sheet, all, (first, last, most), (axis, figures, label)))
        }
    }
}

fn lines_on(
    sheet: Sheet,
    all: &[Line],
    (first, last, most): (i64, i64, i64),
    (axis, figures, label): (Axis<'_>, Figures, &str),
) -> Markup {
    let (right, base) = (sheet.width - sheet.right, sheet.height - BOTTOM);
    #[expect(clippy::cast_possible_truncation, reason = "a few years")]
    let room = ((right - sheet.left) / YEAR) as i64;
    let step = step(float(most));
    let top = (float(most) / step).ceil() * step;
    let span = float(last - first).max(1.0);
    let x = |it: i64| sheet.left + (right - sheet.left) * float(it - first) / span;
    let y = |it: f64| base - (base - TOP) * it / top;
    let mut ends: Vec<(f64, &Line, i64)> = all
        .iter()
        .filter(|it| !it.is_dashed())
        .filter_map(|line| line.points.last().map(|it| (y(float(it.1)), line, it.1)))
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Names that would cover each other move apart, the lowest first.
    let mut floor = base + LABEL / 2.0;
    for end in ends.iter_mut().rev() {
        end.0 = end.0.min(floor);
        floor = end.0 - LABEL;
    }
    html! {
        svg class=(sheet.class) viewBox={ "0 0 " (sheet.width) " " (sheet.height) } role="img"
            aria-label=(label) {
            (words(figures, "ti", (0.0, 12.0), axis.title))
            @for place in 0..=5u8 {
                @let value = step * f64::from(place);
                @if value <= top {
                    (rule(grid(place), (sheet.left, y(value)), (right, y(value))))
                    text x=(at(sheet.left - 7.0)) y=(at(y(value) + 4.0)) text-anchor="end" {
                        (scale(figures, value, axis.places))
                    }
                }
            }
            @for (place, moment) in ticks((first, last), room).into_iter().enumerate() {
                text x=(at(x(moment))) y=(at(sheet.height - 6.0))
                    text-anchor=(if place == 0 { "start" } else { "middle" }) {
                    (figures.plain(Instant(moment).date().0))
                }
            }
            @for line in all {
                path class={ "ln l-" (line.colour) }
                    d=(path(line.points.iter().map(|it| (x(it.0), y(float(it.1)))))) {}
                @if let Some(end) = line.points.last().filter(|_| !line.is_dashed()) {
                    circle class={ "f-" (line.colour) } cx=(at(x(end.0))) cy=(at(y(float(end.1))))
                        r="3.5" {}
                }
            }
            @for (place, line, value) in &ends {
                @let told = format!("{} {}", line.name, figures.decimal(*value, axis.places));
                @let class = format!("lb x-{}", line.colour);
                (words(figures, &class, (right + 9.0, place + 4.0), &told))
            }
        }
    }
}

/// A value of an axis, without decimals where all of them are zero.
fn scale(figures: Figures, value: f64, places: usize) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a step of an axis is whole")]
    let whole = value.round() as i64;
    let unit = 10i64.saturating_pow(u32::try_from(places).unwrap_or_default());
    if whole % unit == 0 { figures.whole(whole / unit) } else { figures.decimal(whole, places) }
}

/// A year in figures takes so much room.
const YEAR: f64 = 48.0;

/// Beginnings of years between two moments, at most so many.
fn ticks((first, last): (i64, i64), most: i64) -> Vec<i64> {
    let (from, to) = (Instant(first).date().0, Instant(last).date().0);
    let every = (to - from) / most.max(1) + 1;
    let years = (from..=to).step_by(usize::try_from(every).unwrap_or(1));
    let moments = years.map(|it| Instant::of_date(it, 1, 1).0.max(first));
    let far = (last - first) / most.max(1);
    let mut all: Vec<i64> = moments.collect();
    // The first year has its name at the beginning, unless the next comes at once.
    if all.len() > 1 && all.get(1).is_some_and(|it| it - first < far) {
        all.remove(0);
    }
    all
}

fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut text = String::new();
    for (place, (x, y)) in points.enumerate() {
        text.push_str(&format!("{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' }));
    }
    text
}

/// A line without axes beside a number: it decorates, and has no label.
pub fn spark(colour: &str, values: &[i64]) -> Markup {
    let (Some(least), Some(most)) = (values.iter().min(), values.iter().max()) else {
        return html! {};
    };
    let span = float(most - least).max(1.0);
    let count = float(i64::try_from(values.len().saturating_sub(1).max(1)).unwrap_or(1));
    let points = values.iter().zip(0i32..).map(|(it, place)| {
        (200.0 * f64::from(place) / count, 32.0 - 28.0 * float(it - least) / span)
    });
    html! {
        svg class="spark" viewBox="-4 0 208 36" preserveAspectRatio="none" aria-hidden="true" {
            path class={ "ln l-" (colour) } vector-effect="non-scaling-stroke" d=(path(points)) {}
        }
    }
}

/// A bar of tonnes, with a mark it is measured by.
pub struct Bar {
    /// The colour.
    pub colour: String,
    /// Its name.
    pub name: String,
    /// Its length, t.
    pub value: i64,
    /// Where the mark stands, if there is one.
    pub mark: Option<i64>,
    /// What stands behind it.
    pub told: String,
}

/// Bars from zero, each with its mark; the axis counts in Mt.
pub fn bars(all: &[Bar], (unit, label): (&str, &str), figures: Figures) -> Markup {
    let values = all.iter().flat_map(|it| [Some(it.value), it.mark]).flatten();
    let most = float(values.max().unwrap_or_default().max(1)) / MEGA;
    html! {
        (bars_wide(all, most, (unit, label, figures)))
        (bars_narrow(all, most, (label, figures)))
    }
}

const MEGA: f64 = 1e6;

fn bars_wide(all: &[Bar], most: f64, (unit, label, figures): (&str, &str, Figures)) -> Markup {
    const ROW: f64 = 44.0;
    let count = float(i64::try_from(all.len()).unwrap_or(1));
    let (left, right) = (104.0, 374.0);
    let base = ROW * count + 4.0;
    let step = step(most);
    let x = |it: f64| left + (right - left) * it / most;
    html! {
        svg class="chart w" viewBox={ "0 0 524 " (base + 26.0) } role="img" aria-label=(label) {
            @for place in 0..=5u8 {
                @let value = step * f64::from(place);
                @if value <= most {
                    (rule(grid(place), (x(value), 4.0), (x(value), base)))
                    text x=(at(x(value))) y=(at(base + 18.0)) text-anchor="middle" {
                        (scale(figures, value, 0)) @if value + step > most { " " (unit) }
                    }
                }
            }
            @for (bar, place) in all.iter().zip(0i32..) {
                @let y = 12.0 + ROW * f64::from(place);
                text class="ti" x=(at(left - 10.0)) y=(at(y + 13.0)) text-anchor="end" {
                    (bar.name)
                }
                rect class={ "f-" (bar.colour) } x=(at(left + 0.6)) y=(at(y))
                    width=(at((x(float(bar.value) / MEGA) - left).max(1.0))) height="17" {}
                @let end = x(float(bar.mark.unwrap_or_default().max(bar.value)) / MEGA);
                @if let Some(mark) = bar.mark {
                    @let mark = x(float(mark) / MEGA);
                    (rule("cap", (mark, y - 5.0), (mark, y + 22.0)))
                }
                (words(figures, "", (end + 9.0, y + 13.0), &bar.told))
            }
        }
    }
}

fn bars_narrow(all: &[Bar], most: f64, (label, figures): (&str, Figures)) -> Markup {
    const ROW: f64 = 48.0;
    let count = float(i64::try_from(all.len()).unwrap_or(1));
    let x = |it: f64| 330.0 * it / most;
    html! {
        svg class="chart n" viewBox={ "0 0 340 " (ROW * count + 6.0) } role="img"
            aria-label=(label) {
            @for (bar, place) in all.iter().zip(0i32..) {
                @let y = 16.0 + ROW * f64::from(place);
                (words(figures, "ti", (0.0, y), &format!("{}  {}", bar.name, bar.told)))
                rect class={ "f-" (bar.colour) } x="0.6" y=(at(y + 7.0))
                    width=(at(x(float(bar.value) / MEGA).max(1.0))) height="13" {}
                @if let Some(mark) = bar.mark {
                    @let mark = x(float(mark) / MEGA);
                    (rule("cap", (mark, y + 4.0), (mark, y + 23.0)))
                }
            }
        }
    }
}

/// A falling step curve of what was bid, the volume that was offered, and the price at which they
/// meet. Prices in hundredths, quantities in tonnes.
pub struct Curve<'a> {
    /// Price and quantity bid at it, highest price first.
    pub bids: Vec<(i64, i64)>,
    /// What was offered.
    pub volume: i64,
    /// The price, if there was one.
    pub price: Option<i64>,
    /// Titles of the axes: price, quantity.
    pub titles: (&'a str, &'a str),
    /// What the picture shows, in a sentence.
    pub label: &'a str,
}

/// Draws a curve of bids.
pub fn curve(it: &Curve<'_>, figures: Figures) -> Markup {
    html! { (curve_on(WIDE, it, figures)) (curve_on(NARROW, it, figures)) }
}

fn curve_on(sheet: Sheet, it: &Curve<'_>, figures: Figures) -> Markup {
    let right = sheet.width - 16.0;
    let base = sheet.height - BOTTOM - 14.0;
    let total: i64 = it.bids.iter().map(|it| it.1).sum();
    let highest = it.bids.iter().map(|it| it.0).max().unwrap_or(1).max(1);
    let (steps, widths) = (step(float(highest)), step(float(total.max(it.volume)).max(1.0)));
    let top = (float(highest) / steps).ceil() * steps;
    let widest = float(total.max(it.volume)).max(1.0);
    let x = |value: f64| sheet.left + (right - sheet.left) * value / widest;
    let y = |value: f64| base - (base - TOP) * value / top;
    let mut outline = vec![];
    let mut sum = 0i64;
    for (price, quantity) in &it.bids {
        outline.push((x(float(sum)), y(float(*price))));
        sum = sum.saturating_add(*quantity);
        outline.push((x(float(sum)), y(float(*price))));
    }
    outline.push((x(float(sum)), base));
    let volume = x(float(it.volume));
    html! {
        svg class=(sheet.class) viewBox={ "0 0 " (sheet.width) " " (sheet.height) } role="img"
            aria-label=(it.label) {
            (words(figures, "ti", (0.0, 12.0), it.titles.0))
            @for place in 0..=5u8 {
                @let value = steps * f64::from(place);
                @if value <= top {
                    (rule(grid(place), (sheet.left, y(value)), (right, y(value))))
                    text x=(at(sheet.left - 7.0)) y=(at(y(value) + 4.0)) text-anchor="end" {
                        (scale(figures, value, 2))
                    }
                }
            }
            @for place in 1..=5u8 {
                @let value = widths * f64::from(place);
                @if value <= widest {
                    text x=(at(x(value))) y=(at(base + 17.0)) text-anchor="middle" {
                        (millions(figures, value))
                    }
                }
            }
            text x=(at(right)) y=(at(sheet.height - 4.0)) text-anchor="end" { (it.titles.1) }
            path class="ln l-acc" d=(path(outline.into_iter())) {}
            (rule("cl", (volume, TOP), (volume, base)))
            @if let Some(price) = it.price {
                (rule("cl", (sheet.left, y(float(price))), (volume, y(float(price)))))
                circle class="s-acc" cx=(at(volume)) cy=(at(y(float(price)))) r="4.5" {}
                // Above a falling curve there is room on its right; at the edge, below on its left.
                @let (to, up, anchor) = match volume + 60.0 < right {
                    true => (9.0, -9.0, "start"),
                    false => (-8.0, 17.0, "end"),
                };
                text class="lb" x=(at(volume + to)) y=(at(y(float(price)) + up))
                    text-anchor=(anchor) {
                    (figures.price(price))
                }
            }
        }
    }
}

fn millions(figures: Figures, value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a step of an axis is whole")]
    let whole = value.round() as i64;
    let places = if whole % 1_000_000 == 0 {
        0
    } else if whole % 100_000 == 0 {
        1
    } else {
        2
    };
    figures.millions(whole, places)
}

/// What somebody gains, or loses.
pub struct Gain {
    /// The colour.
    pub colour: String,
    /// Its name.
    pub name: String,
    /// How much.
    pub value: f64,
    /// What stands behind its bar.
    pub told: String,
}

/// Bars from zero to both sides.
pub fn gains(all: &[Gain], label: &str, figures: Figures) -> Markup {
    const ROW: f64 = 40.0;
    let count = float(i64::try_from(all.len()).unwrap_or(1));
    let most = all.iter().map(|it| it.value).fold(0.0, f64::max);
    let least = all.iter().map(|it| it.value).fold(0.0, f64::min);
    let span = (most - least).max(1e-9);
    let (left, right) = (118.0, 400.0);
    let x = |it: f64| left + (right - left) * (it - least) / span;
    html! {
        svg class="chart" viewBox={ "0 0 500 " (ROW * count + 6.0) } role="img" aria-label=(label) {
            (rule("zl", (x(0.0), 4.0), (x(0.0), ROW * count)))
            @for (it, place) in all.iter().zip(0i32..) {
                @let y = 10.0 + ROW * f64::from(place);
                @let (from, to) = (x(it.value.min(0.0)), x(it.value.max(0.0)));
                (words(figures, "ti", (0.0, y + 14.0), &it.name))
                rect class={ "f-" (it.colour) } x=(at(from)) y=(at(y)) height="17"
                    width=(at((to - from).max(0.8))) {}
                text x=(at(to + 8.0)) y=(at(y + 14.0)) { (it.told) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_few_round_steps() {
        for (most, expected) in [(7.0, 2.0), (9.0, 3.0), (331.0, 100.0), (760.0, 200.0)] {
            assert!((step(most) - expected).abs() < 1e-9, "{most}: {}", step(most));
        }
    }

    #[test]
    fn years_are_named_where_they_begin() {
        let day = |year, month, day| Instant::of_date(year, month, day).0;
        let found = ticks((day(2027, 3, 1), day(2029, 6, 1)), 6);
        assert_eq!(found, vec![day(2027, 3, 1), day(2028, 1, 1), day(2029, 1, 1)]);
        assert_eq!(ticks((day(2027, 12, 20), day(2029, 6, 1)), 6).first(), Some(&day(2028, 1, 1)));
    }
}
