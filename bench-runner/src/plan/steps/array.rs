//! What a solar-array simulator is told: four points of a curve, in a `set` or along the orbit.

use drivers::catalog::Role;
use profiles::command::Command;
use profiles::orbit::SolarArray;
use profiles::physics::array_curve::{ArrayPoints, CurveError};
use profiles::physics::solar_cell::{RATED_CELSIUS, RATED_FLUX};
use profiles::quantity::{Amperes, Volts};

use crate::config::campaign::{RawProfile, RawSet};
use crate::config::refusal::{Place, Refusal};
use crate::plan::Planner;

impl Planner {
    /// The curve of an entry of `set`, with its place: all four points or none.
    pub(super) fn curve<'a>(
        &mut self,
        raw: &'a RawSet,
        role: Role,
        stray: &mut Vec<(&'static str, &'a Place)>,
    ) -> Option<(Command, Place)> {
        let keys = raw.curve.keys();
        let written = keys.map(|(key, value)| Some((key, value?)));
        let mut written = written.into_iter().flatten();
        let (_, first) = written.clone().next()?;
        if role != Role::SolarArraySimulator {
            stray.extend(written.map(|(key, value)| (key, &value.place)));
            return None;
        }
        let [Some(isc), Some(imp), Some(voc), Some(vmp)] = keys.map(|(_, value)| value) else {
            if raw.is_whole {
                let message = "a curve has four points, which are told together";
                let expected = "expected `isc_amps`, `imp_amps`, `voc_volts` and `vmp_volts`";
                self.refuse(Refusal::at(&first.place, message, expected));
            }
            return None;
        };
        let points = ArrayPoints {
            isc: Amperes(isc.value),
            imp: Amperes(imp.value),
            voc: Volts(voc.value),
            vmp: Volts(vmp.value),
        };
        if let Err(error) = points.curve() {
            let (place, expected) = match error {
                CurveError::NotPositive => {
                    let wrong = written.find(|(_, value)| value.value <= 0.0);
                    let place = wrong.map_or(&first.place, |(_, value)| &value.place);
                    (place, "expected four numbers above 0")
                }
                CurveError::VmpNotBelowVoc => {
                    (&vmp.place, "expected `vmp_volts` below `voc_volts`")
                }
                CurveError::ImpAboveIsc => (&imp.place, "expected `imp_amps` up to `isc_amps`"),
                CurveError::KneeTooSmall => (
                    &vmp.place,
                    "expected a knee near the corner, as 0.9 of both",
                ),
            };
            let message = format!("no array has this curve: {error}");
            self.refuse(Refusal::at(place, message, expected));
            return None;
        }
        Some((Command::Curve(points), first.place.clone()))
    }

    /// Refuses an array that makes no curve even in full sunlight, as one without strings.
    pub(super) fn possible(&mut self, array: &SolarArray, raw: &RawProfile) {
        let curve = array.curve(RATED_FLUX, RATED_CELSIUS);
        if let Err(error) = ArrayPoints::of(&curve).curve() {
            let message = format!("the satellite's array has no curve to simulate: {error}");
            let expected = "expected strings that are not all broken in [orbit.array]";
            self.refuse(Refusal::at(&raw.device.place, message, expected));
        }
    }
}
