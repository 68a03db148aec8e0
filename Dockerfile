# The image: no compiler, not root, works on a read-only root file system with /var/lib/utask and /tmp writable.
FROM python:3.11-slim-bookworm AS build
COPY requirements.txt /tmp/requirements.txt
RUN python -m venv /opt/utask && /opt/utask/bin/pip install --no-cache-dir --disable-pip-version-check -r /tmp/requirements.txt

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 utask \
    && useradd --system --uid 10001 --gid utask --home-dir /var/lib/utask --create-home --shell /usr/sbin/nologin utask \
    && chmod 700 /var/lib/utask
COPY --from=build /opt/utask /opt/utask
WORKDIR /app
COPY manage.py LICENSE ./
COPY utask_project utask_project
COPY tasks tasks
COPY actions actions
COPY init init
COPY templates_yaml templates_yaml
COPY static static
RUN /opt/utask/bin/python -m compileall -q /app
ARG COMMIT=""
ENV PATH=/opt/utask/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    UTASK_VAR=/var/lib/utask UTASK_BIND=0.0.0.0 PORT=8081 UTASK_COMMIT=$COMMIT
USER 10001:10001
VOLUME /var/lib/utask
EXPOSE 8081
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/unsecured/mon/ping', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "up"]
