# Both stages use the same base. Python's minor version and Debian's release are fixed here; their
# security patches arrive with every rebuild. For builds that repeat to the byte, pass the digest of
# your registry's copy: --build-arg PYTHON_IMAGE=registry.example/python@sha256:…
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build

# --only-binary: no code of a dependency runs while it is installed, and no compiler is needed.
# /opt/venv has no pip; the pip of the base installs into it from outside.
# With OpenTelemetry, for SSO_TRACING: --build-arg LOCK=requirements-otel.lock
ARG LOCK=requirements.lock
WORKDIR /build
COPY requirements.lock requirements-otel.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/venv \
 && python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
      --only-binary=:all: --require-hashes --no-deps --requirement "${LOCK}" \
 && python -m pip install --no-cache-dir --root-user-action=ignore \
      --only-binary=:all: --require-hashes --no-deps --requirement requirements-build.lock

COPY pyproject.toml README.md LICENSE ./
COPY config/gunicorn.conf.py config/example.env config/destinations.example.toml config/
COPY app app
# Compile here, because the root of the running container is read-only. Unchecked hashes: the files
# never change again, a start does not look at the sources, and two builds make the same bytecode.
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
 && python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
      --no-index --no-deps dist/*.whl \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib


FROM ${PYTHON_IMAGE}

# A running service needs no package installer.
RUN python -B -m pip uninstall --yes --quiet --root-user-action=ignore pip setuptools wheel \
 && rm -r "$(python -Bc 'import ensurepip, os; print(os.path.dirname(ensurepip.__file__))')"

COPY --from=build /opt/venv /opt/venv
COPY config/healthcheck.py /opt/healthcheck.py

ARG VERSION=0.2.0
LABEL org.opencontainers.image.title="marketplace-sso" \
      org.opencontainers.image.description="Signs the users of a SaaS product into an embedded vendor marketplace" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT"

# SSO_BIND: nobody reaches the loopback of a container. The network that the container joins decides
# who reaches the port; AUTH_<NAME>_TRUSTED_PROXIES decides who is trusted there.
# PYTHONSAFEPATH: modules come from /opt/venv, never from the current folder.
ENV PATH=/opt/venv/bin:${PATH} \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    SSO_BIND=0.0.0.0:8000
EXPOSE 8000

# A number, so that Kubernetes can see that it is not root (runAsNonRoot). Any other number works:
# the service writes no files, and this user owns none.
USER 10001:10001

STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["python", "/opt/healthcheck.py"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
