//! The run's side: starts the supervisor, and shows it that the run lives.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{BEAT, READY, SAFE};
use crate::run::Pulse;

/// How often the run's pulse is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long the supervisor may take to read the wiring.
const START: Duration = Duration::from_secs(10);

/// Why nobody watches over a run.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// There is no second process.
    #[error("cannot start the supervisor: {0}")]
    Start(#[from] std::io::Error),
    /// It did not say that it watches.
    #[error("the supervisor does not watch: {0}")]
    NotReady(String),
}

/// A supervisor that watches over this process, until the run is over.
#[derive(Debug)]
pub struct Guard {
    supervisor: Child,
    /// Whoever shows the pulse, and what tells it that the run is over by being dropped.
    showing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Guard {
    /// Starts a supervisor for the devices of `wiring`, which writes what it does into `folder`,
    /// and keeps showing it the run's pulse.
    ///
    /// # Errors
    /// If it does not start, or does not watch.
    pub fn start(wiring: &Path, folder: &Path, pulse: &Pulse) -> Result<Guard, GuardError> {
        let mut supervisor = Command::new(std::env::current_exe()?)
            .arg("supervise")
            .arg(wiring)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(pipe), Some(said)) = (supervisor.stdin.take(), supervisor.stdout.take()) else {
            return Err(std::io::Error::from(ErrorKind::BrokenPipe).into());
        };
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(said).read_line(&mut line);
            // Nobody waits for it any more: the start was given up.
            let _given_up = tell.send(read.map(|_| line));
        });
        match told.recv_timeout(START) {
            Ok(Ok(line)) if line.trim_end() == READY => {}
            Ok(Ok(line)) if line.is_empty() => {
                return Err(not_ready(&mut supervisor, "it ended at once"));
            }
            Ok(Ok(line)) => return Err(not_ready(&mut supervisor, line.trim_end())),
            Ok(Err(error)) => return Err(error.into()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(not_ready(&mut supervisor, "it says nothing"));
            }
        }
        let pulse = pulse.clone();
        let (held, over) = channel();
        let thread = std::thread::spawn(move || show(pipe, &pulse, &over));
        Ok(Guard {
            supervisor,
            showing: Some((held, thread)),
        })
    }
}

fn not_ready(supervisor: &mut Child, why: &str) -> GuardError {
    // It may be gone already.
    let _gone = supervisor.kill();
    let _reaped = supervisor.wait();
    GuardError::NotReady(why.to_owned())
}

/// Writes a beat whenever the run's pulse has gone on, until the run is over or nobody listens. A
/// run that left the bench otherwise than safe closes the pipe: the supervisor tries again.
fn show(mut pipe: ChildStdin, pulse: &Pulse, over: &Receiver<()>) {
    let mut before = pulse.beats();
    loop {
        let is_over = over.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected);
        let now = pulse.beats();
        let byte = if pulse.is_left_safe() {
            SAFE
        } else if is_over {
            return;
        } else if now == before {
            continue;
        } else {
            BEAT
        };
        before = now;
        if let Err(error) = pipe.write_all(&[byte]) {
            pulse.unwatched(format!("the supervisor is gone: {error}"));
            return;
        }
        if byte == SAFE {
            return;
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some((held, thread)) = self.showing.take() {
            drop(held);
            // The last word must be said before this process ends.
            let _panicked = thread.join();
        }
        // Where the bench was left safe it ends now; otherwise it outlives this process.
        let _ended = self.supervisor.try_wait();
    }
}
