//! Link middleware that damages what passes, from a seed: bad wiring over a whole run, and the
//! trouble that a line has for a while.

use bytes::{Bytes, BytesMut};
use profiles::command::LineFault;
use profiles::seed::Stream;
use profiles::time::BenchTime;

use crate::modbus::frame::sealed;

/// Drops and damages what passes, as bad wiring would.
#[derive(Debug)]
pub struct LinkFaults {
    drop: f64,
    flip: f64,
    stream: Stream,
}

impl LinkFaults {
    /// Drops a chunk with probability `drop`, else flips one bit of it with probability `flip`:
    /// the most likely error on a wire, and the hardest to detect.
    pub fn new(drop: f64, flip: f64, stream: Stream) -> LinkFaults {
        LinkFaults { drop, flip, stream }
    }

    /// What is left of `chunk`.
    pub fn pass(&mut self, chunk: Bytes) -> Option<Bytes> {
        // Both draws are always made, so that one probability does not shift the other's stream.
        let (drop, flip) = (
            self.stream.unit() < self.drop,
            self.stream.unit() < self.flip,
        );
        if drop {
            return None;
        }
        if !flip || chunk.is_empty() {
            return Some(chunk);
        }
        Some(flipped(&mut self.stream, &chunk))
    }
}

/// The chunk with one bit turned over; an empty one has none.
fn flipped(stream: &mut Stream, chunk: &Bytes) -> Bytes {
    let bit = stream.below(chunk.len() as u64 * 8);
    let mut damaged = BytesMut::from(chunk.as_ref());
    if let Some(byte) = damaged.get_mut((bit / 8) as usize) {
        *byte ^= 1 << (bit % 8);
    }
    damaged.freeze()
}

/// A frame of Modbus RTU as the unit with the next address would send it; `None` if it is none.
fn neighbours(frame: &[u8]) -> Option<Bytes> {
    let (body, _) = frame.split_last_chunk::<2>()?;
    let (address, rest) = body.split_first()?;
    let is_frame = !rest.is_empty() && sealed(body) == frame;
    is_frame.then(|| sealed(&[&[address.wrapping_add(1)], rest].concat()).into())
}

/// The trouble of one line, at the end of the device that is played: what is done to what it hears
/// and says, each for a while. Several at once work one after the other, in the order in which
/// they began.
#[derive(Debug)]
pub struct Trouble {
    stream: Stream,
    /// What is wrong, and until when.
    active: Vec<(BenchTime, LineFault)>,
    /// The latest question, and the answer to the latest that was another.
    question: Bytes,
    other: Option<Bytes>,
    latest: Option<Bytes>,
}

impl Trouble {
    /// A line without trouble, whose chance comes from `stream`.
    pub fn new(stream: Stream) -> Trouble {
        Trouble {
            stream,
            active: Vec::new(),
            question: Bytes::new(),
            other: None,
            latest: None,
        }
    }

    /// Something is wrong from now until `until`.
    pub fn begin(&mut self, until: BenchTime, how: LineFault) {
        self.active.push((until, how));
    }

    /// What the device hears of `chunk` at `at`, if anything, and whether the chunk comes back to
    /// who sent it.
    pub fn towards(&mut self, at: BenchTime, chunk: Bytes) -> (Option<Bytes>, bool) {
        self.active.retain(|(until, _)| *until > at);
        if chunk != self.question {
            self.other = self.latest.take().or_else(|| self.other.take());
            self.question = chunk.clone();
        }
        let (mut heard, mut echoes) = (chunk, false);
        for (_, how) in &self.active {
            match how {
                LineFault::Echo => echoes = true,
                LineFault::Drop { share } if self.stream.unit() < *share => {
                    return (None, echoes);
                }
                LineFault::Flip { share } if self.stream.unit() < *share => {
                    heard = flipped(&mut self.stream, &heard);
                }
                _ => {}
            }
        }
        (Some(heard), echoes)
    }

    /// What arrives of `chunk`, which the device says at `at`, and when it leaves.
    pub fn back(&mut self, at: BenchTime, chunk: Bytes) -> Option<(BenchTime, Bytes)> {
        self.active.retain(|(until, _)| *until > at);
        self.latest = Some(chunk.clone());
        let (mut leaves, mut said) = (at, chunk);
        for (_, how) in &self.active {
            match how {
                LineFault::Slow { delay_millis } => {
                    leaves = leaves.plus_micros(u64::from(*delay_millis) * 1_000);
                }
                LineFault::Garbage => {
                    let any = said.iter().map(|_| self.stream.bits() as u8);
                    said = any.collect();
                }
                LineFault::HalfReply => said.truncate(said.len() / 2),
                LineFault::WrongUnit => said = neighbours(&said).or_else(|| self.other.clone())?,
                LineFault::Drop { share } if self.stream.unit() < *share => return None,
                LineFault::Flip { share } if self.stream.unit() < *share => {
                    said = flipped(&mut self.stream, &said);
                }
                _ => {}
            }
        }
        (!said.is_empty()).then_some((leaves, said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use profiles::seed::Seed;

    #[test]
    fn a_flip_changes_exactly_one_bit() {
        let mut faults = LinkFaults::new(0.0, 1.0, Seed(1).stream("a", "faults"));
        let passed = faults.pass(Bytes::from_static(&[0; 16])).unwrap();
        assert_eq!(passed.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
    }

    fn trouble(how: LineFault) -> Trouble {
        let mut trouble = Trouble::new(Seed(1).stream("a", "trouble"));
        trouble.begin(BenchTime::from_millis(100), how);
        trouble
    }

    #[test]
    fn trouble_is_over_when_it_is_over() {
        let chunk = Bytes::from_static(b"12.000;0.5");
        let at = BenchTime::from_millis(99);
        for (how, expected) in [
            (LineFault::HalfReply, Some((at, &b"12.00"[..]))),
            (LineFault::Drop { share: 1.0 }, None),
        ] {
            let said = trouble(how).back(at, chunk.clone());
            let expected = expected.map(|(at, text)| (at, Bytes::from_static(text)));
            assert_eq!(said, expected, "{how:?}");
            let late = BenchTime::from_millis(100);
            let said = trouble(how).back(late, chunk.clone());
            assert_eq!(said, Some((late, chunk.clone())), "{how:?}");
        }
        let slow = LineFault::Slow { delay_millis: 7 };
        let said = trouble(slow).back(at, chunk.clone());
        assert_eq!(said, Some((BenchTime::from_millis(106), chunk)));
    }

    #[test]
    fn the_wrong_unit_answers_another_question() {
        let text = Bytes::from_static;
        let mut trouble = trouble(LineFault::WrongUnit);
        let mut ask = |question: &'static [u8], answer: &'static [u8]| {
            trouble.towards(BenchTime::ZERO, text(question));
            let said = trouble.back(BenchTime::ZERO, text(answer));
            said.map(|(_, answer)| answer)
        };
        assert_eq!(ask(b"VOLT?", b"12"), None);
        assert_eq!(ask(b"OUTP?", b"1"), Some(text(b"12")));
        // However often the same is asked, it is never answered by itself.
        assert_eq!(ask(b"OUTP?", b"1"), Some(text(b"12")));
    }

    #[test]
    fn the_wrong_unit_has_another_address() {
        let frame: Bytes = sealed(&[1, 3, 2, 0, 200]).into();
        let said = trouble(LineFault::WrongUnit).back(BenchTime::ZERO, frame);
        let other: Bytes = sealed(&[2, 3, 2, 0, 200]).into();
        assert_eq!(said, Some((BenchTime::ZERO, other)));
    }

    #[test]
    fn what_is_told_comes_back_and_is_heard() {
        let chunk = Bytes::from_static(b"*IDN?");
        let heard = trouble(LineFault::Echo).towards(BenchTime::ZERO, chunk.clone());
        assert_eq!(heard, (Some(chunk.clone()), true));
        let lost = trouble(LineFault::Drop { share: 1.0 }).towards(BenchTime::ZERO, chunk);
        assert_eq!(lost, (None, false));
    }

    #[test]
    fn drops_follow_their_probability() {
        let mut faults = LinkFaults::new(0.25, 0.0, Seed(1).stream("a", "faults"));
        let passed = (0..4_000)
            .filter(|_| faults.pass(Bytes::from_static(b"x")).is_some())
            .count();
        assert!((2_900..3_100).contains(&passed), "{passed} of 4000 passed");
    }
}
