//! The recipe for a body that is worked on while it arrives: window by window, produced in order, with a bounded
//! number of windows waiting for their verdicts. The work is detached from its start.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc::{self, Receiver, Sender};

use super::admit::Permit;
use super::{Caller, Carried, carry};
use crate::app::{App, Stage as Life};
use crate::door::answer::Answer;
use crate::door::ndjson::Windows;
use crate::door::receipts::Settled;
use crate::event::{Batch, Code, Rejection, Verdict};

/// Windows that have their verdicts, in order; an error comes last.
type Windowed = Receiver<Result<Settled, Rejection>>;

/// Adds every verdict to the answer, to the body's end.
pub(super) async fn document(mut settled: Windowed, mut answer: Answer) -> Result<Answer, Rejection> {
    while let Some(window) = settled.recv().await {
        match window {
            Ok(window) => {
                answer.warn(window.warnings);
                answer.extend(&window.verdicts);
            }
            Err(rejection) if answer.is_empty() => return Err(rejection),
            Err(rejection) => answer.extend(&[Verdict::Refused(rejection.into_refusal())]),
        }
    }
    Ok(answer)
}

/// Starts to work on a body. The permit is held to its end.
pub(super) fn start(app: &Arc<App>, caller: Caller, windows: Windows, permit: Permit) -> Windowed {
    let (out, settled) = mpsc::channel(1);
    let stream = Stream { app: Arc::clone(app), caller, windows, under_way: VecDeque::new(), out, _permit: permit };
    tokio::spawn(stream.run());
    settled
}

/// A body that is being worked on.
struct Stream {
    app: Arc<App>,
    caller: Caller,
    windows: Windows,
    under_way: VecDeque<Carried>,
    out: Sender<Result<Settled, Rejection>>,
    _permit: Permit,
}

impl Stream {
    async fn run(mut self) {
        let mut end = None;
        while end.is_none() || !self.under_way.is_empty() {
            let room = self.under_way.len() < self.app.config.admission.window.pending;
            self.windows.excuse(!self.under_way.is_empty());
            tokio::select! {
                biased;
                window = first(&mut self.under_way), if !self.under_way.is_empty() => self.hand_out(Ok(window)).await,
                window = self.windows.next(), if end.is_none() && room => end = self.take(window).await,
            }
        }
        if let Some(Err(rejection)) = end {
            self.hand_out(Err(rejection)).await;
        }
    }

    /// Sends a window on its way, if the gateway stays and its sender still may. Otherwise nothing more is read of the
    /// body; how it ended.
    async fn take(&mut self, window: Result<Option<Batch>, Rejection>) -> Option<Result<(), Rejection>> {
        let batch = match window {
            Ok(Some(batch)) => batch,
            Ok(None) => return Some(Ok(())),
            Err(rejection) => return Some(Err(rejection)),
        };
        if self.app.life.stage() == Life::Closing {
            return Some(Err(draining()));
        }
        if let Err(rejection) = self.caller.renew(&self.app) {
            return Some(Err(rejection));
        }
        self.under_way.push_back(carry(&self.app, &self.caller, batch, ()).await);
        None
    }

    /// An error means that nobody waits for the answer any more, which changes nothing.
    async fn hand_out(&mut self, settled: Result<Settled, Rejection>) {
        let _ = self.out.send(settled).await;
    }
}

/// The oldest window, once all its verdicts are there. What is not awaited to its end stays where it is.
async fn first(under_way: &mut VecDeque<Carried>) -> Settled {
    let Some(oldest) = under_way.front_mut() else { return std::future::pending().await };
    let verdicts = oldest.delivery.verdicts().await;
    let warnings = std::mem::take(&mut oldest.warnings);
    under_way.pop_front();
    Settled { verdicts, warnings }
}

fn draining() -> Rejection {
    let detail =
        "The gateway is shutting down and reads no more of this body; send the rest again, and another one will.";
    Rejection::new(Code::Draining, detail)
}
