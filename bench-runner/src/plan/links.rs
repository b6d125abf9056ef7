//! Links: what a wiring writes behind `link =`, and what follows from it.

use drivers::link::LinkSpec;

use super::Planner;
use crate::config::campaign::RawSet;
use crate::config::refusal::{Refusal, nearest};
use crate::config::wiring::{RawDevice, RawWiring};
use crate::plan::stations::DevicePlan;
use crate::runtime::Pace;

impl Planner {
    /// What leads to a device. Virtual time does not wait for lines that leave this process, and
    /// nobody can damage what they carry.
    pub(super) fn link(&mut self, raw: &RawDevice, pace: Pace) -> LinkSpec {
        let link = match raw.link.value.parse::<LinkSpec>() {
            Ok(link) => link,
            Err(error) => {
                let kind = raw.link.value.split(':').next().unwrap_or_default();
                let help = nearest(kind, LinkSpec::KINDS.into_iter());
                let expected = drivers::link::LinkSpecError::EXPECTED;
                let refusal = Refusal::at(&raw.link.place, error.to_string(), expected);
                self.refuse(refusal.maybe_help(help));
                // Refused already; the rest of the device can still be looked at.
                return LinkSpec::Memory;
            }
        };
        if link.line().is_none() {
            return link;
        }
        if pace == Pace::Virtual {
            let message = format!("`{link}` is a real line, and virtual time does not wait for it");
            let refusal = Refusal::at(&raw.link.place, message, "only `memory` keeps up");
            self.refuse(refusal.help("run with `--pace real`, or give the device link `memory`"));
        }
        if let Some(fault) = raw.faults.first() {
            let message = format!("`{link}` is a real line, and the bench cannot damage it");
            let expected = "only links in memory have faults";
            self.refuse(Refusal::at(&fault.key.place, message, expected));
        }
        link
    }

    /// The plant of a board that is emulated: what feeds and cools it must be emulated too.
    pub(super) fn plant_of(&mut self, raw: &RawDevice, link: &LinkSpec, wiring: &RawWiring) {
        if link.line().is_some() {
            return;
        }
        for named in [&raw.powered_by, &raw.inside].into_iter().flatten() {
            let real = wiring
                .devices
                .iter()
                .any(|device| device.name.value == named.value && device.link.value != "memory");
            if real {
                let message = format!(
                    "`{}` is emulated, but `{}` is not: its volts and degrees do not reach the \
                     emulated board",
                    raw.name.value, named.value
                );
                let expected = "expected a device with link `memory`";
                self.refuse(Refusal::at(&named.place, message, expected));
            }
        }
    }

    /// Only what is emulated by this bench can be broken on purpose.
    pub(super) fn breakable(&mut self, raw: &RawSet, device: &DevicePlan) {
        let wired = device.wired();
        if let Some(inject) = &raw.inject
            && wired.link.line().is_some()
        {
            let message = format!(
                "`{}` is at the end of `{}`: the bench cannot break it on purpose",
                wired.name, wired.link
            );
            let expected = "only devices with link `memory` can be broken";
            self.refuse(Refusal::at(&inject.place, message, expected));
        }
    }
}
