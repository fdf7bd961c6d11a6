//! What the table of installations says of each: names, places, where its data comes from. The
//! journal holds the row's id alone.

use karvan_views::project::{Catalogue, Plant};

/// Reads a table of installations; columns that are missing are left empty.
pub fn read(table: &str) -> Result<Catalogue, csv::Error> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let heads = reader.headers()?.clone();
    let mut all = Catalogue::default();
    for row in reader.records() {
        let row = row?;
        let of = |name: &str| {
            let place = heads.iter().position(|it| it == name);
            place.and_then(|it| row.get(it)).unwrap_or_default().to_owned()
        };
        let capacity = match of("capacity") {
            it if it.is_empty() => it,
            it => format!(
                "{} {}",
                it.trim_end_matches('0').trim_end_matches('.'),
                of("capacity_unit")
            ),
        };
        let plant = Plant {
            name: of("name"),
            operator: of("operator"),
            fuel: of("fuel_or_process"),
            capacity,
            latitude: millionths(&of("latitude")),
            longitude: millionths(&of("longitude")),
            provenance: of("provenance"),
            source: of("source"),
        };
        all.0.insert(of("id"), plant);
    }
    Ok(all)
}

/// Degrees in millionths.
fn millionths(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |it| (-1, it));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part: String = part.chars().take(6).collect();
    if whole.is_empty() {
        return None;
    }
    format!("{whole}{part:0<6}").parse::<i64>().ok().map(|it| sign * it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_capacities_are_read_as_they_stand() {
        let table = "id,name,capacity,capacity_unit,latitude,longitude\n\
                     A,\"Plant, one\",42.000,MW,-34.5638,68.6863\nB,,,,,\n";
        let all = read(table).expect("a table");
        let it = all.of("A").expect("a row");
        assert_eq!((it.name.as_str(), it.capacity.as_str()), ("Plant, one", "42 MW"));
        assert_eq!((it.latitude, it.longitude), (Some(-34_563_800), Some(68_686_300)));
        assert_eq!(all.of("B").map(|it| it.latitude), Some(None));
    }
}
