"""Benign samples of libraries above torch: transformers, lightning, timm, torchvision, ultralytics, omegaconf, tokenizers."""
import os
import pickle

from benign import Missing


def samples(w):
    try:
        import torch
    except ImportError:
        raise Missing("torch")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

    def part(name, fn):
        try:
            fn()
        except ImportError as e:
            w.skip(name, str(e))
        except Exception as e:
            w.skip(name, "%s: %s" % (type(e).__name__, str(e)[:120]))

    def save(group, sample, filename, obj, technique, note=""):
        w.add(group, sample, filename, lambda p: torch.save(obj, p), technique, note)

    def transformers_part():
        import transformers as tf
        torch.manual_seed(1)
        ver = tf.__version__
        for name, kw in (("plain", {}), ("epoch", {"save_strategy": "epoch", "logging_strategy": "steps"}),
                         ("cosine", {"lr_scheduler_type": "cosine", "optim": "adafactor"}), ("hub", {"hub_strategy": "end", "report_to": []})):
            args = tf.TrainingArguments(output_dir="out", use_cpu=True, **kw)
            save("apps", "training-args-" + name, "training_args.bin", args, "training-args", ver)
        args = tf.Seq2SeqTrainingArguments(output_dir="out", use_cpu=True, predict_with_generate=True)
        save("apps", "training-args-seq2seq", "training_args.bin", args, "training-args", ver)
        cfg = tf.BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, max_position_embeddings=8)
        save("apps", "bert-module", "model.pt", tf.BertModel(cfg), "transformers-module", ver)
        save("apps", "bert-state-dict", "pytorch_model.bin", tf.BertModel(cfg).state_dict(), "transformers-state-dict", ver)
        g = tf.GPT2Config(vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=2)
        save("apps", "gpt2-module", "model.pt", tf.GPT2LMHeadModel(g), "transformers-module", ver)
        lc = tf.LlamaConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, max_position_embeddings=8)
        save("apps", "llama-module", "model.pt", tf.LlamaForCausalLM(lc), "transformers-module", ver)
        w.add("apps", "configs", "configs.pkl", pickle.dumps([cfg, g, lc]), "transformers-config", ver)
        out = tf.BertModel(cfg)(torch.tensor([[1, 2]]))
        save("apps", "model-output", "out.pt", out, "transformers-output", ver)

    def tokenizers_part():
        import tokenizers as tk
        t = tk.Tokenizer(tk.models.WordLevel({"a": 0, "b": 1, "[UNK]": 2}, unk_token="[UNK]"))
        t.pre_tokenizer = tk.pre_tokenizers.Whitespace()
        w.add("apps", "tokenizer", "tokenizer.pkl", pickle.dumps(t), "tokenizers-pickle", tk.__version__)
        w.add("apps", "tokenizer-json", "tokenizer.json", t.to_str(), "tokenizers-json", tk.__version__)

    def vision_part():
        import torchvision
        ver = torchvision.__version__
        m = torchvision.models
        for name in ("squeezenet1_1", "shufflenet_v2_x0_5", "mnasnet0_5", "resnet18"):
            net = getattr(m, name)(num_classes=2)
            for p in net.parameters():
                p.data = p.data.flatten()[:1].clone()
            save("apps", "tv-" + name.replace("_", "-"), "model.pt", net, "torchvision-module", ver)
        tr = torchvision.transforms
        save("apps", "tv-transforms", "transforms.pt", tr.Compose([tr.Resize(8), tr.CenterCrop(8), tr.ToTensor(), tr.Normalize([0.5], [0.5])]), "torchvision-transform", ver)

    def timm_part():
        import timm
        for name in ("resnet10t", "mobilenetv3_small_050", "vit_tiny_patch16_224"):
            net = timm.create_model(name, pretrained=False, num_classes=2)
            for p in net.parameters():
                p.data = p.data.flatten()[:1].clone()
            save("apps", "timm-" + name.replace("_", "-"), "model.pt", net, "timm-module", timm.__version__)

    def ultralytics_part():
        import ultralytics
        from ultralytics.nn.tasks import DetectionModel, SegmentationModel
        from ultralytics.utils import IterableSimpleNamespace
        for name, cls, cfg in (("detect", DetectionModel, "yolov8n.yaml"), ("segment", SegmentationModel, "yolov8n-seg.yaml"), ("detect11", DetectionModel, "yolo11n.yaml")):
            net = cls(cfg, nc=2, verbose=False)
            net.args = IterableSimpleNamespace(imgsz=64, task="detect")
            for p in net.parameters():
                p.data = p.data.flatten()[:1].clone()
            save("apps", "yolo-" + name, "best.pt", {"epoch": -1, "model": net, "ema": None, "optimizer": None, "train_args": {"imgsz": 64}, "date": "2024-01-01", "version": ultralytics.__version__}, "ultralytics-checkpoint", ultralytics.__version__)

    def omega_part():
        from omegaconf import OmegaConf
        c = OmegaConf.create({"lr": 0.1, "layers": [1, 2], "name": "x", "nested": {"on": True, "ref": "${lr}"}})
        save("apps", "omegaconf", "hparams.pt", {"hyper_parameters": c, "state_dict": {"w": torch.zeros(2)}}, "omegaconf", "")
        w.add("apps", "omegaconf-pickle", "cfg.pkl", pickle.dumps(c), "omegaconf", "")

    def lightning_part():
        import pytorch_lightning as pl
        from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
        from pytorch_lightning.utilities.parsing import AttributeDict
        save("apps", "lightning-old-ckpt", "epoch=1.ckpt", {"epoch": 1, "state_dict": {"w": torch.zeros(2)}, "hyper_parameters": AttributeDict(lr=0.1),
             "callbacks": {EarlyStopping: {"wait_count": 0}, ModelCheckpoint: {"best_model_path": "x"}}}, "lightning-checkpoint", pl.__version__)

    def sentence_part():
        import sentence_transformers as st
        try:
            from sentence_transformers.sentence_transformer.modules import Pooling
        except ImportError:
            from sentence_transformers.models import Pooling
        save("apps", "st-pooling", "pooling.pt", Pooling(4), "sentence-transformers", st.__version__)

    for name, fn in (("transformers", transformers_part), ("tokenizers", tokenizers_part), ("torchvision", vision_part), ("timm", timm_part),
                     ("ultralytics", ultralytics_part), ("omegaconf", omega_part), ("pytorch_lightning", lightning_part), ("sentence_transformers", sentence_part)):
        part(name, fn)
