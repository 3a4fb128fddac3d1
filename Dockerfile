# One image for every verb; runs as nobody in particular and writes to /data only.
FROM python:3.13.9-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN python -m venv /keepup && /keepup/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13.9-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin keepup && install -d -o keepup -g keepup -m 0700 /data
COPY --from=build /keepup /keepup
ENV PATH=/keepup/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
ENTRYPOINT ["keepup"]
CMD ["--help"]
