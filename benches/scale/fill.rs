//! The rows: workspaces with an owner each, engineers, grants, and live sessions on the first of the grants.
use std::path::Path;

use chaperone::domain::time::{Clock, Span};
use chaperone::identity::SessionToken;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

/// How many live sessions a workspace has.
const SESSIONS_EACH: usize = 10;
/// How many live sessions an engineer has.
const SESSIONS_OF_AN_ENGINEER: usize = 20;
const DAY: Span = Span::from_seconds(86_400);

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) grants: usize,
    pub(crate) sessions: usize,
}

/// A live session.
pub(crate) struct Seat {
    pub(crate) workspace: String,
    pub(crate) grant: String,
    pub(crate) cookie: String,
}

impl Size {
    pub(crate) fn workspaces(self) -> usize {
        self.sessions / SESSIONS_EACH
    }

    fn engineers(self) -> usize {
        self.sessions / SESSIONS_OF_AN_ENGINEER
    }
}

/// Fills the store while no gate runs on it.
pub(crate) async fn fill(store: &Path, size: Size) -> Vec<Seat> {
    let mut store = SqliteConnectOptions::new().filename(store).connect().await.unwrap();
    let now = Clock::system().now().as_millis();
    let tomorrow = now + DAY.as_millis();
    let mut tx = store.begin().await.unwrap();
    let (workspaces, engineers) = (size.workspaces(), size.engineers());
    for (count, sql) in [
        (
            workspaces,
            "workspaces SELECT 'w-' || i, 'Customer ' || i, 'business', 0, 'eu', 'allowed', '[\"pilot\"]', NULL"
                .to_owned(),
        ),
        (workspaces, "members SELECT 'w-' || i, 'olga', 'olga@w-' || i || '.example', 'owner', 0, NULL".to_owned()),
        (
            engineers,
            format!(
                "engineers SELECT 'e-' || i, 'e-' || i || '@vendor.example', 'Engineer ' || i, '[\"emea\",\"support\"]', 'vendor', 0, NULL, 0, {now}"
            ),
        ),
        (
            size.grants,
            format!(
                "grants SELECT 'gr_' || printf('%032x', i), 'w-' || (i % {workspaces}), 'olga', 'full', 'direct', {now} - 60000, {tomorrow}, NULL, NULL, NULL, 'SUP-' || i, 'An invoice is wrong', NULL, {now} - 60000, NULL, NULL, 1"
            ),
        ),
    ] {
        let numbers = format!("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})");
        execute(&mut tx, &format!("{numbers} INSERT INTO {sql} FROM n")).await;
    }
    let mut seats = Vec::with_capacity(size.sessions);
    for i in 0..size.sessions {
        let token = SessionToken::mint();
        let sql =
            "INSERT INTO sessions (id, token_hash, workspace, subject, engineer, grant_id, reason, ticket, started_at,
                expires_at, last_seen_at, mfa_at)
            VALUES ($1, $2, $3, 'olga', $4, $5, 'An invoice shows the wrong currency', 'SUP-1042', $6, $7, $6, $6)";
        let (workspace, grant) = (format!("w-{}", i % workspaces), format!("gr_{i:032x}"));
        let query = sqlx::query(sql).bind(format!("se_{i:032x}")).bind(token.hash().as_bytes().to_vec());
        let query = query.bind(&workspace).bind(format!("e-{}", i % engineers)).bind(&grant);
        query.bind(now).bind(tomorrow).execute(&mut *tx).await.unwrap();
        seats.push(Seat { workspace, grant, cookie: format!("__Host-chaperone={}", token.reveal()) });
    }
    tx.commit().await.unwrap();
    store.close().await.unwrap();
    seats
}

async fn execute(store: &mut SqliteConnection, sql: &str) {
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(store)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}
