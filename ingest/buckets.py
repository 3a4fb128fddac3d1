"""What a site needs of an InfluxDB 2 before it can store there: its buckets, and a token that may do no more than use them."""

from collections.abc import Iterable, Mapping, Sequence

from influxdb_client.domain.authorization import Authorization
from influxdb_client.domain.bucket import Bucket
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.domain.permission import Permission
from influxdb_client.domain.permission_resource import PermissionResource
from influxdb_client.domain.scraper_target_request import ScraperTargetRequest
from influxdb_client.rest import ApiException
from influxdb_client.service.scraper_targets_service import ScraperTargetsService

from ingest.batch import MICROS
from ingest.influx import Place, Server
from ingest.store import RAW_KEPT, REST_KEPT, TILES_KEPT, StoreUnavailable


def kept(at: Place) -> dict[str, int]:
    """Bucket → µs it keeps what it holds."""
    return {at.raw: RAW_KEPT, at.tiles: TILES_KEPT, at.rest: REST_KEPT}


def prepare(server: Server, org: str, wanted: Mapping[str, int]) -> dict[str, str]:
    """Makes each bucket (name → µs kept, 0 is for ever) unless it is there, and sets how long it keeps. Bucket → what was done.

    Nothing stored is lost by it, but what is older than a bucket is now told to keep. Raises `StoreUnavailable`.
    """
    number = _org(server, org)
    return {name: _prepared(server, number, name, time // MICROS) for name, time in wanted.items()}


def token(server: Server, org: str, names: Iterable[str], about: str, may: Sequence[str] = ("read", "write")) -> str:
    """A new token that may do this with these buckets and nothing else. Raises `StoreUnavailable`."""
    number = _org(server, org)
    found = {name: _bucket(server, number, name) for name in names}
    missing = ", ".join(name for name, bucket in found.items() if bucket is None)
    if missing:
        raise StoreUnavailable(f"There is no bucket {missing}. Make the buckets first: keepup influx init.")
    permissions = [
        Permission(action, PermissionResource(type="buckets", id=bucket.id, org_id=number))
        for bucket in found.values()
        if bucket is not None
        for action in may
    ]
    with server.spoken():
        asked = Authorization(org_id=number, permissions=permissions, description=about)
        return str(server.client.authorizations_api().create_authorization(authorization=asked).token)


def scrape(server: Server, org: str, name: str, address: str) -> None:
    """Has the server read an ingester's metrics at `address` into this bucket, every ten seconds. Raises `StoreUnavailable`."""
    number = _org(server, org)
    bucket = _bucket(server, number, name)
    if bucket is None:
        raise StoreUnavailable(f"There is no bucket {name}. Make the buckets first: keepup influx init.")
    with server.spoken():
        scrapers = ScraperTargetsService(server.client.api_client)
        if any((one.url, one.bucket_id) == (address, bucket.id) for one in scrapers.get_scrapers(org_id=number).configurations or ()):
            return
        asked = ScraperTargetRequest(name=f"KeepUp: into {name}", type="prometheus", url=address, org_id=number, bucket_id=bucket.id)
        scrapers.post_scrapers(asked)


def _prepared(server: Server, org: str, name: str, seconds: int) -> str:
    found = _bucket(server, org, name)
    rules = [BucketRetentionRules(type="expire", every_seconds=seconds)]
    with server.spoken():
        if found is None:
            server.client.buckets_api().create_bucket(bucket_name=name, org=org, retention_rules=rules)
            return "made"
        if [rule.every_seconds for rule in found.retention_rules or ()] == [seconds] or not (found.retention_rules or seconds):
            return "was there"
        found.retention_rules = rules
        server.client.buckets_api().update_bucket(found)
        return "was there, and keeps now as long as it should"


def _org(server: Server, name: str) -> str:
    with server.spoken():
        found = server.client.organizations_api().find_organizations(org=name)
    if not found:
        raise StoreUnavailable(f"The server has no organisation {name}. Check the name: influx org list shows them.")
    return str(found[0].id)


def _bucket(server: Server, org: str, name: str) -> Bucket | None:
    with server.spoken():
        try:
            found = server.client.buckets_api().find_buckets(name=name, org_id=org).buckets
        except ApiException as error:
            if error.status == 404:
                return None
            raise
    return found[0] if found else None
