//! The master's side: registers read and written over a link, each exchange with a deadline.

use bytes::Bytes;
use profiles::name::DeviceName;
use profiles::time::Period;
use rmodbus::client::ModbusRequest;
use rmodbus::{ErrorKind, ModbusProto};

use super::exception;
use super::frame::{self, Cut};
use crate::clock::Clock;
use crate::error::{DeviceError, DeviceErrorKind, LinkError};
use crate::link::Link;

/// How long a line must be quiet until what was asked before can no longer be answered.
const QUIET: Period = Period::millis(50);

/// A conversation with one slave.
#[derive(Debug)]
pub(crate) struct Session {
    device: DeviceName,
    link: Link,
    clock: Clock,
    limit: Period,
    /// The latest transaction, on Modbus/TCP; `None` on RTU.
    transaction: Option<u16>,
    request: ModbusRequest,
    sent: Vec<u8>,
    heard: Vec<u8>,
    words: Vec<u16>,
    /// Whether the last exchange failed, so that an answer to it may still come.
    unsettled: bool,
}

impl Session {
    /// A conversation over `link` with the slave at `address`, in which an answer may take
    /// `limit`.
    pub(crate) fn new(device: DeviceName, link: Link, clock: Clock, limit: Period) -> Session {
        Session {
            device,
            link,
            clock,
            limit,
            transaction: None,
            request: ModbusRequest::new(1, ModbusProto::Rtu),
            sent: Vec::new(),
            heard: Vec::new(),
            words: Vec::new(),
            unsettled: false,
        }
    }

    /// The same conversation with the slave at `address`; without it, with slave 1.
    pub(crate) fn with_address(mut self, address: u8) -> Session {
        self.request.unit_id = address;
        self
    }

    /// The same conversation on Modbus/TCP.
    pub(crate) fn on_tcp(mut self) -> Session {
        self.transaction = Some(0);
        self
    }

    /// The error of this device.
    pub(crate) fn error(&self, kind: DeviceErrorKind) -> DeviceError {
        kind.of(&self.device)
    }

    /// Reads `N` holding registers from `register` on.
    ///
    /// # Errors
    /// If the slave refuses, or cannot be heard.
    pub(crate) async fn read<const N: usize>(
        &mut self,
        register: u16,
    ) -> Result<[u16; N], DeviceError> {
        let made = self
            .request
            .generate_get_holdings(register, N as u16, &mut self.sent);
        self.exchange(made).await?;
        self.words.clear();
        // `parse_u16` may only be shown as many registers as were asked for.
        if usize::from(self.heard[2]) == 2 * N {
            let read = self.request.parse_u16(&self.heard, &mut self.words);
            if let (Ok(()), Ok(words)) = (read, self.words.as_slice().try_into()) {
                return Ok(words);
            }
        }
        Err(self.garbled())
    }

    /// Writes one holding register.
    ///
    /// # Errors
    /// If the slave refuses, or cannot be heard.
    pub(crate) async fn write(&mut self, register: u16, value: u16) -> Result<(), DeviceError> {
        let made = self
            .request
            .generate_set_holding(register, value, &mut self.sent);
        self.exchange(made).await?;
        self.check_echo()
    }

    /// Writes holding registers from `register` on, in one message.
    ///
    /// # Errors
    /// If the slave refuses, or cannot be heard.
    pub(crate) async fn write_all(
        &mut self,
        register: u16,
        values: &[u16],
    ) -> Result<(), DeviceError> {
        let made = self
            .request
            .generate_set_holdings_bulk(register, values, &mut self.sent);
        self.exchange(made).await?;
        self.check_echo()
    }

    /// An answer to a write repeats the first six bytes of the request.
    fn check_echo(&mut self) -> Result<(), DeviceError> {
        if self.heard.get(..6) == self.sent.get(..6) {
            Ok(())
        } else {
            Err(self.garbled())
        }
    }

    /// Sends the request and waits for its answer, which is then in `heard`.
    async fn exchange(&mut self, made: Result<(), ErrorKind>) -> Result<(), DeviceError> {
        let answered = self.converse(made).await;
        // Other slaves may be on the line.
        self.link.release();
        answered
    }

    async fn converse(&mut self, made: Result<(), ErrorKind>) -> Result<(), DeviceError> {
        made.expect("no make asks for more registers than a frame holds");
        self.settle().await?;
        // Until the answer is whole: whoever stops waiting half-way leaves it behind.
        self.unsettled = true;
        let message = match &mut self.transaction {
            None => Bytes::copy_from_slice(&self.sent),
            Some(transaction) => {
                *transaction = transaction.wrapping_add(1);
                on_tcp(*transaction, &self.sent)
            }
        };
        let sent = self.link.send(message).await;
        sent.map_err(|error| self.error(error.into()))?;
        let deadline = self.clock.now() + self.limit;
        let (link, heard) = (&mut self.link, &mut self.heard);
        // One deadline for the whole answer, however many chunks it comes in.
        let answer = whole(link, heard, self.transaction);
        let length = match self.clock.until(deadline, answer).await {
            Some(Ok(Some(length))) => length,
            Some(Err(error)) => return Err(self.error(error.into())),
            None if self.heard.is_empty() => {
                return Err(self.error(DeviceErrorKind::Silent {
                    asked: self.asked(),
                    limit: self.limit,
                }));
            }
            Some(Ok(None)) | None => return Err(self.garbled()),
        };
        let matches = length == self.heard.len()
            && self.heard[0] == self.sent[0]
            && self.heard[1] & !frame::EXCEPTION == self.sent[1];
        if !matches {
            return Err(self.garbled());
        }
        self.unsettled = false;
        if self.heard[1] & frame::EXCEPTION != 0 {
            let code = self.heard[2];
            return Err(self.error(DeviceErrorKind::Refused {
                asked: self.asked(),
                code: i32::from(code),
                text: exception::text_of(code).to_owned(),
            }));
        }
        Ok(())
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

    fn garbled(&mut self) -> DeviceError {
        self.unsettled = true;
        self.error(DeviceErrorKind::Garbled {
            asked: self.asked(),
            got: hex(&self.heard),
        })
    }

    /// The request as a person can read it.
    fn asked(&self) -> String {
        let (register, last) = (
            self.request.reg,
            self.request.reg.saturating_add(self.request.count - 1),
        );
        match self.sent.get(1) {
            Some(&frame::READ_HOLDING) if last == register => format!("read register {register}"),
            Some(&frame::READ_HOLDING) => format!("read registers {register} to {last}"),
            Some(&frame::WRITE_SINGLE) => {
                let value = i16::from_be_bytes([self.sent[4], self.sent[5]]);
                format!("write {value} to register {register}")
            }
            _ => format!("write registers {register} to {last}"),
        }
    }
}

/// A request in the form of Modbus/TCP: a header before it, and no CRC.
fn on_tcp(transaction: u16, request: &[u8]) -> Bytes {
    let message = &request[..request.len() - 2];
    let [high, low] = transaction.to_be_bytes();
    let length = message.len() as u8;
    Bytes::from([&[high, low, 0, 0, 0, length], message].concat())
}

/// Waits for a whole frame and gives its length; `None` if what comes is none. What comes on
/// Modbus/TCP is put into the form of RTU.
async fn whole(
    link: &mut Link,
    heard: &mut Vec<u8>,
    transaction: Option<u16>,
) -> Result<Option<usize>, LinkError> {
    loop {
        heard.extend_from_slice(&link.receive().await?.chunk);
        let cut = match transaction {
            None => frame::reply(heard),
            Some(_) => frame::reply_on_tcp(heard),
        };
        match (cut, transaction) {
            (Cut::Frame(length), None) => return Ok(Some(length)),
            (Cut::Frame(length), Some(transaction)) => {
                let is_it = length == heard.len() && heard[..2] == transaction.to_be_bytes();
                if !is_it {
                    return Ok(None);
                }
                *heard = frame::sealed(&heard[frame::HEADER..]);
                return Ok(match frame::reply(heard) {
                    Cut::Frame(length) => Some(length),
                    Cut::More | Cut::Broken => None,
                });
            }
            (Cut::More, _) => {}
            (Cut::Broken, _) => return Ok(None),
        }
    }
}

/// `01 83 02`
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    digits.join(" ")
}
