//! Bench time over tokio's clock. With the clock paused the bench is in virtual time; nothing
//! else changes.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use profiles::time::{BenchTime, Period};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

/// The one door through which time enters the bench.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

/// Nothing happened within the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing within {0}")]
pub struct Elapsed(pub Period);

impl Clock {
    /// A clock whose T0 is now.
    pub fn start() -> Clock {
        Clock {
            origin: Instant::now(),
        }
    }

    /// Bench time now.
    pub fn now(&self) -> BenchTime {
        BenchTime::from_micros(self.origin.elapsed().as_micros() as u64)
    }

    /// Waits until `at`. Absolute, so that lateness does not add up; never early.
    pub async fn sleep_until(&self, at: BenchTime) {
        if at == BenchTime::MAX {
            std::future::pending::<()>().await;
        }
        sleep_until(self.instant(at)).await;
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
        self.origin + Duration::from_micros(at.as_micros())
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
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// An alarm on `clock`.
    pub fn new(clock: Clock) -> Alarm {
        Alarm {
            clock,
            at: BenchTime::ZERO,
            sleep: None,
        }
    }

    /// Waits until `at`; for ever until [`BenchTime::MAX`]. Cancel-safe.
    pub async fn at(&mut self, at: BenchTime) {
        if at == BenchTime::MAX {
            return std::future::pending().await;
        }
        let instant = self.clock.instant(at);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(instant)));
        if at != self.at || sleep.is_elapsed() {
            self.at = at;
            sleep.as_mut().reset(instant);
        }
        sleep.as_mut().await;
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
}
