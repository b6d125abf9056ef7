//! The gatherer: sees every event of a run and keeps what a report needs, at a cost that a run
//! in virtual time does not feel.

use profiles::command::{Command, Fault, Sink};

use crate::event::{Event, EventKind, ObserveError, Observer};
use crate::header::Header;
use crate::rows::Rows;
use crate::verdict::{Ending, Finding, Verdict};

use super::Report;
use super::device::DeviceStory;
use super::injected::injected;
use super::latency::{LatencyGatherer, Stretches};
use super::manifest::Manifest;
use super::passes::PassGatherer;
use super::series::{BUCKETS, Grid};
use super::story::{Kind, Story};

/// Gathers a report from the events of a run, or of a record of one.
pub struct Gatherer {
    header: Header,
    grid: Grid,
    devices: Vec<DeviceStory>,
    stretches: Stretches,
    workloads: Vec<LatencyGatherer>,
    /// The workload of each device, by the device's number.
    workload_of: Vec<Option<usize>>,
    passes: PassGatherer,
    story: Story,
    ending: Option<Ending>,
    events: u64,
}

impl Gatherer {
    /// Begins a report on the run of `header`.
    pub fn new(header: &Header) -> Gatherer {
        let stretches = Stretches::new(header);
        let mut workload_of = vec![None; header.devices.len()];
        for (place, workload) in header.workloads.iter().enumerate() {
            if let Some(slot) = workload_of.get_mut(usize::from(workload.device.0)) {
                // A board runs one workload; should it have more, their answers are told apart
                // by nothing, and the first one stands for all.
                slot.get_or_insert(place);
            }
        }
        let gatherers = header.workloads.iter();
        Gatherer {
            grid: Grid::new(header.end, BUCKETS),
            devices: header.devices.iter().map(DeviceStory::new).collect(),
            workloads: gatherers
                .map(|_| LatencyGatherer::new(header.end, &stretches))
                .collect(),
            stretches,
            workload_of,
            passes: PassGatherer::new(header),
            story: Story::default(),
            ending: None,
            events: 0,
            header: header.clone(),
        }
    }

    /// The report, with what the judge found and what the run was.
    pub fn finish(self, findings: Vec<Finding>, manifest: Manifest) -> Report {
        let Gatherer {
            workloads,
            stretches,
            ..
        } = self;
        Report {
            ending: self.ending.unwrap_or_else(|| manifest.ending.clone()),
            verdict: Verdict::of(&findings),
            workloads: workloads
                .into_iter()
                .map(|w| w.finish(&stretches))
                .collect(),
            header: self.header,
            manifest,
            findings,
            devices: self.devices,
            passes: self.passes.finish(),
            story: self.story,
            events: self.events,
            goldens: Vec::new(),
            correctness: Vec::new(),
            exhibits: Vec::new(),
        }
    }

    /// Everything but samples: rare, so that words may be made here.
    fn notable(&mut self, event: &Event) {
        match &event.kind {
            EventKind::SetPointApplied { command, late_us } => {
                self.set_point(event, command, *late_us);
            }
            EventKind::Inferred(answer) => {
                let stretches = &self.stretches;
                if let Some(workload) = workload(&mut self.workloads, &self.workload_of, event) {
                    workload.answer(event.at, *answer, stretches);
                }
                let place = self.workload_of.get(usize::from(event.device.0));
                if let Some(place) = place.copied().flatten() {
                    self.passes.answer(event.at, place);
                }
            }
            EventKind::OutputFetched { .. } => {
                if let Some(workload) = workload(&mut self.workloads, &self.workload_of, event) {
                    workload.output_fetched();
                }
            }
            EventKind::RunEnded { ending } => self.ending = Some(ending.clone()),
            EventKind::StepStarted { .. }
            | EventKind::StepEnded { .. }
            | EventKind::PhaseEntered { .. }
            | EventKind::Sampled { .. } => {}
            other => self.trouble(event, other),
        }
    }

    fn trouble(&mut self, event: &Event, kind: &EventKind) {
        let (kind, text) = match kind {
            EventKind::Identified {
                maker,
                model,
                serial,
                firmware,
            } => {
                let words = [maker, model, serial, firmware].map(String::as_str);
                let told: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
                (Kind::Identified, told.join(", "))
            }
            EventKind::Damaged { damage } => {
                self.device(event, |device| device.damaged(*damage));
                let bytes = match damage.bytes {
                    0 => String::new(),
                    bytes => format!(", {bytes} bytes skipped"),
                };
                (Kind::Damaged, format!("{}{bytes}", damage.why))
            }
            EventKind::Repeated {
                input,
                digest,
                answers,
                ..
            } => {
                let same = answers.iter().filter(|answer| *answer == digest).count();
                let (all, name) = (answers.len(), "repeats");
                let text = format!("input {input}: {same} of {all} {name} gave the same output");
                (Kind::Repeated, text)
            }
            EventKind::TaskReturned { task, why } => {
                (Kind::Retried, format!("task {task} given back: {why}"))
            }
            EventKind::TaskLost { task } => (
                Kind::NoResponse,
                format!("task {task} waited too long for a board"),
            ),
            EventKind::NoResponse { input, waited_us } => {
                self.device(event, |device| device.counts.no_response += 1);
                if let Some(workload) = workload(&mut self.workloads, &self.workload_of, event) {
                    workload.no_response();
                }
                let waited = *waited_us as f64 * 1e-3;
                (
                    Kind::NoResponse,
                    format!("input {input}: no answer within {waited:.0} ms"),
                )
            }
            EventKind::Booted => {
                self.device(event, |device| device.counts.boots += 1);
                (Kind::Booted, "started anew by itself".to_owned())
            }
            EventKind::Retried { asked, why } => {
                self.device(event, |device| device.counts.retries += 1);
                (Kind::Retried, format!("“{asked}” asked again: {why}"))
            }
            EventKind::BusError { why } => (Kind::BusError, why.clone()),
            EventKind::DeviceFailed { why } => (Kind::Failed, why.clone()),
            EventKind::Interrupted => (Kind::Interrupted, "asked to stop".to_owned()),
            EventKind::MadeSafe => (Kind::MadeSafe, "safe state confirmed".to_owned()),
            EventKind::NotMadeSafe { why } => (Kind::NotMadeSafe, why.clone()),
            other => match of_power(other).or_else(|| of_bench(other)) {
                Some(told) => told,
                None => return,
            },
        };
        self.story.tell(event.at, event.device, kind, text);
    }

    fn set_point(&mut self, event: &Event, command: &Command, late_us: u64) {
        // Memory tells by itself when it is upset.
        if let Command::Inject(fault) = command
            && !matches!(fault, Fault::MemoryFlip { .. })
        {
            self.story
                .tell(event.at, event.device, Kind::Injected, injected(fault));
        }
        let (at_us, place) = (event.at.as_micros(), self.grid.place(event.at));
        self.device(event, |device| {
            device.set_point(late_us);
            let mut told = |name, unit, value| {
                device.commanded(name, unit).push(at_us, place, value);
            };
            match command {
                Command::Supply { volts, limit } => {
                    told("volts", "V", volts.0);
                    told("limit", "A", limit.0);
                }
                Command::Curve(points) => {
                    told("isc", "A", points.isc.0);
                    told("imp", "A", points.imp.0);
                    told("voc", "V", points.voc.0);
                    told("vmp", "V", points.vmp.0);
                }
                Command::Chamber { target, .. } => told("target", "°C", target.0),
                Command::Attenuate(loss) => told("attenuation", "dB", loss.0),
                Command::Load(sink) => match sink {
                    Sink::Amps(amps) => told("amps", "A", amps.0),
                    Sink::Volts(volts) => told("volts", "V", volts.0),
                    Sink::Ohms(ohms) => told("ohms", "Ω", ohms.0),
                    Sink::Watts(watts) => told("watts", "W", watts.0),
                },
                Command::SupplyOutput(_)
                | Command::LoadInput(_)
                | Command::Accelerator(_)
                | Command::Inject(_) => {}
            }
        });
    }

    fn device(&mut self, event: &Event, change: impl FnOnce(&mut DeviceStory)) {
        if let Some(device) = self.devices.get_mut(usize::from(event.device.0)) {
            change(device);
        }
    }
}

/// What the bench itself did: reacted to a reading, or went on after it was cut off.
fn of_power(kind: &EventKind) -> Option<(Kind, String)> {
    let seconds = |us: &u64| *us as f64 * 1e-6;
    match kind {
        EventKind::LinkLost { why } => Some((Kind::LinkLost, why.clone())),
        EventKind::LinkRestored { away_us } => {
            let away = seconds(away_us);
            let text = format!("after {away:.1} s: the same device, armed again");
            Some((Kind::LinkRestored, text))
        }
        EventKind::PowerCut {
            amps,
            above_us,
            count,
        } => {
            let above = seconds(above_us);
            let text = format!("{amps:.3} A, too much for {above:.1} s: cut {count}");
            Some((Kind::PowerCut, text))
        }
        EventKind::PowerBack { off_us } => {
            Some((Kind::PowerBack, format!("after {:.1} s", seconds(off_us))))
        }
        _ => None,
    }
}

fn of_bench(kind: &EventKind) -> Option<(Kind, String)> {
    match kind {
        EventKind::Interlock {
            rule,
            why,
            reaction_us,
            within_us,
        } => {
            let text = format!("{rule}: {why}; {}", reacted(*reaction_us, *within_us));
            Some((Kind::Interlock, text))
        }
        EventKind::Upset {
            address,
            place,
            bit,
            before,
            after,
        } => {
            let octets = format!("{before:#04x}, then {after:#04x}");
            let text = format!("bit {bit} of {place} ({address:#x}) turned over: {octets}");
            Some((Kind::Injected, text))
        }
        EventKind::FirmwareStopped { why, .. } => {
            Some((Kind::Failed, format!("{why}; it is reset")))
        }
        EventKind::Resumed { with, gap_us } => {
            let gap = *gap_us as f64 * 1e-6;
            let text = format!("nothing was recorded for {gap:.1} s; went on with {with}");
            Some((Kind::Resumed, text))
        }
        _ => None,
    }
}

/// A reaction as people say it.
pub(crate) fn reacted(reaction_us: Option<u64>, within_us: u64) -> String {
    let allowed = within_us as f64 * 1e-6;
    match reaction_us {
        None => format!("what had to be done within {allowed:.3} s was not confirmed"),
        Some(taken) => {
            let taken = taken as f64 * 1e-6;
            format!("done within {taken:.3} s of the {allowed:.3} s that it may take")
        }
    }
}

/// The workload that the event's device runs.
fn workload<'a>(
    workloads: &'a mut [LatencyGatherer],
    workload_of: &[Option<usize>],
    event: &Event,
) -> Option<&'a mut LatencyGatherer> {
    let place = (*workload_of.get(usize::from(event.device.0))?)?;
    workloads.get_mut(place)
}

impl Observer for Gatherer {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        self.events += 1;
        if let EventKind::Sampled { readings } = &event.kind {
            let place = self.grid.place(event.at);
            if let Some(device) = self.devices.get_mut(usize::from(event.device.0)) {
                device.sampled(event.at, place, readings);
            }
        } else {
            self.notable(event);
        }
        Ok(())
    }

    fn observe_rows(&mut self, rows: &Rows<'_>) -> Result<(), ObserveError> {
        self.events += rows.times().len() as u64;
        if let Some(device) = self.devices.get_mut(usize::from(rows.device().0)) {
            device.rows(self.grid, rows);
        }
        Ok(())
    }
}
