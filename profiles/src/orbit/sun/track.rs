//! The Sun along a span of bench time, for whoever asks for it at every second.

use super::{SunDirection, sun_position};
use crate::orbit::utc::Utc;
use crate::orbit::vector::Vector;
use crate::time::Window;

/// Time between nodes, s. Of all that moves the Sun in TEME the fastest that counts is its
/// swing with the Moon (27 days, 6 arcsec) and the nutation of a fortnight (0.2 arcsec); a
/// cubic over six hours errs by less than 1e-5 arcsec in them.
const STEP: f64 = 21_600.0;

/// The Sun's position in TEME over a span, interpolated between nodes; a series of 200 cosines
/// at every second would cost more than the orbit itself.
#[derive(Clone, Debug)]
pub struct SunTrack {
    /// Seconds from bench time zero to the first node; a multiple of the step, so that every
    /// span with the same zero has the same Sun.
    origin: f64,
    nodes: Vec<Vector>,
}

impl SunTrack {
    /// The Sun over `span` and a step to either side; `start` is bench time zero.
    pub fn over(start: Utc, span: Window, direction: SunDirection) -> SunTrack {
        let first = (span.start.as_secs_f64() / STEP).floor() - 1.0;
        let last = (span.end.as_secs_f64() / STEP).floor() + 2.0;
        let origin = first * STEP;
        let count = (last - first).max(3.0) as usize + 1;
        let nodes = (0..count)
            .map(|index| sun_position(start.plus_seconds(origin + STEP * index as f64), direction))
            .collect();
        SunTrack { origin, nodes }
    }

    /// The Sun's position in TEME at `seconds` of bench time, km, by the cubic through the four
    /// nodes around it; beyond the span the last cubic goes on.
    pub fn at(&self, seconds: f64) -> Vector {
        let place = (seconds - self.origin) / STEP;
        let index = (place.max(1.0) as usize).min(self.nodes.len() - 3);
        let x = place - index as f64;
        let nodes = &self.nodes[index - 1..index + 3];
        let (before, after, beyond) = (x + 1.0, x - 1.0, x - 2.0);
        nodes[0] * (-x * after * beyond / 6.0)
            + nodes[1] * (before * after * beyond / 2.0)
            + nodes[2] * (-before * x * beyond / 2.0)
            + nodes[3] * (before * x * after / 6.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::BenchTime;

    #[test]
    fn between_nodes_the_sun_is_where_it_is() {
        let start = Utc::parse("2025-12-31T23:00:00Z").unwrap();
        let span = Window {
            start: BenchTime::from_millis(50_000),
            end: BenchTime::from_millis(7_200_000),
        };
        let track = SunTrack::over(start, span, SunDirection::Apparent);
        for seconds in [20.0, 50.0, 60.0, 179.5, 3_600.0, 7_141.0, 7_230.0] {
            let exact = sun_position(start.plus_seconds(seconds), SunDirection::Apparent);
            assert!(track.at(seconds).angle(exact) < 1e-10, "{seconds}");
        }
    }
}
