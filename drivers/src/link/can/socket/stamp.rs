//! When a frame was there: what the kernel or the adapter stamped on it, in bench time.

use std::time::Duration;

use profiles::time::BenchTime;

use crate::clock::Clock;
use crate::link::Stamp;

/// How long an adapter's clock is compared with the bench's before the comparison is made anew,
/// µs. Two crystals that differ by 100 ppm part by 100 µs in this time.
const COMPARED: u64 = 1_000_000;

/// What came with a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamps {
    /// The system's clock, since 1970.
    pub(super) kernel: Option<Duration>,
    /// The adapter's own clock, since it was switched on.
    pub(super) adapter: Option<Duration>,
}

/// Compares an adapter's clock with the bench's. A frame is never heard before it was there, so
/// the least difference between the two that was seen of late is the one with the least delay.
#[derive(Debug, Default)]
pub(super) struct AdapterClock {
    since: BenchTime,
    /// Least difference before, and since, `since`; µs of bench time less µs of the adapter's.
    least: [Option<i128>; 2],
}

impl AdapterClock {
    fn bench_time(&mut self, heard: BenchTime, adapter: Duration) -> BenchTime {
        let adapter = adapter.as_micros().cast_signed();
        let difference = i128::from(heard.as_micros()) - adapter;
        if heard.micros_since(self.since) > COMPARED {
            self.since = heard;
            self.least = [self.least[1], None];
        }
        let newest = self.least[1].map_or(difference, |least| least.min(difference));
        // A clock that was set back, or an adapter that was started anew, is another clock.
        if self.least[0].is_some_and(|least| newest > least + i128::from(COMPARED)) {
            self.least[0] = None;
        }
        self.least[1] = Some(newest);
        let least = self.least[0].map_or(newest, |least| least.min(newest));
        let at = u64::try_from(adapter + least).unwrap_or_default();
        BenchTime::from_micros(at).min(heard)
    }
}

/// When a frame was there, and how that is known. Never later than now, nor before `last`:
/// frames keep their order.
pub(super) fn arrival(
    clock: Clock,
    stamps: Stamps,
    adapter: &mut AdapterClock,
    last: BenchTime,
) -> (BenchTime, Stamp) {
    let now = clock.now();
    let heard = stamps.kernel.map_or(now, |kernel| clock.of_wall(kernel));
    let (at, stamp) = match (stamps.adapter, stamps.kernel) {
        (Some(ticks), _) => (adapter.bench_time(heard, ticks), Stamp::Adapter(ticks)),
        (None, Some(_)) => (heard, Stamp::Kernel),
        (None, None) => (now, Stamp::Read),
    };
    (at.clamp(last, now.max(last)), stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapters_clock_keeps_the_spacing_that_delays_hide() {
        let mut clock = AdapterClock::default();
        // Frames every millisecond on an adapter that began at 5 s; heard 100 to 900 µs late.
        let mut told = Vec::new();
        for n in 0..2_000_u64 {
            let delay = 100 + (n * 7_919) % 800;
            let heard = BenchTime::from_micros(n * 1_000 + delay);
            let ticks = Duration::from_micros(5_000_000 + n * 1_000);
            told.push(clock.bench_time(heard, ticks).as_micros());
        }
        // Once the least delay was seen, the spacing is the adapter's own.
        let spaced = |pair: &[u64]| pair[1] - pair[0] == 1_000;
        let late = told[900..].windows(2).filter(|pair| !spaced(pair)).count();
        assert!(late <= 2, "{late} of 1100 spaced otherwise");
        assert!(told[1_999] >= 1_999_100 && told[1_999] <= 1_999_102);
    }

    #[test]
    fn an_adapter_that_starts_anew_is_another_clock() {
        let mut clock = AdapterClock::default();
        let at = |millis| BenchTime::from_millis(millis);
        clock.bench_time(at(1_000), Duration::from_secs(100));
        clock.bench_time(at(2_500), Duration::from_millis(101_500));
        let anew = clock.bench_time(at(4_000), Duration::from_millis(10));
        assert_eq!(anew, at(4_000));
        assert_eq!(
            clock.bench_time(at(5_500), Duration::from_millis(1_510)),
            at(5_500)
        );
    }
}
