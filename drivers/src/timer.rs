//! A timer of the kernel's that a runtime can wait for. Tokio's timers round up to whole
//! milliseconds; this one ends its waits within some ten microseconds.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::io::{Errno, read};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A one-shot timer on the monotonic clock (`timerfd_create(2)`), set again for each wait.
#[derive(Debug)]
pub(crate) struct Timer {
    file: AsyncFd<OwnedFd>,
    /// What it is set to; `None` once that has been waited for.
    set: Option<Instant>,
}

impl Timer {
    /// A timer that is not set.
    ///
    /// # Errors
    /// If the process has no descriptor left.
    ///
    /// # Panics
    /// Outside a runtime with an I/O driver.
    pub(crate) fn new() -> io::Result<Timer> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let file = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe for types that change their descriptor; an OwnedFd does not"
        )]
        let file = AsyncFd::with_interest(file, Interest::READABLE)?;
        Ok(Timer { file, set: None })
    }

    /// Waits until `at`; never early. Cancel-safe, and waiting again for the same time after a
    /// cancelled wait costs no system call but a look at the clock.
    pub(crate) async fn until(&mut self, at: Instant) {
        loop {
            if self.set != Some(at) {
                let left = at.saturating_duration_since(now());
                if left.is_zero() || self.arm(left).is_err() {
                    return;
                }
                self.set = Some(at);
            }
            let Ok(mut ready) = self.file.readable().await else {
                return;
            };
            let mut expirations = [0; 8];
            let rung = read(self.file.get_ref(), &mut expirations);
            if rung == Err(Errno::AGAIN) {
                // It was set anew between ringing and being read.
                ready.clear_ready();
                continue;
            }
            ready.clear_ready();
            self.set = None;
            if now() >= at {
                return;
            }
        }
    }

    /// Lets it ring once, `left` from now. Setting it forgets what rang before.
    fn arm(&self, left: std::time::Duration) -> io::Result<()> {
        let zero = Timespec::default();
        let once = Itimerspec {
            it_interval: zero,
            it_value: Timespec::try_from(left).map_err(io::Error::other)?,
        };
        timerfd_settime(&self.file, TimerfdTimerFlags::empty(), &once)?;
        Ok(())
    }
}

/// The monotonic clock that the timer runs on, through tokio's door, which real pace leaves open.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
