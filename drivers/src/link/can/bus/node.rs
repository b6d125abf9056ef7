//! A bus in this process, with several nodes: what one sends all others hear, when its time has
//! come on the bus.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use profiles::time::BenchTime;
use tokio::sync::Notify;

use super::super::{BusFrame, BusNeeds};
use super::{BitRates, Bus};
use crate::clock::{Alarm, Clock};
use crate::error::LinkError;
use crate::link::Arrival;

/// Frames of one node that may wait for the bus, and for the node to read them.
const QUEUE_FRAMES: usize = 4_096;

#[derive(Debug)]
struct Shared {
    bus: Bus,
    /// What each node has not read yet.
    heard: Vec<VecDeque<Arrival>>,
    /// What each node wants to hear, if not everything.
    needs: Vec<Option<BusNeeds>>,
    /// Nodes that are still there.
    present: Vec<bool>,
    wakers: Vec<Arc<Notify>>,
}

/// One node.
#[derive(Debug)]
pub(in crate::link) struct Node {
    clock: Clock,
    number: usize,
    shared: Arc<Mutex<Shared>>,
    waker: Arc<Notify>,
    alarm: Alarm,
}

/// A bus with so many nodes.
pub(in crate::link) fn nodes(clock: Clock, rates: BitRates, nodes: usize) -> Vec<Node> {
    let wakers: Vec<Arc<Notify>> = (0..nodes).map(|_| Arc::default()).collect();
    let shared = Arc::new(Mutex::new(Shared {
        bus: Bus::new(rates, nodes),
        heard: vec![VecDeque::new(); nodes],
        needs: vec![None; nodes],
        present: vec![true; nodes],
        wakers: wakers.clone(),
    }));
    let node = |(number, waker)| Node {
        clock,
        number,
        shared: Arc::clone(&shared),
        waker,
        alarm: Alarm::new(clock),
    };
    wakers.into_iter().enumerate().map(node).collect()
}

impl Node {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears only what one device needs.
    pub(in crate::link) fn need(&mut self, needs: BusNeeds) {
        self.lock().needs[self.number] = Some(needs);
    }

    /// Sends at `at`; at once for [`BenchTime::ZERO`].
    pub(in crate::link) fn send_at(
        &mut self,
        at: BenchTime,
        chunk: &[u8],
    ) -> Result<(), LinkError> {
        let at = if at == BenchTime::ZERO {
            self.clock.now()
        } else {
            at
        };
        let frame = BusFrame::from_bytes(chunk);
        let frame = frame.ok_or_else(|| LinkError::Failed("this is no CAN frame".to_owned()))?;
        let mut shared = self.lock();
        let others = shared.present.iter().filter(|&&present| present).count();
        if others < 2 {
            return Err(LinkError::Closed);
        }
        if shared.bus.waiting(self.number) >= QUEUE_FRAMES {
            return Err(LinkError::Full(QUEUE_FRAMES));
        }
        if matches!(frame, BusFrame::Error(_)) {
            shared.tell(self.number, at, &frame);
        }
        shared.bus.offer(self.number, at, frame);
        shared.wakers.iter().for_each(|waker| waker.notify_one());
        Ok(())
    }

    /// The next frame of another node, when its last bit is there. Cancel-safe: a frame stays
    /// until then.
    pub(in crate::link) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        loop {
            let now = self.clock.now();
            let (next, decides_at) = {
                let mut shared = self.lock();
                shared.settle(now);
                let next = shared.heard[self.number].front().map(|arrival| arrival.at);
                let alone = shared.present.iter().filter(|&&present| present).count() < 2;
                let decides_at = shared.bus.decides_at();
                if next.is_none() && alone && decides_at.is_none() {
                    return Err(LinkError::Closed);
                }
                (next, decides_at)
            };
            // Timers keep whole milliseconds, so a frame that ends within one is heard at its end.
            let at = next
                .or(decides_at)
                .map_or(BenchTime::MAX, BenchTime::ceil_millis);
            if let Some(at) = next.map(BenchTime::ceil_millis)
                && at <= now
            {
                let arrival = self.lock().heard[self.number].pop_front();
                return arrival.ok_or(LinkError::Closed);
            }
            tokio::select! {
                biased;
                () = self.waker.notified() => {}
                () = self.alarm.at(at) => {}
            }
        }
    }
}

impl Shared {
    /// Sends all frames whose time has come.
    fn settle(&mut self, now: BenchTime) {
        while let Some(sent) = self.bus.step(now) {
            self.tell(sent.node, sent.done_at, &sent.frame);
        }
    }

    /// All others hear what a node sent, or what their controllers saw of its errors.
    fn tell(&mut self, sender: usize, at: BenchTime, frame: &BusFrame) {
        let chunk: Bytes = frame.to_bytes();
        for (node, heard) in self.heard.iter_mut().enumerate() {
            let wants = self.needs[node].as_ref();
            if node == sender
                || !self.present[node]
                || wants.is_some_and(|needs| !needs.wants(frame))
            {
                continue;
            }
            // Whoever does not read loses the oldest, as a controller's buffer does.
            if heard.len() >= QUEUE_FRAMES {
                heard.pop_front();
            }
            let place = heard.partition_point(|arrival| arrival.at <= at);
            heard.insert(place, Arrival::new(at, chunk.clone()));
            self.wakers[node].notify_one();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let mut shared = self.lock();
        shared.present[self.number] = false;
        shared.wakers.iter().for_each(|waker| waker.notify_one());
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{CanFrame, CanId, Classes, ErrorFrame};
    use super::*;

    fn chunk(id: u16) -> Bytes {
        CanFrame::new(CanId::Standard(id), &[0x55; 8]).to_bytes()
    }

    fn paused<F: Future<Output = ()>>(test: F) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build();
        runtime.unwrap().block_on(test);
    }

    #[test]
    fn a_busy_bus_makes_telemetry_late_by_what_went_before() {
        paused(async {
            let clock = Clock::start();
            let rates = BitRates::nominal(125_000);
            let [mut board, mut other, mut bench] = nodes(clock, rates, 3).try_into().unwrap();
            // Ten frames of a higher priority are ready when the board's is.
            for _ in 0..10 {
                other
                    .send_at(BenchTime::from_millis(1), &chunk(0x10))
                    .unwrap();
            }
            board
                .send_at(BenchTime::from_millis(1), &chunk(0x700))
                .unwrap();
            let mut heard = Vec::new();
            for _ in 0..11 {
                let arrival = bench.receive().await.unwrap();
                let frame = BusFrame::from_bytes(&arrival.chunk).unwrap();
                heard.push((frame.id().unwrap(), arrival.at.as_micros()));
            }
            assert_eq!(heard[10].0, CanId::Standard(0x700));
            let each = heard[1].1 - heard[0].1;
            assert!((880..=1_080).contains(&each), "{each} µs");
            assert_eq!(heard[9].1 - heard[0].1, 9 * each);
            assert!(heard[10].1 - 1_000 > 10 * each);
            // The board hears the others, and not itself.
            for _ in 0..10 {
                board.receive().await.unwrap();
            }
            assert!(
                clock
                    .until(BenchTime::from_millis(500), board.receive())
                    .await
                    .is_none()
            );
        });
    }

    #[test]
    fn a_node_hears_what_it_needs_and_every_error() {
        paused(async {
            let clock = Clock::start();
            let rates = BitRates::nominal(1_000_000);
            let [mut board, mut bench] = nodes(clock, rates, 2).try_into().unwrap();
            bench.need(BusNeeds::of([CanId::Standard(2)], []));
            let error = ErrorFrame {
                classes: Classes::PROTOCOL,
                detail: [0; 8],
            };
            for sent in [chunk(1), chunk(2), error.to_bytes(), chunk(3)] {
                board.send_at(BenchTime::from_millis(1), &sent).unwrap();
            }
            // An error takes no time on the bus.
            assert_eq!(bench.receive().await.unwrap().chunk, error.to_bytes());
            assert_eq!(bench.receive().await.unwrap().chunk, chunk(2));
            let later = BenchTime::from_millis(50);
            assert!(clock.until(later, bench.receive()).await.is_none());
        });
    }

    #[test]
    fn the_last_node_hears_that_it_is_alone() {
        paused(async {
            let [mut left, right] = nodes(Clock::start(), BitRates::nominal(500_000), 2)
                .try_into()
                .unwrap();
            drop(right);
            assert_eq!(left.receive().await, Err(LinkError::Closed));
            assert_eq!(
                left.send_at(BenchTime::ZERO, &chunk(1)),
                Err(LinkError::Closed)
            );
        });
    }
}
