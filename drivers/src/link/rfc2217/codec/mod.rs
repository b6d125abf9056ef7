//! The client's half of Telnet's COM-PORT-OPTION (RFC 2217) between bytes and bytes: no socket,
//! no time, no waiting.
//!
//! Servers differ in what they acknowledge, and some never do (modem lines of a pseudo-terminal),
//! so nothing here waits for an acknowledgement. One that comes and says another setting than was
//! asked for is told as [`Trouble`].

use std::fmt;

use crate::link::serial::{Flow, LineSettings, Parity};

// RFC 854, "Telnet protocol specification".
const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;

/// RFC 856: eight bits, and no end of line that means anything.
const BINARY: u8 = 0;
/// RFC 858: nobody waits for a "go ahead".
const SUPPRESS_GO_AHEAD: u8 = 3;
/// RFC 2217.
const COM_PORT: u8 = 44;

// RFC 2217, section 3: commands of the client. What the server answers is 100 higher.
const SET_BAUDRATE: u8 = 1;
const SET_DATASIZE: u8 = 2;
const SET_PARITY: u8 = 3;
const SET_STOPSIZE: u8 = 4;
const SET_CONTROL: u8 = 5;
const PURGE_DATA: u8 = 12;
const ANSWERS: u8 = 100;
const SUSPEND: u8 = ANSWERS + 8;
const RESUME: u8 = ANSWERS + 9;

/// Octets of a subnegotiation that are kept; no answer that is looked at is longer. Servers may
/// tell their name in more.
const KEPT: usize = 16;

/// What a server does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It speaks Telnet, but not of serial ports.
    NoComPort,
    /// It set another baud rate than it was asked for.
    Baud(u32),
    /// It set something else otherwise than it was asked to.
    Setting(&'static str),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::NoComPort => f.write_str(
                "the server refuses the COM-PORT-OPTION of RFC 2217; set the line there, and \
                 write `tcp:HOST:PORT`, if it has a raw port",
            ),
            Trouble::Baud(baud) => write!(f, "the server set {baud} baud instead"),
            Trouble::Setting(what) => write!(f, "the server set another {what}"),
        }
    }
}

/// The client's half of one connection.
#[derive(Debug)]
pub struct Codec {
    wanted: LineSettings,
    state: State,
    /// The subnegotiation that is under way.
    sub: Vec<u8>,
    /// Whether the server speaks of serial ports; `None` until it has said so.
    agreed: Option<bool>,
    suspended: bool,
    trouble: Option<Trouble>,
}

/// Where in the stream the next octet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Data,
    /// After IAC.
    Command,
    /// After IAC and a verb: an option comes.
    Option(u8),
    /// In a subnegotiation.
    Sub,
    /// After IAC in a subnegotiation.
    SubCommand,
}

impl Codec {
    /// For a line with these settings.
    pub fn new(wanted: LineSettings) -> Codec {
        Codec {
            wanted,
            state: State::Data,
            sub: Vec::new(),
            agreed: None,
            suspended: false,
            trouble: None,
        }
    }

    /// What is sent first: which options are wanted.
    pub fn hello() -> Vec<u8> {
        let wanted = [
            (WILL, COM_PORT),
            (WILL, BINARY),
            (DO, BINARY),
            (WILL, SUPPRESS_GO_AHEAD),
            (DO, SUPPRESS_GO_AHEAD),
        ];
        wanted
            .into_iter()
            .flat_map(|(verb, option)| [IAC, verb, option])
            .collect()
    }

    /// Whether the server has said that it speaks of serial ports, or that it does not.
    pub fn agreed(&self) -> Option<bool> {
        self.agreed
    }

    /// Whether the server has asked not to be sent anything for now (FLOWCONTROL-SUSPEND).
    pub fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// What the server does not do, once.
    pub fn take_trouble(&mut self) -> Option<Trouble> {
        self.trouble.take()
    }

    /// Data as it is sent.
    pub fn encode(data: &[u8], out: &mut Vec<u8>) {
        for &octet in data {
            out.push(octet);
            if octet == IAC {
                out.push(IAC);
            }
        }
    }

    /// Takes octets from the server: adds what is data to `data`, and what is to be answered to
    /// `answers`.
    pub fn receive(&mut self, octets: &[u8], data: &mut Vec<u8>, answers: &mut Vec<u8>) {
        for &octet in octets {
            self.state = match (self.state, octet) {
                (State::Data, IAC) => State::Command,
                (State::Data, octet) => {
                    data.push(octet);
                    State::Data
                }
                (State::Command, IAC) => {
                    data.push(IAC);
                    State::Data
                }
                (State::Command, SB) => {
                    self.sub.clear();
                    State::Sub
                }
                (State::Command, verb @ (WILL | WONT | DO | DONT)) => State::Option(verb),
                (State::Option(verb), option) => {
                    self.negotiate(verb, option, answers);
                    State::Data
                }
                (State::Sub, IAC) => State::SubCommand,
                (State::Sub, octet) => self.keep(octet),
                (State::SubCommand, IAC) => self.keep(IAC),
                (State::SubCommand, SE) => {
                    self.told();
                    State::Data
                }
                // No other command of Telnet means anything on a serial line, and one in a
                // subnegotiation is the start of something else: nobody ended it.
                (State::Command | State::SubCommand, _) => State::Data,
            };
        }
    }

    fn keep(&mut self, octet: u8) -> State {
        if self.sub.len() < KEPT {
            self.sub.push(octet);
        }
        State::Sub
    }

    /// Agrees to what was asked for, which needs no answer, and refuses the rest. Refusals of the
    /// server need no answer either, so that nobody talks for ever (RFC 854, p. 3).
    fn negotiate(&mut self, verb: u8, option: u8, answers: &mut Vec<u8>) {
        match (verb, option) {
            // A server may say so again; it need not be told the settings again.
            (DO, COM_PORT) if self.agreed == Some(true) => {}
            (DO, COM_PORT) => {
                self.agreed = Some(true);
                self.settings(answers);
            }
            (DONT, COM_PORT) => {
                self.agreed = Some(false);
                self.trouble = Some(Trouble::NoComPort);
            }
            (WILL | DO, BINARY | SUPPRESS_GO_AHEAD) => {}
            (WILL, option) => answers.extend([IAC, DONT, option]),
            (DO, option) => answers.extend([IAC, WONT, option]),
            _ => {}
        }
    }

    /// Sets the line as it is wanted, and forgets what the server has heard on it before.
    fn settings(&self, out: &mut Vec<u8>) {
        let line = &self.wanted;
        command(out, SET_BAUDRATE, &line.baud.to_be_bytes());
        for (verb, value) in self.octets() {
            command(out, verb, &[value]);
        }
        let flow: &[u8] = match line.flow {
            Flow::None => &[1],
            Flow::XonXoff => &[2],
            Flow::RtsCts => &[3],
            // Inbound by DTR, outbound by DSR.
            Flow::DtrDsr => &[18, 19],
        };
        for &value in flow {
            command(out, SET_CONTROL, &[value]);
        }
        // 1: the receive buffer.
        command(out, PURGE_DATA, &[1]);
    }

    /// Settings that are one octet, as RFC 2217 writes them.
    fn octets(&self) -> [(u8, u8); 3] {
        let parity = match self.wanted.parity {
            Parity::None => 1,
            Parity::Odd => 2,
            Parity::Even => 3,
        };
        [
            (SET_DATASIZE, self.wanted.data_bits),
            (SET_PARITY, parity),
            (SET_STOPSIZE, self.wanted.stop_bits),
        ]
    }

    /// A subnegotiation of the server is whole.
    fn told(&mut self) {
        let [COM_PORT, code, value @ ..] = self.sub.as_slice() else {
            return;
        };
        match *code {
            SUSPEND => self.suspended = true,
            RESUME => self.suspended = false,
            code => {
                let trouble = self.differs(code, value);
                self.trouble = self.trouble.or(trouble);
            }
        }
    }

    /// What an acknowledgement says that was not asked for.
    fn differs(&self, code: u8, value: &[u8]) -> Option<Trouble> {
        let asked = code.checked_sub(ANSWERS)?;
        if asked == SET_BAUDRATE {
            let baud = u32::from_be_bytes(value.try_into().ok()?);
            // Zero stands for "as it is" in a question; a server that answers it says nothing.
            return (baud != self.wanted.baud && baud != 0).then_some(Trouble::Baud(baud));
        }
        let &[value] = value else {
            return None;
        };
        let (setting, wanted) = self.octets().into_iter().find(|(verb, _)| *verb == asked)?;
        let what = match setting {
            SET_DATASIZE => "number of data bits",
            SET_PARITY => "parity",
            _ => "number of stop bits",
        };
        (value != wanted && value != 0).then_some(Trouble::Setting(what))
    }
}

/// A subnegotiation of the option.
fn command(out: &mut Vec<u8>, verb: u8, value: &[u8]) {
    out.extend([IAC, SB, COM_PORT, verb]);
    Codec::encode(value, out);
    out.extend([IAC, SE]);
}

#[cfg(test)]
mod tests;
