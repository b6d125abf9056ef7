//! The curve that a solar-array simulator makes of four points: short circuit, most power and
//! open circuit. What it is told, and what its output then lies on.
//!
//! The law is that of Britton, Lunscher and Tanju (European Space Power Conference 1993, ESA
//! WPP-054), as the Keysight E4360 user's guide has it in its appendix A:
//!
//! ```text
//! Rs = (Voc - Vmp) / Imp
//! a  = (Vmp (1 + Rs Isc / Voc) + Rs (Imp - Isc)) / Voc
//! N  = ln(2 - 2^a) / ln(Imp / Isc)
//! V(I) = (Voc ln(2 - (I / Isc)^N) / ln 2 - Rs (I - Isc)) / (1 + Rs Isc / Voc)
//! ```
//!
//! It passes through all four points. Its true maximum lies a little beside (Vmp, Imp), the more
//! the further Imp is below Isc.

use std::f64::consts::LN_2;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::solar_cell::IvCurve;
use crate::quantity::{Amperes, Volts, Watts};

/// Four points of a curve, as a simulator is told them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArrayPoints {
    /// Short-circuit current.
    pub isc: Amperes,
    /// Current at most power.
    pub imp: Amperes,
    /// Open-circuit voltage.
    pub voc: Volts,
    /// Voltage at most power.
    pub vmp: Volts,
}

/// Why four points are no curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CurveError {
    /// Something is zero, negative or no number.
    #[error("all four points must be above 0")]
    NotPositive,
    /// The knee is not below the open-circuit voltage.
    #[error("`vmp` is not below `voc`")]
    VmpNotBelowVoc,
    /// The knee is above the short-circuit current.
    #[error("`imp` is above `isc`")]
    ImpAboveIsc,
    /// The law has no exponent of one or more: the knee lies below the straight line from short
    /// circuit to open circuit, or nearly.
    #[error("the knee lies too far inside: no array has such a curve")]
    KneeTooSmall,
}

/// Current against voltage through four points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArrayCurve {
    points: ArrayPoints,
    /// Resistance of the branch beyond the knee, ohm.
    series_ohm: f64,
    /// Exponent; `None` for a rectangle with a slope, which Imp = Isc comes to.
    exponent: Option<f64>,
}

/// Below these a curve is dark: less than solar-array simulators resolve, and than a board can
/// start on.
const LEAST_AMPS: f64 = 0.005;
const LEAST_VOLTS: f64 = 1.0;

impl ArrayPoints {
    /// Whether a simulator makes no curve of this, but switches its output off: below 5 mA or 1 V.
    pub fn is_dark(&self) -> bool {
        self.isc.0 < LEAST_AMPS || self.voc.0 < LEAST_VOLTS
    }

    /// The points of a cell's or an array's curve.
    pub fn of(curve: &IvCurve) -> ArrayPoints {
        let (vmp, imp) = curve.max_power();
        ArrayPoints {
            isc: Amperes(curve.short_circuit_amps()),
            imp: Amperes(imp),
            voc: Volts(curve.open_circuit_volts()),
            vmp: Volts(vmp),
        }
    }

    /// The curve through the points.
    ///
    /// # Errors
    /// If no curve goes through them.
    pub fn curve(&self) -> Result<ArrayCurve, CurveError> {
        let (isc, imp, voc, vmp) = (self.isc.0, self.imp.0, self.voc.0, self.vmp.0);
        let positive = |value: &f64| value.is_finite() && *value > 0.0;
        if ![isc, imp, voc, vmp].iter().all(positive) {
            return Err(CurveError::NotPositive);
        }
        if vmp >= voc {
            return Err(CurveError::VmpNotBelowVoc);
        }
        if imp > isc {
            return Err(CurveError::ImpAboveIsc);
        }
        let series_ohm = (voc - vmp) / imp;
        let curve = |exponent| ArrayCurve {
            points: *self,
            series_ohm,
            exponent,
        };
        if isc - imp <= 1e-12 * isc {
            return Ok(curve(None));
        }
        let share = (vmp * (1.0 + series_ohm * isc / voc) + series_ohm * (imp - isc)) / voc;
        let exponent = (2.0 - share.exp2()).ln() / (imp / isc).ln();
        // Below one the curve bends inwards; outside 0 to 1 of the share it is no number at all.
        if share < 1.0 && exponent.is_finite() && exponent >= 1.0 {
            Ok(curve(Some(exponent)))
        } else {
            Err(CurveError::KneeTooSmall)
        }
    }

    /// The product of the knee's voltage and current.
    pub fn knee_watts(&self) -> Watts {
        Watts(self.vmp.0 * self.imp.0)
    }

    /// The same with both currents times `share`: less light on the same array.
    #[must_use]
    pub fn scaled(&self, share: f64) -> ArrayPoints {
        ArrayPoints {
            isc: Amperes(self.isc.0 * share),
            imp: Amperes(self.imp.0 * share),
            ..*self
        }
    }
}

impl fmt::Display for ArrayPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.3} and {:.3}, {:.3} at {:.3}",
            self.isc, self.voc, self.imp, self.vmp
        )
    }
}

impl ArrayCurve {
    /// The points that it goes through.
    pub fn points(&self) -> ArrayPoints {
        self.points
    }

    /// Voltage at a current, V; the current is taken into 0 to Isc.
    pub fn volts_at(&self, amps: f64) -> f64 {
        let (isc, voc) = (self.points.isc.0, self.points.voc.0);
        let amps = amps.clamp(0.0, isc);
        let Some(exponent) = self.exponent else {
            return voc - self.series_ohm * amps;
        };
        let knee = voc * (2.0 - (amps / isc).powf(exponent)).ln() / LN_2;
        let volts = (knee - self.series_ohm * (amps - isc)) / (1.0 + self.series_ohm * isc / voc);
        volts.max(0.0)
    }

    /// Current at a voltage, A: Isc at and below 0 V, nothing from Voc on.
    pub fn amps_at(&self, volts: f64) -> f64 {
        let (isc, voc, vmp) = (self.points.isc.0, self.points.voc.0, self.points.vmp.0);
        if volts >= voc {
            return 0.0;
        }
        if volts <= 0.0 {
            return isc;
        }
        if self.exponent.is_none() {
            return if volts <= vmp {
                isc
            } else {
                (voc - volts) / self.series_ohm
            };
        }
        // The voltage falls with the current, so halving finds it; 60 times is all that a
        // number holds.
        let (mut low, mut high) = (0.0, isc);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.volts_at(middle) > volts {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }

    /// Voltage and current of most power, V and A.
    pub fn max_power(&self) -> (f64, f64) {
        let points = self.points;
        if self.exponent.is_none() {
            // On the slope V = Voc - Rs I the most is at half of Voc, but not below the knee.
            let volts = points.vmp.0.max(0.5 * points.voc.0);
            return (volts, self.amps_at(volts));
        }
        // Power has one top along the curve: golden section.
        let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
        let watts = |amps: f64| amps * self.volts_at(amps);
        let (mut low, mut high) = (0.0, points.isc.0);
        for _ in 0..80 {
            let span = ratio * (high - low);
            let (left, right) = (high - span, low + span);
            if watts(left) < watts(right) {
                low = left;
            } else {
                high = right;
            }
        }
        let amps = 0.5 * (low + high);
        (self.volts_at(amps), amps)
    }

    /// The least of `|dV/dI|`, ohm: at open circuit, where the curve is steepest over the volts.
    pub fn least_slope_ohm(&self) -> f64 {
        let (isc, voc) = (self.points.isc.0, self.points.voc.0);
        match self.exponent {
            Some(_) => self.series_ohm / (1.0 + self.series_ohm * isc / voc),
            None => self.series_ohm,
        }
    }

    /// Corners of the curve as volts and amperes, from open circuit to short circuit, close
    /// enough for straight lines between them to bracket any working point.
    pub fn corners(&self) -> Vec<(f64, f64)> {
        const EACH: u32 = 96;
        let points = self.points;
        let share = |step: u32| f64::from(step) / f64::from(EACH);
        let knee = points.imp.0;
        let mut corners: Vec<(f64, f64)> = (0..=EACH)
            .map(|step| knee * share(step))
            .map(|amps| (self.volts_at(amps), amps))
            .collect();
        let below = corners.last().map_or(0.0, |corner| corner.0);
        corners.extend((1..=EACH).map(|step| {
            let volts = below * (1.0 - share(step));
            (volts, self.amps_at(volts))
        }));
        corners
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::physics::solar_cell::{AZUR_3G30C_ADVANCED, RATED_FLUX};

    fn points(voc: f64, vmp: f64, isc: f64, imp: f64) -> ArrayPoints {
        ArrayPoints {
            isc: Amperes(isc),
            imp: Amperes(imp),
            voc: Volts(voc),
            vmp: Volts(vmp),
        }
    }

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value}, {expected}");
    }

    /// Computed apart from this code, with a decimal library.
    #[test]
    fn the_law_is_the_published_one() {
        for (voc, vmp, isc, imp, ohm, exponent, watts, at) in [
            (
                32.0, 28.0, 4.6, 4.2, 0.952_381, 41.190_82, 117.646_8, 27.878,
            ),
            (65.0, 55.0, 8.5, 8.0, 1.25, 55.506_30, 441.071_5, 55.638),
            (21.0, 18.0, 0.5, 0.47, 6.382_979, 56.740_25, 8.470_4, 18.140),
        ] {
            let curve = points(voc, vmp, isc, imp).curve().unwrap();
            near(curve.series_ohm, ohm, 1e-6);
            near(curve.exponent.unwrap(), exponent, 1e-5);
            let (volts, amps) = curve.max_power();
            near(volts * amps, watts, 1e-4);
            near(volts, at, 1e-3);
        }
    }

    /// Where resistors meet the first of those curves.
    #[test]
    fn resistors_meet_the_curve_where_they_should() {
        let curve = points(32.0, 28.0, 4.6, 4.2).curve().unwrap();
        for (volts, amps) in [
            (9.135_54, 4.567_769),
            (22.287_93, 4.457_585),
            (28.965_87, 3.620_733),
            (31.472_71, 0.629_454),
        ] {
            near(curve.amps_at(volts), amps, 1e-5);
        }
    }

    #[test]
    fn points_that_are_no_curve_say_why() {
        for (voc, vmp, isc, imp, why) in [
            (32.0, 32.0, 4.6, 4.2, CurveError::VmpNotBelowVoc),
            (32.0, 28.0, 4.2, 4.6, CurveError::ImpAboveIsc),
            (32.0, 28.0, 0.0, 0.0, CurveError::NotPositive),
            (32.0, f64::NAN, 4.6, 4.2, CurveError::NotPositive),
            (32.0, 10.0, 4.6, 1.0, CurveError::KneeTooSmall),
        ] {
            assert_eq!(points(voc, vmp, isc, imp).curve(), Err(why));
        }
    }

    #[test]
    fn a_knee_at_the_short_circuit_current_is_a_rectangle_with_a_slope() {
        let curve = points(32.0, 28.0, 4.0, 4.0).curve().unwrap();
        near(curve.amps_at(10.0), 4.0, 0.0);
        near(curve.amps_at(30.0), 2.0, 1e-12);
        near(curve.max_power().0, 28.0, 1e-12);
        near(curve.least_slope_ohm(), 1.0, 1e-12);
    }

    #[test]
    fn an_arrays_own_curve_is_nearly_that_of_its_four_points() {
        let array = AZUR_3G30C_ADVANCED.curve(RATED_FLUX, 60.0).array(16, 10);
        let curve = ArrayPoints::of(&array).curve().unwrap();
        // Within 3 % of the voltage and 3 % of the current: the law bends less than a diode.
        let (isc, voc) = (array.short_circuit_amps(), array.open_circuit_volts());
        for share in 0..=100 {
            let volts = voc * f64::from(share) / 100.0;
            let amps = curve.amps_at(volts);
            let shifted = |by: f64| array.current_at(volts + by * voc);
            assert!(amps <= shifted(-0.03) + 0.03 * isc, "{volts} V: {amps} A");
            assert!(amps >= shifted(0.03) - 0.03 * isc, "{volts} V: {amps} A");
        }
        let (volts, amps) = array.max_power();
        let (simulated, at) = curve.max_power();
        near(simulated * at, volts * amps, 0.002 * volts * amps);
    }

    proptest! {
        #[test]
        fn the_curve_goes_through_its_points_and_only_falls(
            voc in 1.0..130.0_f64, knee in 0.6..0.95_f64, isc in 0.05..8.5_f64,
            current in 0.85..0.99_f64,
        ) {
            let points = points(voc, voc * knee, isc, isc * current);
            let Ok(curve) = points.curve() else { return Ok(()) };
            prop_assert!((curve.volts_at(0.0) - voc).abs() < 1e-9 * voc);
            prop_assert!((curve.volts_at(isc * current) - voc * knee).abs() < 1e-6 * voc);
            prop_assert!(curve.volts_at(isc) < 1e-9 * voc);
            let corners = curve.corners();
            for pair in corners.windows(2) {
                prop_assert!(pair[1].0 <= pair[0].0 && pair[1].1 >= pair[0].1 - 1e-12);
            }
            let scaled = points.scaled(0.1).curve().unwrap();
            prop_assert!((scaled.amps_at(voc * 0.9) - 0.1 * curve.amps_at(voc * 0.9)).abs() < 1e-6);
        }
    }
}
