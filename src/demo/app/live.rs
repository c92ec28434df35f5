//! Two streams that end with the consent: a ticker (server-sent events) and an echo (WebSocket).
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use http::StatusCode;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use askama::Template;

use crate::demo::web;

use super::App;
use super::dashboard::Frame;
use super::problem::AppProblem;
use super::visitor::Visitor;

/// How often the ticker ticks.
const TICK: Duration = Duration::from_secs(1);

/// `GET /w/{workspace}/events`: what clients owe, once a second.
pub(super) async fn ticker(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
) -> Result<Response, AppProblem> {
    visitor.expect_own(&workspace)?;
    let stop = app.stop.clone().cancelled_owned();
    let ticks = stream::unfold((app, workspace, tokio::time::interval(TICK)), |(app, workspace, mut timer)| async {
        timer.tick().await;
        let outstanding = app.books().ledger(&workspace)?.outstanding().to_string();
        let event = Event::default().event("tick").data(
            json!({
                "at": app.clock.now().to_string(), "outstanding": outstanding,
            })
            .to_string(),
        );
        Some((Ok::<_, Infallible>(event), (app, workspace, timer)))
    });
    Ok(Sse::new(ticks.take_until(stop)).into_response())
}

#[derive(Template)]
#[template(path = "app/live.html")]
struct Page {
    frame: Frame,
}

/// `GET /w/{workspace}/live`: the echo for a WebSocket, and for a browser the page that talks to it.
pub(super) async fn page_or_socket(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(workspace): Path<String>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, AppProblem> {
    visitor.expect_own(&workspace)?;
    if let Ok(upgrade) = upgrade {
        let stop = app.stop.clone();
        return Ok(upgrade.on_upgrade(|socket| echo(socket, stop)));
    }
    let books = app.books();
    let frame = Frame::new(&visitor, visitor.own(&books, &workspace)?, "Live");
    Ok(web::page(StatusCode::OK, &Page { frame }))
}

/// Sends back what comes, until either side leaves or the demo ends.
async fn echo(mut socket: WebSocket, stop: CancellationToken) {
    while let Some(Some(Ok(message))) = stop.run_until_cancelled(socket.recv()).await {
        match message {
            Message::Text(_) | Message::Binary(_) => {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Close(_) => return,
        }
    }
}
