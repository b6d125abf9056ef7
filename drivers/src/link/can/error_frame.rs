//! Error frames: what a CAN controller tells of its bus, as Linux hands it to programs
//! (`linux/can/error.h`, and "Error frames" in the kernel's documentation of SocketCAN).

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use super::{ERROR, EXTENDED_MASK, FRAME_BYTES};

/// What an error frame is about; several may be set at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes(pub u32);

impl Classes {
    /// The driver gave up to send (`CAN_ERR_TX_TIMEOUT`).
    pub const TX_TIMEOUT: Classes = Classes(0x001);
    /// Another frame won the bus (`CAN_ERR_LOSTARB`); the octet 0 says at which bit.
    pub const LOST_ARBITRATION: Classes = Classes(0x002);
    /// The controller's state or buffers (`CAN_ERR_CRTL`), in octet 1.
    pub const CONTROLLER: Classes = Classes(0x004);
    /// A frame broke the protocol (`CAN_ERR_PROT`), in octets 2 and 3.
    pub const PROTOCOL: Classes = Classes(0x008);
    /// The transceiver (`CAN_ERR_TRX`), in octet 4.
    pub const TRANSCEIVER: Classes = Classes(0x010);
    /// Nobody acknowledged (`CAN_ERR_ACK`).
    pub const NO_ACK: Classes = Classes(0x020);
    /// The controller took itself off the bus (`CAN_ERR_BUSOFF`).
    pub const BUS_OFF: Classes = Classes(0x040);
    /// An error on the bus (`CAN_ERR_BUSERROR`).
    pub const BUS_ERROR: Classes = Classes(0x080);
    /// The controller started anew after bus-off (`CAN_ERR_RESTARTED`).
    pub const RESTARTED: Classes = Classes(0x100);
    /// Octets 6 and 7 hold the error counters (`CAN_ERR_CNT`).
    pub const COUNTERS: Classes = Classes(0x200);

    /// Whether all of `other` are set.
    pub fn has(self, other: Classes) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What a controller told of its bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorFrame {
    /// What it is about.
    pub classes: Classes,
    /// Details, by class.
    pub detail: [u8; 8],
}

/// Bits of octet 1, and what they say.
const CONTROLLER: [(u8, &str); 7] = [
    (0x01, "receive buffer overflow"),
    (0x02, "transmit buffer overflow"),
    (0x04, "error warning while receiving"),
    (0x08, "error warning while sending"),
    (0x10, "error passive while receiving"),
    (0x20, "error passive while sending"),
    (0x40, "error active again"),
];

/// Bits of octet 2, and what they say.
const PROTOCOL: [(u8, &str); 7] = [
    (0x01, "single bit error"),
    (0x02, "form error"),
    (0x04, "stuff error"),
    (0x08, "unable to send a dominant bit"),
    (0x10, "unable to send a recessive bit"),
    (0x20, "bus overload"),
    (0x40, "error active"),
];

impl ErrorFrame {
    /// Reads a `struct can_frame` whose identifier has `CAN_ERR_FLAG` set; `None` for another.
    pub fn from_bytes(chunk: &[u8]) -> Option<ErrorFrame> {
        let chunk: &[u8; FRAME_BYTES] = chunk.try_into().ok()?;
        let word = u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        if word & ERROR == 0 {
            return None;
        }
        let mut detail = [0; 8];
        detail.copy_from_slice(&chunk[8..]);
        Some(ErrorFrame {
            classes: Classes(word & EXTENDED_MASK & !ERROR),
            detail,
        })
    }

    /// The frame as the kernel has it; an error frame always has eight octets.
    pub fn to_bytes(&self) -> Bytes {
        let mut chunk = BytesMut::with_capacity(FRAME_BYTES);
        let word = self.classes.0 & EXTENDED_MASK | ERROR;
        chunk.put_slice(&word.to_ne_bytes());
        chunk.put_slice(&[8, 0, 0, 0]);
        chunk.put_slice(&self.detail);
        chunk.freeze()
    }

    /// Whether the controller is off the bus, and nothing can be sent or heard.
    pub fn is_bus_off(&self) -> bool {
        self.classes.has(Classes::BUS_OFF)
    }

    /// Whether the controller has come back from more errors than it bears.
    pub fn is_active_again(&self) -> bool {
        self.classes.has(Classes::CONTROLLER) && self.detail[1] & 0x40 != 0
    }

    /// Whether a frame of the bus was destroyed, or was not understood by anybody: what happens
    /// all the time where two ends differ in their bit rate.
    pub fn is_destroyed_frame(&self) -> bool {
        let destroyed = [Classes::PROTOCOL, Classes::NO_ACK, Classes::BUS_ERROR];
        destroyed.iter().any(|&class| self.classes.has(class))
    }
}

/// `bus off`, `error passive while sending (sent 130, received 0)`, `lost arbitration at bit 7`.
impl fmt::Display for ErrorFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |table: &[(u8, &'static str)], octet: u8| {
            let set = table.iter().filter(|(bit, _)| octet & bit != 0);
            set.map(|(_, text)| (*text).to_owned()).collect::<Vec<_>>()
        };
        let mut parts = Vec::new();
        if self.classes.has(Classes::TX_TIMEOUT) {
            parts.push("sending took too long".to_owned());
        }
        if self.classes.has(Classes::LOST_ARBITRATION) {
            parts.push(match self.detail[0] {
                0 => "lost arbitration".to_owned(),
                bit => format!("lost arbitration at bit {bit}"),
            });
        }
        if self.classes.has(Classes::CONTROLLER) {
            let states = told(&CONTROLLER, self.detail[1]);
            if states.is_empty() {
                parts.push("controller problem".to_owned());
            }
            parts.extend(states);
        }
        if self.classes.has(Classes::PROTOCOL) {
            let kinds = told(&PROTOCOL, self.detail[2]);
            if kinds.is_empty() {
                parts.push("protocol violation".to_owned());
            }
            parts.extend(kinds);
        }
        for (class, text) in [
            (Classes::TRANSCEIVER, "transceiver error"),
            (Classes::NO_ACK, "nobody acknowledges"),
            (Classes::BUS_OFF, "bus off"),
            (Classes::RESTARTED, "controller restarted"),
        ] {
            if self.classes.has(class) {
                parts.push(text.to_owned());
            }
        }
        if parts.is_empty() {
            parts.push(if self.classes.has(Classes::BUS_ERROR) {
                "bus error".to_owned()
            } else {
                format!("error class {:#x}", self.classes.0)
            });
        }
        f.write_str(&parts.join(", "))?;
        if self.classes.has(Classes::COUNTERS) {
            let (sent, received) = (self.detail[6], self.detail[7]);
            write!(f, " (error counters: sending {sent}, receiving {received})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(classes: u32, detail: [u8; 8]) -> String {
        let mut chunk = vec![0; 16];
        chunk[..4].copy_from_slice(&(classes | 0x2000_0000).to_ne_bytes());
        chunk[4] = 8;
        chunk[8..].copy_from_slice(&detail);
        let frame = ErrorFrame::from_bytes(&chunk).unwrap();
        assert_eq!(frame.to_bytes(), chunk);
        frame.to_string()
    }

    #[test]
    fn what_a_controller_tells_is_told_in_words() {
        assert_eq!(told(0x40, [0; 8]), "bus off");
        assert_eq!(told(0x100, [0; 8]), "controller restarted");
        assert_eq!(
            told(0x2, [7, 0, 0, 0, 0, 0, 0, 0]),
            "lost arbitration at bit 7"
        );
        assert_eq!(
            told(0x204, [0, 0x30, 0, 0, 0, 0, 140, 130]),
            "error passive while receiving, error passive while sending \
             (error counters: sending 140, receiving 130)"
        );
        assert_eq!(told(0x88, [0, 0, 4, 0, 0, 0, 0, 0]), "stuff error");
        assert_eq!(told(0xa0, [0; 8]), "nobody acknowledges");
        assert_eq!(told(0x80, [0; 8]), "bus error");
        assert_eq!(told(0x8000, [0; 8]), "error class 0x8000");
    }

    #[test]
    fn a_data_frame_is_no_error_frame() {
        assert_eq!(ErrorFrame::from_bytes(&[0; 16]), None);
        assert_eq!(ErrorFrame::from_bytes(&[0xff; 15]), None);
    }
}
