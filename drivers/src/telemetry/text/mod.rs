//! Telemetry in lines of text: `key=value` lines with a checksum, NMEA 0183 sentences, separated values (`csv`).
//!
//! ```text
//! $K,<count>,t=<seconds>,<key>=<value>,…*<HH>     HH: exclusive or of what is between $ and *
//! $GPGGA,<field>,…*<HH>
//! ```
//!
//! Lines end with LF or CR LF and are Latin-1. A line is judged in this order: empty, malformed
//! frame (no `$`, no `*`, no two hexadecimal digits), wrong checksum, malformed body.

mod csv;
mod line;
mod value;

pub use csv::{Cell, Column, CsvLine, CsvReader};
pub use line::{Judged, LineReader, Pair, Told};
pub use value::{Value, latin1};

/// An empty vector for what the next line holds, with the room of `all`: collecting what has the same
/// layout happens in place. `none` gives the type, and is never called.
fn emptied<A, B>(mut all: Vec<A>, none: impl Fn(A) -> B) -> Vec<B> {
    all.clear();
    all.into_iter().map(none).collect()
}
