//! The rule against latch-ups: where a source's current stays above what its boards can take, it is
//! switched off for a while, which is what ends a latch-up, and on again.

use drivers::error::DeviceError;
use profiles::command::{Command, Switch};
use profiles::reading::{Reading, Value};
use profiles::time::{BenchTime, Period};
use reports::event::EventKind;

use super::instrument::InstrumentStation;
use super::station::Raised;
use super::way::keep;
use crate::plan::LatchUp;

/// A rule, and what was seen of the current so far.
#[derive(Debug)]
pub(super) struct Latch {
    rule: LatchUp,
    /// Number of the channel of the current.
    channel: u16,
    /// When it was first seen above.
    above_since: Option<BenchTime>,
    /// How often power was cut.
    cuts: u32,
    /// Whether the campaign has the output on.
    is_on: bool,
}

impl Latch {
    pub(super) fn new(rule: LatchUp, channel: u16) -> Latch {
        Latch {
            rule,
            channel,
            above_since: None,
            cuts: 0,
            is_on: false,
        }
    }

    /// The source took a command of the campaign.
    pub(super) fn told(&mut self, command: &Command) {
        if let Command::SupplyOutput(state) = command {
            self.is_on = *state == Switch::On;
            self.above_since = None;
        }
    }

    /// It was armed anew, and is off: nothing switches it on by itself.
    pub(super) fn is_off(&mut self) {
        (self.is_on, self.above_since) = (false, None);
    }

    /// The current of these readings, where it has been above for as long as the rule allows; and
    /// for how long it was.
    fn sees(&mut self, at: BenchTime, readings: &[Reading]) -> Option<(f64, u64)> {
        let mut own = readings.iter().filter(|r| r.channel == self.channel);
        let amps = own.find_map(|reading| match reading.value {
            Value::Number(amps) => Some(amps),
            Value::State(_) => None,
        })?;
        if !self.is_on || amps <= self.rule.above_amps {
            self.above_since = None;
            return None;
        }
        let since = *self.above_since.get_or_insert(at);
        let above_us = at.micros_since(since);
        (above_us >= self.rule.lasts.as_micros()).then_some((amps, above_us))
    }
}

impl InstrumentStation {
    /// Holds the rule against these readings; `false` if the source failed, or is given up.
    pub(super) async fn hold_latch(&mut self, readings: &[Reading]) -> bool {
        let now = self.clock.now();
        let Some((amps, above_us)) = self.latch.as_mut().and_then(|l| l.sees(now, readings)) else {
            return true;
        };
        match self.cut(amps, above_us).await {
            Ok(went_on) => went_on,
            Err(error) => {
                self.fail(&error).await;
                false
            }
        }
    }

    /// Cuts power, and gives it again; `false` if it was cut too often, or the source is to be left
    /// safe instead.
    async fn cut(&mut self, amps: f64, above_us: u64) -> Result<bool, DeviceError> {
        let Some(latch) = &mut self.latch else {
            return Ok(true);
        };
        (latch.above_since, latch.cuts) = (None, latch.cuts + 1);
        let (cuts, rule) = (latch.cuts, latch.rule);
        let off = Command::SupplyOutput(Switch::Off);
        self.instrument.apply(&self.name, &off).await?;
        let cut_at = self.clock.now();
        let event = EventKind::PowerCut {
            amps,
            above_us,
            count: cuts,
        };
        self.reporter.tell(cut_at, event);
        if cuts > rule.most {
            let (name, most) = (&self.name, rule.most);
            let why = format!(
                "{name}: {amps:.3} A is above {} A for the {cuts}. time, and power may be cut \
                 {most} times",
                rule.above_amps
            );
            self.reporter.raise(Raised::Tripped(why)).await;
            return Ok(false);
        }
        let back_at = cut_at + rule.cut;
        tokio::select! {
            biased;
            () = keep(&mut self.orders, &mut self.kept) => return Ok(true),
            () = self.clock.sleep_until(back_at) => {}
        }
        if !self.keeps_its_limits(true).await {
            return Ok(false);
        }
        if !self.latch.as_ref().is_some_and(|latch| latch.is_on) {
            return Ok(true);
        }
        let on = Command::SupplyOutput(Switch::On);
        self.instrument.apply(&self.name, &on).await?;
        let now = self.clock.now();
        let off_us = now.micros_since(cut_at);
        self.reporter.tell(now, EventKind::PowerBack { off_us });
        Ok(true)
    }
}

/// The longest time for which power is cut.
pub(crate) const LONGEST_CUT: Period = Period::millis(60_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_no_latch_up() {
        let rule = LatchUp {
            above_amps: 1.0,
            lasts: Period::millis(500),
            cut: Period::millis(2_000),
            most: 3,
        };
        let mut latch = Latch::new(rule, 1);
        let mut sees = |millis, amps| {
            let readings = [Reading::number(0, 28.0), Reading::number(1, amps)];
            latch.sees(BenchTime::from_millis(millis), &readings)
        };
        assert_eq!(sees(0, 5.0), None, "it is not on");
        latch.told(&Command::SupplyOutput(Switch::On));
        let mut sees = |millis, amps| {
            let readings = [Reading::number(0, 28.0), Reading::number(1, amps)];
            latch.sees(BenchTime::from_millis(millis), &readings)
        };
        assert_eq!(sees(0, 1.5), None);
        assert_eq!(sees(400, 0.9), None);
        assert_eq!(sees(500, 1.5), None, "it was below meanwhile");
        assert_eq!(sees(999, 1.6), None);
        assert_eq!(sees(1_000, 1.7), Some((1.7, 500_000)));
    }
}
