//! An instrument of a wiring: how often it is asked, what it may be told at most, and what it is
//! connected to.

use std::collections::BTreeMap;

use drivers::catalog::{self, Role};
use profiles::time::Period;
use reports::event::DeviceId;

use super::{DevicePlan, InstrumentPlan, LatchUp, Wired};
use crate::config::campaign::{RawSetting, RawValue};
use crate::config::refusal::Refusal;
use crate::config::wiring::{RawDevice, RawWiring};
use crate::config::{Located, number_help};
use crate::plan::Planner;
use crate::plan::limits::unrated;
use crate::run::LONGEST_CUT;

/// How often an instrument is asked when the wiring does not say.
const POLL_DEFAULT: Period = Period::millis(1_000);

/// An instrument that is asked less often is not watched.
const LONGEST_POLL: Period = Period::millis(60_000);

/// Why a wiring cannot loosen a rating, and a campaign not a limit.
const HARDWARE: &str = "the hardware is not made for it";
const BENCH: &str = "the wiring allows less";

/// Limits between which values are, and which may be 0.
const RANGES: [(&str, &str); 2] = [("min_celsius", "max_celsius"), ("min_db", "max_db")];

/// What boards and loads are fed by, the likeliest first.
pub(super) const SOURCES: [Role; 2] = [Role::PowerSupply, Role::SolarArraySimulator];

impl Planner {
    pub(super) fn instrument(
        &mut self,
        raw: &RawDevice,
        wired: Wired,
        wiring: &RawWiring,
        id_of: &impl Fn(&str) -> Option<DeviceId>,
    ) -> DevicePlan {
        let role = wired.role;
        let keys = [
            ("powered_by", &raw.powered_by, role == Role::ElectronicLoad),
            ("inside", &raw.inside, false),
            ("measures", &raw.measures, role == Role::PowerAnalyser),
        ];
        for (key, value, allowed) in keys {
            if let Some(value) = value.as_ref().filter(|_| !allowed) {
                let message = format!("{} has no `{key}`", role.with_article());
                let expected = match key {
                    "powered_by" => "expected at boards and electronic loads only",
                    "measures" => "expected at power analysers only",
                    _ => "expected at boards only",
                };
                self.refuse(Refusal::at(&value.place, message, expected));
            }
        }
        let source = match role {
            Role::ElectronicLoad => raw.powered_by.as_ref(),
            Role::PowerAnalyser => raw.measures.as_ref(),
            _ => None,
        };
        let source = self.other(source, &SOURCES, wiring, id_of);
        let poll = self.poll(raw.poll.as_ref());
        let entries = catalog::entries();
        let entry = entries.iter().find(|entry| entry.name == wired.model);
        let ratings = entry.map_or(&[][..], |entry| {
            (entry.ratings_by)(&wired.options).unwrap_or(entry.ratings)
        });
        let mut limits: BTreeMap<String, f64> = ratings
            .iter()
            .map(|rating| {
                // A make that the wiring describes is rated there.
                let rated = wired.options.number(&format!("rated_{}", rating.name));
                (rating.name.to_owned(), rated.unwrap_or(rating.value))
            })
            .collect();
        for limit in unrated(role) {
            limits.insert((*limit).to_owned(), f64::INFINITY);
        }
        for limit in &raw.limits {
            self.limit(limit, &mut limits, HARDWARE);
        }
        // How fast it goes is nobody's business where the wiring does not say.
        limits.retain(|_, limit| limit.is_finite());
        for (min, max) in RANGES {
            if !limits.contains_key(max) || limits.get(min) < limits.get(max) {
                continue;
            }
            let message = format!("`{min}` is not below `{max}`");
            let place = raw.limits.first().map_or(&raw.place, |limit| &limit.place);
            self.refuse(Refusal::at(place, message, "expected one below the other"));
            // So that set points are not held against limits that nobody meant.
            limits.extend(
                ratings
                    .iter()
                    .map(|rating| (rating.name.to_owned(), rating.value)),
            );
        }
        let latch_up = self.latch_up(raw, &wired, &limits);
        DevicePlan::Instrument(InstrumentPlan {
            wired,
            poll,
            limits,
            latch_up,
            source,
        })
    }

    /// The rule against latch-ups, and the number of the channel that it watches.
    fn latch_up(
        &mut self,
        raw: &RawDevice,
        wired: &Wired,
        limits: &BTreeMap<String, f64>,
    ) -> Option<(LatchUp, u16)> {
        let rule = raw.latch_up.as_ref()?;
        let mut channels = (0..).zip(&wired.channels);
        let amps = channels.find(|(_, spec)| &*spec.name == "amps");
        let Some((channel, _)) = amps.filter(|_| wired.role.feeds()) else {
            let message = format!("{} has no `latch_up`", wired.role.with_article());
            let expected = "expected at supplies and solar-array simulators";
            self.refuse(Refusal::at(&rule.place, message, expected));
            return None;
        };
        let most_amps = limits.get("amps").copied().unwrap_or(f64::MAX);
        let above = rule.above_amps.as_ref()?;
        if !(above.value > 0.0 && above.value < most_amps) {
            let message = format!("`above_amps` is {}", above.value);
            let expected = format!("expected above 0 and below the limit `amps`, {most_amps}");
            let help = "at its limit a supply lowers the voltage, and the current shows nothing";
            self.refuse(Refusal::at(&above.place, message, expected).help(help));
        }
        let lasts = self.latch_time("for", rule.lasts.as_ref(), (0.001, LONGEST_CUT))?;
        let cut = self.latch_time("cut", rule.cut.as_ref(), (0.1, LONGEST_CUT))?;
        let most = rule
            .most
            .as_ref()
            .map_or(3, |most| most.value.min(1_000) as u32);
        let rule = LatchUp {
            above_amps: above.value,
            lasts,
            cut,
            most,
        };
        Some((rule, channel))
    }

    fn latch_time(
        &mut self,
        key: &str,
        written: Option<&Located<f64>>,
        (least, most): (f64, Period),
    ) -> Option<Period> {
        let written = written?;
        if (least..=most.as_secs_f64()).contains(&written.value) {
            return Period::from_millis((written.value * 1e3).round() as u32);
        }
        let message = format!("`{key}` is {} s", written.value);
        let expected = format!("expected from {least} s to {most}");
        self.refuse(Refusal::at(&written.place, message, expected));
        None
    }

    fn poll(&mut self, poll: Option<&Located<f64>>) -> Period {
        let Some(poll) = poll else {
            return POLL_DEFAULT;
        };
        let millis = poll.value * 1e3;
        let whole = (millis - millis.round()).abs() < 1e-6;
        let longest = LONGEST_POLL.as_secs_f64() * 1e3;
        if whole && (1.0..=longest).contains(&millis) {
            return Period::from_millis(millis.round() as u32).unwrap_or(POLL_DEFAULT);
        }
        let message = format!("an instrument that is asked every {millis} ms");
        let expected = format!("expected whole milliseconds, from \"1 ms\" to \"{LONGEST_POLL}\"");
        self.refuse(Refusal::at(&poll.place, message, expected));
        POLL_DEFAULT
    }

    /// Limits of a campaign: may only tighten those of the wiring, for as long as the run takes.
    pub(in crate::plan) fn tighten(
        &mut self,
        tighter: &[(Located<String>, Vec<RawSetting>)],
        devices: &mut [DevicePlan],
    ) {
        for (name, settings) in tighter {
            let mut found = devices.iter_mut();
            let found = found.find(|device| device.wired().name.as_str() == name.value);
            match found {
                Some(DevicePlan::Instrument(device)) => {
                    for limit in unrated(device.wired.role) {
                        let limit = device.limits.entry((*limit).to_owned());
                        limit.or_insert(f64::INFINITY);
                    }
                    for limit in settings {
                        self.limit(limit, &mut device.limits, BENCH);
                    }
                    device.limits.retain(|_, limit| limit.is_finite());
                }
                Some(DevicePlan::Board(_)) => {
                    let message = "a board has no limits of its own";
                    let help = "give them to the supply and the chamber";
                    let refusal = Refusal::at(&name.place, message, "nobody reads this");
                    self.refuse(refusal.help(help));
                }
                None => {
                    let names = super::names(devices);
                    let known = names.iter().map(AsRef::as_ref);
                    self.unknown(&name.place, "device", &name.value, known);
                }
            }
        }
    }

    /// A limit: may only tighten what holds already, for the reason `why`.
    fn limit(&mut self, limit: &RawSetting, limits: &mut BTreeMap<String, f64>, why: &str) {
        let key = &limit.key;
        let Some(&rating) = limits.get(&key.value) else {
            let known: Vec<&str> = limits.keys().map(String::as_str).collect();
            self.unknown(&key.place, "limit", &key.value, known.into_iter());
            return;
        };
        let RawValue::Number(value) = limit.value else {
            let found = self.loader.sources.quoted(&limit.place);
            let message = format!("limit `{}` is {found}", key.value);
            let help = match &limit.value {
                RawValue::Text(text) => number_help(text),
                RawValue::Number(_) | RawValue::Other => None,
            };
            let refusal = Refusal::at(&limit.place, message, "expected a number");
            self.refuse(refusal.maybe_help(help));
            return;
        };
        let lowest = key.value.starts_with("min_");
        let looser = if lowest {
            value < rating
        } else {
            value > rating
        };
        let side = if lowest { "at least" } else { "at most" };
        let (message, expected) = if looser {
            (
                format!("limit `{}` is {value}: {why}", key.value),
                format!("expected {side} {rating}"),
            )
        } else if !RANGES
            .iter()
            .any(|(min, max)| [*min, *max].contains(&&*key.value))
            && value <= 0.0
        {
            let most = match rating {
                f64::INFINITY => String::new(),
                rating => format!(", at most {rating}"),
            };
            (
                format!("limit `{}` is {value}", key.value),
                format!("expected above 0{most}"),
            )
        } else {
            limits.insert(key.value.clone(), value);
            return;
        };
        self.refuse(Refusal::at(&limit.place, message, expected));
    }

    /// Another device that this one names, which must have one of `roles`.
    pub(super) fn other(
        &mut self,
        named: Option<&Located<String>>,
        roles: &[Role],
        wiring: &RawWiring,
        id_of: &impl Fn(&str) -> Option<DeviceId>,
    ) -> Option<DeviceId> {
        let (named, role) = (named?, roles[0]);
        let of_role: Vec<&str> = wiring
            .devices
            .iter()
            .filter(|device| {
                device
                    .role
                    .as_ref()
                    .is_some_and(|r| roles.iter().any(|role| r.value == role.name()))
            })
            .map(|device| device.name.value.as_str())
            .collect();
        if of_role.contains(&named.value.as_str()) {
            return id_of(&named.value);
        }
        // One whose role is wrong is refused already.
        let known = wiring.devices.iter().find(|d| d.name.value == named.value);
        let other = known.and_then(|device| device.role.as_ref());
        match other.filter(|role| Role::ALL.iter().any(|known| known.name() == role.value)) {
            Some(other) => {
                let message = format!("`{}` is a {}, not a {role}", named.value, other.value);
                let expected = format!("expected one of: {}", of_role.join(", "));
                self.refuse(Refusal::at(&named.place, message, expected));
            }
            None if known.is_some() => {}
            None => {
                let known = of_role.into_iter();
                self.unknown(&named.place, role.name(), &named.value, known);
            }
        }
        None
    }
}
