"""Making the face models: the wheel, the merge, the bundle, and everything that can go wrong."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

from livecam.errors import UserError
from livecam.export import face_mesh_graph, face_model
from livecam.face import bundle

schema = face_mesh_graph.schema
BLOCKS = face_mesh_graph.read_blocks()


def test_the_blocks_are_those_of_the_attention_mesh():
    assert [block.name for block in BLOCKS] == ["lips", "left_eye", "right_eye", "left_iris", "right_iris"]
    assert [len(block.landmarks) for block in BLOCKS] == [80, 71, 71, 5, 5]
    irises = {point for block in BLOCKS[3:] for point in block.landmarks}
    assert irises == set(range(468, 478))
    assert all(len(block.depth_from) == 16 for block in BLOCKS[3:])


def test_every_point_comes_from_the_last_block_that_has_it():
    rows = face_mesh_graph.source_rows(BLOCKS)
    assert rows[1] == 1  # the nose's tip: the mesh
    assert rows[61] == 468  # the first of the lips
    assert rows[477] == 699  # the last of 468 + 80 + 71 + 71 + 5 + 5
    assert len(set(rows.tolist())) == 478


def tiny_mesh_model() -> bytes:
    """A model with the outputs of the attention mesh and their metadata, and nothing that computes them."""
    metadata_schema = face_mesh_graph.metadata_schema
    names = ["mesh", *(block.name for block in BLOCKS), "score"]
    sizes = [468 * 3, *(2 * len(block.landmarks) for block in BLOCKS), 1]
    graph = schema.SubGraphT()
    graph.tensors, graph.operators, graph.inputs = [], [], np.array([], np.int32)
    for name, size in zip(names, sizes, strict=True):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name.encode(), np.array([1, 1, 1, size], np.int32), 0
        graph.tensors.append(tensor)
    graph.outputs = np.arange(len(names), dtype=np.int32)

    metadata = metadata_schema.ModelMetadataT()
    metadata.subgraphMetadata = [metadata_schema.SubGraphMetadataT()]
    metadata.subgraphMetadata[0].outputTensorMetadata = []
    for name in names:
        entry = metadata_schema.TensorMetadataT()
        entry.name = name.encode()
        metadata.subgraphMetadata[0].outputTensorMetadata.append(entry)

    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], []
    model.buffers = [schema.BufferT(), schema.BufferT()]
    model.buffers[1].data = np.frombuffer(face_mesh_graph._finish(metadata, b"M001"), np.uint8)
    model.metadata = [schema.MetadataT()]
    model.metadata[0].name, model.metadata[0].buffer = b"TFLITE_METADATA", 1
    return face_mesh_graph._finish(model, b"TFL3")


def unpacked(content: bytes):
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))


def computed(content: bytes, outputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Runs the operators that the merge uses, in NumPy; `outputs`: the values of the original ones."""
    model = unpacked(content)
    graph = model.subgraphs[0]
    values: dict[int, np.ndarray] = {}
    for index, tensor in enumerate(graph.tensors):
        if tensor.name.decode() in outputs:
            values[index] = outputs[tensor.name.decode()].reshape(tensor.shape)
        elif tensor.buffer:
            values[index] = np.frombuffer(model.buffers[tensor.buffer].data.tobytes(), "<i4")
    codes = {getattr(schema.BuiltinOperator, n): n for n in dir(schema.BuiltinOperator) if n.isupper()}
    for operator in graph.operators:
        inputs = [values[i] for i in operator.inputs]
        options = operator.builtinOptions
        match_name = codes[model.operatorCodes[operator.opcodeIndex].builtinCode]
        if match_name == "RESHAPE":
            result = inputs[0].reshape(inputs[1])
            assert list(options.newShape) == list(inputs[1])
        elif match_name == "SLICE":
            (top, left), (height, width) = inputs[1], inputs[2]
            result = inputs[0][top : top + height, left : left + width]
        elif match_name == "GATHER":
            result = np.take(inputs[0], inputs[1], options.axis)
        elif match_name == "MEAN":
            result = inputs[0].mean(tuple(inputs[1]), keepdims=options.keepDims)
        else:
            assert match_name == "CONCATENATION"
            result = np.concatenate(inputs, options.axis)
        assert list(graph.tensors[operator.outputs[0]].shape) == list(result.shape)
        values[operator.outputs[0]] = result
    return [values[index] for index in graph.outputs]


def test_the_merged_graph_puts_the_points_together_as_the_old_api_did():
    random = np.random.default_rng(0)
    mesh = random.normal(size=(468, 3))
    parts = {block.name: random.normal(size=(len(block.landmarks), 2)) for block in BLOCKS}
    expected = np.zeros((478, 3))
    expected[:468] = mesh
    for block in BLOCKS:
        expected[list(block.landmarks), :2] = parts[block.name]
        if block.depth_from:
            expected[list(block.landmarks), 2] = mesh[list(block.depth_from), 2].mean()

    content = face_mesh_graph.merge_outputs(tiny_mesh_model(), BLOCKS)
    landmarks, score = computed(content, {"mesh": mesh, **parts, "score": np.array([0.7])})
    assert landmarks.shape == (1, 1, 1, 1434)
    np.testing.assert_allclose(landmarks.reshape(478, 3), expected)
    assert score.ravel() == [0.7]


def test_the_metadata_describes_the_two_outputs_that_are_left():
    model = unpacked(face_mesh_graph.merge_outputs(tiny_mesh_model(), BLOCKS))
    metadata = face_mesh_graph._unpack_metadata(model.buffers[model.metadata[0].buffer])
    assert [entry.name for entry in metadata.subgraphMetadata[0].outputTensorMetadata] == [b"mesh", b"score"]


def test_a_model_with_other_outputs_is_refused():
    with pytest.raises(ValueError, match="expected 4 refining outputs, found 5"):
        face_mesh_graph.merge_outputs(tiny_mesh_model(), BLOCKS[:4])


def test_constants_start_at_multiples_of_16():
    content = face_mesh_graph.merge_outputs(tiny_mesh_model(), BLOCKS)
    model = schema.Model.GetRootAsModel(content, 0)
    whole = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
    filled = [model.Buffers(k) for k in range(model.BuffersLength()) if model.Buffers(k).DataLength()]
    assert len(filled) > 10
    assert {(b.DataAsNumpy().__array_interface__["data"][0] - whole) % 16 for b in filled} == {0}


def test_the_fingerprint_sees_content_and_not_layout():
    content = face_mesh_graph.merge_outputs(tiny_mesh_model(), BLOCKS)
    model = unpacked(content)
    model.buffers = [face_mesh_graph.schema.BufferT() for _ in model.buffers]
    for mine, theirs in zip(model.buffers, unpacked(content).buffers, strict=True):
        mine.data = theirs.data
    loose = face_mesh_graph._finish(model, b"TFL3")  # without the alignment
    assert loose != content
    expected = face_mesh_graph.fingerprint(content)
    assert face_mesh_graph.fingerprint(loose) == expected
    model.buffers[-1].data = np.flip(model.buffers[-1].data)
    assert face_mesh_graph.fingerprint(face_mesh_graph._finish(model, b"TFL3")) != expected


def test_the_zip_is_stored_aligned_and_the_same_every_time():
    files = {"a.tflite": b"x" * 37, "some_longer_name.tflite": b"y" * 100}
    content = face_model.stored_zip(files)
    assert content == face_model.stored_zip(files)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
    for data in files.values():
        assert content.index(data) % 16 == 0


def test_a_wheel_that_is_another_one_is_refused(tmp_path):
    wheel = tmp_path / "mediapipe.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(UserError, match="checksum"):
        face_model.models_from_wheel(wheel)


def test_a_wheel_that_is_not_there(tmp_path, capsys):
    assert face_model.main(["--wheel", str(tmp_path / "none.whl"), "--force"]) == 2
    assert "none.whl: No such file" in capsys.readouterr().err


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("LIVECAM_CACHE", str(tmp_path))
    return bundle.model_folder()


@pytest.fixture
def wheel(tmp_path, monkeypatch) -> Path:
    """A wheel with three files in the place of the models, taken for the right one."""
    path = tmp_path / "tiny.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(face_model.DETECTOR, b"detector")
        archive.writestr(face_model.FACE_MESH, tiny_mesh_model())
        archive.writestr(face_model.SEGMENTER, b"segmenter")
    merged = face_mesh_graph.merge_outputs(tiny_mesh_model(), BLOCKS)
    monkeypatch.setattr(face_model, "WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(face_model, "MERGED_FINGERPRINT", face_mesh_graph.fingerprint(merged))
    return path


def test_a_build_makes_files_that_the_bundle_accepts(cache, wheel):
    assert face_model.build(wheel) == cache
    assert [bundle.problem(name, cache) for name in bundle.MODEL_FILES] == [None, None]
    assert {path.name for path in cache.iterdir()} == {*bundle.MODEL_FILES, bundle.MANIFEST}
    with zipfile.ZipFile(bundle.face_landmarker_path()) as archive:
        assert archive.namelist() == ["face_detector.tflite", "face_landmarks_detector.tflite"]
    assert bundle.segmenter_path().read_bytes() == b"segmenter"


def test_a_second_build_touches_nothing(cache, wheel, monkeypatch):
    face_model.build(wheel)
    monkeypatch.setattr(face_model, "models_from_wheel", None)
    monkeypatch.setattr(face_model, "download_wheel", None)
    assert face_model.build() == cache


@pytest.mark.parametrize("name", [*bundle.MODEL_FILES, bundle.MANIFEST])
def test_a_damaged_file_is_made_again(cache, wheel, name):
    face_model.build(wheel)
    (cache / name).write_bytes(b"damaged")
    face_model.build(wheel)
    assert [bundle.problem(name, cache) for name in bundle.MODEL_FILES] == [None, None]


def test_force_makes_everything_again(cache, wheel):
    face_model.build(wheel)
    before = bundle.segmenter_path().stat().st_mtime_ns
    face_model.build(wheel, force=True)
    assert bundle.segmenter_path().stat().st_mtime_ns != before


def test_a_merge_that_turns_out_differently_is_refused_and_nothing_is_written(cache, wheel, monkeypatch):
    monkeypatch.setattr(face_model, "MERGED_FINGERPRINT", "0" * 64)
    with pytest.raises(UserError, match="not the tested one"):
        face_model.build(wheel)
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_said_before_anything_is_downloaded(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LIVECAM_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(face_model, "download_wheel", None)
    with pytest.raises(UserError, match="LIVECAM_CACHE"):
        face_model.build()


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "model"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="no space left"):
        face_model._write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def pip_that_says(monkeypatch, error: str) -> list[list[str]]:
    calls: list[list[str]] = []

    def run(command, **options):
        calls.append(command)
        return subprocess.CompletedProcess(command, 1, "", error)

    monkeypatch.setattr(face_model.subprocess, "run", run)
    return calls


def test_without_a_network_pip_is_not_quoted_but_explained(cache, monkeypatch, capsys):
    said = (
        "WARNING: Retrying ... NewConnectionError(...)\nERROR: No matching distribution found for mediapipe"
    )
    pip_that_says(monkeypatch, said)
    assert face_model.main([]) == 2
    error = capsys.readouterr().err
    assert "no connection to the package index" in error
    assert "--wheel FILE" in error


@pytest.mark.parametrize(
    ("said", "why"), [("a\nERROR: disk quota\n\n", "ERROR: disk quota"), ("", "no reason")]
)
def test_any_other_reason_of_pip_is_quoted(cache, monkeypatch, said, why):
    calls = pip_that_says(monkeypatch, said)
    with pytest.raises(UserError, match=why):
        face_model.build()
    assert "mediapipe==0.10.21" in calls[0]
    assert "--no-deps" in calls[0]  # downloaded as a file; nothing is installed


@pytest.mark.slow
def test_where_livecam_has_no_pip_it_gets_one_for_the_moment(tmp_path, monkeypatch):
    """As in the environments that pipx and `uv tool` make."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    python = face_model.pip_python(tmp_path)
    assert Path(python).is_relative_to(tmp_path)
    done = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("pip ")


def test_no_pip_and_no_way_to_one(cache, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    def refused(*_):
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(face_model.venv.EnvBuilder, "create", refused)
    with pytest.raises(UserError, match="there is no pip here") as caught:
        face_model.build()
    assert "--wheel FILE" in caught.value.todo


def test_the_built_bundle_is_the_tested_one():
    """What lies in the user's cache was merged from the right model."""
    folder = bundle.model_folder()
    if any(bundle.problem(name, folder) for name in bundle.MODEL_FILES):
        pytest.skip("the face model is not built: run `livecam build`")
    with zipfile.ZipFile(folder / bundle.FACE_LANDMARKER) as archive:
        merged = archive.read("face_landmarks_detector.tflite")
    assert face_mesh_graph.fingerprint(merged) == face_model.MERGED_FINGERPRINT
    graph = unpacked(merged).subgraphs[0]
    assert [list(graph.tensors[k].shape) for k in graph.outputs] == [[1, 1, 1, 1434], [1, 1, 1, 1]]
