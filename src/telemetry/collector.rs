//! Sends ended spans to a collector: OTLP over HTTP, in JSON.
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_rustls::HttpsConnectorBuilder;
use opentelemetry::KeyValue;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long a collector may take for one batch.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long spans are gathered into one batch.
const GATHER: Duration = Duration::from_millis(500);
/// The largest batch, in spans.
const BATCH: usize = 512;

/// Why nothing can be sent to the collector.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// The system's authorities cannot be read.
    #[error("cannot read the system's certificate authorities, for `ops.traces`")]
    Authorities(#[source] std::io::Error),
    /// The exporter does not like the address.
    #[error("cannot send traces to `{url}` (`ops.traces`)")]
    Exporter {
        /// The collector's address.
        url: Uri,
        /// Why.
        #[source]
        source: ExporterBuildError,
    },
}

/// What sends to the collector at `url`.
pub(super) fn exporter(url: &Uri) -> Result<SpanExporter, CollectorError> {
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .map_err(CollectorError::Authorities)?
        .https_or_http()
        .enable_http1()
        .build();
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(HyperClient::new(connector, PATIENCE, None))
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(url.to_string())
        .with_timeout(PATIENCE)
        .build()
        .map_err(|source| CollectorError::Exporter { url: url.clone(), source })?;
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    exporter.set_resource(&Resource::builder().with_service_name("chaperone").with_attribute(version).build());
    Ok(exporter)
}

/// Sends what ends, in batches, until `stop`; then what is left.
pub(super) async fn send(exporter: SpanExporter, mut ended: mpsc::Receiver<SpanData>, stop: CancellationToken) {
    let mut reachable = true;
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            () = stop.cancelled() => ended.close(),
            () = tokio::time::sleep(GATHER) => {}
        }
        if ended.is_empty() {
            if ended.is_closed() {
                return;
            }
            continue;
        }
        ended.recv_many(&mut batch, BATCH).await;
        match exporter.export(std::mem::take(&mut batch)).await {
            Ok(()) => reachable = true,
            // Once, until it is back: a collector that is away is no reason to fill the log.
            Err(error) if std::mem::replace(&mut reachable, false) => {
                tracing::warn!(%error, "the collector takes no traces; what ends meanwhile is lost");
            }
            Err(_) => {}
        }
    }
}
