"""Attributes as text: read from their bytes where they are short, by protobuf where not."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from errorbudget.ingest.otlp.settings import Limits
from errorbudget.ingest.otlp.values import Attributes

LIMITS = Limits()


def read(raw: bytes, limits: Limits = LIMITS) -> dict[str, str]:
    return Attributes(limits).texts([raw])


@given(st.text(max_size=140), st.text(max_size=140))
@example("", "")
@example("k", "")
@example("", "v")
@example("k" * 60, "v" * 61)
@example("k" * 60, "v" * 62)
def test_a_text_is_read_as_protobuf_reads_it(name: str, text: str):
    raw = KeyValue(key=name, value=AnyValue(string_value=text)).SerializeToString()

    assert read(raw) == {name: text}


@given(st.binary(max_size=140))
@example(b"\n\x01k\x12\x04\n\x02\xff\xfe")
@example(b"\n\x01k\x12\x03\n\x01v\n\x01l")
def test_any_bytes_are_read_as_protobuf_reads_them(raw: bytes):
    agrees_with_protobuf(raw)


@given(st.data(), st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_a_wrong_byte_is_never_read_otherwise_than_by_protobuf(
    data: st.DataObject, name: str, text: str
):
    raw = bytearray(KeyValue(key=name, value=AnyValue(string_value=text)).SerializeToString())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    agrees_with_protobuf(bytes(raw))


def test_a_text_is_cut_at_the_limit():
    raw = KeyValue(key="k", value=AnyValue(string_value="abcdef")).SerializeToString()

    assert read(raw, Limits(text=3)) == {"k": "abc"}


def agrees_with_protobuf(raw: bytes) -> None:
    try:
        wanted = KeyValue.FromString(raw)
    except DecodeError:
        with pytest.raises(DecodeError):
            read(raw)
        return
    if wanted.value.WhichOneof("value") in ("string_value", None):
        assert read(raw) == {wanted.key: wanted.value.string_value}
    else:
        assert list(read(raw)) == [wanted.key]
