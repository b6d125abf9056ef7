//! CAN over TCP, as socketcand speaks it in raw mode: a client for drivers, and a server that plays
//! a bus with one device on it.

mod codec;
mod server;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use profiles::time::{BenchTime, Period};
use tokio::net::TcpStream;

pub use codec::{SocketcandDecoder, Word, write_heard, write_send};
pub(in crate::link) use server::Server;

use super::{BusFrame, BusNeeds, BusTrouble, SocketcandSpec};
use crate::clock::Clock;
use crate::error::LinkError;
use crate::link::line;
use crate::link::{Arrival, Stamp, tcp};

/// How long a server may take to answer.
const ANSWER: Period = Period::millis(3_000);

/// A session in raw mode.
#[derive(Debug)]
pub(in crate::link) struct Client {
    socket: TcpStream,
    spec: SocketcandSpec,
    clock: Clock,
    decoder: SocketcandDecoder,
    words: VecDeque<(BenchTime, Word)>,
    needs: Option<BusNeeds>,
}

impl Client {
    /// Connects, opens the bus and changes to raw mode.
    pub(in crate::link) async fn connect(
        spec: &SocketcandSpec,
        clock: Clock,
    ) -> Result<Client, LinkError> {
        let mut client = Client {
            socket: tcp::connect(&spec.server, &spec.to_string(), clock).await?,
            spec: spec.clone(),
            clock,
            decoder: SocketcandDecoder::default(),
            words: VecDeque::new(),
            needs: None,
        };
        client.expect("hi").await?;
        client.say(&format!("< open {} >", spec.bus)).await?;
        client.expect("ok").await?;
        client.say("< rawmode >").await?;
        client.expect("ok").await?;
        Ok(client)
    }

    async fn say(&mut self, word: &str) -> Result<(), LinkError> {
        line::write(&mut self.socket, self.clock, word.as_bytes()).await
    }

    async fn expect(&mut self, expected: &str) -> Result<(), LinkError> {
        let clock = self.clock;
        let deadline = clock.now() + ANSWER;
        loop {
            // Frames may come between the answers.
            let position = self
                .words
                .iter()
                .position(|(_, word)| matches!(word, Word::Other(_)));
            let told = position.and_then(|position| self.words.remove(position));
            let why = match told {
                Some((_, Word::Other(text))) if text == expected => return Ok(()),
                Some((_, Word::Other(text))) => format!("it says `{text}`, not `{expected}`"),
                Some(_) | None => match clock.until(deadline, self.hear()).await {
                    Some(heard) => {
                        heard?;
                        continue;
                    }
                    None => {
                        format!("it did not say `{expected}` within {ANSWER}; is it socketcand?")
                    }
                },
            };
            let line = self.spec.to_string();
            return Err(LinkError::Open { line, why });
        }
    }

    /// Waits for octets. Cancel-safe.
    async fn hear(&mut self) -> Result<(), LinkError> {
        let arrival = line::read(&mut self.socket, self.clock, line::READ_BYTES).await?;
        let words = &mut self.words;
        self.decoder
            .push(&arrival.chunk, |word| words.push_back((arrival.at, word)));
        Ok(())
    }

    pub(in crate::link) fn need(&mut self, needs: BusNeeds) {
        self.needs = Some(needs);
    }

    pub(in crate::link) async fn send_at(
        &mut self,
        at: BenchTime,
        chunk: Bytes,
    ) -> Result<(), LinkError> {
        if self.clock.now() < at {
            self.clock.sleep_until(at).await;
        }
        match BusFrame::from_bytes(&chunk).and_then(|frame| write_send(&frame)) {
            Some(word) => self.say(&word).await,
            None => Err(LinkError::Failed(
                "socketcand has no word for remote and error frames".to_owned(),
            )),
        }
    }

    pub(in crate::link) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        loop {
            let trouble = match self.words.pop_front() {
                Some((at, Word::Frame(frame, stamp))) => {
                    if self
                        .needs
                        .as_ref()
                        .is_some_and(|needs| !needs.wants(&frame))
                    {
                        continue;
                    }
                    let stamp = stamp.map_or(Stamp::Read, |micros| {
                        Stamp::Adapter(Duration::from_micros(micros))
                    });
                    let chunk = frame.to_bytes();
                    return Ok(Arrival { at, stamp, chunk });
                }
                // "ok" to what was sent, or an echo, is nothing to be told.
                Some((_, Word::Other(text))) if !text.starts_with("error") => continue,
                Some((_, Word::Other(text))) => text,
                Some((_, Word::Send(_))) => continue,
                Some((_, Word::Noise(octets))) => {
                    format!("{octets} octets that are no word of its protocol")
                }
                None => {
                    self.hear().await?;
                    continue;
                }
            };
            return Err(LinkError::Bus(BusTrouble::Refused {
                line: self.spec.to_string(),
                text: trouble,
            }));
        }
    }
}
