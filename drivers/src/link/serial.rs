//! A serial port of this machine. The far end of a pseudo-terminal is one too.

use bytes::Bytes;
use profiles::time::BenchTime;
use tokio_serial::{ClearBuffer, DataBits, FlowControl, SerialPort, SerialStream, StopBits};

use super::spec::{Flow, LineSpec, Parity, SerialSpec};
use super::{Arrival, line};
use crate::clock::Clock;
use crate::error::LinkError;

/// An open port.
#[derive(Debug)]
pub(super) struct End {
    port: SerialStream,
    clock: Clock,
}

impl End {
    /// Opens a port, for nobody else as long as it is open.
    pub(super) fn open(spec: &SerialSpec, clock: Clock) -> Result<End, LinkError> {
        let builder = tokio_serial::new(spec.path.to_string_lossy(), spec.baud)
            .data_bits(match spec.data_bits {
                5 => DataBits::Five,
                6 => DataBits::Six,
                7 => DataBits::Seven,
                _ => DataBits::Eight,
            })
            .parity(match spec.parity {
                Parity::None => tokio_serial::Parity::None,
                Parity::Even => tokio_serial::Parity::Even,
                Parity::Odd => tokio_serial::Parity::Odd,
            })
            .stop_bits(match spec.stop_bits {
                2 => StopBits::Two,
                _ => StopBits::One,
            })
            .flow_control(match spec.flow {
                Flow::None => FlowControl::None,
                Flow::RtsCts => FlowControl::Hardware,
                Flow::XonXoff => FlowControl::Software,
            });
        // The kernel raises DTR and RTS when the port is opened; a pseudo-terminal has neither,
        // and nothing here asks for them.
        let port = SerialStream::open(&builder).map_err(|error| LinkError::Open {
            line: LineSpec::Serial(spec.clone()).to_string(),
            why: error.to_string(),
        })?;
        // What came before the port was opened answers nothing that will be asked.
        let _not_every_port_can = port.clear(ClearBuffer::Input);
        Ok(End { port, clock })
    }

    pub(super) async fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        if self.clock.now() < at {
            self.clock.sleep_until(at).await;
        }
        line::write(&mut self.port, self.clock, &chunk).await
    }

    pub(super) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        line::read(&mut self.port, self.clock, line::READ_BYTES).await
    }
}
