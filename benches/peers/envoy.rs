//! Envoy's configuration: one listener, one of two authorizing filters, the router.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chaperone::request::COOKIE_SESSION;
use serde_json::{Value, json};

use super::requests::Session;

const TYPES: &str = "type.googleapis.com/envoy.extensions.filters";

/// A filter that knows `sessions` by itself: under `/w/{workspace}/` the cookies must hold one of the workspace's.
pub(crate) fn rbac(sessions: &[Session]) -> Value {
    let mut workspaces: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for Session { workspace, token } in sessions {
        let cookie = format!("{COOKIE_SESSION}={token}");
        let holder = json!({ "header": { "name": "cookie", "string_match": { "contains": cookie } } });
        workspaces.entry(workspace).or_default().push(holder);
    }
    let policy = |(workspace, holders): (&str, Vec<Value>)| {
        let under = json!({ "url_path": { "path": { "prefix": format!("/w/{workspace}/") } } });
        (workspace.to_owned(), json!({ "permissions": [under], "principals": holders }))
    };
    let policies: serde_json::Map<String, Value> = workspaces.into_iter().map(policy).collect();
    json!({
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": format!("{TYPES}.http.rbac.v3.RBAC"),
            "rules": { "action": "ALLOW", "policies": policies },
        },
    })
}

/// A filter that asks the authorizer at `authorizer`, over HTTP, and injects what that answers with.
pub(crate) fn ext_authz(authorizer: SocketAddr) -> Value {
    let exactly = |name: &str| json!({ "exact": name });
    json!({
        "name": "envoy.filters.http.ext_authz",
        "typed_config": {
            "@type": format!("{TYPES}.http.ext_authz.v3.ExtAuthz"),
            "transport_api_version": "V3",
            "allowed_headers": { "patterns": [exactly("cookie"), exactly("x-forwarded-for")] },
            "http_service": {
                "server_uri": { "uri": format!("http://{authorizer}"), "cluster": "authorizer", "timeout": "5s" },
                "authorization_response": {
                    "allowed_upstream_headers": {
                        "patterns": [{ "prefix": "x-chaperone-" }, exactly("remote-user")],
                    },
                },
            },
        },
    })
}

/// Writes a configuration with `filter` to `folder`.
pub(crate) fn configure(
    folder: &Path,
    listen: SocketAddr,
    app: SocketAddr,
    authorizer: Option<SocketAddr>,
    filter: &Value,
) -> anyhow::Result<PathBuf> {
    let clusters: Vec<Value> =
        [Some(cluster("app", app)), authorizer.map(|at| cluster("authorizer", at))].into_iter().flatten().collect();
    let listener = json!({
        "name": "peers",
        "address": address(listen),
        "filter_chains": [{ "filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": connection_manager(filter),
        }] }],
    });
    let file = folder.join("envoy.json");
    let whole = json!({ "static_resources": { "listeners": [listener], "clusters": clusters } });
    std::fs::write(&file, serde_json::to_vec_pretty(&whole)?)?;
    Ok(file)
}

fn connection_manager(filter: &Value) -> Value {
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": { "@type": format!("{TYPES}.http.router.v3.Router") },
    });
    json!({
        "@type": format!("{TYPES}.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "peers",
        "codec_type": "HTTP1",
        "use_remote_address": true,
        "http_filters": [filter, router],
        "route_config": { "virtual_hosts": [{
            "name": "app",
            "domains": ["*"],
            "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": "app" } }],
        }] },
    })
}

fn cluster(name: &str, at: SocketAddr) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address(at) } }] }],
        },
    })
}

fn address(at: SocketAddr) -> Value {
    json!({ "socket_address": { "address": at.ip().to_string(), "port_value": at.port() } })
}
