//! What breaks on purpose: each `[[fault]]` to the times at which it is injected.

mod kinds;
mod upset;
mod write;

use drivers::link::QemuMode;
use profiles::command::Command;
use profiles::seed::{Seed, Stream};
use profiles::time::{BenchTime, Window};
use reports::header::{Header, NamedWindow};

pub(crate) use kinds::{KINDS, Lasts, Room};
pub(crate) use write::snippet;

use super::stations::{self, DevicePlan, Wired};
use super::steps::PlacedCommand;
use super::{Planner, TimedCommand};
use crate::config::Located;
use crate::config::campaign::RawFault;
use crate::config::refusal::Refusal;

/// Most faults of one campaign.
const MOST: usize = 10_000;

/// One time at which something breaks, and for how long, in milliseconds.
type Stroke = (BenchTime, Option<u32>);

impl Planner {
    /// The faults of a campaign. The same seed breaks the same at the same times; `period` is that
    /// of the orbit, s.
    pub(super) fn faults(
        &mut self,
        faults: &[RawFault],
        (header, devices): (&Header, &[DevicePlan]),
        seed: Seed,
        period: Option<f64>,
    ) -> Vec<PlacedCommand> {
        let mut timeline = Vec::new();
        for (number, raw) in faults.iter().enumerate() {
            let Some(wired) = self.breaks(raw, devices) else {
                continue;
            };
            let purpose = format!("fault {number} {}", raw.kind.value);
            let stream = seed.stream(wired.name.as_str(), &purpose);
            let strokes = self.strokes(raw, header, period, stream);
            if raw.kind.value == upset::UPSET {
                self.needless_of(raw, None);
                let places = seed.stream(wired.name.as_str(), &format!("{purpose} places"));
                timeline.extend(self.upsets(raw, wired, &strokes, places));
                continue;
            }
            for (at, millis) in strokes {
                let Some(fault) = self.fault_of(raw, wired, millis) else {
                    break;
                };
                timeline.push(PlacedCommand {
                    command: TimedCommand {
                        at,
                        device: wired.id,
                        command: Command::Inject(fault),
                    },
                    place: raw.place.clone(),
                    amps_place: None,
                });
            }
            if timeline.len() > MOST {
                let message = format!("there are {} faults with this one", timeline.len());
                let expected = format!("expected at most {MOST} over the campaign");
                self.refuse(Refusal::at(&raw.place, message, expected));
                break;
            }
        }
        timeline
    }

    /// The device that breaks, where it can break so.
    fn breaks<'a>(&mut self, raw: &RawFault, devices: &'a [DevicePlan]) -> Option<&'a Wired> {
        let Some(device) = stations::find(devices, &raw.device.value) else {
            let names = stations::names(devices);
            let names = names.iter().map(AsRef::as_ref);
            self.unknown(&raw.device.place, "device", &raw.device.value, names);
            return None;
        };
        let wired = device.wired();
        let firmware = wired.link.qemu();
        let is_live = firmware.is_some_and(|spec| spec.mode == QemuMode::Live);
        if wired.link.line().is_some() || is_live {
            let (name, link) = (&wired.name, &wired.link);
            let message =
                format!("`{name}` is at the end of `{link}`: the bench cannot break it on purpose");
            let expected = "only devices with link `memory` can be broken";
            let refusal = Refusal::at(&raw.device.place, message, expected);
            self.refuse(refusal.help("give it link `memory`, or leave the fault out"));
            return None;
        }
        Some(wired)
    }

    /// When it breaks, and for how long.
    fn strokes(
        &mut self,
        raw: &RawFault,
        header: &Header,
        period: Option<f64>,
        stream: Stream,
    ) -> Vec<Stroke> {
        let rate = self.rate(raw, period);
        let has_rate = raw.per_hour.is_some() || raw.per_orbit.is_some();
        let lasts = raw.lasts.as_ref().map(millis);
        if let Some(at) = &raw.at {
            for (key, stray) in [
                ("during", raw.during.as_ref().map(|names| &names[0].place)),
                ("after", raw.after.as_ref().map(|after| &after.place)),
                (
                    "rate_per_hour",
                    raw.per_hour.as_ref().map(|rate| &rate.place),
                ),
                (
                    "rate_per_orbit",
                    raw.per_orbit.as_ref().map(|rate| &rate.place),
                ),
            ] {
                if let Some(place) = stray {
                    let message = format!("a fault with `at` has no `{key}`");
                    self.refuse(Refusal::at(place, message, "expected `at` alone"));
                }
            }
            let at = self.fault_time(at, header);
            return at.map(|at| (at, lasts)).into_iter().collect();
        }
        if raw.during.is_none() && !has_rate {
            if raw.is_whole {
                let message = "nothing says when this breaks";
                let expected = "expected `at`, `during`, `rate_per_hour` or `rate_per_orbit`";
                self.refuse(Refusal::at(&raw.place, message, expected));
            }
            return Vec::new();
        }
        let windows = match &raw.during {
            Some(names) => self.during(names, header).unwrap_or_default(),
            None => own_steps(header),
        };
        let skip = raw
            .after
            .as_ref()
            .map_or(0, |after| u64::from(millis(after)) * 1_000);
        let windows = windows.into_iter().filter_map(|named| {
            let end = named.window.end.min(header.end);
            let start = named.window.start.plus_micros(skip).ceil_millis();
            (start < end).then_some(Window { start, end })
        });
        let windows: Vec<Window> = windows.collect();
        if has_rate {
            let Some(per_second) = rate else {
                return Vec::new();
            };
            let times = at_random(&windows, per_second, stream);
            return times.into_iter().map(|at| (at, lasts)).collect();
        }
        // Without a length of its own it lasts as long as the window.
        let whole = |window: &Window| (window.end.micros_since(window.start) / 1_000) as u32;
        let strokes = windows.iter();
        strokes
            .map(|window| (window.start, lasts.or(Some(whole(window)))))
            .collect()
    }

    /// Faults in a second.
    fn rate(&mut self, raw: &RawFault, period: Option<f64>) -> Option<f64> {
        let (rate, seconds) = match (&raw.per_hour, &raw.per_orbit, period) {
            (Some(rate), None, _) => (rate, 3_600.0),
            (None, Some(rate), Some(period)) => (rate, period),
            (None, Some(rate), None) => {
                self.no_orbit(&rate.place, "a rate per orbit needs an orbit");
                return None;
            }
            (Some(_), Some(rate), _) => {
                let message = "a fault has one rate";
                let expected = "expected `rate_per_hour` or `rate_per_orbit`";
                self.refuse(Refusal::at(&rate.place, message, expected));
                return None;
            }
            (None, None, _) => return None,
        };
        if rate.value > 0.0 && rate.value / seconds <= 10.0 {
            return Some(rate.value / seconds);
        }
        let message = format!("a rate of {}", rate.value);
        let expected = "expected above 0, at most ten in a second";
        self.refuse(Refusal::at(&rate.place, message, expected));
        None
    }

    /// A time from T0, on a whole millisecond before the end.
    fn fault_time(&mut self, at: &Located<f64>, header: &Header) -> Option<BenchTime> {
        let time = BenchTime::from_micros((at.value * 1e6).round() as u64);
        if time != time.ceil_millis() {
            let message = format!("`at` is {} ms", at.value * 1e3);
            self.refuse(Refusal::at(
                &at.place,
                message,
                "expected whole milliseconds",
            ));
            return None;
        }
        if time >= header.end && !self.broken.is_timeless() {
            let message = format!("`at` is {} s: the campaign is over by then", at.value);
            let end = header.end.as_secs_f64();
            let expected = format!("expected below {end} s, from T0 on");
            self.refuse(Refusal::at(&at.place, message, expected));
            return None;
        }
        Some(time)
    }
}

/// A length of time in milliseconds.
fn millis(length: &Located<f64>) -> u32 {
    (length.value * 1e3).round() as u32
}

/// The campaign's own steps: while the bench identifies and arms nothing breaks by chance.
fn own_steps(header: &Header) -> Vec<NamedWindow> {
    let steps = header.steps.iter().skip(1);
    let named = steps.map(|step| NamedWindow {
        name: step.name.clone(),
        window: step.window,
    });
    named.collect()
}

/// Times at random with this rate within the windows, exponentially far apart.
fn at_random(windows: &[Window], per_second: f64, mut stream: Stream) -> Vec<BenchTime> {
    let mut times = Vec::new();
    for window in windows {
        let mut at = window.start.as_secs_f64();
        loop {
            at -= (1.0 - stream.unit()).ln() / per_second;
            let time = BenchTime::from_secs_f64(at).ceil_millis();
            if time >= window.end || times.len() > MOST {
                break;
            }
            times.push(time);
        }
    }
    times
}
