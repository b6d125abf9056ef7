//! A serial port of this machine. The far end of a pseudo-terminal is one too.

mod port;
mod spec;
mod trouble;

use bytes::Bytes;
use profiles::time::{BenchTime, Period};
use tokio_serial::{ClearBuffer, DataBits, FlowControl, SerialPort, SerialStream, StopBits};

pub use port::{NoPort, Port, PortName, UsbPort, ports};
pub use spec::{Flow, LineSettings, Parity, SerialSpec};

use super::{Arrival, line};
use crate::clock::Clock;
use crate::error::LinkError;

/// Characters that are written between two looks at DSR: what a device may still take that has
/// just said "wait" (the E3632A has a buffer of about 100, user's guide p. 61).
const UNLESS_READY: usize = 32;
/// How often DSR is looked at.
const LOOK: Period = Period::millis(1);
/// How long a device may say "wait".
const PATIENCE: Period = Period::millis(5_000);

/// An open port.
#[derive(Debug)]
pub(super) struct End {
    port: SerialStream,
    clock: Clock,
    /// Whether DSR is looked at before characters are sent.
    heeds_dsr: bool,
}

impl End {
    /// Opens a port, for nobody else as long as it is open: `TIOCEXCL`, and a lock on its file
    /// for who is root.
    pub(super) fn open(spec: &SerialSpec, clock: Clock) -> Result<End, LinkError> {
        let named = || spec.to_string();
        let path = spec.port.path().map_err(|error| {
            let why = error.to_string();
            match error {
                NoPort::Absent { .. } => LinkError::Absent { line: named(), why },
                NoPort::Several { .. } => LinkError::Open { line: named(), why },
            }
        })?;
        if let Some(why) = trouble::claimed(&path) {
            return Err(LinkError::Busy { line: named(), why });
        }
        let line = spec.line;
        let builder = tokio_serial::new(path.to_string_lossy(), line.baud)
            .data_bits(match line.data_bits {
                5 => DataBits::Five,
                6 => DataBits::Six,
                7 => DataBits::Seven,
                _ => DataBits::Eight,
            })
            .parity(match line.parity {
                Parity::None => tokio_serial::Parity::None,
                Parity::Even => tokio_serial::Parity::Even,
                Parity::Odd => tokio_serial::Parity::Odd,
            })
            .stop_bits(match line.stop_bits {
                2 => StopBits::Two,
                _ => StopBits::One,
            })
            .flow_control(match line.flow {
                Flow::None | Flow::DtrDsr => FlowControl::None,
                Flow::RtsCts => FlowControl::Hardware,
                Flow::XonXoff => FlowControl::Software,
            });
        // The kernel raises DTR and RTS when the port is opened; a pseudo-terminal has neither,
        // and nothing here asks for them.
        let mut port = SerialStream::open(&builder)
            .map_err(|error| trouble::sorted(named(), &path, &error))?;
        // What came before the port was opened answers nothing that will be asked.
        let _not_every_port_can = port.clear(ClearBuffer::Input);
        // A pseudo-terminal has no such lines, and never says "wait".
        let heeds_dsr = line.flow == Flow::DtrDsr && port.read_data_set_ready().is_ok();
        if heeds_dsr {
            let _raised_already = port.write_data_terminal_ready(true);
        }
        Ok(End {
            port,
            clock,
            heeds_dsr,
        })
    }

    pub(super) async fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        if self.clock.now() < at {
            self.clock.sleep_until(at).await;
        }
        if !self.heeds_dsr {
            return line::write(&mut self.port, self.clock, &chunk).await;
        }
        for piece in chunk.chunks(UNLESS_READY) {
            self.ready().await?;
            line::write(&mut self.port, self.clock, piece).await?;
        }
        Ok(())
    }

    /// Waits until everything written is on the wire and the device says that it takes more.
    async fn ready(&mut self) -> Result<(), LinkError> {
        let deadline = self.clock.now() + PATIENCE;
        loop {
            let failed = |error: tokio_serial::Error| LinkError::Failed(error.to_string());
            let waiting = self.port.bytes_to_write().map_err(failed)?;
            if waiting == 0 && self.port.read_data_set_ready().map_err(failed)? {
                return Ok(());
            }
            let now = self.clock.now();
            if now >= deadline {
                return Err(LinkError::Stuck(PATIENCE));
            }
            self.clock.sleep_until(now + LOOK).await;
        }
    }

    pub(super) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        line::read(&mut self.port, self.clock, line::READ_BYTES).await
    }
}
