//! From Cedar files to a checked [`super::Bundle`].

/// The schema: what policies may speak of.
pub const SCHEMA: &str = include_str!("../../policies/schema.cedarschema");

/// Every mistake in the policy files, each with file, line and what to do.
#[derive(Debug)]
pub struct PolicyErrors {}
