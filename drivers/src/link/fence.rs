//! Somebody who knows whether a line is still whose it was: asked before each chunk that is sent, so
//! that the late commands of one who was taken over never reach a device.

use std::fmt;
use std::sync::Arc;

use crate::error::LinkError;

type Ask = dyn Fn() -> Result<(), String> + Send + Sync;

/// Whom to ask.
#[derive(Clone)]
pub struct Fence(Arc<Ask>);

impl Fence {
    /// A fence that lets through while `ask` does; what it says instead is who has the line.
    pub fn new(ask: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Fence {
        Fence(Arc::new(ask))
    }

    pub(super) fn pass(&self) -> Result<(), LinkError> {
        (self.0)().map_err(LinkError::Fenced)
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fence")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use bytes::Bytes;
    use profiles::time::Period;

    use super::*;
    use crate::clock::Clock;
    use crate::link::{Link, Pacing};

    #[tokio::test(start_paused = true)]
    async fn nothing_passes_a_fence_that_is_another_s() {
        let clock = Clock::start();
        let (near, mut far) = Link::pair(clock, Pacing::Instant);
        let taken = Arc::new(AtomicBool::new(false));
        let ask = Arc::clone(&taken);
        let mut near = near.with_fence(Some(Fence::new(move || {
            if ask.load(Ordering::Relaxed) {
                Err("process 2".to_owned())
            } else {
                Ok(())
            }
        })));
        near.send(Bytes::from_static(b"OUTP ON")).await.unwrap();
        assert_eq!(&*far.receive().await.unwrap().chunk, b"OUTP ON");
        taken.store(true, Ordering::Relaxed);
        let refused = near.send(Bytes::from_static(b"OUTP ON")).await;
        assert_eq!(refused, Err(LinkError::Fenced("process 2".to_owned())));
        let late = clock.within(Period::millis(1_000), far.receive()).await;
        assert!(late.is_err(), "it was sent all the same");
        // What it says is heard still: nobody is harmed by that.
        far.send(Bytes::from_static(b"1")).await.unwrap();
        assert_eq!(&*near.receive().await.unwrap().chunk, b"1");
    }
}
