//! A serial port of another machine, behind a server that speaks RFC 2217 (ser2net, terminal
//! servers, pyserial): its settings are the wiring's, not the server's.

pub mod codec;

use std::fmt;

use bytes::Bytes;
use profiles::time::{BenchTime, Period};
use tokio::net::TcpStream;

use self::codec::Codec;
use super::serial::LineSettings;
use super::spec::TcpSpec;
use super::{Arrival, line, tcp};
use crate::clock::Clock;
use crate::error::LinkError;

/// How long a server may take to say that it speaks of serial ports.
const AGREE: Period = Period::millis(5_000);
/// How long a server may ask not to be sent anything.
const PATIENCE: Period = Period::millis(5_000);

/// A serial port behind a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rfc2217Spec {
    /// The server.
    pub server: TcpSpec,
    /// What it is to set the line to.
    pub line: LineSettings,
}

impl Rfc2217Spec {
    /// `host:port@9600,8N1`
    pub(super) fn parse(text: &str) -> Result<Rfc2217Spec, String> {
        let (server, settings) = text
            .rsplit_once('@')
            .ok_or("the baud rate is missing, as in `@9600`")?;
        Ok(Rfc2217Spec {
            server: TcpSpec::parse(server)?,
            line: LineSettings::parse(settings)?,
        })
    }
}

impl fmt::Display for Rfc2217Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rfc2217:{}@{}", self.server, self.line)
    }
}

/// A connection to a port behind a server.
#[derive(Debug)]
pub(super) struct Client {
    socket: TcpStream,
    clock: Clock,
    /// The line, for errors.
    line: String,
    codec: Codec,
    /// Data that was heard, and when; whoever stops waiting leaves it here.
    heard: Vec<u8>,
    heard_at: BenchTime,
    /// Answers that the socket has not taken yet.
    answers: Vec<u8>,
}

impl Client {
    pub(super) async fn connect(spec: &Rfc2217Spec, clock: Clock) -> Result<Client, LinkError> {
        let line = spec.to_string();
        let mut client = Client {
            socket: tcp::connect(&spec.server, &line, clock).await?,
            clock,
            codec: Codec::new(spec.line),
            heard: Vec::new(),
            heard_at: BenchTime::ZERO,
            answers: Codec::hello(),
            line,
        };
        let agrees = async {
            while client.codec.agreed().is_none() {
                client.listen().await?;
            }
            // The settings are among the answers.
            client.answer()
        };
        match clock.within(AGREE, agrees).await {
            Ok(agreed) => agreed?,
            Err(elapsed) => {
                let why = format!(
                    "no server of RFC 2217 answers there ({elapsed}); a raw socket is `tcp:{}`",
                    spec.server
                );
                return Err(client.error(why));
            }
        }
        // What came before the port was set answers nothing that will be asked.
        client.heard.clear();
        Ok(client)
    }

    fn error(&self, why: String) -> LinkError {
        LinkError::Open {
            line: self.line.clone(),
            why,
        }
    }

    /// Hears the server once. Cancel-safe.
    async fn listen(&mut self) -> Result<(), LinkError> {
        self.answer()?;
        let arrival = line::read(&mut self.socket, self.clock, line::READ_BYTES).await?;
        self.heard_at = arrival.at;
        self.codec
            .receive(&arrival.chunk, &mut self.heard, &mut self.answers);
        self.answer()?;
        match self.codec.take_trouble() {
            Some(trouble) => Err(self.error(trouble.to_string())),
            None => Ok(()),
        }
    }

    /// Sends the answers that the socket takes; what it does not take waits for the next time.
    fn answer(&mut self) -> Result<(), LinkError> {
        while !self.answers.is_empty() {
            match self.socket.try_write(&self.answers) {
                Ok(length) => drop(self.answers.drain(..length)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(line::failed(&error)),
            }
        }
        Ok(())
    }

    pub(super) async fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        if self.clock.now() < at {
            self.clock.sleep_until(at).await;
        }
        let clock = self.clock;
        let resumed = async {
            while self.codec.is_suspended() {
                self.listen().await?;
            }
            Ok::<(), LinkError>(())
        };
        match clock.within(PATIENCE, resumed).await {
            Ok(resumed) => resumed?,
            Err(_) => return Err(LinkError::Stuck(PATIENCE)),
        }
        let mut sent = std::mem::take(&mut self.answers);
        Codec::encode(&chunk, &mut sent);
        line::write(&mut self.socket, self.clock, &sent).await
    }

    pub(super) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        while self.heard.is_empty() {
            self.listen().await?;
        }
        let chunk = Bytes::from(std::mem::take(&mut self.heard));
        Ok(Arrival::new(self.heard_at, chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn server() -> (TcpListener, Rfc2217Spec) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let spec = Rfc2217Spec::parse(&format!("127.0.0.1:{port}@9600,8N2")).unwrap();
        (listener, spec)
    }

    fn real<F: Future<Output = ()>>(test: F) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(test);
    }

    #[test]
    fn a_server_that_never_acknowledges_is_talked_to_all_the_same() {
        real(async {
            let (listener, spec) = server().await;
            let clock = Clock::start();
            let serve = async {
                let (mut socket, _) = listener.accept().await.unwrap();
                socket.write_all(b"banner\xff\xfd\x2c").await.unwrap();
                let mut heard = Vec::new();
                while !heard.ends_with(b"*IDN?\n") {
                    socket.read_buf(&mut heard).await.unwrap();
                }
                // An octet that must be escaped, and a state of the lines in between.
                let answer = b"\xff\xfa\x2c\x6b\x30\xff\xf0A\xff\xffB";
                socket.write_all(answer).await.unwrap();
                (socket, heard)
            };
            let ask = async {
                let mut client = Client::connect(&spec, clock).await.unwrap();
                let asked = client.send_at(BenchTime::ZERO, Bytes::from_static(b"*IDN?\n"));
                asked.await.unwrap();
                client.receive().await.unwrap().chunk
            };
            let ((_socket, heard), answer) = tokio::join!(serve, ask);
            assert_eq!(answer, Bytes::from_static(b"A\xffB"));
            let baud = b"\xff\xfa\x2c\x01\x00\x00\x25\x80\xff\xf0";
            assert!(heard.windows(baud.len()).any(|part| part == baud));
        });
    }

    #[test]
    fn a_server_of_another_baud_rate_is_no_line() {
        real(async {
            let (listener, spec) = server().await;
            let clock = Clock::start();
            let serve = async {
                let (mut socket, _) = listener.accept().await.unwrap();
                socket.write_all(b"\xff\xfd\x2c").await.unwrap();
                let other = b"\xff\xfa\x2c\x65\x00\x00\x04\xb0\xff\xf0";
                socket.write_all(other).await.unwrap();
                socket
            };
            let ask = async {
                match Client::connect(&spec, clock).await {
                    Ok(mut client) => client.receive().await.unwrap_err(),
                    Err(error) => error,
                }
            };
            let (_socket, error) = tokio::join!(serve, ask);
            assert!(
                error.to_string().contains("set 1200 baud instead"),
                "{error}"
            );
        });
    }

    #[test]
    fn telnet_without_serial_ports_is_told() {
        real(async {
            let (listener, spec) = server().await;
            let serve = async {
                let (mut socket, _) = listener.accept().await.unwrap();
                socket.write_all(b"\xff\xfe\x2c").await.unwrap();
                socket
            };
            let (_socket, client) = tokio::join!(serve, Client::connect(&spec, Clock::start()));
            let error = client.unwrap_err().to_string();
            assert!(error.contains("refuses the COM-PORT-OPTION"), "{error}");
        });
    }
}
