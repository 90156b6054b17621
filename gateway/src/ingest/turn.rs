//! Turns: a step that works through a batch on a thread of many lets others have it now and then. Knows how much work is
//! enough, not what is done.

/// How much is done in one turn: bytes of text that are read, and steps of conventions. So many steps take about a
/// millisecond, so many bytes less.
const WORK: usize = 64 * 1024;

/// The work that was done since others had their turn.
#[derive(Debug, Default)]
pub(super) struct Turn(usize);

impl Turn {
    /// So much more work was done; if that is enough for one turn, others get theirs.
    pub(super) async fn after(&mut self, work: usize) {
        self.0 += work;
        if self.0 >= WORK {
            self.0 = 0;
            tokio::task::yield_now().await;
        }
    }
}
