//! One run that is watched: its record followed, and what is known of it.

use std::path::{Path, PathBuf};

use drivers::clock::Clock;
use profiles::time::{BenchTime, Period};
use reports::golden::Goldens;
use reports::header::Header;
use reports::record::{Follower, News, Reach, RecordError};
use reports::verdict::Verdict;

use super::find;
use super::live::Live;
use crate::execute::{ExecuteError, RECORD_FILE, cut_off, goldens_of};
use crate::exit::Exit;

/// Looks at the record that are taken together: 128 MiB of it at most.
const LOOKS: usize = 32;

/// A record that nobody holds and that has not grown for so long is one of a run that was cut off.
const STILL: Period = Period::millis(3_000);

/// Asking the checks takes at most this part of the time.
const SHARE: u64 = 20;

/// A run that is watched.
pub struct Watched {
    folder: PathBuf,
    follower: Follower,
    live: Option<Live>,
    clock: Clock,
    reach: Reach,
    /// When the record was last seen to grow, and whether a process holds it.
    grew: BenchTime,
    is_held: Option<bool>,
    /// The checks are asked again from then on.
    ask_at: BenchTime,
    is_stale: bool,
}

/// How a run is, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Its record is not there, or has no header yet.
    Unbegun,
    /// More of the record is there than was read.
    Reading,
    /// It goes on.
    Running,
    /// It ended, and its record says how.
    Ended,
    /// Its record ends in the middle, and nobody writes it any more.
    CutOff,
}

impl Course {
    /// Every course.
    pub const ALL: [Course; 5] = [
        Course::Unbegun,
        Course::Reading,
        Course::Running,
        Course::Ended,
        Course::CutOff,
    ];

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Course::Unbegun => "waiting",
            Course::Reading => "reading",
            Course::Running => "running",
            Course::Ended => "ended",
            Course::CutOff => "cut off",
        }
    }
}

impl Watched {
    /// Begins to watch the run in `folder`, which need not have begun.
    pub fn new(folder: &Path, clock: Clock) -> Watched {
        Watched {
            folder: folder.to_owned(),
            follower: Follower::new(&folder.join(RECORD_FILE)),
            live: None,
            clock,
            reach: Reach::Waiting,
            grew: clock.now(),
            is_held: None,
            ask_at: BenchTime::ZERO,
            is_stale: false,
        }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The name of its folder.
    pub fn name(&self) -> String {
        let full = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
        let name = full.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// What is known of it, once its record has a header.
    pub fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    /// Reads what is new; whether there was anything.
    ///
    /// # Errors
    /// If the record cannot be read or is none.
    pub fn refresh(&mut self) -> Result<bool, ExecuteError> {
        let path = self.folder.join(RECORD_FILE);
        let read = self.read();
        read.map_err(|error| ExecuteError::of_record(&path, error))
    }

    fn read(&mut self) -> Result<bool, RecordError> {
        let before = self.follower.position();
        for _ in 0..LOOKS {
            let (folder, live) = (&self.folder, &mut self.live);
            self.reach = self.follower.look(&mut |news| match news {
                News::Begins(header) => *live = Some(begun(folder, header)),
                News::Event(event) => {
                    if let Some(live) = live {
                        live.take(event);
                    }
                }
                News::Rows(rows) => {
                    if let Some(live) = live {
                        rows.each(&mut |event| live.take(event));
                    }
                }
            })?;
            if self.reach != Reach::More {
                break;
            }
        }
        let now = self.clock.now();
        let grew = self.follower.position() != before;
        if grew {
            (self.grew, self.is_stale) = (now, true);
        }
        if self.reach == Reach::Waiting {
            self.is_held = find::is_written(&self.folder);
        }
        let is_over = self.course() == Course::Ended;
        if let Some(live) = self.live.as_mut()
            && self.is_stale
            && (now >= self.ask_at || is_over)
        {
            live.ask();
            let took = self.clock.now().micros_since(now);
            self.ask_at = now.plus_micros(took * SHARE);
            self.is_stale = false;
        }
        Ok(grew)
    }

    /// How it is.
    pub fn course(&self) -> Course {
        let Some(live) = &self.live else {
            return Course::Unbegun;
        };
        let still = self.clock.now().micros_since(self.grew) > STILL.as_micros();
        match self.reach {
            Reach::More => Course::Reading,
            // The last event is on disk at once; the index behind it may be on its way.
            Reach::Closed | Reach::Waiting if live.ending.is_some() => Course::Ended,
            Reach::Closed => Course::CutOff,
            Reach::Waiting if self.is_held != Some(true) && still => Course::CutOff,
            Reach::Waiting => Course::Running,
        }
    }

    /// The code that it ended with, as `bench judge` would say; none while it goes on.
    pub fn exit(&self) -> Option<Exit> {
        match self.course() {
            Course::Ended => self.live.as_ref().and_then(Live::exit),
            Course::CutOff => {
                let reached = self.live.as_ref().map_or(BenchTime::ZERO, |live| live.now);
                let verdict = self.live.as_ref().map(Live::verdict);
                let verdict = verdict.filter(|verdict| *verdict == Verdict::Fail);
                let verdict = verdict.unwrap_or(Verdict::Inconclusive);
                Some(Exit::of(&cut_off(&self.folder, reached), verdict))
            }
            Course::Unbegun | Course::Reading | Course::Running => None,
        }
    }
}

fn begun(folder: &Path, header: &Header) -> Live {
    let goldens: Result<Goldens, String> =
        goldens_of(folder, header).map_err(|error| error.to_string());
    Live::new(header, goldens.as_ref().map_err(Clone::clone))
}
