//! Mission dictionaries: which packets there are, what stands in them, what the numbers mean.
//!
//! A [`Dictionary`] comes from three kinds of files: the bench's own TOML ([`toml_file`]),
//! JSON as ground tools exchange it ([`json_file`]), and XTCE ([`xtce`]). Compiled into [`Layouts`], it
//! takes packets apart: value by value ([`Layouts::fields`]) or into columns ([`columns`]).
//!
//! The dictionary of an emulated board ([`super::ccsds::dictionary`]) is a TOML file of the same
//! form, with what a board needs to *encode* packets, too.

pub mod columns;
pub mod derive;
pub mod expression;
pub mod json_file;
pub mod layout;
pub mod model;
pub mod readings;
mod rows;
pub mod toml_file;
pub mod xtce;

pub use layout::{Fields, Layouts, Misfit, Raw};
pub use model::{Calibration, Coding, Count, Derived, Dictionary, Field, Limits, Packet, Service};

/// A dictionary that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DictionaryError {
    /// The text is not of the form that its kind of file has.
    #[error("cannot read the dictionary: {0}")]
    Syntax(String),
    /// Something in a packet or container does not make sense.
    #[error("{place}: {why}")]
    Content {
        /// Packet and field, or what else it is about.
        place: String,
        /// What is wrong, and what was expected.
        why: String,
    },
}

impl DictionaryError {
    fn content(place: impl Into<String>, why: impl Into<String>) -> DictionaryError {
        DictionaryError::Content {
            place: place.into(),
            why: why.into(),
        }
    }
}

impl Dictionary {
    /// Reads a dictionary from `text`: JSON if it begins with a brace, XTCE if it begins with an
    /// angle bracket, else TOML. Its form is told from its first character so that the ending of
    /// the file's name does not matter.
    ///
    /// # Errors
    /// If the text is no dictionary, with the place.
    pub fn read(text: &str) -> Result<Dictionary, DictionaryError> {
        let dictionary = match text
            .trim_start_matches('\u{feff}')
            .trim_start()
            .chars()
            .next()
        {
            Some('{') => json_file::read(text)?,
            Some('<') => xtce::read(text)?,
            _ => toml_file::read(text)?,
        };
        if dictionary.packets.is_empty() {
            return Err(DictionaryError::content(
                "dictionary",
                "describes no packet; a dictionary needs at least one",
            ));
        }
        Ok(dictionary)
    }
}
