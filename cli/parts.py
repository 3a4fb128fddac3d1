"""Which verbs a site is made of, and how each is started: secrets in the environment, never on a command line."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from cli.recordings import Placed
from cli.tree import Part
from config.settings import Site


def parts(site: Site, file: Path, recordings: Sequence[Placed]) -> list[Part]:
    """`file`: the site's, absolute. They may be started in any order."""
    folder, name = str(site.folder), ["--site", site.site]
    own = not (site.broker.url or site.broker.url_file)
    broker = f"mqtt://127.0.0.1:{site.broker.port}" if own else site.broker.url or str(site.broker.url_file)
    ca = ["--ca", str(site.broker.ca_file)] if site.broker.ca_file else []
    # the empty ones keep out what this process was given for other verbs
    line = {"KEEPUP_BROKER": broker, "KEEPUP_CHART": site.chart.url or str(site.chart.url_file or "")}
    base = ["--base", site.web.base] if site.web.base else []
    listens = ["--port", str(site.broker.port)] if own else ca
    web = ["--host", site.web.host, "--port", str(site.web.port), *(word for allowed in site.web.allow for word in ("--allow", allowed))]
    found = [
        Part("ingest", ["ingest", folder, *name, *listens], line | ({"KEEPUP_BROKER": ""} if own else {})),
        Part("watch", ["watch", folder, *name, "--channels", str(file), *base, *ca], line),
        Part("serve", ["serve", folder, *name, *web], line),
    ]
    if site.band:
        bands = [word for one in site.band for word in ("--band", f"{one.id},{one.address},{one.driver},{one.zone.key}")]
        found.append(Part("collect", ["collect", str(site.folder / "spool.db"), *name, *ca, *bands], line))
    return [*found, *(Part(f"play-{n}", [*_play(site, one), *name, *ca], line) for n, one in enumerate(recordings, 1))]


def _play(site: Site, one: Placed) -> Iterator[str]:
    said = one.written
    yield from ("play", str(said.file), str(site.folder / f"{one.dev}.db"))
    yield from ("--dev", one.dev, "--moved", str(one.moved), "--began", str(one.began))
    yield from ("--speed", "max" if said.speed is None else str(said.speed))
    for option, value in (("--format", said.format), ("--zone", said.zone.key if said.zone else None), ("--band", said.band)):
        if value:
            yield from (option, value)
