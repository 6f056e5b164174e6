"""RFC 6962 hashes, against the vectors that Certificate Transparency implementations share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.errors import Untrusted
from errorbudget.policy.merkle import Frontier, leaf_hash, node_hash

# Published with the reference implementation of RFC 6962, and by transparency-dev/merkle
# (testonly/constants.go): https://github.com/transparency-dev/merkle/blob/main/testonly/constants.go
LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def grown(entries: list[bytes]) -> Frontier:
    frontier = Frontier()
    for entry in entries:
        frontier = frontier.append(leaf_hash(entry))
    return frontier


def root_by_definition(entries: list[bytes]) -> bytes:
    """Section 2.1 of the RFC read aloud, over at least one entry."""
    if len(entries) == 1:
        return leaf_hash(entries[0])
    split = 1 << (len(entries) - 1).bit_length() - 1
    return node_hash(root_by_definition(entries[:split]), root_by_definition(entries[split:]))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int):
    entries = [bytes.fromhex(leaf) for leaf in LEAVES[:size]]

    assert grown(entries).root.hex() == ROOTS[size]


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=130))
def test_growing_by_one_gives_the_root_of_the_definition(entries: list[bytes]):
    assert grown(entries).root == root_by_definition(entries)


@given(st.integers(min_value=0, max_value=200))
def test_a_frontier_survives_being_stored(size: int):
    frontier = grown([bytes([number]) for number in range(size)])

    assert Frontier.unpack(size, frontier.pack()) == frontier
    assert len(frontier.peaks) == size.bit_count()


def test_a_stored_frontier_that_does_not_fit_its_size_is_refused():
    with pytest.raises(Untrusted, match="3 entries"):
        Frontier.unpack(3, bytes(32))
