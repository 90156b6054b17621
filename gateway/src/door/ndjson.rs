//! Reads an NDJSON body window by window: the whole lines that have arrived, up to a bound. Memory does not grow
//! with the body. Knows when to wait for more; `cut` knows what a line is.

mod cut;

use axum::body::Body;
use bytes::Bytes;

use super::body::{Incoming, Pace};
use crate::config::admission::Admission;
use crate::event::{Batch, Form, Head, Rejection};
use cut::Cutter;

/// A body that is being cut into windows.
pub struct Windows {
    incoming: Incoming,
    cutter: Cutter,
    topic: String,
    schema_id: Option<u32>,
    ended: bool,
}

impl Windows {
    /// Starts on a body. With `free`, neither its events nor its bytes are capped.
    pub fn new(head: &Head, body: Body, limits: &Admission, pace: Pace, free: bool) -> Self {
        Self {
            incoming: Incoming::streamed(body, pace),
            cutter: Cutter::new(limits, free),
            topic: head.topic.clone(),
            schema_id: head.schema_id,
            ended: false,
        }
    }

    /// Whether the sender may be waiting for the verdicts of earlier windows.
    pub fn excuse(&mut self, excused: bool) {
        self.incoming.excuse(excused);
    }

    /// The next window, or none at the body's end. Lines that have arrived don't wait for those that have not.
    /// After an error there is no further window, and lines that were not handed out are gone.
    pub async fn next(&mut self) -> Result<Option<Batch>, Rejection> {
        loop {
            self.cutter.cut(self.ended);
            if self.cutter.is_full() || self.ended {
                break;
            }
            match self.at_once().await {
                Some(piece) => self.take_in(piece?),
                None if self.cutter.has_lines() => break,
                None => {
                    let piece = self.incoming.next().await?;
                    self.take_in(piece);
                }
            }
        }
        let (body, events) = self.cutter.take();
        Ok((!events.is_empty()).then(|| Batch {
            body,
            form: Form::Json,
            framed: false,
            schema_id: self.schema_id,
            document: false,
            topics: vec![self.topic.clone()],
            events,
        }))
    }

    /// The next piece, if it is here already.
    async fn at_once(&mut self) -> Option<Result<Option<Bytes>, Rejection>> {
        tokio::select! {
            biased;
            piece = self.incoming.next() => Some(piece),
            () = std::future::ready(()) => None,
        }
    }

    fn take_in(&mut self, piece: Option<Bytes>) {
        match piece {
            Some(piece) => self.cutter.push(&piece),
            None => self.ended = true,
        }
    }
}
