//! Shards as processes on this machine: what an engine does, without one. The same folders, the same
//! codes, the same decision.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process};

use super::Submission;

/// Shards under way.
#[derive(Debug)]
pub struct Local {
    /// Their processes; closed once they were told to end.
    under_way: Mutex<Option<Vec<u32>>>,
}

impl Default for Local {
    fn default() -> Local {
        Local {
            under_way: Mutex::new(Some(Vec::new())),
        }
    }
}

impl Local {
    /// Runs all shards at once, with the cores shared among them, and says how each ended.
    ///
    /// # Errors
    /// If one cannot be started; those that were are told to end.
    pub fn run(
        &self,
        submission: &Submission,
        cores: usize,
        mut tell: impl FnMut(&str),
    ) -> Result<(), String> {
        let cannot = |error: std::io::Error| format!("cannot start a shard: {error}");
        let log = submission.out.join("log");
        fs::create_dir_all(&log).map_err(cannot)?;
        let jobs = (cores / submission.shards.max(1) as usize).max(1);
        let mut children = Vec::new();
        for index in 1..=submission.shards {
            let file = File::create(log.join(format!("shard-{index}.log"))).map_err(cannot)?;
            let started = self.start(submission, index, jobs, file);
            match started {
                Ok(child) => children.push((index, child)),
                Err(error) => {
                    self.stop();
                    for (_, mut child) in children {
                        // It is over either way.
                        let _status = child.wait();
                    }
                    return Err(cannot(error));
                }
            }
        }
        for (index, mut child) in children {
            let status = child.wait().map_err(|error| error.to_string())?;
            self.over(child.id());
            let how = match (status.code(), status.signal()) {
                (Some(code), _) => format!("ended with {code}"),
                (None, Some(signal)) => format!("was killed by signal {signal}"),
                (None, None) => "ended".to_owned(),
            };
            tell(&format!("shard {index}/{} {how}\n", submission.shards));
        }
        Ok(())
    }

    fn start(
        &self,
        submission: &Submission,
        index: u32,
        jobs: usize,
        log: File,
    ) -> std::io::Result<Child> {
        let mut command = Command::new(&submission.program);
        command.arg("gate").arg(&submission.file);
        command.args(["--shard", &format!("{index}/{}", submission.shards)]);
        for elf in &submission.firmware {
            command.arg("--firmware").arg(elf);
        }
        command.args(["--jobs", &jobs.to_string()]);
        command.arg("--out").arg(submission.shard(index));
        let mut under_way = lock(&self.under_way);
        let Some(ids) = under_way.as_mut() else {
            return Err(std::io::Error::other("it was told to end"));
        };
        let complaints = log.try_clone()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(complaints)
            // What the shards decide is a part of it; CI is told the whole.
            .env_remove("GITHUB_STEP_SUMMARY")
            .env_remove("GITHUB_ACTIONS")
            .spawn()?;
        ids.push(child.id());
        Ok(child)
    }

    fn over(&self, id: u32) {
        if let Some(ids) = lock(&self.under_way).as_mut() {
            ids.retain(|other| *other != id);
        }
    }

    /// Ends all shards, as SIGTERM does: each leaves its bench safe.
    pub fn stop(&self) {
        for id in lock(&self.under_way).take().unwrap_or_default() {
            if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
                let _ended_already = kill_process(id, Signal::TERM);
            }
        }
    }

    /// Whether they were told to end.
    pub fn is_stopped(&self) -> bool {
        lock(&self.under_way).is_none()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
