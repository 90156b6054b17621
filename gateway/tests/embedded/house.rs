//! A gateway without listeners on a broker in this process, with a catalogue of its own.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use forebay::app::App;
use forebay::binding::Binder;
use forebay::catalog::{self, Catalog, Sources};
use forebay::clock;
use forebay::config::Config;
use forebay::ingest::authn::Authn;
use forebay::layers::Edge;
use forebay::metrics::Metrics;
use forebay::router;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use serde_json::Value;
use tower::ServiceExt as _;

/// A topic whose values are JSON, keyed and with ids.
pub(crate) const TOPIC: &str = "shop.order.placed.v1";
/// A topic whose contract names a producer and a pattern of SPIFFE ids.
pub(crate) const CLOSED: &str = "shop.order.closed.v1";
/// A topic that has a contract, and that Kafka does not have.
pub(crate) const ABSENT: &str = "shop.order.absent.v1";

/// A topic whose contract a test writes.
pub(crate) const JUDGED: &str = "shop.order.judged.v1";
/// A topic for copies of refused events.
pub(crate) const COPIES: &str = "platform.refused.v1";

/// Everyone is the tester.
const ANYONE: &str = "{ anonymous: true, anonymous_principal: tester }";

const CONTRACT: &str = "owner: team-shop\ndescription: An order.\nvalue: { format: json }\n";

/// What a gateway is made from.
struct Plan<'a> {
    authn: &'a str,
    /// The contract of [`JUDGED`], after its topic.
    contract: Option<&'a str>,
    conventions: &'a str,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self { authn: ANYONE, contract: None, conventions: "" }
    }
}

/// A gateway on a broker in this process.
pub(crate) struct House {
    pub(crate) broker: MockCluster<'static, DefaultProducerContext>,
    pub(crate) app: Arc<App>,
    pub(crate) door: Door,
    pub(crate) folder: tempfile::TempDir,
}

/// The data listener's routes.
#[derive(Clone)]
pub(crate) struct Door(Edge);

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The answer as a snapshot shows it: what differs from run to run is masked.
    pub(crate) fn shown(&self) -> String {
        let mut json = self.json();
        if json.get("instance").is_some() {
            json["instance"] = "[request id]".into();
        }
        let names = [
            "content-type",
            "preference-applied",
            "forebay-warning",
            "www-authenticate",
            "allow",
            "ratelimit-policy",
            "ratelimit",
        ];
        let headers = names.iter().flat_map(|name| self.headers.get_all(*name).iter().map(move |value| (name, value)));
        let headers = headers.filter_map(|(name, value)| Some(format!("{name}: {}\n", value.to_str().ok()?)));
        format!("{}\n{}\n{json:#}", self.status, headers.collect::<String>())
    }
}

impl House {
    /// A gateway that is ready and knows everyone as the tester, with these variables over its configuration.
    pub(crate) async fn new(variables: &[(&str, &str)]) -> Self {
        Self::known_by(ANYONE, variables).await
    }

    /// A gateway that is ready and knows its callers so, with these variables over its configuration.
    pub(crate) async fn known_by(authn: &str, variables: &[(&str, &str)]) -> Self {
        Self::built(Plan { authn, ..Plan::default() }, variables, |_| {}).await
    }

    /// A gateway with one more contract beside the usual ones, which follows the topic, and conventions.
    pub(crate) async fn judging(contract: &str, conventions: &str) -> Self {
        Self::judging_with((contract, conventions), &[], |_| {}).await
    }

    /// The same with these variables over its configuration, and something changed in what it is built from.
    pub(crate) async fn judging_with(
        (contract, conventions): (&str, &str),
        variables: &[(&str, &str)],
        change: impl FnOnce(&mut App),
    ) -> Self {
        let plan = Plan { contract: Some(contract), conventions, ..Plan::default() };
        Self::built(plan, variables, change).await
    }

    async fn built(plan: Plan<'_>, variables: &[(&str, &str)], change: impl FnOnce(&mut App)) -> Self {
        let Plan { authn, contract, conventions } = plan;
        let broker = MockCluster::new(1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let catalog = folder.path().join("catalog");
        let keyed = "key: { from: /customer }\nid: { from: /id }\ntime: { from: /at }\n";
        let usual =
            [(TOPIC, keyed), (CLOSED, "producers: [svc-shop, 'spiffe://shop.example/ns/shop/*']\n"), (ABSENT, "")];
        let usual = usual.map(|(topic, more)| (topic, format!("{CONTRACT}{more}")));
        for (topic, more) in usual.into_iter().chain(contract.map(|contract| (JUDGED, contract.to_owned()))) {
            let home = catalog.join(topic);
            std::fs::create_dir_all(&home).unwrap();
            std::fs::write(home.join("contract.yaml"), format!("topic: {topic}\n{more}")).unwrap();
        }
        let rules = folder.path().join("conventions");
        std::fs::create_dir(&rules).unwrap();
        std::fs::write(rules.join("rules.yaml"), conventions).unwrap();
        for topic in [TOPIC, CLOSED, JUDGED, COPIES] {
            broker.create_topic(topic, 4, 1).unwrap();
        }
        let bootstrap = broker.bootstrap_servers();
        let text = format!(
            "kafka: {{ bootstrap: \"{bootstrap}\", deadline: 1500ms, request_timeout: 500ms }}\n\
            catalog: {{ dir: {} }}\nconventions: {{ dir: {} }}\nreload: {{ interval: 20ms }}\nauthn: {authn}\n",
            catalog.display(),
            rules.display()
        );
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let config = Config::read("test.yaml", &text, variables).unwrap();
        let metrics = Arc::new(Metrics::new());
        let load = catalog::load(&Sources::of(&config), clock::today(), &metrics);
        assert_eq!(load.problems, []);
        let binder = Arc::new(Binder::new(None, &config));
        let set = binder.bind(load.set.unwrap()).await;
        let authn = Arc::new(Authn::new(&config, &metrics).unwrap());
        let mut app = App::build(config, Arc::new(Catalog::new(set)), binder, authn, metrics).unwrap();
        change(&mut app);
        let app = Arc::new(app);
        tokio::spawn(Arc::clone(&app.topics).keep_fresh());
        while !app.not_ready().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let door = Door(router::data(Arc::clone(&app)));
        Self { broker, app, door, folder }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.door.send(request).await
    }

    /// Waits until an event is written; a gateway that never recovers hangs here, and the test with it.
    pub(crate) async fn written_again(&self) {
        for attempt in 0.. {
            let answer = self.post(TOPIC, order(&format!("again-{attempt}"))).await;
            if answer.status == StatusCode::OK {
                return;
            }
            assert!(answer.status.is_server_error() && attempt < 100, "{}", answer.text);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Posts a JSON body.
    pub(crate) async fn post(&self, topic: &str, body: impl Into<Body>) -> Answer {
        self.door.post(topic, body).await
    }
}

impl Door {
    /// Sends a request; its answer is still to be read.
    pub(crate) async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.0.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.open(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Posts a JSON body.
    pub(crate) async fn post(&self, topic: &str, body: impl Into<Body>) -> Answer {
        self.send(request(topic, "application/json", body)).await
    }
}

/// A POST to a topic.
pub(crate) fn request(topic: &str, content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let uri = format!("/v1/topics/{topic}/events");
    Request::post(uri).header("content-type", content_type).body(body.into()).unwrap()
}

/// An order with this id.
pub(crate) fn order(id: &str) -> String {
    format!("{{\"id\":\"{id}\",\"customer\":\"c-7\",\"total\":\"12.50\"}}")
}
