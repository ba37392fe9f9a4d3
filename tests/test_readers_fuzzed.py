"""What fuzzing the readers found (`python -m fuzz`), and a share of what it tries."""

import base64
import io

import numpy as np
import pytest
from fuzz.readers import READERS, seeds

FINDS = {
    # A header of format 1.0 in which a bracket stays open: NumPy's clean-up of such headers ended in TokenError.
    "npy": [
        "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWwgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
        "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    ],
}


@pytest.mark.parametrize(("reader", "text"), [(name, text) for name, texts in FINDS.items() for text in texts])
def test_what_fuzzing_found_is_refused_in_a_sentence(reader, text, tmp_path):
    READERS[reader](base64.b64decode(text), tmp_path)


@pytest.mark.parametrize("method", [1, 6, 9, 97])
def test_an_archive_of_samples_with_an_unknown_compression_is_refused(method, tmp_path):
    data = bytearray(seeds()["npz"][0])
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        k = data.find(mark)
        data[k + place] = method
    READERS["npz"](bytes(data), tmp_path)


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(1000000000, 1000000000)", "(-1,)", "((((", "(3, 2), 'x': 0"])
def test_a_header_that_asks_for_more_than_there_is_is_refused(shape, tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((3, 2)))
    data = buffer.getvalue()
    header = data[10:128].replace(b"(3, 2)", shape.encode())
    for version in (1, 2):
        length = len(header).to_bytes(2 if version == 1 else 4, "little")
        READERS["npy"](data[:6] + bytes([version, 0]) + length + header + data[128:], tmp_path)


@pytest.mark.parametrize("reader", READERS)
def test_bytes_that_were_changed_at_random_are_read_or_refused(reader, tmp_path):
    rng = np.random.default_rng(0)
    for seed in seeds()[reader]:
        READERS[reader](seed, tmp_path)
        for _ in range(10):
            data = bytearray(seed)
            for place in rng.integers(len(data), size=rng.integers(1, 8)):
                data[place] = rng.integers(256)
            READERS[reader](bytes(data[: rng.integers(1, len(data) + 1)] if rng.random() < 0.3 else data), tmp_path)
