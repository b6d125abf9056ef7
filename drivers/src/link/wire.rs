//! What a link can be behind its one face.

use bytes::Bytes;
use profiles::time::BenchTime;

use super::{Arrival, Link, bus, can, memory, pty, qemu, rfc2217, serial, tcp};
use crate::error::LinkError;

#[derive(Debug)]
pub(super) enum Wire {
    Memory(memory::End),
    /// A node of a CAN bus in this process.
    CanNode(can::bus::node::Node),
    Serial(serial::End),
    Tcp(tcp::Client),
    // They keep what they have heard and wait for.
    Can(Box<can::End>),
    Rfc2217(rfc2217::Client),
    /// One device's end of a line that several share.
    Tap(bus::Tap),
    /// The UART of a firmware in QEMU.
    Qemu(qemu::End),
    /// Plays a device on a serial line.
    Pty(pty::End),
    /// Plays a device on a socket.
    TcpServer(tcp::Server),
}

impl Wire {
    pub(super) async fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        match self {
            Wire::Memory(end) => end.send_at(at, chunk),
            Wire::CanNode(node) => node.send_at(at, &chunk),
            Wire::Serial(end) => end.send_at(at, chunk).await,
            Wire::Tcp(end) => end.send_at(at, chunk).await,
            Wire::Rfc2217(end) => end.send_at(at, chunk).await,
            Wire::Can(end) => end.send_at(at, chunk).await,
            Wire::Tap(end) => end.send_at(at, chunk).await,
            Wire::Qemu(end) => end.send_at(at, chunk).await,
            Wire::Pty(end) => end.send_at(at, chunk).await,
            Wire::TcpServer(end) => end.send_at(at, chunk).await,
        }
    }

    pub(super) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        match self {
            Wire::Memory(end) => end.receive().await,
            Wire::CanNode(node) => node.receive().await,
            Wire::Serial(end) => end.receive().await,
            Wire::Tcp(end) => end.receive().await,
            Wire::Rfc2217(end) => end.receive().await,
            Wire::Can(end) => end.receive().await,
            Wire::Tap(end) => end.receive().await,
            Wire::Qemu(end) => end.receive().await,
            Wire::Pty(end) => end.receive().await,
            Wire::TcpServer(end) => end.receive().await,
        }
    }

    pub(super) fn can(end: can::End) -> Link {
        Wire::Can(Box::new(end)).end()
    }

    pub(super) fn end(self) -> Link {
        Link {
            wire: self,
            faults: None,
            manners: None,
            meter: None,
            witness: None,
            trouble: None,
            fence: None,
        }
    }
}
