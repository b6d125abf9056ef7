//! A run as it stands, as JSON for its page.

use profiles::phase::Phase;
use reports::verdict::{Progress, Standing};
use serde_json::{Value, json};

use crate::watch::live::{ChannelLive, Live};
use crate::watch::plain::margin;
use crate::watch::screen::watched_first;
use crate::watch::watched::Watched;

/// Lines of what happened that a page shows.
const LINES: usize = 40;

/// Channels that a page draws at most.
const DRAWN: usize = 12;

/// Everything that a page shows of a run, with the values of the channels that are `chosen`.
pub(super) fn state(watched: &Watched, chosen: Option<&[usize]>) -> Value {
    let exit = watched.exit();
    let exit = exit.map(|exit| json!({"name": exit.name(), "code": exit as u8}));
    let course = watched.course().word();
    let Some(live) = watched.live() else {
        return json!({"course": course, "exit": exit});
    };
    let now = live.now;
    let (phase, left) = match live.phase(now) {
        Some((phase, end)) => (phase.name(), end.micros_since(now) as f64 * 1e-6),
        None => ("", 0.0),
    };
    let drawn = match chosen {
        Some(chosen) => chosen.to_vec(),
        None => watched_first(live),
    };
    let drawn = drawn.into_iter().filter_map(|place| {
        let channel = live.channels.get(place)?;
        Some(series(place, channel))
    });
    let lines = live.lines.iter().rev().take(LINES).map(
        |line| json!({"at": line.at.to_string(), "text": line.text, "trouble": line.is_trouble}),
    );
    let text = |channel: &ChannelLive| {
        let value = channel
            .last
            .map(|(_, value)| channel.text(&live.header, value));
        json!({"name": channel.name, "unit": channel.unit, "value": value})
    };
    json!({
        "course": course,
        "exit": exit,
        "campaign": live.header.campaign,
        "pace": live.header.pace,
        "now": now.as_secs_f64(),
        "end": live.header.end.as_secs_f64(),
        "clock": now.to_string(),
        "utc": live.utc(now),
        "step": live.step_name(now),
        "phase": phase,
        "phase_left": left,
        "eclipse": live.eclipses(now),
        "inferences": live.inferences,
        "late_ms": live.late.last_us as f64 * 1e-3,
        "late_most_ms": live.late.most_us as f64 * 1e-3,
        "lost": live.lost(),
        "verdict": live.verdict().to_string(),
        "unjudged": live.unjudged,
        "devices": devices(live),
        "checks": live.standings.iter().map(|it| check(live, it)).collect::<Vec<Value>>(),
        "lines": lines.collect::<Vec<Value>>(),
        "channels": live.channels.iter().map(text).collect::<Vec<Value>>(),
        "drawn": drawn.take(DRAWN).collect::<Vec<Value>>(),
        "eclipses": eclipses(live),
        "report": watched.folder().join("report.html").is_file(),
    })
}

fn devices(live: &Live) -> Vec<Value> {
    let pairs = live.header.devices.iter().zip(&live.devices);
    let devices = pairs.map(|(header, device)| {
        let heard = device.heard.map(profiles::time::BenchTime::as_secs_f64);
        json!({
            "name": header.name,
            "model": header.model,
            "emulated": header.emulated,
            "identity": device.identity,
            "state": device.state_at(live.now).word(),
            "bad": device.state.is_bad(),
            "heard": heard,
            "inferences": device.inferences,
            "unanswered": device.unanswered,
            "damaged": device.damaged,
            "retried": device.retried,
            "boots": device.boots,
        })
    });
    devices.collect()
}

fn check(live: &Live, standing: &Standing) -> Value {
    let finding = &standing.finding;
    let progress = match standing.progress {
        Progress::Waiting | Progress::Watching if live.waits(standing) => "waiting",
        Progress::Waiting | Progress::Watching => "so far",
        Progress::Done => "done",
    };
    json!({
        "name": finding.check,
        "verdict": finding.verdict.to_string(),
        "progress": progress,
        "margin": margin(finding),
        "because": live.why(standing),
        "at": finding.at.map(profiles::time::BenchTime::as_secs_f64),
    })
}

fn eclipses(live: &Live) -> Vec<Value> {
    let dark = live.header.phases.iter();
    let dark = dark.filter(|it| it.phase != Phase::Sunlit);
    let each = dark.map(|it| {
        let window = it.window;
        json!([
            window.start.as_secs_f64(),
            window.end.as_secs_f64(),
            it.phase.name()
        ])
    });
    each.collect()
}

/// Lowest and highest values of a channel over the run, with a gap where nothing was told for longer
/// than two stretches.
fn series(place: usize, channel: &ChannelLive) -> Value {
    let (mut times, mut lows, mut highs) = (Vec::new(), Vec::new(), Vec::new());
    let width = channel.series.width();
    let mut before: Option<f64> = None;
    for stretch in channel.series.whole() {
        let at = stretch.start.as_secs_f64();
        // Slow channels tell something every second or ten.
        if before.is_some_and(|before| at - before > (3.0 * width).max(15.0)) {
            times.push(json!(at - 0.5 * width));
            lows.push(Value::Null);
            highs.push(Value::Null);
        }
        before = Some(at);
        times.push(json!(at));
        lows.push(json!(stretch.low));
        highs.push(json!(stretch.high));
    }
    json!({
        "place": place, "name": channel.name, "unit": channel.unit,
        "t": times, "low": lows, "high": highs,
    })
}
