//! The crew: as many workers as there are cores, each at a seed of its own, and the fewest faults of
//! each seed that breaks a rule.

use std::sync::mpsc::Sender;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::worker::Job;
use super::{HANG, PANIC, Violation, draw, minimise};
use crate::plan::Plan;
use crate::workers::{Unanswered, Worker, Workers};

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
    /// Who works at the plan.
    pub workers: Workers,
    /// How long a run may take, on the wall.
    pub limit: Duration,
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
        tell: impl FnMut(Told),
    ) -> Result<(), CrewError> {
        let hand = |next: &mut dyn FnMut() -> Option<Option<u64>>, tell: &Sender<Told>| {
            let mut hand = Hand::new(self)?;
            while let Some(seed) = next() {
                hand.seed(plan, seed, tell)?;
            }
            Ok::<(), CrewError>(())
        };
        self.workers.share(seeds, hand, tell)
    }
}

/// One worker at a time, at one seed after the other.
struct Hand<'a> {
    crew: &'a Crew,
    worker: Worker,
    /// Whether a worker ever answered.
    is_proven: bool,
}

impl Hand<'_> {
    fn new(crew: &Crew) -> std::io::Result<Hand<'_>> {
        Ok(Hand {
            crew,
            worker: Worker::start(&crew.workers)?,
            is_proven: false,
        })
    }

    fn seed(
        &mut self,
        plan: &Plan,
        seed: Option<u64>,
        tell: &Sender<Told>,
    ) -> Result<(), CrewError> {
        let answer = self.ask(&Job { seed, keep: None })?;
        for violation in answer.broken {
            let of = seed.map_or(0, |seed| draw(plan, seed).len());
            let mut trouble = None;
            let kept = minimise(of, |keep| {
                let keep = Some(keep.to_vec());
                match self.ask(&Job { seed, keep }) {
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
        let exit = answer.exit;
        let _given_up = tell.send(Told::Done { seed, exit });
        Ok(())
    }

    /// Has it run something. One that hangs or dies is a violation, and another takes its place.
    fn ask(&mut self, job: &Job) -> Result<Answer, CrewError> {
        let limit = self.crew.limit;
        let (rule, why) = match self.worker.ask(job, Some(limit)) {
            Ok(answer) => {
                self.is_proven = true;
                return Ok(answer);
            }
            Err(Unanswered::Strange(why)) => return Err(CrewError::Useless(why)),
            Err(Unanswered::Died(how)) if !self.is_proven => return Err(CrewError::Useless(how)),
            Err(Unanswered::Late) => {
                let seconds = limit.as_secs_f64();
                (HANG, format!("it did not end within {seconds} s"))
            }
            Err(Unanswered::Died(how)) => (PANIC, format!("the process died: {how}")),
        };
        self.worker = Worker::start(&self.crew.workers)?;
        let rule = rule.to_owned();
        Ok(Answer {
            exit: "NONE".to_owned(),
            broken: vec![Violation { rule, why }],
        })
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
            workers: Workers {
                jobs: 1,
                program: "/bin/sh".into(),
                arguments: vec!["-c".into(), script.into()],
            },
            limit: Duration::from_millis(300),
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
