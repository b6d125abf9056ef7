//! The order of events: by time, then by device, then as they came. Devices that speak at the
//! same time are heard in an order that depends on the wiring; a record must not.

use profiles::time::{BenchTime, Period};
use reports::event::Event;

use super::station::{Happenings, Lost};
use crate::runtime::Pace;

/// Holds events back until nothing earlier can come.
#[derive(Debug)]
pub(super) struct OrderBuffer {
    held: Vec<Event>,
    hold: Period,
}

impl OrderBuffer {
    /// In virtual time a station stamps at most a millisecond back (a timer's grain); in real
    /// time it may be as late as the machine is busy.
    pub(super) fn new(pace: Pace) -> OrderBuffer {
        let hold = match pace {
            Pace::Virtual => Period::millis(1),
            Pace::Real => Period::millis(250),
        };
        OrderBuffer {
            held: Vec::new(),
            hold,
        }
    }

    pub(super) fn push(&mut self, event: Event) {
        self.held.push(event);
    }

    /// Takes what stations told.
    ///
    /// # Errors
    /// If they told more than is kept.
    pub(super) fn take(&mut self, happenings: &Happenings) -> Result<(), Lost> {
        happenings.take(&mut self.held)
    }

    /// Everything that is older than the hold, in order.
    pub(super) fn settled(&mut self, now: BenchTime) -> impl Iterator<Item = Event> {
        let horizon = now - self.hold;
        // Stable: what one device told at one time keeps its order.
        self.held.sort_by_key(|event| (event.at, event.device));
        let count = self.held.partition_point(|event| event.at < horizon);
        self.held.drain(..count)
    }

    /// Everything that is left, in order.
    pub(super) fn rest(&mut self) -> impl Iterator<Item = Event> {
        self.held.sort_by_key(|event| (event.at, event.device));
        self.held.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reports::event::{DeviceId, EventKind};

    fn event(micros: u64, device: u16) -> Event {
        let at = BenchTime::from_micros(micros);
        Event {
            at,
            device: DeviceId(device),
            kind: EventKind::Booted,
        }
    }

    #[test]
    fn devices_that_speak_at_once_come_in_order_of_their_ids() {
        let mut buffer = OrderBuffer::new(Pace::Virtual);
        for (micros, device) in [(5_000, 2), (5_000, 1), (4_500, 3), (9_000, 0)] {
            buffer.push(event(micros, device));
        }
        let settled: Vec<Event> = buffer.settled(BenchTime::from_millis(7)).collect();
        assert_eq!(settled, [event(4_500, 3), event(5_000, 1), event(5_000, 2)]);
        assert_eq!(buffer.rest().collect::<Vec<_>>(), [event(9_000, 0)]);
    }

    #[test]
    fn nothing_leaves_while_something_earlier_can_come() {
        let mut buffer = OrderBuffer::new(Pace::Virtual);
        buffer.push(event(6_000, 1));
        assert_eq!(buffer.settled(BenchTime::from_millis(7)).count(), 0);
    }
}
