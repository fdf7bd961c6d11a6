//! Lines over years, drawn into the page: once for a wide window and once for a narrow one, so that
//! letters keep their size.

use super::escaped;
use std::fmt::Write;

/// A line with its name at its end.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) colour: &'static str,
    pub(super) dashed: bool,
    pub(super) values: Vec<Option<f64>>,
}

/// What lies between a low and a high line.
pub(super) struct Band {
    pub(super) colour: &'static str,
    pub(super) low: Vec<Option<f64>>,
    pub(super) high: Vec<Option<f64>>,
}

/// A chart.
pub(super) struct Chart<'a> {
    pub(super) years: &'a [u16],
    pub(super) unit: &'a str,
    pub(super) lines: &'a [Line],
    pub(super) bands: &'a [Band],
}

/// A drawing's measures, in points of the page.
#[derive(Clone, Copy)]
struct Frame {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

const WIDE: Frame =
    Frame { width: 1_040.0, height: 340.0, left: 44.0, right: 96.0, top: 28.0, bottom: 28.0 };
const NARROW: Frame =
    Frame { width: 340.0, height: 280.0, left: 36.0, right: 74.0, top: 28.0, bottom: 28.0 };
const SMALL: Frame =
    Frame { width: 300.0, height: 180.0, left: 40.0, right: 92.0, top: 24.0, bottom: 24.0 };

/// Names at the ends of lines stand so far apart.
const NAME_HEIGHT: f64 = 15.0;

/// The range of values, and the step between rules.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn of((low, high): (f64, f64), rules: f64) -> Self {
        let span = (high - low).max(1e-9);
        let raw = span / rules;
        let mut step = 1e-9;
        // 1, 2 or 5 of a power of ten.
        'found: for power in 0..24 {
            let base = (0..power).fold(1e-9, |it, _| it * 10.0);
            for digit in [1.0, 2.0, 5.0] {
                step = base * digit;
                if step >= raw {
                    break 'found;
                }
            }
        }
        let low = (low / step).floor() * step;
        let high = ((high / step).ceil() * step).max(low + step);
        Self { low, high, step }
    }
}

impl Chart<'_> {
    /// Wide and narrow, from zero on.
    pub(super) fn drawn(&self, label: &str) -> String {
        let values = self.lines.iter().flat_map(|it| &it.values);
        let highs = self.bands.iter().flat_map(|it| &it.high);
        let high = values.chain(highs).flatten().copied().fold(0.0, f64::max);
        let scale = Scale::of((0.0, high), 6.0);
        let label = escaped(label);
        format!(
            "<div class=\"wide\">{}</div><div class=\"narrow\">{}</div>",
            self.svg((WIDE, scale), &label),
            self.svg((NARROW, scale), &label)
        )
    }

    /// Small, from the lowest value on.
    pub(super) fn small(&self, label: &str) -> String {
        let values = || self.lines.iter().flat_map(|it| &it.values).flatten().copied();
        let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
        let scale = Scale::of((if low.is_finite() { low } else { 0.0 }, high), 4.0);
        self.svg((SMALL, scale), label)
    }

    fn svg(&self, (frame, scale): (Frame, Scale), label: &str) -> String {
        let Frame { width, height, left, right, top, bottom } = frame;
        let count = (self.years.len().max(2) - 1) as f64;
        let x = |place: usize| left + (width - left - right) * place as f64 / count;
        let y = |value: f64| {
            let part = (value - scale.low) / (scale.high - scale.low);
            height - bottom - (height - top - bottom) * part
        };
        let mut svg = format!(
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">\
             <text x=\"0\" y=\"12\" fill=\"#5c6b7b\">{}</text>",
            escaped(self.unit)
        );
        let rules = ((scale.high - scale.low) / scale.step).round() as u32;
        for rule in 0..=rules {
            let value = scale.low + f64::from(rule) * scale.step;
            let (at, strong) = (y(value), value.abs() < scale.step * 1e-6);
            let digits = if scale.step < 0.1 { 2 } else { usize::from(scale.step < 1.0) };
            let _ = write!(
                svg,
                "<line x1=\"{left}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" \
                 fill=\"#5c6b7b\">{value:.digits$}</text>",
                width - right,
                if strong { "#76858f" } else { "#e6ebf0" },
                left - 6.0,
                at + 4.0
            );
        }
        let every =
            (self.years.len() as f64 * 44.0 / (width - left - right)).ceil().max(1.0) as usize;
        for (place, year) in self.years.iter().enumerate().filter(|(it, _)| it % every == 0) {
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" \
                 fill=\"#5c6b7b\">{year}</text>",
                x(place),
                height - 8.0
            );
        }
        for band in self.bands {
            let there = band.low.iter().zip(&band.high).enumerate();
            let there: Vec<(usize, f64, f64)> =
                there.filter_map(|(place, (low, high))| Some((place, (*low)?, (*high)?))).collect();
            let up =
                there.iter().map(|(place, _, high)| format!("{:.1},{:.1}", x(*place), y(*high)));
            let down = there
                .iter()
                .rev()
                .map(|(place, low, _)| format!("{:.1},{:.1}", x(*place), y(*low)));
            let points: Vec<String> = up.chain(down).collect();
            let _ = write!(
                svg,
                "<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"0.12\"/>",
                points.join(" "),
                band.colour
            );
        }
        self.lines_into(&mut svg, (&x, &y));
        self.names_into(&mut svg, (frame, &y));
        svg.push_str("</svg>");
        svg
    }

    fn lines_into(&self, svg: &mut String, (x, y): (&dyn Fn(usize) -> f64, &dyn Fn(f64) -> f64)) {
        for line in self.lines {
            let mut path = String::new();
            let mut pen_down = false;
            for (place, value) in line.values.iter().enumerate() {
                let Some(value) = value else {
                    pen_down = false;
                    continue;
                };
                let letter = if pen_down { 'L' } else { 'M' };
                let _ = write!(path, "{letter}{:.1} {:.1}", x(place), y(*value));
                pen_down = true;
            }
            let dash = if line.dashed { " stroke-dasharray=\"5 4\"" } else { "" };
            let _ = write!(
                svg,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2.25\"{dash}/>",
                line.colour
            );
        }
    }

    /// The name and last value of each line at its end, none over another.
    fn names_into(&self, svg: &mut String, (frame, y): (Frame, &dyn Fn(f64) -> f64)) {
        let last = |it: &Line| it.values.iter().rev().flatten().next().copied();
        let mut names: Vec<(f64, &Line, f64)> = self
            .lines
            .iter()
            .filter_map(|it| last(it).map(|value| (y(value) + 4.0, it, value)))
            .collect();
        names.sort_by(|one, two| one.0.total_cmp(&two.0));
        let mut lowest = frame.top;
        for (at, ..) in &mut names {
            *at = at.max(lowest);
            lowest = *at + NAME_HEIGHT;
        }
        let mut highest = frame.height - frame.bottom + 8.0;
        for (at, ..) in names.iter_mut().rev() {
            *at = at.min(highest);
            highest = *at - NAME_HEIGHT;
        }
        for (at, line, value) in names {
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{at:.1}\" fill=\"{}\" font-weight=\"600\">{} \
                 {value:.1}</text>",
                frame.width - frame.right + 8.0,
                line.colour,
                escaped(&line.name)
            );
        }
    }
}
