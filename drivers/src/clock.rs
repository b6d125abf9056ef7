//! Bench time over tokio's clock. With the clock paused the bench is in virtual time; nothing
//! else changes.

use std::future::Future;
use std::time::Duration;

use profiles::time::{BenchTime, Period};
use tokio::time::{Instant, sleep_until, timeout_at};

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
