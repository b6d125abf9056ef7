//! Jobs as processes of their own, several at a time.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use drivers::clock::Clock;
use reports::digest;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use super::file::{GateFile, GatePace, Keep};
use super::result::{Speed, Try, Wrong};
use super::{Job, JobResult};
use crate::execute::RECORD_FILE;

/// What is told while a job begins or ends.
pub type Starting<'a> = &'a (dyn Fn(&str, Option<&Try>) + Sync);

/// Runs jobs.
#[derive(Debug)]
pub struct Pool {
    /// The program that runs them.
    pub program: PathBuf,
    /// The gate's folder; each job has one in it.
    pub folder: PathBuf,
    /// How many run at a time.
    pub width: usize,
    /// How bench time passes.
    pub pace: GatePace,
    /// Which runs' folders are kept.
    pub keep: Keep,
    /// Processes under way, to be told that it is over; closed once that was said.
    under_way: Mutex<Option<Vec<u32>>>,
}

impl Pool {
    /// A pool of `width` jobs at a time.
    pub fn new(program: PathBuf, folder: PathBuf, width: usize, gate: &GateFile) -> Pool {
        let (pace, keep) = (gate.pace, gate.keep);
        Pool {
            program,
            folder,
            width: width.max(1),
            pace,
            keep,
            under_way: Mutex::new(Some(Vec::new())),
        }
    }

    /// Runs all jobs, and each that did not pass once more: not for another chance, but to learn
    /// whether it fails again. In the order of their names.
    pub fn run(&self, jobs: &[Job], tell: Starting<'_>) -> Vec<JobResult> {
        let waiting: Mutex<VecDeque<&Job>> = Mutex::new(jobs.iter().collect());
        let done = Mutex::new(BTreeMap::new());
        std::thread::scope(|scope| {
            for _ in 0..self.width.min(jobs.len()) {
                scope.spawn(|| {
                    loop {
                        let next = lock(&waiting).pop_front();
                        let Some(job) = next.filter(|_| !self.is_stopped()) else {
                            break;
                        };
                        let result = self.job(job, tell);
                        lock(&done).insert(job.name.clone(), result);
                    }
                });
            }
        });
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.into_values().collect()
    }

    /// Ends what is under way, as SIGTERM does, and begins nothing more.
    pub fn stop(&self) {
        for id in lock(&self.under_way).take().unwrap_or_default() {
            let id = i32::try_from(id).ok().and_then(Pid::from_raw);
            if let Some(id) = id {
                let _ended_already = kill_process(id, Signal::TERM);
            }
        }
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        lock(&self.under_way).is_none()
    }

    fn job(&self, job: &Job, tell: Starting<'_>) -> JobResult {
        let mut tries = Vec::new();
        for number in 1..=2 {
            let name = if number == 1 {
                job.name.clone()
            } else {
                format!("{} (again)", job.name)
            };
            tell(&name, None);
            let one = self.one(job, number);
            tell(&name, Some(&one));
            // What could not be asked, or was ended, need not be asked again.
            let is_over = matches!(one.code, Some(0 | 2 | 5)) || self.is_stopped();
            tries.push(one);
            if is_over {
                break;
            }
        }
        let args = self.args(job, Path::new("RUN"));
        JobResult {
            name: job.name.clone(),
            group: job.group.clone(),
            campaign: job.campaign.display().to_string(),
            command: format!("bench {}", args.join(" ")),
            tries,
        }
    }

    fn args(&self, job: &Job, out: &Path) -> Vec<String> {
        let mut args = vec![
            "run".to_owned(),
            job.campaign.display().to_string(),
            "--wiring".to_owned(),
            job.wiring.display().to_string(),
        ];
        if self.pace == GatePace::Real {
            args.extend(["--pace", "real"].map(str::to_owned));
        }
        if let Some(seed) = job.seed {
            args.extend(["--seed".to_owned(), seed.to_string()]);
        }
        if let Some(elf) = &job.firmware {
            args.extend(["--firmware".to_owned(), elf.display().to_string()]);
        }
        args.extend(["--out".to_owned(), out.display().to_string()]);
        args
    }

    fn one(&self, job: &Job, number: usize) -> Try {
        let place = PathBuf::from("runs").join(format!("{}/try-{number}", job.name));
        let folder = self.folder.join(&place);
        let clock = Clock::start();
        let child = Command::new(&self.program)
            .args(self.args(job, &folder))
            .arg("--quiet")
            .args((self.keep == Keep::Failed).then_some("--lean"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let output = child.and_then(|child| {
            let id = child.id();
            self.is_under_way(&child);
            let output = child.wait_with_output();
            if let Some(ids) = lock(&self.under_way).as_mut() {
                ids.retain(|other| *other != id);
            }
            output
        });
        let mut one = Try {
            seconds: (clock.now().as_secs_f64() * 100.0).round() / 100.0,
            folder: place.display().to_string(),
            ..Try::default()
        };
        match output {
            Ok(output) => {
                one.code = output
                    .status
                    .code()
                    .and_then(|code| u8::try_from(code).ok());
                let said = String::from_utf8_lossy(&output.stderr);
                said.trim().clone_into(&mut one.said);
                if let Some(signal) = output.status.signal() {
                    one.ending = Some(format!("the run was killed by signal {signal}"));
                }
            }
            Err(error) => one.said = format!("{}: {error}", self.program.display()),
        }
        let record = digest::sha256_file(&folder.join(RECORD_FILE));
        one.record = record.ok();
        if let Ok(text) = fs::read(folder.join("summary.json")) {
            summarise(&text, &mut one);
        }
        if one.is_pass() && self.keep == Keep::Failed {
            // What cannot be removed is only in the way.
            let _left = fs::remove_dir_all(&folder);
        }
        one
    }

    fn is_under_way(&self, child: &Child) {
        match lock(&self.under_way).as_mut() {
            Some(ids) => ids.push(child.id()),
            // It began while all were told to end.
            None => {
                if let Some(id) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ended_already = kill_process(id, Signal::TERM);
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a gate reads of `summary.json`.
#[derive(Deserialize)]
struct Summary {
    ending: reports::verdict::Ending,
    findings: Vec<reports::verdict::Finding>,
    workloads: BTreeMap<String, Workload>,
    devices: BTreeMap<String, Device>,
}

#[derive(Deserialize)]
struct Workload {
    overall: Option<Overall>,
}

#[derive(Deserialize)]
struct Overall {
    answers: u64,
    rate_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
}

#[derive(Deserialize)]
struct Device {
    boots: u64,
}

fn summarise(text: &[u8], one: &mut Try) {
    use reports::verdict::{Ending, Verdict};
    let Ok(summary) = serde_json::from_slice::<Summary>(text) else {
        return;
    };
    if summary.ending != Ending::Completed {
        one.ending = Some(summary.ending.to_string());
    }
    let mut findings = summary.findings;
    // The worst first, and in the campaign's order among equals.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    for finding in findings {
        if finding.verdict == Verdict::Pass {
            one.passed += 1;
            continue;
        }
        one.wrong.push(Wrong {
            check: finding.check,
            verdict: finding.verdict.to_string().to_lowercase(),
            because: finding.because,
            at_s: finding.at.map(profiles::time::BenchTime::as_secs_f64),
            phase: finding.phase,
        });
    }
    let boots = summary.devices.into_iter();
    one.boots = boots.map(|(name, device)| (name, device.boots)).collect();
    for (name, workload) in summary.workloads {
        if let Some(overall) = workload.overall.filter(|overall| overall.p50_ms > 0.0) {
            one.speeds.insert(
                name,
                Speed {
                    answers: overall.answers,
                    rate_per_s: overall.rate_per_s,
                    p50_ms: overall.p50_ms,
                    p99_ms: overall.p99_ms,
                },
            );
        }
    }
}
