//! How many characters a command is: the length of its first line is what a line delays it by.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Measures the first chunk that is sent after a mark. Clones share the measure.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<AtomicU32>);

impl Meter {
    /// Forgets what was measured.
    pub fn mark(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Characters of the first command since the mark; 0 if nothing was sent.
    pub fn first(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn sends(&self, chunk: &[u8]) {
        if self.first() == 0 {
            self.0.store(command(chunk) as u32, Ordering::Relaxed);
        }
    }
}

/// A device acts at the end of a line of text, whatever follows in the same chunk, and on a frame
/// when it is whole.
fn command(chunk: &[u8]) -> usize {
    let end = chunk
        .iter()
        .position(|&byte| byte == b'\n' || byte == b'\r');
    match end {
        Some(end) if chunk.is_ascii() => end + 1,
        _ => chunk.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_command_after_a_mark_is_measured() {
        let meter = Meter::default();
        meter.sends(b"VOLT 28\nSYST:ERR?\n");
        meter.sends(b"OUTP?\n");
        assert_eq!(meter.first(), 8);
        meter.mark();
        assert_eq!(meter.first(), 0);
        // A frame with a line end in it, to register 300.
        meter.sends(&[1, 6, 1, 44, 0, 10, 0xc8, 0x3b]);
        assert_eq!(meter.first(), 8);
    }
}
