//! The supervisor's side: waits for the run's end or death, and takes over if it must.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use drivers::clock::Clock;
use profiles::time::Period;
use rustix::process::{Pid, Signal, getppid, kill_process, setsid};
use serde::{Deserialize, Serialize};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::{BEAT, READY, SAFE};
use crate::exit::Exit;
use crate::plan::{self, Bench, DevicePlan};
use crate::run::alone::leaving::{Left, leave_all};
use crate::run::{Lock, LockError};
use crate::runtime::{self, Pace};

/// What the supervisor did, in the run's folder. There is none after a run that ended by itself.
pub const SUPERVISOR_FILE: &str = "supervisor.json";

/// A run that shows no pulse for so long hangs.
const HANGS: Duration = Duration::from_secs(5);
/// How long a killed run may take to die.
const DIES: Duration = Duration::from_secs(2);
/// How long the lines of a dead run may take to be free, and how often that is tried.
const FREE: Period = Period::millis(5_000);
const AGAIN: Period = Period::millis(20);
/// How often an instrument is tried that was not left safe.
const TRIES: u32 = 3;

/// What the supervisor did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Takeover {
    /// When, UTC.
    pub at: String,
    /// Why.
    pub why: String,
    /// Whether every instrument was left safe, and that was read back.
    pub is_safe: bool,
    /// How long it took from noticing to the last confirmation, s.
    pub seconds: f64,
    /// What became of each device, in the order in which they were left.
    pub devices: Vec<LeftDevice>,
}

/// What became of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftDevice {
    /// Its name.
    pub name: String,
    /// `safe`, `unsafe` or `silent`.
    pub state: String,
    /// What it told.
    pub told: String,
}

/// What the pipe says of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Beat,
    Safe,
    Gone,
}

/// Watches over the run that started this process, which reaches the devices of `bench` and
/// writes into `folder`.
pub fn watch(bench: &Bench, folder: &Path) -> Exit {
    // Before anything is said: the run's terminal and its signals are not this process's.
    let _already_leads_one = setsid();
    let noticed = std::sync::Arc::default();
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // What ends the run must not end who leaves its bench safe.
        let _ignored = signal_hook::flag::register(signal, std::sync::Arc::clone(&noticed));
    }
    let run = getppid();
    let devices = match plan::devices(bench) {
        Ok(devices) => devices,
        Err(refusals) => {
            let first = refusals.list.first().map(|refusal| refusal.message.clone());
            say(&first.unwrap_or_default());
            return Exit::Refused;
        }
    };
    let signs = signs();
    say(READY);
    let Some(why) = wait(&signs) else {
        return Exit::Passed;
    };
    let at = jiff::Timestamp::now().to_string();
    if why == Why::Hangs {
        kill(run, &signs);
    }
    let takeover = runtime::block_on(Pace::Real, take_over(&devices, at, why));
    let text = serde_json::to_string_pretty(&takeover).unwrap_or_default() + "\n";
    // A folder that is gone or full takes nothing; the bench is safe all the same.
    let _unwritten = fs::write(folder.join(SUPERVISOR_FILE), text);
    if takeover.is_safe {
        Exit::Passed
    } else {
        Exit::Unsafe
    }
}

fn say(line: &str) {
    let mut out = io::stdout().lock();
    // A run that died meanwhile hears nothing, and is noticed by that.
    let _nobody_hears = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// What the pipe says, read by a thread, so that one can wait for a while only.
fn signs() -> Receiver<Sign> {
    let (tell, signs) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 64];
        loop {
            let sign = match io::stdin().lock().read(&mut bytes) {
                Ok(0) => Sign::Gone,
                Ok(count) if bytes[..count].contains(&SAFE) => Sign::Safe,
                Ok(count) if bytes[..count].contains(&BEAT) => Sign::Beat,
                Ok(_) => continue,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Sign::Gone,
            };
            if tell.send(sign).is_err() || sign != Sign::Beat {
                return;
            }
        }
    });
    signs
}

/// Why the bench is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Died,
    Hangs,
}

impl Why {
    fn told(self) -> &'static str {
        match self {
            Why::Died => "the run died, or ended without leaving the bench safe",
            Why::Hangs => "the run showed no life for 5 s, and was killed",
        }
    }
}

/// Waits until the run is over; `None` if it left the bench safe.
fn wait(signs: &Receiver<Sign>) -> Option<Why> {
    // Until its first beat a run opens lines, which may take long; nothing is switched on yet.
    let mut sign = signs.recv().unwrap_or(Sign::Gone);
    loop {
        match sign {
            Sign::Safe => return None,
            Sign::Gone => return Some(Why::Died),
            Sign::Beat => {}
        }
        sign = match signs.recv_timeout(HANGS) {
            Ok(sign) => sign,
            Err(RecvTimeoutError::Timeout) => return Some(Why::Hangs),
            Err(RecvTimeoutError::Disconnected) => Sign::Gone,
        };
    }
}

/// Kills a run that hangs, and waits until its end of the pipe is closed. It holds that end, so
/// its number is still its own.
fn kill(run: Option<Pid>, signs: &Receiver<Sign>) {
    let Some(run) = run else { return };
    // One that died by itself meanwhile is as good.
    let _died = kill_process(run, Signal::KILL);
    while let Ok(sign) = signs.recv_timeout(DIES) {
        if sign == Sign::Gone {
            return;
        }
    }
}

/// Leaves every device safe, and tells what became of it.
async fn take_over(devices: &[DevicePlan], at: String, why: Why) -> Takeover {
    let clock = Pace::Real.clock();
    let start = clock.now();
    let mut takeover = Takeover {
        at,
        why: why.told().to_owned(),
        is_safe: false,
        seconds: 0.0,
        devices: Vec::new(),
    };
    match hold(devices, clock).await {
        Ok(_lock) => {
            for _ in 0..TRIES {
                takeover.devices.clear();
                let mut tell = |name: &str, left| takeover.devices.push(noted(name, left));
                leave_all(devices, clock, false, &mut tell).await;
                takeover.is_safe = takeover.devices.iter().all(|left| left.state != "unsafe");
                if takeover.is_safe {
                    break;
                }
            }
        }
        // The next run of this bench switched everything off when it armed it.
        Err(owner) => {
            let next = format!("; by then another run held the bench: {owner}");
            takeover.why.push_str(&next);
        }
    }
    takeover.seconds = clock.now().micros_since(start) as f64 * 1e-6;
    takeover
}

/// The lock of the bench, as soon as the dead run's is free. A lock that cannot be made holds
/// nobody up: safety comes first.
async fn hold(devices: &[DevicePlan], clock: Clock) -> Result<Lock, String> {
    let end = clock.now() + FREE;
    loop {
        match Lock::hold(devices, "the supervisor of a run that died", false) {
            Ok(lock) => return Ok(lock),
            Err(LockError::Busy { owner, .. }) if clock.now() >= end => return Err(owner),
            Err(LockError::Busy { .. }) => clock.sleep_until(clock.now() + AGAIN).await,
            Err(LockError::Lock { .. }) => return Ok(Lock::none()),
        }
    }
}

fn noted(name: &str, left: Left) -> LeftDevice {
    let (state, told) = match left {
        Left::Safe(told) => ("safe", told),
        Left::Unsafe(told) => ("unsafe", told),
        Left::Silent(told) => ("silent", told),
    };
    LeftDevice {
        name: name.to_owned(),
        state: state.to_owned(),
        told,
    }
}
