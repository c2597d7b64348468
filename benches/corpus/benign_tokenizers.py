"""Tokenizers saved by the libraries `tokenizers`, `tiktoken` and `transformers`, and folders whose chat templates agree.

Real vocabularies of models (folders with a `tokenizer.json`) can be added with TOKENIZERS_FOLDER.
"""
import base64
import json
import os
import shutil

LINES = ["the quick brown fox jumps over the lazy dog", "see https://www.example.com/a?b=c for more", "def f(x): return x + 1",
         "Le c\u0153ur a ses raisons", "\u4f60\u597d\uff0c\u4e16\u754c", "one two three four five six seven eight"] * 50
TEMPLATE = "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}</s>\n{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"


def tokenizers(w):
    try:
        from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    except ImportError as error:
        w.skip("tokenizers", error)
        return
    g = "tokenizer"
    special = ["<s>", "</s>", "<unk>", "<|assistant|>"]

    def made(model, trainer, normalizer=None, pre=None, decoder=None, post=None):
        t = Tokenizer(model)
        for name, part in (("normalizer", normalizer), ("pre_tokenizer", pre), ("decoder", decoder)):
            if part is not None:
                setattr(t, name, part)
        t.train_from_iterator(LINES, trainer)
        if post:
            t.post_processor = post(t)
        return t

    def save(t, pretty=True):
        return lambda path: t.save(path, pretty=pretty)
    byte_level = made(models.BPE(), trainers.BpeTrainer(vocab_size=600, special_tokens=special, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()),
                      normalizers.NFC(), pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel(), lambda t: processors.ByteLevel(trim_offsets=False))
    w.add(g, "bpe-bytes", "tokenizer.json", save(byte_level), "byte-level BPE")
    w.add(g, "bpe-bytes-compact", "tokenizer.json", save(byte_level, False), "byte-level BPE")
    gpt = Regex(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    split = pre_tokenizers.Sequence([pre_tokenizers.Split(gpt, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    w.add(g, "bpe-split", "tokenizer.json", save(made(models.BPE(), trainers.BpeTrainer(vocab_size=500, special_tokens=special, show_progress=False), None, split, decoders.ByteLevel())), "BPE with an expression")
    llama = made(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), trainers.BpeTrainer(vocab_size=500, special_tokens=special, show_progress=False),
                 normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]), None,
                 decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]),
                 lambda t: processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B:1", special_tokens=[("<s>", t.token_to_id("<s>"))]))
    w.add(g, "bpe-fallback", "tokenizer.json", save(llama), "BPE as Llama 2 has it")
    bert = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    w.add(g, "wordpiece", "tokenizer.json", save(made(models.WordPiece(unk_token="[UNK]"), trainers.WordPieceTrainer(vocab_size=300, special_tokens=bert, show_progress=False),
          normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(), decoders.WordPiece(),
          lambda t: processors.BertProcessing(("[SEP]", t.token_to_id("[SEP]")), ("[CLS]", t.token_to_id("[CLS]"))))), "WordPiece")
    w.add(g, "wordlevel", "tokenizer.json", save(made(models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(special_tokens=special, show_progress=False),
          normalizers.Lowercase(), pre_tokenizers.Whitespace())), "WordLevel")
    albert = normalizers.Sequence([normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Replace(Regex(" {2,}"), " ")])
    w.add(g, "unigram", "tokenizer.json", save(made(models.Unigram(), trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False), albert,
          pre_tokenizers.Metaspace(), decoders.Metaspace())), "Unigram")
    urls = normalizers.Sequence([normalizers.Replace(Regex(r"https?://\S+"), "<url>"), normalizers.Replace(Regex(r"@\w+"), "@USER")])
    w.add(g, "placeholders", "tokenizer.json", save(made(models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(special_tokens=special, show_progress=False), urls, pre_tokenizers.WhitespaceSplit())), "placeholders for addresses")
    added = made(models.BPE(), trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False), None, pre_tokenizers.ByteLevel(), decoders.ByteLevel())
    added.add_special_tokens(["<|reserved_special_token_%d|>" % i for i in range(256)] + ["<\uff5cplace holder for some later use\uff5c>"])
    w.add(g, "added", "tokenizer.json", save(added), "many added tokens")
    folders(w, byte_level)


def folders(w, tokenizer):
    g = "tokenizer-folder"

    def folder(files, more=None):
        def write(path):
            os.makedirs(path, exist_ok=True)
            tokenizer.save(os.path.join(path, "tokenizer.json"))
            for name, text in files.items():
                with open(os.path.join(path, name), "w", encoding="utf-8") as file:
                    file.write(text)
            if more:
                more(path)
        return write
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": TEMPLATE}
    w.add(g, "jinja-and-config", "model", folder({"chat_template.jinja": TEMPLATE, "tokenizer_config.json": json.dumps(config)}), "templates that agree")
    w.add(g, "named", "model", folder({"tokenizer_config.json": json.dumps({**config, "chat_template": [{"name": "default", "template": TEMPLATE}, {"name": "tool_use", "template": "{{ tools }}" + TEMPLATE}]}),
                                       "chat_template.json": json.dumps({"chat_template": TEMPLATE})}), "named templates")
    mlx = {"model_type": "llama", "vocab_size": 600, "hidden_size": 64, "num_hidden_layers": 1, "quantization": {"group_size": 64, "bits": 4}, "quantization_config": {"group_size": 64, "bits": 4}}

    def weights(path):
        import numpy
        from safetensors.numpy import save_file
        tensors = {}
        for name, rows in (("model.embed_tokens", 600), ("model.layers.0.self_attn.q_proj", 64)):
            tensors[name + ".weight"] = numpy.zeros((rows, 8), numpy.uint32)
            tensors[name + ".scales"] = numpy.ones((rows, 1), numpy.float16)
            tensors[name + ".biases"] = numpy.zeros((rows, 1), numpy.float16)
        tensors["model.norm.weight"] = numpy.ones((64,), numpy.float16)
        save_file(tensors, os.path.join(path, "model.safetensors"), metadata={"format": "mlx"})
        total = sum(t.nbytes for t in tensors.values())
        with open(os.path.join(path, "model.safetensors.index.json"), "w", encoding="utf-8") as file:
            json.dump({"metadata": {"total_size": total}, "weight_map": {name: "model.safetensors" for name in sorted(tensors)}}, file, indent=4)
    w.add(g, "mlx", "model", folder({"config.json": json.dumps(mlx), "tokenizer_config.json": json.dumps(config)}, weights), "quantised for MLX")

    def npz(path):
        import numpy
        numpy.savez(os.path.join(path, "weights.npz"), **{"layers.0.weight": numpy.zeros((8, 8), numpy.float16)})
    w.add(g, "mlx-npz", "model", folder({"config.json": json.dumps({"model_type": "llama"})}, npz), "MLX weights of before safetensors")

    def gguf(template, name="model-Q8_0.gguf"):
        def write(path):
            import gguf as library
            out = library.GGUFWriter(os.path.join(path, name), "llama")
            out.add_chat_template(template)
            out.write_header_to_file()
            out.write_kv_data_to_file()
            out.write_tensors_to_file()
            out.close()
        return write
    w.add(g, "gguf-same", "model", folder({"tokenizer_config.json": json.dumps(config)}, gguf(TEMPLATE)), "GGUF with the same template")
    repaired = TEMPLATE.replace("{% for m in messages %}", "{# repaired #}{% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] }}{% endif %}{% for m in messages %}")
    w.add(g, "gguf-repaired", "model", folder({"tokenizer_config.json": json.dumps(config)}, gguf(repaired)), "GGUF with a repaired template")
    w.add(g, "gguf-prompt", "model", folder({"tokenizer_config.json": json.dumps(config)}, gguf("You are a helpful assistant.\n" + TEMPLATE)), "GGUF with a system prompt")


def tiktoken(w):
    try:
        from tiktoken._educational import bpe_train
        from tiktoken.load import load_tiktoken_bpe
    except ImportError as error:
        w.skip("tiktoken", error)
        return
    ranks = bpe_train("\n".join(LINES[:6]) * 4, 320, r"'s| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+", visualise=None)

    def write(path):
        with open(path, "wb") as file:
            for token, rank in sorted(ranks.items(), key=lambda one: one[1]):
                file.write(base64.b64encode(token) + b" " + str(rank).encode() + b"\n")
        if load_tiktoken_bpe(path) != ranks:
            raise ValueError("tiktoken reads other ranks")
    w.add("tokenizer", "tiktoken", "a.tiktoken", write, "tiktoken vocabulary")


def real(w):
    folder = os.environ.get("TOKENIZERS_FOLDER")
    if not folder:
        w.skip("real tokenizers", "TOKENIZERS_FOLDER is not set")
        return
    for at, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            source = os.path.join(at, name)
            slug = os.path.relpath(source, folder).replace(os.sep, "-").replace(".", "-").lower()
            w.add("tokenizer-real", slug, name, lambda path, source=source: shutil.copyfile(source, path), "real tokenizer")


def samples(w):
    tokenizers(w)
    tiktoken(w)
    real(w)
