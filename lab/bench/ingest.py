"""MQTT → committed in SQLite behind Mosquitto: windows a second of the ingester's processor time, beside the bare parts of it.

The floor is what cannot be saved: a subscriber that only counts the same messages, and the same batches with ready-made tiles written
straight into the store.
"""

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.receiver import AT_ONCE
from ingest.stores.sqlite import SqliteStore
from ingest.tile import tiled
from lab.bench.cost import cpu
from lab.bench.job import Bench, Figure, Outcome
from lab.bench.processes import publisher, standing
from lab.bench.publisher import Orders
from lab.bench.windows import windows
from lab.chaos.storm import Site

BANDS, EACH = 10_000, 2
"""Bands, and windows of each."""
SAMPLES = 250
"""In 5 s at 50 Hz."""
TOGETHER = 40
"""Windows in one message: what a gateway of 200 bands hears within a commit of 1 s."""
LEAST = 0.25
"""Of the floor's speed: reading, checking, tiles and the catalog may take three times as long as what is bare."""


def run(bench: Bench) -> Outcome:
    site = bench.line(bench.folder, "mosquitto", "sqlite")
    orders = Orders(broker=f"mqtt://127.0.0.1:{site.port}", bands=BANDS, each=EACH, samples=SAMPLES, now=bench.now(), together=TOGETHER)
    with standing(site) as processes:
        with publisher(site, orders) as crowd:
            ingester = processes["ingester"].pid or 0
            before = cpu(ingester)
            seconds = crowd.publish(lambda part: bench.moved(0.6 * part))
            spent = (cpu(ingester) - before) / crowd.windows
        processes["ingester"].end()
        counting = _counted(site, orders, lambda part: bench.moved(0.6 + 0.3 * part))
    storing = _stored(bench.folder / "floor", orders)
    figures = [
        Figure("ingester", 1 / spent, "windows/s of processor time", "≥ 2,000"),
        Figure("ingester by the wall clock", BANDS * EACH / seconds, "windows/s"),
        Figure("bare subscriber that counts", 1 / counting, "windows/s of processor time"),
        Figure("straight into the store", 1 / storing, "windows/s of processor time"),
    ]
    return Outcome(figures, (counting + storing) / spent, LEAST, "counting and storing alone, beside the ingester")


def _counted(site: Site, orders: Orders, moved: Callable[[float], None]) -> float:
    """s of processor time for a window."""
    heard = 0

    def on_message(*_: object) -> None:
        nonlocal heard
        heard += 1

    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = on_message
    client.connect("127.0.0.1", site.port)
    client.subscribe([("keepup/1/home/+/data", 1)])
    client.loop_start()
    try:
        with publisher(site, orders.model_copy(update={"answered": False})) as crowd:
            heard, before = 0, time.process_time()
            crowd.publish(moved)
            return (time.process_time() - before) / max(heard * TOGETHER, 1)
    finally:
        client.disconnect()
        client.loop_stop()


def _stored(folder: Path, orders: Orders) -> float:
    """s of processor time for a window."""
    store, spent = SqliteStore(folder), 0.0
    found = windows(orders.bands, orders.each, orders.samples, orders.now)
    while batches := list(islice(found, AT_ONCE)):
        tiles = {batch.dev: tile for batch, tile in zip(batches, tiled(batches).reshape(-1, 1), strict=True)}
        before = time.process_time()
        store.write(batches, tiles, orders.now)
        spent += time.process_time() - before
    store.close()
    return spent / (orders.bands * orders.each)
