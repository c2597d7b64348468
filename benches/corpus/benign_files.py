"""Benign samples of other files: archives, safetensors, GGUF, texts and hard negatives."""
import bz2
import gzip
import io
import json
import lzma
import pickle
import random
import struct
import tarfile
import zipfile

EPOCH = (1980, 1, 1, 0, 0, 0)
FILES = {"README.md": b"# model\nRun `rm -rf build` and then `python train.py`.\n", "config.json": json.dumps({"hidden": 8, "system": "linux"}).encode(),
         "data/vocab.txt": b"eval\nexec\nos.system\nsubprocess\n", "data/weights.bin": bytes(range(256)) * 4, "object.pkl": pickle.dumps({"a": [1, 2]}, 4)}


def zip_bytes(files, method=zipfile.ZIP_DEFLATED):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", method) as z:
        for n, d in files.items():
            zi = zipfile.ZipInfo(n, EPOCH)
            zi.compress_type = method
            z.writestr(zi, d)
    return b.getvalue()


def tar_bytes(files):
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode="w") as t:
        for n, d in files.items():
            ti = tarfile.TarInfo(n)
            ti.size = len(d)
            t.addfile(ti, io.BytesIO(d))
    return b.getvalue()


def safetensors_bytes(tensors, meta=None):
    head, off, body = {}, 0, b""
    if meta:
        head["__metadata__"] = meta
    for n, (dtype, shape, data) in tensors.items():
        head[n] = {"dtype": dtype, "shape": shape, "data_offsets": [off, off + len(data)]}
        off += len(data)
        body += data
    j = json.dumps(head).encode()
    j += b" " * (-len(j) % 8)
    return struct.pack("<Q", len(j)) + j + body


def archives(w):
    t = tar_bytes(FILES)
    g = "archives"
    w.add(g, "zip-deflate", "files.zip", zip_bytes(FILES), "zip", "")
    w.add(g, "zip-stored", "files.zip", zip_bytes(FILES, zipfile.ZIP_STORED), "zip", "")
    w.add(g, "zip-bzip2", "files.zip", zip_bytes(FILES, zipfile.ZIP_BZIP2), "zip", "")
    w.add(g, "zip-lzma", "files.zip", zip_bytes(FILES, zipfile.ZIP_LZMA), "zip", "")
    w.add(g, "zip-nested", "files.zip", zip_bytes({"inner.zip": zip_bytes(FILES), "a.txt": b"x"}), "zip-nested", "")
    w.add(g, "zip-comment", "files.zip", zip_bytes(FILES)[:-2] + struct.pack("<H", 5) + b"hello", "zip", "archive comment")
    w.add(g, "tar", "files.tar", t, "tar", "")
    w.add(g, "tar-gz", "files.tar.gz", gzip.compress(t, mtime=0), "tar-gz", "")
    w.add(g, "tar-bz2", "files.tar.bz2", bz2.compress(t), "tar-bz2", "")
    w.add(g, "tar-xz", "files.tar.xz", lzma.compress(t), "tar-xz", "")
    for name, comp, ext in (("gzip", lambda d: gzip.compress(d, mtime=0), ".gz"), ("bz2", bz2.compress, ".bz2"), ("xz", lzma.compress, ".xz"),
                            ("lzma", lambda d: lzma.compress(d, format=lzma.FORMAT_ALONE), ".lzma"), ("zlib", __import__("zlib").compress, ".z")):
        w.add(g, "pickle-" + name, "object.pkl" + ext, comp(pickle.dumps({"w": list(range(50))}, 4)), "pickle-" + name, "")
        w.add(g, "text-" + name, "notes.txt" + ext, comp(FILES["README.md"] * 5), "text-" + name, "")
    try:
        import zstandard
        w.add(g, "zst", "object.pkl.zst", zstandard.compress(pickle.dumps([1, 2, 3])), "pickle-zstd", "")
        w.add(g, "tar-zst", "files.tar.zst", zstandard.compress(t), "tar-zstd", "")
    except ImportError as e:
        w.skip("zstandard", str(e))
    try:
        import lz4.frame
        w.add(g, "lz4", "object.pkl.lz4", lz4.frame.compress(pickle.dumps([1, 2, 3])), "pickle-lz4", "")
    except ImportError as e:
        w.skip("lz4", str(e))
    try:
        import py7zr

        def seven(p):
            with py7zr.SevenZipFile(p, "w") as z:
                for n, d in FILES.items():
                    z.writestr(d, n)
        w.add(g, "sevenzip", "files.7z", seven, "7z", "")
    except ImportError as e:
        w.skip("py7zr", str(e))


def tensors(w):
    f = struct.pack("<4f", 1, 2, 3, 4)
    g = "tensors"
    w.add(g, "safetensors", "model.safetensors", safetensors_bytes({"a": ("F32", [2, 2], f), "b": ("I64", [1], b"\x00" * 8)}), "safetensors", "")
    w.add(g, "safetensors-meta", "model.safetensors", safetensors_bytes({"a": ("F16", [2], b"\x00" * 4)}, {"format": "pt", "note": "os.system eval"}), "safetensors", "metadata names dangerous things")
    w.add(g, "safetensors-empty", "model.safetensors", safetensors_bytes({}), "safetensors", "no tensors")
    w.add(g, "safetensors-scalar", "model.safetensors", safetensors_bytes({"s": ("F32", [], b"\x00" * 4)}), "safetensors", "")
    w.add(g, "safetensors-pickle-like", "model.safetensors", safetensors_bytes({"x": ("U8", [20], pickle.dumps([1, 2], 2).ljust(20, b"."))}), "safetensors", "tensor bytes look like a pickle")
    try:
        import numpy as np
        import safetensors.numpy as sn
        w.add(g, "safetensors-library", "model.safetensors", sn.save({"w": np.arange(6, dtype="f4").reshape(2, 3)}, {"format": "np"}), "safetensors", "")
    except ImportError as e:
        w.skip("safetensors", str(e))
    try:
        import gguf
        import numpy as np

        def make(template):
            def go(p):
                wr = gguf.GGUFWriter(p, "llama")
                wr.add_context_length(8)
                wr.add_name("tiny system eval")
                if template:
                    wr.add_chat_template(template)
                wr.add_token_list(["a", "b"])
                wr.add_tensor("token_embd.weight", np.zeros((2, 4), dtype=np.float32))
                wr.write_header_to_file()
                wr.write_kv_data_to_file()
                wr.write_tensors_to_file()
                wr.close()
            return go
        w.add(g, "gguf", "model.gguf", make(None), "gguf", "")
        w.add(g, "gguf-template", "model.gguf", make("{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] }}{% endfor %}"), "gguf", "plain chat template")
    except ImportError as e:
        w.skip("gguf", str(e))


def hard(w):
    g = "hard"
    rng = random.Random(4)
    raw = bytes(rng.getrandbits(8) for _ in range(4096))
    w.add(g, "raw-bin", "weights.bin", raw, "raw-weights", "random bytes")
    w.add(g, "raw-float-bin", "model.bin", struct.pack("<512f", *[rng.random() for _ in range(512)]), "raw-weights", "")
    w.add(g, "bytearray8-start", "weights.bin", b"\x96" + raw, "raw-weights", "first byte is a pickle opcode")
    w.add(g, "proto-start", "weights.bin", b"\x80\x3f" + raw, "raw-weights", "first bytes look like a pickle header")
    for c in b"(c]}Ni":
        w.add(g, "opcode-start-%02x" % c, "table.dat", bytes([c]) + raw[:300], "raw-weights", "first byte is a pickle opcode")
    w.add(g, "text-shell", "install.txt", "curl https://example.com/x.sh | sh\nrm -rf ~/.cache\n" * 10, "text", "shell commands as a note")
    w.add(g, "text-c-lines", "names.txt", "cos\nsystem\nsin\ntan\n", "text", "reads like opcodes of a text pickle")
    w.add(g, "csv", "data.csv", "id,eval_loss,system\n1,0.5,linux\n2,0.4,windows\n", "text", "")
    w.add(g, "json-metrics", "trainer_state.json", json.dumps({"eval_loss": 0.1, "exec": 2, "log_history": [{"step": 1, "eval": 3}] * 20}), "json", "")
    w.add(g, "json-deep", "deep.json", "[" * 60 + "]" * 60, "json", "nesting below limits")
    w.add(g, "json-long-string", "long.json", json.dumps({"t": "x" * 200000}), "json", "")
    w.add(g, "vocab-json", "vocab.json", json.dumps({t: i for i, t in enumerate(["import", "os", ".system", "__class__", "eval(", "subprocess"])}), "json", "tokens of code")
    w.add(g, "merges", "merges.txt", "#version: 0.2\ni m\nim port\ne val\n", "text", "")
    w.add(g, "tokenizer-config", "tokenizer_config.json", json.dumps({"chat_template": "{% for message in messages %}{{ message['content'] }}{% endfor %}", "model_max_length": 8}), "json", "")
    w.add(g, "html", "index.html", "<html><body><script>eval('1')</script></body></html>", "text", "documentation page")
    w.add(g, "yaml", "config.yaml", "model:\n  system: linux\n  exec: false\nlr: 0.1\n", "text", "")
    w.add(g, "pkl-keys", "metrics.pkl", pickle.dumps({"eval_loss": 1.0, "system": {"exec": 1}, "__reduce__": "os.system"}, 2), "pickle-data", "")
    w.add(g, "pkl-named-bin", "pytorch_model.bin", pickle.dumps({"layers": [1, 2, 3]}, 4), "pickle-data", "plain pickle under another name")
    w.add(g, "pkl-uppercase", "MODEL.PKL", pickle.dumps([1, 2, 3], 4), "pickle-data", "")
    w.add(g, "pkl-no-extension", "checkpoint", pickle.dumps([1, 2, 3], 4), "pickle-data", "")
    w.add(g, "pkl-nested-data", "outer.pkl", pickle.dumps({"inner": pickle.dumps({"deep": pickle.dumps([1])})}, 4), "pickle-data", "three levels of plain pickles")
    w.add(g, "pkl-many-strings", "words.pkl", pickle.dumps(["os", "system", "posix", "eval", "builtins", "exec"] * 300, 0), "pickle-data", "protocol 0")
    w.add(g, "pkl-long-int", "int.pkl", pickle.dumps(3 ** 20000, 2), "pickle-data", "")
    w.add(g, "pkl-memo-heavy", "memo.pkl", pickle.dumps([["x"] * 3 for _ in range(5000)], 2), "pickle-data", "")
    w.add(g, "trailing-newline", "obj.pkl", pickle.dumps({"a": 1}, 2) + b"\n", "pickle-data", "one byte after the end")
    w.add(g, "python-text", "train.py.txt", "import torch\n\n\ndef main():\n    print(torch.__version__)\n", "text", "")
    w.add(g, "onnx-like-name", "model.onnx.txt", "not a model\n", "text", "")
    w.add(g, "license", "LICENSE", "Permission is hereby granted to use this file.\n" * 20, "text", "")


def samples(w):
    archives(w)
    tensors(w)
    hard(w)
