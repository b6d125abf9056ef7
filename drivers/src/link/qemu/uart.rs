//! Live firmware: its first UART is a socket that QEMU connects to before the firmware starts, so
//! that nothing it says is lost.

use bytes::Bytes;
use profiles::time::{BenchTime, Period};
use tokio::net::{UnixListener, UnixStream};

use super::process::{Process, Shared};
use super::{Hears, QemuSpec};
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
    socket: UnixStream,
    process: Process,
    clock: Clock,
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
        let path = shared.path.join("uart");
        let listener = UnixListener::bind(&path).map_err(|error| failed(error.to_string()))?;
        // Instructions are counted, so that how long work takes on the firmware's own clock does not
        // depend on how busy this machine is; that clock is kept from running ahead of the wall's.
        let args = [
            "-serial".to_owned(),
            format!("unix:{}", path.display()),
            "-icount".to_owned(),
            format!("shift={},sleep=on,align=on", spec.shift),
        ];
        let mut process = Process::start(spec, shared, &args)?;
        for _ in 0..LOOKS {
            match clock.within(LOOK, listener.accept()).await {
                Ok(Ok((socket, _))) => {
                    return Ok(End {
                        socket,
                        process,
                        clock,
                    });
                }
                Ok(Err(error)) => return Err(failed(error.to_string())),
                Err(_) => {
                    if let Some(why) = process.ended() {
                        return Err(failed(why));
                    }
                }
            }
        }
        Err(failed("QEMU did not start within 5 s".to_owned()))
    }

    pub(in crate::link) async fn send_at(
        &mut self,
        at: BenchTime,
        chunk: Bytes,
    ) -> Result<(), LinkError> {
        if self.clock.now() < at {
            self.clock.sleep_until(at).await;
        }
        line::write(&mut self.socket, self.clock, &chunk).await
    }

    /// # Errors
    /// If the firmware ended, with what it said last.
    pub(in crate::link) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        match line::read(&mut self.socket, self.clock, line::READ_BYTES).await {
            Err(LinkError::Closed) => {
                // Its socket closes a moment before it has ended.
                for _ in 0..LOOKS {
                    if let Some(why) = self.process.ended() {
                        return Err(LinkError::Failed(why));
                    }
                    self.clock.sleep_until(self.clock.now() + LOOK).await;
                }
                Err(LinkError::Closed)
            }
            other => other,
        }
    }
}
