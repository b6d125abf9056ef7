//! What is left of a campaign whose run was cut off: from where it goes on, what must be told first so
//! that the bench is as it was there, and the header of the whole.

use std::collections::BTreeMap;

use drivers::catalog::Role;
use profiles::command::{Command, Work};
use profiles::phase::PhaseInterval;
use profiles::time::{BenchTime, Period, Window};
use reports::event::DeviceId;
use reports::header::{Gap, Header, NamedWindow, StepHeader};

use super::ARMING_LENGTH;
use crate::plan::{DevicePlan, Plan, TimedCommand};

/// Power comes back so long before the campaign goes on: a board boots in some seconds.
const POWERED: Period = Period::millis(15_000);
/// Between the steps in which power is restored: settings, sources, loads.
const BETWEEN: Period = Period::millis(1_000);
/// Where a chamber probably is when it has stood for a while, °C.
const AMBIENT: f64 = 23.0;
/// How fast chambers go that nobody tells how fast to go, K/min.
const USUAL_SLEW: f64 = 2.0;
/// What a chamber then takes to settle, s.
const SETTLES: f64 = 120.0;
/// How far from its target a chamber may be when power comes back, K.
pub(crate) const REACHED: f64 = 3.0;

/// The rest of a plan. Its times are those of the part of the run that is to come, which begins at
/// zero with arming.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// The time in the plan from which it goes on.
    pub from: BenchTime,
    /// The same in words: a step, an orbit of it.
    pub with: String,
    /// The place of that step among those of the plan.
    pub step: u16,
    /// When the campaign goes on.
    pub lead: BenchTime,
    /// When power comes back: temperatures must be reached by then.
    pub powered: BenchTime,
    /// What is told before the campaign goes on.
    pub restored: Vec<TimedCommand>,
    /// The temperatures that chambers must have reached: whose, on which channel, °C.
    pub reached: Vec<(DeviceId, u16, f64)>,
    /// The place of the step in the header of the whole run.
    pub whole_step: u16,
}

impl Rest {
    /// The rest of `plan`, of which a run got as far as `got`. Chambers get `settle` to come back to
    /// their temperature, or as long as they probably need.
    pub(crate) fn of(plan: &Plan, got: BenchTime, settle: Option<f64>) -> Rest {
        let (step, from, with) = boundary(plan, got);
        let mut before = BTreeMap::new();
        for told in plan.timeline.iter().filter(|told| told.at < from) {
            if let Some(kind) = kind(&told.command) {
                before.insert((told.device, kind), told.command.clone());
            }
        }
        let chambers = before.iter().filter_map(|((device, _), command)| {
            let Command::Chamber { target, slew } = command else {
                return None;
            };
            Some((*device, target.0, slew.map_or(USUAL_SLEW, |slew| slew.0)))
        });
        let chambers: Vec<(DeviceId, f64, f64)> = chambers.collect();
        let needed = chambers
            .iter()
            .map(|(_, target, slew)| 60.0 * (target - AMBIENT).abs() / slew.max(0.1) + SETTLES);
        let settle = settle.unwrap_or_else(|| needed.fold(0.0, f64::max));
        let armed = BenchTime::ZERO + ARMING_LENGTH;
        let powered = armed.plus_micros((settle * 1e6) as u64).ceil_millis();
        let lead = powered + POWERED;
        let restored = before.into_iter().map(|((device, kind), command)| {
            let at = match kind {
                Kind::Temperature | Kind::Loss => armed,
                Kind::Setting => powered,
                Kind::Source => powered + BETWEEN,
                Kind::Input => powered + BETWEEN + BETWEEN,
                Kind::Mode => lead - BETWEEN,
                Kind::Work => lead,
            };
            TimedCommand {
                at,
                device,
                command,
            }
        });
        let mut restored: Vec<TimedCommand> = restored.collect();
        restored.sort_by_key(|told| told.at);
        let reached = chambers.iter().filter_map(|(device, target, _)| {
            let mut devices = plan.devices.iter().map(DevicePlan::wired);
            let wired = devices.find(|wired| wired.id == *device)?;
            let air = wired
                .channels
                .iter()
                .position(|spec| &*spec.name == "air")?;
            (wired.role == Role::ThermalChamber).then_some((*device, air as u16, *target))
        });
        Rest {
            from,
            with,
            step,
            lead,
            powered,
            restored,
            reached: reached.collect(),
            whole_step: 0,
        }
    }

    /// The time in the part that is to come of a time in the plan that is not before it.
    pub(crate) fn at(&self, planned: BenchTime) -> BenchTime {
        self.lead.plus_micros(planned.micros_since(self.from))
    }
}

/// What a command settles of a device: the last of a kind holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Temperature,
    Loss,
    Setting,
    Source,
    Input,
    Mode,
    Work,
}

fn kind(command: &Command) -> Option<Kind> {
    Some(match command {
        Command::Chamber { .. } => Kind::Temperature,
        Command::Attenuate(_) => Kind::Loss,
        Command::Supply { .. } | Command::Curve(_) | Command::Load(_) => Kind::Setting,
        Command::SupplyOutput(_) => Kind::Source,
        Command::LoadInput(_) => Kind::Input,
        Command::Accelerator(Work::Mode(_)) => Kind::Mode,
        Command::Accelerator(Work::Start | Work::Stop) => Kind::Work,
        // What was broken on purpose was so in the part that is over.
        Command::Inject(_) => return None,
    })
}

/// The last boundary that was reached: the begin of a step, or of an orbit in it.
fn boundary(plan: &Plan, got: BenchTime) -> (u16, BenchTime, String) {
    let steps = &plan.header.steps;
    let own = (1_u16..).zip(steps.iter().skip(1));
    let begun = own.filter(|(place, step)| *place == 1 || step.window.start <= got);
    let Some((place, step)) = begun.last() else {
        return (0, BenchTime::ZERO, "the first step".to_owned());
    };
    let (start, name) = (step.window.start, &step.name);
    let orbit_us = plan
        .orbit_seconds
        .map_or(0, |seconds| (seconds * 1e6) as u64);
    let orbits = got.micros_since(start).checked_div(orbit_us).unwrap_or(0);
    // An orbit that ends with its step is no boundary in it.
    let last = step.window.end.micros_since(start).saturating_sub(1);
    let orbits = orbits.min(last.checked_div(orbit_us).unwrap_or(0));
    if orbits == 0 {
        return (place, start, format!("step `{name}`"));
    }
    let from = start.plus_micros(orbits * orbit_us).ceil_millis();
    (
        place,
        from,
        format!("orbit {} of step `{name}`", orbits + 1),
    )
}

/// The header of a run that was cut off at `cut` and goes on with the rest of `plan` `shift` µs of bench
/// time after T0; `known` is what the record says of the part that is over. Gives the rest, too, with
/// its step's place in the header.
pub(crate) fn whole(
    known: &Header,
    plan: &Plan,
    rest: Rest,
    (cut, shift): (BenchTime, u64),
) -> (Header, Rest) {
    let later = Later {
        rest: &rest,
        cut,
        shift,
    };
    let mut header = Header {
        steps: Vec::new(),
        phases: Vec::new(),
        end: later.at(plan.header.end),
        ..known.clone()
    };
    let step = |step: &StepHeader, window| StepHeader {
        name: step.name.clone(),
        window,
    };
    header.steps = later.kept(&known.steps, |step| step.window, step);
    let whole_step = header.steps.len() as u16 + 2;
    let stretch = |name: &str, from: BenchTime, to: BenchTime| StepHeader {
        name: format!("resumed: {name}"),
        window: Window {
            start: from.plus_micros(shift),
            end: to.plus_micros(shift),
        },
    };
    let armed = BenchTime::ZERO + ARMING_LENGTH;
    header
        .steps
        .push(stretch(crate::run::ARMING, BenchTime::ZERO, armed));
    header
        .steps
        .push(stretch("restore conditions", armed, rest.lead));
    header
        .steps
        .extend(later.to_come(&plan.header.steps, |step| step.window, step));
    let phase = |interval: &PhaseInterval, window| PhaseInterval {
        window,
        ..*interval
    };
    header.phases = later.both(&known.phases, &plan.header.phases, |i| i.window, phase);
    let named = |named: &NamedWindow, window| NamedWindow {
        name: named.name.clone(),
        window,
    };
    header.windows = later.both(&known.windows, &plan.header.windows, |n| n.window, named);
    header.passes = later.both(
        &known.passes,
        &plan.header.passes,
        |p| p.window,
        |p, window| reports::header::Pass {
            window,
            ..p.clone()
        },
    );
    let gap = later.checks(&mut header, plan, named);
    header.gaps.push(gap);
    (header, Rest { whole_step, ..rest })
}

/// Windows of the whole run: those before the cut, and those after the gap.
struct Later<'a> {
    rest: &'a Rest,
    cut: BenchTime,
    shift: u64,
}

impl Later<'_> {
    /// Moves the windows of checks; the gap, with those that see their stretch in two pieces.
    fn checks(
        &self,
        header: &mut Header,
        plan: &Plan,
        named: impl Fn(&NamedWindow, Window) -> NamedWindow + Copy,
    ) -> Gap {
        let mut gap = Gap {
            window: Window {
                start: self.cut,
                end: self.at(self.rest.from),
            },
            with: self.rest.with.clone(),
            planned: self.rest.from,
            torn: Vec::new(),
        };
        let first = BenchTime::ZERO + ARMING_LENGTH;
        let planned = plan.header.checks.iter();
        for (place, (check, planned)) in (0_u16..).zip(header.checks.iter_mut().zip(planned)) {
            check.windows = self.both(&check.windows, &planned.windows, |n| n.window, named);
            let mut windows = planned.windows.iter();
            if windows.any(|n| gap.tears(n.window, first)) {
                gap.torn.push(place);
            }
        }
        gap
    }

    /// The time in the whole run of a planned time.
    fn at(&self, planned: BenchTime) -> BenchTime {
        self.rest.at(planned).plus_micros(self.shift)
    }

    fn kept<T>(
        &self,
        known: &[T],
        window: impl Fn(&T) -> Window,
        with: impl Fn(&T, Window) -> T,
    ) -> Vec<T> {
        let kept = known.iter().filter(|one| window(one).start < self.cut);
        let cut = |one: &T| {
            let Window { start, end } = window(one);
            let end = end.min(self.cut);
            with(one, Window { start, end })
        };
        kept.map(cut).collect()
    }

    fn to_come<T>(
        &self,
        planned: &[T],
        window: impl Fn(&T) -> Window,
        with: impl Fn(&T, Window) -> T,
    ) -> Vec<T> {
        let from = self.rest.from;
        let to_come = planned.iter().filter(|one| window(one).end > from);
        let moved = |one: &T| {
            let Window { start, end } = window(one);
            let window = Window {
                start: self.at(start.max(from)),
                end: self.at(end),
            };
            with(one, window)
        };
        to_come.map(moved).collect()
    }

    fn both<T>(
        &self,
        known: &[T],
        planned: &[T],
        window: impl Fn(&T) -> Window + Copy,
        with: impl Fn(&T, Window) -> T + Copy,
    ) -> Vec<T> {
        let mut both = self.kept(known, window, with);
        both.extend(self.to_come(planned, window, with));
        both
    }
}
