//! Modbus RTU over a well-kept crate.
