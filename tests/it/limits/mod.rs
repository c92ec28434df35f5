//! What clients may use up, and what happens to those who take more: nothing, to everybody else.
//!
//! * `connections`: how many. `times`: how long. `bodies`: how much. `http2`: the same in streams. `rates`: how often.
//! * `disk`: what the gate itself may write.
//! * `raw`: a connection, byte by byte.
mod bodies;
mod connections;
mod disk;
mod http2;
mod rates;
mod raw;
mod times;
