//! Workers: processes of this program that run one campaign after the other, for a panic, a hang or a
//! death of one must not touch the others. Each is told what to run on its standard input, a line of
//! JSON for each run, and answers so.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A folder in memory, where the system has one: a record that is removed at once need not wait for
/// a disk.
const IN_MEMORY: &str = "/dev/shm";
/// How long a worker may take to end when nobody tells it anything any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the worker of this process number keeps its run.
fn folder(process: u32) -> PathBuf {
    let memory = Path::new(IN_MEMORY);
    let place = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    place.join(format!("bench-worker-{process}"))
}

/// Works until nobody tells anything any more: `run` does what it is told, in a folder of its own.
///
/// # Errors
/// If runs cannot be kept, or nobody listens.
pub(crate) fn work<J: DeserializeOwned, A: Serialize>(
    mut run: impl FnMut(J, &Path) -> io::Result<A>,
) -> io::Result<()> {
    let place = folder(std::process::id());
    std::fs::create_dir_all(&place)?;
    let (input, mut output) = (io::stdin().lock(), io::stdout().lock());
    for line in input.lines() {
        let Ok(job) = serde_json::from_str::<J>(&line?) else {
            continue;
        };
        let answer = serde_json::to_string(&run(job, &place.join("run"))?)?;
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    let _left = std::fs::remove_dir_all(&place);
    Ok(())
}

/// Who works.
#[derive(Clone, Debug)]
pub struct Workers {
    /// How many at a time.
    pub jobs: usize,
    /// The program that works.
    pub program: PathBuf,
    /// What the program is told so that it is a worker.
    pub arguments: Vec<OsString>,
}

impl Workers {
    /// Has as many threads as there are workers take one of `jobs` after the other, until there is none
    /// or one of them gives up. What they tell is heard here, in no order.
    ///
    /// # Errors
    /// The first that made one of them give up.
    pub(crate) fn share<J, T: Send, E: Send + From<io::Error>>(
        &self,
        jobs: impl Iterator<Item = J> + Send,
        hand: impl Fn(&mut dyn FnMut() -> Option<J>, &Sender<T>) -> Result<(), E> + Sync,
        tell: impl FnMut(T),
    ) -> Result<(), E> {
        let (jobs, failed) = (Mutex::new(jobs), AtomicBool::new(false));
        let (telling, told) = channel();
        std::thread::scope(|scope| {
            let (jobs, failed, hand) = (&jobs, &failed, &hand);
            let hands: Vec<_> = (0..self.jobs.max(1))
                .map(|_| {
                    let telling = telling.clone();
                    scope.spawn(move || {
                        let mut next = || {
                            let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
                            (!failed.load(Ordering::Relaxed))
                                .then(|| jobs.next())
                                .flatten()
                        };
                        let worked = hand(&mut next, &telling);
                        failed.fetch_or(worked.is_err(), Ordering::Relaxed);
                        worked
                    })
                })
                .collect();
            drop(telling);
            told.iter().for_each(tell);
            let ends = hands.into_iter().map(|hand| {
                let panicked = |_| Err(io::Error::other("a thread of it panicked").into());
                hand.join().unwrap_or_else(panicked)
            });
            ends.collect()
        })
    }
}

/// Why a worker did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// It takes longer than it may.
    Late,
    /// It died, as said.
    Died(String),
    /// It said something else.
    Strange(String),
}

/// A process that runs what it is told.
#[derive(Debug)]
pub(crate) struct Worker {
    process: Child,
    tells: Option<ChildStdin>,
    answers: Receiver<String>,
    /// Whether it is known to hang.
    hangs: bool,
}

impl Worker {
    pub(crate) fn start(workers: &Workers) -> io::Result<Worker> {
        let mut process = Command::new(&workers.program)
            .args(&workers.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let tells = process.stdin.take();
        let said = process.stdout.take();
        let (tell, answers) = channel();
        std::thread::spawn(move || {
            let lines = said.map(|said| BufReader::new(said).lines());
            for line in lines.into_iter().flatten() {
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
            hangs: false,
        })
    }

    /// Has it run something, which may take so long on the wall. One that does not answer is of no
    /// more use.
    pub(crate) fn ask<A: DeserializeOwned>(
        &mut self,
        job: &impl Serialize,
        limit: Option<Duration>,
    ) -> Result<A, Unanswered> {
        let line = serde_json::to_string(job);
        let mut line = line.map_err(|error| Unanswered::Strange(error.to_string()))?;
        line.push('\n');
        let tells = self.tells.as_mut();
        let told = tells.map(|tells| tells.write_all(line.as_bytes()));
        let answer = match (told, limit) {
            (Some(Ok(())), Some(limit)) => self.answers.recv_timeout(limit),
            (Some(Ok(())), None) => {
                let answer = self.answers.recv();
                answer.map_err(|_| RecvTimeoutError::Disconnected)
            }
            _ => Err(RecvTimeoutError::Disconnected),
        };
        match answer {
            Ok(line) => {
                let answer = serde_json::from_str(&line);
                answer.map_err(|error| Unanswered::Strange(error.to_string()))
            }
            Err(RecvTimeoutError::Timeout) => {
                self.hangs = true;
                Err(Unanswered::Late)
            }
            Err(RecvTimeoutError::Disconnected) => Err(Unanswered::Died(self.died())),
        }
    }

    fn died(&mut self) -> String {
        let status = self.process.wait();
        status.map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It ends when nobody tells it anything any more; one that hangs must be ended.
        drop(self.tells.take());
        let patience = if self.hangs { Duration::ZERO } else { PATIENCE };
        let ended = self.answers.recv_timeout(patience);
        if ended != Err(RecvTimeoutError::Disconnected) {
            let _gone = self.process.kill();
        }
        let _reaped = self.process.wait();
        let _cleared = std::fs::remove_dir_all(folder(self.process.id()));
    }
}
