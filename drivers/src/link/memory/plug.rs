//! A line in memory that can be pulled out and plugged in again: whoever looks for it finds a new
//! end each time that it is there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::{Link, Pacing};
use crate::clock::Clock;
use crate::error::LinkError;

/// The place on the bench's side where the line of an emulated device is plugged in.
#[derive(Clone, Debug)]
pub struct Socket {
    clock: Clock,
    pacing: Pacing,
    /// The near end of what is plugged in, until somebody takes it.
    near: Arc<Mutex<Option<Link>>>,
}

impl Socket {
    /// A place where nothing is plugged in yet.
    pub fn new(clock: Clock, pacing: Pacing) -> Socket {
        Socket {
            clock,
            pacing,
            near: Arc::default(),
        }
    }

    /// Plugs a line in, and gives the far end of it.
    pub fn plug(&self) -> Link {
        let (near, far) = Link::pair(self.clock, self.pacing);
        *self.lock() = Some(near);
        far
    }

    /// Pulls out what nobody has taken; an end that was taken is closed by its other end.
    pub fn pull(&self) {
        *self.lock() = None;
    }

    /// Takes the near end.
    ///
    /// # Errors
    /// If nothing is plugged in.
    pub fn take(&self) -> Result<Link, LinkError> {
        self.lock().take().ok_or_else(|| LinkError::Absent {
            line: "memory".to_owned(),
            why: "nothing is plugged in".to_owned(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Link>> {
        self.near.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
