//! `mesh`: work that several boards share is done, and in time; what was given back, what was lost,
//! and how many bytes went over each link.
//!
//! Raw data go to a board, and its result comes back: that both are counted shows what it saves to
//! compute in orbit.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::time::{BenchTime, Window};

use crate::check::tally::Question;
use crate::check::{Check, CheckSetup, Kind, Target};
use crate::event::{DeviceId, Event, EventKind};
use crate::header::{Seat, Subject};
use crate::verdict::{Evidence, Finding, Verdict};

pub(in crate::check) const KIND: Kind = Kind {
    name: "mesh",
    summary: "work that several boards share is done in time: done, given back, lost, bytes by link",
    target: Target::Mesh,
    options: &[
        OptionSpec {
            name: "min_done",
            kind: OptionKind::Number {
                min: 0.0,
                max: 1.0,
                unit: "",
            },
            default: Some(OptionDefault::Number(1.0)),
            help: "least share of the tasks that must be done",
        },
        OptionSpec {
            name: "max_wait",
            kind: OptionKind::Duration,
            default: Some(OptionDefault::Unset),
            help: "longest time from a task's arrival to its result",
        },
    ],
    validate: |_| Ok(()),
    build: |setup| Box::new(Mesh::new(setup)),
};

/// What became of one board's part.
#[derive(Clone, Default)]
struct Part {
    name: String,
    /// Its way, as people write it, and when it is there.
    link: Option<(String, Vec<Window>)>,
    taken: u64,
    done: u64,
    returned: u64,
    raw_bytes: u64,
    result_bytes: u64,
}

#[derive(Clone)]
struct Mesh {
    question: Question,
    /// Tasks that the mesh is given in all.
    tasks: u32,
    parts: BTreeMap<DeviceId, Part>,
    /// How long each task took, µs.
    done: BTreeMap<u32, u64>,
    /// The slowest task: how long, when done, which.
    slowest: Option<(u64, BenchTime, u32)>,
    lost: BTreeSet<u32>,
    /// Tasks that more than one board took, with how often.
    handed_over: BTreeMap<u32, u32>,
    why_returned: BTreeMap<String, u64>,
    first_lost: Option<BenchTime>,
}

impl Part {
    fn evidence(&self) -> Evidence {
        let open = self.link.iter().flat_map(|(_, open)| open);
        let seconds: f64 = open.map(Window::seconds).sum();
        let way = match &self.link {
            Some((link, open)) if open.is_empty() => format!(" over {link}, which was never there"),
            Some((link, open)) => {
                let times = open.len();
                format!(" over {link}, which was there {times} times, {seconds:.0} s in all")
            }
            None => " without a link".to_owned(),
        };
        let text = format!(
            "took {} tasks{way}: {} done, {} given back; {} bytes raw in, {} bytes of results out",
            self.taken, self.done, self.returned, self.raw_bytes, self.result_bytes
        );
        let numbers = [
            ("taken", self.taken as f64),
            ("done", self.done as f64),
            ("returned", self.returned as f64),
            ("raw_bytes", self.raw_bytes as f64),
            ("result_bytes", self.result_bytes as f64),
            ("link_s", seconds),
        ];
        Evidence::new(&self.name, text, &numbers)
    }
}

impl Mesh {
    fn new(setup: &CheckSetup<'_>) -> Mesh {
        let header = setup.header;
        let seat = match setup.spec.subject {
            Subject::Workload { workload } => header.workloads.get(usize::from(workload)),
            Subject::Channel { .. } | Subject::Device { .. } => None,
        };
        let seat = seat.and_then(|workload| workload.seat.clone());
        let seat = seat.unwrap_or_else(|| Seat {
            mesh: String::new(),
            link: None,
            open: Vec::new(),
            tasks: 0,
        });
        let members = header.workloads.iter().filter_map(|workload| {
            let own = workload.seat.as_ref().filter(|own| own.mesh == seat.mesh)?;
            let device = header.device_at(workload.device)?;
            let part = Part {
                name: device.name.clone(),
                link: own.link.clone().map(|link| (link, own.open.clone())),
                ..Part::default()
            };
            Some((workload.device, part))
        });
        Mesh {
            question: Question::new(setup),
            tasks: seat.tasks,
            parts: members.collect(),
            done: BTreeMap::new(),
            slowest: None,
            lost: BTreeSet::new(),
            handed_over: BTreeMap::new(),
            why_returned: BTreeMap::new(),
            first_lost: None,
        }
    }

    /// The mesh as a whole, and what became of each board's part.
    fn evidence(&self) -> Vec<Evidence> {
        let parts = self.parts.values().map(Part::evidence);
        std::iter::once(self.whole()).chain(parts).collect()
    }

    fn whole(&self) -> Evidence {
        let sum = |bytes: fn(&Part) -> u64| {
            let linked = self.parts.values().filter(|part| part.link.is_some());
            linked.map(bytes).sum::<u64>()
        };
        let (raw, results) = (sum(|part| part.raw_bytes), sum(|part| part.result_bytes));
        let mut sorted: Vec<u64> = self.done.values().copied().collect();
        sorted.sort_unstable();
        let rank = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted
                .get(rank - 1)
                .map_or(f64::NAN, |us| *us as f64 * 1e-6)
        };
        let over = self
            .handed_over
            .values()
            .filter(|times| **times > 1)
            .count();
        let why: Vec<String> = self
            .why_returned
            .iter()
            .map(|(why, count)| format!("{count} because {why}"))
            .collect();
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(" ({})", why.join(", "))
        };
        let text = format!(
            "{} of {} tasks done, {} lost, {over} handed from one board to another{why}; from arrival to \
             result p50 {:.3} s, p90 {:.3} s, at most {:.3} s; over links {raw} bytes raw, {results} bytes \
             of results",
            self.done.len(),
            self.tasks,
            self.lost.len(),
            rank(50),
            rank(90),
            rank(100)
        );
        let numbers = [
            ("tasks", f64::from(self.tasks)),
            ("done", self.done.len() as f64),
            ("lost", self.lost.len() as f64),
            ("handed_over", over as f64),
            ("p50_s", rank(50)),
            ("p90_s", rank(90)),
            ("max_s", rank(100)),
            ("link_raw_bytes", raw as f64),
            ("link_result_bytes", results as f64),
        ];
        Evidence::new("mesh", text, &numbers)
    }
}

impl Check for Mesh {
    fn observe(&mut self, _window: usize, event: &Event) {
        let Some(part) = self.parts.get_mut(&event.device) else {
            return;
        };
        match &event.kind {
            EventKind::TaskTaken {
                task, raw_bytes, ..
            } => {
                part.taken += 1;
                part.raw_bytes += raw_bytes;
                *self.handed_over.entry(*task).or_default() += 1;
            }
            EventKind::TaskDone {
                task,
                waited_us,
                result_bytes,
            } => {
                part.done += 1;
                part.result_bytes += result_bytes;
                let known = self.done.entry(*task).or_insert(*waited_us);
                *known = (*known).min(*waited_us);
                let this = (*waited_us, event.at, *task);
                // Of equals the first, whatever the order of events of one time.
                let slower = |slowest: (u64, BenchTime, u32)| {
                    (this.0, Reverse((this.1, this.2)))
                        > (slowest.0, Reverse((slowest.1, slowest.2)))
                };
                if self.slowest.is_none_or(slower) {
                    self.slowest = Some(this);
                }
            }
            EventKind::TaskReturned { why, .. } => {
                part.returned += 1;
                *self.why_returned.entry(why.clone()).or_default() += 1;
            }
            EventKind::TaskLost { task } => {
                self.lost.insert(*task);
                self.first_lost.get_or_insert(event.at);
            }
            _ => {}
        }
    }

    fn failing(&self) -> bool {
        let least = self.question.option("min_done").unwrap_or(1.0);
        let most_lost = (1.0 - least) * f64::from(self.tasks);
        self.lost.len() as f64 > most_lost
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(self: Box<Self>) -> Finding {
        let question = &self.question;
        let samples = u64::from(self.tasks);
        if self.done.is_empty() && self.lost.is_empty() {
            let because = format!(
                "no task of {} was done or lost during {}",
                question.subject(),
                question.spec().during
            );
            return question.finding(Verdict::Inconclusive, 0, because);
        }
        let least = question.option("min_done").unwrap_or(1.0);
        let share = self.done.len() as f64 / f64::from(self.tasks.max(1));
        let told = format!(
            "{} of {} tasks of {} were done ({} lost, {} not done when the run ended)",
            self.done.len(),
            self.tasks,
            question.subject(),
            self.lost.len(),
            (self.tasks as usize).saturating_sub(self.done.len() + self.lost.len())
        );
        let finding = |verdict, because, value, limit: f64, unit: &str| Finding {
            value: Some(value),
            limit: Some(limit),
            margin: Some(if unit.is_empty() {
                value - limit
            } else {
                limit - value
            }),
            unit: unit.to_owned(),
            evidence: self.evidence(),
            ..question.finding(verdict, samples, because)
        };
        if share < least {
            let because = format!("{told}, at least {:.3} % asked", least * 100.0);
            let found = finding(Verdict::Fail, because, share, least, "");
            return Finding {
                at: self.first_lost,
                phase: self
                    .first_lost
                    .and_then(|at| question.place(at))
                    .map(str::to_owned),
                ..found
            };
        }
        let most = question.option("max_wait");
        let Some(((wait, at, task), most)) = self.slowest.zip(most) else {
            return finding(Verdict::Pass, told, share, least, "");
        };
        let wait = wait as f64 * 1e-6;
        let verdict = if wait > most {
            Verdict::Fail
        } else {
            Verdict::Pass
        };
        let because =
            format!("{told}; task {task} took longest, {wait:.3} s, at most {most} s asked");
        Finding {
            at: Some(at),
            phase: question.place(at).map(str::to_owned),
            ..finding(verdict, because, wait, most, "s")
        }
    }
}
