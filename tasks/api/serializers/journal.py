"""Shape of the journal's entries. Source: docs/api.md, "Journal"."""

from typing import Any

from rest_framework import serializers

from tasks.api.serializers.answers import Answer, Moment, Value
from tasks.api.serializers.examples import with_example
from tasks.models import JournalKind
from tasks.services.journal_pages import Told


@with_example()
class JournalEntryAnswer(Answer):
    """What happened: who did what, when, from which state to which."""

    OMIT = frozenset({"step", "before", "after", "attempt", "duration", "actor", "address", "detail"})

    number = serializers.IntegerField(help_text="Rises from entry to entry; `last` of the next page.")
    at = Moment()
    kind = serializers.ChoiceField(choices=JournalKind.choices, help_text="Of what the state changed, or `act`.")
    event = serializers.CharField(help_text="The act, or the engine's event.")
    step = serializers.CharField(required=False)
    before = serializers.CharField(required=False, help_text="The state before.")
    after = serializers.CharField(required=False, help_text="The state after.")
    attempt = serializers.IntegerField(required=False, allow_null=True, help_text="Number of the step's try.")
    duration = serializers.SerializerMethodField(help_text="Seconds that the try took.")
    actor = serializers.CharField(required=False, help_text="Who acted; absent: the engine.")
    address = serializers.CharField(required=False, help_text="From where; for administrators.")
    detail = Value(required=False, help_text="The reason given, or what exactly was changed.")

    def get_duration(self, entry: Told) -> float | None:
        return entry.duration.total_seconds() if entry.duration is not None else None


def entry_document(entry: Told) -> dict[str, Any]:
    """One entry as the API shows it."""
    return dict(JournalEntryAnswer(entry).data)
