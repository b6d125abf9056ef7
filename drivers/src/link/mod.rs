//! Links: one end of a wire that moves chunks. A chunk is some bytes on a stream, or one frame
//! on CAN; a link stamps what arrives with bench time and does not look inside.

mod arrival;
mod bus;
pub mod can;
mod faults;
mod line;
mod manners;
mod memory;
mod meter;
mod pty;
pub mod qemu;
pub mod rfc2217;
mod serial;
mod spec;
mod tcp;
#[cfg(test)]
mod tests;
mod wire;
mod witness;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use profiles::time::{BenchTime, Period};

pub use arrival::{Arrival, Stamp};
pub use bus::{Bus, party};
pub use can::{BusNeeds, CanSpec, SlcanSpec, SocketcandSpec};
pub use faults::{LinkFaults, Trouble};
pub use manners::Manners;
pub use memory::Pacing;
pub use memory::Socket;
pub use meter::Meter;
pub use qemu::{QemuMode, QemuSpec};
pub use serial::{Flow, LineSettings, NoPort, Parity, Port, PortName, SerialSpec, UsbPort, ports};
pub use spec::{LineSpec, LinkSpec, LinkSpecError, TcpSpec};
pub use witness::{Direction, Fence, Witness};

use self::can::bus::BitRates;
use self::manners::Kept;
use self::wire::Wire;
use crate::clock::Clock;
use crate::error::LinkError;

/// One end of a wire.
#[derive(Debug)]
pub struct Link {
    wire: Wire,
    faults: Option<LinkFaults>,
    manners: Option<Box<Kept>>,
    meter: Option<Meter>,
    witness: Option<Witness>,
    fence: Option<Fence>,
    /// Why the far end closed, if that is told.
    trouble: Option<Arc<OnceLock<String>>>,
}

impl Link {
    /// Two ends of one wire in this process: what one sends, the other receives.
    pub fn pair(clock: Clock, pacing: Pacing) -> (Link, Link) {
        let (near, far) = memory::pair(clock, pacing);
        (Wire::Memory(near).end(), Wire::Memory(far).end())
    }

    /// The nodes of one CAN bus in this process: what one sends, all others receive, when it has
    /// won the bus and is over.
    pub fn can_bus(clock: Clock, rates: BitRates, nodes: usize) -> Vec<Link> {
        let nodes = can::bus::node::nodes(clock, rates, nodes);
        let ends = nodes.into_iter().map(|node| Wire::CanNode(node).end());
        ends.collect()
    }

    /// The near end of a line that leaves this process, for a driver. Needs the runtime's I/O
    /// driver, and real time.
    ///
    /// # Errors
    /// If there is no such port or host, or somebody else holds it.
    pub async fn open(line: &LineSpec, clock: Clock) -> Result<Link, LinkError> {
        Ok(match line {
            LineSpec::Serial(spec) => Wire::Serial(serial::End::open(spec, clock)?).end(),
            LineSpec::Tcp(spec) => Wire::Tcp(tcp::Client::connect(spec, clock).await?).end(),
            LineSpec::Can(spec) => {
                Wire::can(can::End::Socket(can::socket::End::open(spec, clock)?))
            }
            LineSpec::Slcan(spec) => {
                Wire::can(can::End::Slcan(can::slcan::End::open(spec, clock).await?))
            }
            LineSpec::Socketcand(spec) => {
                let client = can::socketcand::Client::connect(spec, clock).await?;
                Wire::can(can::End::Socketcand(client))
            }
            LineSpec::Rfc2217(spec) => {
                Wire::Rfc2217(rfc2217::Client::connect(spec, clock).await?).end()
            }
        })
    }

    /// Starts a firmware in QEMU, live, and leads to its UART. It ends when the link is dropped. Needs
    /// the runtime's I/O driver, and real time.
    ///
    /// # Errors
    /// If QEMU does not start, with what it said.
    pub async fn start(spec: &QemuSpec, clock: Clock) -> Result<Link, LinkError> {
        Ok(Wire::Qemu(qemu::End::start(spec, clock).await?).end())
    }

    /// An end for an emulator: the other is a serial port, found under the symbolic link `path`.
    /// What is sent and heard takes the time that `pacing` says.
    ///
    /// # Errors
    /// If there is no pseudo-terminal, or the name cannot be given.
    pub fn publish_pty(path: &Path, clock: Clock, pacing: Pacing) -> Result<Link, LinkError> {
        Ok(Wire::Pty(pty::End::publish(path, clock, pacing)?).end())
    }

    /// An end for an emulator: a TCP port of this machine, whose address the file `path` holds.
    /// What is sent and heard takes the time that `pacing` says.
    ///
    /// # Errors
    /// If there is no port, or the file cannot be written.
    pub async fn publish_tcp(path: &Path, clock: Clock, pacing: Pacing) -> Result<Link, LinkError> {
        Ok(Wire::TcpServer(tcp::Server::publish(path, clock, pacing).await?).end())
    }

    /// An end of a CAN bus for an emulator. The other is behind an adapter that speaks Lawicel's
    /// language (slcan), at a serial port that is found under the symbolic link `path`. Frames
    /// take the time that they take on a bus of this bit rate.
    ///
    /// # Errors
    /// If there is no pseudo-terminal, or the name cannot be given.
    pub fn publish_slcan(path: &Path, clock: Clock, bit_rate: u32) -> Result<Link, LinkError> {
        let end = can::slcan::Published::publish(path, clock, bit_rate)?;
        Ok(Wire::can(can::End::Adapter(end)))
    }

    /// An end of a CAN bus for an emulator. The other is behind a server of CAN over TCP, as
    /// socketcand is one, with the bus `can0`; the file `path` holds its address.
    ///
    /// # Errors
    /// If there is no port, or the file cannot be written.
    pub async fn publish_socketcand(
        path: &Path,
        clock: Clock,
        bit_rate: u32,
    ) -> Result<Link, LinkError> {
        let end = can::socketcand::Server::publish(path, clock, bit_rate).await?;
        Ok(Wire::can(can::End::Server(end)))
    }

    /// Publishes a published end under another name too: another device on the same line.
    ///
    /// # Errors
    /// If the name cannot be given.
    pub fn publish_also(&mut self, path: &Path) -> Result<(), LinkError> {
        match &mut self.wire {
            Wire::Pty(end) => end.publish_also(path),
            Wire::TcpServer(end) => end.publish_also(path),
            _ => Ok(()),
        }
    }

    /// The same link, on which what is *received* is dropped or damaged now and then.
    #[must_use]
    pub fn with_faults(mut self, faults: LinkFaults) -> Link {
        self.faults = Some(faults);
        self
    }

    /// The same link, on which manners are kept: what is sent waits for its pauses, and an echo is
    /// not heard. `line` is the one that leads there, for the length of its characters.
    #[must_use]
    pub fn with_manners(mut self, manners: Manners, line: &LineSpec, clock: Clock) -> Link {
        if !manners.is_plain() {
            self.manners = Some(Box::new(Kept::new(manners, line, clock)));
        }
        self
    }

    /// The same link, on which `meter` measures what is sent.
    #[must_use]
    pub fn with_meter(mut self, meter: Meter) -> Link {
        self.meter = Some(meter);
        self
    }

    /// Lets go of a line that several devices share: a conversation is over. Whoever speaks an
    /// addressed protocol says so after each answer, so that the next device need not wait for
    /// the line's silence. Other lines have nobody else who waits.
    pub fn release(&mut self) {
        if let Wire::Tap(tap) = &mut self.wire {
            tap.release();
        }
    }

    /// The same link, on which a witness is told of every chunk that is sent and received.
    #[must_use]
    pub fn with_witness(mut self, witness: Option<Witness>) -> Link {
        self.witness = witness;
        self
    }

    /// The same link, on which nothing is sent that the fence does not let through.
    #[must_use]
    pub fn with_fence(mut self, fence: Option<Fence>) -> Link {
        self.fence = fence;
        self
    }

    /// The same link, of which `trouble` says why the far end closed it.
    #[must_use]
    pub fn with_trouble(mut self, trouble: Arc<OnceLock<String>>) -> Link {
        self.trouble = Some(trouble);
        self
    }

    /// Hears only the frames that one device needs, on a bus that it may share with others. On
    /// every other link, which leads to one device, there is nothing to keep back.
    ///
    /// # Errors
    /// If the system does not take the filters.
    pub fn need(&mut self, needs: BusNeeds) -> Result<(), LinkError> {
        match &mut self.wire {
            Wire::Can(end) => end.need(needs),
            Wire::CanNode(node) => {
                node.need(needs);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Frames that were sent and have not been seen on the bus yet; zero where nothing tells.
    pub fn unconfirmed(&self) -> usize {
        match &self.wire {
            Wire::Can(end) => end.unconfirmed(),
            _ => 0,
        }
    }

    /// Sends one chunk now.
    ///
    /// # Errors
    /// If the far end is gone or takes nothing more.
    pub async fn send(&mut self, chunk: Bytes) -> Result<(), LinkError> {
        self.send_at(BenchTime::ZERO, chunk).await
    }

    /// Sends one chunk at `at`, which must not be past, or now for [`BenchTime::ZERO`]. Chunks
    /// keep their order. Memory takes a chunk before its time; every other wire waits for it.
    ///
    /// # Errors
    /// If the far end is gone or takes nothing more, or the line is another's now.
    pub async fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        if let Some(fence) = &self.fence {
            fence.pass()?;
        }
        if let Some(meter) = &self.meter {
            meter.sends(&chunk);
        }
        if let Some(witness) = &self.witness {
            witness.tell(Direction::Sent, at, &chunk);
        }
        let Some(manners) = &mut self.manners else {
            return self.wire.send_at(at, chunk).await;
        };
        let at = manners.not_before(at.max(manners.now()));
        for (at, piece) in manners.pieces(at, &chunk) {
            self.wire.send_at(at, piece).await?;
        }
        manners.sent(&chunk);
        Ok(())
    }

    /// The time until which [`Link::send_at`] would wait, so that an emulator can listen
    /// meanwhile.
    pub fn takes_at(&self, at: BenchTime, chunk: &[u8]) -> BenchTime {
        match &self.wire {
            Wire::Memory(_) | Wire::CanNode(_) => BenchTime::ZERO,
            Wire::Serial(_) | Wire::Tcp(_) | Wire::Rfc2217(_) | Wire::Tap(_) | Wire::Qemu(_) => at,
            Wire::Can(end) => end.takes_at(at, chunk),
            Wire::Pty(end) => end.over(at, chunk),
            Wire::TcpServer(end) => end.over(at, chunk),
        }
    }

    /// Forgets every chunk that is there already.
    ///
    /// # Errors
    /// If the far end is gone.
    pub async fn discard(&mut self) -> Result<(), LinkError> {
        loop {
            let stale = tokio::select! {
                biased;
                stale = self.receive() => Some(stale),
                () = std::future::ready(()) => None,
            };
            match stale {
                Some(stale) => stale?,
                None => return Ok(()),
            };
        }
    }

    /// Forgets what comes until nothing came for `length`, or until `deadline`.
    ///
    /// # Errors
    /// If the far end is gone.
    pub async fn quiet(
        &mut self,
        clock: Clock,
        length: Period,
        deadline: BenchTime,
    ) -> Result<(), LinkError> {
        while clock.now() < deadline {
            match clock.within(length, self.receive()).await {
                Ok(stale) => stale?,
                Err(_) => break,
            };
        }
        Ok(())
    }

    /// An error with the reason of the far end, if it has told one.
    fn why(&self, error: LinkError) -> LinkError {
        let trouble = self.trouble.as_ref().and_then(|trouble| trouble.get());
        match (error, trouble) {
            (LinkError::Closed, Some(why)) => LinkError::Failed(why.clone()),
            (error, _) => error,
        }
    }

    /// Waits for the next chunk. Cancel-safe: dropping the future loses nothing.
    ///
    /// # Errors
    /// If the far end is gone and nothing is left.
    pub async fn receive(&mut self) -> Result<Arrival, LinkError> {
        loop {
            let mut arrival = self.wire.receive().await.map_err(|error| self.why(error))?;
            if let Some(manners) = &mut self.manners {
                match manners.heard(arrival)? {
                    Some(rest) => arrival = rest,
                    None => continue,
                }
            }
            if let Some(faults) = &mut self.faults {
                match faults.pass(arrival.chunk.clone()) {
                    Some(chunk) => arrival.chunk = chunk,
                    None => continue,
                }
            }
            if let Some(witness) = &self.witness {
                witness.tell(Direction::Received, arrival.at, &arrival.chunk);
            }
            return Ok(arrival);
        }
    }
}
