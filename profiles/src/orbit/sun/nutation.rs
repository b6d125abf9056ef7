//! Nutation: how the Earth's true equator and equinox of date differ from the mean ones.

use crate::orbit::utc::Utc;

/// One term of the IAU 1980 series: multiples of D, M, M', F and the node, then longitude
/// (sine) and obliquity (cosine), each with its change per century, in 0.0001 arcsec.
type Term = ([i8; 5], [f64; 2], [f64; 2]);

/// The thirteen largest terms of the IAU 1980 theory (Meeus, table 22.A). The sum of what is
/// left out stays below 0.05 arcsec, which is 0.2 ms of an eclipse edge in low orbit.
const TERMS: [Term; 13] = [
    ([0, 0, 0, 0, 1], [-171_996.0, -174.2], [92_025.0, 8.9]),
    ([-2, 0, 0, 2, 2], [-13_187.0, -1.6], [5_736.0, -3.1]),
    ([0, 0, 0, 2, 2], [-2_274.0, -0.2], [977.0, -0.5]),
    ([0, 0, 0, 0, 2], [2_062.0, 0.2], [-895.0, 0.5]),
    ([0, 1, 0, 0, 0], [1_426.0, -3.4], [54.0, -0.1]),
    ([0, 0, 1, 0, 0], [712.0, 0.1], [-7.0, 0.0]),
    ([-2, 1, 0, 2, 2], [-517.0, 1.2], [224.0, -0.6]),
    ([0, 0, 0, 2, 1], [-386.0, -0.4], [200.0, 0.0]),
    ([0, 0, 1, 2, 2], [-301.0, 0.0], [129.0, -0.1]),
    ([-2, -1, 0, 2, 2], [217.0, -0.5], [-95.0, 0.3]),
    ([-2, 0, 1, 0, 0], [-158.0, 0.0], [0.0, 0.0]),
    ([-2, 0, 0, 2, 1], [129.0, 0.1], [-70.0, 0.0]),
    ([0, 0, -1, 2, 2], [123.0, 0.0], [-53.0, 0.0]),
];

/// The state of nutation at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nutation {
    /// Nutation in longitude, rad.
    pub longitude: f64,
    /// Obliquity of the ecliptic to the mean equator of date, rad.
    pub mean_obliquity: f64,
    /// Obliquity of the ecliptic to the true equator of date, rad.
    pub true_obliquity: f64,
}

impl Nutation {
    /// Nutation at `at`.
    pub fn at(at: Utc) -> Nutation {
        let t = at.julian_centuries_tt();
        let arguments = [
            297.850_36 + (445_267.111_480 + (-0.001_914_2 + t / 189_474.0) * t) * t,
            357.527_72 + (35_999.050_340 + (-0.000_160_3 - t / 300_000.0) * t) * t,
            134.962_98 + (477_198.867_398 + (0.008_697_2 + t / 56_250.0) * t) * t,
            93.271_91 + (483_202.017_538 + (-0.003_682_5 + t / 327_270.0) * t) * t,
            125.044_52 + (-1_934.136_261 + (0.002_070_8 + t / 450_000.0) * t) * t,
        ]
        .map(f64::to_radians);
        let (mut longitude, mut obliquity) = (0.0, 0.0);
        for (multiples, in_longitude, in_obliquity) in &TERMS {
            let angle: f64 = multiples
                .iter()
                .zip(arguments)
                .map(|(&multiple, argument)| f64::from(multiple) * argument)
                .sum();
            let (sin, cos) = angle.sin_cos();
            longitude += (in_longitude[0] + in_longitude[1] * t) * sin;
            obliquity += (in_obliquity[0] + in_obliquity[1] * t) * cos;
        }
        // Capitaine et al. 2003 (IAU 2006), the terms that matter within a century.
        let mean_obliquity = arcsec(84_381.406 - (46.836_769 + 0.000_183_1 * t) * t);
        Nutation {
            longitude: arcsec(longitude * 1e-4),
            mean_obliquity,
            true_obliquity: mean_obliquity + arcsec(obliquity * 1e-4),
        }
    }

    /// Right ascension of the mean equinox of date, as TEME takes it, from the true equinox,
    /// rad; the two terms of the node (0.003 arcsec) are no part of TEME's definition.
    pub fn equation_of_equinoxes(&self) -> f64 {
        self.longitude * self.mean_obliquity.cos()
    }
}

fn arcsec(value: f64) -> f64 {
    (value / 3_600.0).to_radians()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meeus_example_22a() {
        // 1987-04-10 0h TD, which UTC reads 55.184 s earlier. Meeus: -3.788", +9.443" and
        // 23 deg 26' 27.407" with the older obliquity, 0.04" above today's.
        let at = Utc::parse("1987-04-09T23:59:04.816Z").unwrap();
        let nutation = Nutation::at(at);
        let seconds = |radians: f64| radians.to_degrees() * 3_600.0;
        let obliquity = nutation.true_obliquity - nutation.mean_obliquity;
        assert!((seconds(nutation.longitude) + 3.788).abs() < 0.05);
        assert!((seconds(obliquity) - 9.443).abs() < 0.03);
        assert!((seconds(nutation.mean_obliquity) - 84_387.407).abs() < 0.05);
    }
}
