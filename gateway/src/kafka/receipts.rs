//! What became of the records of one batch: one slot a record, one counter for all, one wake-up at the end.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::failure::Failure;

/// What became of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// Acknowledged by all in-sync replicas.
    Written {
        /// The partition it went to.
        partition: i32,
        /// Its offset there; none where the broker only says that it has the record already, as it may after an answer was
        /// lost and the record was sent once more (`DUPLICATE_SEQUENCE_NUMBER`, KIP-98).
        offset: Option<i64>,
    },
    /// Not acknowledged.
    Failed(Failure),
}

/// The reports of one batch, filled in by the producer's thread and awaited by whoever sent it.
#[derive(Debug)]
pub struct Receipts {
    reports: Box<[OnceLock<Report>]>,
    open: AtomicUsize,
    done: Notify,
}

impl Receipts {
    /// Room for so many reports. The sender itself is expected too, until it calls [`Receipts::sealed`].
    pub fn new(records: usize) -> Self {
        let reports = std::iter::repeat_with(OnceLock::new).take(records).collect();
        Self { reports, open: AtomicUsize::new(1), done: Notify::new() }
    }

    /// Announces one more report.
    pub(super) fn expect_one(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the announcement of a report back.
    pub(super) fn expect_one_less(&self) {
        self.close();
    }

    /// One announced record's report; the first one counts.
    pub(super) fn report(&self, index: usize, report: Report) {
        if self.reports[index].set(report).is_ok() {
            self.close();
        }
    }

    /// Says that no more reports will be announced.
    pub fn sealed(&self) {
        self.close();
    }

    /// Waits until every record is reported.
    pub async fn all(&self) {
        loop {
            let done = self.done.notified();
            if self.open.load(Ordering::Acquire) == 0 {
                return;
            }
            done.await;
        }
    }

    /// One record's report, if there is one yet.
    pub fn get(&self, index: usize) -> Option<Report> {
        self.reports[index].get().copied()
    }

    fn close(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_wait_ends_with_the_last_report_only() {
        let receipts = Receipts::new(2);
        receipts.expect_one();
        receipts.expect_one();
        receipts.report(1, Report::Written { partition: 0, offset: Some(7) });
        receipts.sealed();
        assert!(futures_pending(&receipts).await);
        receipts.report(0, Report::Written { partition: 0, offset: Some(8) });
        receipts.all().await;
        assert_eq!(receipts.get(1), Some(Report::Written { partition: 0, offset: Some(7) }));
    }

    #[tokio::test]
    async fn a_second_report_for_one_record_changes_nothing() {
        let receipts = Receipts::new(2);
        receipts.expect_one();
        receipts.expect_one();
        receipts.report(0, Report::Written { partition: 0, offset: Some(7) });
        receipts.report(0, Report::Written { partition: 9, offset: Some(9) });
        receipts.sealed();
        assert!(futures_pending(&receipts).await);
        assert_eq!(receipts.get(0), Some(Report::Written { partition: 0, offset: Some(7) }));
    }

    async fn futures_pending(receipts: &Receipts) -> bool {
        tokio::select! {
            biased;
            () = receipts.all() => false,
            () = tokio::task::yield_now() => true,
        }
    }
}
