//! A small, strict HTTP/1.1 client, in cleartext or over TLS. It can stop half-way, send what no library would, and
//! read an answer while it is still writing the body.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

/// How long an answer may take on a busy machine before the test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// A request with its whole body.
#[derive(Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A GET of this path.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// A POST of this path; no `Content-Type` yet.
    pub fn post(path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { method: "POST", path: path.into(), headers: Vec::new(), body: body.into() }
    }

    /// A PUT of JSON.
    pub fn put(path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { method: "PUT", ..Self::json(path, body) }
    }

    /// A DELETE of this path.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: "DELETE", ..Self::get(path) }
    }

    /// A POST of JSON.
    pub fn json(path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::post(path, body).header("content-type", "application/json")
    }

    /// A POST of NDJSON.
    pub fn ndjson(path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::post(path, body).header("content-type", "application/x-ndjson")
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn head(&self, host: &str) -> String {
        let mut lines = vec![format!("{} {} HTTP/1.1", self.method, self.path), format!("host: {host}")];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        if matches!(self.method, "POST" | "PUT") {
            lines.push(format!("content-length: {}", self.body.len()));
        }
        lines.join("\r\n") + "\r\n\r\n"
    }
}

/// An answer that was read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in the answer {self}"))
    }

    /// The stable code of a problem.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_else(|| panic!("no code in the answer {self}")).to_owned()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}

/// A client's certificate, those that lead to its authority, and its private key.
pub type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The value of the `Authorization` header that several clients send. It is held while a request is under way: whoever has
/// changed it knows that no request with the old one waits for its answer.
pub type Authorization = Arc<RwLock<String>>;

/// A client with one connection that is kept open from request to request and opened again when it was closed.
pub struct Client {
    address: String,
    tls: Option<Arc<ClientConfig>>,
    authorization: Option<Authorization>,
    open: Option<Connection>,
    told_to_close: bool,
}

impl Client {
    /// A client of this address; connects with the first request.
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), tls: None, authorization: None, open: None, told_to_close: false }
    }

    /// A client over TLS of what runs at this address and shows a certificate for `localhost` by one of these roots.
    pub fn tls(address: &str, roots: RootCertStore, identity: Option<Identity>) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("the provider has both versions").with_root_certificates(roots);
        let config = match identity {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).expect("a certificate with its key"),
            None => builder.with_no_client_auth(),
        };
        Self { tls: Some(Arc::new(config)), ..Self::new(address) }
    }

    /// The same client, which sends this header with each request.
    #[must_use]
    pub fn authorized(self, authorization: &Authorization) -> Self {
        Self { authorization: Some(Arc::clone(authorization)), ..self }
    }

    /// Gives the connection up; the next request takes a new one.
    pub fn hang_up(&mut self) {
        self.open = None;
    }

    /// Sends a request and reads its answer. After an error the next request takes a new connection.
    pub fn try_send(&mut self, request: &Request) -> io::Result<Answer> {
        let Some(authorization) = self.authorization.clone() else { return self.exchange(request) };
        let value = authorization.read().unwrap_or_else(PoisonError::into_inner);
        self.exchange(&request.clone().header("authorization", &value))
    }

    fn exchange(&mut self, request: &Request) -> io::Result<Answer> {
        let mut connection = match self.open.take() {
            Some(connection) => connection,
            None => Connection::over(&self.address, self.tls.clone())?,
        };
        let written = connection.write(request.head(&self.address).as_bytes());
        let written = written.and_then(|()| connection.write(&request.body));
        // A refusal may come, and the connection be closed, before the whole body is written: the answer counts.
        let answer = connection.answer().map_err(|error| written.err().unwrap_or(error))?;
        self.told_to_close = answer.header("connection") == Some("close");
        if !self.told_to_close {
            self.open = Some(connection);
        }
        Ok(answer)
    }

    /// Whether the last answer said `Connection: close`.
    pub fn was_told_to_close(&self) -> bool {
        self.told_to_close
    }

    /// Sends a request and reads its answer, which must come.
    pub fn send(&mut self, request: &Request) -> Answer {
        self.try_send(request).unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.path))
    }

    /// GETs a path.
    pub fn get(&mut self, path: &str) -> Answer {
        self.send(&Request::get(path))
    }
}

/// One connection, to say anything on it.
pub struct Connection {
    stream: BufReader<Box<dyn Stream>>,
}

/// A socket, or TLS over one.
trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

impl Connection {
    /// Connects in cleartext.
    pub fn open(address: &str) -> io::Result<Self> {
        Self::over(address, None)
    }

    fn over(address: &str, tls: Option<Arc<ClientConfig>>) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let stream: Box<dyn Stream> = match tls {
            Some(config) => {
                let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
                let session = ClientConnection::new(config, name).map_err(io::Error::other)?;
                Box::new(StreamOwned::new(session, stream))
            }
            None => Box::new(stream),
        };
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Writes bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Writes one chunk of a chunked body; an empty one ends the body.
    pub fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(format!("{:x}\r\n", bytes.len()).as_bytes())?;
        self.write(bytes)?;
        self.write(b"\r\n")
    }

    /// Reads the answer whole.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let mut streamed = self.begin()?;
        let mut body = Vec::new();
        streamed.body.read_to_end(&mut body)?;
        Ok(Answer { status: streamed.status, headers: streamed.headers, body })
    }

    /// Reads the answer's head and leaves its body to be read as it comes. Interim answers (1xx) are passed over.
    pub fn begin(&mut self) -> io::Result<Streamed<'_>> {
        loop {
            let (status, headers) = self.head()?;
            if status >= 200 {
                let left = Left::told_by(status, &headers)?;
                return Ok(Streamed { status, headers, body: Body { stream: &mut self.stream, left } });
            }
        }
    }

    /// What is left on the connection until its end, after the server has closed it.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest); // a reset ends it as well
        rest
    }

    fn head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        let first = line(&mut self.stream)?;
        let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| broken(&format!("not a status line: {first:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = line(&mut self.stream)?;
            if line.is_empty() {
                return Ok((status, headers));
            }
            let (name, value) = line.split_once(':').ok_or_else(|| broken(&format!("not a header: {line:?}")))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

/// An answer whose body is still coming.
pub struct Streamed<'a> {
    /// The status code.
    pub status: u16,
    /// The headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body<'a>,
}

/// The body of an answer, taken out of its framing.
pub struct Body<'a> {
    stream: &'a mut BufReader<Box<dyn Stream>>,
    left: Left,
}

enum Left {
    Bytes(u64),
    Chunk(u64),
    UntilClose,
    Nothing,
}

impl Left {
    fn told_by(status: u16, headers: &[(String, String)]) -> io::Result<Self> {
        let of = |name: &str| headers.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value);
        if status == 204 || status == 304 {
            Ok(Self::Nothing)
        } else if let Some(coding) = of("transfer-encoding") {
            if coding == "chunked" { Ok(Self::Chunk(0)) } else { Err(broken(coding)) }
        } else if let Some(length) = of("content-length") {
            length.parse().map(Self::Bytes).map_err(|_| broken(length))
        } else {
            Ok(Self::UntilClose)
        }
    }
}

impl Body<'_> {
    /// Writes one more chunk of the request's body while the answer is being read.
    pub fn send_chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        let stream = self.stream.get_mut();
        stream.write_all(&chunk)?;
        stream.flush()
    }

    /// The next line of the body, without its end; none after the last.
    pub fn next_line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut byte = [0];
        while self.read(&mut byte)? == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        let ended = line.is_empty() && byte[0] != b'\n';
        Ok((!ended).then(|| String::from_utf8_lossy(&line).into_owned()))
    }

    fn read_bounded(&mut self, into: &mut [u8], left: u64) -> io::Result<usize> {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let read = self.stream.read(&mut into[..most])?;
        if read == 0 && most > 0 { Err(broken("the body ends early")) } else { Ok(read) }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.left {
            Left::Nothing | Left::Bytes(0) => Ok(0),
            Left::UntilClose => self.stream.read(into),
            Left::Bytes(left) => {
                let read = self.read_bounded(into, left)?;
                self.left = Left::Bytes(left - read as u64);
                Ok(read)
            }
            Left::Chunk(0) => {
                let size = line(self.stream)?;
                let size = u64::from_str_radix(&size, 16).map_err(|_| broken(&format!("a chunk of size {size:?}")))?;
                if size > 0 {
                    self.left = Left::Chunk(size);
                    return self.read(into);
                }
                while !line(self.stream)?.is_empty() {} // trailers
                self.left = Left::Nothing;
                Ok(0)
            }
            Left::Chunk(left) => {
                let read = self.read_bounded(into, left)?;
                let left = left - read as u64;
                if left == 0 && !line(self.stream)?.is_empty() {
                    return Err(broken("a chunk without its end"));
                }
                self.left = Left::Chunk(left);
                Ok(read)
            }
        }
    }
}

fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line)?;
    let Some(line) = line.strip_suffix(b"\r\n") else {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ends in an answer's head"));
    };
    String::from_utf8(line.to_vec()).map_err(|_| broken("a head that is not UTF-8"))
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a broken answer: {what}"))
}
