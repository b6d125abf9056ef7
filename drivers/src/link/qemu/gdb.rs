//! A client of QEMU's debugger: what upsets the memory of running firmware.
//!
//! Packets of the GDB Remote Serial Protocol (GDB manual, appendix E): `$DATA#SUM`, each answered by
//! `+`. Used are `?`, `m`, `M`, `g`, `G`, `Z1`, `s`, `c` and `qRcmd`; numbers are hexadecimal.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long an answer may take: thousands of times what it takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one look for QEMU takes, ns.
const LOOK_NANOS: i64 = 100_000_000;
/// Octets that are read at once: more than any answer here has.
const CHUNK: usize = 512;

/// Where QEMU will look for a debugger.
#[derive(Debug)]
pub(super) struct Waiting(UnixListener);

impl Waiting {
    /// Waits at a socket of that name.
    pub(super) fn at(path: &Path) -> io::Result<Waiting> {
        UnixListener::bind(path).map(Waiting)
    }

    /// QEMU's end, if it comes within a moment.
    pub(super) fn met(&self) -> io::Result<Option<Gdb>> {
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: LOOK_NANOS,
        };
        let mut files = [PollFd::new(&self.0, PollFlags::IN)];
        if poll(&mut files, Some(&moment))? == 0 {
            return Ok(None);
        }
        let (socket, _) = self.0.accept()?;
        Gdb::new(socket).map(Some)
    }
}

/// A stopped or running machine, as a debugger has it.
#[derive(Debug)]
pub(super) struct Gdb {
    socket: UnixStream,
    heard: Vec<u8>,
}

impl Gdb {
    fn new(socket: UnixStream) -> io::Result<Gdb> {
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(Gdb {
            socket,
            heard: Vec::new(),
        })
    }

    /// Stops the machine whenever it comes to an address.
    pub(super) fn stop_at(&mut self, address: u64) -> io::Result<()> {
        self.ask("?")?;
        // Instructions of Thumb are at even addresses; the symbol of a function is one higher.
        self.done(&format!("Z1,{:x},2", address & !1))
    }

    /// Waits until it has stopped.
    pub(super) fn stopped(&mut self) -> io::Result<()> {
        let said = self.packet()?;
        if said.starts_with('T') || said.starts_with('S') {
            return Ok(());
        }
        Err(unexpected("that it stopped", &said))
    }

    /// Octets of the stopped machine, from an address on.
    pub(super) fn octets(&mut self, address: u64, length: usize) -> io::Result<Vec<u8>> {
        let said = self.ask(&format!("m{address:x},{length:x}"))?;
        let octets = unspelled(&said).filter(|octets| octets.len() == length);
        octets.ok_or_else(|| unexpected("the memory there", &said))
    }

    /// The octet at an address.
    pub(super) fn octet(&mut self, address: u64) -> io::Result<u8> {
        let octets = self.octets(address, 1)?;
        octets
            .first()
            .copied()
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Changes octets of the stopped machine, from an address on.
    pub(super) fn set_octets(&mut self, address: u64, octets: &[u8]) -> io::Result<()> {
        let (length, text) = (octets.len(), spelled(octets));
        self.done(&format!("M{address:x},{length:x}:{text}"))
    }

    /// All registers of the stopped machine, which is a 32-bit one.
    pub(super) fn registers(&mut self) -> io::Result<Vec<u32>> {
        let said = self.ask("g")?;
        let octets = unspelled(&said).filter(|octets| octets.len() % 4 == 0);
        let octets = octets.ok_or_else(|| unexpected("its registers", &said))?;
        let words = octets.chunks_exact(4);
        Ok(words
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect())
    }

    /// Changes all registers.
    pub(super) fn set_registers(&mut self, registers: &[u32]) -> io::Result<()> {
        let octets: Vec<u8> = registers
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        self.done(&format!("G{}", spelled(&octets)))
    }

    /// Has QEMU's own monitor do something; what it says.
    pub(super) fn monitor(&mut self, command: &str) -> io::Result<String> {
        self.send(&format!("qRcmd,{}", spelled(command.as_bytes())))?;
        let mut text = Vec::new();
        loop {
            let said = self.packet()?;
            match said.strip_prefix('O').and_then(unspelled) {
                Some(more) => text.extend(more),
                None if said == "OK" => return Ok(String::from_utf8_lossy(&text).into_owned()),
                None => return Err(unexpected("what its monitor says", &said)),
            }
        }
    }

    /// Lets a machine go on that stopped where it was asked to. One step first, or it would stop at
    /// the same place again.
    pub(super) fn go_on(&mut self) -> io::Result<()> {
        self.step()?;
        self.start()
    }

    /// One instruction of the stopped machine.
    pub(super) fn step(&mut self) -> io::Result<()> {
        self.send("s")?;
        self.stopped()
    }

    /// Lets a machine go on.
    pub(super) fn start(&mut self) -> io::Result<()> {
        self.send("c")
    }

    fn done(&mut self, what: &str) -> io::Result<()> {
        match self.ask(what)?.as_str() {
            "OK" => Ok(()),
            said => Err(unexpected("`OK`", said)),
        }
    }

    fn ask(&mut self, what: &str) -> io::Result<String> {
        self.send(what)?;
        self.packet()
    }

    fn send(&mut self, what: &str) -> io::Result<()> {
        self.socket.write_all(framed(what).as_bytes())
    }

    fn packet(&mut self) -> io::Result<String> {
        loop {
            if let Some((said, used)) = unframed(&self.heard)? {
                self.heard.drain(..used);
                self.socket.write_all(b"+")?;
                return Ok(said);
            }
            let mut chunk = [0; CHUNK];
            let length = match self.socket.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let why = "it does not come to where it waits for the bench";
                    return Err(io::Error::new(io::ErrorKind::TimedOut, why));
                }
                other => other?,
            };
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.heard.extend_from_slice(&chunk[..length]);
        }
    }
}

fn unexpected(wanted: &str, said: &str) -> io::Error {
    let why = match said {
        "" => format!("QEMU's debugger does not know how to tell {wanted}"),
        said => format!("QEMU's debugger says `{said}`, expected {wanted}"),
    };
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn spelled(octets: &[u8]) -> String {
    let mut text = String::with_capacity(2 * octets.len());
    for octet in octets {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
    }
    text
}

/// Octets of two hexadecimal digits each.
fn unspelled(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match *pair {
            [high, low] => Some((digit(high)? << 4 | digit(low)?) as u8),
            _ => None,
        })
        .collect()
}

/// A packet as it goes over the line.
fn framed(what: &str) -> String {
    let mut text = format!("${what}#");
    // Writing to a string cannot fail.
    let _ = write!(text, "{:02x}", sum(what.as_bytes()));
    text
}

/// The first packet, and how many octets lead up to its end; `None` before it is whole.
fn unframed(heard: &[u8]) -> io::Result<Option<(String, usize)>> {
    let Some(start) = memchr::memchr(b'$', heard) else {
        return Ok(None);
    };
    let Some(length) = memchr::memchr(b'#', &heard[start + 1..]) else {
        return Ok(None);
    };
    let end = start + 1 + length;
    let Some(digits) = heard.get(end + 1..end + 3) else {
        return Ok(None);
    };
    let body = &heard[start + 1..end];
    let digits = str::from_utf8(digits).ok();
    let told = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    if told != Some(sum(body)) {
        let why = "QEMU's debugger sent a packet with a wrong sum";
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    Ok(Some((String::from_utf8_lossy(body).into_owned(), end + 3)))
}

fn sum(octets: &[u8]) -> u8 {
    octets.iter().fold(0, |sum, octet| sum.wrapping_add(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packets_are_framed_as_the_manual_shows() {
        // GDB manual, E.1: the sum is that of all characters, modulo 256.
        assert_eq!(framed("OK"), "$OK#9a");
        assert_eq!(framed(""), "$#00");
        assert_eq!(
            unframed(b"++$OK#9a$T0").unwrap(),
            Some(("OK".to_owned(), 8))
        );
        for part in [&b"$O"[..], b"$OK#", b"$OK#9", b"", b"+"] {
            assert_eq!(unframed(part).unwrap(), None);
        }
        assert!(unframed(b"$OK#9b").is_err());
        assert!(unframed(b"$OK#zz").is_err());
    }

    proptest! {
        #[test]
        fn what_is_framed_comes_out_again(what in "[a-zA-Z0-9,:;]{0,40}", noise in "[+-]{0,3}") {
            let line = format!("{noise}{}", framed(&what));
            let read = unframed(line.as_bytes()).unwrap();
            prop_assert_eq!(read, Some((what, line.len())));
        }

        #[test]
        fn any_octets_are_read_or_refused(octets: Vec<u8>) {
            if let Ok(Some((_, used))) = unframed(&octets) {
                prop_assert!(used <= octets.len());
            }
        }
    }

    #[test]
    fn memory_is_read_and_written_on_a_stopped_machine() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let script = std::thread::spawn(move || {
            let mut said = Vec::new();
            let mut one = [0; 1];
            let answers = [
                &["T05thread:01;"][..],
                &["OK"],
                &["5a"],
                &["OK"],
                &["E22"],
                &[""],
                &["O6f6e", "O0a", "OK"],
                &["0100000000000080"],
            ];
            for answer in answers {
                // Acknowledgements stand between packets.
                let mut ends = 0;
                while ends < 3 {
                    far.read_exact(&mut one).unwrap();
                    said.push(one[0]);
                    ends += usize::from(one[0] == b'#' || ends > 0);
                }
                far.write_all(b"+").unwrap();
                for packet in answer {
                    far.write_all(framed(packet).as_bytes()).unwrap();
                }
            }
            // The last acknowledgement: who hangs up before it breaks the other's pipe.
            far.read_exact(&mut one).unwrap();
            String::from_utf8(said).unwrap()
        });
        let mut gdb = Gdb::new(near).unwrap();
        gdb.stop_at(0x915).unwrap();
        assert_eq!(gdb.octets(0x2000_0010, 1).unwrap(), [0x5a]);
        gdb.set_octets(0x2000_0010, &[0x4a]).unwrap();
        let refused = gdb.octets(0xffff_fff0, 1).unwrap_err().to_string();
        assert!(refused.contains("says `E22`"), "{refused}");
        let unknown = gdb.set_octets(0, &[0]).unwrap_err().to_string();
        assert!(unknown.contains("does not know"), "{unknown}");
        assert_eq!(gdb.monitor("info x").unwrap(), "on\n");
        assert_eq!(gdb.registers().unwrap(), [1, 0x8000_0000]);
        let said = script.join().unwrap();
        for part in ["$Z1,914,2#", "$m20000010,1#", "$M20000010,1:4a#"] {
            assert!(said.contains(part), "{said}");
        }
    }
}
