-- Engineers look for workspaces by name, in pages.
CREATE INDEX workspaces_by_name ON workspaces (LOWER(name), id) WHERE deleted_at IS NULL;
-- Which grants of some workspaces are open: the many that are over are passed by without being read.
CREATE INDEX grants_in_workspace ON grants (workspace, expires_at) WHERE revoked_at IS NULL;
-- The queue: cases that nobody has resolved.
CREATE INDEX support_requests_unresolved ON support_requests (id) WHERE resolved_at IS NULL;
