"""Which verbs a site is made of, and how each is started: secrets and bands' addresses in the environment, never on a command line."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from cli.options import BANDS
from cli.recordings import Placed
from cli.stored import STORE, TOKEN_FILE
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
    kept = line | _store(site)
    base = ["--base", site.web.base] if site.web.base else []
    listens = ["--port", str(site.broker.port)] if own else ca
    web = ["--host", site.web.host, "--port", str(site.web.port), *(word for allowed in site.web.allow for word in ("--allow", allowed))]
    found = [
        Part("ingest", ["ingest", folder, *name, *listens], kept | ({"KEEPUP_BROKER": ""} if own else {})),
        Part("watch", ["watch", folder, *name, "--channels", str(file), *base, *ca], kept),
        Part("serve", ["serve", folder, *name, *web], kept),
    ]
    if site.band:
        bands = " ".join(f"{one.id},{one.address},{one.driver},{one.zone.key}" for one in site.band)
        pace = ["--commit", str(site.collect.commit_s), "--budget", str(site.collect.budget_mb)]
        found.append(Part("collect", ["collect", str(site.folder / "spool.db"), *name, *ca, *pace], line | {BANDS: bands}))
    return [*found, *(Part(f"play-{n}", [*_play(site, one), *name, *ca], line) for n, one in enumerate(recordings, 1))]


def _store(site: Site) -> dict[str, str]:
    """What the file does not say is left as this process has it: readings must not go elsewhere than they went before."""
    said = {STORE: site.store.url, TOKEN_FILE: site.store.token_file}
    return {name: str(value) for name, value in said.items() if value}


def _play(site: Site, one: Placed) -> Iterator[str]:
    said = one.written
    yield from ("play", str(said.file), str(site.folder / f"{one.dev}.db"))
    yield from ("--dev", one.dev, "--moved", str(one.moved), "--began", str(one.began))
    yield from ("--speed", "max" if said.speed is None else str(said.speed))
    for option, value in (("--format", said.format), ("--zone", said.zone.key if said.zone else None), ("--band", said.band)):
        if value:
            yield from (option, value)
