//! Calibration: dates in a wiring, and limits drawn in by what the instrument may be wrong.

use drivers::accuracy;
use jiff::civil::Date;
use profiles::option::{OptionValue, Options};
use reports::check::{GUARD_MAX, GUARD_MIN};
use reports::header::{Calibration, Header, Subject};

use crate::config::Located;
use crate::config::campaign::RawCheck;
use crate::config::refusal::Refusal;
use crate::config::wiring::RawDevice;
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
                accuracy::of(&device.model, &channel.name)
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
            self.refuse(Refusal::at(place, message, expected));
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
