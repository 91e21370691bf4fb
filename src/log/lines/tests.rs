use std::io::{BufRead, BufReader, PipeReader};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

fn pipe(announce: fn(u64)) -> (PipeReader, Lines) {
    let (reader, writer) = io::pipe().unwrap();
    (reader, Lines::new(File::from(OwnedFd::from(writer)), announce))
}

fn read_line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line
}

#[test]
fn fast_reader_gets_lines_at_once() {
    let (reader, mut lines) = pipe(|_| panic!("nothing is dropped"));
    let mut reader = BufReader::new(reader);
    for n in 0..3000 {
        let line = format!("{n} {}\n", "x".repeat(n));
        lines.write_all(line.as_bytes()).unwrap();
        assert!(!lines.state().is_draining);
        assert_eq!(read_line(&mut reader), line);
    }
}

#[test]
fn line_longer_than_the_pipe_arrives_whole() {
    let (reader, mut lines) = pipe(|_| panic!("nothing is dropped"));
    for length in [5000, 100_000, 300_000, 1] {
        lines.write_all(format!("{}\n", "x".repeat(length)).as_bytes()).unwrap();
    }
    let mut reader = BufReader::new(reader);
    for length in [5000, 100_000, 300_000, 1] {
        assert_eq!(read_line(&mut reader).len(), length + 1);
    }
    lines.flush(Duration::from_secs(60));
    assert!(!lines.state().is_draining);
}

#[test]
fn lines_beyond_the_bound_are_counted() {
    static DROPPED: AtomicU64 = AtomicU64::new(0);
    let (reader, mut lines) = pipe(|count| {
        DROPPED.fetch_add(count, Ordering::SeqCst);
    });
    let writes: u64 = 5000;
    for n in 0..writes {
        lines.write_all(format!("{n} {}\n", "x".repeat(500)).as_bytes()).unwrap();
    }
    assert!(lines.state().bytes <= MAX_BYTES && lines.state().dropped > 0);
    // It does not wait for what cannot be written.
    lines.flush(Duration::ZERO);
    let reader =
        thread::spawn(move || BufReader::new(reader).lines().collect::<io::Result<Vec<_>>>().unwrap());
    lines.flush(Duration::from_secs(60));
    lines.write_all(b"the last\n").unwrap();
    // The reader ends with the last writer.
    drop(lines);
    let read = reader.join().unwrap();
    let (last, accepted) = read.split_last().unwrap();
    assert_eq!(last, "the last");
    let numbers: Vec<u64> =
        accepted.iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "in their order");
    assert_eq!(accepted.len() as u64 + DROPPED.load(Ordering::SeqCst), writes);
}

#[test]
fn closed_reader_delays_nothing() {
    let (reader, mut lines) = pipe(|_| ());
    for _ in 0..1000 {
        lines.write_all(&[b'x'; 1000]).unwrap();
    }
    drop(reader);
    lines.flush(Duration::from_secs(60));
    lines.write_all(b"x\n").unwrap();
    assert!(!lines.state().is_draining);
}

#[test]
fn lines_stay_in_order_without_a_thread() {
    let (reader, writer) = io::pipe().unwrap();
    let no_thread = |_| Err(io::Error::other("too many threads"));
    let mut lines =
        Lines::with_drain(File::from(OwnedFd::from(writer)), |_| panic!("nothing is dropped"), no_thread);
    let mut reader = BufReader::new(reader);
    // More than the pipe holds, and short ones that would fit in as soon as something was read.
    let long = "x".repeat(100_000);
    lines.write_all(format!("0 {long}\n").as_bytes()).unwrap();
    lines.write_all(b"1\n").unwrap();
    reader.fill_buf().unwrap();
    reader.consume(4096);
    lines.write_all(b"2\n").unwrap();
    let rest = thread::spawn(move || reader.lines().collect::<io::Result<Vec<_>>>().unwrap());
    while !lines.state().waiting.is_empty() {
        lines.flush(Duration::ZERO);
        thread::yield_now();
    }
    assert_eq!(lines.state().bytes, 0);
    drop(lines);
    let rest = rest.join().unwrap();
    assert!(rest[0].ends_with(&long[..1000]));
    assert_eq!(rest[1..], ["1", "2"]);
}
