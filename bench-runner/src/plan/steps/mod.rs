//! Steps: lengths to windows, and what is told in them to a timeline.

mod array;
mod cycles;
mod fault;
mod link;
mod load;
mod profile;
pub(crate) mod rest;
mod set;

use profiles::command::{Command, Work};
use profiles::phase::Phase;
use profiles::seed::Seed;
use profiles::selection::WindowSet;
use profiles::time::{BenchTime, Period, Window};
use reports::event::DeviceId;
use reports::header::{Header, NamedWindow, StepHeader};

use super::sky::{Flight, Sky};
use super::stations::{self, DevicePlan};
use super::{Planner, TimedCommand};
use crate::config::Located;
use crate::config::campaign::{RawCampaign, RawLength, RawStep, RawWorkload};
use crate::config::folder::Folder;
use crate::config::refusal::{Place, Refusal};
use crate::run::ARMING;

/// What the bench takes to identify and arm its instruments before the first step of the
/// campaign: a supply at 9600 baud needs half a second.
const ARMING_LENGTH: Period = Period::millis(5_000);
/// Longest campaign, s: as long as an element set is of use.
const LONGEST_RUN: f64 = 31.0 * 86_400.0;
/// What an orbit takes where the campaign's own is refused, s: as in low orbit.
const USUAL_ORBIT: f64 = 5_600.0;

/// Shortest window in which a board is told to work, s.
const SHORTEST_WORK: f64 = 0.01;

/// A command, and the place in a file that asked for it.
#[derive(Clone, Debug)]
pub(super) struct PlacedCommand {
    pub(super) command: TimedCommand,
    pub(super) place: Place,
    /// The place of a supply's current limit, if it is not the same.
    pub(super) amps_place: Option<Place>,
}

/// What a timeline is made from.
pub(super) struct Told<'a> {
    pub(super) campaign: &'a RawCampaign,
    /// Where the campaign's files are.
    pub(super) folder: &'a Folder,
    pub(super) header: &'a Header,
    pub(super) devices: &'a [DevicePlan],
    pub(super) sky: Option<&'a Sky>,
    pub(super) flight: Option<&'a Flight>,
}

impl Planner {
    /// The steps, one after the other from T0, after the bench's own.
    pub(super) fn steps(
        &mut self,
        campaign: &RawCampaign,
        flight: Option<&Flight>,
    ) -> Vec<StepHeader> {
        if campaign.steps.is_empty() && !self.broken.has("step") {
            let place = &campaign.name.place;
            let message = "the campaign has no step: nothing would be tested";
            let expected = "expected at least one [[step]], with a `name` and a `length`";
            self.refuse(Refusal::at(place, message, expected));
            self.broken.section("step");
        }
        let mut start = BenchTime::from_micros(ARMING_LENGTH.as_micros());
        let mut steps = vec![StepHeader {
            name: ARMING.to_owned(),
            window: Window {
                start: BenchTime::ZERO,
                end: start,
            },
        }];
        for raw in &campaign.steps {
            self.step_name(&raw.name, &steps);
            let seconds = self.step_seconds(raw, flight);
            let end = BenchTime::from_secs_f64(start.as_secs_f64() + seconds).ceil_millis();
            if end.as_secs_f64() > LONGEST_RUN {
                let days = end.as_secs_f64() / 86_400.0;
                let message = format!("the campaign is {days:.1} days long with this step");
                let expected = format!("expected at most {} days", LONGEST_RUN / 86_400.0);
                self.refuse(Refusal::at(&raw.length.place, message, expected));
                self.broken.section("length");
                break;
            }
            steps.push(StepHeader {
                name: raw.name.value.clone(),
                window: Window { start, end },
            });
            start = end;
        }
        steps
    }

    fn step_name(&mut self, name: &Located<String>, before: &[StepHeader]) {
        if name.value.is_empty() {
            return;
        }
        let message = if before.iter().any(|step| step.name == name.value) {
            format!("two steps are named `{}`", name.value)
        } else if Phase::ALL.iter().any(|phase| phase.name() == name.value) {
            format!("`{}` is the name of a phase of the orbit", name.value)
        } else {
            return;
        };
        self.refuse(Refusal::at(&name.place, message, "expected another name"));
    }

    /// The length of a step; what is refused counts as long as it would usually be.
    fn step_seconds(&mut self, raw: &RawStep, flight: Option<&Flight>) -> f64 {
        let seconds = match (raw.length.value, flight) {
            (RawLength::Unknown, _) => return USUAL_ORBIT,
            (RawLength::Seconds(seconds), _) => seconds,
            (RawLength::Orbits(count), Some(flight)) => count * flight.orbit.period_seconds(),
            (RawLength::Orbits(count), None) => {
                if !self.broken.has("orbit") {
                    let message = "a length in orbits needs an orbit";
                    let expected = "expected an [orbit], or a length in s, min or h";
                    self.refuse(Refusal::at(&raw.length.place, message, expected));
                    self.broken.section("length");
                }
                return (count * USUAL_ORBIT).min(LONGEST_RUN / 2.0);
            }
        };
        if (0.001..=LONGEST_RUN).contains(&seconds) {
            return seconds;
        }
        let message = match seconds / 86_400.0 {
            days if days > 1e6 => format!("a step of {days:e} days"),
            days if days > 1.0 => format!("a step of {days:.1} days"),
            _ => format!("a step of {seconds} s"),
        };
        let expected = format!("expected from 1 ms to {} days", LONGEST_RUN / 86_400.0);
        self.refuse(Refusal::at(&raw.length.place, message, expected));
        self.broken.section("length");
        USUAL_ORBIT
    }

    /// Everything that is told and everything that breaks, in order of time.
    pub(super) fn whole_timeline(&mut self, told: &Told<'_>, seed: Seed) -> Vec<PlacedCommand> {
        let Told {
            campaign,
            folder,
            header,
            devices,
            sky,
            flight,
        } = *told;
        let mut timeline = self.timeline(told);
        if let (Some(flight), Some(_)) = (flight, sky) {
            let span = Window {
                start: BenchTime::ZERO,
                end: header.end,
            };
            let whom = (devices, seed, span);
            timeline.extend(self.radiation(folder, campaign, flight, whom));
        }
        let period = flight.map(|flight| flight.orbit.period_seconds());
        timeline.extend(self.faults(&campaign.faults, (header, devices), seed, period));
        timeline.sort_by_key(|placed| placed.command.at);
        Planner::slews(&mut timeline, devices);
        timeline
    }

    /// Everything that is told, in order of time; equal times keep the order of the campaign.
    fn timeline(&mut self, told: &Told<'_>) -> Vec<PlacedCommand> {
        let mut timeline = Vec::new();
        for (raw, step) in told
            .campaign
            .steps
            .iter()
            .zip(told.header.steps.iter().skip(1))
        {
            for set in &raw.set {
                self.set(told, step.window, set, &mut timeline);
            }
            for profile in &raw.profiles {
                self.profile(told, step.window, profile, &mut timeline);
            }
        }
        self.workload_commands(told, &mut timeline);
        timeline.sort_by_key(|placed| placed.command.at);
        timeline
    }

    fn device<'a>(
        &mut self,
        devices: &'a [DevicePlan],
        name: &Located<String>,
    ) -> Option<&'a DevicePlan> {
        let found = stations::find(devices, &name.value);
        if found.is_none() {
            let names = stations::names(devices);
            self.unknown(
                &name.place,
                "device",
                &name.value,
                names.iter().map(AsRef::as_ref),
            );
        }
        found
    }

    /// Starts, stops and power modes of the workloads.
    fn workload_commands(&mut self, told: &Told<'_>, timeline: &mut Vec<PlacedCommand>) {
        for (raw, workload) in told.campaign.workloads.iter().zip(&told.header.workloads) {
            let windows = match &raw.during {
                Some(names) => self.during(names, told.header).unwrap_or_default(),
                None => every_step(told.header),
            };
            let steps = WindowSet::new(every_step(told.header).iter().map(|step| step.window));
            for named in windows {
                // Nothing is powered while the bench identifies and arms.
                let within = steps.and(&WindowSet::new([named.window]));
                let windows = within.windows().iter();
                for window in windows.filter(|window| window.seconds() >= SHORTEST_WORK) {
                    work_in(*window, raw, workload.device, told.header, timeline);
                }
            }
        }
    }
}

/// The campaign's own steps, without the bench's.
pub(super) fn every_step(header: &Header) -> Vec<NamedWindow> {
    let steps = header.steps.iter().skip(1);
    let named = steps.map(|step| NamedWindow {
        name: step.name.clone(),
        window: step.window,
    });
    named.collect()
}

/// Tells a board to work in a window, in the power mode of each phase.
fn work_in(
    window: Window,
    raw: &RawWorkload,
    device: DeviceId,
    header: &Header,
    timeline: &mut Vec<PlacedCommand>,
) {
    let mut tell = |at: BenchTime, work| {
        let command = TimedCommand {
            at: at.ceil_millis(),
            device,
            command: Command::Accelerator(work),
        };
        timeline.push(PlacedCommand {
            command,
            place: raw.name.place.clone(),
            amps_place: None,
        });
    };
    for interval in &header.phases {
        let mode = raw.modes.iter().find(|(phase, _)| *phase == interval.phase);
        if let (Some((_, mode)), Some(part)) = (mode, interval.window.overlap(&window)) {
            tell(part.start, Work::Mode(*mode));
        }
    }
    tell(window.start, Work::Start);
    tell(window.end - Period::millis(1), Work::Stop);
}
