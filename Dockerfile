# CGM Data Insights as an image: packages by their hashes, browser files inside, no compiler, no package manager's cache,
# nobody's root. Runs with a read-only root file system; /data is the only place that is written (and /tmp, in memory).
# For a build that must give the same tomorrow, name the two bases by digest.

FROM node:22-trixie-slim AS node

FROM python:3.11-slim-trixie AS build
# npm fetches one file, the small build of plotly.js, whose sum stands in layouts/vendor.py.
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm

RUN python -m venv /opt/cgm-dash
COPY requirements.lock /src/
RUN /opt/cgm-dash/bin/python -m pip install --no-cache-dir --no-deps --require-hashes --requirement /src/requirements.lock

COPY setup.cfg pyproject.toml README.md app.py gunicorn.conf.py /src/
COPY callbacks /src/callbacks
COPY cgm_dash /src/cgm_dash
COPY ingestion /src/ingestion
COPY layouts /src/layouts
COPY sql /src/sql
RUN /opt/cgm-dash/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation /src \
    && cd / && /opt/cgm-dash/bin/python -m layouts.vendor \
    && /opt/cgm-dash/bin/python -m compileall -q /opt/cgm-dash/lib

FROM python:3.11-slim-trixie
# pg_dump of the database's own version, for backups of PostgreSQL.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-17 && rm -rf /var/lib/apt/lists/*
# A number, so that `runAsNonRoot` can be checked without the image's list of users.
RUN groupadd --gid 10001 cgm-dash \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin cgm-dash \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=build /opt/cgm-dash /opt/cgm-dash
ENV PATH=/opt/cgm-dash/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    CGM_DASH_DATA_DIR=/data \
    CGM_DASH_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8050
STOPSIGNAL SIGTERM
# What /healthz says while the process serves; the image has neither curl nor wget.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; assert u.urlopen('http://127.0.0.1:8050/healthz', timeout=4).read() == b'ok'"]
CMD ["cgm-dash", "serve"]
