"""Every clinical number by which planned sessions are judged, with where it comes from."""

from pydantic import BaseModel, ConfigDict, Field

_WEIGHT = " Log-odds; a starting value (research note `domain` §2.6) that needs a clinician's sign-off."


class Params(BaseModel):
    """Shares are 0..1, weights natural log-odds."""

    model_config = ConfigDict(frozen=True)

    done: float = Field(default=0.8, gt=0, le=1, description="Dose from which a session is done (design; research note `domain` §1.2).")
    partial: float = Field(default=0.3, gt=0, le=1, description="Dose from which it is done in part (design; `domain` §1.2).")
    worn: float = Field(default=0.7, gt=0, le=1, description="Share of the minutes worn and heard that is enough to judge by (design).")
    heard: float = Field(default=0.7, gt=0, le=1, description="Share of the window heard that is enough to ask by (design, like `worn`).")
    unlikely: float = Field(default=0.3, gt=0, lt=1, description="Below this a session is taken not to have happened (`domain` §1.2).")
    prior: float = Field(
        default=2 / 3, gt=0, lt=1, description="Before anything is seen: the mean of Beta(2, 1) (`domain` §2.6); kept in later by habits."
    )
    most: float = Field(
        default=0.5, gt=0, le=1, description="Dose from which a bout speaks for the session (`domain` §2.6: half the reps)."
    )
    saw_most: float = Field(default=2.0, ge=0, le=10, description="At least `most` of the dose was seen." + _WEIGHT)
    saw_some: float = Field(
        default=-0.5, ge=-10, le=10, description="Less was seen: doubtful with a risen heart and without, so that the patient is asked."
    )
    saw_nothing: float = Field(default=-2.5, ge=-10, le=0, description="Worn, and nothing was seen." + _WEIGHT)
    heart_risen: float = Field(default=1.0, ge=0, le=10, description="The heart beat faster in exercise." + _WEIGHT)
    risen_bpm: float = Field(default=10, gt=0, le=60, description="Beats per minute above the calm before (`domain` §2.6).")
    said_yes: float = Field(default=3.0, ge=0, le=10, description="The patient says it was done." + _WEIGHT)
    said_no: float = Field(default=-4.0, ge=-10, le=0, description="The patient says it was not." + _WEIGHT)
    sitting_min: int = Field(
        default=30,
        ge=1,
        le=240,
        description="Longest pause in minutes within what is made up or extra; a design choice, no published basis.",
    )
    answer_hours: float = Field(
        default=8,
        gt=0,
        le=24,
        description="Of the day to answer, at least so many after the question came, or silence does not count: a night's sleep."
        " A design choice, no published basis. Needs a clinician's sign-off.",
    )
    flare_points: int = Field(default=2, ge=1, le=10, description="Rise of pain over the 7-day median that is a flare (`domain` D10).")
    flare_hours: float = Field(
        default=48, gt=0, le=336, description="From the answer, either way, in which a flare excuses (`domain` D10)."
    )
