//! The near end of a pseudo-terminal, which plays a device on a serial line. Its far end is a
//! serial port to everybody else, and is found under the name that it was published by.

use std::io;
use std::path::Path;

use bytes::Bytes;
use profiles::time::BenchTime;
use tokio_serial::{SerialPort, SerialStream};

use super::line::{self, Pace, Published};
use super::{Arrival, Pacing};
use crate::clock::Clock;
use crate::error::LinkError;

/// The near end.
#[derive(Debug)]
pub(super) struct End {
    // First, so that the name is gone before what it leads to.
    published: Vec<Published>,
    near: SerialStream,
    /// Held open and raw: without it the near end hears itself until the first client comes, and
    /// an error after the last went.
    _far: SerialStream,
    pace: Pace,
    clock: Clock,
}

impl End {
    /// Makes a pseudo-terminal, and publishes its far end as the symbolic link `path`.
    pub(super) fn publish(path: &Path, clock: Clock, pacing: Pacing) -> Result<End, LinkError> {
        let error = |why: String| LinkError::Open {
            line: path.display().to_string(),
            why,
        };
        let (near, far) = SerialStream::pair().map_err(|why| error(why.to_string()))?;
        let name = far
            .name()
            .ok_or_else(|| error("the pseudo-terminal has no name".to_owned()))?;
        Ok(End {
            published: vec![Published::link(path, Path::new(&name))?],
            near,
            _far: far,
            pace: Pace::new(clock, pacing),
            clock,
        })
    }

    /// Gives its far end another name.
    pub(super) fn publish_also(&mut self, path: &Path) -> Result<(), LinkError> {
        let target = self
            .published
            .first()
            .map(Published::says)
            .map(Path::to_owned);
        if let Some(target) = target {
            self.published.push(Published::link(path, &target)?);
        }
        Ok(())
    }

    pub(super) fn over(&self, at: BenchTime, chunk: &[u8]) -> BenchTime {
        self.pace.gone_at(at, chunk)
    }

    /// Sends as a device on a serial line does: what nobody takes is lost.
    pub(super) async fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        self.pace.leave(at, &chunk).await;
        let mut rest = &chunk[..];
        while !rest.is_empty() {
            match self.near.try_write(rest) {
                Ok(length) => rest = &rest[length..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(line::failed(&error)),
            }
        }
        Ok(())
    }

    pub(super) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        if !self.pace.is_coming() {
            let piece = self.pace.piece();
            let arrival = line::read(&mut self.near, self.clock, piece).await?;
            self.pace.comes(arrival);
        }
        self.pace.there().await
    }
}
