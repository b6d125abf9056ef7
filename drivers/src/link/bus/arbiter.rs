//! The task of a shared line on the bench's side: one conversation at a time, in the order in
//! which they were begun.

use std::collections::{BTreeMap, VecDeque};

use profiles::time::{BenchTime, Period};
use tokio::sync::mpsc::{Receiver, Sender};

use super::{Asked, Heard, Sending, TapId};
use crate::clock::{Alarm, Clock};
use crate::error::LinkError;
use crate::link::{Arrival, Link};

/// How long a conversation may wait for an answer, if its driver does not say that it is over.
const HOLD: Period = Period::millis(1_500);
/// How long an answer may pause, if its driver does not say that it is whole: adapters on USB
/// bring what they heard every 16 ms.
const PAUSE: Period = Period::millis(40);
/// How long the line must be quiet after a question that nobody answered, until another is asked:
/// a late answer would be taken for the next one's.
const QUIET: Period = Period::millis(50);

/// Serves the taps of `link` until none is left, or the line is lost.
pub(super) async fn run(link: Link, mut asks: Receiver<Asked>, clock: Clock) {
    let mut arbiter = Arbiter {
        link,
        clock,
        taps: BTreeMap::new(),
        waiting: VecDeque::new(),
        turn: Turn::Free(BenchTime::ZERO),
    };
    let mut alarm = Alarm::new(clock);
    loop {
        let due = arbiter.due();
        tokio::select! {
            biased;
            asked = asks.recv() => match asked {
                Some(asked) => arbiter.asked(asked),
                None => return,
            },
            heard = arbiter.link.receive() => {
                if !arbiter.heard(heard) {
                    return;
                }
            }
            () = alarm.at(due) => arbiter.over(),
        }
        arbiter.next().await;
    }
}

/// Whose the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Nobody's, and from then on anybody's.
    Free(BenchTime),
    /// A tap's, until then at most, and whether it has heard something.
    Of(TapId, BenchTime, bool),
}

struct Arbiter {
    link: Link,
    clock: Clock,
    taps: BTreeMap<TapId, Sender<Heard>>,
    waiting: VecDeque<Sending>,
    turn: Turn,
}

impl Arbiter {
    /// When the line is next looked at, if nobody asks and nothing comes.
    fn due(&self) -> BenchTime {
        match self.turn {
            Turn::Of(_, until, _) => until,
            Turn::Free(from) if !self.waiting.is_empty() => from,
            Turn::Free(_) => BenchTime::MAX,
        }
    }

    fn asked(&mut self, asked: Asked) {
        match asked {
            Asked::Join(tap, hear) => {
                self.taps.insert(tap, hear);
            }
            Asked::Leave(tap) => {
                self.taps.remove(&tap);
                self.release(tap);
            }
            Asked::Release(tap) => self.release(tap),
            // Whoever has the line goes on; the others wait for their turn.
            Asked::Send(sending) => match self.turn {
                Turn::Of(holder, ..) if holder == sending.tap => self.waiting.push_front(sending),
                _ => self.waiting.push_back(sending),
            },
        }
    }

    /// Gives what came to whom it is for; `false` if the line is lost.
    fn heard(&mut self, heard: Heard) -> bool {
        let lost = matches!(heard, Err(LinkError::Closed | LinkError::Failed(_)));
        if lost {
            for hear in self.taps.values() {
                // Who lets so much wait learns of it by the end of its channel.
                let _later = hear.try_send(heard.clone());
            }
            return false;
        }
        let now = self.clock.now();
        match self.turn {
            Turn::Of(tap, ..) => {
                self.turn = Turn::Of(tap, now + PAUSE, true);
                self.tell(tap, heard);
            }
            // Too late for who asked, and nobody else's.
            Turn::Free(_) => self.turn = Turn::Free(now + QUIET),
        }
        true
    }

    fn tell(&mut self, tap: TapId, heard: Result<Arrival, LinkError>) {
        if let Some(hear) = self.taps.get(&tap)
            && hear.try_send(heard).is_err()
        {
            self.taps.remove(&tap);
        }
    }

    fn release(&mut self, tap: TapId) {
        if matches!(self.turn, Turn::Of(holder, ..) if holder == tap) {
            self.over();
        }
    }

    /// A conversation is over.
    fn over(&mut self) {
        if let Turn::Of(_, _, answered) = self.turn {
            let now = self.clock.now();
            self.turn = Turn::Free(if answered { now } else { now + QUIET });
        }
    }

    /// Sends what may be sent now.
    async fn next(&mut self) {
        loop {
            let may = match (self.turn, self.waiting.front()) {
                (_, None) => false,
                (Turn::Of(holder, ..), Some(next)) => next.tap == holder,
                (Turn::Free(from), Some(_)) => from <= self.clock.now(),
            };
            let Some(Sending { tap, chunk, sent }) = self.waiting.pop_front_if(|_| may) else {
                return;
            };
            if matches!(self.turn, Turn::Free(_))
                && let Err(error) = self.link.discard().await
            {
                let _gone = sent.send(Err(error));
                continue;
            }
            let result = self.link.send(chunk).await;
            if result.is_ok() {
                self.turn = Turn::Of(tap, self.clock.now() + HOLD, false);
            }
            // Who does not wait any more has been dropped, and leaves by that.
            let _gone = sent.send(result);
        }
    }
}
