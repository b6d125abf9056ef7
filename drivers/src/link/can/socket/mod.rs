//! A CAN interface of this machine, by the kernel's raw sockets (SocketCAN).
//!
//! What was sent comes back when it was on the bus (`CAN_RAW_RECV_OWN_MSGS`), what the kernel had
//! to throw away is counted (`SO_RXQ_OVFL`), and an interface that goes down is noticed: it shows
//! as an error on the descriptor, not as something to read.

mod heard;
mod interface;
mod read;
mod stamp;

use bytes::Bytes;
use profiles::time::{BenchTime, Period};
use rustix::io::{Errno, write};
use socketcan::{CanFdSocket, CanFilter, SocketOptions};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

pub(in crate::link) use interface::is_virtual;

use self::heard::Heard;
use super::{BusFrame, BusNeeds, BusTrouble, CanIds, CanSpec, EXTENDED, FRAME_BYTES, REMOTE};
use crate::clock::Clock;
use crate::error::LinkError;
use crate::link::Arrival;

/// The most filters that a socket takes (`CAN_RAW_FILTER_MAX` of `linux/can.h`).
const MOST_FILTERS: usize = 512;
/// Frames that may be on their way to the bus. Interfaces queue ten by default, and adapters some
/// more.
const WINDOW: usize = 64;
/// Frames that are read before anybody else has a turn.
const AT_ONCE: usize = 256;
/// How long it is tried again to send what the interface's queue has no room for.
const STUCK: Period = Period::millis(2_000);
/// How long is waited for room in the interface's queue before the next try, µs: two of the
/// longest frames at 1 Mbit/s.
const ROOM_US: u64 = 300;

/// One end of a bus.
#[derive(Debug)]
pub(in crate::link) struct End {
    socket: AsyncFd<CanFdSocket>,
    clock: Clock,
    heard: Heard,
}

impl End {
    /// Opens an interface.
    pub(in crate::link) fn open(spec: &CanSpec, clock: Clock) -> Result<End, LinkError> {
        let failed = |why: String| LinkError::Open {
            line: spec.to_string(),
            why,
        };
        let name = spec.interface.as_str();
        let (socket, settings) = interface::open(name, spec.bit_rate).map_err(failed)?;
        read::set_up(&socket).map_err(|error| failed(error.to_string()))?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        #[expect(
            deprecated,
            reason = "its successor is unsafe for types that change their descriptor; a socket does not"
        )]
        let socket = AsyncFd::with_interest(socket, interest);
        Ok(End {
            socket: socket.map_err(|error| failed(error.to_string()))?,
            clock,
            heard: Heard::new(name, settings, clock),
        })
    }

    /// Has the kernel keep back every frame that this device does not need.
    pub(in crate::link) fn need(&mut self, needs: BusNeeds) -> Result<(), LinkError> {
        let identifiers = needs.identifiers();
        let socket = self.socket.get_ref();
        let set = if identifiers.is_empty() || identifiers.len() > MOST_FILTERS {
            socket.set_filter_accept_all()
        } else {
            // What was sent comes back through the same filters.
            let filters: Vec<CanFilter> = identifiers.into_iter().map(filter).collect();
            socket.set_filters(&filters)
        };
        set.map_err(|error| LinkError::Failed(error.to_string()))?;
        self.heard.needs = Some(needs);
        Ok(())
    }

    /// Sends a frame at `at`: hands it to the interface, for whose queue it waits.
    pub(in crate::link) async fn send_at(
        &mut self,
        at: BenchTime,
        chunk: Bytes,
    ) -> Result<(), LinkError> {
        if self.clock.now() < at {
            self.clock.sleep_until(at).await;
        }
        let clock = self.clock;
        let gives_up = clock.now() + STUCK;
        loop {
            match write(self.socket.get_ref(), &chunk) {
                Ok(_) => break,
                Err(Errno::INTR) => {}
                Err(Errno::NOBUFS | Errno::AGAIN) if clock.now() < gives_up => {
                    // Room comes as frames leave, which shows as their return; listening
                    // meanwhile keeps the other direction from flowing over.
                    let soon = clock.now().plus_micros(ROOM_US);
                    if let Some(filled) = clock.until(soon, self.fill()).await {
                        filled?;
                    }
                }
                Err(Errno::NOBUFS | Errno::AGAIN) => return Err(LinkError::Stuck(STUCK)),
                Err(errno) => return Err(self.cannot_send(errno, &chunk)),
            }
        }
        self.heard.sent(chunk);
        // A virtual bus takes everything at once, and what returns would flow over unread.
        while self.heard.unconfirmed() >= WINDOW {
            match clock.until(self.heard.due(), self.fill()).await {
                Some(filled) => filled?,
                None => self.heard.overdue(),
            }
        }
        Ok(())
    }

    /// The next frame that somebody else sent, or what the controller tells. Cancel-safe.
    pub(in crate::link) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        loop {
            if let Some(next) = self.heard.next() {
                return next;
            }
            let (clock, due) = (self.clock, self.heard.due());
            match clock.until(due, self.fill()).await {
                Some(filled) => filled?,
                None => self.heard.overdue(),
            }
        }
    }

    /// Frames that were sent and not seen on the bus yet.
    pub(in crate::link) fn unconfirmed(&self) -> usize {
        self.heard.unconfirmed()
    }

    /// Waits until something is there, and reads what is.
    async fn fill(&mut self) -> Result<(), LinkError> {
        let interest = Interest::READABLE | Interest::ERROR;
        let failed = |error: std::io::Error| LinkError::Failed(error.to_string());
        let mut ready = self.socket.ready(interest).await.map_err(failed)?;
        for _ in 0..AT_ONCE {
            match read::one(self.socket.get_ref(), self.heard.unconfirmed() > 0) {
                Ok(Some(read)) => self.heard.take(&read),
                Ok(None) => {
                    ready.clear_ready();
                    break;
                }
                Err(Errno::INTR) => {}
                // What was heard before it is still there to be read.
                Err(errno) => {
                    self.heard.failed(errno)?;
                }
            }
        }
        Ok(())
    }

    fn cannot_send(&mut self, errno: Errno, chunk: &Bytes) -> LinkError {
        let fd = chunk.len() > FRAME_BYTES;
        match (errno, BusFrame::from_bytes(chunk)) {
            (Errno::INVAL | Errno::MSGSIZE, Some(BusFrame::Fd(frame))) if fd => {
                LinkError::Bus(BusTrouble::NoFd {
                    interface: self.heard.name().to_owned(),
                    id: frame.id,
                })
            }
            // What is known is told again by the next `receive`, which is where links are lost.
            (errno, _) => match self.heard.failed(errno) {
                Ok(trouble) => LinkError::Bus(trouble),
                Err(error) => error,
            },
        }
    }
}

/// A filter that lets some identifiers pass, in data frames of CAN 2.0 and CAN FD.
fn filter(ids: CanIds) -> CanFilter {
    CanFilter::new(ids.id.word(), ids.mask() | EXTENDED | REMOTE)
}
