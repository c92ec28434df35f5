//! THE DATA PLANE, in the order a request meets it.
