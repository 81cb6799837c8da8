# One image for every process of Banc; the command picks which: `part dmp`, `play …`, `load …`.
# BASE: any image with Python 3.11 or later and its venv module.
# Where the package index needs settings, pass them as secrets, which leave no trace in the image:
#   docker build --secret id=pip_conf,src=… --secret id=ca,src=… .
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS packages
RUN python3 -m venv /opt/banc
COPY requirements.lock /tmp/
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca,target=/run/secrets/ca.pem \
    /opt/banc/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check \
    -r /tmp/requirements.lock

FROM ${BASE}
COPY --from=packages /opt/banc /opt/banc
COPY . /banc
RUN useradd --system --create-home banc && install -d -o banc /data \
    && /opt/banc/bin/python -m compileall -q /banc
ENV PATH=/opt/banc/bin:$PATH PYTHONPATH=/banc PYTHONUNBUFFERED=1 BANC_DATA_DIR=/data
WORKDIR /banc
USER banc
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "banc"]
CMD ["up"]
