//! The state of a machine that a debugger has stopped: kept, and another machine begun with it.
//!
//! QEMU's migration to a file keeps processor, memory and devices, and its virtual time. Three things it
//! does not: that the guest has files open by semihosting, which the new machine opens for it; what was
//! printed; and it would not begin with a machine that a debugger had stopped, so it is told that it
//! was paused.

use std::fs;
use std::io;
use std::path::Path;

use rustix::event::{Timespec, poll};

use super::gdb::Gdb;
use super::process::CONSOLE;

/// The file of a state, in the folder that QEMU and the bench share.
const FILE: &str = "state";
/// What QEMU is told so that it begins with that file.
pub(super) const INCOMING: [&str; 2] = ["-incoming", "exec:cat state"];
/// Its run state in a migration stream (QEMU, `migration/global_state.c`): its size, and a text in a
/// field of 100 octets.
const STOPPED: &[u8] = b"\0\0\0\x06debug\0";
/// The same of a machine that was paused.
const PAUSED: &[u8] = b"\0\0\0\x07paused";
/// What its monitor says once it has the whole state, and `(inmigrate)` behind it until then.
const READY: &str = "VM status: paused";
/// One look, and how many of them: five seconds for what takes some twenty milliseconds.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 1_000_000,
};
const LOOKS: u32 = 5_000;
/// `bkpt 0xab`, which asks for semihosting in Thumb ("Semihosting for `AArch32` and `AArch64`").
const SEMIHOSTING: [u8; 2] = [0xab, 0xbe];
/// The operation that opens a file.
const OPEN: u32 = 1;
/// What firmware in lock-step opens, in this order, with the modes of it.
const FILES: [(&str, u32); 2] = [("lockstep.in", 1), ("lockstep.out", 5)];
/// Octets below the stack that hold an operation's arguments meanwhile.
const ROOM: usize = 64;
/// Places of registers among those that the debugger tells.
const SP: usize = 13;
const PC: usize = 15;

/// A machine, its virtual time, and what was printed until then.
#[derive(Debug)]
pub(super) struct State {
    machine: Vec<u8>,
    console: Vec<u8>,
}

impl State {
    /// That of a machine which is stopped.
    pub(super) fn of(debugger: &mut Gdb, folder: &Path) -> io::Result<State> {
        let file = folder.join(FILE);
        debugger.monitor(&format!("migrate -d \"exec:cat > {FILE}\""))?;
        until("QEMU does not keep its state", || {
            let told = debugger.monitor("info migrate")?;
            Ok(told.contains("status: completed"))
        })?;
        let mut machine = fs::read(&file)?;
        fs::remove_file(&file)?;
        let mut found = memchr::memmem::find_iter(&machine, STOPPED);
        let (Some(at), None) = (found.next(), found.next()) else {
            return Err(io::Error::other("QEMU keeps its run state in another way"));
        };
        machine[at..at + PAUSED.len()].copy_from_slice(PAUSED);
        let console = fs::read(folder.join(CONSOLE))?;
        Ok(State { machine, console })
    }

    /// Puts it where a QEMU that is told [`INCOMING`] finds it.
    pub(super) fn lay_out(&self, folder: &Path) -> io::Result<()> {
        fs::write(folder.join(FILE), &self.machine)?;
        fs::write(folder.join(CONSOLE), &self.console)
    }
}

/// Waits until a machine has begun with the state of one that stood at `wait`, and opens for it what it
/// had open.
pub(super) fn resume(debugger: &mut Gdb, wait: u64) -> io::Result<()> {
    // The state comes piece by piece: processor and devices are there together when all of it is.
    until("QEMU does not begin with the state that was kept", || {
        let told = debugger.monitor("info status")?;
        Ok(told.trim_end().ends_with(READY))
    })?;
    let registers = debugger.registers()?;
    if registers.get(PC).copied() != u32::try_from(wait).ok() {
        return Err(io::Error::other(
            "the state that was kept is of another moment",
        ));
    }
    let room = u64::from(registers[SP]) - ROOM as u64;
    let there = [(room, ROOM), (wait, SEMIHOSTING.len())];
    let before = there.map(|(at, length)| debugger.octets(at, length));
    debugger.set_octets(wait, &SEMIHOSTING)?;
    for (name, mode) in FILES {
        let text = room as u32 + 12;
        let mut arguments = Vec::with_capacity(ROOM);
        for word in [text, mode, name.len() as u32] {
            arguments.extend_from_slice(&word.to_le_bytes());
        }
        arguments.extend_from_slice(name.as_bytes());
        arguments.push(0);
        debugger.set_octets(room, &arguments)?;
        let mut asked = registers.clone();
        asked[0] = OPEN;
        asked[1] = room as u32;
        debugger.set_registers(&asked)?;
        debugger.step()?;
    }
    for ((at, _), octets) in there.into_iter().zip(before) {
        debugger.set_octets(at, &octets?)?;
    }
    debugger.set_registers(&registers)
}

fn until(why: &str, mut so: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    for _ in 0..LOOKS {
        if so()? {
            return Ok(());
        }
        poll(&mut [], Some(&LOOK))?;
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, why))
}
