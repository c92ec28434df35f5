-- Members who came to our own pages from the app: kept as hashes of their cookies, with nothing of what they may do.
CREATE TABLE member_sign_ins (
    token_hash   BLOB    NOT NULL PRIMARY KEY,
    workspace    TEXT    NOT NULL,
    member       TEXT    NOT NULL,
    impersonated BOOLEAN NOT NULL,
    expires_at   BIGINT  NOT NULL,
    FOREIGN KEY (workspace, member) REFERENCES members (workspace, id)
);

-- Tokens of the app's that were used for that, until they are too old anyway.
CREATE TABLE used_tokens (
    jti        TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
