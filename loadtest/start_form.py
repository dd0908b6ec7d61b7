"""What may be tested, and the form on locust's page with which a run is started."""

from typing import Any

from bystanders import refusal
from flask import jsonify, request
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING
from users.booking import address_of
from werkzeug.datastructures import MultiDict


def objection(host: str | None, anyway: bool) -> str:
    """Say why no run may begin against `host`; nothing if it may. `anyway`: whoever is there."""
    try:
        address = address_of(host)
    except ValueError as error:
        return str(error)
    return "" if anyway or not host else refusal(host, address)


def offer_kinds(environment: Environment, web_ui: Any) -> None:
    """Have the class picker list all kinds of users, and tick those that would run without it.

    Locust ticks all. Its page lists what is in `users`, and ticks `available_user_classes`.
    """
    ticked = [kind.__name__ for kind in environment.user_classes]
    update = web_ui.update_template_args

    def update_and_tick() -> None:
        update()
        web_ui.template_args["available_user_classes"] = ticked

    def pick() -> None:
        """Take a form in which nothing is ticked for the kinds offered ticked, not for all."""
        picks = web_ui.userclass_picker_is_active and is_start(environment)
        if picks and not request.form.getlist("user_classes"):
            form = MultiDict(request.form)
            form.setlist("user_classes", ticked)
            setattr(request, "form", form)

    web_ui.update_template_args = update_and_tick
    web_ui.app.before_request(pick)


def guard(environment: Environment, web_ui: Any) -> None:
    """Refuse, on the page, to start a run against a server that must not be used."""

    def check() -> Any:
        if not is_start(environment):
            return None
        options: Any = environment.parsed_options
        anyway = request.form.get("anyway", str(options.anyway)).lower() == "true"
        why = objection(request.form.get("host") or environment.host, anyway)
        return jsonify(success=False, message=why, host=environment.host) if why else None

    web_ui.app.before_request(check)


def is_start(environment: Environment) -> bool:
    """Whether the request that is being answered starts a run, and does not change one."""
    state = environment.runner.state if environment.runner else None
    return request.path.endswith("/swarm") and state not in (STATE_RUNNING, STATE_SPAWNING)
