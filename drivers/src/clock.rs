//! Bench time over tokio's clock. With the clock paused the bench is in virtual time. At real
//! pace waits are kept by a timer of the kernel's, for tokio's own round up to milliseconds;
//! nothing else changes.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use profiles::time::{BenchTime, Period};
use rustix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use crate::timer::Timer;

/// The one door through which time enters the bench.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    /// Whether waits are kept to the microsecond, which takes time that passes by itself.
    fine: bool,
    /// How many times faster bench time passes.
    speed: u32,
}

/// Nothing happened within the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing within {0}")]
pub struct Elapsed(pub Period);

impl Clock {
    /// A clock whose T0 is now, at the runtime's own pace; at real pace its waits end on whole
    /// milliseconds, up to 2 ms late.
    pub fn start() -> Clock {
        Clock {
            origin: Instant::now(),
            fine: false,
            speed: 1,
        }
    }

    /// A clock whose T0 is now, for real pace: its waits end some ten microseconds late. It
    /// needs a runtime with an I/O driver whose clock is not paused.
    pub fn start_fine() -> Clock {
        Clock {
            origin: Instant::now(),
            fine: true,
            speed: 1,
        }
    }

    /// The same clock, on which time passes so many times faster: for worlds that are played
    /// faster than they are.
    #[must_use]
    pub fn times(self, speed: u32) -> Clock {
        let speed = speed.max(1);
        Clock { speed, ..self }
    }

    /// Bench time now.
    pub fn now(&self) -> BenchTime {
        let micros = self.origin.elapsed().as_micros() as u64;
        BenchTime::from_micros(micros * u64::from(self.speed))
    }

    /// Bench time of an instant that the kernel stamped with the system's clock, as it does with
    /// frames: as long before now as it is by that clock. One that is set meanwhile moves only
    /// the stamps that are under way.
    pub fn of_wall(&self, since_1970: Duration) -> BenchTime {
        let wall = clock_gettime(ClockId::Realtime);
        let wall = Duration::try_from(wall).unwrap_or_default();
        let ago = wall.saturating_sub(since_1970).as_micros();
        let ago = u64::try_from(ago).unwrap_or(u64::MAX);
        BenchTime::from_micros(self.now().as_micros().saturating_sub(ago))
    }

    /// Waits until `at`. Absolute, so that lateness does not add up; never early.
    pub async fn sleep_until(&self, at: BenchTime) {
        if at == BenchTime::MAX {
            std::future::pending::<()>().await;
        }
        Alarm::new(*self).at(at).await;
    }

    /// Waits for `future`, but not beyond `limit` from now.
    ///
    /// # Errors
    /// If the limit passed first.
    pub async fn within<F: Future>(&self, limit: Period, future: F) -> Result<F::Output, Elapsed> {
        self.until(self.now() + limit, future)
            .await
            .ok_or(Elapsed(limit))
    }

    /// Waits for `future`, but not beyond `deadline`.
    pub async fn until<F: Future>(&self, deadline: BenchTime, future: F) -> Option<F::Output> {
        timeout_at(self.instant(deadline), future).await.ok()
    }

    fn instant(&self, at: BenchTime) -> Instant {
        // Rounded up: never early.
        let micros = at.as_micros().div_ceil(u64::from(self.speed));
        self.origin + Duration::from_micros(micros)
    }
}

/// An alarm that is set again and again. Waiting for it anew in a loop costs nothing while its
/// time stays the same, where a new sleep would be entered into the timer wheel and taken out.
#[derive(Debug)]
pub struct Alarm {
    clock: Clock,
    at: BenchTime,
    /// Made when it is first waited for: a sleep needs a runtime, an alarm that is never used
    /// does not.
    wait: Option<Wait>,
}

/// What ends an alarm's wait.
#[derive(Debug)]
enum Wait {
    /// Tokio's timer: virtual time, or whole milliseconds.
    Coarse(Pin<Box<Sleep>>),
    /// The kernel's timer: real time, to the microsecond.
    Fine(Timer),
}

impl Alarm {
    /// An alarm on `clock`.
    pub fn new(clock: Clock) -> Alarm {
        Alarm {
            clock,
            at: BenchTime::ZERO,
            wait: None,
        }
    }

    /// Waits until `at`; for ever until [`BenchTime::MAX`]. Cancel-safe.
    pub async fn at(&mut self, at: BenchTime) {
        if at == BenchTime::MAX {
            return std::future::pending().await;
        }
        let instant = self.clock.instant(at);
        let wait = self
            .wait
            .get_or_insert_with(|| Wait::new(self.clock, instant));
        match wait {
            Wait::Coarse(sleep) => {
                if at != self.at || sleep.is_elapsed() {
                    self.at = at;
                    sleep.as_mut().reset(instant);
                }
                sleep.as_mut().await;
            }
            Wait::Fine(timer) => timer.until(instant.into_std()).await,
        }
    }
}

impl Wait {
    /// A wait of the fineness that the clock has; a coarse one where the system has no timer
    /// left to give, for late is better than never.
    fn new(clock: Clock, instant: Instant) -> Wait {
        match clock.fine.then(Timer::new) {
            Some(Ok(timer)) => Wait::Fine(timer),
            Some(Err(_)) | None => Wait::Coarse(Box::pin(sleep_until(instant))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_that_is_dropped_and_set_again_keeps_its_time() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let clock = Clock::start();
            let mut alarm = Alarm::new(clock);
            let (early, late) = (BenchTime::from_millis(5), BenchTime::from_millis(9));
            assert!(clock.until(early, alarm.at(late)).await.is_none());
            alarm.at(late).await;
            assert_eq!(clock.now(), late);
            // What is past does not wait, and an earlier time than the last is kept too.
            alarm.at(early).await;
            assert_eq!(clock.now(), late);
            assert!(
                clock
                    .until(BenchTime::from_millis(20), alarm.at(BenchTime::MAX))
                    .await
                    .is_none()
            );
            alarm.at(BenchTime::from_millis(21)).await;
            assert_eq!(clock.now(), BenchTime::from_millis(21));
        });
    }

    #[test]
    fn a_fast_clock_keeps_its_own_time() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (clock, fast) = (Clock::start(), Clock::start().times(50));
            let late = BenchTime::from_millis(5_000);
            fast.sleep_until(late).await;
            assert_eq!(
                (clock.now(), fast.now()),
                (BenchTime::from_millis(100), late)
            );
            let limit = Period::millis(500);
            assert!(
                fast.within(limit, std::future::pending::<()>())
                    .await
                    .is_err()
            );
            assert_eq!(clock.now(), BenchTime::from_millis(110));
        });
    }

    #[test]
    fn at_real_pace_an_alarm_is_never_early_and_can_be_dropped_and_set_again() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(async {
            let clock = Clock::start_fine();
            let mut alarm = Alarm::new(clock);
            let far = BenchTime::from_millis(3_600_000);
            assert!(clock.until(clock.now(), alarm.at(far)).await.is_none());
            // A time that is no whole millisecond, set over one an hour away.
            for step in [300, 700, 1_700] {
                let at = BenchTime::from_micros(clock.now().as_micros() + step);
                alarm.at(at).await;
                assert!(clock.now() >= at, "{step} us");
            }
            // What is past does not wait for the hour.
            alarm.at(BenchTime::ZERO).await;
            assert!(clock.now() < far);
        });
    }
}
