"""What a rule of the lint gives."""

from collections.abc import Callable, Iterator

from detectors.plan.plan import Plan
from detectors.plan.remark import Level, Path

Said = tuple[Level, Path, str]
"""How grave, of which part, and what to change."""
Rule = Callable[[Plan], Iterator[Said]]
