//! Verbs on runs that are over.

pub(super) mod compared;
pub(super) mod export;
pub(super) mod replay;
pub(super) mod runs;
