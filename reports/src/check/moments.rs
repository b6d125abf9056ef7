//! Moments: all that one channel says at one time, so that the order of equal times cannot
//! matter to a check.

use profiles::time::BenchTime;

use crate::event::{Event, EventKind};
use crate::header::{CheckSpec, Subject};

/// What a channel said at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    /// The place of the window.
    pub(super) window: usize,
    pub(super) at: BenchTime,
    /// The smallest value; NaN if any is.
    pub(super) low: f64,
    /// The largest value; NaN if any is.
    pub(super) high: f64,
}

/// Gathers the moments of one channel.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    channel: u16,
    open: Option<Moment>,
    /// How many readings there were.
    pub(super) samples: u64,
}

impl Moments {
    pub(super) fn new(spec: &CheckSpec) -> Moments {
        let channel = match spec.subject {
            Subject::Channel { channel, .. } => channel,
            Subject::Device { .. } | Subject::Workload { .. } => u16::MAX,
        };
        Moments {
            channel,
            open: None,
            samples: 0,
        }
    }

    /// The channel.
    pub(super) fn channel(&self) -> u16 {
        self.channel
    }

    /// Takes an event; gives the moment that it closes by being later.
    pub(super) fn push(&mut self, window: usize, event: &Event) -> Option<Moment> {
        let EventKind::Sampled { readings } = &event.kind else {
            return None;
        };
        let (channel, mut closed) = (self.channel, None);
        for reading in readings.iter().filter(|r| r.channel == channel) {
            let heard = self.hear(window, event.at, reading.value.as_f64());
            closed = closed.or(heard);
        }
        closed
    }

    /// Takes one value; gives the moment that it closes by being later.
    pub(super) fn hear(&mut self, window: usize, at: BenchTime, value: f64) -> Option<Moment> {
        self.samples += 1;
        match &mut self.open {
            Some(open) if open.at == at && open.window == window => {
                let either = |a: f64, b: f64, less: bool| {
                    let first = a.is_nan() || (!b.is_nan() && (a < b) == less);
                    if first { a } else { b }
                };
                open.low = either(open.low, value, true);
                open.high = either(open.high, value, false);
                None
            }
            open => open.replace(Moment {
                window,
                at,
                low: value,
                high: value,
            }),
        }
    }

    /// The moment that is not over.
    pub(super) fn open(&self) -> Option<&Moment> {
        self.open.as_ref()
    }

    /// Counts `samples` values that are not to be looked at; the moment before them is over, and is not
    /// either.
    pub(super) fn pass(&mut self, samples: usize) {
        self.samples += samples as u64;
        self.open = None;
    }

    /// The last moment, which nothing closed.
    pub(super) fn last(&mut self) -> Option<Moment> {
        self.open.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::DeviceId;
    use profiles::reading::Reading;

    #[test]
    fn equal_times_are_one_moment() {
        let sampled = |millis, value| Event {
            at: BenchTime::from_millis(millis),
            device: DeviceId(0),
            kind: EventKind::Sampled {
                readings: [Reading::number(2, value)].into(),
            },
        };
        let mut moments = Moments {
            channel: 2,
            open: None,
            samples: 0,
        };
        assert_eq!(moments.push(0, &sampled(1, 5.0)), None);
        assert_eq!(moments.push(0, &sampled(1, 7.0)), None);
        assert_eq!(moments.push(0, &sampled(1, 6.0)), None);
        let closed = moments.push(0, &sampled(2, f64::NAN)).unwrap();
        assert_eq!((closed.low, closed.high), (5.0, 7.0));
        assert_eq!(moments.push(0, &sampled(2, 1.0)), None);
        assert!(moments.last().unwrap().high.is_nan());
        assert_eq!(moments.samples, 5);
    }
}
