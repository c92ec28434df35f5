# syntax=docker/dockerfile:1
# chaperone in a small image: built from source, run by a user without rights, state in one volume.
FROM rust:1.95-bookworm AS builder
WORKDIR /build
COPY . .
# The caches keep dependencies between builds; they are no part of a layer, so the program is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin chaperone \
    && cp target/release/chaperone /usr/local/bin/chaperone

FROM debian:bookworm-slim
# The authorities of the system, for fetching an issuer's keys over https.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/chaperone --shell /usr/sbin/nologin chaperone \
    && install --directory --owner chaperone --group chaperone --mode 0700 /var/lib/chaperone
COPY --from=builder /usr/local/bin/chaperone /usr/local/bin/chaperone

USER 10001:10001
WORKDIR /var/lib/chaperone
# The store, the trail and the signing key: paths in the configuration should lead here.
VOLUME /var/lib/chaperone
# The public listener. The operators' listener stays on loopback inside the container.
EXPOSE 8443

# Ready means: state is fresh, policies are loaded, the trail can be written.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["chaperone", "health", "--config", "/etc/chaperone/chaperone.toml"]

ENTRYPOINT ["chaperone"]
CMD ["serve", "--config", "/etc/chaperone/chaperone.toml"]
