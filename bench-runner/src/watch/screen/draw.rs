//! The view, put together.

use profiles::phase::Phase;
use profiles::time::BenchTime;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::text::{Line, Span};
use ratatui_core::widgets::Widget;
use reports::verdict::Verdict;

use super::parts::{clock, fit};
use super::{LEAST, NARROW, Panel, Screen};
use crate::exit::Exit;
use crate::watch::live::Live;
use crate::watch::watched::Course;

/// Everything that a view shows.
pub struct View<'a> {
    /// The name of the run's folder.
    pub name: &'a str,
    /// How it is.
    pub course: Course,
    /// How it ended, if it did.
    pub exit: Option<Exit>,
    /// What is known of it.
    pub live: Option<&'a Live>,
    /// What is chosen.
    pub screen: &'a Screen,
    /// Whether colours are wanted.
    pub colour: bool,
    /// Why its record cannot be read.
    pub trouble: Option<&'a str>,
}

/// Draws the view into all of `buffer`.
pub fn draw(view: &View<'_>, buffer: &mut Buffer) {
    let area = buffer.area;
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = [
            format!("{}x{} is too small:", area.width, area.height),
            format!("at least {}x{}", LEAST.0, LEAST.1),
            "q leaves; the run goes on".to_owned(),
        ];
        for (row, text) in text.iter().enumerate() {
            put(buffer, row as u16, &Line::raw(text.clone()));
        }
        return;
    }
    let width = usize::from(area.width);
    put(buffer, 0, &view.title(width));
    if let Some(live) = view.live {
        put(buffer, 1, &view.time(live, width));
        put(buffer, 2, &view.way(live, width));
        put(buffer, 3, &view.counts(live, width));
        view.panels(live, buffer);
    } else {
        let why = view
            .trouble
            .unwrap_or("the run has not begun: waiting for its record");
        put(buffer, 2, &Line::raw(fit(why, width)));
    }
    put(buffer, area.height - 1, &view.keys(width));
}

fn put(buffer: &mut Buffer, row: u16, line: &Line<'_>) {
    let area = buffer.area;
    if row < area.height {
        let place = Rect::new(area.x, area.y + row, area.width, 1);
        line.render(place, buffer);
    }
}

impl View<'_> {
    fn title(&self, width: usize) -> Line<'static> {
        let campaign = self
            .live
            .map_or("bench watch", |it| it.header.campaign.as_str());
        let (word, style) = match (self.course, self.exit, self.live) {
            (Course::Ended | Course::CutOff, Some(exit), _) => {
                let verdict = match exit {
                    Exit::Passed => Verdict::Pass,
                    Exit::Inconclusive | Exit::Interrupted => Verdict::Inconclusive,
                    _ => Verdict::Fail,
                };
                let cut = if self.course == Course::CutOff {
                    " (cut off)"
                } else {
                    ""
                };
                (format!("{}{cut}", exit.name()), self.verdict_style(verdict))
            }
            (course, _, Some(live)) if live.verdict() == Verdict::Fail => {
                let word = format!("{}, FAILING", course.word());
                (word, self.verdict_style(Verdict::Fail))
            }
            (course, ..) => (course.word().to_owned(), self.colour(Color::Green)),
        };
        let left = width.saturating_sub(word.chars().count() + 2);
        let bold = Style::new().add_modifier(Modifier::BOLD);
        Line::from(vec![
            Span::styled(fit(&format!("{campaign} · {}", self.name), left), bold),
            Span::raw("  "),
            Span::styled(word, style.add_modifier(Modifier::BOLD)),
        ])
    }

    /// The time that is looked at.
    fn at(&self, live: &Live) -> BenchTime {
        self.screen.at.unwrap_or(live.now)
    }

    fn time(&self, live: &Live, width: usize) -> Line<'static> {
        let at = self.at(live);
        let mut parts = vec![at.to_string()];
        if width >= NARROW {
            parts.extend(live.utc(at).map(|utc| format!("{utc} UTC")));
        }
        if let Some((phase, end)) = live.phase(at) {
            let left = BenchTime::from_micros(end.micros_since(at));
            parts.push(format!("{phase}, {} left", clock(left)));
        }
        // At the end, for its name may be long.
        parts.push(format!("step {}", live.step_name(at)));
        Line::raw(fit(&parts.join("  "), width))
    }

    /// How far the run is, in light and shadow.
    fn way(&self, live: &Live, width: usize) -> Line<'static> {
        let end = live.header.end.max(live.now).as_micros().max(1);
        let percent = format!(" {:>3} %", self.at(live).as_micros() * 100 / end);
        let across = width.saturating_sub(percent.len()) as u64;
        let columns = (0..across).map(|column| {
            let at = BenchTime::from_micros((2 * column + 1) * end / (2 * across.max(1)));
            let dark = live
                .phase(at)
                .is_some_and(|(phase, _)| phase != Phase::Sunlit);
            match (at <= self.at(live), dark) {
                (true, false) => '█',
                (true, true) => '▓',
                (false, false) => '─',
                (false, true) => '░',
            }
        });
        Line::raw(columns.collect::<String>() + &percent)
    }

    fn counts(&self, live: &Live, width: usize) -> Line<'static> {
        if self.screen.at.is_some() {
            let text = "LOOKING BACK: devices and checks are as they are now; n goes there";
            return Line::raw(fit(text, width));
        }
        // On a narrow terminal the end is cut off: what matters least.
        let standings = live.standings.iter();
        let failing = standings
            .filter(|it| it.finding.verdict == Verdict::Fail)
            .count();
        let mut parts = vec![
            match live.standings.len() {
                0 => "no checks".to_owned(),
                all => format!("{failing} of {all} failing"),
            },
            format!("{} lost", live.lost()),
        ];
        if live.late.count > 0 {
            let ms = |us: u64| us as f64 * 1e-3;
            let (last, most) = (ms(live.late.last_us), ms(live.late.most_us));
            parts.push(format!("late {last:.1} ms, most {most:.1} ms"));
        }
        if live.inferences > 0 {
            let rate = live.inferences as f64 / live.now.as_secs_f64().max(1e-3);
            parts.push(format!("{} answers ({rate:.2}/s)", live.inferences));
        }
        if let Some((entered, all)) = live.eclipses(self.at(live)) {
            parts.push(format!("eclipse {entered} of {all}"));
        }
        Line::raw(fit(&parts.join(" · "), width))
    }

    fn keys(&self, width: usize) -> Line<'static> {
        let text = if self.screen.list.is_some() {
            "↑↓ go  space choose  c done  q back"
        } else {
            "q leave  tab part  ↑↓ lines  c channels  w window  ←→ time  end now"
        };
        let style = Style::new().add_modifier(Modifier::REVERSED);
        Line::styled(fit(text, width), style)
    }

    fn panels(&self, live: &Live, buffer: &mut Buffer) {
        let (width, height) = (usize::from(buffer.area.width), buffer.area.height);
        let rows = usize::from(height) - 5;
        let devices = self.device_lines(live, width);
        let checks = self.check_lines(live, width);
        let (channels, title) = if self.screen.list.is_some() {
            (self.list_lines(live, width), "all channels".to_owned())
        } else {
            let (from, to) = self.span(live);
            let span = format!("channels, {} to {}", clock(from), clock(to));
            (self.channel_lines(live, width), span)
        };
        let events = self.event_lines(live, width);
        let wanted = [devices.len(), checks.len(), channels.len(), events.len()];
        let heights = shared(rows.saturating_sub(4), wanted, self.screen.list.is_some());
        let titles = [
            match self.course {
                Course::CutOff => "devices, when the record ends",
                _ => "devices",
            },
            match self.course {
                Course::Ended => "checks",
                _ => "checks, margins so far",
            },
            &title,
            "events, newest first",
        ];
        let mut row = 4;
        let all = [devices, checks, channels, events];
        for (place, lines) in all.into_iter().enumerate() {
            let here = match self.screen.list {
                Some(_) => Panel::ALL[place] == Panel::Channels,
                None => Panel::ALL[place] == self.screen.panel(),
            };
            let count = lines.len();
            let first = match self.screen.list {
                Some(list) if place == 2 => list.saturating_sub(heights[place].saturating_sub(1)),
                _ => self.screen.scroll[place].min(count.saturating_sub(heights[place])),
            };
            let hidden = count.saturating_sub(heights[place]);
            let more = if hidden > 0 {
                format!(" ({count})")
            } else {
                String::new()
            };
            let mark = if here { "▶" } else { "─" };
            let head = format!("{mark} {}{more} ", titles[place]);
            let rule = "─".repeat(width.saturating_sub(head.chars().count()));
            let style = if here {
                Style::new().add_modifier(Modifier::BOLD)
            } else {
                Style::new().add_modifier(Modifier::DIM)
            };
            put(
                buffer,
                row,
                &Line::styled(fit(&(head + &rule), width), style),
            );
            row += 1;
            for line in lines.iter().skip(first).take(heights[place]) {
                put(buffer, row, line);
                row += 1;
            }
        }
    }
}

/// Rows for each part: what it wants, as far as they go.
fn shared(rows: usize, wanted: [usize; 4], list: bool) -> [usize; 4] {
    let mut heights = [0; 4];
    let mut left = rows;
    // One row each is taken before anybody has a second one; a list that is open has half.
    if list {
        heights[2] = wanted[2].min(rows / 2);
        left -= heights[2];
    }
    while left > 0 {
        let before = left;
        for (place, height) in heights.iter_mut().enumerate() {
            let closed = list && place == 2;
            if left > 0 && *height < wanted[place] && !closed {
                *height += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    heights
}
