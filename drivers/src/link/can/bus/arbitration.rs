//! Which frame goes first: several nodes, one bus, and the lowest identifier wins.

use std::collections::VecDeque;

use profiles::time::BenchTime;

use super::super::{BusFrame, CanId};
use super::{BitRates, frame_bits};

/// A frame that went over the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The node that sent it.
    pub node: usize,
    /// The frame.
    pub frame: BusFrame,
    /// When the node had it ready.
    pub ready_at: BenchTime,
    /// When its first bit was on the bus.
    pub begun_at: BenchTime,
    /// When its last bit was there, and others may have read it: three bits before the next frame.
    pub done_at: BenchTime,
}

/// A bus that several nodes share. Each node sends its frames in their order, one at a time, as a
/// controller with one mailbox does; among the first ones of all nodes the arbitration decides.
#[derive(Debug)]
pub struct Bus {
    rates: BitRates,
    /// When the intermission behind the last frame is over, in nanoseconds.
    free_at: u64,
    /// The frames that wait, by node.
    waiting: Vec<VecDeque<(BenchTime, BusFrame)>>,
}

impl Bus {
    /// A bus with so many nodes.
    pub fn new(rates: BitRates, nodes: usize) -> Bus {
        Bus {
            rates,
            free_at: 0,
            waiting: vec![VecDeque::new(); nodes],
        }
    }

    /// A node has a frame to send from `at` on. What the controller tells of errors is no frame,
    /// and takes no time on the bus.
    pub fn offer(&mut self, node: usize, at: BenchTime, frame: BusFrame) {
        if !matches!(frame, BusFrame::Error(_)) {
            let queue = &mut self.waiting[node];
            let at = queue.back().map_or(at, |last| last.0.max(at));
            queue.push_back((at, frame));
        }
    }

    /// How many frames of a node wait.
    pub fn waiting(&self, node: usize) -> usize {
        self.waiting[node].len()
    }

    /// When the next frame may begin: no frame that becomes ready later can win against those
    /// that wait then.
    pub fn decides_at(&self) -> Option<BenchTime> {
        let first = self.first_ready()?;
        let free = BenchTime::from_micros(self.free_at.div_ceil(1_000));
        Some(first.max(free))
    }

    /// Sends the next frame, if it can begin by `now`.
    pub fn step(&mut self, now: BenchTime) -> Option<Sent> {
        if self.decides_at()? > now {
            return None;
        }
        let begin = self.free_at.max(self.first_ready()?.as_micros() * 1_000);
        let is_ready = |at: BenchTime| at.as_micros() * 1_000 <= begin;
        let heads = self.waiting.iter().enumerate();
        let heads = heads.filter_map(|(node, queue)| Some((node, queue.front()?)));
        let (node, _) = heads
            .filter(|(_, head)| is_ready(head.0))
            .min_by_key(|(node, head)| (rank(&head.1), *node))?;
        let (ready_at, frame) = self.waiting[node].pop_front()?;
        let bits = frame_bits(&frame, |_, _| {}).unwrap_or_default();
        let over = begin + self.rates.nanos(bits);
        let quiet = u64::from(super::INTERMISSION) * 1_000_000_000;
        let done = over - quiet / u64::from(self.rates.nominal.max(1));
        self.free_at = over;
        Some(Sent {
            node,
            frame,
            ready_at,
            begun_at: BenchTime::from_micros(begin / 1_000),
            done_at: BenchTime::from_micros(done.div_ceil(1_000)),
        })
    }

    fn first_ready(&self) -> Option<BenchTime> {
        let heads = self.waiting.iter().filter_map(VecDeque::front);
        heads.map(|head| head.0).min()
    }
}

/// The bits of the arbitration field as one number: the lowest wins, for dominant bits are zeros.
fn rank(frame: &BusFrame) -> u32 {
    let remote = u32::from(matches!(frame, BusFrame::Remote(_)));
    match frame.id() {
        // RTR, IDE.
        Some(CanId::Standard(id)) => u32::from(id) << 21 | remote << 20,
        // SRR and IDE are recessive, then come 18 more bits and RTR.
        Some(CanId::Extended(id)) => (id >> 18) << 21 | 0b11 << 19 | (id & 0x3_ffff) << 1 | remote,
        None => u32::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{CanFrame, RemoteFrame};
    use super::*;
    use proptest::prelude::*;

    fn data(id: CanId, octets: &[u8]) -> BusFrame {
        BusFrame::Data(CanFrame::new(id, octets))
    }

    fn all(bus: &mut Bus) -> Vec<Sent> {
        std::iter::from_fn(|| bus.step(BenchTime::MAX)).collect()
    }

    #[test]
    fn the_lowest_identifier_goes_first_and_standard_before_extended_before_remote() {
        let mut bus = Bus::new(BitRates::nominal(500_000), 5);
        let remote = RemoteFrame {
            id: CanId::Standard(0x100),
            length: 1,
        };
        let frames = [
            data(CanId::Extended(0x100 << 18), &[1]),
            BusFrame::Remote(remote),
            data(CanId::Standard(0x100), &[1]),
            data(CanId::Standard(0x0ff), &[1]),
            data(CanId::Extended(0x0ff << 18 | 1), &[1]),
        ];
        for (node, frame) in frames.into_iter().enumerate() {
            bus.offer(node, BenchTime::ZERO, frame);
        }
        let order: Vec<usize> = all(&mut bus).iter().map(|sent| sent.node).collect();
        assert_eq!(order, [3, 4, 2, 1, 0]);
    }

    #[test]
    fn a_frame_on_the_bus_is_not_broken_off() {
        let mut bus = Bus::new(BitRates::nominal(125_000), 2);
        bus.offer(0, BenchTime::ZERO, data(CanId::Standard(0x7ff), &[0x55; 8]));
        bus.offer(
            1,
            BenchTime::from_micros(1),
            data(CanId::Standard(0), &[0x55; 8]),
        );
        let sent = all(&mut bus);
        assert_eq!([sent[0].node, sent[1].node], [0, 1]);
        // Three bits of 8 µs are between the frames.
        assert_eq!(
            sent[1].begun_at.as_micros() - sent[0].done_at.as_micros(),
            24
        );
        assert!(sent[1].begun_at > sent[1].ready_at);
    }

    #[test]
    fn nothing_is_decided_before_its_time() {
        let mut bus = Bus::new(BitRates::nominal(500_000), 2);
        bus.offer(0, BenchTime::from_millis(5), data(CanId::Standard(1), &[]));
        assert_eq!(bus.step(BenchTime::from_micros(4_999)), None);
        assert_eq!(bus.decides_at(), Some(BenchTime::from_millis(5)));
        assert!(bus.step(BenchTime::from_millis(5)).is_some());
        assert_eq!(bus.decides_at(), None);
    }

    proptest! {
        #[test]
        fn frames_do_not_overlap_and_the_best_of_those_ready_is_sent(
            offers in proptest::collection::vec((0_usize..4, 0_u64..3_000, 0_u16..0x800, 0_usize..9), 1..30),
        ) {
            let mut bus = Bus::new(BitRates::nominal(1_000_000), 4);
            let mut offers = offers;
            offers.sort_by_key(|offer| offer.1);
            for &(node, at, id, length) in &offers {
                let frame = data(CanId::Standard(id), &vec![0x55; length]);
                bus.offer(node, BenchTime::from_micros(at), frame);
            }
            let sent = all(&mut bus);
            prop_assert_eq!(sent.len(), offers.len());
            for pair in sent.windows(2) {
                prop_assert!(pair[1].begun_at > pair[0].done_at);
            }
            for (n, one) in sent.iter().enumerate() {
                prop_assert!(one.begun_at >= one.ready_at);
                // Whoever came later was of the same node, not ready, or had a worse identifier.
                for other in &sent[n + 1..] {
                    let fair = other.node == one.node
                        || other.ready_at > one.begun_at
                        || rank(&other.frame) >= rank(&one.frame)
                        || sent[n + 1..].iter().any(|before| {
                            before.node == other.node && before.begun_at < other.begun_at
                        });
                    prop_assert!(fair, "{:?} before {:?}", one, other);
                }
            }
        }
    }
}
