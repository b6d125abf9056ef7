//! What happened, in words for people: the console's and the watchers'.

use profiles::command::{Command, Fault};
use reports::event::{Event, EventKind};
use reports::header::Header;
use reports::report::injected;

/// Names of what events are about.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    devices: Vec<String>,
    steps: Vec<String>,
}

impl Names {
    pub(crate) fn of(header: &Header) -> Names {
        Names {
            devices: header.devices.iter().map(|it| it.name.clone()).collect(),
            steps: header.steps.iter().map(|it| it.name.clone()).collect(),
        }
    }

    /// The device of an event, or the bench.
    pub(crate) fn device(&self, event: &Event) -> &str {
        let name = self.devices.get(usize::from(event.device.0));
        name.map_or("bench", String::as_str)
    }

    pub(crate) fn step(&self, step: u16) -> &str {
        let name = self.steps.get(usize::from(step));
        name.map_or("", String::as_str)
    }

    /// What turns the course of a run: a word for programs, and a sentence.
    pub(crate) fn told(&self, event: &Event) -> Option<(&'static str, String)> {
        let name = self.device(event);
        let told = match &event.kind {
            EventKind::PhaseEntered { phase } => ("phase", phase.to_string()),
            EventKind::StepStarted { step } => ("step", format!("step: {}", self.step(*step))),
            EventKind::Identified { maker, model, .. } => {
                ("identified", format!("{name} is a {maker} {model}"))
            }
            EventKind::ListUploaded { points } => (
                "list",
                format!("{name} keeps a list of {points} set points"),
            ),
            EventKind::Interlock { rule, why, .. } => ("interlock", format!("{rule}: {why}")),
            EventKind::Resumed { with, .. } => ("resumed", format!("goes on with {with}")),
            EventKind::Booted => ("booted", format!("{name} started")),
            EventKind::DeviceFailed { why } => ("failed", format!("{name} failed: {why}")),
            EventKind::NotMadeSafe { why } => ("unsafe", format!("{name} IS NOT SAFE: {why}")),
            EventKind::Interrupted => (
                "interrupted",
                "asked to stop: making the bench safe".to_owned(),
            ),
            EventKind::RunEnded { ending } => ("ended", ending.to_string()),
            _ => return self.away(event),
        };
        Some(told)
    }

    /// A device, or power, that went away or came back.
    fn away(&self, event: &Event) -> Option<(&'static str, String)> {
        let name = self.device(event);
        let seconds = |us: &u64| *us as f64 * 1e-6;
        let told = match &event.kind {
            EventKind::LinkLost { why } => ("link-lost", format!("{name} is away: {why}")),
            EventKind::LinkRestored { away_us } => {
                let away = seconds(away_us);
                let text = format!("{name} is back after {away:.1} s, and armed again");
                ("link-restored", text)
            }
            EventKind::PowerCut { amps, count, .. } => {
                let text = format!("{name} cuts power: {amps:.3} A is too much (cut {count})");
                ("power-cut", text)
            }
            EventKind::PowerBack { off_us } => {
                let off = seconds(off_us);
                (
                    "power-back",
                    format!("{name} gives power again after {off:.1} s"),
                )
            }
            _ => return None,
        };
        Some(told)
    }

    /// What was lost or went wrong on the way, in a sentence.
    pub(crate) fn trouble(&self, event: &Event) -> Option<String> {
        let name = self.device(event);
        Some(match &event.kind {
            EventKind::Damaged { damage } => {
                let bytes = match damage.bytes {
                    0 => String::new(),
                    bytes => format!(" ({bytes} bytes)"),
                };
                format!("{name}: {}{bytes}", damage.why)
            }
            EventKind::Repeated { input, .. } => {
                format!("{name}: input {input} was wrong and asked again")
            }
            EventKind::TaskReturned { task, why } => format!("{name} gave task {task} back: {why}"),
            EventKind::TaskLost { task } => format!("task {task} was lost"),
            EventKind::BusError { why } => format!("{name}: bus error: {why}"),
            EventKind::NoResponse { input, waited_us } => {
                let waited = *waited_us as f64 * 1e-6;
                format!("{name}: no answer to input {input} within {waited:.1} s")
            }
            // Memory tells by itself when it is upset.
            EventKind::SetPointApplied {
                command: Command::Inject(fault),
                ..
            } if !matches!(fault, Fault::MemoryFlip { .. }) => {
                format!("{name}, on purpose: {}", injected(fault))
            }
            EventKind::Upset { place, bit, .. } => {
                format!("{name}, on purpose: bit {bit} of {place} turned over")
            }
            EventKind::Retried { asked, why } => format!("{name} was asked {asked} again: {why}"),
            EventKind::FirmwareStopped { why, .. } => format!("{name}: {why}; it is reset"),
            _ => return None,
        })
    }
}
