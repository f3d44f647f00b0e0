"""What the mixers said last: the desk of each production, and what it warns of."""

from regie.domain.workers import Json


class Desks:
    """By production. A mixer that does not answer has no desk; what it said last is still known."""

    def __init__(self) -> None:
        self._said: dict[str, Json] = {}
        self._answering: set[str] = set()
        self._warnings: dict[str, dict[tuple[str, str], Json]] = {}

    def take(self, production_id: str, desk: Json) -> None:
        self._said[production_id] = desk
        self._answering.add(production_id)

    def lose(self, production_id: str) -> None:
        self._answering.discard(production_id)
        self._warnings.pop(production_id, None)

    def now(self, production_id: str) -> Json | None:
        return self._said[production_id] if production_id in self._answering else None

    def last(self, production_id: str) -> Json | None:
        return self._said.get(production_id)

    def warn(self, production_id: str, warning: Json) -> None:
        """Keep a warning until it is called off."""
        known = self._warnings.setdefault(production_id, {})
        about = str(warning.get("source")), str(warning.get("kind"))
        if warning.get("on"):
            known[about] = warning
        else:
            known.pop(about, None)

    def warnings(self, production_id: str) -> list[Json]:
        return list(self._warnings.get(production_id, {}).values())
