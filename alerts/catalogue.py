"""What messages to patients say, in many ways each, so that nobody reads the same twice in a fortnight.

A way is an opening and an ending: 7 × 6 of them are as many as the 3 messages of 14 days could need. Three levels of detail: 0 for any lock
screen, 1 "your set", 2 in full; the patient chose. Rules (research note `domain` §5.3, §5.4): `alerts.readability`. Fields: {session} is
"core set", {day} "Monday".
"""

from collections.abc import Mapping

from alerts.variety import Levels, each

_NOTE = each(
    (
        "You have a new note.",
        "There is a new note for you.",
        "A new note came in for you.",
        "A note is here for you.",
        "We left you a note.",
        "We have a note for you.",
        "One new note for you.",
    ),
    (
        "It takes a minute.",
        "Please have a look.",
        "Open it when you can.",
        "No rush.",
        "Have a look when it suits you.",
        "It is a short one.",
    ),
)
_ASK = (
    "Did you do it?",
    "Did you get to it?",
    "Did it take place?",
    "Is it done?",
    "Could you tell us if you did it?",
    "Can you tell us?",
)
_NOT_SEEN = each(
    (
        "We did not see your set.",
        "Your set did not show up on our side.",
        "We could not find your set.",
        "We saw no set from you so far.",
        "There is no sign of your set yet.",
        "Your set is not in our notes yet.",
        "We have not seen your set yet.",
    ),
    _ASK,
)
_NOT_SEEN_FULL = each(
    (
        "We did not see your {session} on {day}.",
        "Your {session} on {day} did not show up on our side.",
        "We could not find your {session} of {day}.",
        "We saw no {session} on {day}.",
        "There is no sign of your {session} of {day} yet.",
        "Your {session} of {day} is not in our notes yet.",
        "We have not seen your {session} of {day} yet.",
    ),
    _ASK,
)
_OFF = each(
    (
        "Your band was off at set time, so we could not see it.",
        "The band was not on when your set was to be.",
        "We could not see your set, as the band was off.",
        "Your band was not worn at set time.",
        "The band was off for your set.",
        "With the band off, we could not see your set.",
        "Your band took a rest at set time.",
    ),
    _ASK,
)
_OFF_FULL = each(
    (
        "Your band was off at the time of your {session} on {day}.",
        "The band was not on when your {session} was to be on {day}.",
        "We could not see your {session} on {day}, as the band was off.",
        "Your band was not worn for your {session} on {day}.",
        "The band was off for your {session} of {day}.",
        "With the band off, we could not see your {session} of {day}.",
        "Your band took a rest at the time of your {session} on {day}.",
    ),
    _ASK,
)
_EASY = (
    "Just a few steps will do.",
    "Any pace is fine.",
    "Not now is fine too.",
    "Take it easy.",
    "Go as slow as you like.",
    "It is up to you.",
)
_WALK = each(
    (
        "Time for a short walk.",
        "How about a short walk?",
        "Up for a few steps?",
        "A short walk would feel good now.",
        "A few steps would be nice now.",
        "This is a good time to move a bit.",
        "How about a walk round the room?",
    ),
    _EASY,
)
_WALK_NOW = (
    "A 3 minute walk would feel good now.",
    "How about a 3 minute walk?",
    "Up for a short walk?",
    "A few steps would be nice now.",
    "A walk round the room will do.",
    "Time for a few steps, if you like.",
)
_STILL = each(
    (
        "You have been still for a while.",
        "It has been a still spell.",
        "You were still for quite some time.",
        "Your band has felt no steps for a while.",
        "It has been quiet for a while.",
        "You have not moved much for a bit.",
        "That was a long still spell.",
    ),
    _WALK_NOW,
)
_STILL_FULL = each(
    (
        "You have been still for {minutes} minutes.",
        "It has been a still spell of {minutes} minutes.",
        "You were still for the last {minutes} minutes.",
        "Your band has felt no steps for {minutes} minutes.",
        "It has been quiet for {minutes} minutes.",
        "You have not moved much for {minutes} minutes.",
        "That was a still spell of {minutes} minutes.",
    ),
    _WALK_NOW,
)
_LOOK = (
    "Is it charged?",
    "Is it charged and close by?",
    "Please put it on if you can.",
    "Please look if it is on.",
    "A short charge may help.",
    "Could you have a look?",
)
_SILENT = each(
    (
        "We have not heard from your band.",
        "Your band has been quiet.",
        "There is no word from your band.",
        "Your band may need a charge.",
        "Your band has gone quiet.",
        "No news from your band so far.",
        "Your band is out of our sight.",
    ),
    _LOOK,
)
_SILENT_FULL = each(
    (
        "We have not heard from your band since {day}.",
        "Your band has been quiet since {day}.",
        "There is no word from your band since {day}.",
        "We have no data from your band since {day}.",
        "Your band went quiet on {day}.",
        "No news from your band since {day}.",
        "Your band is out of our sight since {day}.",
    ),
    _LOOK,
)
_CHARGE = (
    "Could you charge it tonight?",
    "Tonight is a good time for it.",
    "Please charge it when you can.",
    "Could you plug it in soon?",
    "A charge tonight will do.",
    "Please plug it in for a while.",
)
_LOW = each(
    (
        "Your band could use a charge.",
        "Your band needs a charge soon.",
        "Your band is low on charge.",
        "Not much charge is left in your band.",
        "Your band is running low.",
        "Your band would like a charge.",
        "The charge of your band is low.",
    ),
    _CHARGE,
)
_LOW_FULL = each(
    (
        "Your band is at {percent} percent.",
        "Your band has {percent} percent left.",
        "The charge of your band is at {percent} percent.",
        "Your band is down to {percent} percent.",
        "There is {percent} percent left in your band.",
        "Your band says {percent} percent.",
        "Your band is low, at {percent} percent.",
    ),
    ("Charge it tonight so it can see your next set.", *_CHARGE[:5]),
)
OTHER: Levels = (_NOTE, _NOTE, _NOTE)
"""Of a kind nobody wrote anything for."""
MESSAGES: Mapping[str, Levels] = {
    "planned_session": (_NOTE, _NOT_SEEN, _NOT_SEEN_FULL),
    "planned_session/not_seen": (_NOTE, _NOT_SEEN, _NOT_SEEN_FULL),
    "planned_session/off": (_NOTE, _OFF, _OFF_FULL),
    "still_too_long": (_WALK, _STILL, _STILL_FULL),
    "silent_band": (_SILENT, _SILENT, _SILENT_FULL),
    "low_battery": (_LOW, _LOW, _LOW_FULL),
}
"""By kind, and by what is asked where a kind asks."""
