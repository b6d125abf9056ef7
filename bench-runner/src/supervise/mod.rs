//! The supervisor: a second process that watches over a run on real lines, and leaves the bench
//! safe when the run cannot.
//!
//! The run starts it before anything is switched on. It is the same program, in a session of its
//! own, so that neither the run's terminal nor a signal to the run's process group ends it. It
//! reads the wiring by itself, and its own way to the instruments is the one of `bench safe`.
//!
//! Between them is a pipe, on which the run writes bytes: beats while its dispatcher looks
//! around, the word `q` when the bench was left safe and that is confirmed. The end of the pipe without
//! the latter is the run's death. Beats that stop are a run that hangs: it is killed first, for two
//! masters of one instrument are worse than none, and its death frees its lines and its lock.

mod guard;
mod watch;

pub use guard::{Guard, GuardError};
pub use watch::{SUPERVISOR_FILE, Takeover, watch};

/// The run lives.
const BEAT: u8 = b'.';
/// The bench was left safe.
const SAFE: u8 = b'q';
/// What the supervisor says when it watches.
const READY: &str = "ready";
