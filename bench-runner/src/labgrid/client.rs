//! `labgrid-client`, called for one place.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::PlaceError;
use crate::exit::Exit;

const PROGRAM: &str = "labgrid-client";
const TOKEN: &str = "LG_TOKEN";

/// A client for one place; the coordinator is the one that `LG_COORDINATOR` names.
#[derive(Debug)]
pub(super) struct Client {
    /// The place.
    pub(super) place: String,
    /// Its reservation, if it has one.
    token: Option<String>,
}

/// What it said, or what it complained about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Yes(String),
    No(String),
}

impl Client {
    pub(super) fn new(place: &str) -> Client {
        Client {
            place: place.to_owned(),
            token: None,
        }
    }

    /// Asks something about the place.
    pub(super) fn ask(&self, words: &[&str]) -> Result<Said, PlaceError> {
        let place = ["--place", self.place.as_str()];
        // What is under way must be told its end by us alone: a Ctrl-C is for the run.
        self.run(&[&place[..], words].concat(), true)
    }

    /// Waits until the place is there for us alone.
    pub(super) fn reserve(&mut self) -> Result<(), PlaceError> {
        let filter = format!("name={}", self.place);
        // Who gives up waiting with Ctrl-C ends the client, too; the reservation ends by itself.
        let said = self.run(&["reserve", "--wait", "--shell", &filter], false)?;
        let cannot = |why: String| PlaceError {
            why: format!("labgrid does not reserve place {}: {why}", self.place),
            exit: Exit::BenchFault,
        };
        match said {
            Said::Yes(text) => {
                let prefix = format!("export {TOKEN}=");
                let token = text.lines().find_map(|line| line.strip_prefix(&prefix));
                let token = token.map(|token| token.trim().to_owned());
                self.token = Some(token.ok_or_else(|| cannot(format!("it said `{text}`")))?);
                Ok(())
            }
            Said::No(why) => Err(cannot(why)),
        }
    }

    /// Ends the reservation, if there is one: a release alone leaves others waiting.
    pub(super) fn forget(&mut self) {
        if let Some(token) = self.token.take() {
            let _it_ends_by_itself = self.run(&["cancel-reservation", &token], true);
        }
    }

    fn run(&self, words: &[&str], alone: bool) -> Result<Said, PlaceError> {
        let mut command = Command::new(PROGRAM);
        command.args(words).stdin(Stdio::null());
        if alone {
            command.process_group(0);
        }
        if let Some(token) = &self.token {
            command.env(TOKEN, token);
        }
        let output = command.output().map_err(|error| PlaceError {
            why: format!(
                "cannot run {PROGRAM}: {error}\n  Help: `pip install labgrid`, and have its environment in PATH"
            ),
            exit: Exit::Refused,
        })?;
        if output.status.success() {
            return Ok(Said::Yes(
                String::from_utf8_lossy(&output.stdout).into_owned(),
            ));
        }
        let complained = String::from_utf8_lossy(&output.stderr);
        let why = complained
            .lines()
            .map(|line| line.trim_start_matches("labgrid-client: Error: ").trim())
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>();
        Ok(Said::No(why.join(" ")))
    }
}
