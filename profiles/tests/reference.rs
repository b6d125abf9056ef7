//! Reading the reference data, and the element sets that tests make up.

use std::fmt::Write as _;
use std::path::PathBuf;

use profiles::orbit::{Elements, Orbit, Utc};
use profiles::time::{BenchTime, Window};

/// One of the reference orbits.
pub(crate) struct Reference {
    /// Folder of its files.
    pub(crate) name: &'static str,
    lines: &'static str,
    start: &'static str,
}

/// The International Space Station, 51.6 deg, 420 km.
pub(crate) const ISS: Reference = Reference {
    name: "iss",
    lines: "1 25544U 98067A   25176.73245655  .00008102  00000-0  14854-3 0  9994\n\
            2 25544  51.6390 264.7180 0001990 278.3788 217.2311 15.50240116516482",
    start: "2025-06-25T18:00:00Z",
};

/// Sun-synchronous, 550 km, 10:30.
pub(crate) const SSO: Reference = Reference {
    name: "sso550_ltan1030",
    lines: "1 90002U 99002A   25079.00000000  .00000000  00000-0  50000-4 0  9993\n\
            2 90002  97.5930 335.2858 0010000  90.0000 270.0000 15.05491974    04",
    start: "2025-03-20T00:00:00Z",
};

/// Geostationary at the equinox.
pub(crate) const GEO: Reference = Reference {
    name: "geo_equinox",
    lines: "1 90007U 99007A   25079.00000000  .00000000  00000-0  00000+0 0  9993\n\
            2 90007   0.0500  80.0000 0002000   0.0000 120.0000  1.00273790    05",
    start: "2025-03-20T00:00:00Z",
};

/// What the references span.
pub(crate) const TWO_DAYS: Window = Window {
    start: BenchTime::ZERO,
    end: BenchTime::from_millis(48 * 3_600_000),
};

impl Reference {
    pub(crate) fn elements(&self) -> Elements {
        Elements::parse(self.lines).unwrap()
    }

    pub(crate) fn orbit(&self) -> Orbit {
        Orbit::new(&self.elements()).unwrap()
    }

    pub(crate) fn start(&self) -> Utc {
        Utc::parse(self.start).unwrap()
    }

    /// The rows of one of its files, without the heading, cut at commas.
    pub(crate) fn rows(&self, file: &str) -> Vec<Vec<String>> {
        read(&format!("orbits/{}/{file}", self.name))
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect()
    }
}

/// The text of a file of the reference data.
pub(crate) fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// A window of bench time in seconds.
pub(crate) fn seconds(start: f64, end: f64) -> Window {
    Window {
        start: BenchTime::from_secs_f64(start),
        end: BenchTime::from_secs_f64(end),
    }
}

/// Elements of a made-up satellite at 2025-03-20 00:00 UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MadeUp {
    pub(crate) inclination: f64,
    pub(crate) node: f64,
    /// In units of the seventh decimal place.
    pub(crate) eccentricity: u32,
    pub(crate) anomaly: f64,
    pub(crate) revolutions: f64,
}

impl MadeUp {
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let first = "1 99999U 25001A   25079.00000000  .00000000  00000-0  00000-0 0    1";
        let second = format!(
            "2 99999 {:8.4} {:8.4} {:07} {:8.4} {:8.4} {:11.8}    1",
            self.inclination, self.node, self.eccentricity, 0.0, self.anomaly, self.revolutions
        );
        for line in [first, &second] {
            writeln!(text, "{line}{}", checksum(line)).unwrap();
        }
        text
    }

    pub(crate) fn orbit(&self) -> Orbit {
        Orbit::new(&Elements::parse(&self.text()).unwrap()).unwrap()
    }

    pub(crate) fn start() -> Utc {
        Utc::parse("2025-03-20T00:00:00Z").unwrap()
    }
}

/// The checksum that column 69 should have.
pub(crate) fn checksum(line: &str) -> u32 {
    line.chars()
        .take(68)
        .map(|c| {
            if c == '-' {
                1
            } else {
                c.to_digit(10).unwrap_or(0)
            }
        })
        .sum::<u32>()
        % 10
}
