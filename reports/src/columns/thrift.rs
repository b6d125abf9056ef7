//! Thrift's compact protocol, as much of it as the footers and page headers of Parquet need
//! (Apache Thrift, `doc/specs/thrift-compact-protocol.md`).

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// One struct under construction. Fields are written in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Struct {
    bytes: Vec<u8>,
    last: i16,
}

impl Struct {
    pub(super) fn new() -> Struct {
        Struct::default()
    }

    pub(super) fn i32(mut self, id: i16, value: i32) -> Struct {
        self.head(id, I32);
        zigzag(i64::from(value), &mut self.bytes);
        self
    }

    pub(super) fn i64(mut self, id: i16, value: i64) -> Struct {
        self.head(id, I64);
        zigzag(value, &mut self.bytes);
        self
    }

    /// A byte, which is no variable-length number.
    pub(super) fn i8(mut self, id: i16, value: i8) -> Struct {
        self.head(id, 3);
        self.bytes.push(value.cast_unsigned());
        self
    }

    /// The value of a boolean is in its type.
    pub(super) fn bool(mut self, id: i16, value: bool) -> Struct {
        self.head(id, if value { 1 } else { 2 });
        self
    }

    pub(super) fn text(mut self, id: i16, value: &str) -> Struct {
        self.head(id, BINARY);
        text(value, &mut self.bytes);
        self
    }

    pub(super) fn inner(mut self, id: i16, value: Struct) -> Struct {
        self.head(id, STRUCT);
        self.bytes.extend(value.end());
        self
    }

    pub(super) fn i32s(mut self, id: i16, values: &[i32]) -> Struct {
        self.list(id, I32, values.len());
        for &value in values {
            zigzag(i64::from(value), &mut self.bytes);
        }
        self
    }

    pub(super) fn texts(mut self, id: i16, values: &[&str]) -> Struct {
        self.list(id, BINARY, values.len());
        for value in values {
            text(value, &mut self.bytes);
        }
        self
    }

    pub(super) fn inners(mut self, id: i16, values: impl ExactSizeIterator<Item = Struct>) -> Self {
        self.list(id, STRUCT, values.len());
        for value in values {
            self.bytes.extend(value.end());
        }
        self
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }

    fn head(&mut self, id: i16, kind: u8) {
        let ahead = id - self.last;
        debug_assert!((1..=15).contains(&ahead), "Parquet's structs are dense");
        self.bytes.push((ahead as u8) << 4 | kind);
        self.last = id;
    }

    fn list(&mut self, id: i16, kind: u8, length: usize) {
        self.head(id, LIST);
        if length < 15 {
            self.bytes.push((length as u8) << 4 | kind);
        } else {
            self.bytes.push(0xf0 | kind);
            varint(length as u64, &mut self.bytes);
        }
    }
}

fn text(value: &str, out: &mut Vec<u8>) {
    varint(value.len() as u64, out);
    out.extend_from_slice(value.as_bytes());
}

fn zigzag(value: i64, out: &mut Vec<u8>) {
    varint((value << 1 ^ value >> 63).cast_unsigned(), out);
}

/// An unsigned LEB128 number; Parquet's own encodings use it too.
pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_zigzag_and_variable() {
        // The protocol's own example: 50399 is `df 89 03`.
        let mut bytes = Vec::new();
        varint(50_399, &mut bytes);
        assert_eq!(bytes, [0xdf, 0x89, 0x03]);
        for (value, byte) in [(0, 0), (-1, 1), (1, 2), (-2, 3), (63, 126)] {
            bytes.clear();
            zigzag(value, &mut bytes);
            assert_eq!(bytes, [byte]);
        }
        bytes.clear();
        zigzag(i64::MIN, &mut bytes);
        assert_eq!(bytes.len(), 10);
    }

    #[test]
    fn fields_are_told_by_their_distance() {
        let empty = Struct::new();
        let bytes = Struct::new().i32(1, 3).bool(4, true).inner(5, empty).end();
        assert_eq!(bytes, [0x15, 6, 0x31, 0x1c, 0, 0]);
        let bytes = Struct::new().texts(3, &["a"; 16]).end();
        assert_eq!(&bytes[..4], &[0x39, 0xf8, 16, 1]);
    }
}
