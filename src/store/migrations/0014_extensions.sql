-- An access request may ask to extend a grant that is there instead of a new one.
ALTER TABLE access_requests ADD COLUMN extends TEXT REFERENCES grants (id);
