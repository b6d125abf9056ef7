//! A server of CAN over TCP that plays a bus with one device on it, for one client after the other.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::path::Path;

use bytes::Bytes;
use profiles::time::BenchTime;
use tokio::net::{TcpListener, TcpStream};

use super::codec::{SocketcandDecoder, Word, write_heard};
use crate::clock::Clock;
use crate::error::LinkError;
use crate::link::line::{self, Pace, Published};
use crate::link::{Arrival, Pacing};

/// The name of the bus.
const BUS: &str = "can0";

/// The device's end of the bus.
#[derive(Debug)]
pub(in crate::link) struct Server {
    _published: Published,
    listener: TcpListener,
    client: Option<Session>,
    /// The bus.
    pace: Pace,
    clock: Clock,
}

/// A client, and what was agreed with it.
#[derive(Debug)]
struct Session {
    socket: TcpStream,
    decoder: SocketcandDecoder,
    words: VecDeque<Word>,
    open: bool,
    raw: bool,
}

impl Session {
    /// The answer to a word that is no frame.
    fn answer(&mut self, word: &str) -> String {
        match word.split_once(' ').unwrap_or((word, "")) {
            ("open", BUS) if !self.open => {
                self.open = true;
                "< ok >".to_owned()
            }
            ("open", _) => "< error could not open bus >".to_owned(),
            ("rawmode", "") if self.open => {
                self.raw = true;
                "< ok >".to_owned()
            }
            ("echo", "") => "< echo >".to_owned(),
            _ => "< error unknown command >".to_owned(),
        }
    }
}

impl Server {
    /// Listens on a free port of this machine, and publishes `address:port` in the file `path`.
    pub(in crate::link) async fn publish(
        path: &Path,
        clock: Clock,
        bit_rate: u32,
    ) -> Result<Server, LinkError> {
        let error = |why: std::io::Error| LinkError::Open {
            line: path.display().to_string(),
            why: why.to_string(),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        Ok(Server {
            _published: Published::file(path, &address.to_string())?,
            listener,
            client: None,
            pace: Pace::new(clock, Pacing::Can { bit_rate }),
            clock,
        })
    }

    pub(in crate::link) fn over(&self, at: BenchTime, chunk: &[u8]) -> BenchTime {
        self.pace.gone_at(at, chunk)
    }

    /// Sends a frame on the bus, and tells it to a client in raw mode.
    pub(in crate::link) async fn send_at(
        &mut self,
        at: BenchTime,
        chunk: Bytes,
    ) -> Result<(), LinkError> {
        self.pace.leave(at, &chunk).await;
        let frame = crate::link::can::BusFrame::from_bytes(&chunk);
        let now = self.clock.now().as_micros();
        let word = frame.and_then(|frame| write_heard(&frame, now));
        if let (Some(session), Some(word)) = (&mut self.client, word)
            && session.raw
            && line::write(&mut session.socket, self.clock, word.as_bytes())
                .await
                .is_err()
        {
            self.client = None;
        }
        Ok(())
    }

    /// The next frame that a client sends. Cancel-safe.
    pub(in crate::link) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        loop {
            if self.pace.is_coming() {
                return self.pace.there().await;
            }
            let Some(session) = &mut self.client else {
                self.welcome().await?;
                continue;
            };
            match session.words.pop_front() {
                Some(Word::Send(frame)) if session.raw => {
                    let arrival = Arrival::new(self.clock.now(), frame.to_bytes());
                    self.pace.comes(arrival);
                }
                Some(Word::Other(word)) => {
                    let answer = session.answer(&word);
                    let told = line::write(&mut session.socket, self.clock, answer.as_bytes());
                    if told.await.is_err() {
                        self.client = None;
                    }
                }
                Some(Word::Send(_) | Word::Frame(..) | Word::Noise(_)) => {}
                None => match line::read(&mut session.socket, self.clock, line::READ_BYTES).await {
                    Ok(arrival) => {
                        let Session { decoder, words, .. } = session;
                        decoder.push(&arrival.chunk, |word| words.push_back(word));
                    }
                    Err(_) => self.client = None,
                },
            }
        }
    }

    async fn welcome(&mut self) -> Result<(), LinkError> {
        let (mut socket, _) = self
            .listener
            .accept()
            .await
            .map_err(|error| line::failed(&error))?;
        let welcomed = socket.set_nodelay(true).is_ok()
            && line::write(&mut socket, self.clock, b"< hi >")
                .await
                .is_ok();
        self.client = welcomed.then(|| Session {
            socket,
            decoder: SocketcandDecoder::default(),
            words: VecDeque::new(),
            open: false,
            raw: false,
        });
        Ok(())
    }
}
