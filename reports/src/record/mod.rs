//! The record: everything that happened, in a container that survives a crash.
