//! Times: their distribution for a page, and single values for a line.

use std::time::Duration;

/// A time of one service's tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    Step,
    /// From the first attempt of a report to its receipt or its error, with the pauses between.
    Report,
    /// One call of the ledger, with its retries.
    Ledger,
    /// From the send of a message to its delivery.
    QueueAge,
}

impl Time {
    pub(super) const ALL: [Self; 4] = [Self::Step, Self::Report, Self::Ledger, Self::QueueAge];

    /// The name in a line, whose values are milliseconds.
    pub(super) const fn line(self) -> &'static str {
        match self {
            Self::Step => "StepMs",
            Self::Report => "ReportMs",
            Self::Ledger => "LedgerMs",
            Self::QueueAge => "QueueAgeMs",
        }
    }

    /// The name on a page, whose values are seconds.
    #[cfg(feature = "sqs")]
    pub(super) const fn family(self) -> &'static str {
        match self {
            Self::Step => "taskback_step_duration_seconds",
            Self::Report => "taskback_report_duration_seconds",
            Self::Ledger => "taskback_ledger_duration_seconds",
            Self::QueueAge => "taskback_queue_age_seconds",
        }
    }

    /// The upper bounds of the buckets in milliseconds, without the last one, which has none.
    pub(super) const fn bounds(self) -> &'static [u64; BOUNDS] {
        match self {
            Self::Step => &[10, 50, 100, 500, 1000, 5000, 10_000, 30_000, 60_000, 300_000, 900_000],
            Self::Report | Self::Ledger => &[5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000],
            Self::QueueAge => {
                &[100, 500, 1000, 5000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000]
            }
        }
    }
}

const BOUNDS: usize = 11;

/// The maximum number of values of one metric in a line.
pub(super) const MAX_VALUES: usize = 100;

/// The values of one time.
#[derive(Clone, Default)]
pub(super) struct Times {
    /// The number of values in each bucket, and not in those below.
    pub(super) buckets: [u64; BOUNDS + 1],
    /// The sum of all values in microseconds.
    pub(super) sum: u64,
    /// The values since the last line, in microseconds: all of them up to [`MAX_VALUES`], then a sample.
    samples: Vec<u64>,
    /// The number of values since the last line.
    seen: usize,
}

impl Times {
    pub(super) fn add(&mut self, time: Time, value: Duration, keeps_samples: bool) {
        let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        let above = |bound: &&u64| micros > bound.saturating_mul(1000);
        self.buckets[time.bounds().iter().take_while(above).count()] += 1;
        self.sum = self.sum.saturating_add(micros);
        if !keeps_samples {
            return;
        }
        self.seen += 1;
        if self.samples.len() < MAX_VALUES {
            self.samples.push(micros);
            return;
        }
        // Each value has the same chance to be in the sample, so that percentiles stay right.
        let place = fastrand::usize(..self.seen);
        if place < MAX_VALUES {
            self.samples[place] = micros;
        }
    }

    /// The values since the last call, in microseconds.
    pub(super) fn take_samples(&mut self) -> Vec<u64> {
        self.seen = 0;
        std::mem::take(&mut self.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_in_the_first_bucket_that_holds_it() {
        for time in Time::ALL {
            assert!(time.bounds().is_sorted(), "{time:?}");
        }
        let mut times = Times::default();
        for millis in [0, 5, 6, 10_000, 10_001] {
            times.add(Time::Report, Duration::from_millis(millis), false);
        }
        assert_eq!(times.buckets, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!((times.sum, times.take_samples()), (20_012_000, Vec::new()));
    }

    #[test]
    fn sample_is_bounded_and_begins_anew() {
        let mut times = Times::default();
        for micros in 0..1000 {
            times.add(Time::Step, Duration::from_micros(micros), true);
        }
        let samples = times.take_samples();
        assert_eq!(samples.len(), MAX_VALUES);
        assert!(samples.iter().any(|micros| *micros >= MAX_VALUES as u64), "only the first ones");
        assert_eq!((times.take_samples(), times.buckets[0]), (Vec::new(), 1000));
    }
}
