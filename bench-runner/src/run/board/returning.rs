//! A board whose line is lost, and comes back. It goes on by itself meanwhile, so nothing of it is
//! armed again; but it must say that it is the one that it was.

use drivers::accelerator::Question;
use reports::event::EventKind;

use super::BoardStation;

/// What became of a line that was lost.
pub(super) enum Recovery {
    /// It is there again.
    Back,
    /// The board is to be left safe, line or not.
    Ended,
    /// It did not come back; what was seen last.
    Gone(String),
}

impl BoardStation {
    /// Waits for a line that was lost, within the time that the wiring gives it.
    pub(super) async fn recover(&mut self, why: &str) -> Recovery {
        let Some(reconnect) = self.way.reconnect else {
            return Recovery::Gone(why.to_owned());
        };
        let lost_at = self.clock.now();
        let lost = EventKind::LinkLost {
            why: why.to_owned(),
        };
        self.reporter.tell(lost_at, lost);
        self.link = self.way.nowhere();
        let deadline = lost_at + reconnect;
        let back = loop {
            let order = tokio::select! {
                biased;
                order = self.orders.recv() => order,
                link = self.way.link_until(deadline) => break link,
            };
            if !self.order(order) {
                return Recovery::Ended;
            }
        };
        // On a bus that it shares, it hears again what it needs.
        let needs = self.accelerator.bus_needs();
        let back = back.and_then(|mut link| match needs {
            Some(needs) => link.need(needs).map(|()| link),
            None => Ok(link),
        });
        match back {
            Ok(link) => self.link = link,
            Err(error) => return Recovery::Gone(error.to_string()),
        }
        let now = self.clock.now();
        let away_us = now.micros_since(lost_at);
        self.reporter.tell(now, EventKind::LinkRestored { away_us });
        // What was asked may have been answered meanwhile. It is asked again when its time is
        // over, as any question is.
        self.state.queue.push_front(Question::Identify);
        Recovery::Back
    }
}
