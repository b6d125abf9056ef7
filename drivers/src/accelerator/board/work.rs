//! What a board computes: inputs in, inferences, outputs out.

use std::sync::Arc;

use profiles::time::BenchTime;

use super::clock::Job;
use super::memory::Output;
use super::{Board, DIGEST, Happened, JITTER, Refusal};
use crate::accelerator::role::Inference;

impl Board {
    /// Length of an input, bytes.
    pub(crate) fn input_bytes(&self) -> usize {
        self.network.input_bytes()
    }

    /// Keeps part of an input.
    pub(crate) fn load(&mut self, slot: u16, offset: u32, octets: &[u8]) -> Result<(), Refusal> {
        let length = self.network.input_bytes();
        let loaded = self.memory.load(slot, offset, octets, length);
        self.tally(loaded)
    }

    /// Begins an inference, of one at a time.
    pub(crate) fn infer(&mut self, at: BenchTime, query: u32, slot: u16) -> Result<(), Refusal> {
        let begun = if self.job.is_some() {
            Err(Refusal::Busy)
        } else if self.governor.overheated {
            Err(Refusal::Overheated)
        } else {
            self.memory.input(slot)
        };
        let passes = begun.map(|input| self.network.passes(input));
        let passes = self.tally(passes)?;
        self.spend(at);
        self.parked = false;
        let pass = self.settings.latency_us * (1.0 + JITTER * self.jitter.normal());
        let work = passes.map_or(1.0, |passes| f64::from(passes.all)) * pass;
        let first = passes.filter(|_| self.network.generates());
        let first = first.map(|passes| f64::from(passes.first) * pass);
        self.job = Some(Job::new(query, slot, at, work).with_first(first));
        Ok(())
    }

    /// The output of the latest inference on an input.
    pub(crate) fn output(&mut self, slot: u16) -> Result<Arc<[u8]>, Refusal> {
        let output = self.memory.output(slot);
        let output =
            output.map(|output| Arc::clone(self.flaws.told(slot).unwrap_or(&output.bytes)));
        self.tally(output)
    }

    /// Ends the inference under way, if it is time.
    pub(super) fn finish(&mut self, at: BenchTime) -> Option<Happened> {
        let share = self.governor.share();
        let job = self.job.filter(|job| job.ends(share) <= at)?;
        self.job = None;
        let Some(output) = self.compute(job.slot) else {
            // An input that its network cannot take, such as a word that it does not have.
            self.counts.rejected += 1;
            return Some(Happened::GaveUp(Refusal::Malformed));
        };
        let flips = self.flaws.take_working();
        let upset = (!flips.is_empty()).then(|| self.upset_of(job.slot, &flips));
        let Output { bytes, digest, .. } = self.flaws.apply(job.slot, output, upset.flatten());
        self.counts.inferences += 1;
        Some(Happened::Inferred(Inference {
            query: job.query,
            slot: job.slot,
            latency_us: job.ends(share).micros_since(job.started) as u32,
            first_us: job.first_us,
            digest,
            output: Some(bytes),
        }))
    }

    /// The output of an input while these bits turn over. It is kept by nobody: the next inference is right
    /// again.
    fn upset_of(&self, slot: u16, flips: &[(u32, u8)]) -> Option<Vec<u8>> {
        let input = self.memory.input(slot).ok()?;
        self.network.infer_upset(input, flips).ok()
    }

    /// The output of an input: the one that is kept, if neither the input nor the network's
    /// memory changed since, else computed.
    fn compute(&mut self, slot: u16) -> Option<Output> {
        let kept = self.memory.output(slot).ok();
        if let Some(kept) = kept.filter(|kept| kept.changes == self.changes) {
            return Some(kept.clone());
        }
        let input = self.memory.input(slot).ok()?;
        let bytes = self.memo.infer(&self.network, input).ok()?;
        let digest = DIGEST.checksum(&bytes);
        let output = Output {
            bytes,
            digest,
            changes: self.changes,
        };
        self.memory.keep_output(slot, output.clone());
        Some(output)
    }
}
