//! A TCP socket: the client's side for drivers, and a server for one client after the other that
//! plays a device, as the LAN port of an instrument or a terminal server does.

use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;
use std::path::Path;

use bytes::Bytes;
use profiles::time::{BenchTime, Period};
use tokio::net::{TcpListener, TcpStream};

use super::line::{self, Pace, Published};
use super::spec::{LineSpec, TcpSpec};
use super::{Arrival, Pacing};
use crate::clock::Clock;
use crate::error::LinkError;

/// How long a host may take to accept.
const CONNECT: Period = Period::millis(5_000);

/// Connects to a host, which `line` names in errors.
pub(super) async fn connect(
    spec: &TcpSpec,
    line: &str,
    clock: Clock,
) -> Result<TcpStream, LinkError> {
    let error = |why: String| LinkError::Open {
        line: line.to_owned(),
        why,
    };
    let connect = TcpStream::connect((spec.host.as_str(), spec.port));
    match clock.within(CONNECT, connect).await {
        Ok(Ok(socket)) => {
            // Requests are short and wait for answers: nothing is gained by collecting them.
            socket
                .set_nodelay(true)
                .map_err(|why| error(why.to_string()))?;
            Ok(socket)
        }
        Ok(Err(why)) => Err(error(refused(&why))),
        Err(elapsed) => Err(error(format!("{elapsed}; {UNREACHED}"))),
    }
}

const UNREACHED: &str =
    "is the address right, the device on, and nothing between that keeps it out?";

/// Why there is no connection, and what to look at.
fn refused(why: &io::Error) -> String {
    match why.kind() {
        ErrorKind::ConnectionRefused => format!(
            "{why}: nobody listens at that port; is the port right (SCPI mostly 5025, Rigol 5555, Modbus 502), \
             and the device's server on?"
        ),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::TimedOut => {
            format!("{why}; {UNREACHED}")
        }
        _ => why.to_string(),
    }
}

/// A connection to a device.
#[derive(Debug)]
pub(super) struct Client {
    socket: TcpStream,
    clock: Clock,
}

impl Client {
    pub(super) async fn connect(spec: &TcpSpec, clock: Clock) -> Result<Client, LinkError> {
        let line = LineSpec::Tcp(spec.clone()).to_string();
        let socket = connect(spec, &line, clock).await?;
        Ok(Client { socket, clock })
    }

    pub(super) async fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        if self.clock.now() < at {
            self.clock.sleep_until(at).await;
        }
        line::write(&mut self.socket, self.clock, &chunk).await
    }

    pub(super) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        line::read(&mut self.socket, self.clock, line::READ_BYTES).await
    }
}

/// A device's socket.
#[derive(Debug)]
pub(super) struct Server {
    published: Vec<Published>,
    listener: TcpListener,
    client: Option<TcpStream>,
    pace: Pace,
    clock: Clock,
}

impl Server {
    /// Listens on a free port of this machine, and publishes `address:port` in the file `path`.
    pub(super) async fn publish(
        path: &Path,
        clock: Clock,
        pacing: Pacing,
    ) -> Result<Server, LinkError> {
        let error = |why: std::io::Error| LinkError::Open {
            line: path.display().to_string(),
            why: why.to_string(),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        Ok(Server {
            published: vec![Published::file(path, &address.to_string())?],
            listener,
            client: None,
            pace: Pace::new(clock, pacing),
            clock,
        })
    }

    /// Writes the address into another file too.
    pub(super) fn publish_also(&mut self, path: &Path) -> Result<(), LinkError> {
        let line = self
            .published
            .first()
            .map(|first| first.says().display().to_string());
        if let Some(line) = line {
            self.published.push(Published::file(path, &line)?);
        }
        Ok(())
    }

    pub(super) fn over(&self, at: BenchTime, chunk: &[u8]) -> BenchTime {
        self.pace.gone_at(at, chunk)
    }

    /// Sends to whoever is there; without a client it is lost.
    pub(super) async fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        self.pace.leave(at, &chunk).await;
        if let Some(client) = &mut self.client
            && line::write(client, self.clock, &chunk).await.is_err()
        {
            self.client = None;
        }
        Ok(())
    }

    /// Hears one client until it goes, then the next.
    pub(super) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        while !self.pace.is_coming() {
            let Some(client) = &mut self.client else {
                let (client, _) = self
                    .listener
                    .accept()
                    .await
                    .map_err(|error| line::failed(&error))?;
                // A socket that cannot be set up is as good as one that went at once.
                self.client = client.set_nodelay(true).is_ok().then_some(client);
                continue;
            };
            match line::read(client, self.clock, self.pace.piece()).await {
                Ok(arrival) => self.pace.comes(arrival),
                Err(_) => self.client = None,
            }
        }
        self.pace.there().await
    }
}
