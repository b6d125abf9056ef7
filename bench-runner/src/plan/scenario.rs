//! How the queries of a workload come: the scenarios of MLPerf Inference.

use super::Planner;
use crate::config::campaign::RawWorkload;
use crate::config::refusal::Refusal;

/// Samples of a query in multi stream, as MLPerf has it.
const SAMPLES: u16 = 8;
/// Most samples of a query.
const MOST_SAMPLES: u64 = 10_000;
/// Queries in a second, from one in a day to more than a line carries.
const RATES: std::ops::RangeInclusive<f64> = 1e-5..=1e5;

/// How long an answer may be waited for, s.
const DEADLINES: std::ops::RangeInclusive<f64> = 0.01..=3_600.0;

/// How queries come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scenario {
    /// The next when the last is answered, one inference each.
    SingleStream,
    /// The same, with several inferences each.
    MultiStream {
        /// How many.
        samples: u16,
    },
    /// At random times, as from many who do not know of each other (Poisson arrivals).
    Server {
        /// Queries in a second, in the mean.
        rate: f64,
    },
    /// All inputs at once, again and again.
    Offline,
}

impl Scenario {
    /// The scenario of a workload that was not refused.
    pub(super) fn of(raw: &RawWorkload) -> Scenario {
        match raw.scenario {
            "multi-stream" => Scenario::MultiStream {
                samples: raw.samples.as_ref().map_or(SAMPLES, |it| it.value as u16),
            },
            "server" => Scenario::Server {
                rate: raw.rate.as_ref().map_or(1.0, |it| it.value),
            },
            "offline" => Scenario::Offline,
            _ => Scenario::SingleStream,
        }
    }
}

impl Planner {
    /// Refuses keys that the scenario has no use for, and numbers that make no sense.
    pub(super) fn scenario(&mut self, raw: &RawWorkload) {
        let is = |name| raw.scenario == name;
        let strays = [
            (
                "samples_per_query",
                raw.samples.as_ref().map(|it| &it.place),
                is("multi-stream"),
            ),
            (
                "queries_per_s",
                raw.rate.as_ref().map(|it| &it.place),
                is("server"),
            ),
        ];
        for (key, place, fits) in strays {
            if let Some(place) = place.filter(|_| !fits) {
                let message = format!("`{}` has no `{key}`", raw.scenario);
                let expected = match key {
                    "queries_per_s" => "expected beside `scenario = \"server\"`",
                    _ => "expected beside `scenario = \"multi-stream\"`",
                };
                self.refuse(Refusal::at(place, message, expected));
            }
        }
        if let Some(samples) = raw.samples.as_ref()
            && !(1..=MOST_SAMPLES).contains(&samples.value)
        {
            let message = format!("`samples_per_query` is {}", samples.value);
            let expected = format!("expected from 1 to {MOST_SAMPLES}");
            self.refuse(Refusal::at(&samples.place, message, expected));
        }
        if let Some(rate) = raw.rate.as_ref()
            && !RATES.contains(&rate.value)
        {
            let message = format!("`queries_per_s` is {}", rate.value);
            self.refuse(Refusal::at(
                &rate.place,
                message,
                "expected from 0.00001 to 100000",
            ));
        }
        if let Some(within) = raw.answer_within.as_ref()
            && !DEADLINES.contains(&within.value)
        {
            let message = format!("`answer_within` is {} s", within.value);
            let expected = "expected from 10 ms to 1 h";
            self.refuse(Refusal::at(&within.place, message, expected));
        }
        if is("server") && raw.rate.is_none() {
            let message = "a server needs to know how many queries come";
            let expected = "expected `queries_per_s` beside it";
            self.refuse(Refusal::at(&raw.name.place, message, expected));
        }
    }
}
