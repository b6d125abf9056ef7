//! `bench doctor`: whether a bench is ready for a run, and what mends it if not. It tells no
//! device anything but to say who and how it is.

use std::fmt::Write as _;

use drivers::accelerator::{Heard, Question};
use drivers::catalog::Role;
use drivers::clock::{Alarm, Clock};
use drivers::error::{DeviceError, DeviceErrorKind, LinkError};
use drivers::link::can::{BusTrouble, Classes};
use drivers::link::{LineSpec, LinkSpec};
use profiles::time::Period;

use super::{Where, exams};
use crate::cli::{colour_err, complain, print};
use crate::execute::now;
use crate::exit::Exit;
use crate::plan::{self, Bench, DevicePlan};
use crate::run::alone::leaving::read;
use crate::run::alone::{Alone, Said, alone, driving, who, words};
use crate::run::{Lock, LockError};
use crate::runtime::{self, Pace};

/// Waits that the clock is tried by, a millisecond each.
const WAITS: usize = 100;
/// How late a wait may end, µs: a tenth of the shortest poll that makes sense.
const LATE_US: u64 = 10_000;

/// Examine a bench: is every device there, the right one, and readable?
///
/// Reaches each device of a wiring, asks who it is and how it is, and says what mends what is
/// wrong. Nothing is switched or armed. Ends with 0 if the bench is ready.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::cli::exit_codes())]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    place: Where,
    /// JSON on standard output, for programs
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    args.place.on(false, |bench| doctor(args, bench))
}

fn doctor(args: &Args, bench: &Bench) -> Exit {
    let devices = match plan::devices(bench) {
        Ok(devices) => devices,
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            return Exit::Refused;
        }
    };
    let findings = runtime::block_on(Pace::Real, Box::pin(examine(&devices)));
    let exit = findings.iter().map(Finding::exit).max();
    let exit = exit.unwrap_or(Exit::Passed);
    print(&if args.json {
        json(&findings, exit)
    } else {
        text(&findings)
    });
    exit
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Good,
    /// A run may begin, but somebody should look.
    Doubtful,
    /// A run cannot begin, or cannot pass.
    Bad(Exit),
}

/// Something that was looked at.
pub(super) struct Finding {
    /// A device's name, or what else it is about.
    subject: String,
    pub(super) health: Health,
    pub(super) text: String,
}

impl Finding {
    pub(super) fn new(subject: &str, health: Health, text: impl Into<String>) -> Finding {
        Finding {
            subject: subject.to_owned(),
            health,
            text: text.into(),
        }
    }

    fn exit(&self) -> Exit {
        match self.health {
            Health::Good | Health::Doubtful => Exit::Passed,
            Health::Bad(exit) => exit,
        }
    }

    fn word(&self) -> &'static str {
        match self.health {
            Health::Good => "ok",
            Health::Doubtful => "look",
            Health::Bad(_) => "mend",
        }
    }
}

/// Everything that is looked at. Another exam is another call here: of the whole bench, or of a
/// device by what the wiring says of it.
async fn examine(devices: &[DevicePlan]) -> Vec<Finding> {
    let clock = Pace::Real.clock();
    let now = now();
    let mut findings = vec![lateness(clock).await, exams::wall_clock(&now)];
    findings.extend(calibrations(devices, &now));
    for device in devices.iter().map(DevicePlan::wired) {
        if device.link.line().is_none() {
            let text = "emulated in each run; nothing to look at";
            findings.push(Finding::new(device.name.as_str(), Health::Good, text));
        }
    }
    let _lock = match Lock::hold(devices, "bench doctor", false) {
        Ok(lock) => lock,
        Err(error) => {
            findings.push(held(&error));
            return findings;
        }
    };
    let mut at_lines: Vec<Alone> = alone(devices, clock).into_iter().flatten().collect();
    at_lines.sort_by(|a, b| a.wired.name.cmp(&b.wired.name));
    for device in at_lines {
        findings.extend(if device.is_board() {
            vec![board(&device).await]
        } else {
            instrument(&device).await
        });
    }
    findings
}

/// The calibrations of instruments. What is emulated needs none.
fn calibrations(devices: &[DevicePlan], now: &str) -> Vec<Finding> {
    let Ok(today) = now.get(..10).unwrap_or_default().parse() else {
        return Vec::new();
    };
    let instruments = devices.iter().map(DevicePlan::wired);
    let instruments = instruments.filter(|wired| wired.role != Role::Accelerator);
    instruments
        .filter(|wired| wired.calibration.is_some() || !wired.link.is_emulated())
        .map(|wired| exams::calibration(wired.name.as_str(), wired.calibration.as_ref(), today))
        .collect()
}

fn held(error: &LockError) -> Finding {
    match error {
        LockError::Busy { device, .. } => {
            let text = format!("{error}; it can be examined when that has ended");
            Finding::new(device, Health::Bad(Exit::Busy), text)
        }
        LockError::Lock { .. } => {
            let text = format!("{error}; without a lock two runs could command one instrument");
            Finding::new("locks", Health::Bad(Exit::BenchFault), text)
        }
    }
}

/// How late waits end on this machine: set points are told at their time.
async fn lateness(clock: Clock) -> Finding {
    let mut alarm = Alarm::new(clock);
    let mut late = Vec::with_capacity(WAITS);
    for _ in 0..WAITS {
        let at = clock.now() + Period::millis(1);
        alarm.at(at).await;
        late.push(clock.now().micros_since(at));
    }
    late.sort_unstable();
    let (middle, most) = (late[WAITS / 2], late[WAITS - 1]);
    let text = format!("waits end {middle} us late in the middle, {most} us at most");
    if most > LATE_US {
        let help = "something else keeps the machine busy; set points would be late";
        return Finding::new("clock", Health::Doubtful, format!("{text}: {help}"));
    }
    Finding::new("clock", Health::Good, text)
}

/// Who an instrument is, and whether what protects it can be read.
async fn instrument(device: &Alone) -> Vec<Finding> {
    let name = device.wired.name.as_str();
    let (mut instrument, identity) = match device.reach().await {
        Ok(reached) => reached,
        Err(error) => return vec![unreached(name, &error)],
    };
    let link = &device.wired.link;
    let mut findings = vec![Finding::new(
        name,
        Health::Good,
        format!("{} at `{link}`", who(&identity)),
    )];
    let channels = instrument.channels();
    findings.push(match read(&mut instrument).await {
        Err(error) => {
            let text = format!("says who it is, but cannot be read: {}", error.kind);
            Finding::new(name, Health::Bad(Exit::BenchFault), text)
        }
        Ok(readings) => {
            let told = words(&channels, &readings);
            match driving(&channels, &readings) {
                Some("protected") => {
                    let text = format!(
                        "a protection has tripped ({told}): find out why, then clear it at its \
                         front panel; a run clears it when it arms the instrument"
                    );
                    Finding::new(name, Health::Doubtful, text)
                }
                Some("on") => {
                    let text = format!(
                        "is switched on, and nobody holds it ({told}); `bench safe` switches it off"
                    );
                    Finding::new(name, Health::Doubtful, text)
                }
                _ => Finding::new(name, Health::Good, told),
            }
        }
    });
    findings
}

/// What to do about a device that is not reached. Lines say themselves what mends them.
fn unreached(name: &str, error: &DeviceError) -> Finding {
    let (exit, help) = match &error.kind {
        DeviceErrorKind::Link(LinkError::Busy { .. }) => (Exit::Busy, ""),
        DeviceErrorKind::Silent { .. } => (
            Exit::Inconclusive,
            "; check also its address, and that its baud rate is the wiring's",
        ),
        DeviceErrorKind::Garbled { .. } => (
            Exit::BenchFault,
            "; check the baud rate, and that nothing else is on the line",
        ),
        DeviceErrorKind::Link(_) => (Exit::Inconclusive, ""),
        _ => (Exit::BenchFault, ""),
    };
    Finding::new(name, Health::Bad(exit), format!("{}{help}", error.kind))
}

/// A board has power only in a run, so it may well be silent.
async fn board(device: &Alone) -> Finding {
    debug_assert_eq!(device.wired.role, Role::Accelerator);
    let name = device.wired.name.as_str();
    let said = match device.ask_board(&Question::Identify).await {
        Ok(said) => said,
        Err(error) => return unreached(name, &error),
    };
    match said.answer {
        Some(Heard::Identity(identity)) => match &device.wired.serial {
            Some(serial) if *serial != identity.serial => {
                let text = format!(
                    "is {}, but the wiring says serial {serial}; check which board is plugged in",
                    who(&identity)
                );
                Finding::new(name, Health::Bad(Exit::BenchFault), text)
            }
            _ => {
                let text = format!("{} at `{}`", who(&identity), device.wired.link);
                Finding::new(name, Health::Good, text)
            }
        },
        _ => match misunderstood(&device.wired.link, &said) {
            Some(trouble) => {
                let bad = Health::Bad(Exit::Inconclusive);
                Finding::new(name, bad, trouble.to_string())
            }
            None => Finding::new(name, Health::Doubtful, unanswered(&said)),
        },
    }
}

/// A bus on which frames are destroyed, and none is heard: its ends differ in their bit rates. One
/// that only nobody acknowledges may be a bus without power.
fn misunderstood(link: &LinkSpec, said: &Said) -> Option<BusTrouble> {
    let (LinkSpec::Line(LineSpec::Can(can)), Some(error)) = (link, said.bus_error) else {
        return None;
    };
    (error.classes.has(Classes::PROTOCOL) && !said.speaks).then(|| BusTrouble::OnlyErrors {
        interface: can.interface.clone(),
        errors: said.bus_errors,
        last: error.to_string(),
        bit_rate: can.bit_rate,
    })
}

/// What may be the matter with a board that does not say who it is.
fn unanswered(said: &Said) -> String {
    match (&said.bus_error, said.speaks) {
        (_, true) => {
            "the board speaks, but does not answer; is it of this model, with these options?"
                .to_owned()
        }
        (Some(error), false) => format!(
            "the bus is there, the board says nothing, and this machine's controller tells: {error}; \
             it may have no power yet. If it has, check the cable, the termination, and whether \
             both have the same bit rate (`ip -details link` tells this one's)"
        ),
        (None, false) => {
            "the line is there, and the board says nothing; it may have no power yet".to_owned()
        }
    }
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (word, subject) = (finding.word(), &finding.subject);
        // Writing to a String cannot fail.
        let _always_ok = writeln!(text, "{word:<5} {subject:<16} {}", finding.text);
    }
    let bad = |finding: &&Finding| matches!(finding.health, Health::Bad(_));
    let _always_ok = match findings.iter().filter(bad).count() {
        0 => writeln!(text, "the bench is ready"),
        1 => writeln!(text, "1 thing to mend before a run"),
        count => writeln!(text, "{count} things to mend before a run"),
    };
    text
}

fn json(findings: &[Finding], exit: Exit) -> String {
    let findings: Vec<serde_json::Value> = findings
        .iter()
        .map(|finding| {
            serde_json::json!({
                "subject": finding.subject, "health": finding.word(), "text": finding.text,
            })
        })
        .collect();
    let whole = serde_json::json!({"exit": exit.name(), "findings": findings});
    format!("{whole:#}\n")
}
