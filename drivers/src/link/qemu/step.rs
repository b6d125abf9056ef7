//! Firmware in lock-step: two FIFOs through which it tells, each control period, what it sent, and
//! waits for what it hears. While it waits its clock stands still.
//!
//! Records are little-endian. From the firmware: sequence number (u32), µs of this period in which
//! its accelerator worked (u32), length (u32), the octets that it sent. To it: the same sequence
//! number (u32), bus voltage in mV (u16), bus current in mA (i16), temperatures of board and junction
//! in 0.01 °C (i16 each), length (u32), the octets that it hears.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use profiles::time::Period;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::QemuSpec;
use super::gdb::{Gdb, Waiting};
use super::image::{Image, WAIT};
use super::process::{Process, Shared, Stopped};
use super::state::{INCOMING, State, resume};
use crate::error::LinkError;

/// From one record to the next.
pub(crate) const CONTROL: Period = Period::millis(10);
/// How long one look for a record takes.
const MOMENT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// Looks until the firmware counts as stuck: ten seconds, for a control period of which it takes a
/// few milliseconds.
const LOOKS: u32 = 100;
/// Looks for the end of a QEMU that said so: a second.
const LOOKS_AT_THE_END: u32 = 10;
/// Octets that one record holds at most: more than a line of three million baud
/// brings in a control period.
const MOST: usize = 8_192;

/// What the firmware hears in one control period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Hears<'a> {
    /// Voltage at its input, V.
    pub(crate) volts: f64,
    /// Current into it, A.
    pub(crate) amps: f64,
    /// Temperature of the board, °C.
    pub(crate) board: f64,
    /// Temperature of the junction, °C.
    pub(crate) junction: f64,
    /// What comes on its line.
    pub(crate) octets: &'a [u8],
}

impl Hears<'_> {
    /// What live firmware has from the start: a bus of 28 V, in a room.
    pub(super) const ROOM: Hears<'static> = Hears {
        volts: 28.0,
        amps: 0.0,
        board: 20.0,
        junction: 20.0,
        octets: &[],
    };

    /// As the firmware hears it.
    pub(super) fn record(&self, sequence: u32) -> Vec<u8> {
        let unsigned = |value: f64| (value * 1e3).round().clamp(0.0, f64::from(u16::MAX)) as u16;
        let signed = |value: f64, scale: f64| {
            let most = f64::from(i16::MAX);
            (value * scale).round().clamp(-most, most) as i16
        };
        let mut record = Vec::with_capacity(16 + self.octets.len());
        record.extend_from_slice(&sequence.to_le_bytes());
        record.extend_from_slice(&unsigned(self.volts).to_le_bytes());
        record.extend_from_slice(&signed(self.amps, 1e3).to_le_bytes());
        record.extend_from_slice(&signed(self.board, 100.0).to_le_bytes());
        record.extend_from_slice(&signed(self.junction, 100.0).to_le_bytes());
        record.extend_from_slice(&(self.octets.len() as u32).to_le_bytes());
        record.extend_from_slice(self.octets);
        record
    }
}

/// What the firmware tells of one control period.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// For how long its accelerator worked, µs.
    pub(crate) busy_us: u32,
    /// What it sent on its line.
    pub(crate) octets: Vec<u8>,
}

/// A bit of a running firmware's memory that turns over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The octet's address.
    pub address: u64,
    /// Which bit of it, 0 to 7.
    pub bit: u8,
}

/// What a flip did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upset {
    /// Which bit.
    pub flip: Flip,
    /// The octet as it was.
    pub before: u8,
    /// As it is read back. Memory that does not hold what is written stays as it was.
    pub after: u8,
}

/// From one tick to the next of a clock that QEMU is given beside the firmware's, µs. When a debugger
/// stops a machine whose idle time is skipped, QEMU takes it for idle and skips to what is due next;
/// with this tick that is never far.
const TICK_MICROS: u32 = 1_000;

/// A running firmware.
#[derive(Debug)]
pub(crate) struct LockStep {
    inbound: File,
    outbound: File,
    sequence: u32,
    /// What upsets its memory, where that is asked for.
    debugger: Option<Gdb>,
    /// Whether the debugger has stopped it.
    is_stopped: bool,
    process: Process,
}

impl LockStep {
    /// Most octets that the firmware hears in one control period.
    pub(crate) const MOST: usize = MOST - 1;

    /// Switches the board on: starts the firmware, with a debugger if its memory is to be upset.
    ///
    /// # Errors
    /// If QEMU cannot be started.
    pub(crate) fn start(spec: &QemuSpec, is_upset: bool) -> Result<LockStep, LinkError> {
        LockStep::begin(spec, is_upset, None)
    }

    /// Begins with a state that was kept, in which it told the record of this number.
    ///
    /// # Errors
    /// If QEMU cannot be started, or does not take the state.
    pub(super) fn fork(
        spec: &QemuSpec,
        state: &State,
        sequence: u32,
    ) -> Result<LockStep, LinkError> {
        let forked = LockStep::begin(spec, true, Some(state));
        forked.map(|forked| LockStep { sequence, ..forked })
    }

    fn begin(
        spec: &QemuSpec,
        is_upset: bool,
        state: Option<&State>,
    ) -> Result<LockStep, LinkError> {
        let failed = |error: io::Error| LinkError::Open {
            line: spec.to_string(),
            why: error.to_string(),
        };
        let shared = Shared::new().map_err(failed)?;
        // Both ends are held open here: the firmware opens them whenever it starts, also again.
        let inbound = fifo(&shared.path.join("lockstep.in")).map_err(failed)?;
        let outbound = fifo(&shared.path.join("lockstep.out")).map_err(failed)?;
        let mut args = vec![
            "-serial".to_owned(),
            "null".to_owned(),
            "-icount".to_owned(),
            format!("shift={},sleep=off", spec.shift),
        ];
        let mut waiting = None;
        if is_upset {
            let path = shared.path.join("debugger");
            waiting = Some(Waiting::at(&path).map_err(failed)?);
            let tick = format!("filter-buffer,id=tick,netdev=none,interval={TICK_MICROS}");
            args.extend(["-S".to_owned(), "-gdb".to_owned()]);
            args.push(format!("unix:{}", path.display()));
            args.extend(["-netdev", "hubport,id=none,hubid=0", "-object"].map(str::to_owned));
            args.push(tick);
        }
        if let Some(state) = state {
            state.lay_out(&shared.path).map_err(failed)?;
            args.extend(INCOMING.map(str::to_owned));
        }
        let mut process = Process::start(spec, shared, &args)?;
        let debugger = waiting
            .map(|waiting| debugger(spec, &waiting, &mut process, state.is_some()))
            .transpose()
            .map_err(failed)?;
        Ok(LockStep {
            inbound,
            outbound,
            sequence: 0,
            debugger,
            is_stopped: state.is_some(),
            process,
        })
    }

    /// The state of the firmware, which a debugger stopped, if another machine can begin with it.
    pub(super) fn keep(&mut self, spec: &QemuSpec) -> Option<State> {
        let debugger = self.debugger.as_mut()?;
        let state = State::of(debugger, self.process.folder()).ok()?;
        // Tried here, for later it would look like something that an upset did.
        let mut other = LockStep::fork(spec, &state, self.sequence).ok()?;
        other.answer(&Hears::ROOM.record(self.sequence)).ok()?;
        other.told().is_ok().then_some(state)
    }

    /// Number of the record that was told last.
    pub(super) fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Turns bits over, while the firmware waits to be let go on.
    ///
    /// # Errors
    /// If it ended, or does not come to where it waits.
    pub(crate) fn upset(&mut self, flips: &[Flip]) -> Result<Vec<Upset>, Stopped> {
        let Some(debugger) = &mut self.debugger else {
            return Ok(Vec::new());
        };
        let stopped = if self.is_stopped {
            Ok(())
        } else {
            debugger.stopped()
        };
        self.is_stopped = true;
        let upset = stopped.and_then(|()| {
            let upsets = flips.iter().map(|flip| turned(debugger, *flip));
            upsets.collect::<io::Result<Vec<Upset>>>()
        });
        upset.map_err(|error| self.why(&error))
    }

    /// Why the debugger does not reach it: it ended, or is elsewhere.
    fn why(&mut self, error: &io::Error) -> Stopped {
        // QEMU says that it ends a moment before it has.
        for _ in 0..LOOKS_AT_THE_END {
            if let Some(ended) = self.process.ended() {
                return ended;
            }
            let _a_moment = poll(&mut [], Some(&MOMENT));
        }
        Stopped::stuck(format!("the firmware cannot be upset: {error}"))
    }

    /// Waits for what the firmware tells of the control period that is over.
    ///
    /// # Errors
    /// If it ended, does not keep step, or tells what makes no sense.
    pub(crate) fn told(&mut self) -> Result<Told, Stopped> {
        let mut head = [0; 12];
        self.read(&mut head)?;
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (sequence, busy_us, length) = (word(0), word(4), word(8) as usize);
        if length >= MOST {
            return Err(Stopped::stuck(format!(
                "the firmware tells a record of {length} octets, and one has at most {}",
                MOST - 1
            )));
        }
        let mut octets = vec![0; length];
        self.read(&mut octets)?;
        self.sequence = sequence;
        Ok(Told { busy_us, octets })
    }

    /// Lets the firmware go on for another control period, with what it hears.
    ///
    /// # Errors
    /// If it cannot be told.
    pub(super) fn answer(&mut self, record: &[u8]) -> Result<(), Stopped> {
        self.is_stopped = false;
        // A FIFO holds 64 kB, so this does not wait.
        self.inbound
            .write_all(record)
            .map_err(|error| Stopped::stuck(format!("the firmware cannot be told: {error}")))?;
        let gone_on = self.debugger.as_mut().map_or(Ok(()), Gdb::go_on);
        gone_on.map_err(|error| self.why(&error))
    }

    fn read(&mut self, mut octets: &mut [u8]) -> Result<(), Stopped> {
        let mut looks = 0;
        while !octets.is_empty() {
            if self.comes() {
                let length = self.outbound.read(octets);
                let unheard = |error| format!("the firmware is not heard: {error}");
                let length = length.map_err(|error| Stopped::stuck(unheard(error)))?;
                octets = &mut octets[length..];
                continue;
            }
            if let Some(ended) = self.process.ended() {
                return Err(ended);
            }
            looks += 1;
            if looks == LOOKS {
                return Err(Stopped::stuck(
                    "the firmware does not keep step: it told nothing for 10 s; is it made for \
                     `mode=lockstep` (docs/firmware.md), and are its interrupts on?",
                ));
            }
        }
        Ok(())
    }

    /// Waits for a moment; whether there is something to read.
    fn comes(&self) -> bool {
        let mut files = [PollFd::new(&self.outbound, PollFlags::IN)];
        poll(&mut files, Some(&MOMENT)).is_ok_and(|ready| ready > 0)
    }
}

/// Meets QEMU's debugger, and lets the firmware start.
fn debugger(
    spec: &QemuSpec,
    waiting: &Waiting,
    process: &mut Process,
    is_fork: bool,
) -> io::Result<Gdb> {
    let wait = Image::read(&spec.elf).ok().and_then(|image| image.wait());
    let wait = wait.ok_or_else(|| io::Error::other(format!("it has no function `{WAIT}`")))?;
    for _ in 0..LOOKS {
        if let Some(mut debugger) = waiting.met()? {
            if is_fork {
                resume(&mut debugger, wait)?;
                debugger.stop_at(wait)?;
            } else {
                debugger.stop_at(wait)?;
                debugger.start()?;
            }
            return Ok(debugger);
        }
        if let Some(ended) = process.ended() {
            return Err(io::Error::other(ended.why));
        }
    }
    Err(io::Error::other("its debugger did not start within 10 s"))
}

fn turned(debugger: &mut Gdb, flip: Flip) -> io::Result<Upset> {
    let before = debugger.octet(flip.address)?;
    debugger.set_octets(flip.address, &[before ^ 1 << flip.bit])?;
    let after = debugger.octet(flip.address)?;
    Ok(Upset {
        flip,
        before,
        after,
    })
}

/// Makes a FIFO and opens both of its ends, which waits for nobody.
fn fifo(path: &Path) -> io::Result<File> {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    OpenOptions::new().read(true).write(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::qemu::QemuMode;
    use std::os::unix::fs::PermissionsExt;

    /// A program that plays QEMU with a firmware: a script that finds the FIFOs where it starts.
    fn played(script: &str) -> (tempfile::TempDir, QemuSpec) {
        let folder = tempfile::tempdir().unwrap();
        let (program, elf) = (folder.path().join("played"), folder.path().join("x.elf"));
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(&elf, b"x").unwrap();
        let spec = QemuSpec {
            elf,
            machine: "none".to_owned(),
            mode: QemuMode::LockStep,
            uart: crate::link::qemu::Uart::Socket,
            shift: 4,
            program: program.display().to_string(),
            args: Vec::new(),
        };
        (folder, spec)
    }

    #[test]
    fn records_go_both_ways() {
        // One record with two octets; what comes back goes into the next as octets.
        let (_folder, spec) = played(
            "printf '\\007\\000\\000\\000\\020\\047\\000\\000\\002\\000\\000\\000ab' > lockstep.out
             head -c 19 lockstep.in > heard
             { printf '\\010\\000\\000\\000\\000\\000\\000\\000\\023\\000\\000\\000'; cat heard; } > lockstep.out
             sleep 60",
        );
        let mut running = LockStep::start(&spec, false).unwrap();
        let told = running.told().unwrap();
        assert_eq!((told.busy_us, &told.octets[..]), (10_000, &b"ab"[..]));
        let hears = Hears {
            volts: 28.0,
            amps: -0.5,
            board: 1e9,
            junction: -12.34,
            octets: b"xyz",
        };
        running.answer(&hears.record(7)).unwrap();
        let heard = running.told().unwrap().octets;
        let expected = [
            &[7, 0, 0, 0][..],
            &28_000_u16.to_le_bytes(),
            &(-500_i16).to_le_bytes(),
            &i16::MAX.to_le_bytes(),
            &(-1_234_i16).to_le_bytes(),
            &[3, 0, 0, 0],
            b"xyz",
        ];
        assert_eq!(heard, expected.concat());
    }

    #[test]
    fn firmware_that_ends_is_told_with_what_it_said() {
        let (_folder, spec) = played("echo 'fault at 0x1234' >&2; exit 101");
        let stopped = LockStep::start(&spec, false).unwrap().told().unwrap_err();
        assert!(stopped.by_itself);
        let why = stopped.why;
        assert!(
            why.contains("exit status: 101") && why.contains("fault at 0x1234"),
            "{why}"
        );
    }

    #[test]
    fn a_qemu_that_gives_up_is_told_with_its_reason_and_not_by_itself() {
        // As QEMU 7.2 says it when the handler of faults faults.
        let (_folder, spec) = played(
            "echo \"qemu: fatal: Lockup: can't escalate 3 to HardFault (current priority -1)\" >&2
             echo 'R00=00000000 R01=00000000' >&2; echo 'FPSCR: 00000000' >&2; kill -ABRT $$",
        );
        let stopped = LockStep::start(&spec, false).unwrap().told().unwrap_err();
        assert!(!stopped.by_itself);
        let told =
            "(signal: 6): qemu: fatal: Lockup: can't escalate 3 to HardFault (current priority -1)";
        assert!(stopped.why.ends_with(told), "{}", stopped.why);
    }

    #[test]
    fn records_that_make_no_sense_are_refused() {
        let (_folder, spec) = played(
            "printf '\\001\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000' > lockstep.out; sleep 60",
        );
        let stopped = LockStep::start(&spec, false).unwrap().told().unwrap_err();
        assert!(!stopped.by_itself);
        let why = stopped.why;
        assert!(why.contains("a record of 65536 octets"), "{why}");
    }

    #[test]
    fn a_firmware_that_is_dropped_leaves_nothing() {
        let (_folder, spec) = played("pwd > /dev/stderr; sleep 60");
        let running = LockStep::start(&spec, false).unwrap();
        let place = running.process.folder().to_owned();
        assert!(place.join("lockstep.in").exists());
        drop(running);
        assert!(!place.exists());
    }
}
