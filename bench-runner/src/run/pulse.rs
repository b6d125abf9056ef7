//! The pulse of a run: what shows to others in this process that it lives, that it is over, and
//! to the run that nobody watches it any more.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The pulse of one run.
#[derive(Clone, Debug, Default)]
pub struct Pulse {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    beats: AtomicU64,
    left_safe: AtomicBool,
    unwatched: Mutex<Option<String>>,
}

impl Pulse {
    /// The run lives: told each time that its dispatcher looks around.
    pub(super) fn beat(&self) {
        self.shared.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it beat; a run that hangs beats no more.
    pub fn beats(&self) -> u64 {
        self.shared.beats.load(Ordering::Relaxed)
    }

    /// The bench was left safe, and that is confirmed.
    pub(super) fn left_safe(&self) {
        self.shared.left_safe.store(true, Ordering::Release);
    }

    /// Whether the bench was left safe.
    pub fn is_left_safe(&self) -> bool {
        self.shared.left_safe.load(Ordering::Acquire)
    }

    /// Nobody watches over the run any more, and why; it must end.
    pub fn unwatched(&self, why: String) {
        *self.told() = Some(why);
    }

    /// Why nobody watches over it, if so.
    pub(super) fn is_unwatched(&self) -> Option<String> {
        self.told().clone()
    }

    fn told(&self) -> MutexGuard<'_, Option<String>> {
        let told = self.shared.unwatched.lock();
        told.unwrap_or_else(PoisonError::into_inner)
    }
}
