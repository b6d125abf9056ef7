//! CAN logs and buses, decoded: what `bench can` makes of frames. What a frame means is said by
//! `drivers::telemetry::dbc`; here it becomes lines, tables and text.

mod csv;
mod json;
mod log;
mod table;
mod text;

pub use csv::CsvForm;
pub use json::JsonForm;
pub use log::{Counts, Form, Line, decode};
pub use table::TableForm;
pub use text::{Style, TextForm, frame_of, read_frame};
