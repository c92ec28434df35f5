-- What is asked of the whole table again and again must not read all of it.

-- The sweep asks every few seconds which sessions are over.
CREATE INDEX sessions_by_end ON sessions (expires_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_use ON sessions (last_seen_at) WHERE ended_at IS NULL;
-- Only of the ended ones: else it would be taken to find all that have not ended.
DROP INDEX sessions_ended;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- The metric counts the grants that are live. `revoked_at` is in it so that the rows themselves are not read.
CREATE INDEX grants_by_end ON grants (expires_at, starts_at, revoked_at) WHERE revoked_at IS NULL;

-- Housekeeping removes what is over.
CREATE INDEX sign_ins_by_end ON sign_ins (expires_at);
CREATE INDEX sign_ins_ended ON sign_ins (ended_at);
CREATE INDEX entry_codes_by_end ON entry_codes (expires_at);
CREATE INDEX entry_codes_of_session ON entry_codes (session);
CREATE INDEX entry_codes_of_sign_in ON entry_codes (sign_in);
