//! A server in place of a schema registry: it passes questions on to a real one, answers some of them itself, and
//! remembers all of them. And a trap: a listener that nobody may connect to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::http::{Answer, Connection};
use crate::process::eventually;
use crate::registry::Registry;

/// What is answered to a method with its path; none passes it on.
type Play = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// A server between the gateway and its registry. It lives as long as the test process.
pub struct Liar {
    url: String,
    play: Arc<Mutex<Play>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Liar {
    /// Passes everything on to this registry.
    pub fn before(registry: &Registry) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound port").to_string();
        let play: Arc<Mutex<Play>> = Arc::new(Mutex::new(Arc::new(|_: &str| None)));
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (registry, url) = (registry.address(), registry.url().replace(&registry.address(), &address));
        let (play_, asked_) = (play.clone(), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (registry, play, asked) = (registry.clone(), play_.clone(), asked_.clone());
                // An error ends the connection, which is all that a server can do.
                std::thread::spawn(move || serve(stream, &registry, &play, &asked));
            }
        });
        Self { url, play, asked }
    }

    /// The base address, as clients write it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on answers so to a method with its path, as in `GET /apis/…/schemas/ids/7`; none passes it on.
    pub fn lies(&self, play: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) {
        *self.play.lock().expect("no holder panics") = Arc::new(play);
    }

    /// From now on passes everything on.
    pub fn is_honest(&self) {
        self.lies(|_| None);
    }

    /// Every question so far: its method and its path.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no holder panics").clone()
    }
}

/// An answer's bytes; the connection ends behind them.
pub fn answer(status: &str, header: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn serve(stream: TcpStream, registry: &str, play: &Mutex<Play>, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some((line, request)) = request(&mut stream)? {
        asked.lock().expect("no holder panics").push(line.clone());
        let play = play.lock().expect("no holder panics").clone();
        if let Some(lie) = play(&line) {
            return stream.get_mut().write_all(&lie);
        }
        let mut upstream = Connection::open(registry)?;
        upstream.write(&request)?;
        let Answer { status, headers, body } = upstream.answer()?;
        let kind = headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value);
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Passed\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
        stream.get_mut().write_all(&[head.as_bytes(), &body].concat())?;
    }
    Ok(())
}

/// The next request: its method with its path, and its bytes. None at the end of the connection.
fn request(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let (mut head, mut length) = (Vec::new(), 0);
    while !head.ends_with(b"\r\n\r\n") {
        let start = head.len();
        if stream.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&head[start..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    let first = String::from_utf8_lossy(&head);
    let line = first.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    head.append(&mut body);
    Ok(Some((line, head)))
}

/// A listener that notes who connects. It lives as long as the test process.
pub struct Trap {
    address: String,
    caught: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Default for Trap {
    fn default() -> Self {
        Self::new()
    }
}

impl Trap {
    /// A new trap on a port of 127.0.0.1.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound port").to_string();
        let caught = Arc::<Mutex<Vec<SocketAddr>>>::default();
        let caught_ = caught.clone();
        std::thread::spawn(move || {
            while let Ok((_, from)) = listener.accept() {
                caught_.lock().expect("no holder panics").push(from);
            }
        });
        Self { address, caught }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Nobody has connected.
    pub fn assert_untouched(self) {
        // Connections are accepted in order: whoever came before this one is noted before it.
        let last = TcpStream::connect(&self.address).expect("the trap is open");
        let last = last.local_addr().expect("a connected port");
        let caught = eventually(Duration::from_secs(30), || {
            let caught = self.caught.lock().expect("no holder panics").clone();
            caught.contains(&last).then_some(caught)
        });
        assert_eq!(caught, Some(vec![last]), "somebody connected to {}", self.address);
    }
}
