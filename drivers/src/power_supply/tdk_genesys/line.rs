//! Bytes to messages on the emulator's side: carriage returns, backspaces, checksums, and whose
//! turn it is to speak.

use super::checksum;

/// Longest message that is kept; what is longer is none.
const LONGEST: usize = 128;

/// The port of a supply on a line that others may share.
#[derive(Debug)]
pub(super) struct Port {
    address: u8,
    /// Addressed last.
    chosen: bool,
    heard: Vec<u8>,
    last: String,
}

/// What to do with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// It is somebody else's, or nobody was addressed.
    Nothing,
    /// Answered by the port.
    Answer(&'static str, bool),
    /// For the supply, and whether the answer carries a checksum.
    Command(String, bool),
}

impl Port {
    pub(super) fn new(address: u8) -> Port {
        Port {
            address,
            chosen: false,
            heard: Vec::new(),
            last: String::new(),
        }
    }

    /// Takes bytes, and gives each message that they end.
    pub(super) fn receive(&mut self, chunk: &[u8]) -> Vec<Message> {
        let mut messages = Vec::new();
        for &byte in chunk {
            match byte {
                b'\r' => messages.push(self.message()),
                b'\n' => {}
                8 => {
                    self.heard.pop();
                }
                _ if self.heard.len() < LONGEST => self.heard.push(byte),
                _ => {}
            }
        }
        messages
    }

    /// Forgets half a message, as a power failure does; and that it was addressed.
    pub(super) fn forget(&mut self) {
        self.heard.clear();
        self.chosen = false;
    }

    fn message(&mut self) -> Message {
        let heard = std::mem::take(&mut self.heard);
        // Letters of either case; what is no text is no command.
        let text = String::from_utf8_lossy(&heard).to_ascii_uppercase();
        let text = if text == "\\" {
            self.last.clone()
        } else {
            text
        };
        let (body, summed) = match text.split_once('$') {
            None => (text.as_str(), None),
            Some((body, sum)) => {
                // Of the letters as they were sent.
                let sent = heard.split(|&byte| byte == b'$').next().unwrap_or(&heard);
                let expected = checksum(&String::from_utf8_lossy(sent));
                let told = u8::from_str_radix(sum, 16).ok();
                let right = told.filter(|_| sum.len() == 2) == Some(expected);
                (body, Some(right || sent == b"\\"))
            }
        };
        let is_summed = summed.is_some();
        if summed == Some(false) {
            return self.answer("C04", is_summed);
        }
        if let Some(argument) = body.strip_prefix("ADR ") {
            return self.addressed(argument, is_summed);
        }
        if body.is_empty() {
            return self.answer("OK", is_summed);
        }
        if !self.chosen {
            return Message::Nothing;
        }
        self.last.clone_from(&text);
        Message::Command(body.to_owned(), is_summed)
    }

    fn addressed(&mut self, argument: &str, summed: bool) -> Message {
        match argument.parse::<u8>() {
            Ok(address) if address <= 30 => {
                self.chosen = address == self.address;
                self.answer("OK", summed)
            }
            Ok(_) => self.answer("C05", summed),
            Err(_) => self.answer("C03", summed),
        }
    }

    fn answer(&self, text: &'static str, summed: bool) -> Message {
        if self.chosen {
            Message::Answer(text, summed)
        } else {
            Message::Nothing
        }
    }
}
