//! The task of a shared line on the side of emulators: what comes goes to all, and what one of
//! them sends goes out.

use std::collections::BTreeMap;

use tokio::sync::mpsc::{Receiver, Sender};

use super::{Asked, Heard, TapId};
use crate::link::Link;

/// Serves the taps of `trunk` until none is left, or the line ends.
pub(super) async fn run(mut trunk: Link, mut asks: Receiver<Asked>, echo: bool) {
    let mut taps: BTreeMap<TapId, Sender<Heard>> = BTreeMap::new();
    loop {
        tokio::select! {
            biased;
            asked = asks.recv() => match asked {
                Some(Asked::Join(tap, hear)) => {
                    taps.insert(tap, hear);
                }
                Some(Asked::Leave(tap)) => {
                    taps.remove(&tap);
                }
                Some(Asked::Send(sending)) => {
                    let result = trunk.send(sending.chunk).await;
                    let _gone = sending.sent.send(result);
                }
                Some(Asked::Release(_)) => {}
                None => return,
            },
            heard = trunk.receive() => {
                for hear in taps.values() {
                    // A device that does not listen misses what is said.
                    let _deaf = hear.try_send(heard.clone());
                }
                match heard {
                    Ok(arrival) if echo => {
                        // The end of the line shows at the next look.
                        let _lost = trunk.send(arrival.chunk).await;
                    }
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        }
    }
}
