//! A run as it stands: what its record told so far, gathered in a room that does not grow with its
//! length.

use std::collections::VecDeque;

use profiles::phase::Phase;
use profiles::reading::{Reading, Value};
use profiles::time::BenchTime;
use reports::event::{Event, EventKind};
use reports::golden::Goldens;
use reports::header::Header;
use reports::judge::Judge;
use reports::verdict::{Ending, Progress, Standing, Verdict};

use super::device::{DeviceLive, State};
use super::series::Series;
use super::words::Names;
use crate::exit::Exit;

/// Lines of what happened that are kept.
const LINES: usize = 500;

/// A run as it stands.
pub struct Live {
    /// What the run is.
    pub header: Header,
    /// How far its record reaches.
    pub now: BenchTime,
    /// The step that it is in, a place in the header's.
    pub step: Option<u16>,
    /// The devices, as in the header.
    pub devices: Vec<DeviceLive>,
    /// Every channel of every device, in order.
    pub channels: Vec<ChannelLive>,
    /// What happened last, the latest at the end.
    pub lines: VecDeque<Line>,
    /// Lines that there were in all.
    pub told: u64,
    /// Answered queries.
    pub inferences: u64,
    /// How late set points were taken.
    pub late: Late,
    /// How it ended.
    pub ending: Option<Ending>,
    /// How the checks stand, as they were asked last.
    pub standings: Vec<Standing>,
    /// Why nothing is judged.
    pub unjudged: Option<String>,
    judge: Option<Judge>,
    names: Names,
    /// The first channel of each device.
    first: Vec<usize>,
}

/// A channel, so far.
#[derive(Clone, Debug)]
pub struct ChannelLive {
    /// Whose it is: a place in the header's devices.
    pub device: usize,
    /// Its place in the device's list.
    pub channel: usize,
    /// `device.channel`.
    pub name: String,
    /// Symbol of its unit; may be empty.
    pub unit: String,
    /// What it told last, and when.
    pub last: Option<(BenchTime, Value)>,
    /// What it told.
    pub series: Series,
}

impl ChannelLive {
    /// A value in words, with its unit.
    pub fn text(&self, header: &Header, value: Value) -> String {
        let text = match value {
            Value::Number(number) => number_text(number),
            Value::State(state) => {
                let spec = header.devices.get(self.device);
                let spec = spec.and_then(|device| device.channels.get(self.channel));
                let name = spec.and_then(|spec| spec.states.get(usize::from(state)));
                name.map_or_else(|| state.to_string(), ToString::to_string)
            }
        };
        if self.unit.is_empty() {
            text
        } else {
            format!("{text} {}", self.unit)
        }
    }
}

/// A number in five significant digits or so.
pub fn number_text(number: f64) -> String {
    // Nobody measures a zero below zero.
    let number = if number.abs() < 1e-9 { 0.0 } else { number };
    match number.abs() {
        size if size >= 1e6 || (size > 0.0 && size < 1e-3) => format!("{number:.3e}"),
        size if size >= 1_000.0 => format!("{number:.1}"),
        size if size >= 100.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: BenchTime,
    /// It, in a sentence.
    pub text: String,
    /// Whether it is trouble.
    pub is_trouble: bool,
    /// Whether it turns the course of the run.
    pub is_told: bool,
}

/// How late set points were taken, µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Late {
    /// How many were taken.
    pub count: u64,
    /// The last one.
    pub last_us: u64,
    /// The latest one.
    pub most_us: u64,
}

impl Live {
    /// A run of which nothing was told but its header. `goldens` are those that it is held against, or why
    /// there are none.
    pub fn new(header: &Header, goldens: Result<&Goldens, String>) -> Live {
        let judge = goldens.and_then(|goldens| {
            let judge = Judge::new(header, goldens);
            judge.map_err(|error| error.to_string())
        });
        let (judge, unjudged) = match judge {
            Ok(judge) => (Some(judge), None),
            Err(why) => (None, Some(why)),
        };
        let (mut channels, mut first) = (Vec::new(), Vec::new());
        for (device, known) in header.devices.iter().enumerate() {
            first.push(channels.len());
            channels.extend(
                known
                    .channels
                    .iter()
                    .enumerate()
                    .map(|(channel, spec)| ChannelLive {
                        device,
                        channel,
                        name: format!("{}.{}", known.name, spec.name),
                        unit: spec.unit.to_string(),
                        last: None,
                        series: Series::default(),
                    }),
            );
        }
        let mut live = Live {
            now: BenchTime::ZERO,
            step: None,
            devices: vec![DeviceLive::default(); header.devices.len()],
            channels,
            lines: VecDeque::new(),
            told: 0,
            inferences: 0,
            late: Late::default(),
            ending: None,
            standings: Vec::new(),
            unjudged,
            judge,
            names: Names::of(header),
            first,
            header: header.clone(),
        };
        live.ask();
        live
    }

    /// Takes the next event.
    pub fn take(&mut self, event: &Event) {
        self.now = self.now.max(event.at);
        if let Some(judge) = &mut self.judge {
            judge.take(event);
        }
        if let Some(device) = self.devices.get_mut(usize::from(event.device.0)) {
            device.take(event);
        }
        match &event.kind {
            EventKind::Sampled { readings } => return self.sampled(event, readings),
            EventKind::Inferred(_) => {
                self.inferences += 1;
                return;
            }
            EventKind::Wire { .. } => return,
            EventKind::StepStarted { step } => self.step = Some(*step),
            EventKind::SetPointApplied { late_us, .. } => {
                self.late.count += 1;
                self.late.last_us = *late_us;
                self.late.most_us = self.late.most_us.max(*late_us);
            }
            EventKind::RunEnded { ending } => self.ending = Some(ending.clone()),
            EventKind::Resumed { .. } => self.goes_on(),
            _ => {}
        }
        let told = self.names.told(event).map(|(_, text)| text);
        let is_told = told.is_some();
        let trouble = self.names.trouble(event);
        let bad = self.devices.get(usize::from(event.device.0));
        let bad = is_told && bad.is_some_and(|device| device.state.is_bad());
        let is_trouble = trouble.is_some() || bad;
        let line = told.or(trouble).map(|text| Line {
            at: event.at,
            text,
            is_trouble,
            is_told,
        });
        if let Some(line) = line {
            self.told += 1;
            self.lines.push_back(line);
            if self.lines.len() > LINES {
                self.lines.pop_front();
            }
        }
    }

    /// The run was cut off and goes on: what its devices were left as does not hold any more.
    fn goes_on(&mut self) {
        self.ending = None;
        for device in &mut self.devices {
            device.state = State::Answers;
        }
    }

    fn sampled(&mut self, event: &Event, readings: &[Reading]) {
        let Some(first) = self.first.get(usize::from(event.device.0)) else {
            return;
        };
        for reading in readings {
            let place = first + usize::from(reading.channel);
            let Some(channel) = self.channels.get_mut(place) else {
                continue;
            };
            if channel.device != usize::from(event.device.0) {
                continue;
            }
            channel.last = Some((event.at, reading.value));
            channel.series.take(
                event.at,
                match reading.value {
                    Value::Number(number) => number,
                    Value::State(state) => f64::from(state),
                },
            );
        }
    }

    /// Asks every check how it stands.
    pub fn ask(&mut self) {
        if let Some(judge) = &self.judge {
            self.standings = judge.standings();
            let interlocks = judge.interlocks().iter();
            self.standings.extend(interlocks.map(|finding| Standing {
                progress: Progress::Done,
                finding: finding.clone(),
            }));
        }
    }

    /// The phase of the orbit, and when it ends.
    pub fn phase(&self, at: BenchTime) -> Option<(Phase, BenchTime)> {
        let phases = self.header.phases.iter();
        let mut here = phases.filter(|interval| interval.window.contains(at));
        here.next().map(|it| (it.phase, it.window.end))
    }

    /// Which eclipse of how many was entered last, and how many there are; none without any.
    pub fn eclipses(&self, at: BenchTime) -> Option<(usize, usize)> {
        let umbras = self.header.phases.iter();
        let umbras: Vec<_> = umbras.filter(|it| it.phase == Phase::Umbra).collect();
        let entered = umbras.iter().filter(|it| it.window.start <= at).count();
        (!umbras.is_empty()).then_some((entered, umbras.len()))
    }

    /// UTC at a bench time, by the orbit's epoch; none without one.
    pub fn utc(&self, at: BenchTime) -> Option<String> {
        let epoch: jiff::Timestamp = self.header.epoch.as_ref()?.parse().ok()?;
        let micros = i64::try_from(at.as_micros()).ok()?;
        let time = epoch.checked_add(jiff::SignedDuration::from_micros(micros));
        Some(time.ok()?.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// The step at a time.
    pub fn step_name(&self, at: BenchTime) -> &str {
        let mut steps = self.header.steps.iter();
        let step = steps.rfind(|step| step.window.start <= at);
        step.map_or("", |step| step.name.as_str())
    }

    /// Occasions on which something was lost: damages, queries without answer.
    pub fn lost(&self) -> u64 {
        let devices = self.devices.iter();
        devices.map(|it| it.damaged + it.unanswered).sum()
    }

    /// Why a check stands as it does; of one that waits, when and where it begins to watch, or that it
    /// has seen nothing yet.
    pub fn why(&self, standing: &Standing) -> String {
        let finding = &standing.finding;
        if !self.waits(standing) {
            return finding.because.clone();
        }
        let is_early = standing.progress == Progress::Waiting;
        let mut checks = self.header.checks.iter();
        let spec = checks.find(|spec| is_early && spec.name == finding.check);
        match spec.and_then(|spec| spec.windows.first()) {
            Some(first) => format!("from {} {}", first.window.start, first.name),
            None => format!("for a first sample of {}", finding.subject),
        }
    }

    /// Whether a check of a run that goes on has seen nothing yet: its windows are to come, or what it
    /// watches is.
    pub fn waits(&self, standing: &Standing) -> bool {
        let is_open = self.ending.is_none() && standing.progress != Progress::Done;
        let is_unsure = standing.finding.verdict == Verdict::Inconclusive;
        let is_unseen = standing.progress == Progress::Waiting || standing.finding.samples == 0;
        is_open && is_unsure && is_unseen
    }

    /// What the checks say together: of a run that goes on, so far.
    pub fn verdict(&self) -> Verdict {
        let cut = |it: &Standing| {
            let stopped = self.ending.as_ref();
            let stopped = stopped.is_some_and(|ending| *ending != Ending::Completed);
            stopped && it.progress != Progress::Done
        };
        let verdicts = self.standings.iter().map(|it| match it.finding.verdict {
            Verdict::Pass if cut(it) => Verdict::Inconclusive,
            verdict => verdict,
        });
        let waiting =
            |verdict: &Verdict| self.ending.is_some() || *verdict != Verdict::Inconclusive;
        let worst = verdicts.filter(waiting).max();
        worst.unwrap_or(Verdict::Inconclusive)
    }

    /// With what code the run ended, as `bench judge` would say.
    pub fn exit(&self) -> Option<Exit> {
        let ending = self.ending.as_ref()?;
        Some(Exit::of(ending, self.verdict()))
    }
}
