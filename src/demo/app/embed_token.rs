//! `POST /api/chaperone-token`: a short word from the app on who its user is, for the gate's embedded widget.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::App;
use super::problem::AppProblem;
use super::visitor::Visitor;

/// Mints a customer token for the visitor. Whoever acts in their login is named in `act`, so that the token can look
/// but never consent. (The gate refuses this path to support anyway; both would have to fail.)
pub(super) async fn mint(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Json<Value>, AppProblem> {
    let act = visitor.actor.map(|a| json!({"sub": a.id, "email": a.email}));
    let token = app
        .issuers
        .customer_token(visitor.member, act, app.clock.now())
        .map_err(|error| AppProblem::Gate(error.to_string()))?;
    Ok(Json(json!({"token": token})))
}
