//! Orbits that come with the program.

use std::path::PathBuf;

use crate::config::folder::{Embedded, Folder};
use crate::config::refusal::nearest;

/// The files, by name. The element set of the ISS is a public one of June 2025; of Starcloud-1
/// only the plane and the height are known here (catalogue number 66303, July 2026: 45.40 deg,
/// 15.2165 revolutions a day).
static FILES: &[Embedded] = &[
    (
        "iss.toml",
        b"name = \"ISS\"
tle = [
  \"1 25544U 98067A   25176.73245655  .00008102  00000-0  14854-3 0  9994\",
  \"2 25544  51.6390 264.7180 0001990 278.3788 217.2311 15.50240116516482\",
]
start = \"2025-06-25T18:00:00Z\"
",
    ),
    (
        "starlink-53.toml",
        b"name = \"550 km, 53 deg\"
altitude = \"550 km\"
inclination = 53.0
node = 0.0
start = \"2026-03-20T00:00:00Z\"
",
    ),
    (
        "starcloud-1.toml",
        b"name = \"as Starcloud-1: 500 km, 45.4 deg\"
altitude = \"500 km\"
inclination = 45.4
node = 0.0
start = \"2026-07-26T00:00:00Z\"
",
    ),
    (
        "dawn-dusk-550.toml",
        b"name = \"550 km, dawn-dusk\"
altitude = \"550 km\"
ltan = \"06:00\"
start = \"2026-12-21T00:00:00Z\"
",
    ),
    (
        "dawn-dusk-650.toml",
        b"name = \"650 km, dawn-dusk\"
altitude = \"650 km\"
ltan = \"06:00\"
start = \"2026-12-21T00:00:00Z\"
",
    ),
    (
        "sso-1030.toml",
        b"name = \"550 km, sun-synchronous, 10:30\"
altitude = \"550 km\"
ltan = \"10:30\"
start = \"2026-03-20T00:00:00Z\"
",
    ),
    (
        "geo.toml",
        b"name = \"geostationary\"
altitude = \"35786 km\"
inclination = 0.05
node = 80.0
start = \"2026-03-20T00:00:00Z\"
",
    ),
];

/// Their names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FILES
        .iter()
        .map(|(name, _)| name.strip_suffix(".toml").unwrap_or(name))
}

/// A preset's folder and file.
pub(crate) fn find(name: &str) -> Option<(Folder, String)> {
    names().find(|known| *known == name)?;
    let folder = Folder::Embedded(FILES, PathBuf::new());
    Some((folder, format!("{name}.toml")))
}

/// What to write instead.
pub(crate) fn advice(name: &str) -> String {
    let known: Vec<&str> = names().collect();
    nearest(name, names()).unwrap_or_else(|| format!("presets: {}", known.join(", ")))
}
