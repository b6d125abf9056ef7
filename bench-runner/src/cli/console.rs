//! What a person or a program sees while a campaign runs.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use profiles::time::BenchTime;
use reports::event::{Event, EventKind, ObserveError, Observer};
use reports::header::Header;
use serde_json::json;

use super::{complain, print};
use crate::watch::words::Names;

/// Bench time between two updates of the live line at virtual pace, s: a few milliseconds of
/// people's time.
const UPDATE_VIRTUAL: f64 = 30.0;
/// The same at the pace of the wall, s.
const UPDATE_REAL: f64 = 1.0;

/// The wall clock's stopwatch: how long people waited. It decides nothing.
pub(super) struct Watch(std::time::Instant);

impl Watch {
    #[expect(
        clippy::disallowed_methods,
        reason = "tells people how long they waited"
    )]
    pub(super) fn start() -> Watch {
        Watch(std::time::Instant::now())
    }

    pub(super) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// How much of a run is shown, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A live line on a terminal, plain lines elsewhere.
    People,
    /// JSON lines on standard output.
    Programs,
    /// Nothing while it runs.
    Quiet,
}

impl Style {
    /// The style that flags of the command line ask for.
    pub(super) fn of(quiet: bool, json: bool) -> Style {
        match (quiet, json) {
            (true, _) => Style::Quiet,
            (false, true) => Style::Programs,
            (false, false) => Style::People,
        }
    }
}

/// Shows a run under way: a live line on a terminal, plain lines elsewhere, JSON for programs.
pub(super) struct Console {
    names: Names,
    bar: Option<ProgressBar>,
    style: Style,
    now: &'static str,
    /// Bench time between two updates, s.
    every: f64,
    updated: f64,
    inferences: u64,
    last_inferences: u64,
    trouble: u64,
    failing: usize,
    checks: usize,
}

impl Console {
    pub(super) fn new(header: &Header, style: Style) -> Console {
        let live = style == Style::People && std::io::stderr().is_terminal();
        let bar = live.then(|| {
            let length = header.end.as_secs_f64() as u64;
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{bar:16} {percent:>3} %  {wide_msg}") {
                bar.set_style(style.progress_chars("━╸ "));
            }
            bar
        });
        Console {
            names: Names::of(header),
            bar,
            style,
            now: "",
            every: if header.pace == "real" {
                UPDATE_REAL
            } else {
                UPDATE_VIRTUAL
            },
            updated: 0.0,
            inferences: 0,
            last_inferences: 0,
            trouble: 0,
            failing: 0,
            checks: header.checks.len(),
        }
    }

    /// Takes the live line away.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, at: BenchTime, what: &str, text: &str) {
        let line = format!("{at}  {text}");
        match (self.style, &self.bar) {
            (Style::Quiet, _) => {}
            (Style::Programs, _) => {
                let line = json!({
                    "type": what, "t_s": at.as_secs_f64(), "text": text,
                    "inferences": self.inferences, "trouble": self.trouble,
                    "checks": self.checks, "checks_failing": self.failing,
                });
                print(&format!("{line}\n"));
            }
            (Style::People, Some(bar)) => bar.println(line),
            (Style::People, None) => complain(&format!("{line}\n")),
        }
    }

    fn update(&mut self, at: BenchTime) {
        let seconds = at.as_secs_f64();
        if seconds - self.updated < self.every {
            return;
        }
        let rate = (self.inferences - self.last_inferences) as f64 / (seconds - self.updated);
        self.updated = seconds;
        self.last_inferences = self.inferences;
        if let Some(bar) = &self.bar {
            bar.set_message(self.message(at, rate));
            bar.set_position(seconds as u64);
        }
    }

    /// `T+01:12:30  umbra     5.3 inferences/s  0 of 15 checks failing`.
    fn message(&self, at: BenchTime, rate: f64) -> String {
        let time = at.to_string();
        let time = time.split('.').next().unwrap_or_default();
        let (now, failing, checks) = (self.now, self.failing, self.checks);
        let lost = match self.trouble {
            0 => String::new(),
            count => format!("  {count} lost"),
        };
        format!(
            "{time}  {now:<8}  {rate:5.1} inferences/s  {failing} of {checks} checks failing{lost}"
        )
    }
}

impl Observer for Console {
    fn standing(&mut self, failing: usize) {
        self.failing = failing;
    }

    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        match &event.kind {
            EventKind::Sampled { .. } => {
                self.update(event.at);
                return Ok(());
            }
            EventKind::Inferred(_) => {
                self.inferences += 1;
                return Ok(());
            }
            EventKind::PhaseEntered { phase } => self.now = phase.name(),
            EventKind::Damaged { .. }
            | EventKind::Repeated { .. }
            | EventKind::TaskReturned { .. }
            | EventKind::TaskLost { .. }
            | EventKind::BusError { .. }
            | EventKind::NoResponse { .. }
            | EventKind::Retried { .. } => self.trouble += 1,
            _ => {}
        }
        let line = self.names.told(event);
        if let Some((what, text)) = line {
            self.line(event.at, what, &text);
        }
        Ok(())
    }
}
