//! The far side of a Prologix GPIB-USB controller: how an instrument on GPIB is reached through a
//! serial port. Lines that begin with `++` are the controller's own (its manual, version 6.107);
//! all others go to the instrument at the address that it was told.

use std::collections::BTreeMap;

/// A controller with one instrument behind it. Until it is spoken to, it is not there: an
/// instrument with a port of its own sees no difference.
#[derive(Debug)]
pub(crate) struct Controller {
    /// Address of the instrument; any address reaches it where this is `None`.
    address: Option<u8>,
    settings: BTreeMap<&'static str, u8>,
    line: Vec<u8>,
    /// What the instrument said while nobody read.
    unread: String,
}

/// Settings, with what they are when the controller is shipped. Reading after each line is on,
/// as on a controller that was set up for terminals.
const SETTINGS: [(&str, u8, u8); 8] = [
    ("++addr", 5, 30),
    ("++auto", 1, 1),
    ("++eoi", 1, 1),
    ("++eos", 0, 3),
    ("++eot_enable", 0, 1),
    ("++mode", 1, 1),
    ("++savecfg", 1, 1),
    ("++lon", 0, 1),
];

/// What to do with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// It is for the instrument, with its line feed.
    On(Vec<u8>),
    /// The controller answers this.
    Answer(String),
    /// Nobody answers.
    Nothing,
}

impl Controller {
    /// A controller with an instrument at `address`, or at whatever address it is told.
    pub(crate) fn new(address: Option<u8>) -> Controller {
        Controller {
            address,
            settings: SETTINGS.map(|(name, value, _)| (name, value)).into(),
            line: Vec::new(),
            unread: String::new(),
        }
    }

    /// Takes bytes, and gives each line that they end.
    pub(crate) fn lines(&mut self, chunk: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for &byte in chunk {
            // A line that never ends is the instrument's to complain of, not to keep.
            if self.line.len() < 1 << 17 {
                self.line.push(byte);
            }
            if byte == b'\n' {
                lines.push(std::mem::take(&mut self.line));
            }
        }
        lines
    }

    /// Forgets a line that was begun.
    pub(crate) fn forget(&mut self) {
        self.line.clear();
        self.unread.clear();
    }

    /// Whose line this is.
    pub(crate) fn pass(&mut self, line: Vec<u8>) -> Passed {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if !text.starts_with("++") {
            return if self.reaches() {
                Passed::On(line)
            } else {
                Passed::Nothing
            };
        }
        let mut words = text.split_whitespace();
        let command = words.next().unwrap_or_default().to_ascii_lowercase();
        match command.as_str() {
            "++read" if self.unread.is_empty() => Passed::Nothing,
            "++read" => Passed::Answer(std::mem::take(&mut self.unread)),
            "++ver" => Passed::Answer("Prologix GPIB-USB Controller version 6.107\r\n".to_owned()),
            "++clr" => {
                self.unread.clear();
                Passed::Nothing
            }
            "++ifc" | "++loc" | "++llo" | "++rst" | "++trg" | "++read_tmo_ms" | "++eot_char" => {
                Passed::Nothing
            }
            _ => self.setting(&command, words.next()),
        }
    }

    /// What the instrument said: heard at once, or kept until somebody reads.
    pub(crate) fn said(&mut self, reply: &str) -> String {
        if self.settings["++auto"] == 1 {
            return reply.to_owned();
        }
        reply.clone_into(&mut self.unread);
        String::new()
    }

    fn setting(&mut self, command: &str, value: Option<&str>) -> Passed {
        let Some(&(name, _, most)) = SETTINGS.iter().find(|(name, ..)| *name == command) else {
            return Passed::Answer("Unrecognized command\r\n".to_owned());
        };
        match value.map(str::parse::<u8>) {
            None => Passed::Answer(format!("{}\r\n", self.settings[name])),
            Some(Ok(value)) if value <= most => {
                self.settings.insert(name, value);
                Passed::Nothing
            }
            Some(_) => Passed::Nothing,
        }
    }

    fn reaches(&self) -> bool {
        self.address
            .is_none_or(|address| self.settings["++addr"] == address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(controller: &mut Controller, text: &str) -> Passed {
        controller.pass(format!("{text}\n").into_bytes())
    }

    #[test]
    fn the_controllers_lines_are_its_own() {
        let mut controller = Controller::new(Some(7));
        let answer = |text: &str| Passed::Answer(text.to_owned());
        assert_eq!(pass(&mut controller, "*IDN?"), Passed::Nothing);
        assert_eq!(pass(&mut controller, "++addr 7"), Passed::Nothing);
        assert_eq!(pass(&mut controller, "++addr"), answer("7\r\n"));
        assert_eq!(
            pass(&mut controller, "*IDN?"),
            Passed::On(b"*IDN?\n".to_vec())
        );
        assert_eq!(
            pass(&mut controller, "++what"),
            answer("Unrecognized command\r\n")
        );
    }

    #[test]
    fn without_reading_after_each_line_answers_wait() {
        let mut controller = Controller::new(None);
        assert_eq!(controller.said("1\n"), "1\n");
        pass(&mut controller, "++auto 0");
        assert_eq!(controller.said("2\n"), "");
        assert_eq!(
            pass(&mut controller, "++read eoi"),
            Passed::Answer("2\n".to_owned())
        );
        assert_eq!(pass(&mut controller, "++read eoi"), Passed::Nothing);
    }

    #[test]
    fn lines_come_whole() {
        let mut controller = Controller::new(None);
        assert!(controller.lines(b"VO").is_empty());
        assert_eq!(
            controller.lines(b"LT 5\n*CLS\nX"),
            [b"VOLT 5\n".to_vec(), b"*CLS\n".to_vec()]
        );
    }
}
