//! Shapes: profiles that are told to a device over time.
