//! What one inference of each built-in network costs on this machine.

use divan::Bencher;
use drivers::accelerator::network::{Network, builtin, builtin_names};

fn main() {
    divan::main();
}

#[divan::bench(args = builtin_names())]
fn infer(bencher: Bencher<'_, '_>, name: &str) {
    let file = builtin(name).expect("the name is of the list");
    let network = Network::load(file).expect("built-in files are whole");
    let input: Vec<u8> = (0..network.input_bytes())
        .map(|byte| (byte % 61) as u8)
        .collect();
    bencher.bench(|| network.infer(divan::black_box(&input)));
}

#[divan::bench(args = builtin_names())]
fn load(bencher: Bencher<'_, '_>, name: &str) {
    let file = builtin(name).expect("the name is of the list");
    bencher.bench(|| Network::load(divan::black_box(file)));
}
