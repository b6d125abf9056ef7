//! Settings and questions to one of several supplies on a line, each with a deadline of its own.
//! The supply is addressed before each: another may have been, or it may have lost its power since.

use bytes::Bytes;
use profiles::name::DeviceName;
use profiles::time::{BenchTime, Period};

use super::checksum;
use crate::clock::Clock;
use crate::error::{DeviceError, DeviceErrorKind, LinkError};
use crate::link::Link;

/// How long a line must be quiet until what was asked before can no longer be answered.
const QUIET: Period = Period::millis(50);
/// Longest answer that is waited for. What is longer is a babbling line.
const ANSWER_BYTES: usize = 1_024;
/// Numbers that tell the end of old answers: as little as foldback may be delayed meanwhile.
const FENCES: u8 = 7;

/// A conversation with one Genesys.
#[derive(Debug)]
pub(super) struct Session {
    device: DeviceName,
    link: Link,
    clock: Clock,
    limit: Period,
    address: u8,
    summed: bool,
    heard: Vec<u8>,
    /// Whether the last exchange failed, so that an answer to it may still come.
    unsettled: bool,
    fence: u8,
}

impl Session {
    pub(super) fn new(device: DeviceName, link: Link, clock: Clock, limit: Period) -> Session {
        Session {
            device,
            link,
            clock,
            limit,
            address: 6,
            summed: false,
            heard: Vec::new(),
            unsettled: false,
            fence: 0,
        }
    }

    /// The same with the supply at `address`, and with checksums or without.
    pub(super) fn to(self, address: u8, summed: bool) -> Session {
        Session {
            address,
            summed,
            ..self
        }
    }

    /// The error of this device.
    pub(super) fn error(&self, kind: DeviceErrorKind) -> DeviceError {
        kind.of(&self.device)
    }

    /// Tells a setting.
    ///
    /// # Errors
    /// If the supply refuses, or cannot be heard.
    pub(super) async fn tell(&mut self, setting: &str) -> Result<(), DeviceError> {
        let answer = self.exchange(setting).await?;
        if answer == "OK" {
            return Ok(());
        }
        Err(self.garbled(setting, &answer))
    }

    /// Tells what must be carried out even if nobody is heard any more; it must be harmless to be
    /// told twice.
    ///
    /// # Errors
    /// As [`Session::tell`].
    pub(super) async fn insist(&mut self, setting: &str) -> Result<(), DeviceError> {
        if self.unsettled {
            // A line end first: half a line may have been heard.
            self.send_raw("\r".to_owned()).await?;
            let address = format!("ADR {:02}", self.address);
            for message in [address.as_str(), setting] {
                self.send(message).await?;
            }
            self.link.release();
        }
        self.tell(setting).await
    }

    /// Asks a question.
    ///
    /// # Errors
    /// If the supply refuses, or no answer comes in time.
    pub(super) async fn ask(&mut self, question: &str) -> Result<String, DeviceError> {
        self.exchange(question).await
    }

    /// An answer that makes no sense; whatever else comes of it is not waited for.
    pub(super) fn garbled(&mut self, asked: &str, got: &str) -> DeviceError {
        self.unsettled = true;
        self.error(DeviceErrorKind::Garbled {
            asked: asked.to_owned(),
            got: got.to_owned(),
        })
    }

    async fn exchange(&mut self, message: &str) -> Result<String, DeviceError> {
        let answer = self.converse(message).await;
        // Another supply on the line may be spoken to.
        self.link.release();
        answer
    }

    async fn converse(&mut self, message: &str) -> Result<String, DeviceError> {
        // One deadline for all of it.
        let deadline = self.clock.now() + self.limit;
        self.settle(message, deadline).await?;
        // Until the answer is whole: whoever stops waiting half-way leaves it behind.
        self.unsettled = true;
        let address = format!("ADR {:02}", self.address);
        self.send(&address).await?;
        let answer = self.line(message, deadline).await?;
        if answer != "OK" {
            return Err(self.garbled(&address, &answer));
        }
        self.send(message).await?;
        let answer = self.line(message, deadline).await?;
        // More than a line was heard: it answers nothing that was asked.
        self.unsettled = !self.heard.is_empty();
        match refusal(&answer) {
            None => Ok(answer),
            Some((code, text)) => Err(self.error(DeviceErrorKind::Refused {
                asked: message.to_owned(),
                code,
                text: format!("{answer}: {text}"),
            })),
        }
    }

    /// The next line, without its end and its checksum.
    async fn line(&mut self, asked: &str, deadline: BenchTime) -> Result<String, DeviceError> {
        loop {
            let line = self.raw_line(asked, deadline).await?;
            let text = std::str::from_utf8(&line).unwrap_or_default();
            let is_text = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            if !is_text {
                return Err(self.garbled(asked, &line.escape_ascii().to_string()));
            }
            // A service request is an answer to nothing.
            if text.starts_with('!') {
                continue;
            }
            if !self.summed {
                return Ok(text.to_owned());
            }
            let Some((body, sum)) = text.split_once('$') else {
                return Err(self.garbled(asked, text));
            };
            if u8::from_str_radix(sum, 16) != Ok(checksum(body)) {
                return Err(self.garbled(asked, text));
            }
            return Ok(body.to_owned());
        }
    }

    async fn raw_line(&mut self, asked: &str, deadline: BenchTime) -> Result<Vec<u8>, DeviceError> {
        let (link, heard) = (&mut self.link, &mut self.heard);
        match self.clock.until(deadline, line_end(link, heard)).await {
            Some(Ok(Some(end))) => {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                if self.heard.first() == Some(&b'\n') {
                    self.heard.remove(0);
                }
                Ok(line.trim_ascii().to_owned())
            }
            Some(Err(error)) => Err(self.error(error.into())),
            None if self.heard.is_empty() => Err(self.error(DeviceErrorKind::Silent {
                asked: asked.to_owned(),
                limit: self.limit,
            })),
            // The deadline passed in the middle of a line, or the line never ended.
            Some(Ok(None)) | None => {
                let got = self.heard.escape_ascii().to_string();
                Err(self.garbled(asked, &got))
            }
        }
    }

    /// Forgets what was heard before. After a failed exchange it also waits until the line is
    /// quiet, and until the supply tells a number that was not told before: it answers in order, so
    /// everything that comes earlier answers an older question. The number goes through the delay
    /// of foldback protection, which is set back at once.
    async fn settle(&mut self, asked: &str, deadline: BenchTime) -> Result<(), DeviceError> {
        self.heard.clear();
        let discarded = self.link.discard().await;
        discarded.map_err(|error| self.error(error.into()))?;
        if !self.unsettled {
            return Ok(());
        }
        let quiet = self.link.quiet(self.clock, QUIET, deadline).await;
        quiet.map_err(|error| self.error(error.into()))?;
        self.fence = self.fence % FENCES + 1;
        let fence = self.fence.to_string();
        // A line end first: the supply may have heard half a line.
        self.send_raw("\r".to_owned()).await?;
        for message in [format!("ADR {:02}", self.address), format!("FBD {fence}")] {
            self.send(&message).await?;
        }
        self.send("FBD?").await?;
        loop {
            match self.line(asked, deadline).await {
                Ok(line) if line == fence => break,
                Ok(_) => {}
                // What is left of older answers may be anything; only silence ends this.
                Err(error) if matches!(error.kind, DeviceErrorKind::Garbled { .. }) => {
                    if self.clock.now() >= deadline {
                        return Err(self.error(DeviceErrorKind::Silent {
                            asked: asked.to_owned(),
                            limit: self.limit,
                        }));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.send("FBD 0").await?;
        let set_back = self.line(asked, deadline).await?;
        if set_back != "OK" {
            return Err(self.garbled("FBD 0", &set_back));
        }
        self.unsettled = false;
        Ok(())
    }

    async fn send(&mut self, message: &str) -> Result<(), DeviceError> {
        let text = if self.summed {
            format!("{message}${:02X}\r", checksum(message))
        } else {
            format!("{message}\r")
        };
        self.send_raw(text).await
    }

    async fn send_raw(&mut self, text: String) -> Result<(), DeviceError> {
        let sent = self.link.send(Bytes::from(text)).await;
        sent.map_err(|error| self.error(error.into()))
    }
}

/// Waits for a carriage return; `None` if there is none in more bytes than any answer has.
async fn line_end(link: &mut Link, heard: &mut Vec<u8>) -> Result<Option<usize>, LinkError> {
    loop {
        if let Some(end) = heard.iter().position(|&byte| byte == b'\r') {
            return Ok(Some(end));
        }
        if heard.len() > ANSWER_BYTES {
            return Ok(None);
        }
        heard.extend_from_slice(&link.receive().await?.chunk);
    }
}

/// Number and words of a refusal (user manual, tables 8-1 and 8-2).
fn refusal(answer: &str) -> Option<(i32, &'static str)> {
    Some(match answer {
        "E01" => (
            1,
            "voltage above 105 % of the rating or 95 % of the over-voltage level",
        ),
        "E02" => (2, "voltage below the under-voltage limit"),
        "E04" => (4, "over-voltage level below 105 % of the voltage"),
        "E06" => (6, "under-voltage limit above the voltage"),
        "E07" => (7, "switched on during a fault"),
        "C01" => (101, "illegal command"),
        "C02" => (102, "missing parameter"),
        "C03" => (103, "illegal parameter"),
        "C04" => (104, "checksum error"),
        "C05" => (105, "setting out of range"),
        _ => return None,
    })
}
