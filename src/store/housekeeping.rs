//! What is written without an event, for nobody decided it: when sessions and tokens were last seen, and rows that are
//! done with.
use crate::domain::id::{EngineerId, SessionId};
use crate::domain::time::{Span, Timestamp};

use super::columns::to_json;
use super::engineers;
use super::sqlite::{Store, StoreError};

/// How long ended sessions keep their cause, and calls can be repeated (contract, sections 1 and 4).
const KEPT: Span = Span::from_seconds(24 * 60 * 60);

/// How long it can be seen what became of a notice.
const NOTICES_KEPT: Span = Span::from_seconds(30 * 24 * 60 * 60);

/// How many changes stay for those who read the feed late.
const CHANGES_KEPT: i64 = 10_000;

impl Store {
    /// Writes back when sessions were last seen, in one statement; never moves a time backwards. Other writers wait
    /// meanwhile: give it a few hundred at a time.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        let seen: Vec<_> = seen.iter().map(|(id, at)| (id.as_str(), at.as_millis())).collect();
        let sql = "UPDATE sessions SET last_seen_at = seen.at
            FROM (SELECT value ->> 0 AS id, value ->> 1 AS at FROM json_each($1)) AS seen
            WHERE sessions.id = seen.id AND sessions.last_seen_at < seen.at";
        sqlx::query(sql).bind(to_json("sessions", &seen)?).execute(self.writer().await?).await?;
        Ok(())
    }

    /// Notes when a token was made that says of an engineer what is known; never moves the time backwards.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn told_again(&self, engineer: &EngineerId, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query(engineers::TELL).bind(engineer.as_str()).bind(at.as_millis()).execute(self.writer().await?).await?;
        Ok(())
    }

    /// Removes what nobody asks for any more: sessions and sign-ins that ended and calls that were made 24 hours ago, codes,
    /// members' sign-ins and used tokens whose time is over, old changes, notices that were sent 30 days ago.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        let before = now.as_millis().saturating_sub(KEPT.as_millis());
        let mut transaction = self.begin().await?;
        for sql in ["DELETE FROM sessions WHERE ended_at <= $1", "DELETE FROM idempotency WHERE created_at <= $1"] {
            sqlx::query(sql).bind(before).execute(&mut *transaction).await?;
        }
        for sql in [
            "DELETE FROM entry_codes WHERE expires_at <= $1",
            "DELETE FROM member_sign_ins WHERE expires_at <= $1",
            "DELETE FROM used_tokens WHERE expires_at <= $1",
        ] {
            sqlx::query(sql).bind(now.as_millis()).execute(&mut *transaction).await?;
        }
        let unused = "DELETE FROM sign_ins WHERE (ended_at <= $1 OR expires_at <= $1)
            AND id NOT IN (SELECT sign_in FROM bindings) AND id NOT IN (SELECT sign_in FROM entry_codes)";
        sqlx::query(unused).bind(before).execute(&mut *transaction).await?;
        sqlx::query("DELETE FROM changes WHERE seq <= (SELECT MAX(seq) FROM changes) - $1")
            .bind(CHANGES_KEPT)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM outbox WHERE settled_at <= $1")
            .bind(now.as_millis().saturating_sub(NOTICES_KEPT.as_millis()))
            .execute(&mut *transaction)
            .await?;
        // Whoever was to see it live has had the time, or sees it in the trail.
        sqlx::query("DELETE FROM outbox WHERE channel = 'live' AND created_at <= $1")
            .bind(before)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}
