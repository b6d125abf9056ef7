//! Lines over a link, as the wiring describes them: no more is taken for granted than that an
//! answer is a line, and that answers come in the order of the questions.

use bytes::Bytes;
use profiles::name::DeviceName;
use profiles::time::BenchTime;

use super::description::{Description, number};
use crate::clock::Clock;
use crate::error::{DeviceError, DeviceErrorKind, LinkError};
use crate::link::Link;

/// Errors that are read at most to empty a device's queue.
const QUEUE_LENGTH: usize = 32;
/// Longest answer that is waited for.
const ANSWER_BYTES: usize = 4_096;

/// A conversation with one supply.
pub(super) struct Conversation {
    pub(super) device: DeviceName,
    pub(super) words: Description,
    link: Link,
    clock: Clock,
    /// Until when the supply rests after the last line.
    rests_until: BenchTime,
    heard: Vec<u8>,
    /// Whether an answer to something that failed may still come.
    unsettled: bool,
}

impl Conversation {
    pub(super) fn new(
        device: DeviceName,
        words: Description,
        link: Link,
        clock: Clock,
    ) -> Conversation {
        Conversation {
            device,
            words,
            link,
            clock,
            rests_until: BenchTime::ZERO,
            heard: Vec::new(),
            unsettled: false,
        }
    }

    pub(super) fn error(&self, kind: DeviceErrorKind) -> DeviceError {
        kind.of(&self.device)
    }

    /// Tells a setting, if there is a line for it, and asks whether it was accepted.
    ///
    /// # Errors
    /// If the supply refuses, or cannot be heard.
    pub(super) async fn tell(&mut self, line: &str) -> Result<(), DeviceError> {
        if line.is_empty() {
            return Ok(());
        }
        self.settle(line).await?;
        self.send(line).await?;
        let query = self.words.error_query.clone();
        if query.is_empty() {
            return Ok(());
        }
        let answer = self.ask(&query).await?;
        let Some(code) = code_of(&answer) else {
            return Err(self.garbled(&query, &answer));
        };
        if code == 0 {
            return Ok(());
        }
        // Whatever else the queue holds would be blamed on the next setting.
        for _ in 0..QUEUE_LENGTH {
            let more = self.ask(&query).await?;
            if code_of(&more).is_none_or(|code| code == 0) {
                break;
            }
        }
        let text = answer.split_once(',').map_or("", |(_, text)| text);
        Err(self.error(DeviceErrorKind::Refused {
            asked: line.to_owned(),
            code,
            text: text.trim().trim_matches('"').to_owned(),
        }))
    }

    /// Tells what must be carried out even if nobody is heard any more; it must be harmless to be
    /// told twice.
    ///
    /// # Errors
    /// As [`Conversation::tell`].
    pub(super) async fn insist(&mut self, line: &str) -> Result<(), DeviceError> {
        if self.unsettled && !line.is_empty() {
            // A line end first: half a line may have been heard.
            self.send("").await?;
            self.send(line).await?;
        }
        self.tell(line).await
    }

    /// Asks a question, and gives the answer without its line end.
    ///
    /// # Errors
    /// If no answer comes in time, or more than one, or none that is text.
    pub(super) async fn ask(&mut self, question: &str) -> Result<String, DeviceError> {
        self.settle(question).await?;
        // Until the answer is whole: whoever stops waiting half-way leaves it behind.
        self.unsettled = true;
        self.send(question).await?;
        let deadline = self.clock.now() + self.words.deadline;
        let (link, heard) = (&mut self.link, &mut self.heard);
        let line = line_end(link, heard, self.words.end());
        let end = match self.clock.until(deadline, line).await {
            Some(Ok(Some(end))) => end,
            Some(Err(error)) => return Err(self.error(error.into())),
            None if self.heard.is_empty() => {
                return Err(self.error(DeviceErrorKind::Silent {
                    asked: question.to_owned(),
                    limit: self.words.deadline,
                }));
            }
            Some(Ok(None)) | None => {
                let got = self.heard.escape_ascii().to_string();
                return Err(self.garbled(question, &got));
            }
        };
        let answer = self.heard[..end].trim_ascii();
        let is_text = answer.iter().all(|byte| matches!(byte, b' '..=b'~'));
        let more = !self.heard[end + 1..].trim_ascii().is_empty();
        match std::str::from_utf8(answer) {
            Ok(text) if is_text && !text.is_empty() && !more => {
                self.unsettled = false;
                Ok(text.to_owned())
            }
            _ => {
                let got = self.heard.escape_ascii().to_string();
                Err(self.garbled(question, &got))
            }
        }
    }

    /// Asks for a number.
    ///
    /// # Errors
    /// If there is no answer, or it is no number.
    pub(super) async fn number(&mut self, question: &str) -> Result<f64, DeviceError> {
        let answer = self.ask(question).await?;
        number(&answer).ok_or_else(|| self.garbled(question, &answer))
    }

    /// An answer that makes no sense; whatever else comes of it is not waited for.
    fn garbled(&mut self, asked: &str, got: &str) -> DeviceError {
        self.unsettled = true;
        self.error(DeviceErrorKind::Garbled {
            asked: asked.to_owned(),
            got: got.to_owned(),
        })
    }

    /// Forgets what was heard before. After a failed exchange it waits until nothing came for as
    /// long as an answer may take, ends whatever half a line the supply may have heard, and reads
    /// its errors away: they would be blamed on the next setting.
    async fn settle(&mut self, asked: &str) -> Result<(), DeviceError> {
        self.heard.clear();
        let discarded = self.link.discard().await;
        discarded.map_err(|error| self.error(error.into()))?;
        if !std::mem::replace(&mut self.unsettled, false) {
            return Ok(());
        }
        let length = self.words.deadline;
        let deadline = self.clock.now() + length + length;
        let quiet = self.link.quiet(self.clock, length, deadline).await;
        quiet.map_err(|error| self.error(error.into()))?;
        self.send("").await?;
        let query = self.words.error_query.clone();
        for _ in 0..QUEUE_LENGTH {
            if query.is_empty() {
                break;
            }
            match Box::pin(self.ask(&query)).await {
                Ok(answer) if code_of(&answer) == Some(0) => break,
                Ok(_) => {}
                Err(error) => {
                    // What the caller wanted to know; the errors are nobody's question.
                    let kind = match error.kind {
                        DeviceErrorKind::Silent { limit, .. } => DeviceErrorKind::Silent {
                            asked: asked.to_owned(),
                            limit,
                        },
                        kind => kind,
                    };
                    return Err(self.error(kind));
                }
            }
        }
        self.heard.clear();
        Ok(())
    }

    async fn send(&mut self, line: &str) -> Result<(), DeviceError> {
        if let Some(gap) = self.words.gap {
            self.clock.sleep_until(self.rests_until).await;
            self.rests_until = self.clock.now() + gap;
        }
        let text = format!("{line}{}", self.words.terminator);
        let sent = self.link.send(Bytes::from(text)).await;
        sent.map_err(|error| self.error(error.into()))
    }
}

/// Waits for the end of a line that is not empty; `None` if there is none in more bytes than any
/// answer has.
async fn line_end(
    link: &mut Link,
    heard: &mut Vec<u8>,
    end: u8,
) -> Result<Option<usize>, LinkError> {
    let mut searched = 0;
    loop {
        if let Some(found) = heard[searched..].iter().position(|&byte| byte == end) {
            return Ok(Some(searched + found));
        }
        searched = heard.len();
        if heard.len() > ANSWER_BYTES {
            return Ok(None);
        }
        heard.extend_from_slice(&link.receive().await?.chunk);
    }
}

/// The number of an error: what stands before the first comma.
fn code_of(answer: &str) -> Option<i32> {
    let code = answer.split_once(',').map_or(answer, |(code, _)| code);
    code.trim().parse().ok()
}
