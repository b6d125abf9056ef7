//! One frame from a raw CAN socket, with what the kernel tells beside it.

use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;
use std::time::Duration;

use bytes::Bytes;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, Timestamps, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvFlags};
use socketcan::timestamp::{
    SOF_TIMESTAMPING_OPT_CMSG, SOF_TIMESTAMPING_RAW_HARDWARE, SOF_TIMESTAMPING_RX_HARDWARE,
    SOF_TIMESTAMPING_RX_SOFTWARE, SOF_TIMESTAMPING_SOFTWARE,
};
use socketcan::{CanFdSocket, SocketOptions};

use super::stamp::Stamps;

/// Bytes of frames that may wait to be read: the kernel counts some 800 for each, and a bus at
/// 1 Mbit/s carries at most 21,000 a second, so this is half a second of the worst.
const WAITING_BYTES: usize = 8 << 20;
/// Bytes of the longest frame, of CAN FD.
const FRAME: usize = 72;
/// `MSG_CONFIRM` of `socket(7)`: the frame was sent by this very socket ("RAW socket option
/// `CAN_RAW_RECV_OWN_MSGS`" in the kernel's documentation of SocketCAN).
const OWN: u32 = 0x800;

/// A frame, and what the kernel tells of it.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) chunk: Bytes,
    pub(super) stamps: Stamps,
    /// Frames that the kernel threw away so far, as it counts; it does not tell zero.
    pub(super) lost: Option<u32>,
    /// Whether this socket sent it.
    pub(super) own: bool,
}

/// Asks the kernel for everything that it can tell.
pub(super) fn set_up(socket: &CanFdSocket) -> io::Result<()> {
    socket.set_error_filter_accept_all()?;
    socket.set_recv_own_msgs(true)?;
    let both = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
    let told = SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_SOFTWARE;
    socket.set_timestamping(both | told | SOF_TIMESTAMPING_OPT_CMSG)?;
    let raw = socketcan::Socket::as_raw_socket(socket);
    setsockopt(raw, sockopt::RxqOvfl, &1)?;
    // Beyond what the system allows everybody, where this user may; else as much as it allows.
    if setsockopt(raw, sockopt::RcvBufForce, &WAITING_BYTES).is_err() {
        setsockopt(raw, sockopt::RcvBuf, &WAITING_BYTES)?;
    }
    Ok(())
}

/// Reads one frame; `None` if none is there. `sent`: whether one may be this socket's own.
pub(super) fn one(socket: &CanFdSocket, sent: bool) -> Result<Option<Read>, Errno> {
    // The call that gives the stamps drops the flag, and the one that gives the flag knows no
    // stamps: the flag is looked at first, and only where it can be set.
    let own = match if sent { is_own(socket) } else { Ok(false) } {
        Ok(own) => own,
        Err(Errno::AGAIN) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    let mut frame = [0; FRAME];
    let mut beside = nix::cmsg_space!(Timestamps, u32);
    let mut parts = [IoSliceMut::new(&mut frame)];
    let descriptor = socket.as_raw_fd();
    let message = recvmsg::<()>(
        descriptor,
        &mut parts,
        Some(&mut beside),
        MsgFlags::MSG_DONTWAIT,
    );
    let message = match message {
        Ok(message) => message,
        Err(nix::errno::Errno::EAGAIN) => return Ok(None),
        Err(errno) => return Err(Errno::from_raw_os_error(errno as i32)),
    };
    let (mut stamps, mut lost) = (Stamps::default(), None);
    for told in message.cmsgs().into_iter().flatten() {
        match told {
            ControlMessageOwned::ScmTimestampsns(told) => {
                stamps.kernel = since(told.system);
                stamps.adapter = since(told.hw_raw);
            }
            ControlMessageOwned::RxqOvfl(frames) => lost = Some(frames),
            _ => {}
        }
    }
    let length = message.bytes;
    Ok(Some(Read {
        chunk: Bytes::copy_from_slice(&frame[..length]),
        stamps,
        lost,
        own,
    }))
}

fn is_own(socket: &CanFdSocket) -> Result<bool, Errno> {
    let mut frame = [0; FRAME];
    let message = rustix::net::recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut frame)],
        &mut RecvAncillaryBuffer::default(),
        RecvFlags::PEEK | RecvFlags::DONTWAIT,
    )?;
    Ok(message.flags.bits() & OWN != 0)
}

/// A time that was stamped; zero stands for none.
fn since(stamp: TimeSpec) -> Option<Duration> {
    let stamp = Duration::from(stamp);
    (!stamp.is_zero()).then_some(stamp)
}
