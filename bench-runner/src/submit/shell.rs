//! The programs of engines, called and heard out.

use std::process::{Command, Stdio};

/// A program of an engine's: `sbatch`, `kubectl`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tool(pub(super) &'static str);

impl Tool {
    /// What it prints.
    ///
    /// # Errors
    /// If it is not there, or in its own words why it did not.
    pub(super) fn ask(self, arguments: &[&str]) -> Result<String, String> {
        let (code, said, complained) = self.run(arguments)?;
        if code == Some(0) {
            return Ok(said.trim().to_owned());
        }
        let words = arguments.join(" ");
        Err(format!(
            "`{} {words}` failed: {}",
            self.0,
            complained.trim()
        ))
    }

    /// Its exit code, what it printed, and what it complained about.
    ///
    /// # Errors
    /// If it is not there.
    pub(super) fn run(self, arguments: &[&str]) -> Result<(Option<i32>, String, String), String> {
        let output = Command::new(self.0)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| {
                format!(
                    "cannot run `{}`: {error}; is this a machine that may submit?",
                    self.0
                )
            })?;
        Ok((
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ))
    }
}
