//! Lines of JSON, appended to a buffer that keeps its room.
//!
//! Written by hand because nothing here is worth a tree: keys are known, and numbers go straight
//! from the stream into the line. What is not finite is a string, as JSON has no word for it.

use std::io::Write;

/// A buffer of lines.
#[derive(Debug, Default)]
pub struct Json {
    bytes: Vec<u8>,
    /// Whether something stands before the next key or element at this depth.
    comma: bool,
}

impl Json {
    /// What was written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Empties it; it keeps its room.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// An object of a line, by what writes its members.
    pub(super) fn line(&mut self, members: impl FnOnce(&mut Json)) {
        self.comma = false;
        self.object(members);
        self.bytes.push(b'\n');
        self.comma = false;
    }

    pub(super) fn object(&mut self, members: impl FnOnce(&mut Json)) {
        self.enclosed(b'{', b'}', members);
    }

    pub(super) fn array(&mut self, elements: impl FnOnce(&mut Json)) {
        self.enclosed(b'[', b']', elements);
    }

    fn enclosed(&mut self, open: u8, close: u8, inner: impl FnOnce(&mut Json)) {
        self.separate();
        self.bytes.push(open);
        self.comma = false;
        inner(self);
        self.bytes.push(close);
        self.comma = true;
    }

    /// A key; its value must follow. Keys are names, and written as any text.
    pub(super) fn key(&mut self, key: &str) -> &mut Json {
        self.text(key);
        self.bytes.push(b':');
        self.comma = false;
        self
    }

    /// A key that is known not to need escapes.
    pub(super) fn plain(&mut self, key: &'static str) -> &mut Json {
        self.separate();
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(key.as_bytes());
        self.bytes.extend_from_slice(b"\":");
        self.comma = false;
        self
    }

    fn separate(&mut self) {
        if self.comma {
            self.bytes.push(b',');
        }
        self.comma = true;
    }

    pub(super) fn unsigned(&mut self, number: u64) {
        self.separate();
        self.bytes
            .extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    pub(super) fn signed(&mut self, number: i64) {
        self.separate();
        self.bytes
            .extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// The shortest text that reads back as the same double.
    pub(super) fn real(&mut self, number: f64) {
        if number.is_nan() {
            self.text("NaN");
        } else if number.is_infinite() {
            self.text(if number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            });
        } else {
            self.separate();
            // Writing to a vector cannot fail.
            let _always_ok = serde_json::to_writer(&mut self.bytes, &number);
        }
    }

    pub(super) fn truth(&mut self, truth: bool) {
        self.separate();
        self.bytes
            .extend_from_slice(if truth { b"true" } else { b"false" });
    }

    pub(super) fn null(&mut self) {
        self.separate();
        self.bytes.extend_from_slice(b"null");
    }

    pub(super) fn text(&mut self, text: &str) {
        self.separate();
        // Writing to a vector cannot fail.
        let _always_ok = serde_json::to_writer(&mut self.bytes, text);
    }

    /// What is displayed, as a text without characters that need escapes.
    pub(super) fn display(&mut self, what: impl std::fmt::Display) {
        self.separate();
        let _always_ok = write!(self.bytes, "\"{what}\"");
    }

    /// Octets as hexadecimal digits.
    pub(super) fn hex(&mut self, octets: impl IntoIterator<Item = u8>) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.separate();
        self.bytes.push(b'"');
        for octet in octets {
            let pair = [
                DIGITS[usize::from(octet >> 4)],
                DIGITS[usize::from(octet & 15)],
            ];
            self.bytes.extend_from_slice(&pair);
        }
        self.bytes.push(b'"');
    }
}
