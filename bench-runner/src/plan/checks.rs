//! Checks: kinds, subjects and windows.

use profiles::phase::Phase;
use profiles::time::{BenchTime, Period, Window};
use reports::check::{self, Target};
use reports::header::{CheckSpec, Header, NamedWindow, Subject};

use super::Planner;
use crate::config::Located;
use crate::config::campaign::RawCheck;
use crate::config::refusal::Refusal;

impl Planner {
    /// The checks, resolved.
    pub(super) fn checks(&mut self, raws: &[RawCheck], header: &Header) -> Vec<CheckSpec> {
        let mut checks: Vec<CheckSpec> = Vec::new();
        for raw in raws {
            if checks.iter().any(|check| check.name == raw.name.value) {
                let message = format!("two checks are named `{}`", raw.name.value);
                self.refuse(Refusal::at(
                    &raw.name.place,
                    message,
                    "expected another name",
                ));
            }
            checks.extend(self.check(raw, header));
        }
        checks
    }

    fn check(&mut self, raw: &RawCheck, header: &Header) -> Option<CheckSpec> {
        let windows = self.windows(raw, header);
        let Some(kind) = check::find(&raw.kind.value) else {
            let known = check::KINDS.iter().map(|kind| kind.name);
            self.unknown(&raw.kind.place, "kind of check", &raw.kind.value, known);
            return None;
        };
        let before = self.loader.refusals.len();
        let what = format!("a check of kind `{}`", kind.name);
        let options = self.options(&what, &raw.place, &raw.settings, kind.options);
        // Settings that are wrong one by one make no sense together either; once is enough.
        let sound = self.loader.refusals.len() == before;
        if let Err(why) = (kind.validate)(&options)
            && sound
        {
            let message = format!("`{}` makes no sense: {why}", raw.name.value);
            self.refuse(Refusal::at(&raw.name.place, message, "this check"));
        }
        let subject = self.subject(raw, kind.target, header)?;
        Some(CheckSpec {
            name: raw.name.value.clone(),
            kind: kind.name.to_owned(),
            subject,
            subject_text: raw.target.as_ref()?.1.value.clone(),
            during: match &raw.during {
                None => "whole run".to_owned(),
                Some(names) => names
                    .iter()
                    .map(|name| name.value.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            },
            windows: windows?,
            options,
        })
    }

    fn subject(&mut self, raw: &RawCheck, target: Target, header: &Header) -> Option<Subject> {
        let wanted = match target {
            Target::Channel => "channel",
            Target::Device => "device",
            Target::Workload => "workload",
        };
        let Some((key, name)) = raw.target.as_ref().filter(|(key, _)| *key == wanted) else {
            let place = raw
                .target
                .as_ref()
                .map_or(&raw.place, |(_, name)| &name.place);
            let message = format!("a check of kind `{}` watches a {wanted}", raw.kind.value);
            self.refuse(Refusal::at(
                place,
                message,
                format!("expected `{wanted} = …`"),
            ));
            return None;
        };
        match *key {
            "device" => {
                let found = header.device(&name.value);
                if found.is_none() {
                    let known = header.devices.iter().map(|device| device.name.as_str());
                    self.unknown(&name.place, "device", &name.value, known);
                }
                found.map(|(device, _)| Subject::Device { device })
            }
            "workload" => {
                let found = header.workloads.iter().position(|w| w.name == name.value);
                if found.is_none() {
                    let known = header
                        .workloads
                        .iter()
                        .map(|workload| workload.name.as_str());
                    self.unknown(&name.place, "workload", &name.value, known);
                }
                found.map(|workload| Subject::Workload {
                    workload: workload as u16,
                })
            }
            _ => self.channel(name, header),
        }
    }

    fn channel(&mut self, name: &Located<String>, header: &Header) -> Option<Subject> {
        let (device_part, channel_part) = name.value.split_once('.').unwrap_or((&name.value, ""));
        if let Some((device, known)) = header.device(device_part) {
            let found = known
                .channels
                .iter()
                .position(|spec| &*spec.name == channel_part);
            if found.is_none() {
                let names = known.channels.iter().map(|spec| &*spec.name);
                let what = format!("channel of `{device_part}`");
                self.unknown(&name.place, &what, channel_part, names);
            }
            found.map(|channel| Subject::Channel {
                device,
                channel: channel as u16,
            })
        } else {
            let names = header.devices.iter().map(|device| device.name.as_str());
            self.unknown(&name.place, "device", device_part, names);
            None
        }
    }

    /// When a check looks. Steps restrict phases: `["two orbits", "umbra"]` is the umbra within
    /// that step. `None` if a name is unknown or nothing is left.
    fn windows(&mut self, raw: &RawCheck, header: &Header) -> Option<Vec<NamedWindow>> {
        let whole = Window {
            start: BenchTime::ZERO,
            end: header.end + Period::millis(1),
        };
        let names = raw.during.as_deref().unwrap_or_default();
        let mut steps: Vec<NamedWindow> = Vec::new();
        let mut phases: Vec<Phase> = Vec::new();
        let mut known = true;
        for name in names {
            if let Some(step) = header.steps.iter().find(|step| step.name == name.value) {
                steps.push(NamedWindow {
                    name: step.name.clone(),
                    window: step.window,
                });
            } else if let Some(phase) = Phase::ALL.iter().find(|phase| phase.name() == name.value)
                && !header.phases.is_empty()
            {
                phases.push(*phase);
            } else {
                let mut all: Vec<&str> = header.steps.iter().map(|s| s.name.as_str()).collect();
                if !header.phases.is_empty() {
                    all.extend(Phase::ALL.map(Phase::name));
                }
                self.unknown(
                    &name.place,
                    "step or phase",
                    &name.value,
                    all.iter().copied(),
                );
                known = false;
            }
        }
        if steps.is_empty() {
            let name = if names.is_empty() { "whole run" } else { "" };
            steps.push(NamedWindow {
                name: name.to_owned(),
                window: whole,
            });
        }
        let mut windows: Vec<NamedWindow> = Vec::new();
        for step in &steps {
            if phases.is_empty() {
                windows.push(step.clone());
            }
            for interval in header.phases.iter().filter(|i| phases.contains(&i.phase)) {
                if let Some(window) = interval.window.overlap(&step.window) {
                    windows.push(NamedWindow {
                        name: interval.phase.name().to_owned(),
                        window,
                    });
                }
            }
        }
        let skip = (raw.after * 1e6) as u64;
        for named in &mut windows {
            named.window.start = named.window.start.plus_micros(skip);
        }
        windows.retain(|named| named.window.start < named.window.end);
        windows.sort_by_key(|named| named.window.start);
        windows.dedup();
        if windows.is_empty() && known {
            let place = names.first().map_or(&raw.place, |name| &name.place);
            let message = format!("`{}` would never look", raw.name.value);
            let expected = "this does not happen during the campaign, or `after` skips all of it";
            self.refuse(Refusal::at(place, message, expected));
        }
        known
            .then_some(windows)
            .filter(|windows| !windows.is_empty())
    }
}
