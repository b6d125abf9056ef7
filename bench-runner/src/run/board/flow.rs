//! How queries come: one after the other, several samples at a time, at random times, or all at once.

use std::collections::VecDeque;

use profiles::seed::Stream;
use profiles::time::BenchTime;

use crate::plan::Scenario;

/// Queries that wait at most: who comes later is turned away, as from any server.
const MOST_WAITING: usize = 100_000;

/// The queries of one workload.
pub(super) struct Flow {
    scenario: Scenario,
    /// Samples of a query.
    samples: u32,
    /// When the next query arrives, and those that have arrived and wait.
    next: Option<BenchTime>,
    waiting: VecDeque<BenchTime>,
    open: Option<Open>,
}

/// A query under way.
struct Open {
    since: BenchTime,
    /// Samples that are not asked yet, and those that are not answered yet.
    to_ask: u32,
    to_hear: u32,
}

impl Flow {
    /// Of a workload with so many inputs.
    pub(super) fn new(scenario: Scenario, inputs: usize) -> Flow {
        let samples = match scenario {
            Scenario::SingleStream | Scenario::Server { .. } => 1,
            Scenario::MultiStream { samples } => u32::from(samples),
            Scenario::Offline => inputs.max(1) as u32,
        };
        Flow {
            scenario,
            samples,
            next: None,
            waiting: VecDeque::new(),
            open: None,
        }
    }

    /// Whether a sample is to be asked at `now`.
    pub(super) fn asks(&mut self, now: BenchTime, stream: &mut Stream) -> bool {
        if let Scenario::Server { rate } = self.scenario {
            self.arrive(now, rate, stream);
        }
        if self.open.is_none() {
            let since = match self.scenario {
                Scenario::Server { .. } => self.waiting.pop_front(),
                _ => Some(now),
            };
            self.open = since.map(|since| Open {
                since,
                to_ask: self.samples,
                to_hear: self.samples,
            });
        }
        let Some(open) = self.open.as_mut().filter(|open| open.to_ask > 0) else {
            return false;
        };
        open.to_ask -= 1;
        true
    }

    /// Lets queries arrive until `now`; their distances are exponential.
    fn arrive(&mut self, now: BenchTime, rate: f64, stream: &mut Stream) {
        let mut distance = || (-(1.0 - stream.unit()).ln() / rate * 1e6).ceil() as u64;
        let mut next = match self.next {
            Some(next) => next,
            None => now.plus_micros(distance()),
        };
        while next <= now {
            if self.waiting.len() < MOST_WAITING {
                self.waiting.push_back(next);
            }
            next = next.plus_micros(distance());
        }
        self.next = Some(next);
    }

    /// When a query arrives that nobody waits for yet.
    pub(super) fn wakes(&self) -> BenchTime {
        let idle = self.open.is_none() && self.waiting.is_empty();
        self.next.filter(|_| idle).unwrap_or(BenchTime::MAX)
    }

    /// A sample was answered. Samples and latency of the query, if that was its last and it is not
    /// told by the inference itself.
    pub(super) fn answered(&mut self, at: BenchTime) -> Option<(u32, u64)> {
        let open = self.open.as_mut()?;
        open.to_hear = open.to_hear.saturating_sub(1);
        if open.to_hear > 0 {
            return None;
        }
        let since = open.since;
        self.open = None;
        let told = self.scenario != Scenario::SingleStream;
        told.then(|| (self.samples, at.micros_since(since)))
    }

    /// A sample was not answered, and with it its query.
    pub(super) fn lost(&mut self) {
        self.open = None;
    }

    /// Work has stopped: nobody waits any more.
    pub(super) fn stop(&mut self) {
        self.open = None;
        self.next = None;
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use profiles::seed::Seed;

    use super::*;

    fn at(millis: u64) -> BenchTime {
        BenchTime::from_millis(millis)
    }

    fn stream() -> Stream {
        Seed(1).stream("payload", "flow")
    }

    #[test]
    fn a_single_stream_asks_again_when_it_is_answered() {
        let (mut flow, mut stream) = (Flow::new(Scenario::SingleStream, 20), stream());
        assert!(flow.asks(at(0), &mut stream));
        assert!(!flow.asks(at(1), &mut stream));
        assert_eq!(flow.answered(at(5)), None);
        assert!(flow.asks(at(5), &mut stream));
        flow.lost();
        assert!(flow.asks(at(9), &mut stream));
    }

    #[test]
    fn a_query_of_several_samples_ends_with_its_last() {
        let (mut flow, mut stream) = (
            Flow::new(Scenario::MultiStream { samples: 3 }, 20),
            stream(),
        );
        for sample in 0..3 {
            assert!(flow.asks(at(10 * sample), &mut stream));
            let done = flow.answered(at(10 * sample + 8));
            assert_eq!(done, (sample == 2).then_some((3, 28_000)));
        }
        let mut offline = Flow::new(Scenario::Offline, 2);
        assert!(offline.asks(at(0), &mut stream) && offline.answered(at(4)).is_none());
        assert!(offline.asks(at(4), &mut stream));
        assert_eq!(offline.answered(at(9)), Some((2, 9_000)));
    }

    /// Two a second in the mean, with exponential distances; a query waits for the one before it.
    #[test]
    fn a_servers_queries_come_at_random_and_wait() {
        let (mut flow, mut stream) = (Flow::new(Scenario::Server { rate: 2.0 }, 20), stream());
        assert!(!flow.asks(at(0), &mut stream));
        let mut arrivals = Vec::new();
        while arrivals.len() < 4_000 {
            let next = flow.wakes();
            assert!(flow.asks(next, &mut stream));
            // Answered at once: what it waited is nothing.
            assert_eq!(flow.answered(next), Some((1, 0)));
            arrivals.push(next.as_secs_f64());
        }
        let distances: Vec<f64> = arrivals.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = distances.iter().sum::<f64>() / distances.len() as f64;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
        let longer = distances.iter().filter(|distance| **distance > 0.5).count() as f64;
        // exp(−1)
        assert!((longer / distances.len() as f64 - 0.368).abs() < 0.03);
        let late = flow.wakes().plus_micros(60_000_000);
        assert!(flow.asks(late, &mut stream));
        let (_, waited) = flow.answered(late).unwrap();
        assert_eq!(waited, 60_000_000);
        assert_eq!(flow.wakes(), BenchTime::MAX, "others wait");
        flow.stop();
        assert_eq!(flow.wakes(), BenchTime::MAX);
    }
}
