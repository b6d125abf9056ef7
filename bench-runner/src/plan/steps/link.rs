//! An attenuator that plays a link of the satellite: cut while there is none, and while there is
//! one, as much weaker as it is farther than at its nearest.

use drivers::catalog::Role;
use profiles::command::Command;
use profiles::orbit::LinkPoint;
use profiles::quantity::Decibels;
use profiles::time::{BenchTime, Period, Window};

use super::profile::placed;
use super::{PlacedCommand, Told};
use crate::config::campaign::RawProfile;
use crate::config::refusal::Refusal;
use crate::plan::sky::surroundings::{CONTACT, LINK};
use crate::plan::stations::DevicePlan;
use crate::plan::{Planner, TimedCommand};

/// The kind of profile, as campaigns spell it.
pub(super) const KIND: &str = "link";

/// Attenuation at the nearest and where there is no link, dB.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Losses {
    least: f64,
    cut: f64,
}

impl Losses {
    /// What is told at `point`, when a link of `reference_km` is attenuated least: the loss of
    /// free space grows with the square of the distance (ITU-R P.525).
    fn at(self, point: LinkPoint, reference_km: f64) -> f64 {
        if !point.open {
            return self.cut;
        }
        let farther = 20.0 * (point.range_km / reference_km).log10();
        (self.least + farther).clamp(self.least, self.cut)
    }
}

impl Planner {
    /// What an attenuator is told over a step.
    pub(super) fn link_profile(
        &mut self,
        (told, device): (&Told<'_>, &DevicePlan),
        window: Window,
        raw: &RawProfile,
        timeline: &mut Vec<PlacedCommand>,
    ) {
        let every = self.every(raw, window);
        self.only_of(raw, KIND);
        let role = device.wired().role;
        let DevicePlan::Instrument(plan) = device else {
            return self.no_link(raw, role);
        };
        let (Role::Attenuator, Some(&least), Some(&cut)) =
            (role, plan.limits.get("min_db"), plan.limits.get("max_db"))
        else {
            return self.no_link(raw, role);
        };
        let Some(points) = self.link_points(told, window, raw, every) else {
            return;
        };
        let open = points.iter().filter(|point| point.open);
        let nearest = open.map(|point| point.range_km).fold(f64::MAX, f64::min);
        let reference = raw.reference_km.as_ref();
        if let Some(reference) = reference.filter(|km| !(1.0..=1e6).contains(&km.value)) {
            let message = format!("a link of {} km", reference.value);
            let expected = "expected from 1 to 1000000 km";
            self.refuse(Refusal::at(&reference.place, message, expected));
            return;
        }
        let reference = reference.map_or(nearest, |km| km.value);
        let losses = Losses { least, cut };
        let mut tell = |at: BenchTime, db: f64| {
            let command = TimedCommand {
                at: at.ceil_millis(),
                device: device.wired().id,
                command: Command::Attenuate(Decibels(db)),
            };
            timeline.push(placed(raw, command));
        };
        if points.first().is_none_or(|first| first.at > window.start) {
            tell(window.start, cut);
        }
        for point in points.iter().filter(|point| point.at < window.end) {
            tell(point.at, losses.at(*point, reference));
        }
    }

    fn no_link(&mut self, raw: &RawProfile, role: Role) {
        let message = format!("{} plays no link", role.with_article());
        let expected = "expected an attenuator";
        self.refuse(Refusal::at(&raw.device.place, message, expected));
    }

    /// The link that the profile names, over its windows within the step.
    fn link_points(
        &mut self,
        told: &Told<'_>,
        window: Window,
        raw: &RawProfile,
        every: Period,
    ) -> Option<Vec<LinkPoint>> {
        let Some(flight) = told.flight else {
            if !self.broken.has("orbit") {
                let message = "a profile of kind `link` needs an orbit";
                self.refuse(Refusal::at(&raw.kind.place, message, "expected an [orbit]"));
            }
            return None;
        };
        let Some(named) = &raw.link else {
            if raw.is_whole {
                let message = "a profile of kind `link` needs its link";
                let expected = "expected `link`, as \"link:p1s2\" or \"contact:svalbard\"";
                self.refuse(Refusal::at(&raw.kind.place, message, expected));
            }
            return None;
        };
        let windows = told.header.windows.iter();
        let windows = windows.filter(|found| found.name == named.value);
        let windows: Vec<Window> = windows
            .filter_map(|found| found.window.overlap(&window))
            .collect();
        let flown = (&flight.orbit, flight.start);
        match flight.around.points(flown, &named.value, &windows, every) {
            Some(Ok(points)) => Some(points),
            Some(Err(error)) => {
                let message = format!("the link cannot be followed: {error}");
                self.refuse(Refusal::at(&named.place, message, "this link"));
                None
            }
            None => {
                let names = flight.around.names();
                let known = names
                    .iter()
                    .map(String::as_str)
                    .filter(|name| name.starts_with(LINK) || name.starts_with(CONTACT));
                self.unknown(&named.place, "link", &named.value, known);
                None
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is clamped is one of the ends")]
mod tests {
    use super::*;

    #[test]
    fn twice_as_far_is_six_decibels_more_and_no_link_is_cut() {
        let losses = Losses {
            least: 10.0,
            cut: 60.0,
        };
        let point = |open, range_km| LinkPoint {
            at: BenchTime::ZERO,
            open,
            range_km,
            light_ms: 0.0,
        };
        assert_eq!(losses.at(point(true, 500.0), 500.0), 10.0);
        let farther = losses.at(point(true, 1_000.0), 500.0);
        assert!((farther - 16.020_6).abs() < 1e-4, "{farther}");
        assert_eq!(losses.at(point(true, 100.0), 500.0), 10.0, "never less");
        assert_eq!(losses.at(point(true, 1e9), 500.0), 60.0, "never more");
        assert_eq!(losses.at(point(false, 500.0), 500.0), 60.0);
    }
}
