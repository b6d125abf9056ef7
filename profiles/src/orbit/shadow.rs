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

/// The rays from the satellite to the Sun's disc, in the space in which the Earth is a sphere.
struct Disc {
    /// Towards the middle of the disc.
    centre: Vector,
    /// Angular radius before stretching, as its tangent.
    radius: f64,
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
        let disc = self.disc(position, sun);
        // Nearly always the middle of the disc stands clear of the limb by more than its own
        // radius, which stretching makes larger by 0.4 % at most.
        let middle = disc.above_limb(disc.centre);
        let radius = 1.01 * disc.radius;
        if middle.abs() > radius {
            return f64::from(middle > 0.0);
        }
        if disc.above_limb(disc.extreme_ray(1.0)) >= 0.0 {
            1.0
        } else if disc.above_limb(disc.extreme_ray(-1.0)) <= 0.0 {
            0.0
        } else {
            disc.lit_share()
        }
    }

    /// Angle of the middle of the Sun above the limb of the Earth, rad: a cheaper
    /// [`ShadowModel::clearance`].
    pub(super) fn height(&self, position: Vector, sun: Vector) -> f64 {
        let stretched = |v: Vector| Vector::new(v.x, v.y, v.z * self.stretch());
        let place = stretched(position);
        let radius = EARTH_RADIUS_KM + self.atmosphere_km;
        let limb = (radius / place.norm()).min(1.0).asin();
        (-place).angle(stretched(sun - position)) - limb
    }

    fn stretch(&self) -> f64 {
        match self.earth {
            EarthShape::Ellipsoid => 1.0 / (1.0 - EARTH_FLATTENING),
            EarthShape::Sphere => 1.0,
        }
    }

    fn disc(&self, position: Vector, sun: Vector) -> Disc {
        let stretch = self.stretch();
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
            radius: tangent,
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

    /// The share of the disc above the limb of the Earth. Across half a degree that limb is a
    /// circle: three points of it give the circle, and two circles the share in closed form.
    fn lit_share(&self) -> f64 {
        let (dx, dy) = self.downhill(self.centre);
        let limb = |side: f64| {
            zero(|down| self.above_limb(self.ray(down * dx - side * dy, down * dy + side * dx)))
        };
        let [left, middle, right] = [limb(-1.0), limb(0.0), limb(1.0)];
        // Stretching tilts the limb a little against the gradient.
        let tilt = 0.5 * (right - left);
        let sag = (0.5 * (left + right) - middle).max(1e-9);
        lit_share_of_circles(
            middle / (1.0 + tilt * tilt).sqrt(),
            0.5 * (1.0 + sag * sag) / sag,
        )
    }
}

/// Where a nearly straight function is zero, by secants from -1 and 1.
fn zero(height: impl Fn(f64) -> f64) -> f64 {
    let (mut a, mut b) = (-1.0, 1.0);
    let (mut at_a, mut at_b) = (height(a), height(b));
    for _ in 0..4 {
        let slope = (at_b - at_a) / (b - a);
        let next = b - at_b / slope;
        // Also where the two points have become one and the slope is not a number.
        if !next.is_finite() {
            break;
        }
        (a, at_a) = (b, at_b);
        b = next;
        at_b = height(b);
    }
    b
}

/// The share of a disc of radius 1 that a larger one does not cover: its limb is `limb` from
/// the middle (above 0 where it leaves the middle free), its radius `radius`. Differences of
/// the large numbers are taken on paper, because `radius` is hundreds in low orbit.
fn lit_share_of_circles(limb: f64, radius: f64) -> f64 {
    let x = (limb * (2.0 * radius + limb) + 1.0) / (2.0 * (radius + limb));
    let x = x.clamp(-1.0, 1.0);
    let y = (1.0 - x * x).sqrt();
    let half_angle = (y / radius).min(1.0).asin();
    let bulge = radius * radius * (half_angle - half_angle.sin() * half_angle.cos());
    let hidden = (x.acos() - x * y + bulge) / std::f64::consts::PI;
    (1.0 - hidden).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUN: Vector = Vector::new(1.2e8, 0.8e8, 0.4e8);

    fn sphere() -> ShadowModel {
        ShadowModel {
            earth: EarthShape::Sphere,
            ..ShadowModel::default()
        }
    }

    /// A place behind the Earth from which the middle of the Sun is `above` rad over the limb
    /// of a sphere, `around` rad about the axis of the shadow, `distance` km from the centre.
    fn place(distance: f64, above: f64, around: f64) -> Vector {
        let axis = SUN.unit();
        let (first, limb) = (axis.any_normal(), (EARTH_RADIUS_KM / distance).asin());
        let side = first * around.cos() + axis.cross(first) * around.sin();
        let along = limb + above;
        // The parallax of the Sun, below 0.02 deg, is corrected in rounds.
        let mut angle = along;
        for _ in 0..5 {
            let at = axis * (-angle.cos() * distance) + side * (angle.sin() * distance);
            angle += along - (-at).angle(SUN - at);
        }
        axis * (-angle.cos() * distance) + side * (angle.sin() * distance)
    }

    /// Two discs by the plane formula.
    fn two_discs(earth: f64, sun: f64, apart: f64) -> f64 {
        let x = (apart * apart + sun * sun - earth * earth) / (2.0 * apart);
        let y = (sun * sun - x * x).max(0.0).sqrt();
        let hidden = sun * sun * (x / sun).clamp(-1.0, 1.0).acos()
            + earth * earth * ((apart - x) / earth).clamp(-1.0, 1.0).acos()
            - apart * y;
        1.0 - hidden / (std::f64::consts::PI * sun * sun)
    }

    #[test]
    fn on_a_sphere_contact_is_the_sum_of_two_radii() {
        for distance in [6_800.0, 7_578.0, 42_164.0] {
            for (above, around) in [(-0.003, 0.4), (0.0, 2.0), (0.004, 5.0), (0.02, 1.0)] {
                let at = place(distance, above, around);
                let clearance = sphere().clearance(at, SUN);
                let sun = (SUN_RADIUS_KM / (SUN - at).norm()).asin();
                assert!((clearance.nearest - (above - sun)).abs() < 1e-12);
                assert!((clearance.farthest - (above + sun)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn light_on_a_sphere_is_that_of_two_discs() {
        for distance in [6_800.0, 42_164.0] {
            for step in -24..=24 {
                let above = f64::from(step) * 2e-4;
                let at = place(distance, above, 1.0);
                let limb = (EARTH_RADIUS_KM / distance).asin();
                let sun = (SUN_RADIUS_KM / (SUN - at).norm()).asin();
                let expected = match above.abs() {
                    outside if outside > sun => f64::from(above > 0.0),
                    _ => two_discs(limb, sun, limb + above),
                };
                let light = sphere().lit_fraction(at, SUN);
                // The plane formula itself takes caps of a sphere for discs, which is coarse
                // where the Earth fills half the sky.
                let tolerance = if distance < 1e4 { 1.5e-3 } else { 5e-5 };
                assert!(
                    (light - expected).abs() < tolerance,
                    "{distance} km, {above} rad: {light}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn light_on_the_ellipsoid_is_that_of_many_rays() {
        let model = ShadowModel::default();
        for around in [0.0, 0.8, 1.6, 3.0] {
            let at = place(6_900.0, -0.0005, around);
            let disc = model.disc(at, SUN);
            let (mut lit, mut all) = (0_u32, 0_u32);
            for row in 0..600 {
                for column in 0..600 {
                    let (x, y) = (
                        f64::from(row) / 299.5 - 1.0,
                        f64::from(column) / 299.5 - 1.0,
                    );
                    if x * x + y * y <= 1.0 {
                        all += 1;
                        lit += u32::from(disc.above_limb(disc.ray(x, y)) > 0.0);
                    }
                }
            }
            let light = model.lit_fraction(at, SUN);
            let counted = f64::from(lit) / f64::from(all);
            assert!((light - counted).abs() < 3e-4, "{light}, counted {counted}");
        }
    }

    #[test]
    fn flattening_lowers_the_limb_at_the_poles_only() {
        let sun = Vector::new(ASTRONOMICAL, 0.0, 0.0);
        let ellipsoid = ShadowModel::default();
        let over_pole = Vector::new(-2_000.0, 0.0, 6_500.0);
        let over_equator = Vector::new(-2_000.0, 6_500.0, 0.0);
        let gain = |at| ellipsoid.clearance(at, sun).nearest - sphere().clearance(at, sun).nearest;
        assert!(gain(over_pole) > 3e-3);
        assert!(gain(over_equator).abs() < 1e-4);
    }

    /// Some distance of the Sun, km.
    const ASTRONOMICAL: f64 = 1.496e8;
}
