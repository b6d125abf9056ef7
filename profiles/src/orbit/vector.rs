//! Vectors in space: the little algebra that orbit and shadow need.

use std::ops::{Add, Mul, Neg, Sub};

/// A vector in a right-handed Cartesian frame; unit and frame are those of its use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vector {
    /// Along the frame's first axis.
    pub x: f64,
    /// Along the frame's second axis.
    pub y: f64,
    /// Along the frame's third axis.
    pub z: f64,
}

impl Vector {
    /// A vector from its components.
    pub const fn new(x: f64, y: f64, z: f64) -> Vector {
        Vector { x, y, z }
    }

    /// Scalar product.
    pub fn dot(self, other: Vector) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// Vector product.
    #[must_use]
    pub fn cross(self, other: Vector) -> Vector {
        Vector::new(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    /// Length.
    pub fn norm(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The vector of length 1 in the same direction; not a number for the null vector.
    #[must_use]
    pub fn unit(self) -> Vector {
        self * (1.0 / self.norm())
    }

    /// The angle to `other`, rad, 0 to pi; precise for small and for large angles alike.
    pub fn angle(self, other: Vector) -> f64 {
        self.cross(other).norm().atan2(self.dot(other))
    }

    /// Some vector of length 1 at a right angle to this one.
    #[must_use]
    pub(super) fn any_normal(self) -> Vector {
        let axis = if self.x.abs() < 0.6 * self.norm() {
            Vector::new(1.0, 0.0, 0.0)
        } else {
            Vector::new(0.0, 1.0, 0.0)
        };
        self.cross(axis).unit()
    }
}

impl From<[f64; 3]> for Vector {
    fn from([x, y, z]: [f64; 3]) -> Vector {
        Vector { x, y, z }
    }
}

impl Add for Vector {
    type Output = Vector;

    fn add(self, other: Vector) -> Vector {
        Vector::new(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl Sub for Vector {
    type Output = Vector;

    fn sub(self, other: Vector) -> Vector {
        Vector::new(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f64> for Vector {
    type Output = Vector;

    fn mul(self, factor: f64) -> Vector {
        Vector::new(self.x * factor, self.y * factor, self.z * factor)
    }
}

impl Neg for Vector {
    type Output = Vector;

    fn neg(self) -> Vector {
        self * -1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_right_handed() {
        let (x, y) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        assert_eq!(x.cross(y), Vector::new(0.0, 0.0, 1.0));
        assert!((x.angle(y) - std::f64::consts::FRAC_PI_2).abs() < 1e-15);
    }

    #[test]
    fn a_tiny_angle_keeps_its_digits() {
        let (a, b) = (Vector::new(1.0, 0.0, 0.0), Vector::new(1.0, 1e-9, 0.0));
        assert!((a.angle(b) - 1e-9).abs() < 1e-20);
    }

    #[test]
    fn a_normal_is_normal() {
        for v in [
            Vector::new(1.0, 0.0, 0.0),
            Vector::new(0.0, -3.0, 0.0),
            Vector::new(0.3, 0.2, 9.0),
        ] {
            assert!(v.dot(v.any_normal()).abs() < 1e-12);
            assert!((v.any_normal().norm() - 1.0).abs() < 1e-12);
        }
    }
}
