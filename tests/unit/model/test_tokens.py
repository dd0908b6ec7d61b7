"""model.tokens: they cannot be guessed, and can be typed."""

import re

from gchat.model.tokens import digest, make_token, tidy

WORD = "[bdfghjklmnprstvz][aiou][bdfghjklmnprstvz][aiou][bdfghjklmnprstvz]"


def test_a_token_is_four_words_that_can_be_said() -> None:
    for _ in range(100):
        assert re.fullmatch(f"({WORD}-){{3}}{WORD}", make_token())


def test_all_sixty_four_bits_are_random() -> None:
    tokens = [make_token() for _ in range(1000)]
    assert len(set(tokens)) == len(tokens)
    for place in (place for place in range(len(tokens[0])) if tokens[0][place] != "-"):
        expected = 16 if place % 6 % 2 == 0 else 4
        assert len({token[place] for token in tokens}) == expected


def test_it_may_be_typed_in_capitals_and_with_blanks() -> None:
    token = make_token()
    typed = f"  {token.upper().replace('-', '  ', 2)} "
    assert tidy(typed) == token
    assert digest(typed) == digest(token)


def test_the_digest_is_another_for_another_token_and_does_not_hold_it() -> None:
    token = make_token()
    assert digest(token) != digest(make_token())
    assert not set(token.split("-")) & set(re.findall("[a-z]{5}", digest(token)))
    assert len(digest(token)) == 64
