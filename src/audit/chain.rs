//! How a record is written and hashed.
