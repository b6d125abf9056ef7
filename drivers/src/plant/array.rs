//! Sources with a curve: a solar array's current against voltage, and the point at which it and
//! its loads agree.
//!
//! Loads of constant power meet such a curve twice. The point at the higher voltage is the stable
//! one: below the other, a converter that loses voltage takes more current and loses more. Where
//! loads ask for more than the curve has, there is no such point, and the bus collapses until
//! somebody's converter stops.

use profiles::physics::array_curve::ArrayCurve;

/// A curve that a source's output lies on.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    shape: Shape,
    /// Volts and amperes from open circuit to short circuit.
    corners: Vec<(f64, f64)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// Four points and a law.
    FourPoints(ArrayCurve),
    /// Straight lines between the corners.
    Corners,
}

/// Where a source and its loads agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) volts: f64,
    pub(super) amps: f64,
    /// Whether the loads ask for more than the curve has.
    pub(super) collapsed: bool,
}

impl Curve {
    /// The curve through four points.
    pub fn four_points(curve: &ArrayCurve) -> Curve {
        Curve {
            shape: Shape::FourPoints(*curve),
            corners: curve.corners(),
        }
    }

    /// Straight lines between points of volts and amperes, in order of rising volts with amperes
    /// that do not rise. Before the first point the current stays as it is there; beyond the last
    /// one the last line goes on until there is no current left.
    pub fn table(points: &[(f64, f64)]) -> Curve {
        let mut corners: Vec<(f64, f64)> = points.iter().rev().copied().collect();
        if let &[last, before, ..] = corners.as_slice()
            && last.1 > 0.0
        {
            let slope = (before.1 - last.1) / (last.0 - before.0);
            // A last line without a slope ends upright, at its last voltage.
            let end = if slope > 0.0 {
                last.0 + last.1 / slope
            } else {
                last.0
            };
            corners.insert(0, (end, 0.0));
        }
        if let Some(&(volts, amps)) = corners.last()
            && volts > 0.0
        {
            corners.push((0.0, amps));
        }
        Curve {
            shape: Shape::Corners,
            corners,
        }
    }

    /// Voltage without any load, V.
    pub fn open_circuit_volts(&self) -> f64 {
        self.corners.first().map_or(0.0, |corner| corner.0)
    }

    /// A source that holds `volts` up to a current: a supply as a curve.
    pub(super) fn regulated(volts: f64, amps: f64) -> Curve {
        Curve {
            shape: Shape::Corners,
            corners: vec![(volts, 0.0), (volts, amps), (0.0, amps)],
        }
    }

    /// Voltage and current between two corners.
    fn between(&self, upper: (f64, f64), lower: (f64, f64), share: f64) -> (f64, f64) {
        let line = |from: f64, to: f64| from + (to - from) * share;
        let (volts, amps) = (line(upper.0, lower.0), line(upper.1, lower.1));
        match &self.shape {
            // Above the knee the volts follow the current, below it the current the volts: so
            // neither is found where the curve is steep.
            Shape::FourPoints(curve) if upper.1 < curve.points().imp.0 => {
                (curve.volts_at(amps), amps)
            }
            Shape::FourPoints(curve) => (volts, curve.amps_at(volts)),
            Shape::Corners => (volts, amps),
        }
    }

    /// The highest voltage at which the source gives what `demand` asks for at that voltage.
    pub(super) fn meets(&self, demand: impl Fn(f64) -> f64) -> Point {
        let Some(&first) = self.corners.first() else {
            return Point {
                volts: 0.0,
                amps: 0.0,
                collapsed: false,
            };
        };
        let left = |(volts, amps): (f64, f64)| amps - demand(volts);
        let mut found = (first, first);
        for pair in self.corners.windows(2) {
            if left(pair[0]) >= 0.0 {
                break;
            }
            // Without any, the last corner is what remains: a short circuit.
            found = (pair[0], pair[1]);
            if left(pair[1]) >= 0.0 {
                break;
            }
            found = (pair[1], pair[1]);
        }
        let (upper, lower) = found;
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..50 {
            let middle = 0.5 * (low + high);
            if left(self.between(upper, lower, middle)) >= 0.0 {
                high = middle;
            } else {
                low = middle;
            }
        }
        let (volts, amps) = self.between(upper, lower, high);
        // More current than is asked for: below this voltage somebody's converter has stopped,
        // above it all of them ask for too much.
        let collapsed = amps - demand(volts) > 1e-6 + 1e-6 * amps && volts < first.0;
        Point {
            volts,
            amps,
            collapsed,
        }
    }
}

#[cfg(test)]
mod tests {
    use profiles::physics::array_curve::ArrayPoints;
    use profiles::quantity::{Amperes, Volts};

    use super::*;

    fn law() -> ArrayCurve {
        let points = ArrayPoints {
            isc: Amperes(4.6),
            imp: Amperes(4.2),
            voc: Volts(32.0),
            vmp: Volts(28.0),
        };
        points.curve().unwrap()
    }

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value}, {expected}");
    }

    #[test]
    fn resistors_are_met_on_the_curve() {
        let curve = Curve::four_points(&law());
        for (ohm, volts, amps) in [
            (2.0, 9.135_54, 4.567_769),
            (5.0, 22.287_93, 4.457_585),
            (8.0, 28.965_87, 3.620_733),
            (50.0, 31.472_71, 0.629_454),
        ] {
            let point = curve.meets(|volts| volts / ohm);
            near(point.volts, volts, 1e-4);
            near(point.amps, amps, 1e-5);
            assert!(!point.collapsed);
        }
        let open = curve.meets(|_| 0.0);
        assert_eq!((open.volts, open.amps), (32.0, 0.0));
    }

    #[test]
    fn constant_power_is_met_at_the_stable_of_its_two_points() {
        let curve = Curve::four_points(&law());
        for watts in [1.0, 40.0, 100.0, 117.0, 117.6] {
            let point = curve.meets(|volts| watts / volts);
            near(point.volts * point.amps, watts, 1e-4);
            near(point.amps, law().amps_at(point.volts), 1e-6);
            assert!(point.volts > law().max_power().0 - 0.3, "{point:?}");
            assert!(!point.collapsed);
        }
    }

    #[test]
    fn more_than_the_most_power_collapses_the_bus_onto_the_converters_threshold() {
        let curve = Curve::four_points(&law());
        let converter = |volts: f64| if volts < 20.0 { 0.0 } else { 118.0 / volts };
        let point = curve.meets(converter);
        assert!(point.collapsed);
        assert!(point.volts < 20.0);
        near(point.volts, 20.0, 1e-6);
        near(point.amps, law().amps_at(20.0), 1e-6);
    }

    #[test]
    fn a_table_is_straight_lines_that_go_on_at_both_ends() {
        let curve = Curve::table(&[(10.0, 4.0), (20.0, 3.0), (25.0, 1.0)]);
        let open = curve.meets(|_| 0.0);
        near(open.volts, 27.5, 1e-9);
        near(curve.meets(|volts| volts / 2.0).amps, 4.0, 1e-9);
        near(curve.meets(|volts| volts / 6.0).volts, 19.5 - 0.75, 1e-9);
        near(curve.meets(|_| 2.0).volts, 22.5, 1e-9);
    }
}
