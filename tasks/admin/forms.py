"""Forms from what a template asks for: one field for each input, of the requester or of the resolver.

Here texts only become JSON values, and only where that cannot fail silently; every rule (types, patterns, legal values,
what may be left out) is the service's, whose answer is put back at the fields. Numbers keep their notation.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from tasks.services.errors import BadRequest
from tasks.services.values import JSONNumber, decode, encode

Document = Mapping[str, Any]

#: What a password is shown as where a whole request is shown.
HIDDEN_VALUE = "…"


class Kind(StrEnum):
    """How a field is drawn (``parts/input.html``)."""

    TEXT = "text"
    NUMBER = "number"
    PASSWORD = "password"  # noqa: S105 - a kind of field
    BOOL = "bool"
    CHOICE = "choice"
    CHOICES = "choices"
    ROWS = "rows"


def kind_of(document: Document) -> Kind:
    """The kind for an input as the API shows it."""
    many = bool(document["collection"])
    if document.get("legal_values"):
        return Kind.CHOICES if many else Kind.CHOICE
    if many:
        return Kind.ROWS
    return {"number": Kind.NUMBER, "password": Kind.PASSWORD, "bool": Kind.BOOL}.get(document["type"], Kind.TEXT)


class _Several(forms.Widget):
    """All values of a name, in order."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return list(data.getlist(name)) if hasattr(data, "getlist") else list(data.get(name) or ())


class InputField(forms.Field):
    """One input. Its ``value`` of texts becomes a JSON value; None: left out."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.kind = kind_of(document)
        self.choices = [
            (encode(value), value if isinstance(value, str) else encode(value))
            for value in document.get("legal_values") or ()
        ]
        several = self.kind in (Kind.CHOICES, Kind.ROWS)
        super().__init__(
            required=False,
            label=document.get("description") or document["name"],
            widget=_Several() if several else forms.TextInput(),
            initial=_initial(document, self.kind),
        )

    @property
    def must_be_given(self) -> bool:
        """Whether it must be filled in: neither optional nor with a default."""
        return not self.document["optional"] and self.document.get("default") is None

    @property
    def row_type(self) -> str:
        """The type of the boxes of a list."""
        return {"number": "number", "password": "password"}.get(self.document["type"], "text")

    def clean(self, value: Any) -> Any:
        if self.kind is Kind.CHOICES:
            return [_chosen(text) for text in value] or None
        if self.kind is Kind.ROWS:
            return [_typed(self.document["type"], text) for text in value if text != ""] or None
        if value in (None, ""):
            return None
        return _chosen(value) if self.kind is Kind.CHOICE else _typed(self.document["type"], value)


def _chosen(text: str) -> Any:
    try:
        return decode(text)
    except ValueError:
        # An address may name the value itself.
        return text


def _typed(type_: str, text: str) -> Any:
    if type_ == "bool":
        return {"true": True, "false": False}.get(text, text)
    if type_ != "number":
        return text.replace("\r\n", "\n")
    try:
        value = decode(text.strip())
    except ValueError:
        value = None
    if not isinstance(value, JSONNumber):
        raise forms.ValidationError("a number is expected, like 12 or -0.5")
    return value


def _initial(document: Document, kind: Kind) -> Any:
    value = document.get("default")
    if value is None or kind is Kind.PASSWORD:
        return [] if kind in (Kind.CHOICES, Kind.ROWS) else ""
    return _as_texts(value, kind)


def _as_texts(value: Any, kind: Kind) -> Any:
    """A JSON value as the texts of a field."""
    if kind is Kind.CHOICES:
        return [encode(each) for each in value] if isinstance(value, list | tuple) else []
    if kind is Kind.ROWS:
        return [_text(each) for each in value] if isinstance(value, list | tuple) else []
    return encode(value) if kind is Kind.CHOICE else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else encode(value)


class InputsForm(forms.Form):
    """All inputs of one list of a template; hidden ones are not drawn, and keep what an address gave them."""

    def __init__(
        self, documents: Sequence[Document], data: Any = None, *, values: Document | None = None, prefix: str = "in"
    ) -> None:
        """``data``: what was sent; ``values``: JSON values that stand in the fields at first."""
        super().__init__(data, prefix=prefix)
        self.documents = documents
        for document in documents:
            field = InputField(document)
            if values is not None and values.get(document["name"]) is not None:
                field.initial = _as_texts(values[document["name"]], field.kind)
            self.fields[document["name"]] = field

    @property
    def shown(self) -> list[tuple[str, forms.BoundField]]:
        """The fields to draw, each with an id for its box: names of inputs may have any letter."""
        drawn = [self[document["name"]] for document in self.documents if not document["hidden"]]
        return [(f"{self.prefix}-{number}", bound) for number, bound in enumerate(drawn)]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """Name and text of hidden inputs that an address or an earlier page gave."""
        found = []
        for document in self.documents:
            if document["hidden"]:
                bound = self[document["name"]]
                value = bound.value()
                texts = value if isinstance(value, list) else [value]
                found += [(bound.html_name, str(text)) for text in texts if text not in (None, "")]
        return found

    def prefill(self, given: MultiValueDict[str, str]) -> None:
        """Take values from an address: one parameter an input, repeated for lists."""
        for name, field in self.fields.items():
            if name in given and isinstance(field, InputField) and field.kind is not Kind.PASSWORD:
                texts = given.getlist(name)
                if field.kind in (Kind.CHOICE, Kind.CHOICES):
                    texts = [_as_choice(field, text) for text in texts]
                field.initial = texts if field.kind in (Kind.ROWS, Kind.CHOICES) else texts[-1]

    def values(self) -> dict[str, Any]:
        """What was given, as JSON values; to be called once it is valid."""
        return {name: value for name, value in self.cleaned_data.items() if value is not None}

    def address_values(self) -> list[tuple[str, str]]:
        """What was given, as parameters that ``prefill`` understands, passwords left out."""
        pairs: list[tuple[str, str]] = []
        for name, value in self.values().items():
            field = self.fields[name]
            if isinstance(field, InputField) and field.kind is not Kind.PASSWORD and field.row_type != "password":
                texts = value if isinstance(value, list) else [value]
                pairs += [(name, _text(text)) for text in texts]
        return pairs

    def shown_values(self) -> dict[str, Any]:
        """What was given, passwords replaced: to be shown as a request."""
        secret = {document["name"] for document in self.documents if document["type"] == "password"}
        return {name: HIDDEN_VALUE if name in secret else value for name, value in self.values().items()}

    def take_refusal(self, refusal: BadRequest) -> None:
        """Put what the service says at the fields it is about; the rest on top."""
        known = [name for name in refusal.fields if name in self.fields and not self._is_hidden(name)]
        for name in known:
            self.add_error(name, list(refusal.fields[name]))
        rest = {name: texts for name, texts in refusal.fields.items() if name not in known}
        if not refusal.fields:
            self.add_error(None, str(refusal))
        for name, texts in rest.items():
            self.add_error(None, f"{name}: {'; '.join(texts)}")

    def _is_hidden(self, name: str) -> bool:
        return any(document["hidden"] for document in self.documents if document["name"] == name)


def _as_choice(field: InputField, text: str) -> str:
    """The JSON text of the legal value that an address means."""
    return next((value for value, shown in field.choices if text in (value, shown)), text)


class ExtrasForm(forms.Form):
    """What may be asked for beside the inputs; lists are rows of texts."""

    comment = forms.CharField(required=False)
    delay = forms.CharField(required=False)
    tag_keys = forms.Field(required=False, widget=_Several)
    tag_values = forms.Field(required=False, widget=_Several)
    watcher_usernames = forms.Field(required=False, widget=_Several)
    watcher_groups = forms.Field(required=False, widget=_Several)
    resolver_usernames = forms.Field(required=False, widget=_Several)
    resolver_groups = forms.Field(required=False, widget=_Several)

    def names(self, field: str) -> list[str]:
        """One list of names, empty ones left out."""
        return [text.strip() for text in self.cleaned_data.get(field) or () if text.strip()]

    def tags(self) -> dict[str, str]:
        """The tags; a row without a key is left out."""
        keys, values = self.cleaned_data.get("tag_keys") or (), self.cleaned_data.get("tag_values") or ()
        return {key.strip(): value for key, value in zip(keys, values, strict=False) if key.strip()}

    @property
    def tag_rows(self) -> Iterable[tuple[str, str]]:
        """Keys and values as they stand in the form."""
        return list(zip(self["tag_keys"].value() or (), self["tag_values"].value() or (), strict=False))
