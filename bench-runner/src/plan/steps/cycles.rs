//! Thermal cycles of a step: what the chamber is told, and the windows of plateaus and ramps.

use profiles::shape::Cycles;
use profiles::time::{BenchTime, Period, Window};
use reports::header::{NamedWindow, StepHeader};

use crate::config::campaign::{RawCampaign, RawProfile};
use crate::config::refusal::Refusal;
use crate::plan::Planner;

/// The kind of profile, as campaigns spell it.
pub(super) const KIND: &str = "cycles";

impl Planner {
    /// The windows of all cycles of a campaign, by the names of their legs: `hot plateau`,
    /// `cold plateau`, `ramp up`, `ramp down`.
    pub(in crate::plan) fn cycle_windows(
        &mut self,
        campaign: &RawCampaign,
        steps: &[StepHeader],
    ) -> Vec<NamedWindow> {
        let mut windows: Vec<NamedWindow> = Vec::new();
        for (raw, step) in campaign.steps.iter().zip(steps.iter().skip(1)) {
            for profile in &raw.profiles {
                let Some(cycles) = laid_out(profile, step.window.start) else {
                    continue;
                };
                let named = cycles.windows().into_iter();
                let within = named.filter_map(|(name, window)| {
                    let window = window.overlap(&step.window)?;
                    Some(NamedWindow { name, window })
                });
                windows.extend(within);
            }
        }
        for named in &windows {
            if !self.happenings.contains(&named.name) {
                self.happenings.push(named.name.clone());
            }
        }
        windows
    }

    /// What a chamber is told over a step.
    pub(super) fn cycle_points(
        &mut self,
        raw: &RawProfile,
        window: Window,
        every: Period,
    ) -> Option<Vec<(BenchTime, f64)>> {
        let Some(written) = &raw.cycles else {
            let message = "a profile of kind `cycles` needs its cycles";
            let expected =
                "expected `cycles = { standard = …, cold_celsius = …, hot_celsius = … }`";
            self.refuse(Refusal::at(&raw.kind.place, message, expected));
            return None;
        };
        let cycles = laid_out(raw, window.start)?;
        if cycles.window().end.ceil_millis() > window.end && !self.broken.is_timeless() {
            let needed = (cycles.seconds() * 1e3).ceil() / 1e3;
            let message = format!(
                "the cycles take {needed} s ({:.2} h), the step {} s",
                needed / 3_600.0,
                window.seconds()
            );
            let expected = "expected cycles that end within their step";
            let help = format!("give the step `length = \"{needed} s\"`, or more");
            let refusal = Refusal::at(&written.place, message, expected);
            self.refuse(refusal.help(help));
            return None;
        }
        let mut points = cycles.set_points(every);
        points.retain(|(at, _)| *at < window.end);
        Some(points)
    }
}

/// The cycles of a profile from `start` on, where it has some that can be.
fn laid_out(raw: &RawProfile, start: BenchTime) -> Option<Cycles> {
    let written = raw.cycles.as_ref().filter(|_| raw.kind.value == KIND)?;
    let mut spec = written.spec;
    spec.start = start;
    Cycles::new(spec).ok()
}
