//! A check at its place in a run: when it looks, and what is in doubt of what it saw.

use std::sync::Arc;

use profiles::time::{BenchTime, Window};

use crate::check::Check;
use crate::event::{DeviceId, Event, EventKind};
use crate::header::{CheckSpec, Gap, Header, Subject};
use crate::rows::Rows;
use crate::verdict::{Finding, Progress, Standing, Verdict};

/// A check at its place: its windows, and which of them is next or open.
pub(super) struct Post {
    spec: Arc<CheckSpec>,
    windows: Vec<Window>,
    cursor: usize,
    pub(super) check: Box<dyn Check>,
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

impl Post {
    /// The check of `header` that is the `place`-th, on `device`.
    pub(super) fn new(
        header: &Header,
        (place, device): (usize, DeviceId),
        spec: Arc<CheckSpec>,
        check: Box<dyn Check>,
    ) -> Post {
        Post {
            windows: spec.windows.iter().map(|named| named.window).collect(),
            cursor: 0,
            check,
            expired: expired(header, spec.subject, device),
            sighted: false,
            blind: None,
            torn: torn(header, place),
            spec,
        }
    }

    /// What the check found in a run that ended at `last`, completed or not.
    pub(super) fn conclude(mut self, last: BenchTime, completed: bool) -> Finding {
        let end = self.windows.last().map(|window| window.end);
        let cut = end.filter(|&end| !completed && last < end);
        if cut.is_some() {
            self.check.cut_short(last);
        }
        self.look_back(last, completed);
        let finding = doubted(self.check.conclude(), self.expired.as_deref());
        let finding = doubted(finding, self.torn.as_deref());
        let finding = unseen(finding, self.blind);
        match cut {
            Some(end) if finding.verdict == Verdict::Pass => Finding {
                verdict: Verdict::Inconclusive,
                because: format!(
                    "the run stopped at {last}, before {} was over at {end}; until then: {}",
                    self.spec.during, finding.because
                ),
                ..finding
            },
            _ => finding,
        }
    }

    /// What the check would answer at `now`.
    pub(super) fn standing(&self, now: BenchTime) -> Standing {
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

    pub(super) fn take(&mut self, event: &Event) {
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

    /// Whether the check has a quicker way for readings that came one after another.
    pub(super) fn takes_rows(&self) -> bool {
        self.check.takes_rows()
    }

    /// The same as [`Post::take`] of each row.
    pub(super) fn take_rows(&mut self, rows: &Rows<'_>) {
        let (times, mut row) = (rows.times(), 0);
        while let Some(&window) = self.windows.get(self.cursor) {
            let start = row + times[row..].partition_point(|at| *at < window.start);
            row = start + times[start..].partition_point(|at| *at < window.end);
            if start < row {
                self.sighted = self.sighted || self.is_in(rows);
                self.check.observe_rows(self.cursor, &rows.part(start, row));
            }
            if row == times.len() {
                return;
            }
            self.leave(window);
            self.cursor += 1;
        }
    }

    /// Whether rows tell of the channel that is watched; where none is, of anything.
    fn is_in(&self, rows: &Rows<'_>) -> bool {
        match self.spec.subject {
            Subject::Channel { channel, .. } => rows.has(channel),
            Subject::Device { .. } | Subject::Workload { .. } => true,
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
