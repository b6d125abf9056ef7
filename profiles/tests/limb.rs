//! Edges against a brute force that shares no geometry with the code: many rays to the limb of
//! the Sun, each against the ellipsoid, every second.

use std::f64::consts::TAU;

use profiles::orbit::{
    EARTH_FLATTENING, EARTH_RADIUS_KM, MeanElements, Orbit, SUN_RADIUS_KM, ShadowModel, SunTrack,
    Utc, Vector, edges_of, phases,
};

use crate::reference::{MadeUp, seconds};

/// Rays to the limb: the nearest is within 0.01 arcsec of the limb's own extreme.
const RAYS: u32 = 720;

/// Days that are searched.
const DAYS: f64 = 1.0;

struct Scene {
    orbit: Orbit,
    start: Utc,
    sun: SunTrack,
}

/// By how much the rays to the limb miss the Earth, km: the one that misses it least and the
/// one that misses it most; negative meets it.
#[derive(Clone, Copy)]
struct Miss {
    least: f64,
    most: f64,
}

impl Scene {
    fn new(elements: &MeanElements) -> Scene {
        Scene {
            orbit: Orbit::from_mean(elements).unwrap(),
            start: elements.epoch,
            sun: SunTrack::over(
                elements.epoch,
                seconds(0.0, DAYS * 86_400.0),
                ShadowModel::default().sun,
            ),
        }
    }

    fn satellite_and_sun(&self, at: f64) -> (Vector, Vector) {
        let position = self.orbit.position(self.start.plus_seconds(at)).unwrap();
        (position, self.sun.at(at))
    }

    fn miss(&self, at: f64) -> Miss {
        let (position, sun) = self.satellite_and_sun(at);
        let towards = minus(sun, position);
        let distance = towards.norm();
        let axis = towards.unit();
        let radius = (SUN_RADIUS_KM / distance).asin();
        let side = axis
            .cross(Vector {
                x: 0.3,
                y: -0.5,
                z: 0.8,
            })
            .unit();
        let other = axis.cross(side);
        let mut found = Miss {
            least: f64::MAX,
            most: f64::MIN,
        };
        for ray in 0..RAYS {
            let (sin, cos) = (TAU * f64::from(ray) / f64::from(RAYS)).sin_cos();
            let across = plus(times(side, cos), times(other, sin));
            let direction = plus(times(axis, radius.cos()), times(across, radius.sin()));
            let miss = ray_miss(position, direction);
            found.least = found.least.min(miss);
            found.most = found.most.max(miss);
        }
        found
    }

    /// The instant between two at which the rays change sides, s.
    fn between(&self, limb: fn(Miss) -> f64, mut low: f64, mut high: f64) -> f64 {
        let below = limb(self.miss(low)) < 0.0;
        for _ in 0..24 {
            let middle = 0.5 * (low + high);
            if (limb(self.miss(middle)) < 0.0) == below {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

fn plus(a: Vector, b: Vector) -> Vector {
    Vector {
        x: a.x + b.x,
        y: a.y + b.y,
        z: a.z + b.z,
    }
}

fn minus(a: Vector, b: Vector) -> Vector {
    plus(a, times(b, -1.0))
}

fn times(a: Vector, by: f64) -> Vector {
    Vector {
        x: a.x * by,
        y: a.y * by,
        z: a.z * by,
    }
}

/// In a space in which the Earth is a sphere: stretched along the pole, which is the z axis of
/// the frame of the date.
fn ray_miss(from: Vector, direction: Vector) -> f64 {
    let stretch = |v: Vector| Vector {
        z: v.z / (1.0 - EARTH_FLATTENING),
        ..v
    };
    let (from, direction) = (stretch(from), stretch(direction).unit());
    let along = -from.dot(direction);
    if along < 0.0 {
        // The Earth lies behind.
        return from.norm() - EARTH_RADIUS_KM;
    }
    plus(from, times(direction, along)).norm() - EARTH_RADIUS_KM
}

/// All edges, by the brute force.
fn searched(scene: &Scene) -> Vec<(&'static str, f64)> {
    type Limb = (fn(Miss) -> f64, [&'static str; 2]);
    let limbs: [Limb; 2] = [
        (|miss| miss.least, ["penumbra_in", "penumbra_out"]),
        (|miss| miss.most, ["umbra_in", "umbra_out"]),
    ];
    let mut found = Vec::new();
    let mut before: Option<Miss> = None;
    for second in 0..=(DAYS * 86_400.0) as u32 {
        let at = f64::from(second);
        let (position, sun) = scene.satellite_and_sun(at);
        // Far from the limb nothing happens: the centre's ray alone says so.
        let centre = ray_miss(position, minus(sun, position).unit());
        if centre.abs() > 0.02 * position.norm() {
            before = None;
            continue;
        }
        let now = scene.miss(at);
        if let Some(before) = before {
            for (limb, [into, out]) in limbs {
                let (was, is) = (limb(before) < 0.0, limb(now) < 0.0);
                if was != is {
                    let name = if is { into } else { out };
                    found.push((name, scene.between(limb, at - 1.0, at)));
                }
            }
        }
        before = Some(now);
    }
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    found
}

#[test]
fn edges_are_those_of_a_brute_force_low_high_and_grazing() {
    let orbit = |mean_motion, eccentricity, inclination_deg, node_deg| MeanElements {
        name: String::new(),
        epoch: MadeUp::start(),
        mean_motion,
        eccentricity,
        inclination_deg,
        node_deg,
        perigee_deg: 270.0,
        anomaly_deg: 10.0,
        drag_term: 0.0,
    };
    let mut grazing = 0;
    for (what, elements, tolerance) in [
        ("ISS-like", orbit(15.5, 0.0005, 51.6, 120.0), 1e-3),
        ("noon, 550 km", orbit(15.05, 0.001, 97.6, 0.0), 1e-3),
        ("dawn-dusk, grazing", orbit(15.05, 0.001, 97.6, 66.9), 0.02),
        (
            "dawn-dusk, grazing less",
            orbit(15.05, 0.001, 97.6, 64.0),
            5e-3,
        ),
        ("1200 km, grazing", orbit(13.15, 0.002, 87.9, 57.0), 0.02),
        ("geostationary", orbit(1.002_7, 0.0002, 0.05, 80.0), 0.02),
        ("Molniya", orbit(2.006, 0.72, 63.4, 30.0), 2e-3),
        ("transfer", orbit(2.27, 0.73, 7.0, 150.0), 2e-3),
    ] {
        let scene = Scene::new(&elements);
        let expected = searched(&scene);
        let span = seconds(0.0, DAYS * 86_400.0);
        let found = phases(&scene.orbit, scene.start, span, ShadowModel::default()).unwrap();
        let found: Vec<(&str, f64)> = edges_of(&found)
            .into_iter()
            .map(|(name, at)| (name, at.as_secs_f64()))
            .collect();
        // The brute force is blind to dips within a second.
        let short = found
            .windows(2)
            .filter(|pair| pair[1].1 - pair[0].1 < 1.0)
            .count();
        assert!(
            found.len() - expected.len() <= 2 * short,
            "{what}: {found:?} {expected:?}"
        );
        let mut worst = 0.0_f64;
        for (name, at) in &expected {
            let same = found.iter().filter(|(other, _)| other == name);
            let nearest = same
                .map(|(_, other)| (other - at).abs())
                .fold(f64::MAX, f64::min);
            worst = worst.max(nearest);
        }
        println!(
            "{what}: {} edges, worst {:.4} ms",
            expected.len(),
            1e3 * worst
        );
        assert!(worst < tolerance, "{what}: {worst} s");
        let lasts =
            |pair: &&[(&str, f64)]| pair[0].0 == "penumbra_in" && pair[1].1 - pair[0].1 < 200.0;
        if what.contains("grazing") {
            grazing += found.windows(2).filter(lasts).count();
        }
    }
    assert!(grazing > 0, "nothing grazes: this tests little");
}
