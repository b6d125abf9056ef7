//! `bench emulate`, in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::program::Program;

/// Emulators in a process of their own, until this is dropped.
#[derive(Debug)]
pub struct Emulators(Child);

impl Emulators {
    /// Plays all devices of the wiring `wiring/emulated.toml`, found in the folder `run`.
    ///
    /// # Panics
    /// If they do not come up.
    pub fn start(program: &Program, more: &[&str]) -> Emulators {
        let arguments = ["emulate", "wiring/emulated.toml", "--run-dir", "run"];
        let mut command = program.command(&[&arguments[..], more].concat());
        let child = command.stdin(Stdio::piped()).spawn();
        let mut child = child.expect("the program was built with the tests");
        let out = child.stdout.take().expect("its output is a pipe");
        let ready = BufReader::new(out).lines().next();
        let ready = ready.expect("it says something").expect("it is text");
        assert_eq!(ready, "ready");
        Emulators(child)
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Kills it, as when every adapter is unplugged at once.
    ///
    /// # Panics
    /// If it cannot be killed.
    pub fn kill(&mut self) {
        self.0.kill().expect("it is ours to kill");
        self.0.wait().expect("it is our child");
    }

    /// Ends it as whoever started it ends it: its input closes.
    ///
    /// # Panics
    /// If it does not end well.
    pub fn end(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().expect("it is our child").success());
    }
}

impl Drop for Emulators {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.0.kill();
        let _waited = self.0.wait();
    }
}
