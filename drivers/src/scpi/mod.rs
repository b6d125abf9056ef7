//! SCPI: one engine for both halves.
