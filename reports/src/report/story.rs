//! The log of notable events: everything but samples, set points and answers, and never more
//! than a page or two can tell.

use profiles::time::BenchTime;

use crate::event::DeviceId;

/// How many entries of one kind are kept; a storm of one kind must not hide another.
const KEPT_OF_A_KIND: usize = 150;

/// Entries alike within this time are told as one, µs.
const ALIKE_WITHIN_US: u64 = 30_000_000;

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A device said who it is.
    Identified,
    /// A fault was injected on purpose.
    Injected,
    /// Bytes meant nothing, or packets never came.
    Damaged,
    /// A question was asked again.
    Retried,
    /// An output was wrong, and its input was asked again.
    Repeated,
    /// A query was not answered.
    NoResponse,
    /// A board started anew.
    Booted,
    /// The line to a device was lost.
    LinkLost,
    /// The line to a device came back.
    LinkRestored,
    /// A source cut power against a latch-up.
    PowerCut,
    /// It gave power again.
    PowerBack,
    /// A controller told of an error on its bus.
    BusError,
    /// A reading crossed a limit, or an interlock held.
    Interlock,
    /// The run went on after it had been cut off.
    Resumed,
    /// A device failed.
    Failed,
    /// The run was interrupted.
    Interrupted,
    /// A device was made safe.
    MadeSafe,
    /// A device could not be made safe.
    NotMadeSafe,
}

impl Kind {
    /// Every kind, in the order of the legend.
    pub const ALL: [Kind; 18] = [
        Kind::Identified,
        Kind::Injected,
        Kind::Damaged,
        Kind::Retried,
        Kind::Repeated,
        Kind::NoResponse,
        Kind::Booted,
        Kind::LinkLost,
        Kind::LinkRestored,
        Kind::PowerCut,
        Kind::PowerBack,
        Kind::BusError,
        Kind::Interlock,
        Kind::Resumed,
        Kind::Failed,
        Kind::Interrupted,
        Kind::MadeSafe,
        Kind::NotMadeSafe,
    ];

    /// As people read it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Identified => "identified",
            Kind::Injected => "fault injected",
            Kind::Damaged => "damage",
            Kind::Retried => "retry",
            Kind::Repeated => "wrong output",
            Kind::NoResponse => "no response",
            Kind::Booted => "boot",
            Kind::LinkLost => "link lost",
            Kind::LinkRestored => "link restored",
            Kind::PowerCut => "power cut",
            Kind::PowerBack => "power back",
            Kind::BusError => "bus error",
            Kind::Interlock => "interlock",
            Kind::Resumed => "gap",
            Kind::Failed => "failure",
            Kind::Interrupted => "interrupted",
            Kind::MadeSafe => "made safe",
            Kind::NotMadeSafe => "NOT made safe",
        }
    }

    /// So many of them, as people say it: "1 retry", "2 retries".
    pub fn counted(self, count: u64) -> String {
        let name = match self {
            Kind::Retried if count != 1 => "retries",
            Kind::Repeated if count != 1 => "wrong outputs",
            Kind::NoResponse if count != 1 => "no responses",
            Kind::Booted if count != 1 => "boots",
            Kind::LinkLost if count != 1 => "links lost",
            Kind::LinkRestored if count != 1 => "links restored",
            Kind::PowerCut if count != 1 => "power cuts",
            Kind::BusError if count != 1 => "bus errors",
            Kind::Interlock if count != 1 => "interlocks",
            Kind::Resumed if count != 1 => "gaps",
            Kind::Failed if count != 1 => "failures",
            kind => kind.name(),
        };
        format!("{count} {name}")
    }
}

/// One notable event, or several alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, or when first.
    pub at: BenchTime,
    /// When last.
    pub until: BenchTime,
    /// To or by whom.
    pub device: DeviceId,
    /// What kind.
    pub kind: Kind,
    /// What, in a few words.
    pub text: String,
    /// How many alike.
    pub times: u32,
}

/// The notable events, in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    entries: Vec<Entry>,
    /// Events by kind, the dropped ones too.
    counts: [u64; Kind::ALL.len()],
    kept: [usize; Kind::ALL.len()],
    dropped: u64,
}

impl Story {
    pub(super) fn tell(&mut self, at: BenchTime, device: DeviceId, kind: Kind, text: String) {
        self.counts[kind as usize] += 1;
        let alike = self
            .entries
            .iter_mut()
            .rev()
            .take(8)
            .find(|entry| entry.device == device && entry.kind == kind && entry.text == text);
        if let Some(entry) = alike
            && at.micros_since(entry.until) <= ALIKE_WITHIN_US
        {
            entry.until = at;
            entry.times += 1;
            return;
        }
        if self.kept[kind as usize] >= KEPT_OF_A_KIND {
            self.dropped += 1;
            return;
        }
        self.kept[kind as usize] += 1;
        self.entries.push(Entry {
            at,
            until: at,
            device,
            kind,
            text,
            times: 1,
        });
    }

    /// The entries, in order of their first time.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries of one kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.kind == kind)
    }

    /// How many events of that kind there were.
    pub fn count(&self, kind: Kind) -> u64 {
        self.counts[kind as usize]
    }

    /// How many events found no room and are in the record only.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_alike_are_one_entry_and_storms_are_bounded() {
        let mut story = Story::default();
        for second in 0..10_u64 {
            let at = BenchTime::from_millis(second * 1_000);
            story.tell(at, DeviceId(0), Kind::Retried, "again".to_owned());
        }
        assert_eq!(story.entries()[0].times, 10);
        for i in 0..1_000_u64 {
            story.tell(
                BenchTime::from_millis(i),
                DeviceId(1),
                Kind::Damaged,
                format!("{i}"),
            );
        }
        assert_eq!(story.entries().len(), 1 + KEPT_OF_A_KIND);
        assert_eq!(story.count(Kind::Damaged), 1_000);
        assert_eq!(story.dropped(), 1_000 - KEPT_OF_A_KIND as u64);
    }
}
