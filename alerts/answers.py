"""The words of a patient's answer page: what is asked, what the buttons say, what is said in return. Pure, no markup.

Behind a signed link, so a session may be named; still at grade 6 and without blame (`alerts.readability`).
"""

from collections.abc import Mapping, Sequence
from datetime import date

from alerts.variety import Ways, pick

_WHOLE = {"set", "session", "walk", "swim", "run", "ride", "class", "stretch", "stretches"}
"""A name that ends so needs no "set" after it."""

BUTTONS: Mapping[str, str] = {"yes": "Yes", "not_yet": "Not yet", "not_today": "Not today"}
"""By `detectors.report.Said`."""
ASK_FEELING = "How is your back today?"
FEELINGS: Mapping[str, str] = {"better": "Better", "same": "The same", "worse": "Worse"}
FEELING_HINT = "If you like, choose one before you tap."
ASK_REASON = "What got in the way?"
REASONS: Mapping[str, str] = {
    "it_hurt": "It hurt",
    "no_time": "No time",
    "feel_fine": "I feel fine",
    "not_sure_how": "Not sure how",
    "other": "Other",
}
ASK_PAIN = "How much does your back hurt now, from 0 for no pain to 10 for the most?"
PAIN: Ways = tuple(str(score) for score in range(11))
SAVED = "We have noted it. Thank you."
CHANGE = "You can change your answer here until the link ends."
OVER = "This link has ended. There is nothing you need to do."
USED = "We have your answer. Thank you."
TITLE_ASKED, TITLE_TOLD, TITLE_ENDED = "A question for you", "Thank you", "No question here"
"""Of the page in a list of pages: nothing of what is asked."""
AGAIN = "That did not work. Go back and tap once more."
SHUT = "We can not reach our notes now. Please try once more in a few minutes."
NO_LINK = "This link opens nothing. Please use the one in your newest note."
MISTAKE = "If that is not so, tell us when we next meet."
NOT_WATCHED = "Nobody reads this page at once. If you need help now, call for help."

WHEN_TO_CALL = "When to get help"
CALL_NOW = "Call for help now if any of these are new."
CALL: Ways = ("Numb skin between your legs.", "Trouble passing urine or stool.", "A leg that is getting weak.")
SEE_SOON = "See a doctor soon if you have one of these."
SEE: Ways = (
    "A fever with back pain.",
    "A hard fall.",
    "Cancer in the past.",
    "Weight loss you did not plan.",
    "Pain that wakes you each night.",
)
"""Static, never the answer to something inferred (research note `domain` §5.2: AHCPR table, RCEM, UK red-flag pages)."""

THANKS: Mapping[str, Ways] = {
    "done": (
        "Thank you. We noted it as done.",
        "Well done. It counts.",
        "Great, it is in your week now.",
        "Nice work. We have put it down.",
        "Good to hear. It counts in full.",
        "Done and noted. Thank you.",
    ),
    "partial": (
        "Nice start. The rest can wait for next time.",
        "A part of it counts too. Well done.",
        "Some is good. We put it down.",
        "That was a good bit. The rest can wait.",
        "You did a part, and it counts.",
        "A good start. Pick up the rest next time.",
    ),
    "late": (
        "Done, at a time of your own. It counts in full.",
        "You found a time for it. It counts in full.",
        "Done all the same. Well done.",
        "It is done, and that is what counts.",
        "You made it up. It counts in full.",
        "You fit it in. Nice work.",
    ),
    "extra": (
        "You did a set we did not plan. We added it to your week.",
        "One more than planned. It is in your week now.",
        "An extra set. Nice work.",
        "That was a bonus. We put it down.",
        "You did more than planned. Well done.",
        "An extra one. It is in your week now.",
    ),
    "missed_1": (
        "No problem. You can still do it today, or pick it up next time.",
        "That is fine. The next one is a fresh start.",
        "All good. Pick it up when it suits you.",
        "Thanks for telling us. Next time is fine.",
        "That is okay. Take it up when you can.",
        "No harm done. The next one will come.",
    ),
    "missed_2": (
        "Two sets slipped by. The next one is a fresh start.",
        "It has been a quiet spell. The next set is a good place to start.",
        "Two sets slipped by. That is how some weeks go.",
        "A busy week? Start afresh with the next set.",
        "It has been quiet. Take the next one at your own pace.",
        "Two sets got away. A small start is a start too.",
    ),
    "flare": (
        "You said it hurts more. Do less today, or rest.",
        "Thanks for telling us. Take it easy today.",
        "Sorry that it hurts. Rest is fine today.",
        "Go slow today, or rest. That is fine.",
        "Let your back have a rest today. You can talk it over with us.",
        "Less is fine today. Shall we talk it over?",
    ),
}
"""By what was answered, or judged: `missed_1` after one set not done, `missed_2` after the second in a row, `flare` after more pain.

Nothing is offered that a therapist alone can give, e.g. a shorter set."""


def named(session: str) -> str:
    """A session as a patient reads it: "core" → "core set", "easy walk" → "easy walk"."""
    words = session.split()
    return session if words and words[-1].lower() in _WHOLE else f"{session} set"


def question(session: str, day: date, *, week: bool = False) -> str:
    """ "Monday 23 November: core set. Did you do it?" `day` in the patient's zone; `week`: any day of the week that begins with it."""
    when = f"{'Week of ' if week else ''}{day:%A} {day.day} {day:%B}"
    return f"{when}: {named(session)}. Did you do it?"


def noted(said: str) -> str:
    """ "You said: Not today." `said` one of `BUTTONS`."""
    return f"You said: {BUTTONS[said]}."


def thanks(key: str, turn: int = 0, recent: Sequence[str] = ()) -> str:
    """`key` one of `THANKS`, any other gets the plainest words; `recent` as in `alerts.variety.pick`."""
    return pick(THANKS.get(key, (SAVED,)), turn, recent)


def red_flags(number: str | None = None) -> tuple[str, ...]:
    """The card's lines. `number`: of the country's help line, as configured; it is never guessed."""
    call = CALL_NOW if number is None else CALL_NOW.replace("Call for help", f"Call {number}")
    return (call, *CALL, SEE_SOON, *SEE)
