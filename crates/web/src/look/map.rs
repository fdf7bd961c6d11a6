//! The map: shapes of the ten members by stage, each a link; or one of them with its installations.

use super::projection::{HEIGHT, WIDTH, project};
use maud::{Markup, html};
use std::sync::OnceLock;

const SHAPES: &str = include_str!("../../assets/map.csv");

/// Where the name of a member stands.
const NAMES: [(&str, f64, f64); 10] = [
    ("KAZ", 560.0, 128.0),
    ("TUR", 190.0, 252.0),
    ("UZB", 512.0, 232.0),
    ("AZE", 352.0, 229.0),
    ("PAK", 622.0, 452.0),
    ("KGZ", 676.0, 240.0),
    ("TJK", 646.0, 296.0),
    ("IRN", 428.0, 400.0),
    ("TKM", 494.0, 304.0),
    ("AFG", 582.0, 376.0),
];

fn shapes() -> &'static [(&'static str, &'static str)] {
    static READ: OnceLock<Vec<(&'static str, &'static str)>> = OnceLock::new();
    READ.get_or_init(|| SHAPES.lines().skip(1).filter_map(|it| it.split_once(',')).collect())
}

fn shape(code: &str) -> Option<&'static str> {
    shapes().iter().find(|(it, _)| *it == code).map(|(_, path)| *path)
}

/// A member on the map.
pub struct Member {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its stage, in the words of classes.
    pub stage: String,
    /// What stands under its name.
    pub figure: Option<String>,
    /// What its shape says when it is pointed at.
    pub title: String,
    /// Where it leads.
    pub to: String,
}

/// The region.
pub fn region(members: &[Member], label: &str) -> Markup {
    html! {
        svg class="map" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="group" aria-label=(label) {
            path class="m-o" d=(shape("other").unwrap_or_default()) {}
            @for it in members {
                @if let Some(path) = shape(&it.code) {
                    a href=(it.to) {
                        title { (it.title) } path class={ "m-c m-" (it.stage) } d=(path) {}
                    }
                }
            }
            @for it in members {
                @if let Some((_, x, y)) = NAMES.iter().find(|(code, ..)| *code == it.code) {
                    @let small = it.code == "AZE";
                    @let class = if small { "" } else { it.stage.as_str() };
                    text class={ "w t-" (class) } x=(x) y=(y) { (it.name) }
                    @if let Some(figure) = &it.figure {
                        text class={ "w q t-" (class) } x=(x) y=(y + 17.0) { (figure) }
                    }
                    text class={ "n t-" (class) } x=(x) y=(y + 8.0) { (it.code) }
                }
            }
        }
    }
}

/// A flow between two members, drawn as an arrow.
pub struct Flow {
    /// From where.
    pub from: String,
    /// Where to.
    pub to: String,
    /// What is written at it.
    pub told: String,
    /// How wide, of 1 to 6.
    pub width: f64,
}

/// The region with flows between its members.
pub fn flows(members: &[Member], flows: &[Flow], label: &str) -> Markup {
    let place = |code: &str| NAMES.iter().find(|(it, ..)| *it == code).map(|(_, x, y)| (*x, *y));
    let arrows: Vec<(&Flow, [f64; 6])> = flows
        .iter()
        .filter_map(|it| {
            let (from, to) = (place(&it.from)?, place(&it.to)?);
            let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
            // Flows there and back bend away from each other.
            let bend = ((from.1 - to.1) * 0.18, (to.0 - from.0) * 0.18);
            Some((it, [from.0, from.1, middle.0 + bend.0, middle.1 + bend.1, to.0, to.1]))
        })
        .collect();
    html! {
        svg class="map" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(label) {
            defs {
                marker
                    id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="14"
                    markerHeight="14" markerUnits="userSpaceOnUse" orient="auto" {
                        path class="m-tip" d="M0 0l8 4-8 4z" {}
                    }
            }
            path class="m-o" d=(shape("other").unwrap_or_default()) {}
            @for it in members {
                @if let Some(path) = shape(&it.code) {
                    path class={ "m-c m-" (it.stage) } d=(path) {}
                }
            }
            @for (it, [a, b, c, d, e, f]) in &arrows {
                path class="m-flow" stroke-width=(it.width) marker-end="url(#tip)"
                    d={ "M" (a) " " (b) "Q" (c) " " (d) " " (e) " " (f) } {}
            }
            @for it in members {
                @if let Some((x, y)) = place(&it.code) {
                    text class={ "w t-" (it.stage) } x=(x) y=(y - 8.0) { (it.name) }
                    text class={ "n t-" (it.stage) } x=(x) y=(y - 8.0) { (it.code) }
                }
            }
            @for (it, [a, b, c, d, e, f]) in &arrows {
                text class="m-told" x=((a + 2.0 * c + e) / 4.0) y=((b + 2.0 * d + f) / 4.0) {
                    (it.told)
                }
            }
        }
    }
}

/// An installation on the map.
pub struct Dot {
    /// Millionths of degrees east and north.
    pub place: (i64, i64),
    /// Its emissions in tonnes: the area of its dot.
    pub tonnes: i64,
    /// What it says when it is pointed at.
    pub title: String,
    /// Where it leads.
    pub to: String,
    /// Whether it owes units.
    pub obliged: bool,
}

/// A member with its installations.
pub fn member((code, stage): (&str, &str), dots: &[Dot], label: &str) -> Markup {
    let Some(path) = shape(code) else { return html! {} };
    let (x, y, width, height) = bounds(path);
    let margin = width.max(height) * 0.06;
    let (x, y) = (x - margin, y - margin);
    let (width, height) = (width + 2.0 * margin, height + 2.0 * margin);
    let unit = width.max(height) / 400.0;
    html! {
        svg class="map one" viewBox={ (f(x)) " " (f(y)) " " (f(width)) " " (f(height)) }
            role="group" aria-label=(label) {
            path class="m-o" d=(shape("other").unwrap_or_default()) {}
            @for (other, path) in shapes().iter().filter(|(it, _)| *it != code && *it != "other") {
                path class="m-o" data-code=(other) d=(path) {}
            }
            path class={ "m-c thin m-" (stage) } d=(path) {}
            @for it in dots {
                @let (east, north) = (it.place.0 as f64 / 1e6, it.place.1 as f64 / 1e6);
                @let (x, y) = project((east, north));
                @let size = (it.tonnes.max(0) as f64 / 1e6).sqrt() * 3.2 * unit + 1.6 * unit;
                a href=(it.to) {
                    title { (it.title) }
                    circle class=(if it.obliged { "dot" } else { "dot free" }) cx=(f(x)) cy=(f(y))
                        r=(f(size)) stroke-width=(f(unit)) {}
                }
            }
        }
    }
}

fn f(it: f64) -> String {
    format!("{it:.2}")
}

/// The place and size of a path of `M x y l dx dy …z`.
fn bounds(path: &str) -> (f64, f64, f64, f64) {
    let mut least = (f64::MAX, f64::MAX);
    let mut most = (f64::MIN, f64::MIN);
    for ring in path.split('M').skip(1) {
        let (start, steps) = ring.split_once('l').unwrap_or((ring, ""));
        let read = |text: &str| -> Vec<f64> {
            let numbers = text.trim_end_matches('z').split_whitespace();
            numbers.filter_map(|it| it.parse().ok()).collect()
        };
        let mut here = (0.0, 0.0);
        for pair in [read(start), read(steps)].concat().chunks_exact(2) {
            if let [x, y] = pair {
                here = (here.0 + x, here.1 + y);
                least = (least.0.min(here.0), least.1.min(here.1));
                most = (most.0.max(here.0), most.1.max(here.1));
            }
        }
    }
    (least.0, least.1, most.0 - least.0, most.1 - least.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_has_a_shape_and_cities_lie_in_it() {
        // Capitals by their coordinates: a projection that slipped would put them elsewhere.
        let capitals = [
            ("AFG", 69.2, 34.5),
            ("AZE", 49.9, 40.4),
            ("IRN", 51.4, 35.7),
            ("KAZ", 71.4, 51.2),
            ("KGZ", 74.6, 42.9),
            ("PAK", 73.0, 33.7),
            ("TJK", 68.8, 38.6),
            ("TUR", 32.9, 39.9),
            ("TKM", 58.4, 37.9),
            ("UZB", 69.3, 41.3),
        ];
        for (code, east, north) in capitals {
            let path = shape(code).expect("it has a shape");
            let (left, top, width, height) = bounds(path);
            let (x, y) = project((east, north));
            let inside = (left..=left + width).contains(&x) && (top..=top + height).contains(&y);
            assert!(inside, "{code}: {x} {y} is not within {left} {top} {width} {height}");
            assert!(NAMES.iter().any(|(it, ..)| *it == code));
        }
    }
}
