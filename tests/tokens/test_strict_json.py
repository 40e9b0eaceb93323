import pytest

from app.tokens.strict_json import InvalidJson, strict_json


@pytest.mark.requirement("R13")
@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"x":{"a":1,"a":2}}',
        b'{"a":1,"\\u0061":2}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        '{"a":"é"}'.encode("latin-1"),
        b"[" * 17 + b"]" * 17,
        b'{"a":' * 17 + b"1" + b"}" * 17,
        b"[" * 100_000,
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e400}',
        b'{"a":' + b"9" * 5000 + b"}",
        b"{" + b",".join(b'"%d":1' % n for n in range(65)) + b"}",
        b"[]",
        b"null",
        b"1",
        b'"a"',
        b"",
        b"{",
        b"{'a':1}",
        b'{"a":1}x',
    ],
)
def test_json_that_has_two_meanings_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidJson):
        strict_json(text)


@pytest.mark.requirement("R13")
def test_json_at_its_bounds_is_read() -> None:
    deep = b'{"a":' * 16 + b"1" + b"}" * 16
    wide = b"{" + b",".join(b'"%d":1' % n for n in range(64)) + b"}"

    assert strict_json(deep)
    assert len(strict_json(wide)) == 64
    assert strict_json(b'{"a":1.5}') == {"a": 1.5}
    assert strict_json(b'{"a":"[[[[[[[[[[[[[[[[[[[["}') == {"a": "[" * 20}
