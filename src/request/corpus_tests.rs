//! Known attacks on gates, one table for each class: what reaches the app, or that nothing does.
