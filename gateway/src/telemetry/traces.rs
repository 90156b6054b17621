//! One span a request, sent by OTLP. The only module that knows OpenTelemetry's SDK. A request that is not sampled
//! costs a comparison; a collector that hangs costs dropped spans, which are counted.

use std::ffi::CStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use opentelemetry::trace::{
    Span as _, SpanKind, Status, TraceContextExt as _, TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, Span, SpanData, SpanExporter,
};

use super::TraceParent;
use crate::config::telemetry::Telemetry;
use crate::metrics::Metrics;

/// Finished spans that wait for the collector; one more is dropped.
const QUEUE: usize = 2048;
/// How long one export may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where spans are started.
#[derive(Debug)]
pub struct Traces {
    export: Option<Export>,
    /// Of 2^32 requests without a trace, how many start one.
    share: u64,
    turn: AtomicU64,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
struct Export {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    waiting: Arc<AtomicUsize>,
}

/// A request's span, if it has one.
#[derive(Debug, Default)]
pub struct RequestSpan {
    span: Option<Span>,
}

impl Traces {
    /// Prepares the exporter, if a collector is named. Must be called within a Tokio runtime; connects later.
    pub fn new(telemetry: &Telemetry, metrics: Arc<Metrics>) -> Self {
        let export = telemetry.otlp.as_ref().and_then(|endpoint| match Export::new(endpoint, &metrics) {
            Ok(export) => Some(export),
            Err(error) => {
                tracing::error!(%error, "traces can't be exported; going on without");
                None
            }
        });
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share lies between 0 and 1")]
        let share = (telemetry.sample * 4_294_967_296.0) as u64;
        Self { export, share, turn: AtomicU64::new(0), metrics }
    }

    /// Starts the span of a request, if its caller records the trace or its turn has come.
    pub fn start(&self, name: &'static str, headers: &HeaderMap) -> RequestSpan {
        let Some(export) = &self.export else { return RequestSpan::default() };
        let parent = headers.get("traceparent").and_then(|value| TraceParent::parse(value.as_bytes()));
        if !parent.map_or_else(|| self.is_its_turn(), |parent| parent.is_sampled()) {
            return RequestSpan::default();
        }
        if export.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE {
            export.waiting.fetch_sub(1, Ordering::Relaxed);
            self.metrics.spans_dropped(1);
            return RequestSpan::default();
        }
        let context = parent.map_or_else(Context::new, |parent| {
            let state = headers.get("tracestate").and_then(|value| value.to_str().ok()?.parse::<TraceState>().ok());
            Context::new().with_remote_span_context(parent.context(state.unwrap_or_default()))
        });
        let builder = export.tracer.span_builder(name).with_kind(SpanKind::Server);
        RequestSpan { span: Some(export.tracer.build_with_context(builder, &context)) }
    }

    /// Sends what waits, for at most so long. Blocks its thread.
    pub fn shutdown(&self, timeout: Duration) {
        if let Some(export) = &self.export
            && let Err(error) = export.provider.shutdown_with_timeout(timeout)
        {
            tracing::warn!(%error, "the last spans could not be exported");
        }
    }

    /// Spreads the share evenly over the requests: a Weyl sequence visits every value of 32 bits once a round.
    fn is_its_turn(&self) -> bool {
        const STEP: u64 = 2_654_435_769;
        let turn = self.turn.fetch_add(STEP, Ordering::Relaxed) & 0xffff_ffff;
        turn < self.share
    }
}

impl RequestSpan {
    /// The fields of W3C Trace Context for what the request causes: the span's own if it has one, else the caller's.
    pub fn fields(&self, headers: &HeaderMap) -> Vec<(&'static CStr, Bytes)> {
        let callers = || headers.get("traceparent").and_then(|value| TraceParent::parse(value.as_bytes()));
        let parent = self.span.as_ref().map(|span| TraceParent::of(span.span_context())).or_else(callers);
        let Some(parent) = parent else { return Vec::new() };
        let state = headers.get("tracestate").map(|value| (c"tracestate", Bytes::copy_from_slice(value.as_bytes())));
        std::iter::once((c"traceparent", Bytes::from(parent.to_text()))).chain(state).collect()
    }

    /// Ends the span with what the request came to. One that is dropped instead ends without it.
    pub fn end(mut self, status: u16) {
        if let Some(mut span) = self.span.take() {
            span.set_attribute(KeyValue::new("messaging.system", "kafka"));
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
            if status >= 500 {
                span.set_status(Status::error(""));
            }
            span.end();
        }
    }
}

impl Export {
    fn new(endpoint: &str, metrics: &Arc<Metrics>) -> Result<Self, opentelemetry_otlp::ExporterBuildError> {
        let exporter =
            OtlpExporter::builder().with_tonic().with_endpoint(endpoint).with_timeout(EXPORT_TIMEOUT).build()?;
        let waiting = Arc::new(AtomicUsize::new(0));
        let counted = Counted { exporter, waiting: Arc::clone(&waiting), metrics: Arc::clone(metrics) };
        let batches = BatchConfigBuilder::default().with_max_queue_size(QUEUE).build();
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::AlwaysOn)
            .with_resource(Resource::builder().with_service_name("forebay").build())
            .with_span_processor(BatchSpanProcessor::builder(counted).with_batch_config(batches).build())
            .build();
        Ok(Self { tracer: provider.tracer("forebay"), provider, waiting })
    }
}

/// An exporter that counts what leaves the queue and what is lost.
#[derive(Debug)]
struct Counted<E> {
    exporter: E,
    waiting: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.exporter.export(batch).await;
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        if result.is_err() {
            self.metrics.spans_dropped(spans);
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
