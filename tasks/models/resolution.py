"""Resolutions: the running of a task, and who holds it."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tasks.models.fields import EncryptedTextField
from tasks.models.runner import Runner
from tasks.states import ResolutionState


class Resolution(models.Model):
    """One task's run-time state. A runner that holds it (``runner``) is the only one that may change it.

    What the clock or an event owes it is one column: ``due_at``. A resolution is claimable when ``due_at`` is in the
    past and nobody holds it; whoever leaves it in a state that will go on by itself sets ``due_at``, whoever blocks or
    ends it clears it. ``waiting_for`` says in a sentence why it does not move and what will move it.
    """

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    task = models.OneToOneField("Task", on_delete=models.CASCADE, related_name="resolution")
    resolver_username = models.CharField(max_length=255)
    state = models.CharField(max_length=24, default=ResolutionState.TO_AUTORUN)
    region = models.CharField(max_length=255, blank=True)  # the task's; "": any runner
    #: The name of the template, for limits that hold a whole resolution (resource ``template:NAME``).
    template_name = models.CharField(max_length=1000)
    resolver_input = EncryptedTextField()
    #: The documents of all steps as an operator edited them, as a JSON text; NULL: the template's.
    own_steps = EncryptedTextField(null=True)
    run_count = models.PositiveIntegerField(default=0)
    run_max = models.IntegerField(default=100)
    created = models.DateTimeField(default=timezone.now)
    last_start = models.DateTimeField(null=True)
    last_stop = models.DateTimeField(null=True)
    #: Shown to people and clients: when the next automatic run is planned.
    next_retry = models.DateTimeField(null=True)
    #: From when on a runner may claim it; NULL: not by itself.
    due_at = models.DateTimeField(null=True)
    #: The next run is a human's: every unfinished step is tried, not only those due.
    manual = models.BooleanField(default=False)
    #: An event (child ended, callback called) came while it ran or was held; the end of the run looks at it.
    woken_at = models.DateTimeField(null=True)
    runner = models.ForeignKey(Runner, null=True, on_delete=models.SET_NULL, related_name="resolutions")
    #: The runner that had it last, for people.
    last_runner = models.BigIntegerField(null=True)
    #: Rises with each claim and each forced take-away, so that a late writer is noticed.
    lease = models.BigIntegerField(default=0)
    #: Runners that died in a row while they held it (poison).
    deaths = models.PositiveSmallIntegerField(default=0)
    waiting_for = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                F("due_at"),
                F("id"),
                condition=Q(due_at__isnull=False, runner__isnull=True),
                name="resolution_claimable",
            ),
            models.Index(fields=["runner"], condition=Q(runner__isnull=False), name="resolution_held"),
            models.Index(fields=["state"], name="resolution_by_state"),
            models.Index(fields=["resolver_username"], name="resolution_by_resolver"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def encryption_row(self) -> str:
        return str(self.public_id)
