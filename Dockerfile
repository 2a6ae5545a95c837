# The gateway in an image. No container engine runs in our continuous integration, so this file is
# not built there: its steps are those of `make setup`, which `.ci/run` walks on every change.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 creditbridge
WORKDIR /app
COPY pyproject.toml README.md LICENSE requirements.lock ./
COPY src src
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
    && .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

USER creditbridge
VOLUME ["/etc/creditbridge", "/var/lib/creditbridge"]
ENTRYPOINT [".venv/bin/creditbridge"]
CMD ["serve", "--config", "/etc/creditbridge/creditbridge.toml"]
