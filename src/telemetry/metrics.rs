//! Every metric, one list (contract, section 8), in a registry of its own.
use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::domain::refusal::Code;

/// Seconds, for what happens on the way of a request: 50 µs to 1 s.
const REQUEST_BUCKETS: [f64; 12] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.25, 1.0];
/// Seconds, for what reaches disks and other nodes: 1 ms to 10 s.
const SLOW_BUCKETS: [f64; 11] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// An upstream: its route's place in the file, and its own in the route.
const UPSTREAM: [&str; 2] = ["route", "upstream"];
/// What failed there, too.
const UPSTREAM_KIND: [&str; 3] = ["route", "upstream", "kind"];

/// The metrics of one process. Times are in seconds.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    /// `chaperone_requests_total{route,outcome}`: requests of the data plane; `route` is its place in the file, from 0.
    pub requests_total: IntCounterVec,
    /// `chaperone_refusals_total{code}`: refusals by their leading code. Few codes: ours, and those in policies.
    pub refusals_total: IntCounterVec,
    /// `chaperone_forged_headers_total`: identity headers that clients tried to forge.
    pub forged_headers_total: IntCounter,
    /// `chaperone_decision_seconds`: one decision by policy.
    pub decision_seconds: Histogram,
    /// `chaperone_overhead_seconds`: what a request spends in chaperone, without the app.
    pub overhead_seconds: Histogram,
    /// `chaperone_sessions_live{mode}`: `consented` or `emergency`.
    pub sessions_live: IntGaugeVec,
    /// `chaperone_grants_live`: grants that have begun and not ended.
    pub grants_live: IntGauge,
    /// `chaperone_revocation_seconds`: from a revoke's arrival until nothing of the grant passes any more.
    pub revocation_seconds: Histogram,
    /// `chaperone_cache_hits`: sessions found in memory.
    pub cache_hits: IntCounter,
    /// `chaperone_cache_misses`: sessions read from the store.
    pub cache_misses: IntCounter,
    /// `chaperone_cache_entries`: sessions in memory.
    pub cache_entries: IntGauge,
    /// `chaperone_state_age_seconds`: how old what is known of grants is; beyond the lease nothing passes.
    pub state_age_seconds: Gauge,
    /// `chaperone_audit_records_total`: records written to the trail.
    pub audit_records_total: IntCounter,
    /// `chaperone_audit_flush_seconds`: one flush of the trail to disk.
    pub audit_flush_seconds: Histogram,
    /// `chaperone_audit_queue`: records that wait to be written.
    pub audit_queue: IntGauge,
    /// `chaperone_audit_checkpoints_total{result}`: checkpoints of the trail: `ok`, or `failed` and to be tried again.
    pub audit_checkpoints_total: IntCounterVec,
    /// `chaperone_policy_reloads_total{result}`: `ok` or `failed`.
    pub policy_reloads_total: IntCounterVec,
    /// `chaperone_reloads_total{what,result}`: files that were read again, by what they are: `ok` or `failed`.
    pub reloads_total: IntCounterVec,
    /// `chaperone_notices_sent_total{channel}`: notices that were accepted, by `email` or by `webhook`.
    pub notices_sent_total: IntCounterVec,
    /// `chaperone_notices_failed_total{channel}`: attempts that failed, and are made again.
    pub notices_failed_total: IntCounterVec,
    /// `chaperone_notices_given_up_total{channel}`: notices that could not be delivered for three days.
    pub notices_given_up_total: IntCounterVec,
    /// `chaperone_notices_waiting{channel}`: notices that wait to be sent.
    pub notices_waiting: IntGaugeVec,
    /// `chaperone_notices_age_seconds{channel}`: how old the oldest of them is.
    pub notices_age_seconds: IntGaugeVec,
    /// `chaperone_connections`: connections to the public listener.
    pub connections: IntGauge,
    /// `chaperone_connections_refused_total{reason}`: connections that were closed at once, for too many are open: in
    /// `all`, from their `address`, as TLS `handshakes`, or to the operators' listener (`ops`).
    pub connections_refused_total: IntCounterVec,
    /// `chaperone_upstream_errors_total{kind}`: apps that did not answer as they should.
    pub upstream_errors_total: IntCounterVec,
    /// `chaperone_upstream_connections{route,upstream}`: connections to one upstream; both by their place in the file, from 0.
    pub upstream_connections: IntGaugeVec,
    /// `chaperone_upstream_idle_connections{route,upstream}`: those of HTTP/1.1 that wait for a request.
    pub upstream_idle_connections: IntGaugeVec,
    /// `chaperone_upstream_up{route,upstream}`: 1 while an upstream gets requests.
    pub upstream_up: IntGaugeVec,
    /// `chaperone_upstream_failures_total{route,upstream,kind}`: what failed at an upstream, whether or not another one answered.
    pub upstream_failures_total: IntCounterVec,
    /// `chaperone_upstream_retries_total{route}`: requests of which nothing had been sent, tried again.
    pub upstream_retries_total: IntCounterVec,
}

impl Metrics {
    /// Registers every metric, with those of the process and `chaperone_build_info{version}`.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let list = List(Registry::new());
        let build = list.gauges("build_info", "Always 1: the version that runs.", "version");
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        list.add(ProcessCollector::for_self());
        let metrics = Self {
            requests_total: list.counters("requests_total", "Requests of the data plane.", &["route", "outcome"]),
            refusals_total: list.counters("refusals_total", "Refusals by their leading code.", &["code"]),
            forged_headers_total: list.counter("forged_headers_total", "Identity headers that clients tried to forge."),
            decision_seconds: list.histogram("decision_seconds", "One decision by policy.", &REQUEST_BUCKETS),
            overhead_seconds: list.histogram("overhead_seconds", "A request's time without the app.", &REQUEST_BUCKETS),
            sessions_live: list.gauges("sessions_live", "Live support sessions.", "mode"),
            grants_live: list.gauge("grants_live", "Grants that have begun and not ended."),
            revocation_seconds: list.histogram("revocation_seconds", "A revoke, until nothing passes.", &SLOW_BUCKETS),
            cache_hits: list.counter("cache_hits", "Sessions found in memory."),
            cache_misses: list.counter("cache_misses", "Sessions read from the store."),
            cache_entries: list.gauge("cache_entries", "Sessions in memory."),
            state_age_seconds: list.seconds("state_age_seconds", "How old what is known of grants is."),
            audit_records_total: list.counter("audit_records_total", "Records written to the trail."),
            audit_flush_seconds: list.histogram(
                "audit_flush_seconds",
                "One flush of the trail to disk.",
                &SLOW_BUCKETS,
            ),
            audit_queue: list.gauge("audit_queue", "Records that wait to be written."),
            audit_checkpoints_total: list.counters("audit_checkpoints_total", "Checkpoints of the trail.", &["result"]),
            policy_reloads_total: list.counters("policy_reloads_total", "Reloads of the policies.", &["result"]),
            reloads_total: list.counters("reloads_total", "Changed files that were read again.", &["what", "result"]),
            notices_sent_total: list.counters("notices_sent_total", "Notices that were accepted.", &["channel"]),
            notices_failed_total: list.counters("notices_failed_total", "Attempts that failed.", &["channel"]),
            notices_given_up_total: list.counters("notices_given_up_total", "Notices never accepted.", &["channel"]),
            notices_waiting: list.gauges("notices_waiting", "Notices that wait to be sent.", "channel"),
            notices_age_seconds: list.gauges("notices_age_seconds", "How old the oldest of them is.", "channel"),
            connections: list.gauge("connections", "Connections to the public listener."),
            connections_refused_total: list.counters(
                "connections_refused_total",
                "Connections closed at once, for too many are open.",
                &["reason"],
            ),
            upstream_errors_total: list.counters("upstream_errors_total", "Apps that did not answer.", &["kind"]),
            upstream_connections: list.gauges_of("upstream_connections", "Connections to an upstream.", &UPSTREAM),
            upstream_idle_connections: list.gauges_of("upstream_idle_connections", "Those that wait.", &UPSTREAM),
            upstream_up: list.gauges_of("upstream_up", "1 while an upstream gets requests.", &UPSTREAM),
            upstream_failures_total: list.counters(
                "upstream_failures_total",
                "What failed at an upstream.",
                &UPSTREAM_KIND,
            ),
            upstream_retries_total: list.counters("upstream_retries_total", "Requests tried again.", &["route"]),
            registry: list.0,
        };
        metrics.begin_at_zero();
        Arc::new(metrics)
    }

    /// Series whose labels are known from the start exist from the start, so that a first event is an increase.
    fn begin_at_zero(&self) {
        for code in Code::ALL {
            self.refusals_total.with_label_values(&[code.as_str()]);
        }
        for mode in ["consented", "emergency"] {
            self.sessions_live.with_label_values(&[mode]);
        }
        for reason in ["all", "address", "handshakes", "ops"] {
            self.connections_refused_total.with_label_values(&[reason]);
        }
        for channel in ["email", "webhook"] {
            for counter in [&self.notices_sent_total, &self.notices_failed_total, &self.notices_given_up_total] {
                counter.with_label_values(&[channel]);
            }
            self.notices_waiting.with_label_values(&[channel]);
            self.notices_age_seconds.with_label_values(&[channel]);
        }
        for result in ["ok", "failed"] {
            self.policy_reloads_total.with_label_values(&[result]);
            self.audit_checkpoints_total.with_label_values(&[result]);
        }
    }

    /// All of them in Prometheus's text format (version 0.0.4).
    #[must_use]
    pub fn render(&self) -> String {
        let rendered = TextEncoder::new().encode_to_string(&self.registry.gather());
        rendered.unwrap_or_else(|error| format!("# the metrics cannot be rendered: {error}\n"))
    }
}

/// The list while it is made.
struct List(Registry);

#[expect(clippy::expect_used, reason = "names and labels are constants of this file: a test makes every metric")]
impl List {
    fn add(&self, metric: impl Collector + 'static) {
        self.0.register(Box::new(metric)).expect("no name is taken twice");
    }

    fn added<M: Collector + Clone + 'static>(&self, made: prometheus::Result<M>) -> M {
        let metric = made.expect("names and labels are well-formed");
        self.add(metric.clone());
        metric
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.added(IntCounter::with_opts(options(name, help)))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.added(IntCounterVec::new(options(name, help), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.added(IntGauge::with_opts(options(name, help)))
    }

    fn gauges(&self, name: &str, help: &str, label: &str) -> IntGaugeVec {
        self.gauges_of(name, help, &[label])
    }

    fn gauges_of(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.added(IntGaugeVec::new(options(name, help), labels))
    }

    fn seconds(&self, name: &str, help: &str) -> Gauge {
        self.added(Gauge::with_opts(options(name, help)))
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        let options = HistogramOpts::new(name, help).namespace("chaperone").buckets(buckets.to_vec());
        self.added(Histogram::with_opts(options))
    }
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("chaperone")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The contract's list, section 8, the series of labels that are unknown at start, `audit_checkpoints_total`, whose
    /// failures leave a tail un-anchored, those of connections and notices, and `reloads_total`, which tells of
    /// certificates and issuers' keys what `policy_reloads_total` tells of policies.
    const NAMES: [&str; 33] = [
        "audit_checkpoints_total",
        "audit_flush_seconds",
        "audit_queue",
        "audit_records_total",
        "build_info",
        "cache_entries",
        "cache_hits",
        "cache_misses",
        "connections",
        "connections_refused_total",
        "decision_seconds",
        "forged_headers_total",
        "grants_live",
        "notices_age_seconds",
        "notices_failed_total",
        "notices_given_up_total",
        "notices_sent_total",
        "notices_waiting",
        "overhead_seconds",
        "policy_reloads_total",
        "reloads_total",
        "refusals_total",
        "requests_total",
        "revocation_seconds",
        "sessions_live",
        "state_age_seconds",
        "upstream_connections",
        "upstream_errors_total",
        "upstream_failures_total",
        "upstream_idle_connections",
        "upstream_retries_total",
        "upstream_up",
        "process_",
    ];

    #[test]
    fn the_list_is_the_contracts_no_more_and_no_less() {
        let metrics = Metrics::new();
        metrics.requests_total.with_label_values(&["0", "permitted"]).inc();
        metrics.upstream_errors_total.with_label_values(&["unreachable"]).inc();
        metrics.reloads_total.with_label_values(&["policies", "ok"]).inc();
        for gauges in [&metrics.upstream_connections, &metrics.upstream_idle_connections, &metrics.upstream_up] {
            gauges.with_label_values(&["0", "0"]).set(1);
        }
        metrics.upstream_failures_total.with_label_values(&["0", "0", "connect"]).inc();
        metrics.upstream_retries_total.with_label_values(&["0"]).inc();
        let text = metrics.render();
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let shown: BTreeSet<&str> =
            types.map(|name| if name.starts_with("process_") { "process_" } else { name }).collect();
        let named = |name: &str| if name == "process_" { name.to_owned() } else { format!("chaperone_{name}") };
        let wanted: Vec<String> = NAMES.into_iter().map(named).collect();
        assert_eq!(shown, wanted.iter().map(String::as_str).collect());
    }

    #[test]
    fn every_code_begins_at_zero_and_counts() {
        let metrics = Metrics::new();
        metrics.refusals_total.with_label_values(&["no-session"]).inc();
        let text = metrics.render();
        assert!(text.contains("chaperone_refusals_total{code=\"no-session\"} 1\n"), "{text}");
        assert!(text.contains("chaperone_refusals_total{code=\"policy-error\"} 0\n"), "{text}");
        assert!(text.contains(concat!("chaperone_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1\n")));
    }

    #[test]
    fn two_lists_in_one_process_do_not_meet() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.forged_headers_total.inc();
        assert_eq!(other.forged_headers_total.get(), 0);
    }
}
