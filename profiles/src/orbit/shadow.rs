//! How much of the Sun's disc the Earth hides from one point in space.
//!
//! The pole axis is stretched so that the Earth becomes a sphere; a ray stays a ray. The rays
//! to the limb of the Sun are stretched with it, one by one, because stretching the Sun as a
//! body would bend its disc and cost tens of milliseconds at an edge.

use serde::{Deserialize, Serialize};

use super::sun::{SUN_RADIUS_KM, SunDirection};
use super::vector::Vector;

/// Equatorial radius of the Earth, km (WGS84).
pub const EARTH_RADIUS_KM: f64 = 6_378.137;

/// Flattening of the Earth (WGS84).
pub const EARTH_FLATTENING: f64 = 1.0 / 298.257_223_563;

/// What casts the shadow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarthShape {
    /// The WGS84 ellipsoid about the true pole of date.
    #[default]
    Ellipsoid,
    /// A sphere of the equatorial radius; moves edges by seconds, for comparisons.
    Sphere,
}

/// The conventions of an eclipse: tools differ in these far more than in their arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShadowModel {
    /// What casts the shadow.
    pub earth: EarthShape,
    /// From where the light comes.
    pub sun: SunDirection,
    /// Height of opaque air on the Earth, km. 0 is the solid limb; 10 to 25 stand for the
    /// extinction of rays that graze the atmosphere, and make an eclipse seconds longer.
    pub atmosphere_km: f64,
}

/// Where the limb of the Earth stands against the disc of the Sun, angles from the limb
/// outwards: what is negative is hidden.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clearance {
    /// Of the point of the disc nearest to the Earth, rad: below 0 is penumbra or umbra.
    pub nearest: f64,
    /// Of the point of the disc farthest from the Earth, rad: below 0 is umbra.
    pub farthest: f64,
}

/// Nodes for the integral over the disc, as many as bring its error to 1e-5.
const CHORDS: u32 = 24;

/// The rays from the satellite to the Sun's disc, in the space in which the Earth is a sphere.
struct Disc {
    /// Towards the middle of the disc.
    centre: Vector,
    /// From the middle to the limb, two directions at a right angle.
    across: [Vector; 2],
    /// From the satellite to the middle of the Earth, of length 1.
    down: Vector,
    /// Angular radius of the Earth, rad.
    limb: f64,
}

impl ShadowModel {
    /// Where the limb stands for a satellite at `position` under the Sun at `sun`, both km in
    /// a frame whose third axis is the Earth's pole (TEME is one).
    pub fn clearance(&self, position: Vector, sun: Vector) -> Clearance {
        let disc = self.disc(position, sun);
        Clearance {
            nearest: disc.above_limb(disc.extreme_ray(1.0)),
            farthest: disc.above_limb(disc.extreme_ray(-1.0)),
        }
    }

    /// The share of the Sun's disc that a satellite at `position` sees under the Sun at `sun`,
    /// both km in a frame whose third axis is the Earth's pole; the disc counts as uniform.
    pub fn lit_fraction(&self, position: Vector, sun: Vector) -> f64 {
        let clearance = self.clearance(position, sun);
        if clearance.nearest >= 0.0 {
            return 1.0;
        }
        if clearance.farthest <= 0.0 {
            return 0.0;
        }
        self.disc(position, sun).lit_share()
    }

    fn disc(&self, position: Vector, sun: Vector) -> Disc {
        let stretch = match self.earth {
            EarthShape::Ellipsoid => 1.0 / (1.0 - EARTH_FLATTENING),
            EarthShape::Sphere => 1.0,
        };
        let stretched = |v: Vector| Vector::new(v.x, v.y, v.z * stretch);
        let to_sun = sun - position;
        let distance = to_sun.norm();
        let centre = to_sun * (1.0 / distance);
        let first = centre.any_normal();
        let second = centre.cross(first);
        let sine = SUN_RADIUS_KM / distance;
        let tangent = sine / (1.0 - sine * sine).sqrt();
        let place = stretched(position);
        let radius = EARTH_RADIUS_KM + self.atmosphere_km;
        Disc {
            centre: stretched(centre),
            across: [stretched(first) * tangent, stretched(second) * tangent],
            down: -place.unit(),
            limb: (radius / place.norm()).min(1.0).asin(),
        }
    }
}

impl Disc {
    /// The ray to a point of the disc; (0, 0) is its middle, the limb is at distance 1.
    fn ray(&self, x: f64, y: f64) -> Vector {
        self.centre + self.across[0] * x + self.across[1] * y
    }

    /// Angle of a ray above the limb of the Earth, rad.
    fn above_limb(&self, ray: Vector) -> f64 {
        self.down.angle(ray) - self.limb
    }

    /// The direction on the disc, of length 1, in which a ray turns fastest to the Earth.
    fn downhill(&self, ray: Vector) -> (f64, f64) {
        let length = ray.norm();
        let cosine = self.down.dot(ray) / length;
        let gradient = self.down - ray * (cosine / length);
        let (x, y) = (gradient.dot(self.across[0]), gradient.dot(self.across[1]));
        let norm = x.hypot(y);
        if norm > 0.0 {
            (x / norm, y / norm)
        } else {
            (1.0, 0.0)
        }
    }

    /// The ray to the point of the solar limb nearest to the Earth (`towards` 1) or farthest
    /// from it (-1). Each round shrinks the error by the Sun's radius over the angle to the
    /// Earth's centre, at worst 1/30 at geostationary height, and its effect is quadratic.
    fn extreme_ray(&self, towards: f64) -> Vector {
        (0..4).fold(self.centre, |ray, _| {
            let (x, y) = self.downhill(ray);
            self.ray(x * towards, y * towards)
        })
    }

    /// The share of the disc above the limb: chords that run down to the Earth, each cut where
    /// it meets the limb, at Chebyshev nodes across them (Gauss' rule for a half circle).
    fn lit_share(&self) -> f64 {
        let (dx, dy) = self.downhill(self.centre);
        let mut lit = 0.0;
        let mut whole = 0.0;
        for node in 1..=CHORDS {
            let angle = std::f64::consts::PI * f64::from(node) / f64::from(CHORDS + 1);
            let (half, side) = angle.sin_cos();
            let at =
                |down: f64| self.above_limb(self.ray(down * dx - side * dy, down * dy + side * dx));
            let weight = half * half;
            whole += 2.0 * weight;
            lit += weight * (1.0 + cut(at, half) / half);
        }
        lit / whole
    }
}

/// Where along a chord from `-half` (away from the Earth) to `half` the height above the limb
/// becomes 0, clamped to the chord. The height is all but linear: three secants are exact.
fn cut(height: impl Fn(f64) -> f64, half: f64) -> f64 {
    let (mut a, mut b) = (-half, half);
    let (mut at_a, mut at_b) = (height(a), height(b));
    if at_a <= 0.0 {
        return -half;
    }
    if at_b >= 0.0 {
        return half;
    }
    for _ in 0..3 {
        let middle = (a * at_b - b * at_a) / (at_b - at_a);
        let at_middle = height(middle);
        if at_middle > 0.0 {
            (a, at_a) = (middle, at_middle);
        } else {
            (b, at_b) = (middle, at_middle);
        }
        if at_middle == 0.0 {
            break;
        }
    }
    if at_a - at_b > 0.0 {
        (a * at_b - b * at_a) / (at_b - at_a)
    } else {
        a
    }
}
