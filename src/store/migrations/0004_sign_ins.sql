-- Engineers' sign-ins by browser: kept as hashes of their cookies.
CREATE TABLE sign_ins (
    id          TEXT   NOT NULL PRIMARY KEY,
    token_hash  BLOB   NOT NULL UNIQUE,
    engineer    TEXT   NOT NULL REFERENCES engineers (id),
    verified_at BIGINT NOT NULL,
    mfa_at      BIGINT,
    signed_by   TEXT,
    expires_at  BIGINT NOT NULL,
    ended_at    BIGINT
);
CREATE INDEX sign_ins_of_engineer ON sign_ins (engineer);

-- Which sign-in a session that began in a browser belongs to. own_hash: the staff cookie at the session's own origin,
-- where it has one; else the sign-in's own cookie counts.
CREATE TABLE bindings (
    session  TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    sign_in  TEXT NOT NULL REFERENCES sign_ins (id),
    own_hash BLOB
);
CREATE INDEX bindings_of_sign_in ON bindings (sign_in);

-- Codes by which a browser enters a session's own origin: used once, kept as hashes.
CREATE TABLE entry_codes (
    code_hash  BLOB   NOT NULL PRIMARY KEY,
    session    TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    sign_in    TEXT   NOT NULL REFERENCES sign_ins (id),
    back       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);

-- When the engineer last called with a genuine staff token.
ALTER TABLE engineers ADD COLUMN verified_at BIGINT;
