# One image for every verb; runs as nobody in particular and writes to its volumes only.
ARG BASE=python:3.13.9-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
COPY . .
RUN python -m venv /keepup && export PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
 && /keepup/bin/pip wheel --no-deps --wheel-dir /wheel . \
 && /keepup/bin/pip install /wheel/*.whl \
 && /keepup/bin/pip uninstall --yes pip

FROM ${BASE}
# A new volume is given the owner and mode of the folder that it covers.
RUN groupadd --gid 10001 keepup && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin keepup \
 && install -d -o keepup -g keepup -m 0700 /data /spool && install -d -o keepup -g keepup -m 0750 /tokens
COPY --from=build /keepup /keepup
ENV PATH=/keepup/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
ENTRYPOINT ["keepup"]
CMD ["--help"]
