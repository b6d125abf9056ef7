//! Summaries: the report as JSON for programs and as a table for the console.

mod json;
mod text;

pub use json::json;
pub use text::text;
