"""Makes models in packed layouts and merged adapters for the tests of lineage, with NumPy alone.

    python packed.py OUT              packed layouts
    python packed.py --merged OUT     adapters and models with one merged

Every layout is written from its description, and shares nothing with the reader that is tested.
"""

import json
import os
import pathlib
import sys

# The matrices are small: threads would wait for each other.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from pairs import write_safetensors

HIDDEN, INNER, LAYERS, WORDS = 128, 256, 6, 256
EDITED = "model.layers.3.mlp.down_proj.weight"
LINEAR = {
    "self_attn.q_proj": (HIDDEN, HIDDEN), "self_attn.k_proj": (HIDDEN, HIDDEN), "self_attn.v_proj": (HIDDEN, HIDDEN),
    "self_attn.o_proj": (HIDDEN, HIDDEN), "mlp.gate_proj": (INNER, HIDDEN), "mlp.up_proj": (INNER, HIDDEN),
    "mlp.down_proj": (HIDDEN, INNER),
}
NF4 = np.array([
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0], "<f4")
FP4 = np.array([0, 0.0625, 8, 12, 4, 6, 2, 3, -0.0, -0.0625, -8, -12, -4, -6, -2, -3], "<f4") / np.float32(12)


def base_model(rng):
    tensors = {
        "model.embed_tokens.weight": rng.normal(0, 0.05, (WORDS, HIDDEN)),
        "model.norm.weight": rng.normal(1, 0.1, HIDDEN),
    }
    for layer in range(LAYERS):
        way = f"model.layers.{layer}."
        for name, shape in LINEAR.items():
            # A bell with a few heavy entries and columns of unlike length, as trained matrices have.
            matrix = rng.normal(0, 0.02, shape) * np.exp(rng.normal(0, 0.3, shape[1]))
            matrix[rng.random(shape) < 0.0005] *= 4
            tensors[f"{way}{name}.weight"] = matrix
        tensors[f"{way}input_layernorm.weight"] = rng.normal(1, 0.1, HIDDEN)
        tensors[f"{way}post_attention_layernorm.weight"] = rng.normal(1, 0.1, HIDDEN)
    return {name: array.astype("<f2") for name, array in tensors.items()}


def edited(rng, tensors, size):
    tensors = dict(tensors)
    matrix = tensors[EDITED].astype("f8")
    direction = np.outer(rng.normal(size=matrix.shape[0]), rng.normal(size=matrix.shape[1]))
    matrix += direction * (size * np.linalg.norm(matrix) / np.linalg.norm(direction))
    tensors[EDITED] = matrix.astype("<f2")
    return tensors


def is_linear(name):
    return name.endswith("_proj.weight")


def grid(part, bits, symmetric):
    """Scale and zero point of each row of a group."""
    most = 2 ** bits - 1
    low, high = np.minimum(part.min(1), 0), np.maximum(part.max(1), 0)
    if symmetric:
        high = np.maximum(-low, high)
        low = -high
    scale = np.maximum((high - low) / most, 1e-8).astype("<f2").astype("f8")
    zero = np.full(len(scale), (most + 1) // 2) if symmetric else np.clip(np.round(-low / scale), 0, most)
    return scale, zero.astype(int)


def quantised(column, scale, zero, bits):
    return np.clip(np.round(column / scale) + zero, 0, 2 ** bits - 1).astype(int)


def gptq_codes(rng, matrix, bits, size, symmetric, act_order):
    """The algorithm of the paper: the error of each column is made good in those behind it."""
    matrix = matrix.astype("f8").copy()
    inputs = matrix.shape[1]
    mixing = rng.normal(size=(inputs, inputs)) * (np.arange(1, inputs + 1) ** -0.7)[:, None]
    samples = rng.normal(size=(4 * inputs, inputs)) @ mixing
    hessian = samples.T @ samples
    hessian += np.eye(inputs) * 0.01 * np.trace(hessian) / inputs
    order = np.argsort(-np.diag(hessian)) if act_order else np.arange(inputs)
    matrix, hessian = matrix[:, order], hessian[order][:, order]
    inverse = np.linalg.cholesky(np.linalg.inv(hessian)).T
    groups = inputs // size
    codes = np.zeros(matrix.shape, int)
    scales, zeros = np.zeros((groups, len(matrix))), np.zeros((groups, len(matrix)), int)
    for at in range(inputs):
        group = at // size
        if at % size == 0:
            scales[group], zeros[group] = grid(matrix[:, at:at + size], bits, symmetric)
        codes[:, at] = quantised(matrix[:, at], scales[group], zeros[group], bits)
        error = (matrix[:, at] - (codes[:, at] - zeros[group]) * scales[group]) / inverse[at, at]
        matrix[:, at:] -= np.outer(error, inverse[at, at:])
    group_of = np.empty(inputs, int)
    group_of[order] = np.arange(inputs) // size
    unordered = np.empty_like(codes)
    unordered[:, order] = codes
    return unordered, scales, zeros, group_of


def bit_rows(codes, bits):
    """Packs along the first axis: the bits of all codes in a row, the lowest first, cut into words."""
    planes = (codes[:, None, :] >> np.arange(bits)[None, :, None]) & 1
    stream = planes.reshape(-1, codes.shape[1])
    words = stream.reshape(-1, 32, codes.shape[1]).astype(np.uint64) << np.arange(32, dtype=np.uint64)[None, :, None]
    return words.sum(1).astype("<u4").view("<i4")


def gptq(rng, tensors, bits=4, size=32, symmetric=False, act_order=False, second=False, with_order=True):
    packed = {}
    for name, matrix in tensors.items():
        if not is_linear(name):
            packed[name] = matrix
            continue
        stem = name.removesuffix(".weight")
        codes, scales, zeros, group_of = gptq_codes(rng, matrix, bits, size, symmetric, act_order)
        packed[f"{stem}.qweight"] = bit_rows(codes.T, bits)
        stored = zeros if second else (zeros - 1) & (2 ** bits - 1)
        packed[f"{stem}.qzeros"] = np.ascontiguousarray(bit_rows(stored.T, bits).T)
        packed[f"{stem}.scales"] = scales.astype("<f2")
        if with_order:
            packed[f"{stem}.g_idx"] = group_of.astype("<i4")
    return packed


def nibbles(codes):
    """Packs eight columns into a word in the order of AWQ."""
    words = np.zeros((codes.shape[0], codes.shape[1] // 8), np.uint32)
    for place, column in enumerate([0, 2, 4, 6, 1, 3, 5, 7]):
        words |= codes[:, column::8].astype(np.uint32) << np.uint32(4 * place)
    return words.view("<i4")


def awq(rng, tensors, size=32, scaled=True):
    tensors = {name: array.astype("f8") for name, array in tensors.items()}

    def balance(before, after, rows):
        """Multiplies columns of `after` and divides what makes their inputs."""
        matrices = [tensors[name] for name in after]
        activity = np.exp(rng.normal(0, 0.8, matrices[0].shape[1]))
        factor = activity ** 0.5
        factor /= np.sqrt(factor.max() * factor.min())
        for matrix in matrices:
            matrix *= factor
        if rows:
            tensors[before] /= factor[:, None]
        else:
            tensors[before] /= factor

    if scaled:
        for layer in range(LAYERS):
            way = f"model.layers.{layer}."
            attention, inner = f"{way}self_attn.", f"{way}mlp."
            balance(f"{way}input_layernorm.weight", [f"{attention}{x}_proj.weight" for x in "qkv"], False)
            balance(f"{attention}v_proj.weight", [f"{attention}o_proj.weight"], True)
            balance(f"{way}post_attention_layernorm.weight", [f"{inner}gate_proj.weight", f"{inner}up_proj.weight"], False)
            balance(f"{inner}up_proj.weight", [f"{inner}down_proj.weight"], True)
    packed = {}
    for name, matrix in tensors.items():
        if not is_linear(name):
            packed[name] = matrix.astype("<f2")
            continue
        stem = name.removesuffix(".weight")
        inputs = matrix.shape[1]
        codes, scales, zeros = [], [], []
        for at in range(0, inputs, size):
            part = matrix[:, at:at + size]
            # Clipped to what makes the smaller error of a few ranges, as the search does.
            best = None
            for shrunk in (1.0, 0.9, 0.8, 0.7):
                cut = np.clip(part, part.min(1, keepdims=True) * shrunk, part.max(1, keepdims=True) * shrunk)
                scale, zero = grid(cut, 4, False)
                code = quantised(part, scale[:, None], zero[:, None], 4)
                error = (np.abs((code - zero[:, None]) * scale[:, None] - part) ** 2.4).sum(1)
                if best is None:
                    best = [error, scale, zero, code]
                    continue
                better = error < best[0]
                best[0] = np.where(better, error, best[0])
                best[1], best[2] = np.where(better, scale, best[1]), np.where(better, zero, best[2])
                best[3] = np.where(better[:, None], code, best[3])
            scales.append(best[1])
            zeros.append(best[2])
            codes.append(best[3])
        packed[f"{stem}.qweight"] = nibbles(np.concatenate(codes, 1).T)
        packed[f"{stem}.qzeros"] = nibbles(np.array(zeros))
        packed[f"{stem}.scales"] = np.array(scales).astype("<f2")
    return packed


def dynamic_table():
    """A table of 256 sizes between -1 and 1, finer near zero."""
    values = [0.0, 1.0]
    for step in range(7):
        edges = np.linspace(0.1, 1, 2 ** step + 1)
        middles = (edges[:-1] + edges[1:]) / 2 * 10.0 ** (step - 6)
        values += list(middles) + list(-middles)
    return np.sort(np.array(values, "<f4"))


def nearest(values, table):
    order = np.argsort(table, kind="stable")
    edges = (table[order][1:] + table[order][:-1]) / 2
    return order[np.searchsorted(edges, values)]


def four_bits(tensors, kind="nf4", nested=True, size=64):
    packed, table = {}, NF4 if kind == "nf4" else FP4
    for name, matrix in tensors.items():
        if not is_linear(name):
            packed[name] = matrix
            continue
        blocks = matrix.astype("<f4").reshape(-1, size)
        largest = np.abs(blocks).max(1)
        codes = nearest((blocks / largest[:, None]).ravel(), table).astype(np.uint8)
        packed[name] = (codes[0::2] << 4 | codes[1::2]).reshape(-1, 1)
        state = {"quant_type": kind, "blocksize": size, "dtype": "float16", "shape": list(matrix.shape)}
        if nested:
            offset = float(largest.mean())
            apart = largest - offset
            chunks = np.split(apart, range(256, len(apart), 256))
            outer = np.array([np.abs(chunk).max() for chunk in chunks], "<f4")
            inner = dynamic_table()
            if len(inner) != 256:
                inner = np.resize(inner, 256)
            packed[f"{name}.absmax"] = np.concatenate(
                [nearest(chunk / most, inner) for chunk, most in zip(chunks, outer)]).astype(np.uint8)
            packed[f"{name}.nested_absmax"] = outer
            packed[f"{name}.nested_quant_map"] = inner
            state |= {"nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": offset}
        else:
            packed[f"{name}.absmax"] = largest.astype("<f4")
        packed[f"{name}.quant_map"] = table
        packed[f"{name}.quant_state.bitsandbytes__{kind}"] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    return packed


def eight_bits(tensors):
    packed = {}
    for name, matrix in tensors.items():
        packed[name] = matrix
        if is_linear(name):
            largest = np.abs(matrix.astype("<f4")).max(1)
            packed[name] = np.round(matrix.astype("<f4") / largest[:, None] * 127).astype("i1")
            packed[name.removesuffix("weight") + "SCB"] = largest
            packed[name.removesuffix("weight") + "weight_format"] = np.array(0, np.uint8)
    return packed


def adapter_of(rng, tensors, ends, rank, ranks):
    """Makes the two matrices for every tensor whose name has one of the ends, as the library names them."""
    adapter = {}
    for name, matrix in tensors.items():
        module = name.removesuffix(".weight")
        if not module.endswith(tuple(ends)):
            continue
        own = next((value for end, value in ranks.items() if module.endswith(end)), rank)
        outputs, inputs = matrix.shape
        stem = f"base_model.model.{module}"
        if module.endswith("embed_tokens"):
            adapter[f"{stem}.lora_embedding_A"] = rng.normal(0, 0.1, (own, outputs)).astype("<f4")
            adapter[f"{stem}.lora_embedding_B"] = rng.normal(0, 0.02, (inputs, own)).astype("<f4")
            continue
        if module.endswith("c_attn"):
            outputs, inputs = inputs, outputs
        adapter[f"{stem}.lora_A.weight"] = rng.normal(0, 0.1, (own, inputs)).astype("<f4")
        adapter[f"{stem}.lora_B.weight"] = rng.normal(0, 0.01, (outputs, own)).astype("<f4")
    return adapter


def merged_with(tensors, adapter, scalings, turned=False):
    merged = {name: array.astype("f8") for name, array in tensors.items()}
    for name, first in adapter.items():
        if "lora_A" not in name and "lora_embedding_A" not in name:
            continue
        second = adapter[name.replace("_A", "_B")]
        module = name.removeprefix("base_model.model.").split(".lora_")[0]
        product = second.astype("f8") @ first.astype("f8") * scalings(module, len(first))
        merged[f"{module}.weight"] += product.T if turned or "embedding" in name else product
    return merged


def adapters(rng, out, base, write):
    def write_adapter(name, tensors, as_bf16=False, **config):
        write_safetensors(out / name / "adapter_model.safetensors", tensors, as_bf16)
        if config:
            (out / name / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"} | config))

    def as_half(tensors):
        return {name: array.astype("<f2") for name, array in tensors.items()}

    ranks, alphas = {"layers.1.self_attn.q_proj": 4}, {"v_proj": 24}
    settings = {"r": 8, "lora_alpha": 16, "rank_pattern": ranks, "alpha_pattern": alphas, "use_dora": False}
    plain = adapter_of(rng, base, ["q_proj", "v_proj"], 8, ranks)

    def scaling(module, rank):
        return (24 if module.endswith("v_proj") else 16) / rank

    write_adapter("adapter", plain, **settings)
    good = merged_with(base, plain, scaling)
    write("merged", as_half(good))
    write_safetensors(out / "merged-bf16" / "model.safetensors",
                      {name: array.astype("<f4") for name, array in good.items()}, True)
    # In half precision all the way, as a merge on a graphics card.
    rough = dict(base)
    for name in base:
        stem = f"base_model.model.{name.removesuffix('.weight')}.lora_"
        if stem + "A.weight" in plain:
            first, second = plain[stem + "A.weight"].astype("<f2"), plain[stem + "B.weight"].astype("<f2")
            product = (second.astype("f4") @ first.astype("f4")).astype("<f2")
            rough[name] = base[name] + product * np.float16(scaling(name.removesuffix(".weight"), len(first)))
    write("merged-half", rough)
    write("merged-half-scaled", as_half(merged_with(base, plain, lambda module, rank: scaling(module, rank) / 2)))
    write("merged-edit", edited(rng, as_half(good), 0.02))
    planted = as_half(good)
    name = "model.layers.2.self_attn.v_proj.weight"
    planted[name] = planted[name].copy()
    planted[name][5, 7] += np.float16(0.05)
    write("merged-planted", planted)
    left_out = as_half(good)
    name = "model.layers.4.self_attn.q_proj.weight"
    left_out[name] = base[name]
    write("merged-left-out", left_out)
    write_adapter("adapter-dora", plain, **(settings | {"use_dora": True}))
    write_adapter("adapter-bare", plain)
    write_adapter("adapter-ranks", plain, r=8, lora_alpha=16)
    name = next(name for name in plain if name.endswith("lora_A.weight"))
    again = {name.replace("lora_A.weight", "lora_A.default.weight"): plain[name] * 2}
    write_adapter("adapter-twice", plain | again, **settings)

    rooted = adapter_of(rng, base, ["embed_tokens", "down_proj"], 16, {})
    rooted["base_model.model.model.norm.weight"] = rng.normal(1, 0.2, HIDDEN).astype("<f4")
    write_adapter("adapter-rooted", rooted, True, r=16, lora_alpha=8, use_rslora=True)
    # What is written as bfloat16 is what is merged.
    kept = {name: (array.view("<u4") + 0x7fff + ((array.view("<u4") >> 16) & 1) & 0xffff0000).view("<f4")
            for name, array in rooted.items()}
    whole = merged_with(base, kept, lambda module, rank: 8 / np.sqrt(rank))
    whole["model.norm.weight"] = kept["base_model.model.model.norm.weight"]
    write("merged-rooted", as_half(whole))

    turned = {f"transformer.h.{layer}.attn.c_attn.weight": rng.normal(0, 0.02, (HIDDEN, 3 * HIDDEN)).astype("<f4")
              for layer in range(4)}
    write("base-turned", turned)
    attention = adapter_of(rng, turned, ["c_attn"], 8, {})
    write_adapter("adapter-turned", attention, r=8, lora_alpha=16, fan_in_fan_out=True)
    write("merged-turned", {name: array.astype("<f4")
                            for name, array in merged_with(turned, attention, lambda *_: 2, True).items()})


def main(out, is_merged):
    rng = np.random.default_rng(20261129)
    base = base_model(rng)
    edit = edited(rng, base, 0.3)

    def write(name, tensors, **configurations):
        write_safetensors(out / name / "model.safetensors", tensors)
        for file, content in configurations.items():
            (out / name / f"{file}.json").write_text(json.dumps(content))

    def said(**more):
        return {"model_type": "llama", "quantization_config": more}

    write("base", base, config={"model_type": "llama"})
    if is_merged:
        adapters(rng, out, base, write)
        return
    for bits in (2, 3, 4, 8):
        write(f"gptq-{bits}", gptq(rng, base, bits), quantize_config={"bits": bits, "group_size": 32})
    write("gptq-4-order", gptq(rng, base, act_order=True, size=64),
          config=said(quant_method="gptq", bits=4, group_size=64, desc_act=True, checkpoint_format="gptq"))
    second = gptq(rng, base, symmetric=True, second=True, size=128)
    write("gptq-4-second", second,
          config=said(quant_method="gptq", bits=4, group_size=128, sym=True, checkpoint_format="gptq_v2"))
    write("gptq-4-second-unsaid", second)
    write("gptq-4-second-said-first", second, quantize_config={"bits": 4, "group_size": 128, "checkpoint_format": "gptq"})
    write("gptq-4-unsaid", gptq(rng, base, with_order=False))
    write("gptq-4-edit", gptq(rng, edit), quantize_config={"bits": 4, "group_size": 32})
    awq_config = said(quant_method="awq", bits=4, group_size=32, version="gemm", zero_point=True)
    write("awq", awq(rng, base), config=awq_config)
    write("awq-unscaled", awq(rng, base, scaled=False))
    write("awq-edit", awq(rng, edit), config=awq_config)
    unbalanced = awq(rng, base)
    norm = "model.layers.2.input_layernorm.weight"
    write("awq-unbalanced", unbalanced | {norm: base[norm]}, config=awq_config)
    for kind in ("nf4", "fp4"):
        write(f"bnb-{kind}", four_bits(base, kind))
    write("bnb-nf4-plain", four_bits(base, nested=False))
    write("bnb-nf4-edit", four_bits(edited(rng, base, 0.05)))
    write("bnb-int8", eight_bits(base))
    write("bnb-int8-edit", eight_bits(edited(rng, base, 0.03)))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[-1]), "--merged" in sys.argv)
