//! A store of an earlier version is brought up to date, and nothing that lives in it is lost.
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::sqlite::MIGRATIONS;
use super::{Store, StoreError, sessions};
use crate::config;
use crate::domain::session::BasisId;
use crate::domain::time::Span;

/// A migration before sessions could stand on emergencies.
const BEFORE_EMERGENCIES: i64 = 5;

/// The file of an earlier version: ada's live session on a grant, in the browser of her sign-in, with a code on its way.
const LIVING: &str = "
    INSERT INTO workspaces VALUES ('acme', 'Acme', 'team', FALSE, '', 'allowed', '[]', NULL);
    INSERT INTO engineers (id, email, name, teams, organization, disabled) VALUES ('ada', 'ada@v', 'Ada', '[]', '', FALSE);
    INSERT INTO grants (id, workspace, subject, access, origin, starts_at, created_at, revision)
        VALUES ('gr_1', 'acme', 'olga', 'full', 'direct', 1, 1, 1);
    INSERT INTO sessions (id, token_hash, workspace, subject, engineer, grant_id, reason, started_at, expires_at, last_seen_at)
        VALUES ('se_1', x'01', 'acme', 'olga', 'ada', 'gr_1', 'the export hangs', 1, 9000000000000, 1);
    INSERT INTO sign_ins (id, token_hash, engineer, verified_at, expires_at) VALUES ('si_1', x'02', 'ada', 1, 9000000000000);
    INSERT INTO bindings VALUES ('se_1', 'si_1', NULL);
    INSERT INTO entry_codes VALUES (x'03', 'se_1', 'si_1', '/', 9000000000000);";

async fn earlier(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).foreign_keys(true);
    let mut connection = options.connect().await.unwrap();
    MIGRATIONS.run_to(BEFORE_EMERGENCIES, &mut connection).await.unwrap();
    sqlx::raw_sql(LIVING).execute(&mut connection).await.unwrap();
    connection
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(store.writer().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn live_sessions_keep_their_grant_their_browser_and_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    earlier(&path).await.close().await.unwrap();

    let store = Store::open(&config::Store { path, lease: Span::from_seconds(2) }).await.unwrap();
    let found = sessions::find(&mut store.read().await.unwrap(), &"se_1".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(found.basis, BasisId::Grant("gr_1".parse().unwrap()));
    assert_eq!(count(&store, "SELECT COUNT(*) FROM bindings").await, 1);
    assert_eq!(count(&store, "SELECT COUNT(*) FROM entry_codes").await, 1);
    assert_eq!(count(&store, "SELECT COUNT(*) FROM pragma_foreign_key_check").await, 0);
}

#[tokio::test]
async fn a_session_stands_on_exactly_one_basis_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    earlier(&path).await.close().await.unwrap();
    let store = Store::open(&config::Store { path, lease: Span::from_seconds(2) }).await.unwrap();
    for sql in [
        "UPDATE sessions SET grant_id = NULL",
        "UPDATE sessions SET grant_id = 'gr_2'",
        "UPDATE sessions SET grant_id = NULL, emergency_id = 'em_1'",
    ] {
        let refused = sqlx::query(sql).execute(store.writer().await.unwrap()).await;
        assert!(refused.map_err(StoreError::from).is_err(), "{sql}");
    }
}
