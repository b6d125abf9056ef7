//! Checks: kinds, subjects and windows.

use std::collections::BTreeSet;

use profiles::option::{OptionSpec, Options};
use profiles::phase::Phase;
use reports::check::{self, Condition, Target};
use reports::header::{CheckSpec, Header, Subject};

use super::{Planner, sky};
use crate::config::Located;
use crate::config::campaign::{CHECK_KEYS, RawCheck, RawSetting, RawValue};
use crate::config::refusal::{Place, Refusal, is_near, nearest};

impl Planner {
    /// The checks, resolved.
    pub(super) fn checks(&mut self, raws: &[RawCheck], header: &Header) -> Vec<CheckSpec> {
        let mut checks: Vec<CheckSpec> = Vec::new();
        for raw in raws {
            let earlier = raws.iter().take_while(|other| other.place != raw.place);
            let mut earlier = earlier.filter(|other| !other.name.value.is_empty());
            if earlier.any(|other| other.name.value == raw.name.value) {
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
        let settings = self.settings(raw, kind.options);
        let mut options = self.options(&what, &raw.place, &settings, kind.options);
        // Settings that are wrong one by one make no sense together either; once is enough.
        let sound = self.loader.refusals.len() == before;
        if let Err(why) = (kind.validate)(&options)
            && sound
        {
            let message = format!("check `{}`: {why}", raw.name.value);
            let place = raw
                .settings
                .first()
                .map_or(&raw.place, |first| &first.place);
            self.refuse(Refusal::at(place, message, "these settings make no sense"));
        }
        let subject = self.subject(raw, kind.target, header)?;
        self.guard(raw, subject, header, &mut options);
        if kind.name == "limits" {
            self.contexts(raw, subject, header, &options);
        }
        self.meter(raw, header);
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

    /// Refuses contexts of limits that name nothing: their limits would never hold.
    fn contexts(&mut self, raw: &RawCheck, subject: Subject, header: &Header, options: &Options) {
        let mut settings = raw.settings.iter();
        let written = settings.find(|setting| setting.key.value == "contexts");
        let place = written.map_or(&raw.place, |setting| &setting.place);
        let device = match subject {
            Subject::Channel { device, .. } => header.device_at(device),
            Subject::Device { .. } | Subject::Workload { .. } => None,
        };
        for condition in check::conditions(options) {
            match condition {
                Condition::During(name) => self.context_name(place, &name, header),
                Condition::State { channel, state } => {
                    let Some(device) = device else { continue };
                    let mut channels = device.channels.iter();
                    let known = channels.find(|known| *known.name == *channel);
                    let Some(known) = known else {
                        let names = device.channels.iter().map(|known| &*known.name);
                        let what = format!("channel of `{}`", device.name);
                        self.unknown(place, &what, &channel, names);
                        continue;
                    };
                    if !known.states.iter().any(|word| **word == *state) {
                        let words = known.states.iter().map(|word| &**word);
                        let what = format!("state of `{channel}`");
                        self.unknown(place, &what, &state, words);
                    }
                }
            }
        }
    }

    fn context_name(&mut self, place: &Place, name: &str, header: &Header) {
        let is_step = header.steps.iter().any(|step| step.name == name);
        if !is_step && self.stretches(name, header).is_none() {
            let steps = header.steps.iter().map(|step| step.name.clone());
            let phases = header.phases.iter().map(|interval| interval.phase);
            let phases: BTreeSet<Phase> = phases.collect();
            let phases = phases.into_iter().map(|phase| phase.name().to_owned());
            let known: Vec<String> = steps
                .chain(phases)
                .chain(self.happenings.iter().cloned())
                .collect();
            let known = known.iter().map(String::as_str);
            self.unknown(place, "phase, step or window", name, known);
        }
    }

    /// The settings of a check's kind; a key that looks like one that every check has is refused.
    fn settings(&mut self, raw: &RawCheck, specs: &[OptionSpec]) -> Vec<RawSetting> {
        let mut settings = Vec::new();
        for setting in &raw.settings {
            let key = &setting.key;
            let like_a_setting = specs.iter().any(|spec| is_near(&key.value, spec.name));
            match nearest(&key.value, CHECK_KEYS.into_iter()).filter(|_| !like_a_setting) {
                Some(help) => {
                    let message = format!("unknown key `{}` in [[check]]", key.value);
                    let expected = format!("expected one of: {}", CHECK_KEYS.join(", "));
                    self.refuse(Refusal::at(&key.place, message, expected).help(help));
                }
                None => settings.push(setting.clone()),
            }
        }
        settings
    }

    /// Refuses a meter that is no device, or one that measures no power.
    fn meter(&mut self, raw: &RawCheck, header: &Header) {
        let mut settings = raw.settings.iter();
        let Some(setting) = settings.find(|setting| setting.key.value == check::METER) else {
            return;
        };
        let RawValue::Text(name) = &setting.value else {
            return;
        };
        let Some((_, device)) = header.device(name) else {
            let known = header.devices.iter().map(|device| device.name.as_str());
            self.unknown(&setting.place, "device", name, known);
            return;
        };
        let has = |unit: &str| device.channels.iter().any(|channel| &*channel.unit == unit);
        let measures_power = has("W") || (has("V") && has("A"));
        if !measures_power {
            let message = format!("`{name}` measures no power");
            let expected = "expected a device with a channel in W, or one in V and one in A";
            self.refuse(Refusal::at(&setting.place, message, expected));
        }
    }

    fn subject(&mut self, raw: &RawCheck, target: Target, header: &Header) -> Option<Subject> {
        let wanted = match target {
            Target::Channel => "channel",
            Target::Device => "device",
            Target::Workload | Target::Mesh => "workload",
        };
        let Some((key, name)) = raw.target.as_ref().filter(|(key, _)| *key == wanted) else {
            let place = raw
                .target
                .as_ref()
                .map_or(&raw.place, |(_, name)| &name.place);
            // A key that looks like the wanted one is refused as a setting already.
            let mut keys = raw.settings.iter().map(|setting| &setting.key.value);
            if raw.target.is_some() || !keys.any(|key| is_near(key, wanted)) {
                let message = format!("a check of kind `{}` watches a {wanted}", raw.kind.value);
                let expected = format!("expected `{wanted} = …`");
                self.refuse(Refusal::at(place, message, expected));
            }
            return None;
        };
        match *key {
            _ if target == Target::Mesh => {
                let seats = header
                    .workloads
                    .iter()
                    .map(|workload| workload.seat.as_ref());
                let mut meshes = seats
                    .clone()
                    .map(|seat| seat.map(|seat| seat.mesh.as_str()));
                let found = meshes.position(|mesh| mesh == Some(name.value.as_str()));
                if found.is_none() {
                    let known = seats.flatten().map(|seat| seat.mesh.as_str());
                    self.unknown(&name.place, "mesh", &name.value, known);
                }
                found.map(|workload| Subject::Workload {
                    workload: workload as u16,
                })
            }
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
        if device_part.is_empty() {
            let message = format!("`{}` names no channel", name.value);
            self.refuse(Refusal::at(
                &name.place,
                message,
                "expected \"device.channel\"",
            ));
            return None;
        }
        let Some((device, known)) = header.device(device_part) else {
            if device_part == sky::DEVICE {
                self.no_orbit(&name.place, "channels of the orbit need one");
            } else {
                let place = self.part(name, 0, device_part);
                let names = header.devices.iter().map(|device| device.name.as_str());
                self.unknown(&place, "device", device_part, names);
            }
            return None;
        };
        let channels = known.channels.iter();
        let found = channels
            .clone()
            .position(|spec| &*spec.name == channel_part);
        if found.is_none() && channel_part.is_empty() {
            let names: Vec<&str> = channels.map(|spec| &*spec.name).collect();
            let message = format!("`{}` names no channel", name.value);
            let expected = format!("expected `{device_part}.` and one of: {}", names.join(", "));
            self.refuse(Refusal::at(&name.place, message, expected));
        } else if found.is_none() {
            let place = self.part(name, device_part.len() + 1, channel_part);
            let names = channels.map(|spec| &*spec.name);
            let what = format!("channel of `{device_part}`");
            self.unknown(&place, &what, channel_part, names);
        }
        found.map(|channel| Subject::Channel {
            device,
            channel: channel as u16,
        })
    }
}
