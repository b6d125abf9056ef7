//! Links: what a wiring writes behind `link =`, and what follows from it.

use std::collections::BTreeMap;

use drivers::catalog;
use drivers::link::{LineSpec, LinkSpec, Manners, Pacing};
use profiles::option::OptionDefault;
use profiles::time::Period;

use super::Planner;
use crate::config::Located;
use crate::config::campaign::{RawSet, RawValue};
use crate::config::refusal::{Refusal, nearest};
use crate::config::wiring::{RawDevice, RawWiring};
use crate::plan::stations::DevicePlan;
use crate::runtime::Pace;

/// The kernel takes some tenths of a second to give a USB adapter its name again.
const SHORTEST_AWAY: Period = Period::millis(500);
/// A bench that nobody watches for longer is not watched.
const LONGEST_AWAY: Period = Period::millis(300_000);

/// A line that pauses for longer is not talked to.
const LONGEST_PAUSE: Period = Period::millis(1_000);

/// Links that later versions have.
const LATER: [&str; 1] = ["pty"];

impl Planner {
    /// What leads to a device. Virtual time does not wait for lines that leave this process, and
    /// nobody can damage what they carry.
    pub(super) fn link(&mut self, raw: &RawDevice, pacing: Pacing, pace: Pace) -> LinkSpec {
        // One that is missing or wrong is refused, and the rest of the device still looked at.
        let Some(written) = &raw.link else {
            return LinkSpec::Memory;
        };
        let link = match written.value.parse::<LinkSpec>() {
            Ok(link) => link,
            Err(error) => {
                let kind = written.value.split(':').next().unwrap_or_default();
                let help = if kind == "usb" {
                    let serial = written.value.trim_start_matches("usb:");
                    Some(format!("did you mean `serial:usb:{serial}@9600`?"))
                } else if LATER.contains(&kind) {
                    Some(format!("this version has no `{kind}` links"))
                } else {
                    // What it is stands there; how to say it is what is expected.
                    nearest(kind, LinkSpec::KINDS.into_iter())
                        .filter(|_| !LinkSpec::KINDS.contains(&kind))
                };
                let expected = drivers::link::LinkSpecError::EXPECTED;
                let refusal = Refusal::at(&written.place, error.to_string(), expected);
                self.refuse(refusal.maybe_help(help));
                return LinkSpec::Memory;
            }
        };
        if let (LinkSpec::Bus(_), Pacing::Instant | Pacing::Serial { .. }) = (&link, pacing) {
            let message = format!("`{link}` carries CAN frames, and this model speaks bytes");
            self.refuse(Refusal::at(&written.place, message, "expected `memory`"));
            return LinkSpec::Memory;
        }
        if let LinkSpec::Qemu(spec) = link {
            return self.qemu(raw, written, *spec, (pacing, pace));
        }
        if link.line().is_none() {
            return link;
        }
        let link = match (link, pacing) {
            // The bus must be set to what the device was made for.
            (LinkSpec::Line(line), Pacing::Can { bit_rate }) if line.is_can() => {
                LinkSpec::Line(line.at_bit_rate(bit_rate))
            }
            (link, _) if link.line().is_some_and(LineSpec::is_can) => {
                let message = format!("`{link}` carries CAN frames, and this model speaks bytes");
                let expected = "expected `memory`, `serial:` or `tcp:`";
                self.refuse(Refusal::at(&written.place, message, expected));
                return LinkSpec::Memory;
            }
            (link, Pacing::Can { .. }) => {
                let message = format!("`{link}` carries bytes, and this model speaks CAN frames");
                let expected = "expected `memory`, or a bus such as `can:can0`";
                self.refuse(Refusal::at(&written.place, message, expected));
                return LinkSpec::Memory;
            }
            (link, _) => link,
        };
        if pace == Pace::Virtual {
            let message = format!("`{link}` is a real line, and virtual time does not wait for it");
            let refusal = Refusal::at(&written.place, message, "only `memory` keeps up");
            self.refuse(refusal.help("run with `--pace real`, or give the device link `memory`"));
        }
        if let Some(fault) = raw.faults.first() {
            let message = format!("`{link}` is a real line, and the bench cannot damage it");
            let expected = "only links in memory have faults";
            self.refuse(Refusal::at(&fault.key.place, message, expected));
        }
        link
    }

    /// How long a line may be away until its device counts as failed.
    pub(super) fn reconnect(&mut self, raw: &RawDevice, link: &LinkSpec) -> Option<Period> {
        let reconnect = raw.reconnect.as_ref()?;
        if let LinkSpec::Bus(_) = link {
            let message = format!("`{link}` is never lost, and never comes back");
            let expected = "expected at `memory`, or at links that leave this process";
            self.refuse(Refusal::at(&reconnect.place, message, expected));
            return None;
        }
        let millis = reconnect.value * 1e3;
        let range = SHORTEST_AWAY.as_secs_f64() * 1e3..=LONGEST_AWAY.as_secs_f64() * 1e3;
        if range.contains(&millis) {
            return Period::from_millis(millis.round() as u32);
        }
        let message = format!("a line that may be away for {} s", reconnect.value);
        let expected = format!("expected from \"{SHORTEST_AWAY}\" to \"{LONGEST_AWAY}\"");
        self.refuse(Refusal::at(&reconnect.place, message, expected));
        None
    }

    /// How a line wants to be talked to. Memory has nobody who would mind.
    pub(super) fn manners(&mut self, raw: &RawDevice, link: &LinkSpec) -> Manners {
        let Some(line) = &raw.line else {
            return Manners::default();
        };
        if link.line().is_none() && raw.link.is_some() {
            let message = "a link in memory has no `line` to be minded";
            let expected = "expected at links that leave this process";
            self.refuse(Refusal::at(&line.place, message, expected));
            return Manners::default();
        }
        Manners {
            gap: self.pause("gap", line.gap.as_ref()),
            turnaround: self.pause("turnaround", line.turnaround.as_ref()),
            byte_gap: self.pause("byte_gap", line.byte_gap.as_ref()),
            echo: line.echo.as_ref().is_some_and(|echo| echo.value),
        }
    }

    fn pause(&mut self, key: &str, pause: Option<&Located<f64>>) -> Option<Period> {
        let pause = pause?;
        let millis = pause.value * 1e3;
        let whole = (millis - millis.round()).abs() < 1e-6;
        if whole && (1.0..=LONGEST_PAUSE.as_secs_f64() * 1e3).contains(&millis) {
            return Period::from_millis(millis.round() as u32);
        }
        let message = format!("`{key}` of {millis} ms");
        let expected = format!("expected whole milliseconds, from \"1 ms\" to \"{LONGEST_PAUSE}\"");
        self.refuse(Refusal::at(&pause.place, message, expected));
        None
    }

    /// One line leads to one device: two would hear each other's answers. Unless each of them
    /// answers to an address of its own.
    pub(super) fn lines(&mut self, wiring: &RawWiring) {
        let mut ends: BTreeMap<String, Vec<&RawDevice>> = BTreeMap::new();
        for device in &wiring.devices {
            let Some((written, line)) = line(device) else {
                continue;
            };
            if line.has_many_ends() {
                continue;
            }
            let there = ends.entry(line.far_end()).or_default();
            if let Some(wrong) = there
                .iter()
                .find_map(|first| cannot_share(first, device, &line))
            {
                let (message, expected, help) = wrong;
                self.refuse(Refusal::at(&written.place, message, expected).help(help));
            }
            there.push(device);
        }
    }

    /// The plant of the boards that are emulated: what feeds and cools them must be emulated too.
    pub(super) fn plant(&mut self, wiring: &RawWiring) {
        let is_real = |device: &RawDevice| line(device).is_some();
        for board in wiring.devices.iter().filter(|device| !is_real(device)) {
            for named in [&board.powered_by, &board.inside].into_iter().flatten() {
                let mut devices = wiring.devices.iter();
                if devices.any(|device| device.name.value == named.value && is_real(device)) {
                    let message = format!(
                        "`{}` is emulated, but `{}` is not: its volts and degrees do not reach \
                         the emulated board",
                        board.name.value, named.value
                    );
                    let expected = "expected a device with link `memory`";
                    self.refuse(Refusal::at(&named.place, message, expected));
                }
            }
        }
    }

    /// Only what is emulated by this bench can be broken on purpose.
    pub(super) fn breakable(&mut self, raw: &RawSet, device: &DevicePlan) {
        let wired = device.wired();
        if let Some(inject) = &raw.inject
            && (wired.link.line().is_some() || wired.link.qemu().is_some())
        {
            let message = format!(
                "`{}` is at the end of `{}`: the bench cannot break it on purpose",
                wired.name, wired.link
            );
            let expected = "only devices with link `memory` can be broken";
            self.refuse(Refusal::at(&inject.place, message, expected));
        }
        if let Some(inject) = &raw.inject
            && ["bus-off", "babble"].contains(&inject.value)
            && !matches!(wired.pacing, Pacing::Can { .. })
        {
            let (name, fault) = (&wired.name, inject.value);
            let message = format!("`{name}` is on no bus, and `{fault}` is a fault of one");
            let expected = "expected a board that speaks CAN frames";
            self.refuse(Refusal::at(&inject.place, message, expected));
        }
    }
}

/// The line that leaves this process, where a device has one, and where it is written.
fn line(device: &RawDevice) -> Option<(&Located<String>, LineSpec)> {
    let written = device.link.as_ref()?;
    let link = written.value.parse::<LinkSpec>().ok()?;
    Some((written, link.line()?.clone()))
}

/// Why two devices cannot share a line: what is wrong, what is expected, and what helps.
fn cannot_share(
    first: &RawDevice,
    device: &RawDevice,
    shared: &LineSpec,
) -> Option<(String, &'static str, String)> {
    let (name, other) = (&device.name.value, &first.name.value);
    let at = format!("`{name}` is at the end of `{shared}`, where `{other}` is already");
    let (Some(address), Some(taken)) = (address(device), address(first)) else {
        let silent = if address(device).is_none() {
            device
        } else {
            first
        };
        let model = silent
            .model
            .as_ref()
            .map_or("its model", |model| &model.value);
        let help = format!("only devices with an `address` share a line, and `{model}` has none");
        return Some((at, "expected a line of its own", help));
    };
    if (address - taken).abs() < 0.5 {
        let help = format!("both answer to address {address}: give one of them another");
        return Some((at, "expected another `address`", help));
    }
    let (_, settings) = line(first)?;
    if settings != *shared {
        let help = format!("`{other}` has `{settings}`");
        return Some((at, "expected the same settings of the line", help));
    }
    (minded(first) != minded(device)).then(|| {
        let help = format!("write the same `line` for `{name}` and `{other}`");
        (at, "expected the same `line`", help)
    })
}

/// How a device says that its line wants to be talked to.
fn minded(device: &RawDevice) -> ([Option<u64>; 3], bool) {
    let Some(line) = &device.line else {
        return ([None; 3], false);
    };
    let pauses = [&line.gap, &line.turnaround, &line.byte_gap];
    let pauses = pauses.map(|pause| pause.as_ref().map(|pause| pause.value.to_bits()));
    (pauses, line.echo.as_ref().is_some_and(|echo| echo.value))
}

/// The address that a device answers to, if its make has one.
fn address(device: &RawDevice) -> Option<f64> {
    let model = device.model.as_ref()?;
    let entries = catalog::entries();
    let entry = entries.iter().find(|entry| entry.name == model.value)?;
    let option = entry
        .options
        .iter()
        .find(|option| option.name == "address")?;
    let written = device
        .options
        .iter()
        .find(|setting| setting.key.value == "address");
    match (written.map(|setting| &setting.value), option.default) {
        (Some(RawValue::Number(address)), _) => Some(*address),
        // One that is no number is refused where options are.
        (Some(_), _) => Some(f64::NAN),
        (None, Some(OptionDefault::Number(address))) => Some(address),
        (None, _) => None,
    }
}
