# The image of oO's pods (kubernetes/). CPU: `docker build -t oo .`; GPU: `--build-arg ENGINE=gpu`.
FROM debian:12-slim AS console
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends ca-certificates npm \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /console
COPY package.json package-lock.json ./
COPY scripts/setup_console.sh scripts/setup_console.sh
RUN mkdir -p oo/admin/static && scripts/setup_console.sh

FROM debian:12-slim
ARG ENGINE=cpu
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        ca-certificates gcc libc6-dev python3.11 python3.11-dev python3.11-venv postgresql-client wget \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 oo \
    && useradd --uid 10001 --gid 10001 --create-home oo \
    && install -d -o oo -g oo -m 0700 /var/lib/oo /run/oo /tmp/ray \
    && install -d -o oo -g oo /opt/oo
USER oo
WORKDIR /opt/oo/app
# what changes seldom comes first: the environment is built anew only when a lock is another
COPY --chown=oo:oo pyproject.toml README.md ./
COPY --chown=oo:oo requirements requirements
COPY --chown=oo:oo scripts/setup.sh scripts/setup.sh
COPY --chown=oo:oo oo oo
COPY --chown=oo:oo ml ml
COPY --chown=oo:oo deployments deployments
RUN scripts/setup.sh "$ENGINE"
COPY --chown=oo:oo --from=console /console/oo/admin/static/vendor oo/admin/static/vendor
COPY --chown=oo:oo configs configs
COPY --chown=oo:oo serve_config.yaml ./
# what stands in for HAProxy says "not yet" while there are no routes (oo/cli/haproxy.py)
RUN printf '#!/bin/sh\nexec /opt/oo/app/.venv/bin/python -I /opt/oo/app/oo/cli/haproxy.py host= "trusted=$FORWARDED_ALLOW_IPS" "a_second=$OO_LIMITS__REQUESTS_PER_SECOND" "tips_a_second=$OO_LIMITS__SESSION_TIPS_PER_SECOND" "$@"\n' > /opt/oo/haproxy \
    && chmod 0755 /opt/oo/haproxy
ENV PATH=/opt/oo/app/.venv/bin:$PATH \
    PYTHONPATH=/opt/oo/app \
    PYTHONUNBUFFERED=1
