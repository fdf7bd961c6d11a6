//! `cargo xtask map FILE`: the shapes of the map from Natural Earth's countries at 1:50 million, in
//! the form in which the npm package world-atlas 2.0.2 has them (`countries-50m.json`, TopoJSON).

#[path = "../../web/src/look/projection.rs"]
mod projection;

use crate::Failure;
use projection::{HEIGHT, WIDTH, project};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

/// Members by their number in ISO 3166-1.
const MEMBERS: [(&str, &str); 10] = [
    ("004", "AFG"),
    ("031", "AZE"),
    ("364", "IRN"),
    ("398", "KAZ"),
    ("417", "KGZ"),
    ("586", "PAK"),
    ("762", "TJK"),
    ("792", "TUR"),
    ("795", "TKM"),
    ("860", "UZB"),
];
/// A line may be this far from its points, in units of the drawing: members, others.
const TOLERANCES: (f64, f64) = (0.7, 1.2);
/// Islands smaller than this are left out, in square units.
const AREA_MIN: f64 = 9.0;
/// What is cut off lies this far outside the drawing.
const MARGIN: f64 = 6.0;

type Point = (f64, f64);
/// A side of the drawing: which coordinate, where it lies, and on which side of it one is inside.
type Side = (fn(Point) -> f64, f64, f64);

/// Writes `crates/web/assets/map.csv`.
pub(crate) fn write(root: &Path, arguments: &[String]) -> Result<(), Failure> {
    let file = arguments.first().ok_or("name the file countries-50m.json of world-atlas")?;
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let topology: Value =
        serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
    let arcs = arcs(&topology).ok_or_else(|| format!("{file}: no topology"))?;
    let geometries = topology["objects"]["countries"]["geometries"].as_array();
    let geometries = geometries.ok_or_else(|| format!("{file}: no countries"))?;
    let mut rows = String::from("code,path\n");
    let mut others = String::new();
    for (number, code) in MEMBERS {
        let found = geometries.iter().find(|it| it["id"] == *number);
        let found = found.ok_or_else(|| format!("{file}: no country {number}"))?;
        let path = path(&rings(found, &arcs, TOLERANCES.0));
        let _ = writeln!(rows, "{code},{path}");
    }
    for it in geometries.iter().filter(|it| !MEMBERS.iter().any(|(number, _)| it["id"] == *number))
    {
        others.push_str(&path(&rings(it, &arcs, TOLERANCES.1)));
    }
    let _ = writeln!(rows, "other,{others}");
    let to = root.join("crates/web/assets/map.csv");
    std::fs::write(&to, rows).map_err(|error| format!("{}: {error}", to.display()))
}

/// The arcs in the drawing: in the file each point is the step from the one before.
fn arcs(topology: &Value) -> Option<Vec<Vec<Point>>> {
    let number = |it: &Value, name: &str, place: usize| it["transform"][name][place].as_f64();
    let scale = (number(topology, "scale", 0)?, number(topology, "scale", 1)?);
    let origin = (number(topology, "translate", 0)?, number(topology, "translate", 1)?);
    let arc = |it: &Value| {
        let (mut x, mut y) = (0.0, 0.0);
        let mut points = Vec::new();
        for step in it.as_array()? {
            x += step[0].as_f64()?;
            y += step[1].as_f64()?;
            points.push(project((x * scale.0 + origin.0, y * scale.1 + origin.1)));
        }
        Some(points)
    };
    topology["arcs"].as_array()?.iter().map(arc).collect()
}

/// The rings of a country; each arc is simplified by itself, so that neighbours still meet.
fn rings(country: &Value, arcs: &[Vec<Point>], tolerance: f64) -> Vec<Vec<Point>> {
    let polygons: Vec<&Value> = match country["type"].as_str() {
        Some("Polygon") => vec![&country["arcs"]],
        _ => country["arcs"].as_array().into_iter().flatten().collect(),
    };
    let mut all = Vec::new();
    for ring in polygons.iter().filter_map(|it| it.as_array()).flatten() {
        let mut points: Vec<Point> = Vec::new();
        for arc in ring.as_array().into_iter().flatten().filter_map(Value::as_i64) {
            let place = usize::try_from(if arc < 0 { !arc } else { arc }).unwrap_or_default();
            let mut some = arcs.get(place).map(|it| simple(it, tolerance)).unwrap_or_default();
            if arc < 0 {
                some.reverse();
            }
            points.extend(some.into_iter().skip(usize::from(!points.is_empty())));
        }
        all.push(points);
    }
    all
}

/// Douglas and Peucker: points nearer to the line than the tolerance are left out.
fn simple(points: &[Point], tolerance: f64) -> Vec<Point> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let off = |it: &Point| {
        let (dx, dy) = (last.0 - first.0, last.1 - first.1);
        let length = dx.hypot(dy);
        if length == 0.0 {
            return (it.0 - first.0).hypot(it.1 - first.1);
        }
        ((it.0 - first.0) * dy - (it.1 - first.1) * dx).abs() / length
    };
    let inner = points.get(1..points.len().saturating_sub(1)).unwrap_or_default();
    let farthest = inner.iter().enumerate().max_by(|(_, a), (_, b)| off(a).total_cmp(&off(b)));
    match farthest {
        Some((place, point)) if off(point) > tolerance => {
            let (before, after) = points.split_at(place + 1);
            let mut before = before.to_vec();
            before.extend(after.first());
            let mut all = simple(&before, tolerance);
            all.extend(simple(after, tolerance).into_iter().skip(1));
            all
        }
        _ => vec![*first, *last],
    }
}

fn area(ring: &[Point]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>().abs() / 2.0
}

/// What of a ring lies in the drawing and its margin (Sutherland and Hodgman).
fn cut(ring: Vec<Point>) -> Vec<Point> {
    let sides: [Side; 4] = [
        (|it| it.0, -MARGIN, 1.0),
        (|it| it.0, WIDTH + MARGIN, -1.0),
        (|it| it.1, -MARGIN, 1.0),
        (|it| it.1, HEIGHT + MARGIN, -1.0),
    ];
    sides.into_iter().fold(ring, |ring, (of, bound, sign)| {
        let inside = |it: Point| sign * (of(it) - bound) >= 0.0;
        let mut kept = Vec::new();
        let next = ring.iter().cycle().skip(1);
        for (a, b) in ring.iter().zip(next) {
            if inside(*a) {
                kept.push(*a);
            }
            if inside(*a) != inside(*b) {
                let share = (bound - of(*a)) / (of(*b) - of(*a));
                kept.push((a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1)));
            }
        }
        kept
    })
}

fn path(rings: &[Vec<Point>]) -> String {
    let mut text = String::new();
    for ring in rings {
        let ring = cut(ring.clone());
        if ring.len() < 3 || area(&ring) < AREA_MIN {
            continue;
        }
        let mut before: Option<(f64, f64)> = None;
        for (x, y) in ring {
            let (x, y) = ((x * 10.0).round() / 10.0, (y * 10.0).round() / 10.0);
            match before {
                None => {
                    let _ = write!(text, "M{x} {y}l");
                }
                Some((a, b)) => {
                    let step = ((x - a) * 10.0).round() / 10.0;
                    let down = ((y - b) * 10.0).round() / 10.0;
                    let _ = write!(text, "{step} {down} ");
                }
            }
            before = Some((x, y));
        }
        text = text.trim_end().to_owned();
        text.push('z');
    }
    text
}
