//! What can go wrong on a CAN bus once it is open: which, and what mends it.

use profiles::time::Period;

use super::CanId;

/// A bus, its controller or its adapter failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusTrouble {
    /// Somebody, or the system, took the interface down.
    #[error(
        "the CAN interface `{interface}` went down; `sudo ip link set {interface} up` starts it again"
    )]
    Down {
        /// Which.
        interface: String,
    },
    /// The interface is there no more.
    #[error("the CAN interface `{interface}` is gone; is its adapter still plugged in?")]
    Gone {
        /// Which.
        interface: String,
    },
    /// Frames came faster than they were read.
    #[error(
        "`{interface}` lost {frames} frames that were not read in time; allow more of them to wait: \
         `sudo sysctl -w net.core.rmem_max=8388608`"
    )]
    Lost {
        /// Where.
        interface: String,
        /// How many frames since the last look.
        frames: u32,
    },
    /// Nothing but errors was heard.
    #[error(
        "on `{interface}` there is nothing but errors ({errors}), the last of them: {last}; check the \
         cable, the termination and the bit rate{}: `sudo ip link set {interface} down && sudo ip link \
         set {interface} type can bitrate RATE && sudo ip link set {interface} up`",
        set_to(*bit_rate)
    )]
    OnlyErrors {
        /// Where.
        interface: String,
        /// How many error frames.
        errors: u32,
        /// What the last of them says.
        last: String,
        /// What the interface is set to, bit/s.
        bit_rate: Option<u32>,
    },
    /// The controller took itself off the bus.
    #[error(
        "the controller of `{interface}` is off the bus after too many errors, and did not start again \
         within {limit}; check the cable and the bit rate, then `sudo ip link set {interface} type can \
         restart` (or `… restart-ms 100` while it is down, to have it do so by itself)"
    )]
    BusOff {
        /// Whose.
        interface: String,
        /// How long it was waited for.
        limit: Period,
    },
    /// Octets of an adapter's line meant nothing: some were lost, and frames with them.
    #[error(
        "{octets} octets on `{line}` are no line of an slcan adapter: some of it was lost on its way"
    )]
    Garbled {
        /// Which line.
        line: String,
        /// How many octets.
        octets: usize,
    },
    /// An adapter lost frames.
    #[error(
        "the adapter at `{line}` lost frames: its queue was full, because its line is slower than the bus"
    )]
    Overrun {
        /// Which line.
        line: String,
    },
    /// An adapter tells of errors, and of no frame.
    #[error(
        "the adapter at `{line}` tells of errors on the bus and of no frame; check the cable, the \
         termination and the bit rate{}",
        set_to(*bit_rate)
    )]
    Misunderstood {
        /// Which line.
        line: String,
        /// What the adapter is set to, bit/s.
        bit_rate: Option<u32>,
    },
    /// A server of CAN over TCP ended the session.
    #[error("`{line}` says: {text}")]
    Refused {
        /// Which server.
        line: String,
        /// Its words.
        text: String,
    },
    /// The interface takes no frames of CAN FD.
    #[error(
        "`{interface}` does not take the CAN FD frame {id}; allow them: `sudo ip link set {interface} \
         down && sudo ip link set {interface} type can bitrate RATE dbitrate RATE fd on && sudo ip link \
         set {interface} up`"
    )]
    NoFd {
        /// Which.
        interface: String,
        /// What was sent.
        id: CanId,
    },
}

fn set_to(bit_rate: Option<u32>) -> String {
    bit_rate.map_or(String::new(), |rate| {
        format!(", which is set to {rate} bit/s")
    })
}
