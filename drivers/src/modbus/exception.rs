//! Exception codes of the Modbus application protocol V1.1b3, section 7.

use rmodbus::ErrorKind;

/// The function is not one of the slave's.
pub(crate) const ILLEGAL_FUNCTION: ErrorKind = ErrorKind::IllegalFunction;
/// There is no such register.
pub(crate) const ILLEGAL_ADDRESS: ErrorKind = ErrorKind::IllegalDataAddress;
/// The register does not take the value.
pub(crate) const ILLEGAL_VALUE: ErrorKind = ErrorKind::IllegalDataValue;

/// The standard's words for a code.
pub(crate) fn text_of(code: u8) -> &'static str {
    match code {
        1 => "illegal function",
        2 => "illegal data address",
        3 => "illegal data value",
        4 => "server device failure",
        5 => "acknowledge",
        6 => "server device busy",
        7 => "negative acknowledge",
        8 => "memory parity error",
        10 => "gateway path unavailable",
        11 => "gateway target device failed to respond",
        _ => "unknown exception",
    }
}
