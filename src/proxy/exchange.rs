//! The spine: one request from its arrival to its answer, top to bottom. All branching is here; each arrow is a type.
use std::net::IpAddr;
use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;

use crate::domain::id::RequestId;
use crate::domain::time::{Timestamp, Uptime};
use crate::request::{Arrived, normalize, route};

use super::admit::admit;
use super::authorize::authorize;
use super::body::Body;
use super::forward::forward;
use super::gate::Gate;
use super::identify::identify;
use super::record::record;
use super::refuse::{TurnedAway, turn_away};

/// What is known of a request before it is understood.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    /// Its id.
    pub(super) id: RequestId,
    /// Wall time, read once.
    pub(super) now: Timestamp,
    /// For measuring how long it takes.
    pub(super) began: Uptime,
    /// The client's address.
    pub(super) peer: IpAddr,
    /// Whether it came over TLS.
    pub(super) secure: bool,
}

/// Answers one request.
pub(super) async fn exchange(
    gate: &Arc<Gate>,
    arrival: Arrival,
    head: Parts,
    body: Incoming,
) -> Response<Body> {
    match pass(gate, &arrival, &head, body).await {
        Ok(answer) => answer,
        Err(turned_away) => turn_away(gate, &arrival, &head, *turned_away),
    }
}

async fn pass(
    gate: &Arc<Gate>,
    arrival: &Arrival,
    head: &Parts,
    body: Incoming,
) -> Result<Response<Body>, Box<TurnedAway>> {
    let arrived = Arrived { head, secure: arrival.secure, peer: arrival.peer };
    let routed = route(normalize(arrived)?, &gate.routes)?;
    gate.metrics.forged_headers_total.inc_by(routed.request.forged.0.into());
    let identified = identify(routed, gate)?;
    let admitted = admit(identified, gate, arrival.now).await?;
    let permitted = authorize(admitted, gate, arrival)?;
    let recorded = record(permitted, gate, arrival).await?;
    let request = Request::from_parts(head.clone(), body);
    forward(recorded, request, gate, arrival).await
}
