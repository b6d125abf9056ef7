//! Calibration: dates and accuracies in a wiring, and limits drawn in by what the instrument may be wrong.

use drivers::accuracy;
use jiff::civil::Date;
use profiles::channel::ChannelSpec;
use profiles::option::{OptionValue, Options};
use reports::check::{GUARD_MAX, GUARD_MIN};
use reports::header::{Accuracy, Calibration, Header, Subject};

use crate::config::Located;
use crate::config::campaign::RawCheck;
use crate::config::refusal::Refusal;
use crate::config::wiring::{RawAccuracy, RawDevice};
use crate::plan::Planner;

impl Planner {
    /// When a device was calibrated, if the wiring says so.
    pub(super) fn calibration(&mut self, raw: &RawDevice) -> Option<Calibration> {
        let done = self.date(raw.calibrated.as_ref());
        let due = self.date(raw.calibration_due.as_ref());
        if let (Some(done), Some(due), Some(written)) = (done, due, &raw.calibration_due)
            && due < done
        {
            let message = "the calibration is due before it was done";
            let expected = format!("expected a day after {done}");
            self.refuse(Refusal::at(&written.place, message, expected));
        }
        let text = |date: Option<Date>| date.map(|date| date.to_string());
        (done.is_some() || due.is_some()).then(|| Calibration {
            done: text(done),
            due: text(due),
            expired: false,
        })
    }

    /// How accurate a device's channels are: by the wiring, or else by what its maker guarantees.
    pub(super) fn accuracy(
        &mut self,
        raw: &RawDevice,
        model: &str,
        channels: &[ChannelSpec],
    ) -> Vec<Accuracy> {
        let certified = |written: &RawAccuracy| Accuracy {
            channel: written.channel.value.clone(),
            percent: written.percent.as_ref().map_or(0.0, |it| it.value),
            offset: written.offset.as_ref().map_or(0.0, |it| it.value),
            certified: true,
        };
        for written in &raw.accuracy {
            self.is_accuracy(written, channels);
        }
        let by_channel = channels.iter().filter_map(|spec| {
            let mut written = raw.accuracy.iter();
            let written = written.find(|written| written.channel.value == *spec.name);
            let makers = || {
                accuracy::of(model, &spec.name).map(|makers| Accuracy {
                    channel: spec.name.to_string(),
                    percent: makers.percent,
                    offset: makers.offset,
                    certified: false,
                })
            };
            written.map(certified).or_else(makers)
        });
        by_channel.collect()
    }

    /// Refuses an accuracy that is none, or of no channel with numbers.
    fn is_accuracy(&mut self, written: &RawAccuracy, channels: &[ChannelSpec]) {
        let numbers = channels.iter().filter(|spec| spec.states.is_empty());
        let name = &written.channel;
        if !numbers.clone().any(|spec| *spec.name == name.value) {
            let known = numbers.map(|spec| &*spec.name);
            self.unknown(&name.place, "measured channel", &name.value, known);
            return;
        }
        let parts = [("percent", &written.percent), ("offset", &written.offset)];
        let mut sum = 0.0;
        for (key, value) in parts {
            let Some(value) = value else { continue };
            sum += value.value;
            let most = if key == "percent" { 100.0 } else { f64::MAX };
            if !(0.0..=most).contains(&value.value) {
                let message = format!("`{key}` of an accuracy is {}", value.value);
                let expected = "expected the largest error: from 0, and `percent` at most 100";
                self.refuse(Refusal::at(&value.place, message, expected));
                return;
            }
        }
        if sum <= 0.0 && !written.is_misspelt {
            let message = format!("`{}` is said to have no error at all", name.value);
            let expected = "expected `percent` of the reading, `offset` in its unit, or both";
            self.refuse(Refusal::at(&name.place, message, expected));
        }
    }

    fn date(&mut self, written: Option<&Located<String>>) -> Option<Date> {
        let written = written?;
        match written.value.parse::<Date>() {
            Ok(date) if date.to_string() == written.value => Some(date),
            _ => {
                let message = format!("`{}` is no day", written.value);
                let expected = "expected a day such as \"2026-05-01\"";
                self.refuse(Refusal::at(&written.place, message, expected));
                None
            }
        }
    }

    /// Draws the limits of a guarded check in by the uncertainty of its instrument at them: what
    /// passes then lies inside whatever the instrument is wrong within its accuracy.
    pub(in crate::plan) fn guard(
        &mut self,
        raw: &RawCheck,
        subject: Subject,
        header: &Header,
        options: &mut Options,
    ) {
        if options.text("guard") != Some("true") {
            return;
        }
        let setting = raw.settings.iter().find(|s| s.key.value == "guard");
        let place = setting.map_or(&raw.place, |setting| &setting.place);
        let accuracy = match subject {
            Subject::Channel { device, channel } => header.device_at(device).and_then(|device| {
                let channel = device.channels.get(usize::from(channel))?;
                device.accuracy_of(&channel.name)
            }),
            _ => None,
        };
        let Some(accuracy) = accuracy else {
            let message = format!("nobody guarantees how accurate `{}` is", {
                raw.target
                    .as_ref()
                    .map_or("it", |(_, target)| &target.value)
            });
            let expected = "expected a channel of an instrument with an accuracy, or no `guard`";
            let help = "write what its certificate says into the wiring: `accuracy`";
            self.refuse(Refusal::at(place, message, expected).help(help));
            return;
        };
        let mut room = [f64::NEG_INFINITY, f64::INFINITY];
        for (index, (limit, name)) in [("min", GUARD_MIN), ("max", GUARD_MAX)].iter().enumerate() {
            if let Some(value) = options.number(limit) {
                let band = accuracy.at(value);
                room[index] = if index == 0 {
                    value + band
                } else {
                    value - band
                };
                options.set(name, OptionValue::Number(band));
            }
        }
        if room[0] > room[1] {
            let message = "the uncertainty leaves nothing between `min` and `max`";
            let expected = format!(
                "expected more than {:.4} between them, or a better instrument",
                accuracy.at(room[0]) + accuracy.at(room[1])
            );
            self.refuse(Refusal::at(place, message, expected));
        }
    }
}
