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
