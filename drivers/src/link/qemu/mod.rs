//! A board whose firmware runs in QEMU: what a wiring writes of it, its process, and the two ways
//! in which it is reached.
//!
//! *Live*, its UART is a socket and its time is the wall's: any firmware runs so. In *lock-step* the
//! firmware tells each control period what it sent and waits for what it hears, so that its time is
//! bench time: it works at virtual pace, its supply and its sensors are the plant's, and the same run
//! gives the same bytes. `docs/firmware.md` says what firmware does for that.

mod gdb;
mod image;
mod process;
mod state;
mod step;
mod story;
mod uart;

use std::fmt;
use std::path::PathBuf;

pub use image::{Image, Memory, WAIT};
pub(crate) use process::Stopped;
pub use process::{ENDED, missing};
pub(crate) use step::{CONTROL, Hears, LockStep};
pub use step::{Flip, Upset};
pub(crate) use story::Guest;
pub(super) use uart::End;

/// The machine of the reference board.
const MACHINE: &str = "mps2-an385";
/// An instruction takes 2 to the power of this, ns: 16 ns, as a core of some 60 MHz needs.
const SHIFT: u8 = 4;
/// The emulator of 32-bit Arm machines.
const PROGRAM: &str = "qemu-system-arm";

/// `qemu:board.elf@mps2-an385,mode=lockstep,shift=4,program=qemu-system-arm,args=-d guest_errors`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QemuSpec {
    /// The firmware, an ELF file; in a wiring relative to its folder.
    pub elf: PathBuf,
    /// QEMU's name of the machine.
    pub machine: String,
    /// How the firmware is reached.
    pub mode: QemuMode,
    /// What the UART of live firmware is to QEMU.
    pub uart: Uart,
    /// An instruction takes 2 to the power of this, ns.
    pub shift: u8,
    /// The emulator.
    pub program: String,
    /// What else it is told.
    pub args: Vec<String>,
}

/// How firmware in QEMU is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QemuMode {
    /// By its UART, in real time.
    Live,
    /// In step with the plant, in bench time.
    LockStep,
}

/// What leads to the UART of live firmware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Uart {
    /// A socket.
    #[default]
    Socket,
    /// A pseudo-terminal: a serial port of the kernel's, with its buffers and line discipline.
    Pty,
}

impl QemuMode {
    fn name(self) -> &'static str {
        match self {
            QemuMode::Live => "live",
            QemuMode::LockStep => "lockstep",
        }
    }
}

impl QemuSpec {
    /// Reads what stands behind `qemu:`.
    pub(super) fn parse(text: &str) -> Result<QemuSpec, String> {
        // What else QEMU is told has commas of its own, so it stands last.
        let (text, args) = text.split_once(",args=").unwrap_or((text, ""));
        let mut parts = text.split(',');
        let file = parts.next().unwrap_or_default();
        let (elf, machine) = file.rsplit_once('@').unwrap_or((file, MACHINE));
        if elf.is_empty() {
            return Err("the firmware's ELF file is missing".to_owned());
        }
        if machine.is_empty() || machine.contains(char::is_whitespace) {
            return Err(format!("`{machine}` is no name of a machine"));
        }
        let mut spec = QemuSpec {
            elf: PathBuf::from(elf),
            machine: machine.to_owned(),
            mode: QemuMode::Live,
            uart: Uart::Socket,
            shift: SHIFT,
            program: PROGRAM.to_owned(),
            args: args.split_whitespace().map(str::to_owned).collect(),
        };
        for part in parts {
            spec.set(part.trim())?;
        }
        if spec.mode == QemuMode::LockStep && spec.uart != Uart::Socket {
            let why = "firmware in lock-step speaks in records, not by its UART: leave `uart=` out";
            return Err(why.to_owned());
        }
        Ok(spec)
    }

    fn set(&mut self, part: &str) -> Result<(), String> {
        match part.split_once('=') {
            Some(("mode", "live")) => self.mode = QemuMode::Live,
            Some(("mode", "lockstep")) => self.mode = QemuMode::LockStep,
            Some(("mode", mode)) => {
                return Err(format!(
                    "`{mode}` is no mode: expected `live` or `lockstep`"
                ));
            }
            Some(("uart", "socket")) => self.uart = Uart::Socket,
            Some(("uart", "pty")) => self.uart = Uart::Pty,
            Some(("uart", uart)) => {
                return Err(format!("`{uart}` is no UART: expected `socket` or `pty`"));
            }
            Some(("shift", shift)) => {
                let shift = shift.parse().ok().filter(|shift| *shift <= 10);
                self.shift = shift.ok_or("`shift` is no number from 0 to 10")?;
            }
            Some(("program", program)) if !program.is_empty() => {
                program.clone_into(&mut self.program);
            }
            _ => {
                return Err(format!(
                    "`{part}` is no setting: expected `mode=`, `uart=`, `shift=`, `program=` or, as \
                     the last one, `args=`"
                ));
            }
        }
        Ok(())
    }
}

impl fmt::Display for QemuSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "qemu:{}@{}", self.elf.display(), self.machine)?;
        write!(f, ",mode={},shift={}", self.mode.name(), self.shift)?;
        if self.uart == Uart::Pty {
            f.write_str(",uart=pty")?;
        }
        if self.program != PROGRAM {
            write!(f, ",program={}", self.program)?;
        }
        if !self.args.is_empty() {
            write!(f, ",args={}", self.args.join(" "))?;
        }
        Ok(())
    }
}
