"""When one band's link was proven alive and could be read; all other time is a gap with a cause. The spans given out tile time."""

from dataclasses import dataclass

from ingest.batch import HOUR, MINUTE, Cause, Span

BRIEF = 2 * MINUTE
"""A link that is back within this was lost to the radio, not to distance; until then the cause of a silence stays open."""
FLAT = 5
"""Percent at which a band that falls silent, and is not heard by any scan, has run out of battery."""
CHARGED = 3
"""Percent by which a battery has risen over a silence that was spent on the charger: one that only rested rises less (a design choice)."""
CHARGE = 4 * HOUR
"""No longer silence is put down to charging; a watch's battery is full in less (PineTime: about 2 h)."""
MISSED = MINUTE // 4
"""µs without hearing a band after which it counts as not heard: an InfiniTime advertises once a second, but scans have holes."""


@dataclass(slots=True)
class _Stretch:
    start: int
    proven: int
    missed: bool
    """Scans listened for the band in vain before this link came up."""
    audible: int | None
    """Since when the band was heard, or nobody could be, before this link came up."""


class Presence:
    """Times are µs UTC and never go back. `recorded`: up to where an earlier run recorded this band. `fillable`: the band's history may
    still fill its gaps. `charge`: when the band last told its battery then, and how many percent. A gap given out may be told again with a
    cause that is known only later."""

    def __init__(self, dev: str, recorded: int | None, now: int, fillable: bool = False, charge: tuple[int, float] | None = None) -> None:
        self.dev = dev
        self._final = not fillable
        self.to = now if recorded is None else recorded
        """Everything of this band before this time was given out by `take`."""
        self.linked = False
        self.unread = False
        """Whether what the band says cannot be read at present (see `Listening.unread`): such a link proves nothing."""
        self._unread_before = False
        self._started = self._silent = max(now, self.to)
        self._stretches: list[_Stretch] = []
        self._trusted_from = 0
        self._charges = [charge] if charge else []
        self._missed = False
        self._dark: tuple[int, int] | None = None
        self._audible: int | None = None
        self._heard = self._started

    @property
    def proven(self) -> int:
        """The last proof that the link was alive."""
        return self._stretches[-1].proven if self._stretches else self._silent

    def came(self, at: int) -> None:
        """The link came up."""
        self.linked = True
        self._stretches.append(_Stretch(at, at, self._missed, self._audible))
        self._missed, self._audible = False, None

    def answered(self, at: int) -> None:
        """The link was alive: the band said something, or answered."""
        if self.linked:
            self._stretches[-1].proven = max(self._stretches[-1].proven, at)

    def went(self, at: int) -> None:
        """The link ended; since its last proof nothing is known."""
        self.linked = False
        self._heard = at

    def listened(self, at: int, heard: bool) -> None:
        """A scan ended that heard the band (or could hear nobody: no question of distance either), or did not."""
        if heard:
            self._heard = at
            self._audible = at if self._audible is None else self._audible
        elif at - self._heard > MISSED:
            self._missed, self._audible = True, None

    def charged(self, at: int, percent: float) -> None:
        """The band told its battery."""
        self._charges.append((at, percent))

    def take(self, now: int, closing: bool = False) -> list[Span]:
        """Spans from where the last ones ended: up to the last proof while linked, else up to `now`, but for a silence
        too short to know its cause (`closing` gives that out too)."""
        spans = self._gap(self._started, Cause.GATEWAY)
        # a good frame is a proof of life for the time since the last, and that time still was one of frames nobody could read
        unread, self._unread_before = self.unread or self._unread_before, self.unread
        for stretch in self._stretches:
            spans += self._silence(stretch.start, stretch.missed, stretch.audible)
            if self._silent < stretch.start:
                self._dark = self._silent, stretch.start
            if stretch.proven > self.to:
                spans += self._gap(stretch.proven, Cause.CORRUPT) if unread else [Span(self.dev, self.to, stretch.proven)]
                self.to = self._silent = stretch.proven
        self._stretches = self._stretches[-1:] if self.linked else []
        if not self.linked and (closing or now - self._silent > BRIEF):
            spans += self._silence(now, self._missed, self._audible)
        spans += self._recharged()
        self._charges = self._charges[-1:]
        return spans

    def leapt(self, before: int, ran: int, after: int) -> list[Span]:
        """Times went from `before` to `after` at once, between which the collector ran from `ran` on with a wrong clock. All spans up to
        there; the link, where there is one, goes on."""
        spans = self.take(before, closing=not self.linked) + self._gap(ran, Cause.GATEWAY) + self._gap(after, Cause.CLOCK)
        self._stretches = [_Stretch(after, after, False, None)] if self.linked else []
        self._silent = self._heard = after
        self._audible = None
        return spans

    def doubted(self, start: int, end: int, off: int | None = None, grows: bool = False) -> list[Span]:
        """What was given out of [start, end) bears times of a wrong clock; `off`: see `Span`; of what `grows` only what was not called
        wrong yet."""
        first, last = max(start, self._trusted_from) if grows else start, min(end, self.to)
        self._trusted_from = max(self._trusted_from, last)
        return [Span(self.dev, first, last, Cause.CLOCK, off=off)] if first < last else []

    def _silence(self, end: int, missed: bool, audible: int | None) -> list[Span]:
        if not missed or end - self._silent <= BRIEF:
            return self._gap(end, Cause.RADIO)  # an empty band, too, is neither heard nor back so soon
        cause = Cause.BATTERY if self._flat() else Cause.RANGE
        if audible is None or end - audible <= BRIEF:
            return self._gap(end, cause)
        return self._gap(min(audible, end), cause) + self._gap(end, Cause.RADIO)

    def _recharged(self) -> list[Span]:
        """The newest silence once more, if the first word of the battery after it says what it was."""
        start, end = self._dark or (0, 0)
        before = [percent for at, percent in self._charges if at <= start]
        after = [percent for at, percent in self._charges if at >= end]
        if not self._dark or not after:
            return []
        self._dark = None
        charged = bool(before) and FLAT < before[-1] <= after[0] - CHARGED and end - start <= CHARGE
        return [Span(self.dev, start, end, Cause.CHARGING, self._final)] if charged else []

    def _flat(self) -> bool:
        told = [percent for at, percent in self._charges if at <= self._silent]
        return bool(told) and told[-1] <= FLAT

    def _gap(self, end: int, cause: Cause) -> list[Span]:
        if end <= self.to:
            return []
        start, self.to = self.to, end
        return [Span(self.dev, start, end, cause, self._final)]
