"""What a wrist's accelerometer feels while its owner does something: gravity's direction, and what is added to it.

Axes as on the watch: y along the forearm (-1 g when the arm hangs), z out of the face, x across. Pitch is the forearm's angle to the
horizontal, roll its turn about itself, both in radians. Every function takes sample times (n,) in µs UTC and gives (n, 3) in g.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ingest.batch import MICROS, MINUTE
from lab import noise
from lab.day import Doing, Stretch

Times = NDArray[np.int64]
Axes = NDArray[np.float64]

POLL = MICROS // 10
"""The watch reads its sensor every 100 ms."""
LSB = 1024
"""Counts to the g."""
CLIP = 2047
"""The sensor's range is 2 g, in 12 bits."""
SENSOR_NOISE = 0.505
"""Counts, at most: just over half of one, so that a quiet wrist repeats its value nearly always."""

TURN_EVERY = 25 * MINUTE
SHIFT_EVERY = 8 * MINUTE
FIDGET = 15 * MICROS
FIDGETS, TYPES = 0.1, 0.45
"""Of the 15-s slots at a desk: those with a fidget; those with typing, fidgets included."""
BUSY = 5 * MICROS
STEPS_ABOUT, PACE_ABOUT = 0.3, 1.4
"""Of the 5-s slots of pottering: those with steps; and these steps' pace per second."""
SET_REPS, REP_S, REST_S = 10, 3.0, 45.0
TILT = (60.0, 90.0)
"""Degrees of forearm tilt in one repetition."""

_POSTURE, _TURN, _BURST, _FIDGET, _SENSOR, _STEPPING, _SWING = range(1, 8)


def counts(at: Times, stretch: Stretch, key: np.uint64) -> NDArray[np.int16]:
    """What the sensor reads at these times of the stretch: (n, 3), 1024 to the g."""
    felt = FELT[stretch.doing](at, stretch, key) * LSB
    rough = SENSOR_NOISE * noise.around(key, at // POLL, _SENSOR) ** 3
    return np.rint(felt + rough).clip(-CLIP - 1, CLIP).astype(np.int16)


def stepping(key: np.uint64, slots: NDArray[np.int64]) -> NDArray[np.bool_]:
    """In which 5-s slots (numbered since 1970) does someone pottering about take steps?"""
    return noise.uniform(key, slots, _STEPPING)[:, 0] < STEPS_ABOUT


def gravity(pitch: NDArray[np.float64], roll: NDArray[np.float64]) -> Axes:
    return np.stack([np.sin(roll) * np.cos(pitch), np.sin(pitch), np.cos(roll) * np.cos(pitch)], axis=-1)


def _resting(pitch: NDArray[np.float64], roll: NDArray[np.float64]) -> Axes:
    """Gravity on whole counts: an arm that lies still does not sit between two of them, where noise would never let it be silent."""
    return np.rint(gravity(pitch, roll) * LSB) / LSB


def _shelved(at: Times, _stretch: Stretch, _key: np.uint64) -> Axes:
    return np.tile(np.rint(np.array([0.02, -0.03, 0.995]) * LSB) / LSB, (len(at), 1))


def _asleep(at: Times, _stretch: Stretch, key: np.uint64) -> Axes:
    slot = at // TURN_EVERY
    since = at - slot * TURN_EVERY - (noise.uniform(key, slot, _TURN)[:, 0] * TURN_EVERY).astype(np.int64)
    lying = noise.around(key, np.where(since >= 0, slot, slot - 1), _POSTURE)
    still = _resting(np.radians(35) * lying[:, 0], np.radians(100) * lying[:, 1])
    turning = (since >= 0) & (since < 3 * MICROS)
    return still + 0.25 * turning[:, None] * noise.around(key, at // POLL, _BURST)


def _sitting(at: Times, _stretch: Stretch, key: np.uint64) -> Axes:
    arm = noise.around(key, at // SHIFT_EVERY, _POSTURE)
    still = _resting(np.radians(-8 + 12 * arm[:, 0]), np.radians(20 * arm[:, 1]))
    slot = noise.uniform(key, at // FIDGET, _FIDGET)
    fidgets = (slot[:, 0] < FIDGETS) & (at % FIDGET < 4 * MICROS)
    strength = np.where(fidgets, 0.03 + 0.06 * slot[:, 1], np.where(slot[:, 0] < TYPES, 0.006, 0.0))
    return still + strength[:, None] * noise.around(key, at // POLL, _BURST)


def _walking(at: Times, stretch: Stretch, key: np.uint64) -> Axes:
    return _stride((at - stretch.start) / MICROS, stretch.pace, at, key)


def _stride(seconds: NDArray[np.float64], pace: float, at: Times, key: np.uint64) -> Axes:
    """The body bounces once a step, mostly along the hanging arm; the arm swings once in two steps."""
    step = 2 * np.pi * pace * seconds + 0.5 * np.sin(0.4 * seconds)
    force = 0.3 * (pace / 1.8) ** 2 * (1 + 0.2 * noise.around(key, at // BUSY, _SWING)[:, 0])
    hanging = gravity(np.radians(-72 + 18 * np.sin(step / 2)), np.radians(12 + 8 * np.sin(step / 2 + 0.7)))
    bounced = hanging * (1 + force * (np.sin(step) + 0.35 * np.sin(2 * step)))[:, None]
    bounced[:, 0] += 0.4 * force * np.cos(step / 2)
    bounced[:, 1] -= 0.25 * force * (1 + np.cos(step))
    return bounced + 0.04 * noise.around(key, at // POLL, _BURST)


def _pottering(at: Times, stretch: Stretch, key: np.uint64) -> Axes:
    seconds = (at - stretch.start) / MICROS
    reach = np.radians(-25 + 30 * np.sin(2 * np.pi * 0.23 * seconds + np.sin(0.11 * seconds)))
    busy = gravity(reach, np.radians(35 * np.sin(2 * np.pi * 0.31 * seconds))) + 0.15 * noise.around(key, at // POLL, _BURST)
    walks = _stride((at % BUSY) / MICROS, PACE_ABOUT, at, key)
    return np.where(stepping(key, at // BUSY)[:, None], walks, busy)


@lru_cache(maxsize=16)
def reps(stretch: Stretch, key: np.uint64) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The repetitions of an exercise session: begin (s after its start), length (s), tilt (radians), each (reps,), ascending."""
    chance = np.random.default_rng([int(key), stretch.start // MICROS])
    length = (stretch.end - stretch.start) / MICROS
    sets = int(length / (SET_REPS * REP_S * 0.8)) + 1
    lasts = REP_S * chance.uniform(0.88, 1.12, (sets, SET_REPS))
    rests = np.cumsum(REST_S * chance.uniform(0.85, 1.15, sets))
    tilts = np.radians(chance.uniform(*TILT, (sets, 1)) + chance.uniform(-4, 4, (sets, SET_REPS)))
    begins = (np.cumsum(lasts).reshape(lasts.shape) - lasts + (rests - rests[0])[:, None] + 20).ravel()
    whole = begins + lasts.ravel() <= length
    return begins[whole], lasts.ravel()[whole], tilts.ravel()[whole]


def _exercising(at: Times, stretch: Stretch, key: np.uint64) -> Axes:
    begins, lasts, tilts = reps(stretch, key)
    seconds = (at - stretch.start) / MICROS
    rep = np.maximum(np.searchsorted(begins, seconds, "right") - 1, 0)
    phase = (seconds - begins[rep]) / lasts[rep]
    lifting = (phase >= 0) & (phase < 1)
    lift = np.radians(-15) + tilts[rep] * (1 - np.cos(2 * np.pi * phase)) / 2
    pitch = np.where(lifting, lift, np.radians(-55) + 0.05 * np.sin(0.3 * seconds))
    return gravity(pitch, np.radians(15 + 5 * np.sin(0.9 * seconds))) + 0.015 * noise.around(key, at // POLL, _BURST)


FELT: dict[Doing, Callable[[Times, Stretch, np.uint64], Axes]] = {
    Doing.ASLEEP: _asleep,
    Doing.SITTING: _sitting,
    Doing.POTTERING: _pottering,
    Doing.WALKING: _walking,
    Doing.EXERCISING: _exercising,
    Doing.RESTING: _sitting,
    Doing.UNSEEN: _shelved,
    Doing.OFF: _shelved,
    Doing.CHARGING: _shelved,
    Doing.DRAWER: _shelved,
}
