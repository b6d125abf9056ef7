//! The view on a terminal: what is chosen on it, what keys do, and how it is drawn. The drawing is a
//! function of what is known of the run and of what is chosen, and of nothing else.

mod draw;
mod parts;
#[cfg(test)]
mod tests;

use profiles::time::BenchTime;

use super::live::Live;

pub use draw::{View, draw};

/// Fewer columns or rows cannot show a run.
pub const LEAST: (u16, u16) = (40, 12);

/// Fewer columns show less of each line.
const NARROW: usize = 60;

/// A part of the view that can be gone through line by line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// The devices.
    Devices,
    /// The checks.
    Checks,
    /// The channels that are drawn.
    Channels,
    /// What happened.
    Events,
}

impl Panel {
    const ALL: [Panel; 4] = [
        Panel::Devices,
        Panel::Checks,
        Panel::Channels,
        Panel::Events,
    ];
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Back, or leave; the run goes on.
    Quit,
    /// Leave, wherever one is.
    Leave,
    /// The next part.
    Tab,
    /// A line up.
    Up,
    /// A line down.
    Down,
    /// Back in time.
    Left,
    /// Forward in time.
    Right,
    /// To the begin of the run.
    Home,
    /// To what is now.
    End,
    /// Choose the channels that are drawn, or be done with it.
    Channels,
    /// Take the channel, or take it away.
    Space,
    /// The whole run, or its latest ten minutes.
    Window,
}

/// What is chosen on the view.
#[derive(Clone, Debug, Default)]
pub struct Screen {
    /// The part that is gone through, a place in [`Panel::ALL`].
    panel: usize,
    /// The first line of each part that is shown.
    pub(super) scroll: [usize; 4],
    /// The channels that are drawn, in order; those that checks watch until somebody chooses.
    chosen: Option<Vec<usize>>,
    /// The place in the list of all channels, while it is open.
    pub(super) list: Option<usize>,
    /// The latest minutes alone.
    pub(super) latest: bool,
    /// The time that is looked at; none is now.
    pub(super) at: Option<BenchTime>,
}

impl Screen {
    /// The part that is gone through.
    pub fn panel(&self) -> Panel {
        Panel::ALL[self.panel % Panel::ALL.len()]
    }

    /// The channels that are drawn, places in the run's.
    pub fn chosen(&self, live: &Live) -> Vec<usize> {
        self.chosen.clone().unwrap_or_else(|| watched_first(live))
    }

    /// Does what a key asks for; whether to go on.
    pub fn press(&mut self, key: Key, live: Option<&Live>) -> bool {
        let Some(live) = live else {
            return !matches!(key, Key::Quit | Key::Leave);
        };
        match key {
            Key::Quit if self.list.is_some() => self.list = None,
            Key::Quit | Key::Leave => return false,
            Key::Channels => self.list = self.list.map_or(Some(0), |_| None),
            Key::Space => self.choose(live),
            Key::Tab => self.panel = (self.panel + 1) % Panel::ALL.len(),
            Key::Window => self.latest = !self.latest,
            Key::Up => self.step(live, false),
            Key::Down => self.step(live, true),
            Key::Left => self.go(live, false),
            Key::Right => self.go(live, true),
            Key::Home => self.at = Some(BenchTime::ZERO),
            Key::End => self.at = None,
        }
        true
    }

    fn choose(&mut self, live: &Live) {
        let Some(place) = self.list else { return };
        let mut chosen = self.chosen(live);
        match chosen.iter().position(|&known| known == place) {
            Some(known) => drop(chosen.remove(known)),
            None => chosen.push(place),
        }
        self.chosen = Some(chosen);
    }

    fn step(&mut self, live: &Live, down: bool) {
        let (place, most) = if let Some(place) = &mut self.list {
            (place, live.channels.len())
        } else {
            let most = match Panel::ALL[self.panel % Panel::ALL.len()] {
                Panel::Devices => live.devices.len(),
                Panel::Checks => live.standings.len(),
                Panel::Channels => self.chosen.as_ref().map_or(live.channels.len(), Vec::len),
                Panel::Events => live.lines.len(),
            };
            (&mut self.scroll[self.panel % Panel::ALL.len()], most)
        };
        *place = if down {
            (*place + 1).min(most.saturating_sub(1))
        } else {
            place.saturating_sub(1)
        };
    }

    /// Moves the time that is looked at by a hundredth of what is shown.
    fn go(&mut self, live: &Live, forward: bool) {
        let step = (live.now.as_micros() / 100).max(1_000);
        let at = self.at.unwrap_or(live.now).as_micros();
        let at = if forward {
            at + step
        } else {
            at.saturating_sub(step)
        };
        self.at = (at < live.now.as_micros()).then_some(BenchTime::from_micros(at));
    }
}

/// The channels that checks watch, and behind them those of numbers; eight at most.
pub fn watched_first(live: &Live) -> Vec<usize> {
    let number = |place: usize| {
        let channel = &live.channels[place];
        let device = &live.header.devices[channel.device];
        device.channels[channel.channel].states.is_empty()
    };
    let mut chosen: Vec<usize> = Vec::new();
    let checks = live.header.checks.iter();
    let watched = checks.filter_map(|check| {
        let mut channels = live.channels.iter();
        channels.position(|channel| channel.name == check.subject_text)
    });
    for place in watched.chain((0..live.channels.len()).filter(|&it| number(it))) {
        if !chosen.contains(&place) && chosen.len() < 8 {
            chosen.push(place);
        }
    }
    chosen
}
