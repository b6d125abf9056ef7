//! Tables of typed columns in Parquet files, for whatever the bench hands on to data tools.
//!
//! Who has a table describes it with [`Field`]s, and gives [`Column`]s of equal height to a
//! [`TableWriter`], as many row groups of them as it likes. What the columns mean is theirs.

mod column;
mod levels;
mod page;
#[cfg(test)]
mod tests;
mod thrift;
mod writer;

pub use column::{Column, Field, Kind, Present, Values};
pub use writer::{Compression, TableWriter};
