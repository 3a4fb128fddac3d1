"""Colours can be told apart, in the light and in the dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[1] / "web" / "static" / "keepup.css").read_text()
SCHEMES = dict(zip(("light", "dark", "print"), re.findall(r":root \{(.*?)\}", CSS, re.DOTALL), strict=True))
TEXT = [
    ("ink", "page"), ("ink", "surface"), ("ink", "tint"), ("soft", "page"), ("soft", "surface"), ("soft", "tint"), ("accent", "page"),
    ("accent", "surface"), ("accent", "tint"), ("on-accent", "accent"), ("need", "surface"), ("need", "need-tint"), ("surface", "need"),
    ("virtual", "virtual-tint"), ("gap", "surface"), ("well", "surface"), ("watch", "surface"), ("act", "surface"),
]  # fmt: skip
SHAPES = ["exercise", "walking", "moving", "still", "worn", "asleep", "off", "unknown", "gap", "control", "need", "accent"]


def colour(scheme: str, name: str) -> tuple[float, ...]:
    found = re.search(rf"--{name}: #([0-9a-f]{{6}})", SCHEMES[scheme])
    assert found, f"--{name} is not set for {scheme}"
    return tuple(int(found[1][at : at + 2], 16) / 255 for at in (0, 2, 4))


def contrast(scheme: str, one: str, other: str) -> float:
    """Ratio of relative luminances, 1..21 (WCAG 2.2, "contrast ratio")."""
    weights = (0.2126, 0.7152, 0.0722)
    light = sorted(
        sum(w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for w, c in zip(weights, colour(scheme, name), strict=True))
        for name in (one, other)
    )
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(scheme: str, text: str, ground: str) -> None:
    assert contrast(scheme, text, ground) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_stand_out_from_the_card(scheme: str, shape: str) -> None:
    assert contrast(scheme, shape, "surface") >= 3


def test_every_colour_of_the_light_scheme_has_one_in_the_others() -> None:
    names = [set(re.findall(r"--([a-z-]+):", rules)) - {"lift"} for rules in SCHEMES.values()]

    assert names[0] == names[1] == names[2]
