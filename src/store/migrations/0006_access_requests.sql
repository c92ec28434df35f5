-- Access requests: an engineer asks, a member answers. `subject`: the member who must answer; null: any who may.
-- `outcome`: how it came to its end, with when, by whom, what was said, and the grant that an approval made; null while
-- it waits.
CREATE TABLE access_requests (
    id          TEXT   NOT NULL PRIMARY KEY,
    workspace   TEXT   NOT NULL REFERENCES workspaces (id),
    engineer    TEXT   NOT NULL REFERENCES engineers (id),
    subject     TEXT,
    access      TEXT   NOT NULL,
    lasts       BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    ticket      TEXT,
    purpose     TEXT,
    created_at  BIGINT NOT NULL,
    lapses_at   BIGINT NOT NULL,
    outcome     TEXT,
    closed_at   BIGINT,
    closed_by   TEXT,
    comment     TEXT,
    grant_id    TEXT REFERENCES grants (id)
);
CREATE INDEX access_requests_of_workspace ON access_requests (workspace, id);
CREATE INDEX access_requests_of_engineer ON access_requests (engineer, id);
-- The sweep asks every few seconds which have waited too long.
CREATE INDEX access_requests_waiting ON access_requests (lapses_at) WHERE outcome IS NULL;
