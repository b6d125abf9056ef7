//! What one inference of each built-in network costs on this machine.

use divan::Bencher;
use drivers::accelerator::network::{Memo, Network, builtin, builtin_names};

fn main() {
    divan::main();
}

/// A built-in network, and an input that is not all the same.
fn network(name: &str) -> (Network, Vec<u8>) {
    let file = builtin(name).expect("the name is of the list");
    let network = Network::load(file).expect("built-in files are whole");
    let input = (0..network.input_bytes()).map(|byte| (byte % 61) as u8);
    let input = input.collect();
    (network, input)
}

#[divan::bench(args = builtin_names())]
fn infer(bencher: Bencher<'_, '_>, name: &str) {
    let (network, input) = network(name);
    bencher.bench(|| network.infer(divan::black_box(&input)));
}

#[divan::bench(args = builtin_names())]
fn load(bencher: Bencher<'_, '_>, name: &str) {
    let file = builtin(name).expect("the name is of the list");
    bencher.bench(|| Network::load(divan::black_box(file)));
}

#[divan::bench(args = builtin_names())]
fn remember(bencher: Bencher<'_, '_>, name: &str) {
    let (network, input) = network(name);
    let mut memo = Memo::new();
    bencher.bench_local(|| memo.infer(&network, divan::black_box(&input)));
}
