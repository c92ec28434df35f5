-- Notices on their way: a row for each event, channel and recipient, written in the transaction of the event.
-- id: the event's id, the channel and the recipient: the same however often it is sent. lane: what goes out in order.
-- prompted: shown to a member who was online; sent by e-mail only if they do not answer.
CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    event_id   TEXT    NOT NULL REFERENCES events (event_id),
    channel    TEXT    NOT NULL,
    recipient  TEXT    NOT NULL,
    address    TEXT,
    lane       TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    due_at     BIGINT  NOT NULL,
    attempts   BIGINT  NOT NULL,
    prompted   BOOLEAN NOT NULL,
    settled_at BIGINT,
    outcome    TEXT
);
CREATE INDEX outbox_waiting ON outbox (channel, lane, seq) WHERE settled_at IS NULL;
CREATE INDEX outbox_of_event ON outbox (event_id);
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;

-- Whom an event concerns: an engineer follows their own.
ALTER TABLE events ADD COLUMN engineer TEXT;
CREATE INDEX events_of_engineer ON events (engineer, seq) WHERE engineer IS NOT NULL;

CREATE INDEX outbox_live ON outbox (created_at) WHERE channel = 'live';

-- Owners and administrators are looked up with every notice.
CREATE INDEX members_in_charge ON members (workspace, role) WHERE deleted_at IS NULL AND role <> 'member';
