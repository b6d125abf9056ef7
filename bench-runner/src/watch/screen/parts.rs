//! The parts of the view, line by line.

use profiles::time::BenchTime;
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::text::{Line, Span};
use reports::verdict::{Progress, Standing, Verdict};

use super::NARROW;
use super::draw::View;
use crate::watch::device::{DeviceLive, State};
use crate::watch::live::Live;
use crate::watch::plain::margin;

/// Heights of a line of values; a space is a gap.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Text of at most `width` columns, cut with `…`, filled with spaces.
pub(super) fn fit(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut taken = 0;
    for letter in text.chars() {
        let wide = Span::raw(letter.to_string()).width();
        if taken + wide > width {
            while taken > width.saturating_sub(1) {
                taken -= out.pop().map_or(0, |it| Span::raw(it.to_string()).width());
            }
            if width > 0 {
                out.push('…');
                taken += 1;
            }
            break;
        }
        out.push(letter);
        taken += wide;
    }
    out + &" ".repeat(width.saturating_sub(taken))
}

/// The columns that the widest of some names takes, from `least` to `most`.
fn widest<'a>(names: impl Iterator<Item = &'a str>, least: usize, most: usize) -> usize {
    let widths = names.map(|name| Span::raw(name).width());
    widths.max().unwrap_or(0).clamp(least, most.max(least))
}

impl View<'_> {
    /// A style that has colours only where they are wanted.
    pub(super) fn colour(&self, colour: Color) -> Style {
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    pub(super) fn verdict_style(&self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Pass => self.colour(Color::Green),
            Verdict::Inconclusive => self.colour(Color::Yellow),
            Verdict::Fail => self.colour(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    pub(super) fn device_lines(&self, live: &Live, width: usize) -> Vec<Line<'static>> {
        let names = live.header.devices.iter().map(|it| it.name.as_str());
        let name = widest(names, 6, width / 4);
        let pairs = live.header.devices.iter().zip(&live.devices);
        let lines = pairs.map(|(header, device)| {
            let state = device.state_at(live.now);
            let style = match state {
                _ if state.is_bad() => self.colour(Color::Red).add_modifier(Modifier::BOLD),
                State::Silent => self.colour(Color::Yellow),
                State::Answers | State::Safe => self.colour(Color::Green),
                _ => Style::new(),
            };
            let state = fit(state.word(), 10);
            let rest = device_text(device, live, &header.model);
            let left = width.saturating_sub(name + 12);
            Line::from(vec![
                Span::raw(fit(&header.name, name) + " "),
                Span::styled(state + " ", style),
                Span::raw(fit(&rest, left)),
            ])
        });
        lines.collect()
    }

    pub(super) fn check_lines(&self, live: &Live, width: usize) -> Vec<Line<'static>> {
        if let Some(why) = &live.unjudged {
            return vec![Line::raw(fit(&format!("not judged: {why}"), width))];
        }
        if live.standings.is_empty() {
            return vec![Line::raw(fit("none: nothing can pass", width))];
        }
        let mut standings: Vec<&Standing> = live.standings.iter().collect();
        standings.sort_by_key(|it| match it.finding.verdict {
            Verdict::Fail => 0,
            Verdict::Inconclusive if it.progress == Progress::Done => 1,
            _ => 2,
        });
        let goes_on = self.exit.is_none();
        let names = standings.iter().map(|it| it.finding.check.as_str());
        let name = widest(names, 8, width / 3);
        let lines = standings.into_iter().map(|standing| {
            let finding = &standing.finding;
            let (word, style) = match (standing.progress, finding.verdict) {
                _ if goes_on && live.waits(standing) => ("waits", Style::new()),
                (Progress::Watching, Verdict::Inconclusive) if goes_on => ("not yet", Style::new()),
                (Progress::Watching, Verdict::Pass) => ("pass …", self.colour(Color::Green)),
                (_, Verdict::Inconclusive) => ("UNKNOWN", self.verdict_style(finding.verdict)),
                (_, Verdict::Pass) => ("PASS", self.verdict_style(finding.verdict)),
                (_, Verdict::Fail) => ("FAIL", self.verdict_style(finding.verdict)),
            };
            let margin = margin(finding).unwrap_or_default();
            let why = live.why(standing);
            let rest = match (finding.at, &finding.phase) {
                (Some(at), Some(phase)) => format!("{} {phase} · {why}", clock(at)),
                (Some(at), None) => format!("{} · {why}", clock(at)),
                (None, _) => why,
            };
            let left = width.saturating_sub(name + 25);
            Line::from(vec![
                Span::styled(fit(word, 9) + " ", style),
                Span::raw(fit(&finding.check, name)),
                Span::raw(format!(" {} ", fit(&margin, 12))),
                Span::raw(fit(&rest, left)),
            ])
        });
        lines.collect()
    }

    pub(super) fn channel_lines(&self, live: &Live, width: usize) -> Vec<Line<'static>> {
        let chosen = self.screen.chosen(live);
        let (from, to) = self.span(live);
        let names = chosen
            .iter()
            .map(|&place| live.channels[place].name.as_str());
        let name = widest(names, 6, width / 3);
        // Where there is little room, the values over time are worth more than their range.
        let room = if width < NARROW { 0 } else { 21 };
        let across = width.saturating_sub(name + 14 + room);
        let lines = chosen.iter().map(|&place| {
            let channel = &live.channels[place];
            let value = match self.screen.at {
                None => channel
                    .last
                    .map(|(_, value)| channel.text(&live.header, value)),
                Some(at) => channel.series.at(at).map(|stretch| {
                    let state = profiles::reading::Value::State(stretch.last as u16);
                    let spec = &live.header.devices[channel.device].channels[channel.channel];
                    let number = profiles::reading::Value::Number(stretch.last);
                    let is_state = !spec.states.is_empty();
                    channel.text(&live.header, if is_state { state } else { number })
                }),
            };
            let columns = channel.series.columns(from, to, across);
            let extremes = columns.iter().flatten();
            let low = extremes
                .clone()
                .map(|it| it.0)
                .fold(f64::INFINITY, f64::min);
            let high = extremes.map(|it| it.1).fold(f64::NEG_INFINITY, f64::max);
            let range = if low <= high {
                let text = crate::watch::live::number_text;
                format!("{} … {}", text(low), text(high))
            } else {
                String::new()
            };
            Line::from(vec![
                Span::raw(fit(&channel.name, name) + " "),
                Span::styled(
                    fit(&value.unwrap_or_else(|| "–".to_owned()), 12) + " ",
                    Style::new().add_modifier(Modifier::BOLD),
                ),
                Span::styled(bars(&columns, low, high), self.colour(Color::Cyan)),
                Span::raw(fit(&format!(" {range}"), room)),
            ])
        });
        lines.collect()
    }

    pub(super) fn list_lines(&self, live: &Live, width: usize) -> Vec<Line<'static>> {
        let chosen = self.screen.chosen(live);
        let lines = live.channels.iter().enumerate().map(|(place, channel)| {
            let mark = if chosen.contains(&place) {
                "[x]"
            } else {
                "[ ]"
            };
            let value = channel
                .last
                .map(|(_, value)| channel.text(&live.header, value));
            let text = format!("{mark} {}  {}", channel.name, value.unwrap_or_default());
            let here = self.screen.list == Some(place);
            let style = if here {
                Style::new().add_modifier(Modifier::REVERSED)
            } else {
                Style::new()
            };
            Line::styled(fit(&text, width), style)
        });
        lines.collect()
    }

    pub(super) fn event_lines(&self, live: &Live, width: usize) -> Vec<Line<'static>> {
        let until = self.screen.at.unwrap_or(BenchTime::MAX);
        let lines = live.lines.iter().rev().filter(|line| line.at <= until);
        let lines = lines.map(|line| {
            let style = if line.is_trouble {
                self.colour(Color::Red)
            } else {
                Style::new()
            };
            Line::styled(fit(&format!("{}  {}", line.at, line.text), width), style)
        });
        lines.collect()
    }

    /// From when to when values are drawn.
    pub(super) fn span(&self, live: &Live) -> (BenchTime, BenchTime) {
        let to = live.now.plus_micros(1);
        let latest = to.as_micros().saturating_sub(600_000_000);
        let from = if self.screen.latest { latest } else { 0 };
        (BenchTime::from_micros(from), to)
    }
}

/// `00:46:12`.
pub(super) fn clock(at: BenchTime) -> String {
    let text = at.to_string();
    let text = text.strip_prefix("T+").unwrap_or(&text);
    text.split('.').next().unwrap_or_default().to_owned()
}

fn device_text(device: &DeviceLive, live: &Live, model: &str) -> String {
    let mut parts = Vec::new();
    if let Some(heard) = device.heard {
        let ago = live.now.micros_since(heard) as f64 * 1e-6;
        parts.push(format!("heard {ago:.1} s ago"));
    }
    let counts = [
        (device.inferences, "answers"),
        (device.unanswered, "unanswered"),
        (device.damaged, "damaged"),
        (device.retried, "retried"),
    ];
    let told = counts.iter().filter(|(count, _)| *count > 0);
    parts.extend(told.map(|(count, what)| format!("{count} {what}")));
    if device.boots > 1 {
        parts.push(format!("{} starts", device.boots));
    }
    let identity = match device.identity.as_str() {
        "" => model,
        identity => identity,
    };
    parts.push(identity.to_owned());
    parts.join(" · ")
}

/// Values as bars: of each column the extreme that is farther from the middle of all.
fn bars(columns: &[Option<(f64, f64)>], low: f64, high: f64) -> String {
    let middle = f64::midpoint(low, high);
    let span = high - low;
    let bars = columns.iter().map(|column| {
        let Some((least, most)) = *column else {
            return ' ';
        };
        let far = if most - middle >= middle - least {
            most
        } else {
            least
        };
        let height = if span > 0.0 { (far - low) / span } else { 0.5 };
        BARS[((height * 8.0) as usize).min(7)]
    });
    bars.collect()
}
