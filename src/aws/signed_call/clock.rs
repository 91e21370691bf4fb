//! The service's clock, as far as it is known.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use http::HeaderMap;
use http::header::DATE;

/// The seconds that the service's clock is ahead of the local one.
#[derive(Default)]
pub(super) struct Clock(AtomicI64);

/// AWS accepts signatures that are five minutes off. A date that is closer than this is not why one was refused.
const TOLERANCE: u64 = 4 * 60;

impl Clock {
    pub(super) fn now(&self) -> SystemTime {
        let (local, offset) = (SystemTime::now(), self.offset());
        let distance = Duration::from_secs(offset.unsigned_abs());
        let now = if offset < 0 { local.checked_sub(distance) } else { local.checked_add(distance) };
        now.unwrap_or(local)
    }

    pub(super) fn offset(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets the clock by the date of a refusal, for this call and all later ones. Returns `false` if there is no date, or
    /// if the request, signed with the offset `used`, had the right time.
    pub(super) fn correct(&self, headers: &HeaderMap, used: i64) -> bool {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        let (Some(service), Ok(local)) = (date, SystemTime::now().duration_since(SystemTime::UNIX_EPOCH))
        else {
            return false;
        };
        let offset = service.secs().saturating_sub(i64::try_from(local.as_secs()).unwrap_or(i64::MAX));
        let is_wrong = offset.abs_diff(used) > TOLERANCE;
        if is_wrong {
            self.0.store(offset, Ordering::Relaxed);
            tracing::warn!(
                event = "clock.corrected",
                seconds = offset,
                "the clock differs from the service's, requests are signed with the service's time"
            );
        }
        is_wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dated(date: &str) -> HeaderMap {
        [(DATE, date.parse().unwrap())].into_iter().collect()
    }

    fn date(ahead: i64) -> HeaderMap {
        let local = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let service = DateTime::from_secs(i64::try_from(local).unwrap() + ahead);
        dated(&service.fmt(Format::HttpDate).unwrap())
    }

    #[test]
    fn wrong_clock_is_set_by_the_date() {
        for ahead in [1200, -1200] {
            let clock = Clock::default();
            assert!(clock.correct(&date(ahead), 0), "{ahead}");
            assert!(clock.offset().abs_diff(ahead) <= 2, "{ahead} {}", clock.offset());
            // Another call, signed before the correction, was wrong too; one signed after it was not.
            assert!(clock.correct(&date(ahead), 0));
            assert!(!clock.correct(&date(ahead), clock.offset()));
            // The local clock was set meanwhile.
            assert!(clock.correct(&date(0), clock.offset()));
        }
    }

    #[test]
    fn right_clock_is_left_alone() {
        let clock = Clock::default();
        for headers in [date(0), date(200), date(-200), HeaderMap::new(), dated("yesterday")] {
            assert!(!clock.correct(&headers, 0), "{headers:?}");
        }
        assert_eq!(clock.offset(), 0);
    }
}
