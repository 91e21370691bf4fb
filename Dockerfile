# The command `taskback` as an image: by default the queue worker (`taskback work`), with its probes on port 8080.
#
#   docker build -t taskback .
#   docker run --env-file worker.env taskback
#
# Both images must have the same glibc, or the second a newer one. A binary that is built already is taken from the context
# instead of compiled: --build-arg BINARY=its/path. docs/deploy/containers.md has the settings, Kubernetes and KEDA.
ARG RUST_IMAGE=rust:1-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
ARG BINARY=
WORKDIR /source
COPY . .
RUN [ -n "$BINARY" ] || { cargo build --release --locked -p taskback-cli && BINARY=target/release/taskback; } && \
    install -D "$BINARY" /image/usr/local/bin/taskback && \
    install -D -m 644 /etc/ssl/certs/ca-certificates.crt -t /image/etc/ssl/certs

FROM ${BASE_IMAGE}
# The command, and the trusted authorities, which a slim image lacks.
COPY --from=build /image /
# No user of the image's own, and nothing to write: the root file system can be read-only.
USER 65532:65532
WORKDIR /
EXPOSE 8080
STOPSIGNAL SIGTERM
# As process 1 it handles SIGTERM and SIGINT and reaps the orphans of its steps; no init is needed.
ENTRYPOINT ["/usr/local/bin/taskback"]
CMD ["work", "--health", "0.0.0.0:8080"]
