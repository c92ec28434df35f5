-- When somebody first entered on a grant: one that nobody uses is listed for review.
ALTER TABLE grants ADD COLUMN entered_at BIGINT;
UPDATE grants SET entered_at = (SELECT MIN(started_at) FROM sessions WHERE sessions.grant_id = grants.id);
-- The end that was reminded of: another end is reminded of again.
ALTER TABLE grants ADD COLUMN reminded_of BIGINT;
-- The sweep asks again and again which ends are to be reminded of: those that were are not in it.
CREATE INDEX grants_to_remind ON grants (expires_at)
    WHERE revoked_at IS NULL AND (reminded_of IS NULL OR reminded_of <> expires_at);
