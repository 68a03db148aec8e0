"""Templates and their immutable versions, functions, and what the last load found wrong."""

from django.db import models

from tasks.models.names import MemberKind


class Template(models.Model):
    """A task template by name. What it says is in its versions; here only what today's version makes it."""

    name = models.CharField(max_length=1000, unique=True)
    description = models.CharField(max_length=1000)
    current = models.ForeignKey("TemplateVersion", null=True, on_delete=models.PROTECT, related_name="+")
    hidden = models.BooleanField(default=False)
    blocked = models.BooleanField(default=False)
    allow_task_start_over = models.BooleanField(default=False)
    #: The file is gone, but tasks still refer to it: hidden and blocked, whatever the version says.
    archived = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """What a template said at one time; never changed once written. Tasks point here."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    #: SHA-256 of the normalised document with the functions it uses.
    content_hash = models.CharField(max_length=64)
    #: The YAML as it was written, for people.
    source = models.TextField()
    #: The normalised document with the functions it uses, as JSON text, for the engine.
    document = models.TextField()
    file = models.CharField(max_length=1000)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["template_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.template_id}, version {self.number}"


class TemplateResolver(models.Model):
    """A user or group that today's version of the template allows to resolve its tasks."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="resolvers")
    kind = models.CharField(max_length=5, choices=MemberKind.choices)
    name = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "kind", "name"], name="template_resolver_once"),
        ]
        indexes = [models.Index(fields=["kind", "name"], name="template_resolver_by_name")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Function(models.Model):
    """A function as loaded: an action under a new name, with arguments."""

    name = models.CharField(max_length=1000, unique=True)
    source = models.TextField()
    document = models.TextField()
    file = models.CharField(max_length=1000)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class LoadProblem(models.Model):
    """One mistake that the last load found in a file of templates or functions."""

    file = models.CharField(max_length=1000)
    line = models.PositiveIntegerField()
    step = models.TextField(null=True)  # noqa: DJ001 - outside the steps is not the same as an empty name
    level = models.CharField(max_length=7)
    what = models.TextField()
    mend = models.TextField(blank=True)
    excerpt = models.TextField(blank=True)
    found = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["file", "line", "id"]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"
