//! The judge: feeds events to checks within their windows, and collects the findings.

mod post;

use std::sync::Arc;

use post::Post;
use profiles::time::BenchTime;

use crate::check::{self, CheckSetup, Target};
use crate::event::{DeviceId, Event, EventKind, ObserveError, Observer};
use crate::golden::Goldens;
use crate::header::{Header, Subject, WorkloadHeader};
use crate::report::reacted;
use crate::rows::Rows;
use crate::verdict::{Ending, Finding, Standing, Verdict};

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
            let place = (posts.len(), device);
            posts.push(Post::new(header, place, spec, (kind.build)(&setup)));
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

    /// The same as [`Judge::take`] of each row.
    pub fn take_rows(&mut self, rows: &Rows<'_>) {
        let (Some(last), false) = (rows.times().last(), self.abandoned) else {
            return;
        };
        self.last = self.last.max(*last);
        let Some(route) = self.routes.get(usize::from(rows.device().0)) else {
            return;
        };
        let posts = &mut self.posts;
        for &place in route {
            if posts[place].takes_rows() {
                posts[place].take_rows(rows);
            }
        }
        if route.iter().any(|&place| !posts[place].takes_rows()) {
            rows.each(&mut |event| {
                for &place in route {
                    if !posts[place].takes_rows() {
                        posts[place].take(event);
                    }
                }
            });
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
            uncertainty: None,
            expected: None,
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
        let posts = self.posts.into_iter();
        let each = posts.map(|post| post.conclude(last, completed));
        each.chain(self.interlocks).collect()
    }
}

impl Observer for Judge {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        self.take(event);
        Ok(())
    }

    fn observe_rows(&mut self, rows: &Rows<'_>) -> Result<(), ObserveError> {
        self.take_rows(rows);
        Ok(())
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
