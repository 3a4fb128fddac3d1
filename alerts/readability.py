"""Whether a text is easy, short and kind enough for a patient, and bare enough for a lock screen. Pure; the rules are machine-checked."""

import re

GRADE = 6.0
"""Flesch-Kincaid grade at most (research note `domain` §5.3; patients' leaflets are asked to be at grade 6, Weiss 2007, AMA)."""
LENGTH = 160
"""Characters at most: one SMS."""
IDEAS = 2
"""At most, an idea being a sentence of at least `_IDEA` words: "Nice start." opens one, it is none."""
_IDEA = 3
DENIED = (
    r"fail(s|ed|ure|ing)?|miss(ed|es|ing)?|skip(s|ped)?|bad|poor|wrong|lazy|non-compliant|must|should|ought|warning|alert|dropped|only|again",
    r"because( of)?|due to|prevents?|cures?|guarantees?|heals?|fix(es)?",
)
"""Blame; claims of cause or cure (research note `domain` §5.3)."""
CLINICAL = r"pain|back|exercises?|clinic|therap(y|ist)|doctor|patient|heart|still|plan(ned)?|sets?|sessions?|core|reps?|missed|hurts?"
"""Not for a lock screen (research note `domain` §5.4); nor is any number."""


def grade(text: str) -> float:
    """Years of school it takes: 0.39 × words a sentence + 11.8 × syllables a word − 15.59 (Kincaid, Fishburne, Rogers and Chissom 1975).

    Syllables by their vowels, without a silent e: a rule of thumb, so a text near the limit is to be read aloud.
    """
    words = re.findall(r"[A-Za-z']+|\d+", text)
    if not words:
        return 0.0
    return 0.39 * len(words) / max(len(_sentences(text)), 1) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    """At least one; a number counts as one."""
    word = re.sub(r"[^a-z]", "", word.lower())
    if len(word) <= 3:
        return 1
    if not word.endswith("le"):
        word = re.sub(r"(?:[^laeiouy]es|[^td]ed|[^laeiouy]e)$", "", word)
    return max(1, len(re.findall(r"[aeiouy]+", word)))


def ideas(text: str) -> int:
    return sum(len(sentence.split()) >= _IDEA for sentence in re.split(r"[.!?]+", text))


def faults(text: str) -> list[str]:
    """What a patient should not have to read, in words for whoever wrote it; empty: the text may go out."""
    found = [f'"{match.group()}" blames or claims' for rule in DENIED for match in _words(rule, text)]
    if (hard := grade(text)) > GRADE:
        found.append(f"grade {hard:.1f}, more than {GRADE:g}")
    if len(text) > LENGTH:
        found.append(f"{len(text)} characters, more than {LENGTH}")
    if (many := ideas(text)) > IDEAS:
        found.append(f"{many} ideas, more than {IDEAS}")
    return found


def telling(text: str) -> list[str]:
    """What of it says too much for a lock screen."""
    return [match.group() for match in (*_words(CLINICAL, text), *re.finditer(r"\d+", text))]


def _words(rule: str, text: str) -> list[re.Match[str]]:
    return list(re.finditer(rf"\b(?:{rule})\b", text, re.IGNORECASE))


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"[.!?:]+\s*", text) if part.strip()]
