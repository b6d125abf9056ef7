//! The judge: feeds events to checks within their windows, and collects the findings.

use std::sync::Arc;

use profiles::time::{BenchTime, Window};

use crate::check::{self, Check, CheckSetup, Target};
use crate::event::{DeviceId, Event, EventKind, ObserveError, Observer};
use crate::golden::Goldens;
use crate::header::{CheckSpec, Gap, Header, Subject, WorkloadHeader};
use crate::report::reacted;
use crate::verdict::{Ending, Finding, Progress, Standing, Verdict};

/// Judges one run, event by event.
pub struct Judge {
    posts: Vec<Post>,
    /// For each device, the posts that watch it.
    routes: Vec<Vec<usize>>,
    last: BenchTime,
    completed: bool,
    /// The steps were left: what comes now is no answer to the campaign's questions.
    abandoned: bool,
    /// What was found of limits that were crossed and interlocks that held.
    interlocks: Vec<Finding>,
    /// Names of devices, for those.
    names: Vec<String>,
}

/// A check at its place: its windows, and which of them is next or open.
struct Post {
    spec: Arc<CheckSpec>,
    windows: Vec<Window>,
    cursor: usize,
    check: Box<dyn Check>,
    /// Why nothing that its device measured can pass: its calibration was over.
    expired: Option<String>,
    /// Whether the window at the cursor has shown anything, where a channel is watched.
    sighted: bool,
    /// The first window in which nothing was shown.
    blind: Option<Window>,
    /// Why what it saw is not all: the run was cut off in the middle of what it watches.
    torn: Option<String>,
}

/// A window of a channel in which nothing is told is no oversight from this length on: it is what
/// instruments are asked in at least once, µs.
const NOTICED_US: u64 = 60_000_000;

/// Why a run cannot be judged.
#[derive(Debug, thiserror::Error)]
#[error("check `{check}`: {why}")]
pub struct JudgeError {
    /// Which check.
    pub check: String,
    /// Why.
    pub why: String,
}

impl Judge {
    /// A judge for the run of `header`.
    ///
    /// # Errors
    /// If a check is of no known kind, watches nothing that is there, or has senseless settings.
    pub fn new(header: &Header, goldens: &Goldens) -> Result<Judge, JudgeError> {
        let mut posts = Vec::with_capacity(header.checks.len());
        let mut routes = vec![Vec::new(); header.devices.len()];
        for spec in &header.checks {
            let refuse = |why: String| JudgeError {
                check: spec.name.clone(),
                why,
            };
            let kind = check::find(&spec.kind);
            let kind = kind.ok_or_else(|| refuse(format!("no kind `{}`", spec.kind)))?;
            (kind.validate)(&spec.options).map_err(refuse)?;
            let device = watched(header, spec.subject)
                .ok_or_else(|| refuse(format!("`{}` is not there", spec.subject_text)))?;
            let spec = Arc::new(spec.clone());
            let setup = CheckSetup {
                spec: Arc::clone(&spec),
                header,
                goldens,
            };
            routes[usize::from(device.0)].push(posts.len());
            let meter = spec.options.text(check::METER);
            let meter = meter.and_then(|name| header.device(name));
            if let Some((meter, _)) = meter.filter(|(meter, _)| *meter != device) {
                routes[usize::from(meter.0)].push(posts.len());
            }
            for other in also_watched(header, kind.target, spec.subject) {
                let route = &mut routes[usize::from(other.0)];
                if route.last() != Some(&posts.len()) {
                    route.push(posts.len());
                }
            }
            posts.push(Post {
                windows: spec.windows.iter().map(|named| named.window).collect(),
                cursor: 0,
                check: (kind.build)(&setup),
                expired: expired(header, spec.subject, device),
                sighted: false,
                blind: None,
                torn: torn(header, posts.len()),
                spec,
            });
        }
        Ok(Judge {
            posts,
            routes,
            last: BenchTime::ZERO,
            completed: false,
            abandoned: false,
            interlocks: Vec::new(),
            names: header.devices.iter().map(|d| d.name.clone()).collect(),
        })
    }

    /// Takes one event; times never go back.
    pub fn take(&mut self, event: &Event) {
        match &event.kind {
            EventKind::StepsAbandoned => self.abandoned = true,
            // What stands in it is told in other events.
            EventKind::Wire { .. } => return,
            EventKind::RunEnded { ending } => self.completed = *ending == Ending::Completed,
            EventKind::Interlock { .. } => self.interlocks.extend(self.interlock(event)),
            // What comes now are answers again.
            EventKind::Resumed { .. } => self.abandoned = false,
            _ => {}
        }
        if self.abandoned {
            return;
        }
        self.last = self.last.max(event.at);
        let Some(route) = self.routes.get(usize::from(event.device.0)) else {
            return;
        };
        for &place in route {
            self.posts[place].take(event);
        }
    }

    /// Whether the bench reacted to a reading as fast as it must.
    fn interlock(&self, event: &Event) -> Option<Finding> {
        let EventKind::Interlock {
            rule,
            why,
            reaction_us,
            within_us,
        } = &event.kind
        else {
            return None;
        };
        let seconds = |us: u64| us as f64 * 1e-6;
        let in_time = reaction_us.is_some_and(|taken| taken <= *within_us);
        let told = reacted(*reaction_us, *within_us);
        let late = if in_time || reaction_us.is_none() {
            ""
        } else {
            ": too late"
        };
        let name = self.names.get(usize::from(event.device.0));
        Some(Finding {
            check: rule.clone(),
            kind: "interlock".to_owned(),
            subject: name.cloned().unwrap_or_default(),
            during: "whole run".to_owned(),
            verdict: if in_time {
                Verdict::Pass
            } else {
                Verdict::Fail
            },
            because: format!("{why}; {told}{late}"),
            value: reaction_us.map(seconds),
            limit: Some(seconds(*within_us)),
            unit: "s".to_owned(),
            margin: reaction_us.map(|taken| seconds(*within_us) - seconds(taken)),
            at: Some(event.at),
            phase: None,
            samples: 1,
            evidence: Vec::new(),
        })
    }

    /// How many checks have failed so far.
    pub fn failing(&self) -> usize {
        let failing = self.posts.iter().filter(|post| post.check.failing());
        failing.count()
    }

    /// How each check stands, in the order of the campaign, while the run goes on: what it would answer
    /// if it were asked now. Costs what answering costs, on a copy of what the checks keep.
    pub fn standings(&self) -> Vec<Standing> {
        let each = self.posts.iter().map(|post| post.standing(self.last));
        each.collect()
    }

    /// What was found of limits that were crossed and interlocks that held, so far.
    pub fn interlocks(&self) -> &[Finding] {
        &self.interlocks
    }

    /// What was found, in the order of the campaign's checks. A check whose windows the run did
    /// not reach the end of cannot have passed.
    pub fn conclude(self) -> Vec<Finding> {
        let (last, completed) = (self.last, self.completed);
        let interlocks = self.interlocks;
        let cut_short = |post: &Post| {
            let end = post.windows.last().map(|window| window.end);
            end.filter(|&end| !completed && last < end)
        };
        let each = self.posts.into_iter().map(|mut post| {
            let cut = cut_short(&post);
            if cut.is_some() {
                post.check.cut_short(last);
            }
            post.look_back(last, completed);
            let finding = doubted(post.check.conclude(), post.expired.as_deref());
            let finding = doubted(finding, post.torn.as_deref());
            let finding = unseen(finding, post.blind);
            match cut {
                Some(end) if finding.verdict == Verdict::Pass => Finding {
                    verdict: Verdict::Inconclusive,
                    because: format!(
                        "the run stopped at {last}, before {} was over at {end}; until then: {}",
                        post.spec.during, finding.because
                    ),
                    ..finding
                },
                _ => finding,
            }
        });
        each.chain(interlocks).collect()
    }
}

impl Observer for Judge {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        self.take(event);
        Ok(())
    }
}

impl Post {
    /// What the check would answer at `now`.
    fn standing(&self, now: BenchTime) -> Standing {
        let (first, last) = (self.windows.first(), self.windows.last());
        let progress = match (first, last) {
            (Some(first), _) if now < first.start => Progress::Waiting,
            (_, Some(last)) if now < last.end => Progress::Watching,
            _ => Progress::Done,
        };
        let mut twin = self.check.twin();
        if progress != Progress::Done {
            twin.cut_short(now);
        }
        let finding = doubted(twin.conclude(), self.expired.as_deref());
        let finding = doubted(finding, self.torn.as_deref());
        Standing {
            progress,
            finding: unseen(finding, self.blind),
        }
    }

    fn take(&mut self, event: &Event) {
        while let Some(&window) = self.windows.get(self.cursor) {
            if event.at < window.end {
                if event.at >= window.start {
                    self.sighted = self.sighted || self.shows(event);
                    self.check.observe(self.cursor, event);
                }
                return;
            }
            self.leave(window);
            self.cursor += 1;
        }
    }

    /// Whether an event tells of the channel that is watched; where none is, of anything.
    fn shows(&self, event: &Event) -> bool {
        match (self.spec.subject, &event.kind) {
            (Subject::Channel { channel, .. }, EventKind::Sampled { readings }) => {
                readings.iter().any(|reading| reading.channel == channel)
            }
            (Subject::Channel { .. }, _) => false,
            (Subject::Device { .. } | Subject::Workload { .. }, _) => true,
        }
    }

    /// A window is over.
    fn leave(&mut self, window: Window) {
        let watches = matches!(self.spec.subject, Subject::Channel { .. });
        let length_us = window.end.micros_since(window.start);
        if watches && !self.sighted && length_us > NOTICED_US {
            self.blind.get_or_insert(window);
        }
        self.sighted = false;
    }

    /// The run is over, and so are the windows that it reached the end of. A device that told nothing
    /// any more did not move the cursor.
    fn look_back(&mut self, last: BenchTime, completed: bool) {
        for window in self.windows.split_off(self.cursor.min(self.windows.len())) {
            if completed || window.end <= last {
                self.leave(window);
            }
        }
    }
}

/// Nothing passes that saw nothing for a whole window: what was there is not known.
fn unseen(finding: Finding, blind: Option<Window>) -> Finding {
    match blind.filter(|_| finding.verdict == Verdict::Pass) {
        Some(window) => Finding {
            verdict: Verdict::Inconclusive,
            because: format!(
                "{} told nothing from {} to {}; otherwise: {}",
                finding.subject, window.start, window.end, finding.because
            ),
            ..finding
        },
        None => finding,
    }
}

/// Why what a check sees of a device's channel is no evidence, if the device's calibration was
/// over when the run began.
fn expired(header: &Header, subject: Subject, device: DeviceId) -> Option<String> {
    let device = header.device_at(device)?;
    let calibration = device.calibration.as_ref().filter(|it| it.expired)?;
    let Subject::Channel { .. } = subject else {
        return None;
    };
    let due = calibration.due.as_deref().unwrap_or("an unknown day");
    Some(format!(
        "the calibration of {} was due on {due}",
        device.name
    ))
}

/// Why a check cannot pass whose stretch has a gap in it that was not begun anew: nobody knows what was
/// there.
fn torn(header: &Header, check: usize) -> Option<String> {
    let is_torn = |gap: &&Gap| gap.torn.iter().any(|&torn| usize::from(torn) == check);
    let gap = header.gaps.iter().find(is_torn)?;
    let (from, to) = (gap.window.start, gap.window.end);
    Some(format!(
        "the run was cut off and nothing is known from {from} to {to}"
    ))
}

/// Nothing passes on evidence that is in doubt. What fails still fails: evidence of a fault is not
/// taken back for being less sure.
fn doubted(finding: Finding, doubt: Option<&str>) -> Finding {
    match doubt.filter(|_| finding.verdict == Verdict::Pass) {
        Some(why) => Finding {
            verdict: Verdict::Inconclusive,
            because: format!("{why}; by what was seen: {}", finding.because),
            ..finding
        },
        None => finding,
    }
}

/// The device whose events a check of `subject` sees, if the subject is there.
fn watched(header: &Header, subject: Subject) -> Option<DeviceId> {
    match subject {
        Subject::Channel { device, channel } => {
            let channels = &header.device_at(device)?.channels;
            channels.get(usize::from(channel)).map(|_| device)
        }
        Subject::Device { device } => header.device_at(device).map(|_| device),
        Subject::Workload { workload } => {
            let workload = header.workloads.get(usize::from(workload))?;
            header.device_at(workload.device).map(|_| workload.device)
        }
    }
}

/// The boards that share a mesh with that of `subject`, for a check that watches them all.
fn also_watched(header: &Header, target: Target, subject: Subject) -> Vec<DeviceId> {
    let (Target::Mesh, Subject::Workload { workload }) = (target, subject) else {
        return Vec::new();
    };
    let mesh = |workload: &WorkloadHeader| workload.seat.as_ref().map(|seat| seat.mesh.clone());
    let Some(shared) = header.workloads.get(usize::from(workload)).and_then(mesh) else {
        return Vec::new();
    };
    let members = header.workloads.iter();
    let members = members.filter(|other| mesh(other).as_ref() == Some(&shared));
    let devices = members.map(|other| other.device);
    devices
        .filter(|device| header.device_at(*device).is_some())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;

    /// Notes what it is shown.
    struct Spy(Arc<Mutex<Vec<(usize, BenchTime)>>>);

    impl Check for Spy {
        fn observe(&mut self, window: usize, event: &Event) {
            self.0.lock().unwrap().push((window, event.at));
        }

        fn failing(&self) -> bool {
            false
        }

        fn twin(&self) -> Box<dyn Check> {
            Box::new(Spy(Arc::clone(&self.0)))
        }

        fn conclude(self: Box<Self>) -> Finding {
            unreachable!("nobody asks the spy")
        }
    }

    proptest! {
        #[test]
        fn a_check_sees_all_inside_and_nothing_outside(
            mut edges in prop::collection::btree_set(0..200_u64, 0..9),
            mut times in prop::collection::vec(0..200_u64, 0..50),
        ) {
            if edges.len() % 2 == 1 {
                edges.pop_last();
            }
            times.sort_unstable();
            let edges: Vec<BenchTime> = edges.into_iter().map(BenchTime::from_micros).collect();
            let windows: Vec<Window> = edges
                .chunks(2)
                .map(|pair| Window { start: pair[0], end: pair[1] })
                .collect();
            let seen = Arc::new(Mutex::new(Vec::new()));
            let spec = CheckSpec {
                name: String::new(),
                kind: String::new(),
                subject: Subject::Device { device: DeviceId(0) },
                subject_text: String::new(),
                during: String::new(),
                windows: Vec::new(),
                options: profiles::option::Options::default(),
            };
            let mut post = Post {
                spec: Arc::new(spec),
                windows: windows.clone(),
                cursor: 0,
                expired: None,
                sighted: false,
                blind: None,
                torn: None,
                check: Box::new(Spy(Arc::clone(&seen))),
            };
            let mut expected = Vec::new();
            for at in times.into_iter().map(BenchTime::from_micros) {
                post.take(&Event { at, device: DeviceId(0), kind: EventKind::Booted });
                let inside = windows.iter().position(|window| window.contains(at));
                expected.extend(inside.map(|window| (window, at)));
            }
            prop_assert_eq!(&*seen.lock().unwrap(), &expected);
        }
    }
}
