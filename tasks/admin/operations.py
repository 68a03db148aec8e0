"""Operations: runners, queue, messages that were given up, keys, configuration, maintenance, and the doctor."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tasks.admin.page import Page
from tasks.models import clock
from tasks.services import keys, maintenance, operations, outbox
from tasks.services.errors import BadRequest


class Operations(Page):
    """How the service stands; what costs much is asked for on its own: ``?look=doctor``, ``?look=keys``."""

    route, name, section, title = "operations/", "operations", "operations", "Operations"
    template = "pages/operations.html"
    administrators_only = True

    def get(self, request: HttpRequest) -> HttpResponse:
        look = request.GET.get("look", "")
        counted = operations.key_count(self.actor) if look == "keys" else None
        return self.show(
            health=operations.health(self.actor, clock.now()),
            configuration=operations.configuration_document(self.actor),
            violations=operations.doctor(self.actor) if look == "doctor" else None,
            key_counts=None if counted is None else sorted(counted.items()),
        )


class Operate(Page):
    """One act of an operator."""

    route, name, section = "operations/do/", "operations-do", "operations"
    administrators_only = True
    maintained = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        match request.POST.get("deed", ""):
            case "maintenance-on":
                maintenance.switch(self.actor, on=True)
                told = "Maintenance is on: nothing is written."
            case "maintenance-off":
                maintenance.switch(self.actor, on=False)
                told = "Maintenance is over."
            case "rotate":
                keys.start_rotation(self.actor)
                told = "The rotation has begun; this page shows how far it is."
            case "send-again":
                maintenance.require_writable()
                chosen = [int(text) for text in request.POST.getlist("letter") if text.isdecimal()]
                number = outbox.send_again(self.actor, chosen or None)
                told = f"{number} message{'' if number == 1 else 's'} will be sent again."
            case unknown:
                raise BadRequest(f'there is no act "{unknown}"')
        return self.go(reverse("admin:operations"), told)
