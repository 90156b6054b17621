//! One keep-alive connection with at most one request on its way. Never blocks; knows nothing of pace or measurement.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use crate::answer;
use crate::measure::Tally;
use crate::request::Request;

/// Room for an answer at first; it grows as answers ask for it.
const INBOX_BYTES: usize = 8 * 1024;
/// An answer is not longer.
const ANSWER_BYTES: usize = 8 << 20;

/// A connection and its request.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    request: Request,
    sent: usize,
    inbox: Vec<u8>,
    received: usize,
    /// When the request on its way was sent, or should have been.
    pub(crate) since: Option<Instant>,
}

/// What a look at a connection found.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Nothing yet.
    Pending,
    /// The answer to the request that was on its way.
    Answered {
        /// HTTP status.
        status: u16,
        /// What became of its events.
        tally: Tally,
        /// The status and the body's start, where not everything was written.
        remark: Option<String>,
        /// Whether the connection can carry another request.
        keep: bool,
    },
    /// The connection is gone, and with it the answer, if one was awaited.
    Lost(io::Error),
    /// The answer is none that this client can read.
    Misread(String),
}

impl Connection {
    /// Connects, and waits for that.
    pub(crate) fn open(address: SocketAddr, request: Request) -> io::Result<Self> {
        let stream = connect(address)?;
        Ok(Self { stream, request, sent: 0, inbox: vec![0; INBOX_BYTES], received: 0, since: None })
    }

    /// Forgets the connection and what was on its way, and connects anew.
    pub(crate) fn reopen(&mut self, address: SocketAddr) -> io::Result<()> {
        self.stream = connect(address)?;
        self.since = None;
        Ok(())
    }

    /// The socket, to be watched.
    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// How many events a request carries.
    pub(crate) fn events(&self) -> u64 {
        self.request.events()
    }

    /// Starts a new request, its ids taken from `serial`. What the socket doesn't take now goes with `advance`.
    pub(crate) fn send(&mut self, serial: &mut u64, since: Instant) -> io::Result<()> {
        self.request.renew(serial);
        (self.sent, self.received, self.since) = (0, 0, Some(since));
        self.push()
    }

    /// Goes on with whatever is on its way.
    pub(crate) fn advance(&mut self) -> Progress {
        if self.since.is_some()
            && let Err(error) = self.push()
        {
            return Progress::Lost(error);
        }
        loop {
            match self.stream.read(&mut self.inbox[self.received..]) {
                Ok(0) => return Progress::Lost(ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.received += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Progress::Pending,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Progress::Lost(error),
            }
            match answer::read(&self.inbox[..self.received]) {
                Ok(Some(answer)) => return self.finish(&answer),
                Ok(None) if self.received >= ANSWER_BYTES => {
                    return Progress::Misread("an answer without an end".into());
                }
                Ok(None) if self.received == self.inbox.len() => self.inbox.resize(2 * self.inbox.len(), 0),
                Ok(None) => {}
                Err(misread) => return Progress::Misread(misread),
            }
        }
    }

    fn finish(&mut self, answer: &answer::Answer) -> Progress {
        if self.since.take().is_none() {
            return Progress::Misread("an answer that nobody asked for".into());
        }
        let body = &self.inbox[answer.body.clone()];
        let tally = answer::tally(answer.status, body, self.request.events());
        let complete = tally.written == self.request.events();
        let remark = (!complete).then(|| answer::remark(answer.status, body));
        let keep = !answer.close && self.sent == self.request.bytes().len();
        Progress::Answered { status: answer.status, tally, remark, keep }
    }

    fn push(&mut self) -> io::Result<()> {
        while self.sent < self.request.bytes().len() {
            match self.stream.write(&self.request.bytes()[self.sent..]) {
                Ok(length) => self.sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}
