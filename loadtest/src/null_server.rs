//! The floor under any HTTP gateway: a server that reads each body, drops it and answers that its events are written.
//! It writes nothing, checks nothing and is a process of its own, so that its CPU time is told apart.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use forebay_tests::process::{Process, eventually};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::cpu::Cores;
use crate::error::Error;
use crate::request::Target;

/// How long the server may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(15);

/// Serves until the process is ended; says its address on stdout first. `minimal` leaves the verdicts out.
pub fn serve(events_per_request: usize, minimal: bool) -> Result<(), Error> {
    let runtime = tokio::runtime::Runtime::new().map_err(Error::system("an async runtime"))?;
    runtime.block_on(accept(answer(events_per_request, minimal))).map_err(Error::system("the null server"))
}

/// As long as the gateway's: it costs the floor as much to write.
fn answer(events: usize, minimal: bool) -> Bytes {
    let verdict = r#"{"outcome":"written","partition":3,"offset":1234567}"#;
    let verdicts = vec![verdict; if minimal { 0 } else { events }].join(",");
    format!(r#"{{"written":{events},"refused":0,"events":[{verdicts}]}}"#).into()
}

async fn accept(answer: Bytes) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = answer.clone();
        let service = service_fn(move |request| respond(request, answer.clone()));
        // A connection that breaks is the generator's to report.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn respond(request: Request<Incoming>, answer: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut body = request.into_body();
    while let Some(Ok(frame)) = body.frame().await {
        drop(frame);
    }
    let mut response = Response::new(Full::new(answer));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// A null server that runs.
pub struct NullServer {
    process: Process,
    address: String,
}

impl NullServer {
    /// Starts `program`, which is this program, as a null server on these cores.
    pub fn start(
        program: &Path,
        events_per_request: usize,
        minimal: bool,
        cores: Option<&Cores>,
    ) -> Result<Self, Error> {
        let mut command = Command::new(program);
        command.args(["null-server", "--events-per-request", &events_per_request.to_string()]);
        if minimal {
            command.arg("--minimal");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Cores::run(cores, || Ok(Process::start(command, PATIENCE)))?;
        let lines = process.stdout_lines();
        let address = eventually(PATIENCE, || lines.all().into_iter().next());
        let address = address.ok_or_else(|| Error::Answers("the null server does not listen".into()))?;
        Ok(Self { process, address })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Where to post; any path will do.
    pub fn target(&self) -> Result<Target, Error> {
        format!("http://{}/v1/topics/null/events", self.address).parse().map_err(Error::Usage)
    }
}
