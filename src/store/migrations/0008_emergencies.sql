-- Emergencies, from their declaration to their review. `approvals`: who approved and when, as a list; the `opened_` columns
-- are filled by the last approval that was needed. `ended_at`: when something ended one before its time.
CREATE TABLE emergencies (
    id                TEXT   NOT NULL PRIMARY KEY,
    workspace         TEXT   NOT NULL REFERENCES workspaces (id),
    subject           TEXT   NOT NULL,
    incident          TEXT   NOT NULL,
    reason_code       TEXT   NOT NULL,
    reason            TEXT   NOT NULL,
    declared_by       TEXT   NOT NULL REFERENCES engineers (id),
    declared_at       BIGINT NOT NULL,
    lapses_at         BIGINT NOT NULL,
    approvals         TEXT   NOT NULL,
    opened_by         TEXT,
    opened_at         BIGINT,
    opened_until      BIGINT,
    opened_event      TEXT,
    ended_at          BIGINT,
    reviewed_by       TEXT,
    reviewed_at       BIGINT,
    review_outcome    TEXT,
    review_comment    TEXT
);
CREATE INDEX emergencies_of_workspace ON emergencies (workspace, id);
CREATE INDEX emergencies_of_engineer ON emergencies (declared_by, id);
-- Few wait for anything; these are asked for by every engineer.
CREATE INDEX emergencies_that_wait ON emergencies (id) WHERE reviewed_at IS NULL;

-- A session stands on a grant or on an emergency. The column moves by itself, for a table that is dropped takes along
-- what refers to it (`bindings`, `entry_codes`).
ALTER TABLE sessions ADD COLUMN consent TEXT REFERENCES grants (id);
UPDATE sessions SET consent = grant_id;
DROP INDEX sessions_of_grant;
ALTER TABLE sessions DROP COLUMN grant_id;
ALTER TABLE sessions RENAME COLUMN consent TO grant_id;
ALTER TABLE sessions ADD COLUMN emergency_id TEXT REFERENCES emergencies (id)
    CHECK ((grant_id IS NULL) <> (emergency_id IS NULL));
CREATE INDEX sessions_of_grant ON sessions (grant_id);
CREATE INDEX sessions_of_emergency ON sessions (emergency_id) WHERE emergency_id IS NOT NULL;
