//! Asks an origin at intervals whether it is well. What is asked names nobody and carries no secret.
use std::sync::Arc;

use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Request, Uri};

use super::origin::{Failed, Origin};
use crate::config::{Check, HostMatch};
use crate::proxy::body::Outgoing;
use crate::telemetry::logs::chain;

/// Who asks.
const ASKER: HeaderValue = HeaderValue::from_static("chaperone-health-check");

/// Checks `origin` for ever, under the host that its route serves, if that is one.
pub(super) async fn check(origin: Arc<Origin>, check: Check, route: HostMatch) {
    let host = match route {
        HostMatch::Exact(host) => HeaderValue::try_from(host).ok(),
        HostMatch::Any => None,
    };
    let host = host.unwrap_or_else(|| origin.host().clone());
    let mut failed: u32 = 0;
    loop {
        let asked = tokio::time::timeout(check.interval, ask(&origin, &check.path, &host));
        match asked.await.unwrap_or_else(|_| Err("no answer within the interval".to_owned())) {
            Ok(()) => {
                failed = 0;
                origin.passed();
            }
            Err(why) => {
                failed = failed.saturating_add(1);
                origin.checks_failed(failed, &why);
            }
        }
        tokio::time::sleep(check.interval).await;
    }
}

async fn ask(origin: &Arc<Origin>, path: &str, host: &HeaderValue) -> Result<(), String> {
    let mut request = Request::new(Outgoing::Empty);
    *request.uri_mut() = path.parse::<Uri>().map_err(|error| error.to_string())?;
    request.headers_mut().insert(HOST, host.clone());
    request.headers_mut().insert(USER_AGENT, ASKER);
    match origin.send(request, host.to_str().unwrap_or_default()).await {
        Ok(answer) if answer.status().as_u16() < 400 => Ok(()),
        Ok(answer) => Err(format!("it answers {}", answer.status().as_u16())),
        Err(Failed::Unconnected(_, why) | Failed::Unsent(_, why) | Failed::Sent(why)) => Err(chain(&why)),
    }
}
