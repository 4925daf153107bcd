# The whole service in one image: libpq, OpenSSL and SQLite are built from source by cargo.
FROM rust:1.95.0-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev make perl \
 && rm -rf /var/lib/apt/lists/*
# The image's own toolchain is the pinned one; without its extra components.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin cchc \
 && cp target/release/cchc /usr/local/bin/cchc

FROM debian:bookworm-slim
# Certificates are for S3-compatible storage over TLS.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/cchc --shell /usr/sbin/nologin cchc \
 && install -d -o cchc -g cchc -m 0700 /var/lib/cchc /var/lib/cchc/attachments
COPY --from=build /usr/local/bin/cchc /usr/local/bin/cchc
USER 10001
WORKDIR /var/lib/cchc
# What is free goes back to the system after 10 ms, and not after a second.
ENV CCHC_BIND=0.0.0.0:8080 CCHC_DATA_DIR=/var/lib/cchc MIMALLOC_PURGE_DELAY=10
VOLUME /var/lib/cchc
EXPOSE 8080
# SIGTERM finishes running requests; give it more than CCHC_SHUTDOWN_SECONDS (docker stop -t 35).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s CMD ["cchc", "health"]
ENTRYPOINT ["cchc"]
CMD ["serve"]
