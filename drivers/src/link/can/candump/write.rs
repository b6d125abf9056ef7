//! Frames to lines.

use std::fmt::Write as _;

use crate::link::can::BusFrame;

/// Appends a frame as `candump -L` writes it, without the line's end. `micros` is since
/// 1970-01-01T00:00:00 UTC.
pub fn write(micros: i64, interface: &str, frame: &BusFrame, out: &mut String) {
    let (seconds, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    // Writing to a String cannot fail.
    let _always_ok = write!(out, "({seconds:010}.{rest:06}) {interface} ");
    let _always_ok = match frame {
        BusFrame::Data(frame) => write!(out, "{}#", frame.id),
        BusFrame::Fd(frame) => {
            let flags = u8::from(frame.bit_rate_switch) | u8::from(frame.sender_passive) << 1;
            write!(out, "{}##{flags:X}", frame.id)
        }
        BusFrame::Remote(frame) if frame.length == 0 => write!(out, "{}#R", frame.id),
        BusFrame::Remote(frame) => write!(out, "{}#R{}", frame.id, frame.length),
        BusFrame::Error(_) => {
            let chunk = frame.to_bytes();
            let word = u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
            let octets = &chunk[8..8 + usize::from(chunk[4]).min(8)];
            let written = write!(out, "{:08X}#", word & 0x3fff_ffff);
            hex_digits(octets, out);
            written
        }
    };
    hex_digits(frame.data(), out);
}

/// Appends octets as hexadecimal digits.
pub fn hex_digits(octets: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.reserve(2 * octets.len());
    for &octet in octets {
        out.push(char::from(DIGITS[usize::from(octet >> 4)]));
        out.push(char::from(DIGITS[usize::from(octet & 15)]));
    }
}
