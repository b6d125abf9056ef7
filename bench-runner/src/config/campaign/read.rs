//! Reading a campaign: its keys, one by one.

use profiles::command::PowerMode;
use profiles::phase::Phase;

use super::{
    CHECK_KEYS, FAULTS, Lost, RawCampaign, RawCheck, RawCurve, RawLength, RawProfile, RawSet,
    RawSetting, RawStep, RawValue, RawWorkload,
};
use crate::config::cycles::cycles;
use crate::config::interlock::interlocks;
use crate::config::orbit::{self, RawOrbit};
use crate::config::reader::{Located, Node, Notes, TableReader};
use crate::config::refusal::{Place, Refusal, is_near};
use crate::config::units::{duration_advice, length_of_step};

/// Sections that something else in the file may name.
const SECTIONS: [&str; 6] = ["orbit", "step", "workload", "mesh", "check", "fault"];

pub(in crate::config) fn campaign(root: &TableReader<'_>) -> RawCampaign {
    let name = root.required("name").and_then(|node| node.name());
    let description = root.get("description").and_then(|node| node.text());
    let seed = root.get("seed").and_then(|node| node.whole());
    let mut lost = misspelt(root);
    let goldens = root.get("goldens").map(|node| node.name());
    if matches!(goldens, Some(None)) {
        lost.push(Lost {
            section: "goldens",
            name: None,
        });
    }
    let orbit = root
        .get("orbit")
        .and_then(|node| orbit_of(&node, &mut lost));
    let steps = tables(root, "step", |node| step(node, &mut lost));
    let workloads = tables(root, "workload", |node| workload(node, &mut lost));
    let meshes = tables(root, "mesh", super::mesh::mesh);
    let checks = tables(root, "check", check);
    let faults = super::faults(root);
    let (limits, interlocks) = (limits(root), interlocks(root));
    let vary = crate::config::vary::vary(root);
    let nameless = || Located {
        value: String::new(),
        place: root.place().clone(),
    };
    RawCampaign {
        name: name.unwrap_or_else(nameless),
        description: description.map(|text| text.value).unwrap_or_default(),
        seed: seed.map_or(0, |seed| seed.value),
        goldens: goldens
            .flatten()
            .map_or_else(|| "../goldens".to_owned(), |text| text.value),
        orbit,
        steps,
        workloads,
        meshes,
        checks,
        faults,
        limits,
        interlocks,
        vary,
        lost,
    }
}

/// `[limits.DEVICE]`.
fn limits(root: &TableReader<'_>) -> Vec<(Located<String>, Vec<RawSetting>)> {
    let table = root.get("limits").and_then(|node| node.table("[limits]"));
    let devices = table.map(|table| table.entries()).unwrap_or_default();
    let limits = devices.into_iter().filter_map(|(device, node)| {
        let table = node.table(&format!("[limits.{}]", device.value))?;
        Some((device, settings(&table, &[])))
    });
    limits.collect()
}

/// Sections whose name is misspelt: what they hold is lost.
fn misspelt(root: &TableReader<'_>) -> Vec<Lost> {
    let entries = root.entries().into_iter().map(|(name, _)| name.value);
    let wrong = entries.filter(|name| !SECTIONS.contains(&name.as_str()));
    let lost = wrong.flat_map(|name| {
        let near = SECTIONS.into_iter().filter(move |s| is_near(&name, s));
        near.map(|section| Lost {
            section,
            name: None,
        })
    });
    lost.collect()
}

pub(super) fn tables<T>(
    root: &TableReader<'_>,
    key: &'static str,
    read: impl FnMut(&Node<'_>) -> Option<T>,
) -> Vec<T> {
    let nodes = root.get(key).and_then(|node| node.list(key));
    nodes.iter().flatten().filter_map(read).collect()
}

fn orbit_of(node: &Node<'_>, lost: &mut Vec<Lost>) -> Option<RawOrbit> {
    let Some(table) = node.table("[orbit]") else {
        lost.push(Lost {
            section: "orbit",
            name: None,
        });
        return None;
    };
    let is_misspelt = lost.iter().any(|lost| lost.section == "orbit");
    let raw = orbit::orbit(&table, "orbit.", is_misspelt);
    table.finish();
    Some(raw)
}

/// Every entry of a table but those with the keys in `known`.
pub(in crate::config) fn settings(table: &TableReader<'_>, known: &[&str]) -> Vec<RawSetting> {
    let entries = table.entries().into_iter();
    let settings = entries.filter(|(key, _)| !known.contains(&key.value.as_str()));
    settings
        .map(|(key, node)| RawSetting {
            key,
            value: node.raw(),
            place: node.place.clone(),
        })
        .collect()
}

fn step(node: &Node<'_>, lost: &mut Vec<Lost>) -> Option<RawStep> {
    let Some(table) = node.table("[[step]]") else {
        lost.push(Lost {
            section: "step",
            name: None,
        });
        return None;
    };
    let name = table.required("name").and_then(|node| node.name());
    let length = table.required("length").and_then(|node| length(&node));
    let set = tables(&table, "set", set);
    let profiles = tables(&table, "profile", profile);
    if name.is_none() || length.is_none() {
        lost.push(Lost {
            section: "step",
            name: name.as_ref().map(|name| name.value.clone()),
        });
    }
    let place = table.place().clone();
    table.finish();
    Some(RawStep {
        name: name.unwrap_or(Located {
            value: String::new(),
            place: place.clone(),
        }),
        length: length.unwrap_or(Located {
            value: RawLength::Unknown,
            place,
        }),
        set,
        profiles,
    })
}

fn length(node: &Node<'_>) -> Option<Located<RawLength>> {
    let text = node.text_of("a length of time in quotes, such as \"90 s\" or \"2 orbits\"")?;
    let Some(value) = length_of_step(&text.value) else {
        let message = format!("`{}` is no length of a step", text.value);
        let advice = duration_advice(&text.value, true);
        return node.refuse_with(message, &advice);
    };
    Some(Located {
        value,
        place: text.place,
    })
}

pub(in crate::config) fn set(node: &Node<'_>) -> Option<RawSet> {
    let before = node.noted();
    let table = node.table("`set`")?;
    let number = |key| table.get(key).and_then(|node| node.number());
    let device = table.required("device").and_then(|node| node.text());
    let after = table.get("after").and_then(|node| node.duration());
    let (volts, limit_amps) = (number("volts"), number("limit_amps"));
    let curve = RawCurve {
        isc: number("isc_amps"),
        imp: number("imp_amps"),
        voc: number("voc_volts"),
        vmp: number("vmp_volts"),
    };
    let sink = ["sink_amps", "sink_volts", "sink_ohms", "sink_watts"];
    let sink = sink.map(|key| number(key).map(|value| (key, value)));
    let (celsius, slew) = (number("celsius"), number("slew_k_per_min"));
    let attenuation = number("attenuation_db");
    let choice = |key, words: &[&'static str]| table.get(key).and_then(|node| node.choice(words));
    let output = choice("output", &["on", "off"]);
    let input = choice("input", &["on", "off"]);
    let mode = choice("mode", PowerMode::NAMES);
    let inject = choice("inject", &FAULTS);
    let whole = |key| table.get(key).and_then(|node| node.whole());
    let (byte, bit) = (whole("byte"), whole("bit"));
    let length = table.get("length").and_then(|node| node.duration());
    let number = |key| table.get(key).and_then(|node| node.number());
    let (amps, percent) = (number("amps"), number("percent_per_k"));
    table.finish();
    Some(RawSet {
        place: node.place.clone(),
        device: device?,
        after,
        volts,
        limit_amps,
        curve,
        sink: sink.into_iter().flatten().collect(),
        input,
        output,
        celsius,
        slew,
        attenuation,
        mode,
        inject,
        byte,
        bit,
        length,
        amps,
        percent,
        is_whole: node.noted() == before,
    })
}

fn profile(node: &Node<'_>) -> Option<RawProfile> {
    let before = node.noted();
    let table = node.table("`profile`")?;
    let number = |key| table.get(key).and_then(|node| node.number());
    let device = table.required("device").and_then(|node| node.text());
    let kind = table
        .required("kind")
        .and_then(|node| node.choice(&["orbit", "ramp", "table", "cycles", "link"]));
    let every = table.get("every").and_then(|node| node.duration());
    let (from, to, limit_amps) = (number("from"), number("to"), number("limit_amps"));
    let ramp = number("ramp_k_per_min");
    let text = |key| table.get(key).and_then(|node| node.text());
    let file = text("file");
    let (lump, link) = (text("node"), text("link"));
    let reference_km = number("reference_km");
    let cycles = table.get("cycles").and_then(|node| cycles(&node));
    table.finish();
    Some(RawProfile {
        device: device?,
        kind: kind?,
        every,
        file,
        cycles,
        node: lump,
        link,
        reference_km,
        ramp,
        from,
        to,
        limit_amps,
        is_whole: node.noted() == before,
    })
}

fn workload(node: &Node<'_>, lost: &mut Vec<Lost>) -> Option<RawWorkload> {
    let Some(table) = node.table("[[workload]]") else {
        lost.push(Lost {
            section: "workload",
            name: None,
        });
        return None;
    };
    let name = table.required("name").and_then(|node| node.name());
    let device = table.required("device").and_then(|node| node.text());
    let golden = table.required("golden").and_then(|node| node.text());
    let scenario = table
        .get("scenario")
        .and_then(|node| node.choice(&["single-stream", "multi-stream", "server", "offline"]));
    let samples = table.get("samples_per_query").and_then(|node| node.whole());
    let rate = table.get("queries_per_s").and_then(|node| node.number());
    let answer_within = table.get("answer_within").and_then(|node| node.duration());
    let repeats = repeats(&table);
    let during = table.get("during").and_then(|node| node.texts());
    let (modes, modes_place) = modes(&table);
    table.finish();
    let scenario = scenario.map_or("single-stream", |word| word.value);
    if let (Some(name), Some(device), Some(golden)) = (&name, device, golden) {
        return Some(RawWorkload {
            name: name.clone(),
            device,
            golden,
            scenario,
            samples,
            rate,
            answer_within,
            repeats: repeats.unwrap_or(REPEATS),
            during,
            modes,
            modes_place,
        });
    }
    lost.push(Lost {
        section: "workload",
        name: name.map(|name| name.value),
    });
    None
}

/// How often an input with a wrong output is asked again, where the campaign does not say: enough to
/// tell what stays from what went by.
const REPEATS: u16 = 3;
/// At most so often.
const MOST_REPEATS: u64 = 1_000;

fn repeats(table: &TableReader<'_>) -> Option<u16> {
    let times = table.get("repeats")?.whole()?;
    if times.value > MOST_REPEATS {
        let message = format!("`repeats` is {}", times.value);
        let expected = format!("expected from 0 to {MOST_REPEATS}");
        table.note(Refusal::at(&times.place, message, expected));
        return None;
    }
    Some(times.value as u16)
}

/// The power modes of a workload by phase, and where they stand.
fn modes(table: &TableReader<'_>) -> (Vec<(Phase, PowerMode)>, Option<Place>) {
    let node = table.get("mode");
    let place = node.as_ref().map(|node| node.place.clone());
    let mut modes = Vec::new();
    if let Some(table) = node.and_then(|node| node.table("`mode`")) {
        for phase in Phase::ALL {
            let mode = table
                .get(phase.name())
                .and_then(|node| node.choice(PowerMode::NAMES));
            if let Some(mode) = mode.and_then(|word| PowerMode::from_name(word.value)) {
                modes.push((phase, mode));
            }
        }
        table.finish();
    }
    (modes, place)
}

fn check(node: &Node<'_>) -> Option<RawCheck> {
    let table = node.table("[[check]]")?;
    let name = table.required("name").and_then(|node| node.name());
    let kind = table.required("kind").and_then(|node| node.text());
    let mut target = None;
    for key in ["channel", "device", "workload"] {
        if let Some(text) = table.get(key).and_then(|node| node.text()) {
            if target.is_some() {
                let message = "a check watches one thing";
                let expected = "expected `channel`, `device` or `workload`, only one of them";
                table.note(Refusal::at(&text.place, message, expected));
            }
            target = target.or(Some((key, text)));
        }
    }
    let during = table.get("during").and_then(|node| node.texts());
    let after = table.get("after").and_then(|node| node.duration());
    let place = table.place().clone();
    let settings = settings(&table, &CHECK_KEYS);
    // The kind knows the other keys; only keys that must be there can be missed here.
    let misspelt = table.finish_open(&CHECK_KEYS);
    let known = |setting: &RawSetting| !misspelt.contains(&setting.key.value);
    Some(RawCheck {
        name: name.unwrap_or(Located {
            value: String::new(),
            place: place.clone(),
        }),
        place,
        kind: kind?,
        target,
        during,
        after: after.map_or(0.0, |seconds| seconds.value),
        settings: settings.into_iter().filter(known).collect(),
    })
}

impl Node<'_> {
    /// The value for a setting that is looked up later.
    pub(in crate::config) fn raw(&self) -> RawValue {
        let quiet = Notes::new(self.place.file);
        let quiet = self.noting(&quiet);
        if let Some(number) = quiet.number() {
            RawValue::Number(number.value)
        } else if let Some(text) = quiet.text() {
            RawValue::Text(text.value)
        } else if let Some(flag) = self.flag() {
            RawValue::Text(flag.to_string())
        } else {
            RawValue::Other
        }
    }
}
