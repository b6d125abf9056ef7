//! A supply that is nobody's model: some forty lines that answer what the wiring describes, and do what
//! a test wants. What it heard and said, it keeps with the wall clock's time.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// What it is and does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ways {
    /// What it adds to the voltage that it is told, from so long after it was switched on.
    pub(crate) drift: Option<(Duration, f64)>,
    /// Whether it keeps the protection that it is told.
    pub(crate) keeps_protection: bool,
    /// Whether it measures a number that grows by one each time, in place of its voltage.
    pub(crate) counts: bool,
}

impl Ways {
    pub(crate) const GOOD: Ways = Ways {
        drift: None,
        keeps_protection: true,
        counts: false,
    };
}

/// What it said or heard.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) at: Instant,
    pub(crate) text: String,
}

/// A supply behind a pseudo-terminal of its own, served by a thread until the test ends.
pub(crate) struct Supply {
    pub(crate) port: String,
    heard: Arc<Mutex<Vec<Line>>>,
    said: Arc<Mutex<Vec<Line>>>,
}

/// Its voltage, and whether and since when it is on.
struct Output {
    ways: Ways,
    volts: f64,
    protection: String,
    on: Option<Instant>,
    count: u32,
}

#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

impl Supply {
    pub(crate) fn start(ways: Ways) -> Supply {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let port = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        // One end stays open, raw: nobody's going away hangs the line up, and nothing is echoed.
        let slave = File::options().read(true).write(true).open(&port).unwrap();
        let mut termios = tcgetattr(&slave).unwrap();
        termios.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &termios).unwrap();
        let supply = Supply {
            port,
            heard: Arc::default(),
            said: Arc::default(),
        };
        let (heard, said) = (Arc::clone(&supply.heard), Arc::clone(&supply.said));
        std::thread::spawn(move || {
            let _kept_open = slave;
            serve(master, ways, &heard, &said);
        });
        supply
    }

    pub(crate) fn heard(&self) -> Vec<Line> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn said(&self) -> Vec<Line> {
        self.said.lock().unwrap().clone()
    }

    /// The wiring that describes it.
    pub(crate) fn wiring(&self, poll: &str) -> String {
        format!(
            "[device.bus_supply]\nrole = \"power-supply\"\nmodel = \"scpi\"\npoll = \"{poll}\"\n\
             link = \"serial:{}@115200\"\nlimits = {{ volts = 30.0, amps = 2.0 }}\n",
            self.port
        )
    }
}

fn serve(master: OwnedFd, ways: Ways, heard: &Mutex<Vec<Line>>, said: &Mutex<Vec<Line>>) {
    let mut out = File::from(master.try_clone().unwrap());
    let mut output = Output {
        ways,
        volts: 0.0,
        protection: "33".to_owned(),
        on: None,
        count: 0,
    };
    for line in BufReader::new(File::from(master)).split(b'\n') {
        let Ok(line) = line else { return };
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        let at = now();
        if let Some(answer) = output.answer(&text) {
            // Noted before it is sent: who asks whether it was heard must find it.
            let line = Line {
                at: now(),
                text: answer.clone(),
            };
            said.lock().unwrap().push(line);
            let _nobody_listens = out.write_all(format!("{answer}\n").as_bytes());
        }
        heard.lock().unwrap().push(Line { at, text });
    }
}

impl Output {
    fn answer(&mut self, line: &str) -> Option<String> {
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        Some(match word {
            "*IDN?" => "BENCH,SCPI,7,1.0".to_owned(),
            "MEAS:VOLT?" => self.measured(),
            "MEAS:CURR?" => "0.5".to_owned(),
            "OUTP?" => u8::from(self.on.is_some()).to_string(),
            "VOLT:PROT:TRIP?;:CURR:PROT:TRIP?" => "0;0".to_owned(),
            "VOLT:PROT?" if self.ways.keeps_protection => self.protection.clone(),
            "VOLT:PROT?" => "33".to_owned(),
            "SYST:ERR?" => "0,\"No error\"".to_owned(),
            _ => {
                match (word, value) {
                    ("VOLT", volts) => self.volts = volts.parse().unwrap_or(0.0),
                    ("VOLT:PROT", volts) => volts.clone_into(&mut self.protection),
                    ("OUTP", "ON") => self.on = Some(now()),
                    ("OUTP", "OFF") => self.on = None,
                    _ => {}
                }
                return None;
            }
        })
    }

    fn measured(&mut self) -> String {
        if self.ways.counts {
            self.count += 1;
            return format!("{}", f64::from(self.count) * 1e-4);
        }
        let volts = match (self.on, self.ways.drift) {
            (None, _) => 0.0,
            (Some(on), Some((after, more))) if now() - on >= after => self.volts + more,
            (Some(_), _) => self.volts,
        };
        format!("{volts:.4}")
    }
}
