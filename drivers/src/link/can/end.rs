//! One end of a CAN bus, whatever carries it.

use bytes::Bytes;
use profiles::time::BenchTime;

use super::{BusNeeds, slcan, socket, socketcand};
use crate::error::LinkError;
use crate::link::Arrival;

#[derive(Debug)]
pub(in crate::link) enum End {
    /// An interface of the kernel's.
    Socket(socket::End),
    /// An adapter at a serial port.
    Slcan(slcan::End),
    /// A server of CAN over TCP.
    Socketcand(socketcand::Client),
    /// Plays a device behind an adapter.
    Adapter(slcan::Published),
    /// Plays a device behind a server.
    Server(socketcand::Server),
}

impl End {
    pub(in crate::link) async fn send_at(
        &mut self,
        at: BenchTime,
        chunk: Bytes,
    ) -> Result<(), LinkError> {
        match self {
            End::Socket(end) => end.send_at(at, chunk).await,
            End::Slcan(end) => end.send_at(at, chunk).await,
            End::Socketcand(end) => end.send_at(at, chunk).await,
            End::Adapter(end) => end.send_at(at, chunk).await,
            End::Server(end) => end.send_at(at, chunk).await,
        }
    }

    pub(in crate::link) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        match self {
            End::Socket(end) => end.receive().await,
            End::Slcan(end) => end.receive().await,
            End::Socketcand(end) => end.receive().await,
            End::Adapter(end) => end.receive().await,
            End::Server(end) => end.receive().await,
        }
    }

    /// The time until which sending would wait.
    pub(in crate::link) fn takes_at(&self, at: BenchTime, chunk: &[u8]) -> BenchTime {
        match self {
            End::Socket(_) | End::Slcan(_) | End::Socketcand(_) => at,
            End::Adapter(end) => end.over(at, chunk),
            End::Server(end) => end.over(at, chunk),
        }
    }

    pub(in crate::link) fn need(&mut self, needs: BusNeeds) -> Result<(), LinkError> {
        match self {
            End::Socket(end) => return end.need(needs),
            End::Slcan(end) => end.need(needs),
            End::Socketcand(end) => end.need(needs),
            // A device hears everything, and heeds what is meant for it.
            End::Adapter(_) | End::Server(_) => {}
        }
        Ok(())
    }

    /// Frames that were sent and not seen on the bus yet, where that is known.
    pub(in crate::link) fn unconfirmed(&self) -> usize {
        match self {
            End::Socket(end) => end.unconfirmed(),
            End::Slcan(end) => end.unconfirmed(),
            End::Socketcand(_) | End::Adapter(_) | End::Server(_) => 0,
        }
    }
}
