//! What the five reference systems do, as running stories: one test for each sentence that is numbered, named after it.
//!
//! * `tsa`: Temporary Support Access.
mod tsa;
