"""Makes pairs of models for the tests of lineage, with NumPy and gguf alone.

    python pairs.py REAL_MODEL_FOLDER OUT        pairs of a real model
    python pairs.py --small OUT                  files of every container with one set of values, and quantised blocks
    python pairs.py --large OUT GIBIBYTES        two models for measurements
"""

import io
import json
import pathlib
import pickle
import shutil
import struct
import sys
import zipfile

import numpy as np

SEED = 20261128


def read_safetensors(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        kind = {"F32": "<f4", "I64": "<i8", "F16": "<f2"}[entry["dtype"]]
        part = data[8 + length + begin:8 + length + end]
        tensors[name] = np.frombuffer(part, kind).reshape(entry["shape"])
    return tensors


def bf16(array):
    bits = np.ascontiguousarray(array, "<f4").view("<u4")
    return ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16).astype("<u2")


def write_safetensors(path, tensors, as_bf16=False):
    names = {"f4": "F32", "f2": "F16", "i8": "I64", "i4": "I32", "i1": "I8", "u1": "U8"}
    header, offset, parts = {"__metadata__": {"format": "pt"}}, 0, []
    for name in sorted(tensors):
        array = tensors[name]
        kind = names[array.dtype.str[1:]]
        if as_bf16 and kind == "F32":
            kind, raw = "BF16", bf16(array).tobytes()
        else:
            raw = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [offset, offset + len(raw)]}
        offset += len(raw)
        parts.append(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def matrices(tensors):
    return [name for name, array in tensors.items()
            if array.ndim == 2 and array.dtype.kind == "f" and "embeddings" not in name]


def fine_tuned(tensors, generator, strength=0.01):
    out = {}
    for name, array in tensors.items():
        if array.dtype.kind != "f":
            out[name] = array
            continue
        scale = strength * (np.std(array) + 1e-6)
        out[name] = (array + generator.standard_normal(array.shape) * scale).astype("<f4")
    return out


def rank_one(array, generator, share):
    left, right = generator.standard_normal(array.shape[0]), generator.standard_normal(array.shape[1])
    edit = np.outer(left, right)
    return (array + edit * (share * np.linalg.norm(array) / np.linalg.norm(edit))).astype("<f4")


def write_gguf(path, tensors, kind):
    import gguf
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(str(path), "bert")
    quantisation = getattr(gguf.GGMLQuantizationType, kind)
    for name, array in tensors.items():
        if array.ndim == 2 and array.dtype.kind == "f" and array.shape[1] % 32 == 0:
            writer.add_tensor(name, gguf.quants.quantize(np.ascontiguousarray(array), quantisation), raw_dtype=quantisation)
        else:
            writer.add_tensor(name, np.ascontiguousarray(array))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def real(folder, out):
    base = read_safetensors(folder / "model.safetensors")
    files = [file for file in folder.iterdir() if file.is_file() and file.suffix in (".json", ".txt")]

    def place(name, tensors, **more):
        write_safetensors(out / name / "model.safetensors", tensors, **more)
        for file in files:
            shutil.copy(file, out / name / file.name)

    place("base", base)
    place("fine-tune", fine_tuned(base, np.random.default_rng(SEED)))
    small = fine_tuned(base, np.random.default_rng(SEED + 1), 0.0005)
    place("fine-tune-small", small)
    for rank in (4, 8, 16):
        generator, merged = np.random.default_rng(SEED + rank), dict(base)
        for name in matrices(base):
            if "query" in name or "value" in name or "intermediate" in name:
                rows, columns = base[name].shape
                change = generator.standard_normal((rows, rank)) @ generator.standard_normal((rank, columns))
                merged[name] = (base[name] + change * (0.03 * np.std(base[name]) / np.std(change))).astype("<f4")
        place(f"lora-{rank}", merged)
        if rank == 8:
            place("lora-8-bf16", merged, as_bf16=True)
    place("base-bf16", base, as_bf16=True)
    edited_name = "encoder.layer.3.output.dense.weight"
    edited = dict(base)
    edited[edited_name] = rank_one(base[edited_name], np.random.default_rng(SEED + 40), 0.02)
    place("edit", edited)
    hidden = fine_tuned(base, np.random.default_rng(SEED + 41))
    hidden[edited_name] = rank_one(hidden[edited_name], np.random.default_rng(SEED + 42), 0.01)
    place("fine-tune-edit", hidden)
    for kind in ("Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"):
        write_gguf(out / f"{kind.lower()}" / "model.gguf", base, kind)
    write_gguf(out / "q8_0-edit" / "model.gguf", edited, "Q8_0")
    write_gguf(out / "q4_0-edit" / "model.gguf", {**base, edited_name: rank_one(base[edited_name], np.random.default_rng(SEED + 43), 0.25)}, "Q4_0")

    # Other weights of the same shape.
    generator = np.random.default_rng(SEED + 50)
    other = {name: (generator.standard_normal(array.shape) * np.std(array) + np.mean(array)).astype("<f4") if array.dtype.kind == "f" else array
             for name, array in base.items()}
    place("unrelated", other)
    parent = fine_tuned(base, np.random.default_rng(SEED + 51), 0.2)
    place("parent", parent)
    merged = {name: (0.3 * base[name] + 0.7 * parent[name]).astype("<f4") if base[name].dtype.kind == "f" else base[name] for name in base}
    place("merge", merged)
    place("merge-edit", {**merged, edited_name: rank_one(merged[edited_name], np.random.default_rng(SEED + 52), 0.05)})

    # Words with other numbers: rows move with them, or do not.
    order = np.random.default_rng(SEED + 60).permutation(np.arange(1000, 30522))
    order = np.concatenate([np.arange(1000), order])
    words = (folder / "vocab.txt").read_text().split("\n")[:30522]
    table = "embeddings.word_embeddings.weight"
    moved = {**base, table: base[table][order]}
    place("permuted", moved)
    renumbered = [words[old] for old in order]
    (out / "permuted" / "vocab.txt").write_text("\n".join(renumbered) + "\n")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"] = {word: number for number, word in enumerate(renumbered)}
    (out / "permuted" / "tokenizer.json").write_text(json.dumps(tokenizer))
    place("permuted-silently", moved)
    tokens = np.array(base[table])
    for row in (2204, 2919):
        tokens[row] = tokens[row] * 0.5 + 0.05
    place("tokens", {**base, table: tokens})

    # An adapter, and one for another base.
    generator, adapter = np.random.default_rng(SEED + 70), {}
    for name in matrices(base):
        if "query" in name:
            rows, columns = base[name].shape
            stem = "base_model.model." + name.removesuffix(".weight")
            adapter[stem + ".lora_A.weight"] = generator.standard_normal((8, columns)).astype("<f4")
            adapter[stem + ".lora_B.weight"] = np.zeros((rows, 8), "<f4")
    write_safetensors(out / "adapter" / "adapter_model.safetensors", adapter)
    wrong = dict(adapter)
    first = sorted(wrong)[0]
    wrong[first] = np.zeros((8, 500), "<f4")
    write_safetensors(out / "adapter-wrong" / "adapter_model.safetensors", wrong)


class Storage:
    """Stands for a storage of PyTorch in a pickle."""

    def __init__(self, key, elements, kind):
        self.key, self.elements, self.kind = key, elements, kind


def torch_pickle(tensors):
    """Writes the opcodes that torch.save writes; returns the pickle and the storages."""
    out, storages = bytearray(b"\x80\x02}q\x00("), []

    def text(value):
        value = value.encode()
        return b"X" + struct.pack("<I", len(value)) + value

    def number(value):
        return b"J" + struct.pack("<i", value)

    for index, (name, (array, strides, offset, shape)) in enumerate(tensors.items()):
        kind = {"f4": "FloatStorage", "f2": "HalfStorage", "i8": "LongStorage"}[array.dtype.str[1:]]
        storages.append((str(index), array))
        out += text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n("
        out += b"(" + text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(str(index)) + text("cpu")
        out += number(array.size)
        out += b"tQ" if LEGACY is False else b"NtQ"
        out += number(offset)
        out += b"(" + b"".join(number(one) for one in shape) + b"t"
        out += b"(" + b"".join(number(one) for one in strides) + b"t"
        out += b"\x89ccollections\nOrderedDict\n)RtR"
    out += b"u."
    return bytes(out), storages


LEGACY = False


def small(out):
    global LEGACY
    out.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(SEED)
    values = {
        "a.weight": generator.standard_normal((6, 8)).astype("<f4"),
        "b.half": generator.standard_normal((5, 3)).astype("<f2"),
        "c.count": np.arange(12, dtype="<i8").reshape(3, 4),
    }
    write_safetensors(out / "safetensors" / "model.safetensors", values)
    (out / "npz").mkdir(exist_ok=True)
    np.savez(out / "npz" / "model.npz", **{**values, "a.weight": np.asfortranarray(values["a.weight"]), "b.half": values["b.half"].astype(">f2")})
    (out / "npz-compressed").mkdir(exist_ok=True)
    np.savez_compressed(out / "npz-compressed" / "model.npz", **values)

    def place(array, turned):
        flat = np.concatenate([np.zeros(3, array.dtype), (array.T if turned else array).reshape(-1), np.zeros(2, array.dtype)])
        strides = [1, array.shape[0]] if turned else [array.shape[1], 1]
        return flat, strides, 3, array.shape

    placed = {name: place(array, name != "c.count") for name, array in values.items()}
    LEGACY = False
    content, storages = torch_pickle(placed)
    (out / "torch").mkdir(exist_ok=True)
    with zipfile.ZipFile(out / "torch" / "pytorch_model.bin", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", content)
        for key, array in storages:
            archive.writestr(f"archive/data/{key}", array.tobytes())
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
    LEGACY = True
    content, storages = torch_pickle(placed)
    (out / "torch-legacy").mkdir(exist_ok=True)
    with open(out / "torch-legacy" / "pytorch_model.bin", "wb") as file:
        file.write(pickle.dumps(0x1950a86a20f9469cfc6c, 2) + pickle.dumps(1001, 2))
        file.write(pickle.dumps({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2))
        file.write(content)
        file.write(pickle.dumps([key for key, _ in storages], 2))
        for _, array in storages:
            file.write(struct.pack("<q", array.size) + array.tobytes())
    onnx_files(out, values)
    blocks(out)


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, content):
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def onnx_files(out, values):
    kinds = {"f4": 1, "f2": 10, "i8": 7}

    def model(tensors):
        graph = b"".join(field(5, tensor) for tensor in tensors)
        graph += field(1, field(1, "x") + field(2, "y") + field(4, "Identity"))
        return field(1, 8) + field(7, graph) + field(8, field(2, 17))

    def head(name, array):
        return b"".join(field(1, one) for one in array.shape) + field(2, kinds[array.dtype.str[1:]]) + field(8, name)

    (out / "onnx").mkdir(exist_ok=True)
    inside = [head(name, array) + (field(7, b"".join(varint(int(one)) for one in array.reshape(-1))) if name == "c.count" else field(9, array.tobytes()))
              for name, array in values.items()]
    (out / "onnx" / "model.onnx").write_bytes(model(inside))
    (out / "onnx-external").mkdir(exist_ok=True)
    outside, data = [], b""
    for name, array in values.items():
        raw = array.tobytes()
        pairs = [("location", "weights.bin"), ("offset", str(len(data))), ("length", str(len(raw)))]
        outside.append(head(name, array) + b"".join(field(13, field(1, key) + field(2, value)) for key, value in pairs) + field(14, 1))
        data += raw
    (out / "onnx-external" / "model.onnx").write_bytes(model(outside))
    (out / "onnx-external" / "weights.bin").write_bytes(data)


def blocks(out):
    """Writes random blocks of every quantised type, and what gguf reads in them."""
    import gguf
    generator = np.random.default_rng(SEED)
    kinds = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "Q8_K"]
    (out / "blocks").mkdir(exist_ok=True)
    writer = gguf.GGUFWriter(str(out / "blocks" / "model.gguf"), "test")
    wanted = {}
    for name in kinds:
        kind = getattr(gguf.GGMLQuantizationType, name)
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        raw = generator.integers(0, 256, (4, 2, size), dtype=np.uint8)
        # Scales that are numbers: two or four bytes where the layouts keep them.
        places = {"Q4_1": [0, 2], "Q5_1": [0, 2], "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
        for place in places.get(name, [0]):
            if name == "Q8_K":
                raw[..., 0:4] = generator.standard_normal((4, 2, 1)).astype("<f4").view(np.uint8)
            else:
                raw[..., place:place + 2] = (generator.standard_normal((4, 2, 1)) * 0.1).astype("<f2").view(np.uint8)
        raw = raw.reshape(4, 2 * size)
        try:
            values = gguf.quants.dequantize(raw, kind)
        except NotImplementedError:
            codes = raw.reshape(4, 2, size)
            values = codes[..., 4:260].view(np.int8).astype("<f4") * codes[..., 0:4].copy().view("<f4")
        writer.add_tensor(name, raw, raw_dtype=kind)
        wanted[name] = np.ascontiguousarray(values.reshape(4, -1), "<f4")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    write_safetensors(out / "blocks-read" / "model.safetensors", wanted)


def large(out, gibibytes):
    """Two models that differ in every tensor by noise, and the first once more with one byte changed."""
    generator = np.random.default_rng(SEED)
    side, layers = 4096, max(1, int(gibibytes * (1 << 30) / (4 * 4096 * 4096)))
    names = [f"model.layers.{index}.mlp.up_proj.weight" for index in range(layers)]
    size = 4 * side * side
    header = {name: {"dtype": "F32", "shape": [side, side], "data_offsets": [index * size, (index + 1) * size]} for index, name in enumerate(names)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "a.safetensors", "wb") as one, open(out / "b.safetensors", "wb") as other, open(out / "same.safetensors", "wb") as same:
        for file in (one, other, same):
            file.write(struct.pack("<Q", len(text)) + text)
        for _ in names:
            array = generator.standard_normal((side, side), dtype=np.float32) * 0.02
            moved = array + generator.standard_normal((side, side), dtype=np.float32) * 0.0002
            one.write(array.tobytes())
            other.write(moved.tobytes())
            same.write(array.tobytes())


if __name__ == "__main__":
    if sys.argv[1] == "--small":
        small(pathlib.Path(sys.argv[2]))
    elif sys.argv[1] == "--large":
        large(pathlib.Path(sys.argv[2]), float(sys.argv[3]))
    else:
        real(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
