//! Taps of one line: conversations that do not mix, late answers that are nobody's, echoes.

use std::path::PathBuf;

use bytes::Bytes;
use profiles::time::Period;

use super::{Bus, party};
use crate::clock::Clock;
use crate::error::LinkError;
use crate::link::manners::Manners;
use crate::link::{Link, LinkSpec, Pacing};

fn real<F: Future<Output = ()>>(test: F) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(test);
}

fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("bench-bus-{name}-{}", std::process::id()))
}

/// A line whose far end is a pseudo-terminal.
fn line(name: &str, clock: Clock, manners: Manners) -> (Bus, Link) {
    let path = path(name);
    let far = Link::publish_pty(&path, clock, Pacing::Instant).unwrap();
    let spec: LinkSpec = format!("serial:{}@115200", path.display()).parse().unwrap();
    (Bus::new(spec.line().unwrap().clone(), manners, clock), far)
}

/// Answers `a?` with `a!` after a while, and `x?` never.
async fn answer(mut link: Link, name: u8, clock: Clock) {
    let mut heard = Vec::new();
    while let Ok(arrival) = link.receive().await {
        heard.extend_from_slice(&arrival.chunk);
        while let Some(end) = heard.iter().position(|&byte| byte == b'?') {
            let asked: Vec<u8> = heard.drain(..=end).collect();
            if asked == [name, b'?'] {
                clock.sleep_until(clock.now() + Period::millis(5)).await;
                link.send(Bytes::from(vec![name, b'!'])).await.unwrap();
            }
        }
    }
}

async fn ask(link: &mut Link, name: u8, clock: Clock) -> Result<Vec<u8>, LinkError> {
    link.send(Bytes::from(vec![name, b'?'])).await?;
    let mut heard = Vec::new();
    while heard.len() < 2 {
        let arrival = clock.within(Period::millis(300), link.receive()).await;
        match arrival {
            Ok(arrival) => heard.extend_from_slice(&arrival?.chunk),
            Err(_) => break,
        }
    }
    link.release();
    Ok(heard)
}

#[test]
fn conversations_on_one_line_do_not_mix() {
    real(async {
        let clock = Clock::start();
        for echo in [false, true] {
            let manners = Manners {
                echo,
                gap: Some(Period::millis(2)),
                ..Manners::default()
            };
            let (bus, far) = line("mix", clock, manners);
            for (name, tap) in [b'a', b'b', b'c']
                .into_iter()
                .zip(party(far, 3, echo).await)
            {
                tokio::spawn(answer(tap, name, clock));
            }
            let mut taps = Vec::new();
            for name in [b'a', b'b', b'c'] {
                taps.push((name, bus.tap().await.unwrap()));
            }
            let mut tasks = tokio::task::JoinSet::new();
            for (name, mut tap) in taps {
                tasks.spawn(async move {
                    for _ in 0..20 {
                        assert_eq!(ask(&mut tap, name, clock).await.unwrap(), [name, b'!']);
                    }
                });
            }
            assert_eq!(tasks.join_all().await.len(), 3);
        }
    });
}

#[test]
fn a_driver_that_does_not_say_when_it_is_done_does_not_keep_the_line() {
    real(async {
        let clock = Clock::start();
        let (bus, far) = line("keep", clock, Manners::default());
        for (name, tap) in [b'a', b'b'].into_iter().zip(party(far, 2, false).await) {
            tokio::spawn(answer(tap, name, clock));
        }
        let (mut one, mut other) = (bus.tap().await.unwrap(), bus.tap().await.unwrap());
        one.send(Bytes::from_static(b"a?")).await.unwrap();
        let answer = one.receive().await.unwrap();
        assert_eq!(answer.chunk, Bytes::from_static(b"a!"));
        assert_eq!(ask(&mut other, b'b', clock).await.unwrap(), b"b!");
    });
}

#[test]
fn an_answer_that_comes_too_late_is_nobodys() {
    real(async {
        let clock = Clock::start();
        let (bus, mut far) = line("late", clock, Manners::default());
        let (mut one, mut other) = (bus.tap().await.unwrap(), bus.tap().await.unwrap());
        one.send(Bytes::from_static(b"a?")).await.unwrap();
        assert_eq!(
            far.receive().await.unwrap().chunk,
            Bytes::from_static(b"a?")
        );
        one.release();
        let asks = ask(&mut other, b'b', clock);
        let plays = async {
            far.send(Bytes::from_static(b"a!")).await.unwrap();
            let asked = far.receive().await.unwrap().chunk;
            assert_eq!(asked, Bytes::from_static(b"b?"));
            far.send(Bytes::from_static(b"b!")).await.unwrap();
        };
        let (answer, ()) = tokio::join!(asks, plays);
        assert_eq!(answer.unwrap(), b"b!");
    });
}

#[test]
fn a_lost_line_is_lost_for_all_and_can_be_tapped_again() {
    real(async {
        let clock = Clock::start();
        let (bus, far) = line("lost", clock, Manners::default());
        let (mut one, mut other) = (bus.tap().await.unwrap(), bus.tap().await.unwrap());
        drop(far);
        assert_eq!(one.receive().await, Err(LinkError::Closed));
        assert_eq!(other.receive().await, Err(LinkError::Closed));
        assert!(one.send(Bytes::from_static(b"a?")).await.is_err());
        assert!(matches!(bus.tap().await, Err(LinkError::Absent { .. })));
        let far = Link::publish_pty(&path("lost"), clock, Pacing::Instant).unwrap();
        let tap = party(far, 1, false).await.remove(0);
        tokio::spawn(answer(tap, b'a', clock));
        // The old taps are still there, and lead nowhere.
        let mut one = bus.tap().await.unwrap();
        assert_eq!(ask(&mut one, b'a', clock).await.unwrap(), b"a!");
    });
}
