-- signed_by: the RFC 7638 thumbprint of the issuer's key that signed the sign-in by which the session began. When the
-- issuer withdraws that key, the session ends.
ALTER TABLE sessions ADD COLUMN signed_by TEXT;

-- told_at: when the newest staff token of the engineer was made that we have seen: an older one tells nothing new.
ALTER TABLE engineers ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;
