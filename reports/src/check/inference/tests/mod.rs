//! Runs as the judge sees them, made up event by event.
