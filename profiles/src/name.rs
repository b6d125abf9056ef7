//! Names: checked once, cheap to clone.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text cannot be a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name: use a letter, then letters, digits, `_` or `-`, at most 48 of them")]
pub struct NameError(pub String);

fn is_name(text: &str) -> bool {
    text.len() <= 48
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The name of a device on the bench, as campaigns and wirings write it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceName(Arc<str>);

impl DeviceName {
    /// Checks `text`.
    ///
    /// # Errors
    /// If it is no name.
    pub fn new(text: &str) -> Result<DeviceName, NameError> {
        if is_name(text) {
            Ok(DeviceName(text.into()))
        } else {
            Err(NameError(text.into()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for DeviceName {
    type Error = NameError;

    fn try_from(text: String) -> Result<DeviceName, NameError> {
        DeviceName::new(&text)
    }
}

impl From<DeviceName> for String {
    fn from(name: DeviceName) -> String {
        name.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert!(DeviceName::new("bus_supply-2").is_ok());
        for wrong in ["", "2nd", "a b", "a.b", "é", &"a".repeat(49)] {
            assert!(DeviceName::new(wrong).is_err(), "{wrong:?} passed");
        }
    }
}
