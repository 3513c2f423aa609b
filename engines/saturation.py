"""Does this processor's arithmetic saturate where bytes are multiplied? Asked of the arithmetic itself.

x86 without VNNI multiplies unsigned by signed bytes with an instruction that adds two products in 16 bits
(`vpmaddubsw`): two times 255 x 127 is 64,770, and 32,767 comes out. onnxruntime has a precise mode for such
processors, but where there is VNNI it takes a half more time and changes nothing, so it is used only where it
is needed. Flags of processors have other names on every system; a product is the same everywhere.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

PRODUCT: Final = (
    b'\x08\x08\x12\x00:b\n\x18\n\x01a\n\x01b\x12\x01c"\rMatMulInteger\x12\x01pZ\x15\n\x01a\x12\x10\n\x0e'
    b"\x08\x02\x12\n\n\x03\x12\x01m\n\x03\x12\x01kZ\x15\n\x01b\x12\x10\n\x0e\x08\x03\x12\n\n\x03\x12\x01k"
    b"\n\x03\x12\x01nb\x15\n\x01c\x12\x10\n\x0e\x08\x06\x12\n\n\x03\x12\x01m\n\x03\x12\x01nB\x04\n\x00\x10\x11"
)
"""An ONNX model of one node: c (m x n, int32) = a (m x k, uint8) times b (k x n, int8)."""
SIDES: Final = (4, 64, 16)
"""m, k, n: several of each, so that the same kernel runs that convolutions use, not one for vectors."""


@cache
def bytes_saturate() -> bool:
    """True where onnxruntime's CPU kernels give wrong sums of large products of bytes. Takes about a
    millisecond, once."""
    from livecam.engines.onnx_runtime import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(PRODUCT, options, providers=["CPUExecutionProvider"])
    rows, shared, columns = SIDES
    feeds = {"a": np.full((rows, shared), 255, np.uint8), "b": np.full((shared, columns), 127, np.int8)}
    product: Any = session.run(["c"], feeds)[0]
    return bool((product != shared * 255 * 127).any())
