"""text.lookalikes: which names look alike, and which scripts are written together."""

import unicodedata

import pytest

from gchat.text.confusables import PROTOTYPES, VERSION
from gchat.text.lookalikes import LookAlikes, mixes_scripts, skeletons
from gchat.text.naming import NotAName, as_name, as_room, name_key, nearest_name


def are_alike(one: str, other: str) -> bool:
    looks = LookAlikes()
    looks.add(one, name_key(one))
    return name_key(one) in looks.of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bob", "bоb"),  # a Cyrillic о
        ("coco", "сосо"),  # all of it Cyrillic
        ("BOB", "ВОВ"),  # Cyrillic capitals, whose small letters look different
        ("HANS", "НАNS"),
        ("alpha", "аlphа"),
        ("ann", "ɑnn"),
        ("οοο", "ооо"),  # Greek and Cyrillic
        ("bob", "bօb"),  # an Armenian օ
        ("mom", "МОМ"),  # Cyrillic capitals that look like the capitals of the other
    ],
    ids=ascii,
)
def test_names_of_letters_that_look_alike_look_alike(one: str, other: str) -> None:
    assert are_alike(one, other)
    assert are_alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("com", "corn"), ("bill", "bi11"), ("zoe", "zoë"), ("日本", "日木"), ("анна", "инна")],
    ids=ascii,
)
def test_names_that_can_be_told_apart_and_those_in_ascii_are_two(one: str, other: str) -> None:
    assert not are_alike(one, other)
    assert not are_alike(other, one)


def test_a_name_that_was_removed_is_like_none() -> None:
    looks = LookAlikes()
    looks.add("bob", "bob")
    looks.remove("bob", "bob")
    looks.remove("bob", "bob")
    assert not list(looks.of("bоb"))
    assert not looks._names


@pytest.mark.parametrize(
    "name",
    [
        *("ann", "zoë-1", "анна_2", "日本語", "ひらがなカタカナ漢字", "Tokyo東京", "한국"),
        *("Seoul서울", "हिन्दी", "אבג", "مرحبا٣", "ไทย", "Ελλάδα", "々々", "ー", "カー", "ՀԱՅ"),
    ],
)
def test_a_name_of_one_script_or_of_those_that_are_written_together_mixes_none(name: str) -> None:
    assert not mixes_scripts(unicodedata.normalize("NFKC", name))


@pytest.mark.parametrize("name", ["bоb", "gсhat", "yоu", "αnn", "annא", "Tokyоu東", "bօb", "한か"])
def test_a_name_that_mixes_scripts_is_refused(name: str) -> None:
    with pytest.raises(NotAName, match="mix scripts"):
        as_name(name)
    assert as_name(nearest_name(name))


@pytest.mark.parametrize("name", ["server", "System", "ADMIN", "operator", "everyone", "here"])
def test_names_of_the_server_and_of_all_are_reserved_but_not_for_rooms(name: str) -> None:
    with pytest.raises(NotAName, match="is reserved"):
        as_name(name)
    assert as_room(name) == name.casefold()


@pytest.mark.parametrize("name", ["уоu", "hеrе", "аll", "ɑdmin", "hеге"])
def test_what_looks_like_a_reserved_name_is_refused(name: str) -> None:
    with pytest.raises(NotAName):
        as_name(name)


@pytest.mark.parametrize("filler", ["\U00016fe4", "\u3164", "\uffa0", "\u115f", "\u034f", "\ufe00"])
def test_no_name_has_a_filler_that_nobody_sees(filler: str) -> None:
    for name in (filler, f"b{filler}ob", f"bob{filler}"):
        with pytest.raises(NotAName):
            as_name(name)


def test_the_table_is_of_the_version_it_says_and_leads_to_itself() -> None:
    assert VERSION == "17.0.0"
    assert len(PROTOTYPES) == 2221
    for code in PROTOTYPES:
        for skeleton in skeletons(chr(code)):
            assert skeleton in skeletons(skeleton)
