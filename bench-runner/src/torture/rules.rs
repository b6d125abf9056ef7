//! The rules that hold whatever breaks, each with how it is looked at. The world is asked, not what
//! was told to it.

use drivers::catalog::Role;
use drivers::plant::Place;
use profiles::time::{BenchTime, Period};
use reports::event::DeviceId;
use reports::header::{CheckSpec, Subject};
use reports::verdict::Verdict;

use super::Seen;
use super::tally::Lost;
use crate::exit::Exit;
use crate::plan::{DevicePlan, InstrumentPlan};

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// How it was broken, if it was.
    pub broken: fn(&Seen<'_>) -> Option<String>,
}

/// The rules of the house; beside them no run may panic or hang.
pub const RULES: &[Rule] = &[
    Rule {
        name: "limits held at the terminals",
        broken: limits,
    },
    Rule {
        name: "left safe",
        broken: left_safe,
    },
    Rule {
        name: "no pass on lost evidence",
        broken: lost_evidence,
    },
    Rule {
        name: "the record says the same",
        broken: judged,
    },
    Rule {
        name: "ends in time",
        broken: in_time,
    },
];

/// How long making safe may take at most: three kinds of devices, fifteen seconds each, and some.
const SAFE_WITHIN: Period = Period::millis(50_000);
/// What a limit may be passed by: the last bit of a sum, V, A or K.
const ROUNDING: f64 = 1e-9;
/// Least step of a chamber's set point, K.
const RESOLUTION: f64 = 0.11;
/// A check window in which nothing was said is no oversight from this length on.
const NOTICED: f64 = 60.0;

fn instruments<'a>(seen: &'a Seen<'_>) -> impl Iterator<Item = (&'a InstrumentPlan, Place)> {
    seen.plan.devices.iter().filter_map(|device| match device {
        DevicePlan::Instrument(plan) => {
            let place = seen.world.places.get(&plan.wired.id);
            place.map(|place| (plan, *place))
        }
        DevicePlan::Board(_) => None,
    })
}

fn limits(seen: &Seen<'_>) -> Option<String> {
    let plant = seen.world.plant.lock();
    for (device, place) in instruments(seen) {
        let limit = |key: &str| device.limits.get(key).copied();
        let beyond = |what: &str, value: f64, at: Option<BenchTime>, key: &str| {
            let allowed = limit(key)?;
            let outside = match key {
                "min_celsius" => value < allowed - ROUNDING,
                _ => value > allowed + ROUNDING,
            };
            let when = at.map_or(String::new(), |at| format!(" at {at}"));
            let name = &device.wired.name;
            outside
                .then(|| format!("{name}: {value:.3} {what}{when}, its limit `{key}` is {allowed}"))
        };
        let found = match (device.wired.role, place) {
            (Role::PowerSupply | Role::SolarArraySimulator, Place::Bus(bus)) => {
                let most = plant.extremes(bus);
                let (volts, amps) = (most.volts, most.amps);
                beyond("V", volts.0.0, Some(volts.1), "volts")
                    .or_else(|| beyond("A", amps.0.0, Some(amps.1), "amps"))
            }
            (Role::ElectronicLoad, Place::Bus(bus)) => {
                let (amps, at) = plant.extremes(bus).sunk;
                beyond("A", amps.0, Some(at), "amps")
            }
            (Role::ThermalChamber, Place::Air(air)) => {
                let (low, high) = plant.air_extremes(air);
                beyond("°C", low.0, None, "min_celsius")
                    .or_else(|| beyond("°C", high.0, None, "max_celsius"))
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn left_safe(seen: &Seen<'_>) -> Option<String> {
    if !seen.tally.has_end {
        return Some("the last event is not the end of the run".to_owned());
    }
    // What cannot be confirmed is said, and nothing outranks it.
    if seen.outcome.exit == Exit::Unsafe {
        return None;
    }
    let plant = seen.world.plant.lock();
    for (device, place) in instruments(seen) {
        let (name, role) = (&device.wired.name, device.wired.role);
        let live = match place {
            Place::Bus(bus) if role == Role::ElectronicLoad => plant.is_sinking(bus),
            Place::Bus(bus) if role.feeds() => plant.is_driven(bus),
            Place::Air(air) => plant.air_target(air).is_some_and(|target| {
                let safe = device
                    .wired
                    .options
                    .number("safe_celsius")
                    .unwrap_or(target.0);
                let limit = |key: &str| device.limits.get(key).copied();
                let safe = safe.min(limit("max_celsius").unwrap_or(safe));
                let safe = safe.max(limit("min_celsius").unwrap_or(safe));
                (target.0 - safe).abs() > RESOLUTION
            }),
            _ => false,
        };
        if live {
            return Some(format!("{name} is still on after the run"));
        }
        let acts = role != Role::PowerAnalyser;
        if acts && seen.tally.identified.contains(&device.wired.id) {
            let safe = seen.tally.safe.contains(&device.wired.id);
            if !safe {
                return Some(format!("{name} was never said to be safe"));
            }
        }
    }
    None
}

fn lost_evidence(seen: &Seen<'_>) -> Option<String> {
    let header = &seen.plan.header;
    let failed = seen
        .tally
        .lost
        .iter()
        .find(|(.., lost)| *lost == Lost::Failed);
    if let (Exit::Passed, Some((at, device, _))) = (seen.outcome.exit, failed) {
        let name = seen.plan.device_name(*device);
        return Some(format!("the run passed, but {name} failed at {at}"));
    }
    let findings = &seen.outcome.report.findings;
    for (check, look) in header.checks.iter().zip(&seen.tally.looks) {
        let mut own = findings
            .iter()
            .filter(|finding| finding.check == check.name);
        if own
            .next()
            .is_none_or(|finding| finding.verdict != Verdict::Pass)
        {
            continue;
        }
        let device = subject(seen, check)?;
        let matters = |lost: Lost| match check.kind.as_str() {
            "no_loss" => lost != Lost::Unanswered,
            "responds" | "matches_golden" => lost != Lost::Damaged,
            _ => false,
        };
        let inside = |at: BenchTime| {
            let mut windows = check.windows.iter().map(|named| named.window);
            windows.any(|window| window.start <= at && at < window.end)
        };
        let mut lost = seen.tally.lost.iter();
        if let Some((at, _, what)) =
            lost.find(|(at, whose, lost)| *whose == device && matters(*lost) && inside(*at))
        {
            return Some(format!("`{}` passed, with {what:?} at {at}", check.name));
        }
        let watches_channel = matches!(check.subject, Subject::Channel { .. });
        let blind = look.windows.iter();
        let mut blind = blind.filter(|(window, seen)| !seen && window.seconds() >= NOTICED);
        if let (true, Some((window, _))) = (watches_channel, blind.next()) {
            let (name, start) = (&check.name, window.start);
            return Some(format!(
                "`{name}` passed, and saw nothing of its window from {start}"
            ));
        }
    }
    None
}

fn subject(seen: &Seen<'_>, check: &CheckSpec) -> Option<DeviceId> {
    match check.subject {
        Subject::Channel { device, .. } | Subject::Device { device } => Some(device),
        Subject::Workload { workload } => {
            let workloads = &seen.plan.header.workloads;
            workloads.get(usize::from(workload)).map(|w| w.device)
        }
    }
}

fn judged(seen: &Seen<'_>) -> Option<String> {
    let judged = match &seen.judged {
        Ok(judged) => judged,
        Err(error) => return Some(error.to_string()),
    };
    let (then, now) = (&seen.outcome.report, &judged.report);
    if then.ending != now.ending {
        return Some(format!(
            "ended {}, judged again {}",
            then.ending, now.ending
        ));
    }
    if seen.outcome.exit != judged.exit {
        let (then, now) = (seen.outcome.exit.name(), judged.exit.name());
        return Some(format!("{then}, and {now} when judged again"));
    }
    let mut pairs = then.findings.iter().zip(&now.findings);
    let differs = pairs.find(|(then, now)| then != now);
    differs.map(|(then, _)| format!("`{}` is found otherwise when judged again", then.check))
}

fn in_time(seen: &Seen<'_>) -> Option<String> {
    let seconds = seen.outcome.report.manifest.sim_seconds;
    let most = (seen.plan.header.end + SAFE_WITHIN).as_secs_f64();
    (seconds > most).then(|| format!("it ended at {seconds:.1} s, {most:.1} s at the latest"))
}
