//! Contracts and conventions before a registry: what binds, what blocks, and what a reload makes of it all.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use forebay::app::{App, Reloaded};
use forebay::binding::Binder;
use forebay::catalog::{self, Catalog, Load, Sources};
use forebay::config::Config;
use forebay::ingest::authn::Authn;
use forebay::metrics::Metrics;
use forebay::registry::Registry;
use forebay::reload::Part;
use forebay::{admin, clock, reload, router};
use forebay_policies::Date;
use forebay_schemas::problem::Problem;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::answers::Shown;
use super::fake::{Fake, Reply, Seen, gone, until};

/// A topic whose subject has two versions: schema 7 without descriptions, and schema 8 with them.
const TOPIC: &str = "shop.order.placed.v1";
/// Its contract, by its subject alone.
const BY_SUBJECT: &str = "value: { format: avro, subject: orders }\n";
/// Its contract with the schema beside it as well.
const BY_BOTH: &str = "value: { format: avro, schema: order.avsc, subject: orders }\n";
/// The two schemas, of the ids 7 and 8.
const SCHEMAS: [&str; 2] = [
    r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}"#,
    r#"{"type":"record","name":"Order","doc":"An order.","fields":[{"name":"id","doc":"Its number.","type":"string"}]}"#,
];
/// An event of it.
const EVENT: &str = r#"{"id":"a"}"#;

/// A rule over contracts that every contract here breaks, whose exception for the topic has ended.
const LAPSED: &str = "\
- name: has-id
  applies_to: contract
  require: { id: true }
  action: block
  except:
    - { topic: shop.order.placed.v1, reason: its readers move, expires: 2020-01-01 }
";
/// A rule over schemas that schema 7 breaks.
const DOCUMENTED: &str = "\
- name: documented
  applies_to: schema
  require: { documented_fields: true }
  action: block
";
/// A rule over events that goes with both schemas, and one that compares a text with a number.
const FITS: &str = "- { name: short-ids, applies_to: event, when: 'size(event.id) > 5', action: block }\n";
const UNFIT: &str = "- { name: short-ids, applies_to: event, when: 'event.id > 5', action: block }\n";

/// A registry of the topic's subject.
fn orders(seen: &Seen) -> Reply {
    let of = |version: usize| json!({ "subject": "orders", "version": version, "id": version + 6, "schema": SCHEMAS[version - 1] });
    let (path, _) = seen.line.split_once('?').unwrap_or((&seen.line, ""));
    match path {
        "GET /subjects/orders/versions/latest" => Reply::Json(200, of(2)),
        "POST /subjects/orders" => {
            let asked: Value = serde_json::from_str(&seen.body).unwrap();
            let known = SCHEMAS.iter().position(|schema| asked["schema"] == **schema);
            known.map_or_else(|| gone(40_403), |index| Reply::Json(200, of(index + 1)))
        }
        "GET /schemas/ids/7" => Reply::Json(200, json!({ "schema": SCHEMAS[0] })),
        "GET /schemas/ids/8" => Reply::Json(200, json!({ "schema": SCHEMAS[1] })),
        "GET /schemas/ids/7/versions" => Reply::Json(200, json!([{ "subject": "orders", "version": 1 }])),
        "GET /schemas/ids/8/versions" => Reply::Json(200, json!([{ "subject": "orders", "version": 2 }])),
        _ => gone(40_401),
    }
}

/// The files of a gateway, and the registry that it asks.
struct Ground {
    folder: TempDir,
    registry: Fake,
    config: Config,
}

impl Ground {
    /// One topic with this `value` and these rules.
    async fn new(value: &str, rules: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let registry = Fake::new(orders).await;
        fs::create_dir(folder.path().join("conventions")).unwrap();
        fs::write(folder.path().join("keys.yaml"), "[]").unwrap();
        let text = format!(
            "kafka: {{ bootstrap: \"127.0.0.1:1\" }}\ncatalog: {{ dir: {0}/catalog }}\n\
             conventions: {{ dir: {0}/conventions }}\nreload: {{ interval: 10ms }}\n\
             registry: {{ url: {1}, timeout: 500ms, connect_timeout: 500ms, refresh: 1h }}\n\
             authn: {{ anonymous: true, anonymous_principal: tester, api_keys: {0}/keys.yaml }}\n",
            folder.path().display(),
            registry.url(),
        );
        let ground = Self { config: Config::read("test.yaml", &text, []).unwrap(), folder, registry };
        ground.contract(TOPIC, value);
        fs::write(ground.folder.path().join("catalog").join(TOPIC).join("order.avsc"), SCHEMAS[1]).unwrap();
        ground.rules(rules);
        ground
    }

    fn contract(&self, topic: &str, value: &str) {
        let home = self.folder.path().join("catalog").join(topic);
        fs::create_dir_all(&home).unwrap();
        let contract = format!("topic: {topic}\nowner: team-shop\ndescription: An order.\n{value}");
        fs::write(home.join("contract.yaml"), contract).unwrap();
    }

    fn rules(&self, rules: &str) {
        fs::write(self.folder.path().join("conventions/rules.yaml"), rules).unwrap();
    }

    fn load(&self, today: Date, metrics: &Metrics) -> Load {
        catalog::load(&Sources::of(&self.config), today, metrics)
    }

    /// The gateway with its contracts as of this day, bound as far as the registry answers. It has no Kafka.
    async fn app(&self, today: Date) -> Arc<App> {
        let metrics = Arc::new(Metrics::new());
        let load = self.load(today, &metrics);
        let registry = Registry::new(self.config.registry.as_ref().unwrap(), &metrics).unwrap();
        let binder = Arc::new(Binder::new(Some(registry), &self.config));
        let set = binder.bind(load.set.unwrap()).await;
        let authn = Arc::new(Authn::new(&self.config, &metrics).unwrap());
        Arc::new(App::build(self.config.clone(), Arc::new(Catalog::new(set)), binder, authn, metrics).unwrap())
    }

    /// What stands there without the test's own folder.
    fn shown(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "…")
    }
}

/// The same where files are looked at only when someone asks.
async fn asked_only(value: &str, rules: &str) -> Ground {
    let mut ground = Ground::new(value, rules).await;
    ground.config.reload.interval = Duration::ZERO;
    ground
}

/// Posts the event, and gives status and body.
async fn post(app: &Arc<App>, schema: Option<u32>) -> (StatusCode, Value) {
    send(app, schema, "").await
}

async fn send(app: &Arc<App>, schema: Option<u32>, query: &str) -> (StatusCode, Value) {
    let mut request =
        Request::post(format!("/v1/topics/{TOPIC}/events{query}")).header("content-type", "application/json");
    if let Some(id) = schema {
        request = request.header("forebay-schema-id", id);
    }
    let response = router::data(Arc::clone(app)).oneshot(request.body(Body::from(EVENT)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap())
}

/// Whether the topic has something that writes its events.
fn is_bound(app: &App) -> bool {
    app.catalog.current().get(TOPIC).unwrap().bound.is_ok()
}

/// The metric of a line that begins so.
fn metric(app: &App, name: &str) -> Option<u64> {
    let text = app.metrics.render(app.moment());
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn naming_a_version_goes_around_no_block() {
    let ground = Ground::new(BY_SUBJECT, LAPSED).await;
    let app = ground.app(clock::today()).await;
    for schema in [None, Some(7), Some(8)] {
        let (status, body) = post(&app, schema).await;
        assert_eq!((status.as_u16(), &body["code"]), (422, &json!("convention_violation")), "{schema:?}: {body:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_breaks_a_convention_over_schemas_writes_nothing() {
    let ground = Ground::new(BY_SUBJECT, DOCUMENTED).await;
    let app = ground.app(clock::today()).await;
    assert!(is_bound(&app), "the latest version keeps it");
    let topic = Arc::clone(app.catalog.current().get(TOPIC).unwrap());
    for asked in ["at first", "again"] {
        let (status, body) = post(&app, Some(7)).await;
        assert_eq!((status.as_u16(), &body["code"]), (422, &json!("convention_violation")), "{asked}: {body:#}");
    }
    app.binder.version(&topic, 8).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_stays_while_the_registry_is_silent() {
    let ground = Ground::new(BY_SUBJECT, LAPSED).await;
    ground.registry.plays(|_| Reply::Json(500, json!({})));
    let app = ground.app(clock::today()).await;
    let (_, body) = post(&app, None).await;
    assert_eq!(body["code"], json!("convention_violation"), "{body:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_a_convention_blocks_says_so_everywhere() {
    let ground = Ground::new(BY_SUBJECT, LAPSED).await;
    let app = ground.app(clock::today()).await;
    let (_, tried) = send(&app, None, "?dry_run=true").await;
    assert_eq!(metric(&app, "forebay_blocked_topics"), Some(1));
    let (_, refused) = post(&app, None).await;
    let hits = format!("forebay_convention_hits_total{{topic=\"{TOPIC}\",convention=\"has-id\",effect=\"refused\"}}");
    assert_eq!(metric(&app, &hits), Some(1), "one event was sent, and one tried");
    let page = admin::conventions(State(Arc::clone(&app))).await;
    let page: Value = serde_json::from_slice(&page.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let contracts = admin::contracts(State(Arc::clone(&app))).await;
    let contracts: Value = serde_json::from_slice(&contracts.into_body().collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!((&contracts[0]["blocked"], &contracts[0]["warnings"]), (&json!(["has-id"]), &json!([])));
    let shown = json!({ "dry_run": tried["events"], "refused": refused["events"], "hits": page[0]["hits"] });
    insta::assert_snapshot!("a_topic_that_a_convention_blocks", ground.shown(&format!("{shown:#}")));
}

#[tokio::test]
async fn an_exception_that_has_ended_is_said_loudly_after_a_reload() {
    let shown = Shown::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(shown.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let ground = asked_only(BY_BOTH, LAPSED).await;
    let app = ground.app(clock::today()).await;
    tokio::spawn(reload::keep(Arc::clone(&app), reload::look(&app.config), Vec::new(), reload::Log));
    assert_eq!(app.reload_requests.ask().await, Reloaded::Applied { contracts: 1, files: Vec::new() });
    let log = shown.text();
    let said =
        log.lines().find(|line| line.contains("an exception has ended, and all events of the topic are refused"));
    assert!(
        said.is_some_and(|line| line.contains("ERROR") && line.contains("has-id") && line.contains(TOPIC)),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_held_against_a_schema_that_waits_for_its_id() {
    let ground = Ground::new(BY_BOTH, UNFIT).await;
    let problems = ground.load(clock::today(), &Metrics::new()).problems;
    let said: Vec<_> = problems.iter().map(|problem| ground.shown(&problem.to_string())).collect();
    insta::assert_snapshot!("a_rule_that_does_not_fit", said.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_does_not_fit_takes_no_topic_out() {
    for value in [BY_SUBJECT, BY_BOTH] {
        let ground = asked_only(value, FITS).await;
        let app = ground.app(clock::today()).await;
        assert!(is_bound(&app));
        tokio::spawn(reload::keep(Arc::clone(&app), reload::look(&app.config), Vec::new(), reload::Log));
        ground.rules(UNFIT);
        let problems = match app.reload_requests.ask().await {
            Reloaded::Refused(problems) => problems,
            other => vec![format!("{other:?}")],
        };
        assert!(problems[0].contains("conventions/rules.yaml:1"), "{value}: {problems:?}");
        assert_eq!((problems.len(), is_bound(&app)), (1, true), "{value}: the old set is in force: {problems:?}");
        assert_eq!(metric(&app, "forebay_reloads_total{result=\"Refused\"}"), Some(1));
        ground.rules(&format!("{FITS}{DOCUMENTED}"));
        assert_eq!(app.reload_requests.ask().await, Reloaded::Applied { contracts: 1, files: Vec::new() });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_a_rule_does_not_fit_blames_the_rule() {
    let ground = asked_only(BY_SUBJECT, UNFIT).await;
    let app = ground.app(clock::today()).await;
    let (status, body) = post(&app, None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let named = post(&app, Some(7)).await.1;
    let shown = [body, named].map(|body| body["events"][0].to_string());
    insta::assert_snapshot!("a_topic_that_a_rule_does_not_fit", ground.shown(&shown.join("\n")));
    // What was so at the start keeps no other change from being taken up.
    ground.rules(&format!("{UNFIT}{DOCUMENTED}"));
    tokio::spawn(reload::keep(Arc::clone(&app), reload::look(&app.config), Vec::new(), reload::Log));
    assert_eq!(app.reload_requests.ask().await, Reloaded::Applied { contracts: 1, files: Vec::new() });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_waits_for_one_answer_of_a_registry_that_hangs() {
    let ground = asked_only(BY_SUBJECT, FITS).await;
    let app = ground.app(clock::today()).await;
    // Sorted before the topic that is known.
    for index in 0..200 {
        ground.contract(&format!("a.b.c{index}.v1"), &format!("value: {{ format: avro, subject: s{index} }}\n"));
    }
    ground.registry.plays(|_| Reply::Silence);
    let before = ground.registry.calls();
    tokio::spawn(reload::keep(Arc::clone(&app), reload::look(&app.config), Vec::new(), reload::Log));
    assert_eq!(app.reload_requests.ask().await, Reloaded::Applied { contracts: 201, files: Vec::new() });
    assert!(is_bound(&app), "what is known does not wait behind what is not");
    let asked = ground.registry.calls() - before;
    assert!((1..=100).contains(&asked), "of 200 calls, 16 at a time, it waited for {asked}");
}

/// Something in a file, whose reloads are told by the file's next line.
struct Script {
    file: PathBuf,
    ends: Mutex<Vec<Result<(), &'static str>>>,
    reloads: AtomicUsize,
}

impl Script {
    /// Its reloads end so, the last one first; then all go well.
    fn new(file: PathBuf, ends: &[Result<(), &'static str>]) -> Arc<Self> {
        fs::write(&file, "[]").unwrap();
        Arc::new(Self { file, ends: Mutex::new(ends.to_vec()), reloads: AtomicUsize::new(0) })
    }

    fn reloads(&self) -> usize {
        self.reloads.load(Ordering::SeqCst)
    }

    /// Changes the file, and waits until that is taken up.
    async fn change(&self) {
        let (before, length) = (self.reloads(), fs::read(&self.file).unwrap().len());
        fs::write(&self.file, " ".repeat(length) + "[]").unwrap();
        until(|| self.reloads() > before).await;
    }
}

impl Part for Script {
    fn files(&self) -> Vec<PathBuf> {
        vec![self.file.clone()]
    }

    fn reload(&self) -> Result<(), Vec<Problem>> {
        self.reloads.fetch_add(1, Ordering::SeqCst);
        let end = self.ends.lock().unwrap().pop().unwrap_or(Ok(()));
        let (file, expected) = (self.file.display().to_string(), "a file that can be read".to_owned());
        end.map_err(|found| vec![Problem { file, line: 0, path: String::new(), expected, found: found.to_owned() }])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_begins_over_broken_files_is_tried_once() {
    let ground = Ground::new(BY_BOTH, FITS).await;
    // The set was judged on another day.
    let app = ground.app(Date::LAST).await;
    ground.rules("- nonsense");
    let clockwork = Script::new(ground.folder.path().join("part"), &[]);
    let parts = vec![Arc::clone(&clockwork) as Arc<dyn Part>];
    tokio::spawn(reload::keep(Arc::clone(&app), reload::look(&app.config), parts, reload::Log));
    let refused = || metric(&app, "forebay_reloads_total{result=\"Refused\"}");
    until(|| refused() == Some(1)).await;
    for _ in 0..3 {
        clockwork.change().await;
    }
    assert_eq!(refused(), Some(1));
    ground.rules("");
    until(|| metric(&app, "forebay_reloads_total{result=\"Applied\"}") == Some(1)).await;
    assert_eq!(app.catalog.current().rulebook().today, clock::today());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_while_the_gateway_starts_is_read() {
    let ground = Ground::new(BY_BOTH, FITS).await;
    let keys = Script::new(ground.folder.path().join("keys.yaml"), &[]);
    let seen = reload::look(&ground.config);
    let app = ground.app(clock::today()).await;
    fs::write(&keys.file, "[] ").unwrap();
    tokio::spawn(reload::keep(Arc::clone(&app), seen, vec![Arc::clone(&keys) as Arc<dyn Part>], reload::Log));
    until(|| keys.reloads() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_read_for_a_moment_is_read_again() {
    const MOMENT: &str = "Too many open files (os error 24)";
    let ground = Ground::new(BY_BOTH, FITS).await;
    let app = ground.app(clock::today()).await;
    let part = |name: &str, ends: &[_]| Script::new(ground.folder.path().join(name), ends);
    let (away, wrong) = (part("away", &[Err(MOMENT), Err(MOMENT)]), part("wrong", &[Err("a key twice")]));
    let clockwork = part("clockwork", &[]);
    let parts = [&away, &wrong, &clockwork].map(|part| Arc::clone(part) as Arc<dyn Part>).to_vec();
    tokio::spawn(reload::keep(Arc::clone(&app), reload::look(&app.config), parts, reload::Log));
    // None of the files is one of the configuration's, so that nobody has seen them before and each is read at once.
    until(|| away.reloads() >= 3).await;
    for _ in 0..3 {
        clockwork.change().await;
    }
    assert_eq!((away.reloads(), wrong.reloads()), (3, 1), "what is wrong in itself waits for a change");
}
