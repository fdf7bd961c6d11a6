//! The map's projection: Albers' conic equal-area, parallels 30° and 48° north, centre 57° east
//! (Snyder, Map Projections: A Working Manual, USGS 1987, section 14), on a sphere, in the units of
//! the drawing. Areas are true to each other, which matters where countries are compared.

use std::f64::consts::PI;

/// The width of the drawing.
pub(crate) const WIDTH: f64 = 860.0;
/// Its height.
pub(crate) const HEIGHT: f64 = 560.0;

const PARALLELS: (f64, f64) = (30.0, 48.0);
const CENTRE: f64 = 57.0;
/// Units of the drawing in one radius of the sphere, and where the pole of the cone lies, so that
/// the ten members fill the drawing with a margin.
const SCALE: f64 = 945.0;
const POLE: (f64, f64) = (461.0, -869.0);

/// Where a place is in the drawing: degrees east and north.
pub(crate) fn project((east, north): (f64, f64)) -> (f64, f64) {
    let radians = |degrees: f64| degrees * PI / 180.0;
    let (first, second) = (radians(PARALLELS.0).sin(), radians(PARALLELS.1).sin());
    let cone = (first + second) / 2.0;
    let constant = 1.0 - first * first + 2.0 * cone * first;
    let from_pole = (constant - 2.0 * cone * radians(north).sin()).max(0.0).sqrt() / cone;
    let angle = cone * radians(east - CENTRE);
    (POLE.0 + SCALE * from_pole * angle.sin(), POLE.1 + SCALE * from_pole * angle.cos())
}
