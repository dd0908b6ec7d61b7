"""The web page and text that is meant to do harm: it is shown as text, and nothing else happens."""

import json
import re
import urllib.request
from typing import Any

from tests.blackbox.http_clients import curl
from tests.blackbox.server import ROOT, Server
from tests.conftest import StartServer
from tests.page.conftest import OpenPage

NAUGHTY = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=document.title='owned'>",
    "<svg/onload=document.title='owned'>",
    "\"><script>document.title='owned'</script>",
    "'><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<a href=\"javascript:document.title='owned'\">click</a>",
    "javascript:document.title='owned'",
    "[x](javascript:alert(1))",
    "https://evil.example/\"onmouseover=\"document.title='owned'",
    "https://evil.example/'><script>alert(1)</script>",
    "http://javascript:alert(1)@evil.example/",
    "data:text/html,<script>alert(1)</script>",
    "`<script>alert(1)</script>`",
    "``` ` `` `",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "&lt;script&gt; &amp; &#60; \\u003cscript\\u003e",
    "</p></div></main><h1>owned</h1>",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>",
    "<!-- <![CDATA[ ]]> -->",
    "__proto__ constructor toString hasOwnProperty",
    "مرحبا بالعالم hello",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 n\u0303",
    "x" * 3000,
    " * ann left",
    "** ann waves",
]


def test_what_is_said_is_shown_as_it_was_said(server: Server, open_page: OpenPage) -> None:
    program = server.json_program("mallory")
    ann = open_page(server, "ann")
    dialogs: list[Any] = []
    ann.page.on("dialog", lambda dialog: dialogs.append(dialog))
    for text in NAUGHTY:
        program.carry_out(text=text)
    ann.page.wait_for_selector(".text:has-text('** ann waves')")
    shown = [text.replace("`", "") for text in ann.said()]
    assert shown == [text.replace("`", "") for text in NAUGHTY]
    for link in ann.page.locator("#log a").all():
        assert link.get_attribute("href").startswith("http")
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    assert (
        ann.page.locator("#log script, #log img, #log iframe, #log style, #log form").count() == 0
    )
    assert ann.page.title() != "owned"
    assert dialogs == []
    assert ann.page.evaluate(
        "() => { const log = document.querySelector('#log');"
        "return log.scrollWidth <= log.clientWidth; }"
    )


def test_a_line_that_begins_with_a_name_has_that_of_its_sender(
    server: Server, open_page: OpenPage
) -> None:
    """Lines of one person that follow one another have the name once, above the first one."""
    mallory, ann = server.json_program("mallory"), open_page(server, "ann")
    for text in ("one", "two", "bob: I quit", "three", "ann:me too"):
        mallory.carry_out(text=text)
    ann.expect("me too")
    shown = ann.page.evaluate(
        """() => [...document.querySelectorAll("#log .say")].filter(entry =>
            entry.querySelector(".name").getBoundingClientRect().width > 5)
            .map(entry => entry.querySelector(".text").textContent)"""
    )
    assert shown == ["one", "bob: I quit", "ann:me too"]


def test_long_lines_that_nearly_match_hold_no_page_up(server: Server, open_page: OpenPage) -> None:
    """An expression that tries anew at each of so many marks would take the page minutes."""
    program = server.json_program("mallory")
    ann = open_page(server, "ann")
    for mark in ".)-!":
        for _ in range(3):
            program.carry_out(text=f"http://a{mark * 60_000}a")
            program.carry_out(text=f"http://a{mark * 60_000}")
    program.carry_out(text="here it ends")
    ann.expect("here it ends")


def test_topics_rooms_and_found_texts_are_text_as_well(server: Server, open_page: OpenPage) -> None:
    program = server.json_program("mallory")
    ann = open_page(server, "ann")
    program.carry_out(command="/topic <img src=x onerror=alert(1)>")
    ann.page.wait_for_selector("#topic:has-text('<img')")
    program.carry_out(text="<img src=y> findme")
    ann.page.click("#show-find")
    ann.page.fill("#find-text", "findme")
    ann.page.press("#find-text", "Enter")
    ann.page.wait_for_selector("#found button:has-text('<img src=y>')")
    assert ann.page.locator("img").count() == 0


def test_invisible_and_reversing_characters_are_shown_escaped(
    server: Server, open_page: OpenPage
) -> None:
    bob, ann = server.program("/nick bob"), open_page(server, "ann")
    bob.send(b"abc\xe2\x80\xaedef \x1b[31mred\x07\n")
    ann.expect("\\u202e")
    ann.expect("\\x1b")


def test_the_page_may_load_nothing_from_elsewhere(server: Server, open_page: OpenPage) -> None:
    ann = open_page(server, "ann")
    for what in (
        "fetch('https://evil.example/')",
        "import('data:text/javascript,1')",
        "Promise.resolve().then(() => { document.body.innerHTML = '<b>x</b>' })",
    ):
        done = ann.page.evaluate(f"{what}.then(() => 'done', error => 'refused')")
        assert (what, done) == (what, "refused")
    ann.complaints.clear()  # the browser tells of each


def test_the_files_are_kept_by_the_browser_and_have_a_strict_policy(server: Server) -> None:
    host, port = server.address
    names = ["main.js", "chat.css", "icon.svg", "commands.json"]
    for path in ["/", *(f"/web/{name}" for name in names)]:
        url = f"http://{host}:{port}{path}"
        asked = urllib.request.Request(url, headers={"Accept": "text/html,*/*"})
        with urllib.request.urlopen(asked) as answer:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            tag = answer.headers["ETag"]
        again = curl(server, path, "-H", f"If-None-Match: {tag}", "-H", "Accept: text/html")
        assert (again.status, again.body) == (304, "")
    assert curl(server, "/").body.startswith("gchat, a chat server. To join:")
    assert curl(server, "/web/../../etc/passwd").status == 404
    assert curl(server, "/web/nosuch.js").status == 404
    page = curl(server, "/", "-H", "Accept: text/html").body
    modules = {each.name for each in (ROOT / "gchat/web").glob("*.js")}
    assert set(re.findall(r'"/web/(\S+\.js)"', page)) == modules
    table = json.loads(curl(server, "/web/commands.json").body)
    assert {"/nick", "/join"} <= {each["name"] for each in table}


def test_the_page_is_served_where_there_is_a_password(start_server: StartServer) -> None:
    server = start_server(environment={"GCHAT_PASSWORD": "open sesame"})
    assert curl(server, "/", "-H", "Accept: text/html").status == 200
    assert curl(server, "/web/main.js").status == 200
    assert curl(server, "/").status == 401
