//! The driver's side: settings and questions over a link, each with a deadline of its own.

use bytes::Bytes;
use profiles::name::DeviceName;
use profiles::time::Period;

use crate::clock::Clock;
use crate::device::Identity;
use crate::error::{DeviceError, DeviceErrorKind, LinkError};
use crate::link::Link;
use crate::scpi::status::event;

/// How long a line must be quiet until what was asked before can no longer be answered.
const QUIET: Period = Period::millis(50);
/// Errors that are read at most to empty a device's queue; makes hold 10 to 30.
const QUEUE_LENGTH: usize = 32;
/// Longest answer that is waited for: a list of 512 numbers of 16 characters, with room. What is
/// longer is a babbling line.
const ANSWER_BYTES: usize = 10_240;

/// A conversation with one SCPI instrument.
#[derive(Debug)]
pub(crate) struct Session {
    device: DeviceName,
    link: Link,
    clock: Clock,
    limit: Period,
    /// What was heard since the latest question.
    heard: Vec<u8>,
    /// Whether the last exchange failed, so that an answer to it may still come.
    unsettled: bool,
    /// The latest number by which the end of what was asked before is known.
    fence: u8,
    /// How the oldest error is asked for.
    next_error: &'static str,
    /// The controller between the line and the instrument, if there is one.
    controller: Option<Controller>,
}

/// A Prologix controller on the way.
#[derive(Debug)]
struct Controller {
    /// What sets it up.
    setup: String,
    /// Whether that was sent.
    ready: bool,
}

impl Session {
    /// A conversation over `link`, in which an answer may take `limit`.
    pub(crate) fn new(device: DeviceName, link: Link, clock: Clock, limit: Period) -> Session {
        Session {
            device,
            link,
            clock,
            limit,
            heard: Vec::new(),
            unsettled: false,
            fence: 0,
            next_error: NEXT_ERROR,
            controller: None,
        }
    }

    /// The same with a make's own question for the oldest error.
    pub(crate) fn with_errors_by(self, next_error: &'static str) -> Session {
        Session { next_error, ..self }
    }

    /// The same through a Prologix GPIB-USB controller, which is asked to read after each
    /// question: by itself it would also read after settings, which instruments call an error.
    pub(crate) fn through_prologix(self, address: u8) -> Session {
        let setup = format!("++mode 1\n++auto 0\n++eoi 1\n++eos 2\n++addr {address}\n");
        let ready = false;
        Session {
            controller: Some(Controller { setup, ready }),
            ..self
        }
    }

    /// The error of this device.
    pub(crate) fn error(&self, kind: DeviceErrorKind) -> DeviceError {
        kind.of(&self.device)
    }

    /// Tells a setting, and asks whether it was accepted.
    ///
    /// # Errors
    /// If the instrument refuses, or cannot be heard.
    pub(crate) async fn tell(&mut self, setting: &str) -> Result<(), DeviceError> {
        let error = self.exchange(setting, Some(self.next_error)).await?;
        let Some((code, text)) = parse_error(&error) else {
            return Err(self.garbled(setting, &error));
        };
        if code == 0 {
            return Ok(());
        }
        // Whatever else the queue holds would be blamed on the next setting.
        for _ in 0..QUEUE_LENGTH {
            let more = self.ask(self.next_error).await?;
            if parse_error(&more).is_none_or(|(code, _)| code == 0) {
                break;
            }
        }
        Err(self.error(DeviceErrorKind::Refused {
            asked: setting.to_owned(),
            code,
            text: text.to_owned(),
        }))
    }

    /// Tells what must be carried out even if nobody is heard any more, as an output to be switched
    /// off: after a failed exchange it is told before anything is waited for. The instrument may
    /// hear although its answers are lost. It must be harmless to be told twice.
    ///
    /// # Errors
    /// As [`Session::tell`].
    pub(crate) async fn insist(&mut self, setting: &str) -> Result<(), DeviceError> {
        if self.unsettled {
            // A line end first: half a line may have been heard.
            self.send(format!("\n{setting}\n")).await?;
        }
        self.tell(setting).await
    }

    /// Asks a question, and gives the answer without its line end.
    ///
    /// # Errors
    /// If no answer comes in time, or none that is text.
    pub(crate) async fn ask(&mut self, question: &str) -> Result<String, DeviceError> {
        self.exchange(question, None).await
    }

    /// Asks a compound question whose answers are numbers.
    ///
    /// # Errors
    /// If no answer comes in time, or another count of numbers.
    pub(crate) async fn ask_numbers<const N: usize>(
        &mut self,
        question: &str,
    ) -> Result<[f64; N], DeviceError> {
        let answer = self.ask(question).await?;
        let mut numbers = [0.0; N];
        let mut fields = answer.split(';');
        for number in &mut numbers {
            match fields.next().map(|field| field.trim().parse::<f64>()) {
                Some(Ok(value)) if value.is_finite() => *number = value,
                _ => return Err(self.garbled(question, &answer)),
            }
        }
        match fields.next() {
            None => Ok(numbers),
            Some(_) => Err(self.garbled(question, &answer)),
        }
    }

    /// Asks who is there.
    ///
    /// # Errors
    /// If no answer comes in time, or not the four fields of IEEE 488.2.
    pub(crate) async fn identify(&mut self) -> Result<Identity, DeviceError> {
        const QUESTION: &str = "*IDN?";
        let answer = self.ask(QUESTION).await?;
        let fields: Vec<&str> = answer.split(',').map(str::trim).collect();
        let &[maker, model, serial, firmware] = fields.as_slice() else {
            return Err(self.garbled(QUESTION, &answer));
        };
        Ok(Identity {
            maker: maker.to_owned(),
            model: model.to_owned(),
            serial: serial.to_owned(),
            firmware: firmware.to_owned(),
        })
    }

    /// Whether the instrument was switched on since it was asked last: the power-on bit of the
    /// standard event status register, which is cleared by being read.
    ///
    /// # Errors
    /// If no answer comes in time, or no number.
    pub(crate) async fn has_restarted(&mut self) -> Result<bool, DeviceError> {
        let [events] = self.ask_numbers("*ESR?").await?;
        Ok(events as u16 & u16::from(event::POWER_ON) != 0)
    }

    /// An answer that makes no sense; whatever else comes of it is not waited for.
    pub(crate) fn garbled(&mut self, asked: &str, got: &str) -> DeviceError {
        self.unsettled = true;
        self.error(DeviceErrorKind::Garbled {
            asked: asked.to_owned(),
            got: got.to_owned(),
        })
    }

    /// Sends a line, and another if there is one, and waits for one line.
    async fn exchange(&mut self, line: &str, then: Option<&str>) -> Result<String, DeviceError> {
        self.settle(line).await?;
        // Until the answer is whole: whoever stops waiting half-way leaves it behind.
        self.unsettled = true;
        // Both lines in one chunk: the instrument buffers, and the wire need not be turned around.
        let mut sent = String::with_capacity(line.len() + then.map_or(1, |then| then.len() + 2));
        for line in [Some(line), then].into_iter().flatten() {
            sent.push_str(line);
            sent.push('\n');
        }
        self.ask_aloud(sent).await?;
        let deadline = self.clock.now() + self.limit;
        let (link, heard) = (&mut self.link, &mut self.heard);
        // One deadline for the whole answer, however many chunks it comes in.
        let end = self.clock.until(deadline, line_end(link, heard)).await;
        let end = match end {
            Some(Ok(Some(end))) => end,
            Some(Err(error)) => return Err(self.error(error.into())),
            None if self.heard.is_empty() => {
                return Err(self.error(DeviceErrorKind::Silent {
                    asked: line.to_owned(),
                    limit: self.limit,
                }));
            }
            // The deadline passed in the middle of a line, or the line never ended.
            Some(Ok(None)) | None => {
                let got = escaped(&self.heard);
                return Err(self.garbled(line, &got));
            }
        };
        let answer = self.heard[..end].trim_ascii();
        let is_text = answer.iter().all(|byte| matches!(byte, b' '..=b'~'));
        match std::str::from_utf8(answer) {
            Ok(text) if is_text && !text.is_empty() => {
                // More than a line was heard: it answers nothing that was asked.
                self.unsettled = end + 1 < self.heard.len();
                Ok(text.to_owned())
            }
            _ => {
                let got = escaped(answer);
                Err(self.garbled(line, &got))
            }
        }
    }

    /// Forgets what was heard before. After a failed exchange it also waits until the line is
    /// quiet, and ends whatever half a line the instrument may have heard.
    async fn settle(&mut self, line: &str) -> Result<(), DeviceError> {
        self.heard.clear();
        let discarded = self.link.discard().await;
        discarded.map_err(|error| self.error(error.into()))?;
        if !self.unsettled {
            return Ok(());
        }
        let deadline = self.clock.now() + self.limit;
        let quiet = self.link.quiet(self.clock, QUIET, deadline).await;
        quiet.map_err(|error| self.error(error.into()))?;
        self.pass_fence(line).await?;
        self.unsettled = false;
        Ok(())
    }

    /// Ends whatever half a line the instrument may have heard, empties its error queue (the
    /// errors of a garbled exchange would be blamed on the next setting), and waits until it
    /// tells a number that was not told before. An instrument answers in order, so everything
    /// that comes earlier answers an older question, however late it is. The number goes through
    /// the standard event status enable register of IEEE 488.2, which nobody here uses.
    async fn pass_fence(&mut self, line: &str) -> Result<(), DeviceError> {
        self.fence = self.fence % u8::MAX + 1;
        let fence = self.fence;
        self.heard.clear();
        if let Some(controller) = &mut self.controller {
            controller.ready = false;
        }
        let question = format!("\n*CLS\n*ESE {fence}\n*ESE?\n");
        self.ask_aloud(question).await?;
        let deadline = self.clock.now() + self.limit;
        loop {
            let (link, heard) = (&mut self.link, &mut self.heard);
            match self.clock.until(deadline, line_end(link, heard)).await {
                Some(Ok(Some(end))) => {
                    let line: Vec<u8> = self.heard.drain(..=end).collect();
                    let number = std::str::from_utf8(line.trim_ascii()).ok();
                    if number.and_then(|number| number.parse::<f64>().ok()) == Some(fence.into()) {
                        self.heard.clear();
                        return Ok(());
                    }
                }
                Some(Err(error)) => return Err(self.error(error.into())),
                Some(Ok(None)) | None => {
                    // What the caller wanted to know; the fence is nobody's question.
                    let asked = line.to_owned();
                    return Err(self.error(DeviceErrorKind::Silent {
                        asked,
                        limit: self.limit,
                    }));
                }
            }
        }
    }

    /// Sends what ends in a question, with what a controller on the way needs to know.
    async fn ask_aloud(&mut self, question: String) -> Result<(), DeviceError> {
        let Some(controller) = &mut self.controller else {
            return self.send(question).await;
        };
        let ready = std::mem::replace(&mut controller.ready, true);
        let setup = if ready { "" } else { controller.setup.as_str() };
        // A line end first: the controller may have heard half a line.
        let text = format!("\n{setup}{question}++read eoi\n");
        self.send(text).await
    }

    async fn send(&mut self, text: String) -> Result<(), DeviceError> {
        let sent = self.link.send(Bytes::from(text)).await;
        sent.map_err(|error| self.error(error.into()))
    }
}

/// How the oldest error is asked for.
const NEXT_ERROR: &str = "SYST:ERR?";

/// Waits for a line feed; `None` if there is none in more bytes than any answer has.
async fn line_end(link: &mut Link, heard: &mut Vec<u8>) -> Result<Option<usize>, LinkError> {
    let mut searched = 0;
    loop {
        if let Some(end) = heard[searched..].iter().position(|&byte| byte == b'\n') {
            return Ok(Some(searched + end));
        }
        searched = heard.len();
        if heard.len() > ANSWER_BYTES {
            return Ok(None);
        }
        heard.extend_from_slice(&link.receive().await?.chunk);
    }
}

/// `+0,"No error"`
fn parse_error(answer: &str) -> Option<(i32, &str)> {
    let (code, text) = answer.split_once(',')?;
    Some((code.trim().parse().ok()?, text.trim().trim_matches('"')))
}

/// Bytes as a person can read them.
fn escaped(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
