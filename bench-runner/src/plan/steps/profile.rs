//! What is told over a step: profiles to timelines.

use std::path::Path;

use drivers::catalog::Role;
use profiles::command::Command;
use profiles::orbit::{
    BASEPLATE, Follow, SupplyCeiling, array_timeline, chamber_timeline, supply_timeline,
};
use profiles::quantity::{Amperes, Celsius, Volts};
use profiles::shape::Ramp;
use profiles::time::{BenchTime, Period, Window};

use super::{PlacedCommand, Told, cycles, link};
use crate::config::Located;
use crate::config::campaign::RawProfile;
use crate::config::folder::Folder;
use crate::config::refusal::{Place, Refusal};
use crate::plan::sky::Sky;
use crate::plan::stations::DevicePlan;
use crate::plan::tables::read_table;
use crate::plan::{Planner, TimedCommand};

/// How often a profile is told when the campaign does not say.
const EVERY_DEFAULT: Period = Period::millis(10_000);
/// Most set points of one profile: a day of them at the shortest `every`.
const MOST_POINTS: f64 = 864_000.0;

impl Planner {
    pub(super) fn profile(
        &mut self,
        told: &Told<'_>,
        window: Window,
        raw: &RawProfile,
        timeline: &mut Vec<PlacedCommand>,
    ) {
        let Some(device) = self.device(told.devices, &raw.device) else {
            return;
        };
        if raw.kind.value == link::KIND {
            return self.link_profile((told, device), window, raw, timeline);
        }
        let every = self.every(raw, window);
        let place = &raw.device.place;
        let wired = device.wired();
        let points = match (raw.kind.value, wired.role, told.sky) {
            ("orbit", Role::PowerSupply, Some(sky)) => {
                let limit = |key| match device {
                    DevicePlan::Instrument(plan) => plan.limits.get(key).copied(),
                    DevicePlan::Board(_) => None,
                };
                let ceiling = SupplyCeiling {
                    volts: Volts(limit("volts").unwrap_or(f64::MAX)),
                    amps: Amperes(limit("amps").unwrap_or(f64::MAX)),
                };
                supply_timeline(&sky.prediction, &wired.name, window, every, ceiling)
            }
            ("orbit", Role::SolarArraySimulator, Some(sky)) => {
                self.possible(&sky.array, raw);
                array_timeline(&sky.prediction, &sky.array, &wired.name, window, every)
            }
            ("orbit", Role::ThermalChamber, Some(sky)) => {
                let Some(follow) = self.follow(raw, sky) else {
                    return;
                };
                chamber_timeline(&sky.prediction, &wired.name, window, every, &follow)
            }
            ("orbit", Role::Accelerator, _) => {
                let message = "a board follows the orbit by its workload";
                let expected = "expected a power supply or a chamber";
                let help = "give the workload a `mode` for each phase";
                self.refuse(Refusal::at(place, message, expected).help(help));
                return;
            }
            ("orbit", Role::ElectronicLoad | Role::PowerAnalyser | Role::Attenuator, _) => {
                let message = format!("{} does not follow the orbit", wired.role.with_article());
                self.refuse(Refusal::at(
                    place,
                    message,
                    "expected a source or a chamber",
                ));
                return;
            }
            ("orbit", _, None) if self.broken.has("orbit") => return,
            ("orbit", _, None) => {
                let message = "a profile of kind `orbit` needs an orbit";
                self.refuse(Refusal::at(&raw.kind.place, message, "expected an [orbit]"));
                return;
            }
            _ => {
                self.values((told, device), window, raw, timeline);
                return;
            }
        };
        self.only_of(raw, "orbit");
        self.only_of_chambers(raw, wired.role);
        for point in points.iter() {
            let command = TimedCommand {
                at: point.at,
                device: wired.id,
                command: point.command.clone(),
            };
            timeline.push(placed(raw, command));
        }
    }

    /// Refuses what only chambers follow in the profile of another role.
    fn only_of_chambers(&mut self, raw: &RawProfile, role: Role) {
        if role != Role::ThermalChamber {
            let ramp = raw
                .ramp
                .as_ref()
                .map(|ramp| ("ramp_k_per_min", &ramp.place));
            let node = raw.node.as_ref().map(|node| ("node", &node.place));
            for (key, place) in ramp.into_iter().chain(node) {
                let message = format!("{} follows no `{key}`", role.with_article());
                self.refuse(Refusal::at(place, message, "expected for a chamber only"));
            }
        }
    }

    /// What of the satellite a chamber follows, and how fast it can.
    fn follow(&mut self, raw: &RawProfile, sky: &Sky) -> Option<Follow> {
        let names = &sky.prediction.nodes.names;
        let mut follow = Follow::default();
        if let Some(node) = &raw.node {
            let mut known = std::iter::once(BASEPLATE).chain(names.iter().map(String::as_str));
            if !known.any(|name| name == node.value) {
                let known = std::iter::once(BASEPLATE).chain(names.iter().map(String::as_str));
                self.unknown(&node.place, "lump", &node.value, known);
                return None;
            }
            follow.lump.clone_from(&node.value);
        }
        if let Some(ramp) = &raw.ramp {
            if !(0.01..=100.0).contains(&ramp.value) {
                let message = format!("a chamber that follows at {} K/min", ramp.value);
                let expected = "expected from 0.01 to 100 K/min";
                self.refuse(Refusal::at(&ramp.place, message, expected));
                return None;
            }
            follow.kelvin_per_minute = Some(ramp.value);
        }
        Some(follow)
    }

    /// How often a profile is told.
    pub(super) fn every(&mut self, raw: &RawProfile, window: Window) -> Period {
        let (every, place) = match &raw.every {
            None => (EVERY_DEFAULT.as_secs_f64(), &raw.kind.place),
            Some(every) => (every.value, &every.place),
        };
        let period = Period::from_millis((every * 1e3).round() as u32);
        let Some(period) = period.filter(|period| period.as_millis() >= 100) else {
            let message = format!("a profile that is told every {} ms", every * 1e3);
            self.refuse(Refusal::at(place, message, "expected at least \"100 ms\""));
            return EVERY_DEFAULT;
        };
        let points = window.seconds() / period.as_secs_f64();
        if points <= MOST_POINTS {
            return period;
        }
        let message = format!("a profile of {points:.0} set points");
        let expected = format!("expected at most {MOST_POINTS}: a longer `every`");
        self.refuse(Refusal::at(place, message, expected));
        // So long that it is told once: what else is wrong with it shows all the same.
        Period::millis(u32::MAX)
    }

    /// Refuses the keys of other kinds of profile than this one.
    pub(super) fn only_of(&mut self, raw: &RawProfile, kind: &str) {
        let place = |value: &Option<Located<f64>>| value.as_ref().map(|value| value.place.clone());
        let file = raw.file.as_ref().map(|file| file.place.clone());
        let cycles = raw.cycles.as_ref().map(|cycles| cycles.place.clone());
        let node = raw.node.as_ref().map(|node| node.place.clone());
        let link = raw.link.as_ref().map(|link| link.place.clone());
        let keys: [(&str, Option<Place>, &[&str]); 9] = [
            ("from", place(&raw.from), &["ramp"]),
            ("to", place(&raw.to), &["ramp"]),
            ("limit_amps", place(&raw.limit_amps), &["ramp", "table"]),
            ("file", file, &["table"]),
            ("cycles", cycles, &["cycles"]),
            ("node", node, &["orbit"]),
            ("ramp_k_per_min", place(&raw.ramp), &["orbit"]),
            ("link", link, &[link::KIND]),
            ("reference_km", place(&raw.reference_km), &[link::KIND]),
        ];
        for (key, place, kinds) in keys {
            if let Some(place) = place.filter(|_| !kinds.contains(&kind)) {
                let message = format!("a profile of kind `{kind}` has no `{key}`");
                let kinds = kinds.join("` or `");
                let expected = format!("expected in a profile of kind `{kinds}` only");
                self.refuse(Refusal::at(&place, message, expected));
            }
        }
    }

    /// A ramp or a table: values of a supply's voltage or of a chamber's temperature.
    fn values(
        &mut self,
        (told, device): (&Told<'_>, &DevicePlan),
        window: Window,
        raw: &RawProfile,
        timeline: &mut Vec<PlacedCommand>,
    ) {
        let every = self.every(raw, window);
        let kind = raw.kind.value;
        self.only_of(raw, kind);
        let place = &raw.device.place;
        let role = device.wired().role;
        if !matches!(role, Role::PowerSupply | Role::ThermalChamber) {
            let whom = match role {
                Role::Accelerator => "a board",
                _ => role.with_article(),
            };
            let message = format!("{whom} is told no {kind}");
            let expected = "expected a power supply or a chamber";
            self.refuse(Refusal::at(place, message, expected));
            return;
        }
        if !raw.is_whole {
            return;
        }
        if kind == cycles::KIND && role != Role::ThermalChamber {
            let message = format!("{} goes through no thermal cycles", role.with_article());
            self.refuse(Refusal::at(place, message, "expected a chamber"));
            return;
        }
        let values = match kind {
            "ramp" => self.ramp(raw, window, every),
            cycles::KIND => self.cycle_points(raw, window, every),
            _ => self.table(told.folder, raw, window, every),
        };
        let Some(values) = values else {
            return;
        };
        let limit = match (role, &raw.limit_amps) {
            (Role::PowerSupply, None) => {
                let message = format!("a {kind} of a supply's voltage needs a current limit");
                let expected = "expected `limit_amps`";
                self.refuse(Refusal::at(&raw.kind.place, message, expected));
                return;
            }
            (Role::PowerSupply, Some(limit)) => Some(Amperes(limit.value)),
            // Refused already.
            (_, Some(_)) if kind == cycles::KIND => None,
            (_, Some(limit)) => {
                let message = format!("{} cannot be told `limit_amps`", role.with_article());
                let expected = match kind {
                    "ramp" => "expected `from` and `to`",
                    _ => "expected `file`",
                };
                self.refuse(Refusal::at(&limit.place, message, expected));
                return;
            }
            (_, None) => None,
        };
        for (at, value) in values {
            let command = match limit {
                Some(limit) => Command::Supply {
                    volts: Volts(value),
                    limit,
                },
                None => Command::Chamber {
                    target: Celsius(value),
                    slew: None,
                },
            };
            let command = TimedCommand {
                at: at.ceil_millis(),
                device: device.wired().id,
                command,
            };
            timeline.push(placed(raw, command));
        }
    }

    fn ramp(&mut self, raw: &RawProfile, window: Window, every: Period) -> Option<Values> {
        let (Some(from), Some(to)) = (&raw.from, &raw.to) else {
            let (message, expected) = ("a ramp needs two ends", "expected `from` and `to`");
            self.refuse(Refusal::at(&raw.kind.place, message, expected));
            return None;
        };
        let ramp = Ramp {
            from: from.value,
            to: to.value,
            over: window,
        };
        // The last millisecond of the step is told the ramp's end, whatever `every` is.
        let end = (window.end - Period::millis(1), to.value);
        let sampled = ramp.sampled(window, every).into_iter();
        Some(sampled.filter(|(at, _)| *at < end.0).chain([end]).collect())
    }

    /// Values of a file, as somebody measured or another tool computed them.
    fn table(
        &mut self,
        folder: &Folder,
        raw: &RawProfile,
        window: Window,
        every: Period,
    ) -> Option<Values> {
        let Some(path) = &raw.file else {
            let (message, expected) = ("a table needs its file", "expected `file`");
            self.refuse(Refusal::at(&raw.kind.place, message, expected));
            return None;
        };
        let (table, text) = {
            // What is too much, limits say: the wiring's hold for every set point.
            let any = |_| Ok(());
            read_table(&mut self.loader, folder, path, any)?
        };
        let name = Path::new(&path.value).file_name().unwrap_or_default();
        self.keep_file(&name.to_string_lossy(), text.as_bytes());
        if let Some((last, _)) = table.rows().last()
            && (last.as_secs_f64() + 1e-3) < window.seconds()
        {
            let message = format!(
                "the table ends at {} s, the step at {} s",
                last.as_secs_f64(),
                window.seconds()
            );
            let expected = "expected rows up to the end of the step: nothing is made up";
            self.refuse(Refusal::at(&path.place, message, expected));
            return None;
        }
        let start = window.start.as_micros();
        let local = Window {
            start: BenchTime::ZERO,
            end: BenchTime::from_micros(window.end.as_micros() - start),
        };
        let sampled = table.sampled(local, every).into_iter();
        Some(
            sampled
                .map(|(at, value)| (at.plus_micros(start), value))
                .collect(),
        )
    }
}

/// What is told when.
type Values = Vec<(BenchTime, f64)>;

/// A command that a profile tells, with the places that asked for it.
pub(super) fn placed(raw: &RawProfile, command: TimedCommand) -> PlacedCommand {
    PlacedCommand {
        command,
        place: raw.device.place.clone(),
        amps_place: raw.limit_amps.as_ref().map(|amps| amps.place.clone()),
    }
}
