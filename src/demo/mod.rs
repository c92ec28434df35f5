//! what `chaperone demo` runs: a sample customer app, sample identities, seeded state.
