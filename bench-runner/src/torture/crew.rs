//! The crew: as many workers as there are cores, each at a seed of its own, and the fewest faults of
//! each seed that breaks a rule.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::worker::{Job, folder};
use super::{HANG, PANIC, Violation, draw, minimise};
use crate::plan::Plan;

/// What became of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Name of its exit code.
    pub exit: String,
    /// The rules that did not hold.
    pub broken: Vec<Violation>,
}

/// A rule that did not hold with the faults of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The seed; none for the campaign as it is.
    pub seed: Option<u64>,
    /// What did not hold.
    pub violation: Violation,
    /// How many faults there were.
    pub of: usize,
    /// The places of those that suffice.
    pub kept: Vec<usize>,
}

/// What the crew tells while it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A seed is done.
    Done {
        /// Which.
        seed: Option<u64>,
        /// How it ended: the name of an exit code.
        exit: String,
    },
    /// A rule did not hold.
    Found(Found),
}

/// Why the crew could not work.
#[derive(Debug, thiserror::Error)]
pub enum CrewError {
    /// A worker could not be started.
    #[error("cannot start a worker: {0}")]
    Start(#[from] std::io::Error),
    /// A worker ended before it did anything.
    #[error("a worker ended without a run: {0}")]
    Useless(String),
}

/// How a crew works.
#[derive(Clone, Debug)]
pub struct Crew {
    /// How many at a time.
    pub jobs: usize,
    /// How long a run may take, on the wall.
    pub limit: Duration,
    /// The program that works.
    pub program: PathBuf,
    /// What the program is told so that it is a worker at the same plan.
    pub arguments: Vec<std::ffi::OsString>,
}

impl Crew {
    /// Runs `seeds` ([`None`]: the campaign as it is), and tells what became of each, in no order.
    ///
    /// # Errors
    /// If workers cannot be started.
    pub fn run(
        &self,
        plan: &Plan,
        seeds: impl Iterator<Item = Option<u64>> + Send,
        mut tell: impl FnMut(Told),
    ) -> Result<(), CrewError> {
        let (seeds, failed) = (Mutex::new(seeds), AtomicBool::new(false));
        let (telling, told) = channel();
        std::thread::scope(|scope| {
            let (seeds, failed) = (&seeds, &failed);
            let hands: Vec<_> = (0..self.jobs.max(1))
                .map(|_| {
                    let telling = telling.clone();
                    scope.spawn(move || {
                        let worked = self.hand(plan, seeds, failed, &telling);
                        failed.fetch_or(worked.is_err(), Ordering::Relaxed);
                        worked
                    })
                })
                .collect();
            drop(telling);
            told.iter().for_each(&mut tell);
            let ends = hands.into_iter().map(|hand| {
                let panicked = || Err(CrewError::Useless("its thread panicked".to_owned()));
                hand.join().unwrap_or_else(|_| panicked())
            });
            ends.collect::<Result<Vec<()>, CrewError>>()
        })?;
        Ok(())
    }

    /// One seed after the other, by one worker at a time.
    fn hand(
        &self,
        plan: &Plan,
        seeds: &Mutex<impl Iterator<Item = Option<u64>>>,
        failed: &AtomicBool,
        tell: &Sender<Told>,
    ) -> Result<(), CrewError> {
        let mut worker = Worker::start(self)?;
        while !failed.load(Ordering::Relaxed) {
            let next = seeds.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(seed) = next else { break };
            let answer = worker.ask(self, &Job { seed, keep: None })?;
            let exit = answer.exit.clone();
            for violation in answer.broken {
                let of = seed.map_or(0, |seed| draw(plan, seed).len());
                let mut trouble = None;
                let kept = minimise(of, |keep| {
                    let keep = Some(keep.to_vec());
                    match worker.ask(self, &Job { seed, keep }) {
                        Ok(answer) => answer.broken.iter().any(|b| b.rule == violation.rule),
                        Err(error) => {
                            trouble = Some(error);
                            false
                        }
                    }
                });
                if let Some(error) = trouble {
                    return Err(error);
                }
                // Nobody listens any more where the whole is given up.
                let _given_up = tell.send(Told::Found(Found {
                    seed,
                    violation,
                    of,
                    kept,
                }));
            }
            let _given_up = tell.send(Told::Done { seed, exit });
        }
        Ok(())
    }
}

/// A process that runs what it is told.
struct Worker {
    process: Child,
    tells: Option<ChildStdin>,
    answers: Receiver<String>,
    /// Whether it ever answered.
    proven: bool,
    /// Whether it is known to hang.
    hangs: bool,
}

impl Worker {
    fn start(crew: &Crew) -> Result<Worker, CrewError> {
        let mut process = Command::new(&crew.program)
            .args(&crew.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let tells = process.stdin.take();
        let said = process.stdout.take();
        let (tell, answers) = channel();
        std::thread::spawn(move || {
            for line in said
                .into_iter()
                .flat_map(|said| BufReader::new(said).lines())
            {
                let Ok(line) = line else { return };
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Worker {
            process,
            tells,
            answers,
            proven: false,
            hangs: false,
        })
    }

    /// Has it run something. One that hangs or dies is a violation, and another takes its place.
    fn ask(&mut self, crew: &Crew, job: &Job) -> Result<Answer, CrewError> {
        let line = serde_json::to_string(job).unwrap_or_default() + "\n";
        let told = self
            .tells
            .as_mut()
            .map(|tells| tells.write_all(line.as_bytes()));
        let answer = match told {
            Some(Ok(())) => self.answers.recv_timeout(crew.limit),
            _ => Err(RecvTimeoutError::Disconnected),
        };
        let violation = match answer.map(|line| serde_json::from_str::<Answer>(&line)) {
            Ok(Ok(answer)) => {
                self.proven = true;
                return Ok(answer);
            }
            Ok(Err(error)) => return Err(CrewError::Useless(error.to_string())),
            Err(RecvTimeoutError::Timeout) => {
                self.hangs = true;
                let why = format!("it did not end within {} s", crew.limit.as_secs_f64());
                let rule = HANG.to_owned();
                Violation { rule, why }
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.process.wait()?;
                if !self.proven {
                    return Err(CrewError::Useless(status.to_string()));
                }
                let (rule, why) = (PANIC.to_owned(), format!("the process died: {status}"));
                Violation { rule, why }
            }
        };
        let proven = self.proven;
        *self = Worker::start(crew)?;
        self.proven = proven;
        Ok(Answer {
            exit: "NONE".to_owned(),
            broken: vec![violation],
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It ends when nobody tells it anything any more; one that hangs must be ended.
        drop(self.tells.take());
        let patience = Duration::from_secs(if self.hangs { 0 } else { 2 });
        let ended = self.answers.recv_timeout(patience);
        if ended != Err(RecvTimeoutError::Disconnected) {
            let _gone = self.process.kill();
        }
        let _reaped = self.process.wait();
        let _cleared = std::fs::remove_dir_all(folder(self.process.id()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded;
    use crate::plan::Request;
    use crate::runtime::Pace;

    /// What a crew says of the seeds 1 and 2, whose worker is a script of the shell.
    fn told(script: &str) -> Result<Vec<Told>, CrewError> {
        let plan = Plan::new(&Request {
            campaign: embedded::campaign(),
            wiring: embedded::wiring(),
            seed: None,
            pace: Pace::Virtual,
            dictionary: None,
            firmware: Vec::new(),
            faults: None,
        });
        let crew = Crew {
            jobs: 1,
            limit: Duration::from_millis(300),
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
        };
        let mut told = Vec::new();
        let seeds = [Some(1), Some(2)].into_iter();
        crew.run(&plan.unwrap(), seeds, |one| told.push(one))?;
        Ok(told)
    }

    fn found(told: &[Told]) -> Vec<&Found> {
        let found = told.iter().filter_map(|told| match told {
            Told::Found(found) => Some(found),
            Told::Done { .. } => None,
        });
        found.collect()
    }

    #[test]
    fn a_run_that_hangs_is_a_violation_and_the_next_seed_has_its_turn() {
        let told = told("exec sleep 60").unwrap();
        let found = found(&told);
        assert_eq!(found.len(), 2, "{told:?}");
        for hang in found {
            assert_eq!(hang.violation.rule, HANG);
            assert!(
                hang.of > 0 && hang.kept.is_empty(),
                "it hangs without any fault"
            );
        }
    }

    #[test]
    fn a_process_that_dies_is_a_violation() {
        let answer = r#"{"exit":"PASSED","broken":[]}"#;
        let told = told(&format!("read a; echo '{answer}'; read a; kill -9 $$")).unwrap();
        assert_eq!(found(&told)[0].violation.rule, PANIC);
        assert!(
            found(&told)[0].violation.why.contains("signal: 9"),
            "{told:?}"
        );
    }

    #[test]
    fn a_program_that_is_no_worker_is_told_so() {
        assert!(matches!(told("exit 7"), Err(CrewError::Useless(_))));
        assert!(matches!(
            told("read a; echo no"),
            Err(CrewError::Useless(_))
        ));
    }
}
