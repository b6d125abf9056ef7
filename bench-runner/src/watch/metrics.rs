//! A run as metrics in the text format of `OpenMetrics` 1.0
//! (<https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>), as Prometheus reads it.

use std::fmt::Write;

use profiles::reading::Value;
use reports::verdict::{Progress, Verdict};

use super::device::{DeviceLive, State};
use super::live::Live;
use super::watched::{Course, Watched};

/// The media type of the text.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All that is known of `runs`, each with its name.
pub fn text(runs: &[(&str, &Watched)]) -> String {
    let mut out = Text::default();
    out.family("bench_run", "info", "", "What is run.");
    each(runs, |name, live, _| {
        let header = &live.header;
        let labels = [
            ("run", name),
            ("campaign", header.campaign.as_str()),
            ("pace", header.pace.as_str()),
        ];
        out.sample("bench_run_info", &labels, 1.0);
    });
    out.family("bench_run_state", "stateset", "", "How the run is.");
    for (name, watched) in runs {
        for course in Course::ALL {
            let labels = [("run", *name), ("bench_run_state", course.word())];
            let is = watched.course() == course;
            out.sample("bench_run_state", &labels, f64::from(u8::from(is)));
        }
    }
    let about = "What the checks say together, of a run that goes on so far.";
    out.family("bench_verdict", "stateset", "", about);
    each(runs, |name, live, _| {
        out.states(
            "bench_verdict",
            &[("run", name)],
            &VERDICTS,
            word(live.verdict()),
        );
    });
    out.family(
        "bench_exit_code",
        "gauge",
        "",
        "The code that a run that is over ended with.",
    );
    each(runs, |name, _, watched| {
        if let Some(exit) = watched.exit() {
            let code = f64::from(exit as u8);
            out.sample("bench_exit_code", &[("run", name)], code);
        }
    });
    for (family, about, time) in TIMES {
        out.family(family, "gauge", "seconds", about);
        each(runs, |name, live, _| {
            out.sample(family, &[("run", name)], time(live));
        });
    }
    devices(&mut out, runs);
    channels(&mut out, runs);
    checks(&mut out, runs);
    out.0 += "# EOF\n";
    out.0
}

fn each<'a>(runs: &[(&'a str, &'a Watched)], mut tell: impl FnMut(&'a str, &'a Live, &'a Watched)) {
    for (name, watched) in runs {
        if let Some(live) = watched.live() {
            tell(name, live, watched);
        }
    }
}

/// Name, meaning and value of something that a run has one of, in seconds.
type Time = (&'static str, &'static str, fn(&Live) -> f64);

const TIMES: [Time; 4] = [
    (
        "bench_time_seconds",
        "Bench time that the record reaches.",
        |live| live.now.as_secs_f64(),
    ),
    (
        "bench_planned_seconds",
        "Bench time at which the last step ends.",
        |live| live.header.end.as_secs_f64(),
    ),
    (
        "bench_set_point_late_seconds",
        "How late the last set point was taken.",
        |live| live.late.last_us as f64 * 1e-6,
    ),
    (
        "bench_set_point_late_most_seconds",
        "How late a set point was taken at most.",
        |live| live.late.most_us as f64 * 1e-6,
    ),
];

/// Name, meaning and number of a count of a device.
type Count = (&'static str, &'static str, fn(&DeviceLive) -> u64);

const COUNTS: [Count; 6] = [
    ("bench_samples", "Times that a device told values.", |it| {
        it.samples
    }),
    ("bench_inferences", "Queries that were answered.", |it| {
        it.inferences
    }),
    (
        "bench_unanswered",
        "Queries that were not answered.",
        |it| it.unanswered,
    ),
    (
        "bench_damaged",
        "Occasions on which something from a device was damaged or lost.",
        |it| it.damaged,
    ),
    ("bench_retried", "Questions that were asked again.", |it| {
        it.retried
    }),
    ("bench_boots", "Times that a device started.", |it| it.boots),
];

fn devices(out: &mut Text, runs: &[(&str, &Watched)]) {
    out.family("bench_device_state", "stateset", "", "How a device is.");
    each(runs, |name, live, _| {
        let pairs = live.header.devices.iter().zip(&live.devices);
        for (header, device) in pairs.filter(|(header, _)| header.role != "profile") {
            let labels = [("run", name), ("device", header.name.as_str())];
            let is = device.state_at(live.now).word().to_lowercase();
            let states = STATES.map(|state| state.word().to_lowercase());
            let states = states.each_ref().map(String::as_str);
            out.states("bench_device_state", &labels, &states, &is);
        }
    });
    for (family, about, count) in COUNTS {
        out.family(family, "counter", "", about);
        each(runs, |name, live, _| {
            for (header, device) in live.header.devices.iter().zip(&live.devices) {
                let labels = [("run", name), ("device", header.name.as_str())];
                out.sample(&format!("{family}_total"), &labels, count(device) as f64);
            }
        });
    }
}

fn channels(out: &mut Text, runs: &[(&str, &Watched)]) {
    let about = "The last value of a channel, in the unit of its label; a state as its number.";
    out.family("bench_channel_value", "gauge", "", about);
    each(runs, |name, live, _| {
        for channel in &live.channels {
            let device = &live.header.devices[channel.device];
            let spec = &device.channels[channel.channel];
            let labels = [
                ("run", name),
                ("device", device.name.as_str()),
                ("channel", &spec.name),
                ("unit", &channel.unit),
            ];
            match channel.last {
                Some((_, Value::Number(number))) => {
                    out.sample("bench_channel_value", &labels, number);
                }
                Some((_, Value::State(state))) => {
                    let text = channel.text(&live.header, Value::State(state));
                    let labels = [&labels[..], &[("state", text.as_str())]].concat();
                    out.sample("bench_channel_value", &labels, f64::from(state));
                }
                None => {}
            }
        }
    });
}

fn checks(out: &mut Text, runs: &[(&str, &Watched)]) {
    out.family(
        "bench_check_verdict",
        "stateset",
        "",
        "What a check says so far.",
    );
    each(runs, |name, live, _| {
        for standing in &live.standings {
            let labels = [("run", name), ("check", standing.finding.check.as_str())];
            let is = word(standing.finding.verdict);
            out.states("bench_check_verdict", &labels, &VERDICTS, is);
        }
    });
    let about = "Distance of the worst value so far from its limit, positive inside.";
    out.family("bench_check_margin", "gauge", "", about);
    each(runs, |name, live, _| {
        for standing in &live.standings {
            let finding = &standing.finding;
            let Some(margin) = finding.margin else {
                continue;
            };
            let labels = [
                ("run", name),
                ("check", finding.check.as_str()),
                ("unit", finding.unit.as_str()),
            ];
            out.sample("bench_check_margin", &labels, margin);
        }
    });
    out.family(
        "bench_check_done",
        "gauge",
        "",
        "Whether all windows of a check are over.",
    );
    each(runs, |name, live, _| {
        for standing in &live.standings {
            let labels = [("run", name), ("check", standing.finding.check.as_str())];
            let done = standing.progress == Progress::Done;
            out.sample("bench_check_done", &labels, f64::from(u8::from(done)));
        }
    });
}

const VERDICTS: [&str; 3] = ["pass", "inconclusive", "fail"];

const STATES: [State; 8] = [
    State::Unheard,
    State::Answers,
    State::Silent,
    State::Away,
    State::PowerCut,
    State::Failed,
    State::Safe,
    State::Unsafe,
];

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Fail => "fail",
    }
}

/// The text, family by family.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, unit: &str, about: &str) {
        writeln!(self.0, "# TYPE {name} {kind}").expect("a text in memory takes all");
        if !unit.is_empty() {
            writeln!(self.0, "# UNIT {name} {unit}").expect("a text in memory takes all");
        }
        writeln!(self.0, "# HELP {name} {about}").expect("a text in memory takes all");
    }

    /// A sample for each state, of which one is.
    fn states(&mut self, name: &str, labels: &[(&str, &str)], states: &[&str], is: &str) {
        for state in states {
            let labels = [labels, &[(name, *state)]].concat();
            self.sample(name, &labels, f64::from(u8::from(*state == is)));
        }
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels = labels.iter().map(|(label, text)| {
            let text = text.replace('\\', "\\\\").replace('\n', "\\n");
            format!("{label}=\"{}\"", text.replace('"', "\\\""))
        });
        let labels = labels.collect::<Vec<String>>().join(",");
        // A text in memory takes all; numbers that are none are spelt as the format wants them.
        let _always_ok = match value {
            value if value.is_nan() => writeln!(self.0, "{name}{{{labels}}} NaN"),
            value if value.is_infinite() => {
                let sign = if value > 0.0 { '+' } else { '-' };
                writeln!(self.0, "{name}{{{labels}}} {sign}Inf")
            }
            value => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }
}
