//! Times by batch size: `cargo bench -p in-process`.

use divan::Bencher;
use divan::counter::ItemsCount;
use in_process::Bench;

const SIZES: [usize; 4] = [1, 10, 1_000, 10_000];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn decode(bencher: Bencher<'_, '_>, count: usize) {
    let bench = Bench::tasks(count);
    bencher.counter(ItemsCount::new(count)).bench_local(|| assert_eq!(bench.decode(), count));
}

/// Makes a new worker each time, because tasks in a ledger would not run again.
#[divan::bench(args = SIZES)]
fn handle(bencher: Bencher<'_, '_>, count: usize) {
    let bench = Bench::tasks(count);
    let bencher = bencher.counter(ItemsCount::new(count)).with_inputs(|| bench.worker());
    bencher.bench_local_values(|worker| {
        assert_eq!(bench.handle(&worker), 0);
        worker
    });
}

#[divan::bench(args = SIZES)]
fn keep(bencher: Bencher<'_, '_>, count: usize) {
    let bench = Bench::unreadable(count);
    let bencher = bencher.counter(ItemsCount::new(count)).with_inputs(|| bench.worker());
    bencher.bench_local_values(|worker| {
        assert_eq!(bench.handle(&worker), count);
        worker
    });
}
