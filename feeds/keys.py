"""Keys that tell apart what files were made from. Called by outputs and folders."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec


def key_of(*facts: Any) -> str:
    """Equal for equal facts: values of the program's own types, or what msgspec knows."""
    packed = msgspec.msgpack.encode(facts, enc_hook=str, order="deterministic")
    return hashlib.blake2b(packed, digest_size=16).hexdigest()
