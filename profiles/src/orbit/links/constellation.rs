//! Constellations after Walker: planes at equal angles, satellites at equal angles in each.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::orbit::source::{Description, Kepler, Plane};
use crate::orbit::utc::Utc;

/// A Walker pattern `inclination: satellites/planes/phasing` of circular orbits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constellation {
    /// Satellites in all.
    pub satellites: u32,
    /// Planes they are in.
    pub planes: u32,
    /// Phase between neighbouring planes, in parts of a turn over all satellites.
    pub phasing: u32,
    /// Height, km.
    pub altitude_km: f64,
    /// Inclination, deg.
    pub inclination_deg: f64,
    /// Over what angle the nodes are spread, deg: 360 is a delta pattern, 180 a star.
    pub spread_deg: f64,
}

impl Constellation {
    /// The orbits at `epoch`, plane by plane; the first plane's node is at right ascension
    /// `node_deg`. `None` if the satellites do not fill the planes evenly or cannot fly there.
    pub fn elements(&self, epoch: Utc, node_deg: f64) -> Option<Vec<Kepler>> {
        let (all, planes) = (self.satellites, self.planes);
        if planes == 0 || all == 0 || all % planes != 0 {
            return None;
        }
        let in_plane = all / planes;
        let mut orbits = Vec::new();
        for plane in 0..planes {
            let node = f64::from(plane) / f64::from(planes) * self.spread_deg;
            let first = Description {
                altitude_km: self.altitude_km,
                plane: Plane::Fixed {
                    inclination_deg: self.inclination_deg,
                    node_deg: node_deg + node,
                },
                phase_deg: 0.0,
            }
            .elements(epoch)?;
            let ahead = f64::from(self.phasing) * f64::from(plane) / f64::from(all);
            orbits.extend((0..in_plane).map(|seat| Kepler {
                anomaly: TAU * (f64::from(seat) / f64::from(in_plane) + ahead),
                ..first.clone()
            }));
        }
        Some(orbits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_and_seats_are_even() {
        let walker = Constellation {
            satellites: 12,
            planes: 3,
            phasing: 1,
            altitude_km: 550.0,
            inclination_deg: 53.0,
            spread_deg: 360.0,
        };
        let epoch = Utc::parse("2025-03-20T00:00:00Z").unwrap();
        let orbits = walker.elements(epoch, 10.0).unwrap();
        assert_eq!(orbits.len(), 12);
        assert!((orbits[4].node.to_degrees() - 130.0).abs() < 1e-9);
        assert!((orbits[1].anomaly.to_degrees() - 90.0).abs() < 1e-9);
        assert!((orbits[4].anomaly.to_degrees() - 30.0).abs() < 1e-9);
        let uneven = Constellation {
            planes: 5,
            ..walker
        };
        assert_eq!(uneven.elements(epoch, 0.0), None);
    }
}
