-- Support requests. How far one has come follows from its times; who is on it, from the engineers whom its grant names.
CREATE TABLE support_requests (
    id          TEXT   NOT NULL PRIMARY KEY,
    workspace   TEXT   NOT NULL REFERENCES workspaces (id),
    subject     TEXT   NOT NULL,
    issue       TEXT   NOT NULL,
    tried       TEXT,
    expected    TEXT,
    grant_id    TEXT   NOT NULL REFERENCES grants (id),
    opened_at   BIGINT NOT NULL,
    started_at  BIGINT,
    resolved_at BIGINT,
    resolved_by TEXT,
    summary     TEXT
);
CREATE INDEX support_requests_of_workspace ON support_requests (workspace, id);

-- What came with them; the files lie beside the database, under these ids.
CREATE TABLE attachments (
    id              TEXT   NOT NULL PRIMARY KEY,
    support_request TEXT   NOT NULL REFERENCES support_requests (id),
    position        BIGINT NOT NULL,
    name            TEXT   NOT NULL,
    media           TEXT   NOT NULL,
    size            BIGINT NOT NULL,
    sha256          BLOB   NOT NULL
);
CREATE INDEX attachments_of_support_request ON attachments (support_request, position);

-- What a closed ticket takes back.
CREATE INDEX grants_of_ticket ON grants (ticket) WHERE ticket IS NOT NULL AND revoked_at IS NULL;
