"""What patients read when late data showed that we were wrong; as in `alerts.catalogue`."""

from collections.abc import Mapping

from alerts.variety import Levels, each

_LET_GO = (
    "You can let our last note go.",
    "Please let our last note go.",
    "Our last note does not count.",
    "There is no need to answer our last note.",
    "You need not do a thing.",
    "Please put our last note aside.",
)
_CORRECTION = each(
    (
        "We know more now.",
        "Some news came in late.",
        "We had a second look.",
        "Good news came in late.",
        "We were too quick.",
        "Sorry, we spoke too soon.",
        "New data came in.",
    ),
    _LET_GO,
)
_FOUND = each(
    (
        "We found your set after all.",
        "Your set is here now.",
        "Your set came in late, and it counts.",
        "Now we can see your set.",
        "Your set did show up.",
        "We see your set now. Thank you.",
        "Your set has come in.",
    ),
    _LET_GO,
)
_FOUND_FULL = each(
    (
        "We found your {session} of {day} after all.",
        "Your {session} of {day} is here now.",
        "Your {session} of {day} came in late, and it counts.",
        "Now we can see your {session} of {day}.",
        "Your {session} of {day} did show up.",
        "We see your {session} of {day} now. Thank you.",
        "Your {session} of {day} has come in.",
    ),
    _LET_GO,
)

CORRECTIONS: Mapping[str, Levels] = {"planned_session": (_CORRECTION, _FOUND, _FOUND_FULL)}
TAKEN_BACK: Levels = (_CORRECTION, _CORRECTION, _CORRECTION)
"""Of every other kind."""
