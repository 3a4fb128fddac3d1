"""The channels of a site: their settings looked over, the addresses of people read from a file of its own."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from config.mistakes import Mistake, mistakes
from config.plugins import channels

OTHERS = 0o077
NOWHERE = "mqtt://127.0.0.1"


def reached(raw: dict[str, Any]) -> tuple[dict[str, Any], list[Mistake]]:
    """With the files that `contacts` name in place of their names."""
    given, found = raw.get("channels"), list[Mistake]()
    if not isinstance(given, Mapping):
        return raw, found
    told: dict[str, Any] = {}
    for name, settings in given.items():
        told[name] = settings
        if isinstance(settings, Mapping) and isinstance(settings.get("contacts"), str):
            people = _contacts(Path(settings["contacts"]))
            if isinstance(people, str):
                found.append(Mistake(f"channels.{name}.contacts", people))
            told[name] = {**settings, "contacts": {} if isinstance(people, str) else people}
        elif isinstance(settings, Mapping) and "contacts" in settings:
            found.append(Mistake(f"channels.{name}.contacts", "is to name a file: people's addresses do not belong where many read"))
            told[name] = {**settings, "contacts": {}}
    return {**raw, "channels": told}, found


def channel_mistakes(raw: Mapping[str, Any]) -> list[Mistake]:
    given, known = raw.get("channels"), channels()
    if not isinstance(given, Mapping):
        return []
    found: list[Mistake] = []
    for name, settings in given.items():
        if name not in known:
            found.append(Mistake(f"channels.{name}", f"there is no such channel: there are {', '.join(known)}"))
        elif isinstance(settings, Mapping):
            found += _wrong(name, settings)
    return found


def _wrong(name: str, settings: Mapping[str, Any]) -> list[Mistake]:
    within, form = ("channels", name), channels()[name].settings
    found = [Mistake(f"channels.{name}.{key}", f"there is no file {path}") for key, path in settings.items() if _missing(key, path)]
    if isinstance(url := settings.get("url"), str) and urlsplit(url).password is not None:
        found.append(Mistake(f"channels.{name}.url", "holds a password, and this file is no place for one"))
    try:
        form.model_validate(completed(name, settings, NOWHERE, "home", None))
    except ValidationError as error:
        found += mistakes(error, settings, form, within)
    return found


def _missing(key: str, path: Any) -> bool:
    return key.endswith("_file") and isinstance(path, str) and not Path(path).is_file()


def completed(name: str, settings: Mapping[str, Any], url: str, site: str, ca: str | None) -> dict[str, Any]:
    """Of mqtt, what is left out is the site's own."""
    if name != "mqtt":
        return dict(settings)
    own = {"site": site} | ({} if "url" in settings else {"url": url, "ca_file": ca})
    return own | dict(settings)


def _contacts(file: Path) -> dict[str, str] | str:
    """Pseudonym → address; or what is wrong with the file."""
    try:
        others = file.stat().st_mode & OTHERS
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{file} cannot be read ({error.strerror}): check the name and the rights"
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return f'{file} cannot be understood: write a line like p-7f3a = "…" for each person, in UTF-8'
    if others:
        return f"{file} is open to others than its owner: chmod 600 {file}"
    if not all(isinstance(address, str) for address in read.values()):
        return f'{file} is to hold nothing but lines like p-7f3a = "…"'
    return read
