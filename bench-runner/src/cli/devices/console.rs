//! `bench console`: a session with one device by hand, recorded. The device is left safe.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::thread;

use bytes::Bytes;
use drivers::clock::Clock;
use drivers::link::Link;
use tokio::sync::mpsc::{self, Receiver};

use super::{bench, busy};
use crate::cli::{colour_err, complain, print};
use crate::exit::Exit;
use crate::plan;
use crate::run::Lock;
use crate::run::LockError;
use crate::run::alone::{Alone, alone, who};
use crate::runtime::{self, Pace};

/// Lines that may wait to be sent.
const LINES: usize = 64;

/// Talk to one device by hand, and keep what was said
///
/// Lines from standard input are sent to the device, and what it says is printed; both go into a
/// transcript with their times. When the input ends, the device is left safe: its output off and
/// read back.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::cli::exit_codes())]
pub(in crate::cli) struct Args {
    /// Name of the device in the wiring
    device: String,
    /// Wiring file
    #[arg(short, long, env = "BENCH_WIRING")]
    wiring: PathBuf,
    /// File for what was said; a new one in this folder if left out
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// What ends a line that is sent
    #[arg(long, value_enum, default_value = "lf")]
    end: End,
    /// Lines are bytes as hexadecimal digits, both ways: 01 03 00 00 00 01 84 0A
    #[arg(long)]
    hex: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum End {
    /// Line feed
    Lf,
    /// Carriage return
    Cr,
    /// Both
    Crlf,
    /// Nothing
    None,
}

impl End {
    fn octets(self) -> &'static [u8] {
        match self {
            End::Lf => b"\n",
            End::Cr => b"\r",
            End::Crlf => b"\r\n",
            End::None => b"",
        }
    }
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    let devices = match plan::devices(&bench(&args.wiring)) {
        Ok(devices) => devices,
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            return Exit::Refused;
        }
    };
    let names: Vec<String> = devices.iter().map(|d| d.wired().name.to_string()).collect();
    let Some(place) = names.iter().position(|name| *name == args.device) else {
        let (device, names) = (&args.device, names.join(", "));
        complain(&format!(
            "Error: the wiring has no device `{device}`\n  devices: {names}\n"
        ));
        return Exit::Refused;
    };
    let only = &devices[place..=place];
    let _lock = match Lock::hold(only, "bench console", false) {
        Ok(lock) => lock,
        Err(error @ LockError::Busy { .. }) => return busy(&error),
        Err(error) => {
            complain(&format!("Error: {error}\nNothing was touched.\n"));
            return Exit::BenchFault;
        }
    };
    runtime::block_on(Pace::Real, async {
        let clock = Pace::Real.clock();
        let Some(device) = alone(only, clock).into_iter().flatten().next() else {
            let device = &args.device;
            complain(&format!(
                "Error: `{device}` is in memory, emulated in each run: there is nobody to talk to\n  \
                 Help: play it with `bench emulate`, and give it the link of its port\n"
            ));
            return Exit::Refused;
        };
        match Session::begin(args, &device, clock) {
            Ok(session) => Box::pin(session.hold(args, &device)).await,
            Err(why) => {
                complain(&format!("Error: {why}\nNothing was touched.\n"));
                Exit::Refused
            }
        }
    })
}

/// What is said, as it is printed and kept.
struct Session {
    clock: Clock,
    transcript: File,
    path: PathBuf,
    hex: bool,
    /// What the device has said of a line that has not ended.
    heard: Vec<u8>,
}

impl Session {
    fn begin(args: &Args, device: &Alone, clock: Clock) -> Result<Session, String> {
        let numbers = std::iter::once(String::new()).chain((2..).map(|n| format!("-{n}")));
        let name = |number| PathBuf::from(format!("{}{number}.transcript", args.device));
        let path = args.out.clone().or_else(|| {
            let mut paths = numbers.map(name);
            paths.find(|path| !path.exists())
        });
        let path = path.unwrap_or_default();
        // What was said before is evidence too.
        let opened = OpenOptions::new().write(true).create_new(true).open(&path);
        let transcript = opened.map_err(|error| {
            let path = path.display();
            format!("cannot write the transcript {path}: {error}\n  Help: give another with --out")
        })?;
        let mut session = Session {
            clock,
            transcript,
            path,
            hex: args.hex,
            heard: Vec::new(),
        };
        let (wired, version) = (&device.wired, env!("CARGO_PKG_VERSION"));
        session.keep(&format!(
            "# bench {version}: `{}`, a {}, at `{}`; seconds from the start",
            wired.name, wired.model, wired.link
        ))?;
        Ok(session)
    }

    fn keep(&mut self, line: &str) -> Result<(), String> {
        let kept = writeln!(self.transcript, "{line}");
        kept.map_err(|error| format!("cannot write the transcript: {error}"))
    }

    /// Keeps and prints a line, with its time and its direction.
    fn tell(&mut self, mark: char, text: &str) -> Result<(), String> {
        let seconds = self.clock.now().as_secs_f64();
        let line = format!("{seconds:>10.3} {mark} {text}");
        if mark != '>' {
            print(&format!("{line}\n"));
        }
        self.keep(&line)
    }

    /// Holds the session until the input ends, then leaves the device safe.
    async fn hold(mut self, args: &Args, device: &Alone) -> Exit {
        let greeted = self.greet(device).await;
        let talked = match greeted {
            Ok(Some(link)) => self.talk(args, link).await,
            Ok(None) => return Exit::Inconclusive,
            Err(why) => Err(why),
        };
        if let Err(why) = &talked {
            complain(&format!("Error: {why}\n"));
        }
        let exit = self.leave(device).await;
        complain(&format!("transcript  {}\n", self.path.display()));
        if talked.is_err() {
            exit.max(Exit::BenchFault)
        } else {
            exit
        }
    }

    /// Asks who is there, and opens the line for the session; `None` if the wrong one is there, or
    /// nobody.
    async fn greet(&mut self, device: &Alone) -> Result<Option<Link>, String> {
        if !device.is_board() {
            match device.reach().await {
                Ok((_, identity)) => self.tell('#', &who(&identity))?,
                Err(error) => {
                    complain(&format!("Error: {error}\nNothing was told.\n"));
                    return Ok(None);
                }
            }
        }
        match device.link().await {
            Ok(link) => Ok(Some(link)),
            Err(error) => {
                complain(&format!("Error: {error}\n"));
                Ok(None)
            }
        }
    }

    async fn talk(&mut self, args: &Args, mut link: Link) -> Result<(), String> {
        let mut lines = lines();
        loop {
            let line = tokio::select! {
                biased;
                arrival = link.receive() => {
                    let arrival = arrival.map_err(|error| error.to_string())?;
                    self.hear(&arrival.chunk)?;
                    continue;
                }
                line = lines.recv() => line,
            };
            let Some(line) = line else {
                // What comes at once is still heard.
                link.release();
                return self.rest(link).await;
            };
            let sent = if self.hex {
                let Some(octets) = octets(&line) else {
                    self.tell('#', "these are no hexadecimal digits; nothing was sent")?;
                    continue;
                };
                octets
            } else {
                [line.as_bytes(), args.end.octets()].concat()
            };
            self.tell('>', &line)?;
            let sent = link.send(Bytes::from(sent)).await;
            sent.map_err(|error| error.to_string())?;
        }
    }

    /// Hears the answer to the last line.
    async fn rest(&mut self, mut link: Link) -> Result<(), String> {
        let silence = profiles::time::Period::millis(500);
        while let Ok(arrival) = self.clock.within(silence, link.receive()).await {
            let Ok(arrival) = arrival else { break };
            self.hear(&arrival.chunk)?;
        }
        if self.heard.is_empty() {
            return Ok(());
        }
        let rest = std::mem::take(&mut self.heard);
        self.tell('<', &rest.escape_ascii().to_string())
    }

    /// Tells what was heard, line by line.
    fn hear(&mut self, chunk: &[u8]) -> Result<(), String> {
        if self.hex {
            let digits: Vec<String> = chunk.iter().map(|byte| format!("{byte:02X}")).collect();
            return self.tell('<', &digits.join(" "));
        }
        self.heard.extend_from_slice(chunk);
        while let Some(end) = self
            .heard
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
        {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            let line = &line[..line.len() - 1];
            if !line.is_empty() {
                self.tell('<', &line.escape_ascii().to_string())?;
            }
        }
        Ok(())
    }

    async fn leave(&mut self, device: &Alone) -> Exit {
        if device.is_board() {
            return Exit::Passed;
        }
        let (text, exit) = match device.make_safe().await {
            Ok(_) => ("left safe, and read back".to_owned(), Exit::Passed),
            Err(error) => (format!("NOT LEFT SAFE: {}", error.kind), Exit::Unsafe),
        };
        // A transcript that cannot be written keeps nobody from leaving the device safe.
        if let Err(why) = self.tell('#', &text) {
            complain(&format!("{text}\nError: {why}\n"));
        }
        exit
    }
}

/// Lines of standard input, as they come.
fn lines() -> Receiver<String> {
    let (send, lines) = mpsc::channel(LINES);
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if send.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// `01 03 0A`
fn octets(line: &str) -> Option<Vec<u8>> {
    let digits: String = line
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|place| u8::from_str_radix(&digits[place..place + 2], 16).ok())
        .collect()
}
