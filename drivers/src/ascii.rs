//! The driver's side of devices that speak lines of text of their own: one line, one answer, each
//! with a deadline, and no faster than the device takes them.

use bytes::Bytes;
use profiles::name::DeviceName;
use profiles::time::{BenchTime, Period};

use crate::clock::Clock;
use crate::error::{DeviceError, DeviceErrorKind, LinkError};
use crate::link::Link;
use crate::model::DriverSetup;

/// How long a line must be quiet until what was asked before can no longer be answered.
const QUIET: Period = Period::millis(50);
/// Longest answer that is waited for. What is longer is a babbling line.
const ANSWER_BYTES: usize = 512;

/// A conversation with one device.
#[derive(Debug)]
pub(crate) struct Line {
    device: DeviceName,
    link: Link,
    clock: Clock,
    limit: Period,
    /// What stands before each line: an address.
    prefix: String,
    /// What ends each line that is sent.
    ending: &'static str,
    /// What ends an answer.
    answer_end: u8,
    heard: Vec<u8>,
    /// Before this the device does not listen.
    free_at: BenchTime,
    /// Whether the last exchange failed, so that an answer to it may still come.
    unsettled: bool,
}

impl Line {
    /// A conversation in which an answer may take `limit`. `ending` ends each line that is sent,
    /// and its last byte an answer.
    pub(crate) fn new(setup: DriverSetup, limit: Period, ending: &'static str) -> Line {
        Line {
            device: setup.device,
            link: setup.link,
            clock: setup.clock,
            limit,
            prefix: String::new(),
            ending,
            answer_end: ending.bytes().last().unwrap_or(b'\n'),
            heard: Vec::new(),
            free_at: BenchTime::ZERO,
            unsettled: false,
        }
    }

    /// The same with an address before each line.
    pub(crate) fn with_prefix(self, prefix: String) -> Line {
        Line { prefix, ..self }
    }

    /// The same with answers that end otherwise than what is sent.
    pub(crate) fn answers_end_with(self, answer_end: u8) -> Line {
        Line { answer_end, ..self }
    }

    /// The error of this device.
    pub(crate) fn error(&self, kind: DeviceErrorKind) -> DeviceError {
        kind.of(&self.device)
    }

    /// The error of a device that reads back something else than it was told.
    pub(crate) fn not_applied(
        &self,
        asked: impl Into<String>,
        got: impl Into<String>,
    ) -> DeviceError {
        self.error(DeviceErrorKind::NotApplied {
            asked: asked.into(),
            got: got.into(),
        })
    }

    /// An answer that makes no sense; whatever else comes of it is not waited for.
    pub(crate) fn garbled(&mut self, asked: &str, got: &str) -> DeviceError {
        self.unsettled = true;
        self.error(DeviceErrorKind::Garbled {
            asked: asked.to_owned(),
            got: got.to_owned(),
        })
    }

    /// Sends a line and waits for one; the device then needs `pause` before the next.
    ///
    /// # Errors
    /// If no answer comes in time, or none that is text.
    pub(crate) async fn ask(
        &mut self,
        question: &str,
        pause: Period,
    ) -> Result<String, DeviceError> {
        let answer = self.converse(question).await;
        // Other devices may be on the line.
        self.link.release();
        self.free_at = self.clock.now() + pause;
        answer
    }

    /// Sends a line that is not answered; the device then needs `pause` before the next.
    ///
    /// # Errors
    /// If the link fails.
    pub(crate) async fn tell(&mut self, order: &str, pause: Period) -> Result<(), DeviceError> {
        self.send(order).await?;
        self.link.release();
        self.free_at = self.clock.now() + pause;
        Ok(())
    }

    async fn converse(&mut self, question: &str) -> Result<String, DeviceError> {
        // What comes while the device is not to be disturbed answers nothing that is asked later:
        // some send an empty line for what they were told.
        self.pause().await;
        self.settle().await?;
        // Until the answer is whole: whoever stops waiting half-way leaves it behind.
        self.unsettled = true;
        self.send(question).await?;
        let deadline = self.clock.now() + self.limit;
        let whole = whole(&mut self.link, &mut self.heard, self.answer_end);
        // One deadline for the whole answer, however many chunks it comes in.
        let length = match self.clock.until(deadline, whole).await {
            Some(Ok(Some(length))) => length,
            Some(Err(error)) => return Err(self.error(error.into())),
            None if self.heard.is_empty() => {
                return Err(self.error(DeviceErrorKind::Silent {
                    asked: question.to_owned(),
                    limit: self.limit,
                }));
            }
            Some(Ok(None)) | None => {
                let got = self.heard.escape_ascii().to_string();
                return Err(self.garbled(question, &got));
            }
        };
        // More than a line was heard: it answers nothing that was asked.
        self.unsettled = length < self.heard.len();
        let answer = self.heard[..length].trim_ascii();
        let is_text = !answer.is_empty() && answer.iter().all(|byte| (b' '..=b'~').contains(byte));
        match std::str::from_utf8(answer) {
            Ok(text) if is_text => Ok(text.to_owned()),
            _ => {
                let got = answer.escape_ascii().to_string();
                Err(self.garbled(question, &got))
            }
        }
    }

    async fn pause(&self) {
        if self.clock.now() < self.free_at {
            self.clock.sleep_until(self.free_at).await;
        }
    }

    async fn send(&mut self, line: &str) -> Result<(), DeviceError> {
        self.pause().await;
        let sent = format!("{}{line}{}", self.prefix, self.ending);
        let sent = self.link.send(Bytes::from(sent)).await;
        sent.map_err(|error| self.error(error.into()))
    }

    /// Forgets what was heard before; after a failed exchange it also waits until the line is
    /// quiet.
    async fn settle(&mut self) -> Result<(), DeviceError> {
        self.heard.clear();
        let discarded = self.link.discard().await;
        discarded.map_err(|error| self.error(error.into()))?;
        if !self.unsettled {
            return Ok(());
        }
        let deadline = self.clock.now() + self.limit;
        let quiet = self.link.quiet(self.clock, QUIET, deadline).await;
        quiet.map_err(|error| self.error(error.into()))?;
        self.unsettled = false;
        Ok(())
    }
}

/// Waits for a whole line and gives its length with its end; `None` if it never ends.
async fn whole(link: &mut Link, heard: &mut Vec<u8>, end: u8) -> Result<Option<usize>, LinkError> {
    loop {
        heard.extend_from_slice(&link.receive().await?.chunk);
        if let Some(at) = heard.iter().position(|&byte| byte == end) {
            return Ok(Some(at + 1));
        }
        if heard.len() > ANSWER_BYTES {
            return Ok(None);
        }
    }
}

/// A line as text, if it is any.
pub(crate) fn text_of(line: Option<Vec<u8>>) -> Option<String> {
    let text = String::from_utf8(line?).ok()?;
    text.is_ascii().then_some(text)
}

/// The emulators' side: bytes to lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    heard: Vec<u8>,
    overrun: bool,
}

/// Longest line that a device takes.
const LINE_BYTES: usize = 256;

impl Lines {
    /// Takes a chunk and gives the lines that it ends, without their end: at CR, at LF, or at both
    /// together. `None` stands for a line that was too long.
    pub(crate) fn receive(&mut self, chunk: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut lines = Vec::new();
        for &byte in chunk {
            match byte {
                b'\r' | b'\n' if self.heard.is_empty() && !self.overrun => {}
                b'\r' | b'\n' => {
                    let line = std::mem::take(&mut self.heard);
                    let overrun = std::mem::take(&mut self.overrun);
                    lines.push(Some(line).filter(|_| !overrun));
                }
                _ if self.heard.len() < LINE_BYTES => self.heard.push(byte),
                _ => self.overrun = true,
            }
        }
        lines
    }

    /// Forgets a line that was begun.
    pub(crate) fn forget(&mut self) {
        *self = Lines::default();
    }
}
