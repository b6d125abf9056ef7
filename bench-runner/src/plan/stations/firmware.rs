//! Firmware: boards at the far end of a `qemu:` link run the very file that is to be judged.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use drivers::link::qemu::missing;
use drivers::link::{LinkSpec, Pacing, QemuMode, QemuSpec};

use super::DevicePlan;
use crate::config::Located;
use crate::config::refusal::Refusal;
use crate::config::wiring::RawDevice;
use crate::plan::Planner;
use crate::runtime::Pace;

/// Firmware to run instead of what a wiring names: `build/board.elf`, or `payload=build/board.elf`
/// for one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// The device, or every one with a `qemu:` link.
    pub device: Option<String>,
    /// The ELF file.
    pub elf: PathBuf,
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(device) = &self.device {
            write!(f, "{device}=")?;
        }
        write!(f, "{}", self.elf.display())
    }
}

impl FromStr for Firmware {
    type Err = String;

    fn from_str(text: &str) -> Result<Firmware, String> {
        let (device, elf) = match text.split_once('=') {
            Some((device, elf)) => (Some(device.to_owned()), elf),
            None => (None, text),
        };
        if elf.is_empty() {
            return Err("the ELF file is missing, as in `payload=build/board.elf`".to_owned());
        }
        let elf = PathBuf::from(elf);
        Ok(Firmware { device, elf })
    }
}

impl Planner {
    /// A link to firmware in QEMU: the file that is asked for, from where the wiring is. What is
    /// missing to run it is refused now, with what mends it.
    pub(in crate::plan) fn qemu(
        &mut self,
        raw: &RawDevice,
        written: &Located<String>,
        mut spec: QemuSpec,
        (pacing, pace): (Pacing, Pace),
    ) -> LinkSpec {
        let instead = |firmware: &&Firmware| {
            let device = firmware.device.as_ref();
            device.is_none_or(|device| *device == raw.name.value)
        };
        // The last word counts, as it does for other options.
        let given = self.firmware.iter().rev().find(instead);
        let written_elf = spec.elf;
        spec.elf = match given {
            Some(given) => given.elf.clone(),
            None => self.place.path(&written_elf),
        };
        if !matches!(pacing, Pacing::Serial { .. }) {
            let message = format!(
                "`{}` leads to a UART, and this model has none",
                written.value
            );
            let expected = "expected a board that speaks bytes on a serial line";
            self.refuse(Refusal::at(&written.place, message, expected));
        }
        if let Some((message, help)) = missing(&spec) {
            let expected = "expected firmware that can be run here";
            self.refuse(Refusal::at(&written.place, message, expected).help(help));
        } else {
            self.keep_firmware(&raw.name.value, &spec.elf, &written_elf);
        }
        if spec.mode == QemuMode::Live {
            self.live(raw, written, pace);
        }
        LinkSpec::Qemu(Box::new(spec))
    }

    /// What live firmware cannot have: virtual time, and a supply and a chamber of the plant.
    fn live(&mut self, raw: &RawDevice, written: &Located<String>, pace: Pace) {
        let help = "firmware that keeps step can: add `,mode=lockstep` (docs/firmware.md)";
        if pace == Pace::Virtual {
            let message = "live firmware runs in real time, and virtual time does not wait for it";
            let refusal = Refusal::at(&written.place, message, "expected `--pace real`");
            self.refuse(refusal.help(help));
        }
        for named in [&raw.powered_by, &raw.inside].into_iter().flatten() {
            let message = format!(
                "`{}` is live firmware: the volts and degrees of `{}` do not reach it",
                raw.name.value, named.value
            );
            let expected = "expected none: it has power from the start";
            self.refuse(Refusal::at(&named.place, message, expected).help(help));
        }
    }

    /// Keeps the firmware with the run, under the name that the wiring has for it: there the kept wiring
    /// finds it again.
    fn keep_firmware(&mut self, device: &str, elf: &Path, written: &Path) {
        let Ok(bytes) = std::fs::read(elf) else {
            return;
        };
        let name = written.file_name().unwrap_or_default().to_string_lossy();
        let taken = self.files.iter().find(|(kept, _)| *kept == name);
        let path = match taken {
            Some((_, other)) if *other != bytes => format!("{device}-{name}"),
            _ => name.into_owned(),
        };
        self.keep_file(&path, &bytes);
    }

    /// Refuses firmware that no device runs: it would not be what is judged.
    pub(in crate::plan) fn is_firmware_used(&mut self, devices: &[DevicePlan]) {
        let runs = |device: &DevicePlan, given: &Firmware| {
            let wired = device.wired();
            let named = given.device.as_deref().unwrap_or(wired.name.as_str());
            wired.link.qemu().is_some() && named == wired.name.as_str()
        };
        let given = std::mem::take(&mut self.firmware);
        for given in &given {
            if devices.iter().any(|device| runs(device, given)) {
                continue;
            }
            let elf = given.elf.display();
            let message = match &given.device {
                Some(device) => format!("`{device}` is to run {elf}, but has no `qemu:` link"),
                None => format!("no device of this wiring runs {elf}: none has a `qemu:` link"),
            };
            let help = "give the board the link `qemu:board.elf` in the wiring";
            self.refuse(Refusal::nowhere(message).help(help));
        }
    }
}
