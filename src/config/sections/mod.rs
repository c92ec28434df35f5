//! The parts of the configuration, a file for each, in the order of the contract.
//!
//! * `server`: the listeners, and the vendor's name and addresses.
//! * `route` with `headers`: where requests go and what they carry; `reach`: how the app is reached.
//! * `people`: who engineers and members are.
//! * `state`: store, policy and trail.
//! * `rights`: limits of grants, requests, sessions and emergencies.
//! * `limits`: limits of clients.
//! * `notify`: who is told, and by which ways.
//! * `support`: support requests, and the ticket system.
mod headers;
mod limits;
mod notify;
mod people;
mod reach;
mod rights;
mod route;
mod server;
mod state;
mod support;

use crate::domain::time::Span;

use super::section::Section;
use super::types::Config;
use super::values;

/// The whole file.
pub(super) fn config(root: &mut Section<'_>) -> Option<Config> {
    let server = root.required("server").and_then(|item| item.table(server::server));
    let public_url = server.as_ref().map(|server| server.public_url.as_str()).unwrap_or_default();
    let ops = root.table_or_default("ops", |s| server::ops(s, server.as_ref().map(|server| server.listen)));
    let vendor = root.table_or_default("vendor", |s| Some(server::vendor(s, public_url)));
    let routes = route::routes(root, public_url);
    let staff = root.required("staff").and_then(|item| item.table(people::staff));
    let customers = root.required("customers").and_then(|item| item.table(|s| people::customers(s, staff.as_ref())));
    let store = root.table_or_default("store", |s| Some(state::store(s)));
    let policy = root.table_or_default("policy", |s| Some(state::policy(s)));
    let grants = root.table_or_default("grants", |s| Some(rights::grants(s)));
    let requests = root.table_or_default("requests", |s| Some(rights::requests(s)));
    let sessions = root.table_or_default("sessions", |s| Some(rights::sessions(s)));
    let longest = grants.as_ref().map_or(Span::ZERO, |grants| grants.max);
    let place = store.as_ref().map(|store| store.path.clone()).unwrap_or_default();
    let support_requests =
        root.table_or_default("support_requests", |s| Some(support::support_requests(s, longest, &place)));
    let tickets = root.table("tickets", support::tickets);
    let emergency = root.table_or_default("emergency", |s| Some(rights::emergency(s)));
    let audit = root.table_or_default("audit", |s| Some(state::audit(s)));
    let limits = root.table_or_default("limits", |s| Some(limits::limits(s)));
    let trusted_gates = root.tables("trusted_gate", |s| s.required("jwks_url")?.parsed(values::fetched));
    let notify = root.table_or_default("notify", |s| Some(notify::notify(s)));
    Some(Config {
        server: server?,
        ops: ops?,
        vendor: vendor?,
        routes: routes?,
        staff: staff?,
        customers: customers?,
        store: store?,
        policy: policy?,
        grants: grants?,
        requests: requests?,
        sessions: sessions?,
        support_requests: support_requests?,
        tickets,
        emergency: emergency?,
        audit: audit?,
        limits: limits?,
        notify: notify?,
        trusted_gates: trusted_gates.unwrap_or_default(),
    })
}
