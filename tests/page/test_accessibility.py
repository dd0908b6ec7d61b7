"""The web page, as axe-core finds it: labels, roles, contrast, in light and dark, large and small.

axe-core comes from npm: `npm install --no-save --prefix .venv/axe axe-core@4`.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.blackbox.server import ROOT
from tests.conftest import StartServer
from tests.page.conftest import OpenPage
from tests.page.person import PagePerson

AXE = Path(os.environ.get("AXE", ROOT / ".venv/axe/node_modules/axe-core/axe.min.js"))

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")

FIND = """
    async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
        .map(({ id, nodes }) => [id, ...nodes.map(node => node.target.join(" "))])
"""


def expect_nothing(person: PagePerson) -> None:
    """Fail if there is something in the page that axe-core finds wrong."""
    person.page.wait_for_timeout(200)  # what moves in would be found too pale
    assert person.page.evaluate(FIND) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(start_server: StartServer, open_page: OpenPage, scheme: Any) -> None:
    server = start_server(environment={"GCHAT_OP_PASSWORD": "abracadabra"})
    bob = server.person("bob")
    bob.say("/topic see https://tea.example", "hello ann, `make` is at https://tea.example/x")
    ann = open_page(server, bypass_csp=True, color_scheme=scheme)
    ann.page.evaluate(AXE.read_text("utf-8"))
    expect_nothing(ann)
    ann.take_name("ann")
    ann.expect("hello ann")
    ann.enter("builds")
    for number in range(12):  # in all colours
        program = server.json_program(f"name-{number}")
        program.carry_out(text=f"ann: hello {number}")
    bob.say("/msg ann psst")
    ann.page.wait_for_selector(".room:has-text('@bob') .count")
    expect_nothing(ann)
    ann.go_to("#lobby")
    ann.say("/nosuch", "/uptime", "/msg nobody hello")
    ann.expect("Not sent")
    expect_nothing(ann)
    ann.go_to("#lobby")
    expect_nothing(ann)
    ann.page.click("#show-away")
    ann.page.click("#set-away")
    ann.page.wait_for_selector("#people .away")
    shown = ("#show-settings", "#show-invite", "#people .person:has-text('bob')", "#show-away")
    for opened in (*shown, "#show-directory"):
        ann.page.click(opened)
        expect_nothing(ann)
        ann.page.keyboard.press("Escape")
    ann.page.keyboard.press("Control+k")
    ann.page.fill("#find-text", "hello")
    ann.page.press("#find-text", "Enter")
    ann.page.wait_for_selector("#found button")
    expect_nothing(ann)
    ann.page.keyboard.press("Escape")
    ann.page.type("#input", "/to")
    expect_nothing(ann)
    ann.page.context.set_offline(True)
    ann.page.wait_for_selector("#banner:not([hidden])")
    expect_nothing(ann)
    ann.page.set_viewport_size({"width": 320, "height": 568})
    expect_nothing(ann)
    ann.page.click("#show-left")
    expect_nothing(ann)
