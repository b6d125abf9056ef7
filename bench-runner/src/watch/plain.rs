//! A run as lines of text, one for each change: for pipes, logs and readers of the screen.

use reports::verdict::{Finding, Progress, Standing, Verdict};
use std::fmt::Write as _;

use super::live::{Live, number_text};
use super::watched::{Course, Watched};

/// Tells what changed since it was asked last.
#[derive(Debug, Default)]
pub struct Plain {
    begun: bool,
    /// Lines of the run that were told.
    told: u64,
    /// What was told of each check.
    checks: Vec<(Verdict, bool)>,
    ended: Option<Course>,
    waits: bool,
}

impl Plain {
    /// The lines that are new, each with its end.
    pub fn lines(&mut self, watched: &Watched) -> String {
        let mut out = String::new();
        let Some(live) = watched.live() else {
            if !std::mem::replace(&mut self.waits, true) {
                let folder = watched.folder().display();
                writeln!(out, "waiting for a run to begin in {folder}")
                    .expect("a text in memory takes all");
            }
            return out;
        };
        // Of a run that went on everything is told anew.
        if live.told < self.told {
            *self = Plain::default();
        }
        if !std::mem::replace(&mut self.begun, true) {
            let header = &live.header;
            let (campaign, pace, end) = (&header.campaign, &header.pace, header.end);
            let (devices, checks) = (header.devices.len(), header.checks.len());
            writeln!(
                out,
                "watching {} in {}: {devices} devices, {checks} checks, {pace} pace, to {end}",
                campaign,
                watched.folder().display()
            )
            .expect("a text in memory takes all");
            if let Some(why) = &live.unjudged {
                writeln!(out, "checks cannot be judged: {why}")
                    .expect("a text in memory takes all");
            }
        }
        let new = (live.told - self.told) as usize;
        let skipped = new.saturating_sub(live.lines.len());
        if skipped > 0 {
            writeln!(out, "({skipped} earlier lines are in the record alone)")
                .expect("a text in memory takes all");
        }
        for line in live.lines.iter().skip(live.lines.len().saturating_sub(new)) {
            writeln!(out, "{}  {}", line.at, line.text).expect("a text in memory takes all");
        }
        self.told = live.told;
        if watched.exit().is_none() {
            out += &self.checks(live);
        }
        out += &self.end(watched, live);
        out
    }

    /// Checks whose word changed.
    fn checks(&mut self, live: &Live) -> String {
        let mut out = String::new();
        for (place, standing) in live.standings.iter().enumerate() {
            let now = (
                standing.finding.verdict,
                standing.progress == Progress::Done,
            );
            let known = self.checks.get(place).copied();
            let quiet = (Verdict::Inconclusive, false);
            match self.checks.get_mut(place) {
                Some(slot) => *slot = now,
                None => self.checks.push(now),
            }
            if known.unwrap_or(quiet) != now && now.0 != Verdict::Inconclusive {
                writeln!(out, "{}  {}", live.now, check(standing))
                    .expect("a text in memory takes all");
            }
        }
        out
    }

    fn end(&mut self, watched: &Watched, live: &Live) -> String {
        let course = watched.course();
        let (true, Some(exit)) = (self.ended != Some(course), watched.exit()) else {
            return String::new();
        };
        self.ended = Some(course);
        let how = match &live.ending {
            Some(ending) if course == Course::Ended => ending.to_string(),
            _ => format!("the record ends at {}: the run was cut off", live.now),
        };
        let mut out = String::new();
        for standing in &live.standings {
            writeln!(out, "{}", check(standing)).expect("a text in memory takes all");
        }
        out + &format!("{} ({}): {how}\n", exit.name(), exit as u8)
    }
}

/// `FAIL so far  bus voltage: margin -1.2 V; …`.
fn check(standing: &Standing) -> String {
    let finding = &standing.finding;
    let so_far = match standing.progress {
        Progress::Done => "",
        Progress::Waiting | Progress::Watching => " so far",
    };
    let margin = margin(finding).map_or(String::new(), |margin| format!("margin {margin}; "));
    format!(
        "{}{so_far}  {}: {margin}{}",
        finding.verdict, finding.check, finding.because
    )
}

/// `+2.100 V`.
pub fn margin(finding: &Finding) -> Option<String> {
    let margin = finding.margin?;
    let text = number_text(margin);
    let sign = if margin >= 0.0 { "+" } else { "" };
    let unit = &finding.unit;
    Some(format!("{sign}{text} {unit}").trim_end().to_owned())
}
