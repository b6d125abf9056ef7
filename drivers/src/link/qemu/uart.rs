//! Live firmware: its first UART is a socket that QEMU connects to before the firmware starts, or a
//! pseudo-terminal that is open before QEMU is there, so that nothing it says is lost.

use bytes::Bytes;
use profiles::time::{BenchTime, Period};
use tokio::net::{UnixListener, UnixStream};
use tokio_serial::{SerialPort, SerialStream};

use super::process::{Process, Shared};
use super::{Hears, QemuSpec, Uart};
use crate::clock::Clock;
use crate::error::LinkError;
use crate::link::{Arrival, line};

/// How often it is looked whether QEMU has ended before it connected.
const LOOK: Period = Period::millis(100);
/// Looks until QEMU counts as stuck: five seconds, a hundred times what it takes.
const LOOKS: u32 = 50;

/// The line of live firmware.
#[derive(Debug)]
pub(in crate::link) struct End {
    line: Near,
    process: Process,
    clock: Clock,
}

/// This end of it.
#[derive(Debug)]
enum Near {
    Socket(UnixStream),
    Pty {
        near: SerialStream,
        /// Held open and raw: the near end would hear itself until QEMU comes.
        _far: SerialStream,
    },
}

impl End {
    /// Starts the firmware.
    ///
    /// # Errors
    /// If QEMU does not start.
    pub(in crate::link) async fn start(spec: &QemuSpec, clock: Clock) -> Result<End, LinkError> {
        let failed = |why: String| LinkError::Open {
            line: spec.to_string(),
            why,
        };
        let shared = Shared::new().map_err(|error| failed(error.to_string()))?;
        let room = Hears::ROOM.record(0);
        std::fs::write(shared.path.join("sensors"), room)
            .map_err(|error| failed(error.to_string()))?;
        let socket = shared.path.join("uart");
        let (waits, serial) = match spec.uart {
            Uart::Socket => {
                let listener = UnixListener::bind(&socket);
                let listener = listener.map_err(|error| failed(error.to_string()))?;
                (Waits::For(listener), format!("unix:{}", socket.display()))
            }
            Uart::Pty => {
                let pair = SerialStream::pair().map_err(|error| failed(error.to_string()))?;
                let (near, far) = pair;
                let name = far.name();
                let name =
                    name.ok_or_else(|| failed("the pseudo-terminal has no name".to_owned()))?;
                (Waits::There(Near::Pty { near, _far: far }), name)
            }
        };
        // Instructions are counted, so that how long work takes on the firmware's own clock does not
        // depend on how busy this machine is; that clock is kept from running ahead of the wall's.
        let args = [
            "-serial".to_owned(),
            serial,
            "-icount".to_owned(),
            format!("shift={},sleep=on,align=on", spec.shift),
        ];
        let mut process = Process::start(spec, shared, &args)?;
        let line = match waits {
            Waits::There(line) => line,
            Waits::For(listener) => {
                let socket = met(&listener, &mut process, clock).await;
                Near::Socket(socket.map_err(failed)?)
            }
        };
        Ok(End {
            line,
            process,
            clock,
        })
    }

    pub(in crate::link) async fn send_at(
        &mut self,
        at: BenchTime,
        chunk: Bytes,
    ) -> Result<(), LinkError> {
        if self.clock.now() < at {
            self.clock.sleep_until(at).await;
        }
        match &mut self.line {
            Near::Socket(socket) => line::write(socket, self.clock, &chunk).await,
            Near::Pty { near, .. } => line::write(near, self.clock, &chunk).await,
        }
    }

    /// # Errors
    /// If the firmware ended, with what it said last.
    pub(in crate::link) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        let heard = match &mut self.line {
            Near::Socket(socket) => line::read(socket, self.clock, line::READ_BYTES).await,
            Near::Pty { near, .. } => loop {
                // It stays open when QEMU ends.
                let read = line::read(near, self.clock, line::READ_BYTES);
                match self.clock.within(LOOK, read).await {
                    Ok(heard) => break heard,
                    Err(_) => {
                        if let Some(ended) = self.process.ended() {
                            return Err(LinkError::Failed(ended.why));
                        }
                    }
                }
            },
        };
        if !matches!(heard, Err(LinkError::Closed)) {
            return heard;
        }
        // Its socket closes a moment before it has ended.
        for _ in 0..LOOKS {
            if let Some(ended) = self.process.ended() {
                return Err(LinkError::Failed(ended.why));
            }
            self.clock.sleep_until(self.clock.now() + LOOK).await;
        }
        Err(LinkError::Closed)
    }
}

/// What there is before QEMU starts.
enum Waits {
    For(UnixListener),
    There(Near),
}

/// Waits until QEMU connects.
async fn met(
    listener: &UnixListener,
    process: &mut Process,
    clock: Clock,
) -> Result<UnixStream, String> {
    for _ in 0..LOOKS {
        match clock.within(LOOK, listener.accept()).await {
            Ok(Ok((socket, _))) => return Ok(socket),
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => {
                if let Some(ended) = process.ended() {
                    return Err(ended.why);
                }
            }
        }
    }
    Err("QEMU did not start within 5 s".to_owned())
}
