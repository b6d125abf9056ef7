//! The crew: as many workers as there are cores, each at a run of its own. A run that kills its worker
//! takes no other with it.

use std::io;
use std::sync::mpsc::Sender;

use super::{Draw, Flown};
use crate::workers::{Unanswered, Worker, Workers};

/// Flies all runs, tells of each when it is over, and gives them in their order.
///
/// # Errors
/// If a worker cannot be started.
pub fn fly(
    workers: &Workers,
    draws: impl Iterator<Item = Draw> + Send,
    mut tell: impl FnMut(&Flown),
) -> io::Result<Vec<Flown>> {
    let mut flown: Vec<Flown> = Vec::new();
    let hand = |next: &mut dyn FnMut() -> Option<Draw>, tell: &Sender<Flown>| {
        let mut worker: Option<Worker> = None;
        while let Some(draw) = next() {
            let mut at = match worker.take() {
                Some(worker) => worker,
                None => Worker::start(workers)?,
            };
            let one = match at.ask(&draw, None) {
                Ok(one) => {
                    worker = Some(at);
                    one
                }
                Err(why) => died(draw, why),
            };
            if tell.send(one).is_err() {
                break;
            }
        }
        Ok::<(), io::Error>(())
    };
    workers.share(draws, hand, |one| {
        tell(&one);
        flown.push(one);
    })?;
    flown.sort_by_key(|one| one.draw.run);
    Ok(flown)
}

fn died(draw: Draw, why: Unanswered) -> Flown {
    let how = match why {
        Unanswered::Late => "it took too long".to_owned(),
        Unanswered::Died(how) | Unanswered::Strange(how) => how,
    };
    Flown {
        draw,
        code: None,
        ending: format!("the process that ran it died: {how}"),
        findings: Vec::new(),
    }
}
