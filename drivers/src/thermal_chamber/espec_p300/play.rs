//! A controller that plays a list of set points by itself: as a program of steps without ramps
//! (ESPEC P-300 communication manual, `PRGM DATA WRITE` and `PRGM`). At its last set point the
//! chamber is told to hold that as its constant one, as after a set point that was told.

use async_trait::async_trait;
use profiles::command::Command;
use profiles::time::Period;

use super::driver::Chamber;
use crate::error::DeviceError;
use crate::player::{Player, Point, Room};
use crate::thermal_chamber::options::refused;

/// The program that is the bench's: the last. One with another name is somebody's.
const PROGRAM: usize = 40;
const NAME: &str = "BENCH";
/// Most set points: telling and reading back each takes a second.
const MOST: usize = 20;
/// How long the last step may last, min: until the chamber is told to hold its set point.
const LAST_STEP: u32 = 60;
/// How late the program may come to its last step, and how often it is asked.
const GRACE: Period = Period::millis(5_000);
const LOOK: Period = Period::millis(500);

impl Chamber {
    fn refused(&self, asked: &str, text: &str) -> DeviceError {
        self.line.error(refused(asked, text))
    }

    async fn write(&mut self, what: &str) -> Result<(), DeviceError> {
        self.tell(&format!("PRGM DATA WRITE,PGM{PROGRAM},{what}"))
            .await
    }

    /// Makes room for the bench's program.
    async fn clear(&mut self) -> Result<(), DeviceError> {
        let used = self.ask("PRGM USE?,RAM").await?;
        let number = PROGRAM.to_string();
        if !used.split(',').skip(1).any(|used| used.trim() == number) {
            return Ok(());
        }
        let name = self.ask(&format!("PRGM USE?,RAM:{PROGRAM}")).await?;
        if name.split(',').next() != Some(NAME) {
            let asked = format!("a list in program {PROGRAM}");
            let text = "there is another program; erase it or move it, this one is the bench's";
            return Err(self.refused(&asked, text));
        }
        // As a run that was killed left it; what runs is not erased.
        if self.step().await?.is_some() {
            self.set_mode("STANDBY", &["STANDBY"]).await?;
        }
        self.tell(&format!("PRGM ERASE,RAM:{PROGRAM}")).await
    }

    /// The set points of a list, to the tenth that the controller takes, between the limits that
    /// it was armed with.
    async fn targets(&mut self, points: &[Point]) -> Result<Vec<f64>, DeviceError> {
        let now = self.temperatures().await?;
        let mut targets = Vec::new();
        for point in points {
            let asked = point.command.to_string();
            let Command::Chamber { target, .. } = point.command else {
                return Err(self.refused(&asked, "a list of a chamber has temperatures"));
            };
            let celsius = (target.0 * 10.0).round() / 10.0;
            if !(now.low..=now.high).contains(&celsius) {
                let text = format!("outside its limits, {} to {} °C", now.low, now.high);
                return Err(self.refused(&asked, &text));
            }
            targets.push(celsius);
        }
        if targets.len() > MOST {
            let asked = format!("a list of {} set points", targets.len());
            return Err(self.refused(&asked, "more than are told in time"));
        }
        Ok(targets)
    }

    /// The step at which the bench's program is, from 1; `None` if it does not run.
    async fn step(&mut self) -> Result<Option<usize>, DeviceError> {
        if self.ask("MODE?").await? != "RUN" {
            return Ok(None);
        }
        let set = self.ask("PRGM SET?").await?;
        if set.split(',').next() != Some(&*format!("RAM:{PROGRAM}")) {
            return Ok(None);
        }
        let question = "PRGM MON?";
        let told = self.ask(question).await?;
        match told.split(',').next().map(|step| step.trim().parse()) {
            Some(Ok(step)) => Ok(Some(step)),
            _ => Err(self.line.garbled(question, &told)),
        }
    }
}

/// `0:30`
fn hours(minutes: u32) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

#[async_trait]
impl Player for Chamber {
    fn room(&self) -> Room {
        Room {
            points: MOST,
            shortest: Period::millis(60_000),
            // 99 h 59 min.
            longest: Period::millis(359_940_000),
            grid: Period::millis(60_000),
            ahead: Period::millis(40_000),
        }
    }

    async fn upload(&mut self, points: &[Point]) -> Result<(), DeviceError> {
        let targets = self.targets(points).await?;
        self.clear().await?;
        self.write("EDIT START").await?;
        let minutes = |point: &Point| {
            let stays = point.stays.map(|stays| stays.as_millis() / 60_000);
            stays.unwrap_or(LAST_STEP)
        };
        for (number, (point, celsius)) in (1..).zip(points.iter().zip(&targets)) {
            let time = hours(minutes(point));
            self.write(&format!(
                "STEP{number},TEMP{celsius:.1},TRAMPOFF,TIME{time},GRANTY OFF,PAUSE OFF"
            ))
            .await?;
        }
        self.write(&format!("NAME,{NAME}")).await?;
        self.write("END,HOLD").await?;
        self.write("EDIT END").await?;
        for (number, (point, celsius)) in (1..).zip(points.iter().zip(&targets)) {
            let step = format!("RAM:{PROGRAM},STEP{number}");
            let told = self.ask(&format!("PRGM DATA?,{step}")).await?;
            let begins = format!("{number},TEMP{celsius:.1},TEMP RAMP OFF,");
            let lasts = format!(",TIME{},", hours(minutes(point)));
            if !told.starts_with(&begins) || !told.contains(&lasts) {
                return Err(self.line.not_applied(step, told));
            }
        }
        Ok(())
    }

    async fn start(&mut self) -> Result<(), DeviceError> {
        self.told = None;
        let setting = format!("PRGM,RUN,RAM:{PROGRAM},STEP1");
        self.tell(&setting).await?;
        if self.step().await?.is_some() {
            return Ok(());
        }
        Err(self
            .line
            .not_applied(setting, "another, or none, that runs"))
    }

    async fn follow(&mut self, last: Option<&Command>) -> Result<(), DeviceError> {
        let Some(Command::Chamber { target, .. }) = last else {
            if self.step().await?.is_some() {
                return Ok(());
            }
            let got = "a program that does not run any more";
            return Err(self.line.not_applied("a list", got));
        };
        let celsius = (target.0 * 10.0).round() / 10.0;
        let deadline = self.clock.now() + GRACE;
        loop {
            let runs = self.step().await?.is_some();
            let read = self.temperatures().await?.set;
            if runs && (read - celsius).abs() < 0.06 {
                break;
            }
            let now = self.clock.now();
            if !runs || now >= deadline {
                let asked = format!("a list that ends at {celsius:.1} °C");
                let got = if runs {
                    "still at"
                } else {
                    "no longer played, at"
                };
                return Err(self.line.not_applied(asked, format!("{got} {read:.1} °C")));
            }
            self.clock.sleep_until(now + LOOK).await;
        }
        self.set(celsius).await?;
        self.set_mode("CONSTANT", &["CONSTANT"]).await?;
        self.told = Some(celsius);
        Ok(())
    }
}
