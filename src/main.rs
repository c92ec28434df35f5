//! The binary: the allocator, and the one look at arguments and environment; everything else is in the library.
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    chaperone::cli::main(std::env::args_os(), std::env::vars_os())
}
