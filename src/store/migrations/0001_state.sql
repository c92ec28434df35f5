-- The whole state. Times are milliseconds since 1970, ids are text, lists are JSON text.
-- What is removed leaves its row with `deleted_at`: ended sessions and old grants still point at it.

CREATE TABLE workspaces (
    id               TEXT    NOT NULL PRIMARY KEY,
    name             TEXT    NOT NULL,
    plan             TEXT    NOT NULL,
    forced_sso       BOOLEAN NOT NULL,
    region           TEXT    NOT NULL,
    emergency_access TEXT    NOT NULL,
    labels           TEXT    NOT NULL,
    deleted_at       BIGINT
);

-- told_at: when the last word on the member was spoken: the directory's write, or a token's `iat`.
CREATE TABLE members (
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    id         TEXT   NOT NULL,
    email      TEXT   NOT NULL,
    role       TEXT   NOT NULL,
    told_at    BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (workspace, id)
);

CREATE TABLE engineers (
    id           TEXT    NOT NULL PRIMARY KEY,
    email        TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    teams        TEXT    NOT NULL,
    organization TEXT    NOT NULL,
    disabled     BOOLEAN NOT NULL,
    deleted_at   BIGINT
);

CREATE TABLE grants (
    id                 TEXT   NOT NULL PRIMARY KEY,
    workspace          TEXT   NOT NULL REFERENCES workspaces (id),
    subject            TEXT   NOT NULL,
    access             TEXT   NOT NULL,
    origin             TEXT   NOT NULL,
    starts_at          BIGINT NOT NULL,
    expires_at         BIGINT,
    named_engineers    TEXT,
    named_teams        TEXT,
    named_organization TEXT,
    ticket             TEXT,
    purpose            TEXT,
    scope              TEXT,
    created_at         BIGINT NOT NULL,
    revoked_at         BIGINT,
    revoked_by         TEXT,
    revision           BIGINT NOT NULL
);
CREATE INDEX grants_of_workspace ON grants (workspace, id);

CREATE TABLE sessions (
    id           TEXT   NOT NULL PRIMARY KEY,
    token_hash   BLOB   NOT NULL UNIQUE,
    workspace    TEXT   NOT NULL REFERENCES workspaces (id),
    subject      TEXT   NOT NULL,
    engineer     TEXT   NOT NULL REFERENCES engineers (id),
    grant_id     TEXT   NOT NULL REFERENCES grants (id),
    reason       TEXT   NOT NULL,
    ticket       TEXT,
    started_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    mfa_at       BIGINT,
    ended_at     BIGINT,
    ended_code   TEXT
);
CREATE INDEX sessions_of_workspace ON sessions (workspace, id);
CREATE INDEX sessions_of_engineer ON sessions (engineer);
CREATE INDEX sessions_of_grant ON sessions (grant_id);
CREATE INDEX sessions_ended ON sessions (ended_at);

CREATE TABLE api_keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    key_hash   BLOB   NOT NULL UNIQUE,
    name       TEXT   NOT NULL,
    scopes     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- The change feed. `workspace`, `thing` and `code` are filled as `kind` needs them.
CREATE TABLE changes (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT NOT NULL,
    workspace TEXT,
    thing     TEXT,
    code      TEXT
);

-- The trail's control-plane events, on their way to the journal.
CREATE TABLE events (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id  TEXT    NOT NULL UNIQUE,
    workspace TEXT,
    event     TEXT    NOT NULL,
    relayed   BOOLEAN NOT NULL
);
CREATE INDEX events_to_relay ON events (seq) WHERE NOT relayed;
CREATE INDEX events_of_workspace ON events (workspace, seq);

-- `made`: the id of what the first call made.
CREATE TABLE idempotency (
    caller     TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    digest     BLOB   NOT NULL,
    made       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
