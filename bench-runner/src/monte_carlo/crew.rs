//! The crew: as many workers as there are cores, each at a run of its own. A run that kills its worker
//! takes no other with it.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};

use super::worker::folder;
use super::{Draw, Flown};

/// How a crew works.
#[derive(Clone, Debug)]
pub struct Crew {
    /// How many at a time.
    pub jobs: usize,
    /// The program that works.
    pub program: PathBuf,
    /// What the program is told so that it is a worker at the same campaign.
    pub arguments: Vec<OsString>,
}

impl Crew {
    /// Flies all runs, tells of each when it is over, and gives them in their order.
    ///
    /// # Errors
    /// If a worker cannot be started.
    pub fn fly(
        &self,
        draws: impl Iterator<Item = Draw> + Send,
        mut tell: impl FnMut(&Flown),
    ) -> std::io::Result<Vec<Flown>> {
        let draws = Mutex::new(draws);
        let (telling, told) = channel();
        let mut flown: Vec<Flown> = Vec::new();
        std::thread::scope(|scope| {
            let draws = &draws;
            let hands: Vec<_> = (0..self.jobs.max(1))
                .map(|_| {
                    let telling = telling.clone();
                    scope.spawn(move || self.hand(draws, &telling))
                })
                .collect();
            drop(telling);
            for one in told {
                tell(&one);
                flown.push(one);
            }
            for hand in hands {
                let panicked = || Err(std::io::Error::other("a thread of the crew panicked"));
                hand.join().unwrap_or_else(|_| panicked())?;
            }
            Ok::<(), std::io::Error>(())
        })?;
        flown.sort_by_key(|one| one.draw.run);
        Ok(flown)
    }

    fn hand(
        &self,
        draws: &Mutex<impl Iterator<Item = Draw>>,
        tell: &Sender<Flown>,
    ) -> std::io::Result<()> {
        let mut worker: Option<Worker> = None;
        loop {
            let next = draws.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(draw) = next else { return Ok(()) };
            let mut at = match worker.take() {
                Some(worker) => worker,
                None => Worker::start(self)?,
            };
            let one = at.ask(&draw).unwrap_or_else(|| {
                let status = at.process.wait();
                let how = status.map_or_else(|error| error.to_string(), |it| it.to_string());
                Flown {
                    draw,
                    code: None,
                    ending: format!("the process that ran it died: {how}"),
                    findings: Vec::new(),
                }
            });
            if one.code.is_some() {
                worker = Some(at);
            }
            if tell.send(one).is_err() {
                return Ok(());
            }
        }
    }
}

/// A process that flies what it is told.
struct Worker {
    process: Child,
    tells: Option<ChildStdin>,
    answers: Option<BufReader<ChildStdout>>,
}

impl Worker {
    fn start(crew: &Crew) -> std::io::Result<Worker> {
        let mut process = Command::new(&crew.program)
            .args(&crew.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let tells = process.stdin.take();
        let answers = process.stdout.take().map(BufReader::new);
        Ok(Worker {
            process,
            tells,
            answers,
        })
    }

    /// What became of a run; nothing if the worker died of it.
    fn ask(&mut self, draw: &Draw) -> Option<Flown> {
        let line = serde_json::to_string(draw).ok()? + "\n";
        self.tells.as_mut()?.write_all(line.as_bytes()).ok()?;
        let mut answer = String::new();
        self.answers.as_mut()?.read_line(&mut answer).ok()?;
        serde_json::from_str(&answer).ok()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It ends when nobody tells it anything any more.
        drop(self.tells.take());
        let _reaped = self.process.wait();
        let _cleared = std::fs::remove_dir_all(folder(self.process.id()));
    }
}
