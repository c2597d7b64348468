"""Benign samples of torch: zip and legacy files, state dicts, modules, optimizers, checkpoints, TorchScript.

Needs torch. Without it the same zip, legacy and tar layouts are written by hand from stub modules, so that the layouts
are always in the corpus.
"""
import argparse
import collections
import datetime
import io
import pathlib
import pickle
import struct
import sys
import tarfile
import types
import zipfile

MAGIC = 0x1950a86a20f9469cfc6c


def real(w, torch):
    import torch.nn as nn
    torch.manual_seed(3)
    ver = torch.__version__
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    sd = net.state_dict()
    opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
    net(torch.rand(2, 1, 4, 4)).sum().backward()
    opt.step()
    sched = torch.optim.lr_scheduler.StepLR(opt, 2)
    objs = {
        "tensor": torch.rand(3, 4), "state-dict": sd, "tensors": {k: torch.arange(4).to(d) for k, d in (
            ("f16", torch.float16), ("bf16", torch.bfloat16), ("i8", torch.int8), ("b", torch.bool), ("c", torch.complex64))},
        "view": torch.rand(6, 6)[1:3, ::2], "parameter": nn.Parameter(torch.rand(3)), "size-device": [torch.Size([1, 2]), torch.device("cpu"), torch.float32],
        "sparse": torch.eye(3).to_sparse(), "quantized": torch.quantize_per_tensor(torch.rand(4), 0.1, 0, torch.quint8),
        "optimizer": opt.state_dict(), "scheduler": sched.state_dict(), "module": net, "rng": torch.get_rng_state(),
        "checkpoint": {"epoch": 3, "model": sd, "optimizer": opt.state_dict(), "args": argparse.Namespace(lr=0.1, eval=True, system="linux"),
                       "best": 0.5, "date": datetime.datetime(2024, 1, 2).isoformat(), "save_dir": pathlib.PurePosixPath("runs/exp")},
        "lightning": {"epoch": 1, "global_step": 10, "pytorch-lightning_version": "2.1.0", "state_dict": sd, "loops": {"fit_loop": {"state_dict": {}}},
                      "callbacks": {"ModelCheckpoint{'monitor': 'val_loss'}": {"best_model_path": "a.ckpt", "best_model_score": torch.tensor(0.1)}},
                      "optimizer_states": [opt.state_dict()], "lr_schedulers": [sched.state_dict()], "hparams_name": "kwargs", "hyper_parameters": {"lr": 0.1}},
        "shared-storage": (lambda t: {"a": t[:2], "b": t[2:]})(torch.rand(4)), "empty": torch.zeros(0),
        "strings": {"eval_loss": 0.1, "system": "os.system('x')", "note": "subprocess"}, "numpy-like": [torch.tensor(1.5).item(), 2],
        "tensor-hooks-none": torch.rand(2, requires_grad=True),
    }
    mods = {
        "lstm": nn.LSTM(3, 4), "gru": nn.GRU(2, 2), "transformer": nn.TransformerEncoderLayer(4, 2, 8), "mha": nn.MultiheadAttention(4, 2),
        "embedding": nn.Embedding(5, 3), "modulelist": nn.ModuleList([nn.Linear(2, 2), nn.GELU()]), "moduledict": nn.ModuleDict({"a": nn.Linear(2, 2)}),
        "losses": [nn.CrossEntropyLoss(), nn.MSELoss(), nn.BCEWithLogitsLoss()], "norms": nn.Sequential(nn.LayerNorm(4), nn.GroupNorm(2, 4), nn.InstanceNorm1d(3)),
        "activations": nn.Sequential(*[getattr(nn, n)() for n in "SiLU Mish ELU SELU CELU GELU Hardswish LeakyReLU PReLU Softplus Tanh Sigmoid".split()]),
        "pools": nn.Sequential(nn.MaxPool2d(2), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1)), "convs": nn.Sequential(nn.Conv1d(1, 1, 2), nn.ConvTranspose2d(1, 1, 2)),
        "weight-norm": nn.utils.weight_norm(nn.Linear(2, 2)), "dataparallel": nn.DataParallel(nn.Linear(2, 2)),
    }
    for name, o in list(objs.items()) + [("mod-" + k, v) for k, v in mods.items()]:
        w.add("torch", "zip-" + name, "model.pt", lambda p, o=o: torch.save(o, p), "torch-zip", ver)
        if not name.startswith("mod-") or name in ("mod-lstm",):
            w.add("torch", "legacy-" + name, "model.pth", lambda p, o=o: torch.save(o, p, _use_new_zipfile_serialization=False), "torch-legacy", ver)
    for name in "SGD Adam Adagrad RMSprop Adadelta Adamax ASGD".split():
        o = getattr(torch.optim, name)([nn.Parameter(torch.rand(2))], lr=0.1)
        w.add("torch", "optim-" + name.lower(), "optimizer.pt", lambda p, o=o: torch.save(o.state_dict(), p), "torch-optimizer", ver)
        w.add("torch", "optim-object-" + name.lower(), "optimizer.pt", lambda p, o=o: torch.save(o, p), "torch-optimizer-object", ver)
    w.add("torch", "pickled-tensor", "tensor.pkl", pickle.dumps(torch.rand(2)), "torch-nested-bytes", "plain pickle of a tensor")
    w.add("torch", "pickled-module", "module.pkl", pickle.dumps(nn.Linear(2, 2)), "torch-nested-bytes", "plain pickle of a module")
    script = torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
    w.add("torchscript", "script", "model.pt", lambda p: script.save(p), "torchscript", ver)
    traced = torch.jit.trace(net.eval(), torch.rand(1, 1, 4, 4))
    w.add("torchscript", "traced", "model.ts", lambda p: traced.save(p), "torchscript", ver)
    w.add("torchscript", "extra-files", "model.pt", lambda p: torch.jit.save(script, p, _extra_files={"config.json": "{\"a\": 1}"}), "torchscript", ver)
    for name in ("Dropout", "Identity", "Softmax"):
        w.add("torchscript", "script-" + name.lower(), "m.pt", lambda p, n=name: torch.jit.script(getattr(nn, n)()).save(p), "torchscript", ver)


class Stub:
    """Just enough of torch for pickle to write the names that torch files carry."""

    def __init__(self):
        self.saved = {k: sys.modules.get(k) for k in ("torch", "torch._utils")}
        t = types.ModuleType("torch")
        u = types.ModuleType("torch._utils")

        def _rebuild_tensor_v2(*a):
            return a

        def _rebuild_tensor(*a):
            return a
        for f in (_rebuild_tensor_v2, _rebuild_tensor):
            f.__module__ = "torch._utils"
            f.__qualname__ = f.__name__
            setattr(u, f.__name__, f)
        for n in ("FloatStorage", "LongStorage", "HalfStorage"):
            setattr(t, n, type(n, (), {"__module__": "torch"}))
        t._utils = u
        sys.modules["torch"], sys.modules["torch._utils"] = t, u
        self.torch, self.utils = t, u

    def close(self):
        for k, v in self.saved.items():
            if v is None:
                sys.modules.pop(k, None)
            else:
                sys.modules[k] = v


class Storage:
    def __init__(self, kind, key, n):
        self.kind, self.key, self.n = kind, key, n


class Tensor:
    def __init__(self, stub, storage, shape):
        self.stub, self.storage, self.shape = stub, storage, shape

    def __reduce__(self):
        stride = tuple(int(x) for x in ([1] if len(self.shape) == 1 else [self.shape[1], 1]))
        return self.stub.utils._rebuild_tensor_v2, (self.storage, 0, self.shape, stride, False, collections.OrderedDict())


def dump(stub, obj, legacy):
    class P(pickle.Pickler):
        def persistent_id(self, o):
            if isinstance(o, Storage):
                base = ("storage", getattr(stub.torch, o.kind), o.key, "cpu", o.n)
                return base + (None,) if legacy else base
            return None
    b = io.BytesIO()
    P(b, 2).dump(obj)
    return b.getvalue()


def by_hand(w):
    stub = Stub()
    try:
        for i, (kind, n, size) in enumerate((("FloatStorage", 6, 4), ("LongStorage", 4, 8), ("HalfStorage", 8, 2))):
            obj = collections.OrderedDict([("layer.weight", Tensor(stub, Storage(kind, "0", n), (2, n // 2))), ("layer.bias", Tensor(stub, Storage(kind, "1", 2), (2,)))])
            raw = [b"\x00" * (n * size), b"\x01" * (2 * size)]
            b = io.BytesIO()
            with zipfile.ZipFile(b, "w") as z:
                for name, data in [("archive/data.pkl", dump(stub, obj, False)), ("archive/byteorder", b"little"), ("archive/data/0", raw[0]), ("archive/data/1", raw[1]), ("archive/version", b"3\n")]:
                    z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
            w.add("torch", "hand-zip-%d" % i, "pytorch_model.bin", b.getvalue(), "torch-zip-by-hand", kind)
            head = b"".join(pickle.dumps(x, 2) for x in (MAGIC, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}))
            tail = pickle.dumps(["0", "1"], 2) + b"".join(struct.pack("<q", len(r) // size) + r for r in raw)
            w.add("torch", "hand-legacy-%d" % i, "model.pth", head + dump(stub, obj, True) + tail, "torch-legacy-by-hand", kind)
        b = io.BytesIO()
        with tarfile.open(fileobj=b, mode="w") as t:
            st = pickle.dumps(1, 2) + pickle.dumps(("0", "cpu", "FloatStorage"), 2) + struct.pack("<q", 2) + b"\x00" * 8
            te = pickle.dumps(0, 2)
            for name, data in (("sys_info", pickle.dumps({"protocol_version": 1000, "little_endian": True}, 2)), ("pickle", pickle.dumps({"epoch": 1, "note": "old"}, 2)), ("storages", st), ("tensors", te)):
                ti = tarfile.TarInfo(name)
                ti.size = len(data)
                t.addfile(ti, io.BytesIO(data))
        w.add("torch", "hand-tar", "model.pth.tar", b.getvalue(), "torch-tar-by-hand", "the layout of the first releases")
    finally:
        stub.close()


def samples(w):
    try:
        import torch
    except ImportError as e:
        w.skip("torch", str(e))
        torch = None
    if torch is not None:
        real(w, torch)
    by_hand(w)
