//! `counted PART COUNT`: one pass, whose instructions callgrind counts.

use in_process::Bench;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let count = args.get(1).and_then(|count| count.parse().ok()).expect("counted PART COUNT");
    let right = match args[0].as_str() {
        "decode" => Bench::tasks(count).decode() == count,
        "handle" => {
            let bench = Bench::tasks(count);
            bench.handle(&bench.worker()) == 0
        }
        "keep" => {
            let bench = Bench::unreadable(count);
            bench.handle(&bench.worker()) == count
        }
        _ => false,
    };
    assert!(right, "decode, handle or keep");
}
