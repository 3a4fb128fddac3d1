"""One site in one file: `keepup.toml` read, with every mistake in it named at once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from config.forms import VIRTUAL, Id, Present, Url, Zone, band_driver, pace, page_base, recording_format, sound_plan, store_address
from config.mistakes import Mistake, crossed, mistakes
from config.reach import channel_mistakes, reached
from detectors.plan.read import read as read_plan
from ingest.budget import BUDGET
from ingest.link import loopback

PATHS = {"folder", "plan", "file", "contacts"}
"""Keys that name a file or folder, beside those that end in _file: from the place of the toml file on."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ChartAt(Part):
    """Where the chart is; neither: in the site's folder."""

    url: Url | None = Field(default=None, examples=["postgresql+psycopg://localhost/keepup"])
    url_file: Present | None = None
    """Holds the address, where there is a password in it."""


class StoreAt(Part):
    """Where readings are kept; no url: in the site's folder, or where KEEPUP_STORE says."""

    url: Annotated[str, AfterValidator(store_address)] | None = Field(default=None, examples=["https://influx.example:8086/keepup"])
    token_file: Present | None = None


class BrokerAt(Part):
    """Neither url nor url_file: the site brings a broker of its own."""

    url: Url | None = Field(default=None, examples=["mqtts://broker.example:8883"])
    url_file: Present | None = None
    port: int = Field(default=1883, ge=1, le=65535, examples=[1883])
    """Of the site's own."""
    ca_file: Present | None = None


class WebAt(Part):
    host: str = Field(default="127.0.0.1", examples=["127.0.0.1"])
    port: int = Field(default=8080, ge=1, le=65535, examples=[8080])
    allow: list[str] = Field(default=[], examples=[["keepup.example.org"]])
    base: Annotated[str, AfterValidator(page_base)] | None = Field(default=None, examples=["https://keepup.example.org"])
    """Where patients' links begin; none: messages carry no link."""

    @model_validator(mode="after")
    def _nobody_reads_along(self) -> Self:
        if not (loopback(self.host) or self.allow):
            raise ValueError(
                f'host = "{self.host}" is open to other machines: put a proxy with TLS in front and name the host people ask for '
                '(allow = ["keepup.example.org"]), or leave host out'
            )
        return self


class Collecting(Part):
    """What the gateway takes; as the options of keepup collect."""

    commit_s: float = Field(default=1.0, ge=0.1, le=600, examples=[10])
    budget_mb: int = Field(default=BUDGET >> 20, ge=16, examples=[2048])


class Therapist(Part):
    id: Id = Field(examples=["t-02"])
    zone: Zone = Field(default="UTC", validate_default=True, examples=["Europe/Berlin"])
    digest_at: time = Field(default=time(7, 30), examples=["07:30"])
    password_file: Present | None = None


class Patient(Part):
    id: Id = Field(examples=["p-7f3a"])
    zone: Zone = Field(examples=["Europe/Berlin"])
    therapist: Id = Field(examples=["t-02"])
    band: Id | None = Field(default=None, examples=["b-1"])
    plan: Annotated[Present, AfterValidator(sound_plan)] | None = None
    detail: int = Field(default=0, ge=0, le=2, examples=[0])

    @model_validator(mode="after")
    def _plan_is_theirs(self) -> Self:
        theirs = None if self.plan is None else read_plan(self.plan.read_text(encoding="utf-8")).plan
        if theirs is not None and theirs.patient != self.id:
            raise ValueError(f"the plan is {theirs.patient}'s, not {self.id}'s: name another file, or write \"patient: {self.id}\" in it")
        return self

    @property
    def virtual(self) -> bool:
        return self.id.startswith(VIRTUAL)


class Band(Part):
    id: Id = Field(examples=["b-1"])
    address: str = Field(min_length=1, pattern=r"^[^,\s]+$", examples=["AA:BB:CC:DD:EE:FF"])
    driver: Annotated[str, AfterValidator(band_driver)] = Field(default="infinitime", examples=["infinitime"])
    zone: Zone = Field(default="UTC", validate_default=True, examples=["Europe/Berlin"])


class Recording(Part):
    file: Present
    patient: Id = Field(examples=["virtual-anna"])
    format: Annotated[str, AfterValidator(recording_format)] | None = Field(default=None, examples=["csv"])
    zone: Zone | None = Field(default=None, examples=["Europe/Berlin"])
    band: str | None = Field(default=None, examples=["1503960366"])
    """Which of the file's, where it holds several."""
    speed: Annotated[float | None, BeforeValidator(pace)] = Field(default=1.0, examples=[1])
    """At least 1, real time; `None` for "max"."""
    times: Literal["recorded", "moved"] | None = Field(default=None, examples=["recorded"])
    """None: moved for a virtual patient, as recorded for a real one."""

    @property
    def moved(self) -> bool:
        return self.times == "moved" or (self.times is None and self.patient.startswith(VIRTUAL))

    @model_validator(mode="after")
    def _nobody_is_made_up(self) -> Self:
        if self.moved and not self.patient.startswith(VIRTUAL):
            raise ValueError(
                f'times = "moved" would tell of {self.patient} what was not so: leave it out, or play it for a patient whose id begins '
                f"with {VIRTUAL}"
            )
        return self


class Site(BaseSettings):
    """Paths are absolute where they come from the file. An environment variable like KEEPUP__BROKER__URL goes before the file."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, env_prefix="KEEPUP__", env_nested_delimiter="__"
    )

    site: Id = Field(default="home", examples=["home"])
    folder: Path = Field(examples=["clinic"])
    chart: ChartAt = ChartAt()
    store: StoreAt = StoreAt()
    broker: BrokerAt = BrokerAt()
    web: WebAt = WebAt()
    collect: Collecting = Collecting()
    channels: dict[str, dict[str, Any]] = {}
    """Name → settings, as the channel takes them, contacts read; of mqtt, what is left out is the site's."""
    therapist: list[Therapist] = []
    patient: list[Patient] = []
    band: list[Band] = []
    recording: list[Recording] = []

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 — the form is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


@dataclass(frozen=True, slots=True)
class Reading:
    site: Site | None
    """`None`: there are mistakes."""
    mistakes: tuple[Mistake, ...] = ()


def read(file: Path) -> Reading:
    """Never raises, whatever the file holds."""
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        return Reading(None, (Mistake("", f"cannot be read ({error.strerror}): check the name and the rights"),))
    except UnicodeDecodeError:
        return Reading(None, (Mistake("", "is not UTF-8 text: save it as UTF-8"),))
    except tomllib.TOMLDecodeError as error:
        return Reading(None, (Mistake("", f"is not TOML: {error}. In TOML a text stands in quotes, and a table is written [web]"),))
    except RecursionError:
        return Reading(None, (Mistake("", "is nested too deep to be a site: write one like config/keepup.toml"),))
    raw = _absolute(written, file.absolute().parent)
    raw, found = reached(raw)
    site = None
    try:
        site = Site(**raw)
    except ValidationError as error:
        found += mistakes(error, raw, Site)
    except SettingsError as error:
        found.append(Mistake("", f"is overruled by a variable that cannot be read ({error}): name its key, e.g. KEEPUP__BROKER__URL"))
    found += [*channel_mistakes(raw), *crossed(raw)]
    return Reading(None if found else site, tuple(found))


def _absolute(value: Any, base: Path, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _absolute(inner, base, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_absolute(inner, base) for inner in value]
    if isinstance(value, str) and (key in PATHS or key.endswith("_file")):
        return str(base / Path(value).expanduser())
    return value
