//! Stories about the control plane.
