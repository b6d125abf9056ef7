//! The slave's side: bytes in, answers out. What the registers are is the make's business.

use profiles::time::BenchTime;
use rmodbus::server::{ModbusFrame, Read, Write};
use rmodbus::{ErrorKind, ModbusProto};

use super::exception;
use super::frame::{self, Cut, READ_HOLDING, READ_INPUT, WRITE_MULTIPLE, WRITE_SINGLE};

/// Silence after which a slave takes the next byte for the first of a frame. The standard says
/// 3.5 characters (2 ms at 19200 baud); buffers of adapters tear frames further apart than that.
const GAP_US: u64 = 50_000;

/// What is done with registers, one frame at a time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Access<'a> {
    /// Read from this register on; the values go into the slice.
    Read(u16, &'a mut [u16]),
    /// Write these values from this register on: all of them, or none.
    Write(u16, &'a [u16]),
}

/// A slave: cuts frames, checks address and function, answers.
#[derive(Debug)]
pub(crate) struct Responder {
    address: u8,
    /// Whether it also answers Modbus/TCP.
    on_tcp: bool,
    heard: Vec<u8>,
    heard_at: BenchTime,
    words: Vec<u16>,
    /// Bytes that were in no frame.
    pub(crate) skipped: u64,
}

impl Responder {
    /// A slave with this address.
    pub(crate) fn new(address: u8) -> Responder {
        Responder {
            address,
            on_tcp: false,
            heard: Vec::new(),
            heard_at: BenchTime::ZERO,
            words: Vec::new(),
            skipped: 0,
        }
    }

    /// The same slave, which answers Modbus/TCP to who speaks it, and RTU to who speaks that.
    pub(crate) fn and_on_tcp(self) -> Responder {
        Responder {
            on_tcp: true,
            ..self
        }
    }

    /// Takes a chunk and gives the answers to the frames that it completes; mostly none or one.
    pub(crate) fn receive(
        &mut self,
        at: BenchTime,
        chunk: &[u8],
        mut make: impl FnMut(Access<'_>) -> Result<(), ErrorKind>,
    ) -> Vec<Vec<u8>> {
        if at.micros_since(self.heard_at) > GAP_US {
            self.forget();
        }
        self.heard_at = at;
        self.heard.extend_from_slice(chunk);
        let mut heard = std::mem::take(&mut self.heard);
        let mut answers = Vec::new();
        let mut rest = heard.as_slice();
        loop {
            let (cut, on_tcp) = self.cut(rest);
            match cut {
                Cut::Frame(length) => {
                    let (request, later) = rest.split_at(length);
                    answers.extend(if on_tcp {
                        self.answer_on_tcp(request, &mut make)
                    } else {
                        self.answer(request, &mut make)
                    });
                    rest = later;
                }
                Cut::More => break,
                Cut::Broken => {
                    // Out of step: silent until the line has been.
                    self.skipped += rest.len() as u64;
                    rest = &[];
                }
            }
        }
        let done = heard.len() - rest.len();
        heard.drain(..done);
        self.heard = heard;
        answers
    }

    /// Bytes of a frame that has begun.
    #[cfg(test)]
    pub(crate) fn pending(&self) -> usize {
        self.heard.len()
    }

    /// Forgets a frame that has begun.
    pub(crate) fn forget(&mut self) {
        self.skipped += self.heard.len() as u64;
        self.heard.clear();
    }

    /// What the bytes begin with, and whether that is Modbus/TCP.
    fn cut(&self, bytes: &[u8]) -> (Cut, bool) {
        let rtu = frame::request(bytes);
        if !self.on_tcp || matches!(rtu, Cut::Frame(_)) {
            return (rtu, false);
        }
        match (rtu, frame::request_on_tcp(bytes)) {
            (_, whole @ Cut::Frame(_)) => (whole, true),
            (Cut::Broken, Cut::More) => (Cut::More, true),
            (rtu, _) => (rtu, false),
        }
    }

    /// The same on Modbus/TCP, where units 0 and 255 mean whoever has the socket (implementation
    /// guide V1.0b, section 4.4.2.1).
    fn answer_on_tcp(
        &mut self,
        request: &[u8],
        make: &mut impl FnMut(Access<'_>) -> Result<(), ErrorKind>,
    ) -> Option<Vec<u8>> {
        let (header, message) = request.split_at(frame::HEADER);
        let mut message = message.to_vec();
        let unit = message[0];
        if matches!(unit, 0 | 255) {
            message[0] = self.address;
        }
        let mut answer = self.answer(&frame::sealed(&message), make)?;
        answer.truncate(answer.len() - 2);
        answer[0] = unit;
        let length = (answer.len() as u16).to_be_bytes();
        Some([&header[..4], &length, &answer].concat())
    }

    /// The answer to a whole frame; none to another's, and none to what is no request.
    fn answer(
        &mut self,
        request: &[u8],
        make: &mut impl FnMut(Access<'_>) -> Result<(), ErrorKind>,
    ) -> Option<Vec<u8>> {
        let mut answer = Vec::with_capacity(16);
        let function = request[1];
        let mut frame = ModbusFrame::new(self.address, request, ModbusProto::Rtu, &mut answer)
            .with_broadcast_units(&[]);
        let known = matches!(
            function,
            READ_HOLDING | READ_INPUT | WRITE_SINGLE | WRITE_MULTIPLE
        );
        if !known {
            if request[0] != self.address || function >= frame::EXCEPTION {
                return None;
            }
            frame.responding_to_fn = function;
            refuse(&mut frame, exception::ILLEGAL_FUNCTION)?;
            return Some(answer);
        }
        frame.parse().ok()?;
        if !frame.response_required {
            return None;
        }
        if frame.processing_required {
            let outcome = if frame.count == 0 {
                Err(exception::ILLEGAL_VALUE)
            } else if frame.readonly {
                self.read(&mut frame, make)
            } else {
                self.write(&mut frame, make)
            };
            if let Err(error) = outcome {
                refuse(&mut frame, error)?;
                return Some(answer);
            }
        }
        frame.finalize_response().ok()?;
        Some(answer)
    }

    fn read(
        &mut self,
        frame: &mut ModbusFrame<'_, Vec<u8>>,
        make: &mut impl FnMut(Access<'_>) -> Result<(), ErrorKind>,
    ) -> Result<(), ErrorKind> {
        let Read::Words(read) = frame.get_external_read()? else {
            return Err(exception::ILLEGAL_FUNCTION);
        };
        self.words.clear();
        self.words.resize(usize::from(read.count), 0);
        make(Access::Read(read.address, &mut self.words))?;
        for (bytes, word) in read.buf.chunks_exact_mut(2).zip(&self.words) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        frame.process_external_read(Ok(()))
    }

    fn write(
        &mut self,
        frame: &mut ModbusFrame<'_, Vec<u8>>,
        make: &mut impl FnMut(Access<'_>) -> Result<(), ErrorKind>,
    ) -> Result<(), ErrorKind> {
        let Write::Words(write) = frame.get_external_write()? else {
            return Err(exception::ILLEGAL_FUNCTION);
        };
        if write.data.len() != usize::from(write.count) * 2 {
            return Err(exception::ILLEGAL_VALUE);
        }
        self.words.clear();
        let words = write.data.chunks_exact(2);
        self.words
            .extend(words.map(|word| u16::from_be_bytes([word[0], word[1]])));
        make(Access::Write(write.address, &self.words))?;
        frame.process_external_write(Ok(()))
    }
}

fn refuse(frame: &mut ModbusFrame<'_, Vec<u8>>, error: ErrorKind) -> Option<()> {
    frame.set_modbus_error_if_unset(&error).ok()?;
    frame.finalize_response().ok()
}
